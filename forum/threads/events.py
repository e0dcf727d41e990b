"""What happens to threads, told to whoever subscribed in `forum/wiring.py`, inside the transaction."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ThreadCreated:
    """A thread and its first post exist; `native` unless it was imported."""

    thread: int
    project: int
    category: int
    category_kind: str
    author: int
    is_native: bool


@dataclass(frozen=True)
class PostCreated:
    """A reply exists. `by_team`: its author is of the project's team. `purpose` as in product.md."""

    thread: int
    project: int
    post: int
    number: int
    author: int
    by_team: bool
    purpose: str
    at: datetime


@dataclass(frozen=True)
class PostEdited:
    """A post's text changed."""

    thread: int
    post: int
    editor: int


@dataclass(frozen=True)
class ReactionChanged:
    """A person's reaction of a kind to a post was given (`on`) or taken back."""

    thread: int
    project: int
    post: int
    author: int
    person: int
    kind: str
    on: bool


@dataclass(frozen=True)
class AnswerAccepted:
    """A post was accepted as the answer, by the asker or by the team."""

    thread: int
    project: int
    number: int
    author: int
    actor: int


@dataclass(frozen=True)
class AcceptanceTakenBack:
    """The accepted answer is not accepted any more."""

    thread: int
    project: int
    number: int
    actor: int


@dataclass(frozen=True)
class ThreadClosed:
    """No more replies, until it is opened again. `by_team` tells who closed it."""

    thread: int
    project: int
    actor: int
    by_team: bool


@dataclass(frozen=True)
class ThreadReopened:
    """Replies are welcome again."""

    thread: int
    project: int
    actor: int
    by_team: bool


@dataclass(frozen=True)
class ThreadMoved:
    """The thread stands in another category; its URL is the same."""

    thread: int
    project: int
    from_kind: str
    to_kind: str
    actor: int


@dataclass(frozen=True)
class ThreadChanged:
    """Anything a list or a search index shows of the thread changed (title, tags, visibility, category, posts)."""

    thread: int


@dataclass(frozen=True)
class ThreadSplit:
    """Posts of the thread `source` are a new thread now; `author` is that of its first post; `native` unless imported."""

    thread: int
    source: int
    project: int
    category_kind: str
    author: int
    is_native: bool
    actor: int
