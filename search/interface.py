"""What the site asks of a search, whichever engine answers: find, suggest, similar, and keeping the index."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from markupsafe import Markup

from forum.web.reader import Reader

THREADS_A_PAGE = 20
# What stands behind so many threads is not looked for any more: a query that finds more wants another word.
MOST_THREADS = 600


@dataclass(frozen=True)
class Found:
    """A thread that was found, and the post of it that matches best.

    `title` and `excerpt` are safe HTML in which only `<mark>` stands; `number` is the post's, 1 for the question.
    """

    thread: int
    slug: str
    title: Markup
    number: int
    excerpt: Markup
    author: str
    username: str
    at: datetime
    project_id: int
    project_slug: str
    project_name: str
    category_slug: str
    category_name: str
    visibility: str
    tags: Sequence[str]
    reply_count: int
    accepted_number: int | None
    is_closed: bool

    @property
    def url(self) -> str:
        return f"/t/{self.slug}/{self.thread}" + (f"/{self.number}#post_{self.number}" if self.number > 1 else "")


@dataclass(frozen=True)
class FoundPerson:
    """Somebody whose name matches; `name` is what they are called, never empty."""

    id: int
    username: str
    name: str


@dataclass(frozen=True)
class Results:
    """One page of what was found. `total` counts the threads that this reader may see, at most MOST_THREADS.

    `is_loose`: nothing matched word by word, so words that go on and titles written almost so are shown.
    """

    threads: Sequence[Found] = ()
    people: Sequence[FoundPerson] = ()
    total: int = 0
    page: int = 1
    is_loose: bool = False

    @property
    def pages(self) -> int:
        return -(-self.total // THREADS_A_PAGE)


@dataclass(frozen=True)
class Similar:
    """A thread about the same. Where it is solved, `answer` is the beginning of the accepted answer, as plain text,
    `solver` the name of who wrote it, `solved_at` when it was accepted (when it was written, if nobody knows)."""

    thread: int
    slug: str
    title: str
    project_id: int
    project_name: str
    reply_count: int
    bumped_at: datetime
    accepted_number: int | None = None
    answer: str = ""
    solver: str = ""
    solved_at: datetime | None = None

    @property
    def is_solved(self) -> bool:
        return self.accepted_number is not None

    @property
    def url(self) -> str:
        return f"/t/{self.slug}/{self.thread}"


# Hears how far a rebuild is: so many of so many.
Tell = Callable[[int, int], None]


def no_tell(_done: int, _all: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Condition:
    """Whether a search works as it was set up (None: nothing is set up), in words for operators."""

    ok: bool | None
    words: str


class Search(Protocol):
    """A search. Nothing that a reader may not see ever shows in what they get: no hit, no count, no order, no mark.

    Drafts are found by nobody. No text, however odd, makes any of these raise.
    """

    async def find(
        self,
        reader: Reader,
        query: str,
        *,
        project: int | None = None,
        tag: str | None = None,
        solved: bool | None = None,
        page: int = 1,
    ) -> Results:
        """Threads and people for a query (its language: search/query.py); the arguments narrow it further."""
        ...

    async def suggest(self, reader: Reader, query: str, *, limit: int = 6) -> Results:
        """A few threads and people for a query that is still being typed: its words may go on."""
        ...

    async def similar(
        self,
        reader: Reader,
        title: str,
        body: str = "",
        *,
        project: int | None = None,
        exclude: int | None = None,
        limit: int = 5,
    ) -> list[Similar]:
        """Threads about the same, best first; among those about equally near the solved ones come first.

        `exclude` is the thread that asks. Empty where nothing is near.
        """
        ...

    async def index_thread(self, thread: int) -> None:
        """Bring everything known about one thread up to date."""
        ...

    async def rebuild(self, tell: Tell = no_tell) -> int:
        """Bring the whole index up to date, while it is searched; returns how many threads it holds."""
        ...

    async def index_changes(self) -> None:
        """The job of that name: take up what was noted for an index outside of the database."""
        ...

    @property
    def trouble(self) -> str:
        """Why another search stands in for this one just now, in words for admins; "" while none does."""
        ...

    async def condition(self) -> Condition:
        """How it is, asked now."""
        ...

    async def close(self) -> None:
        """Let go of what is open; it may be used again."""
        ...


_chosen: list[Search] = []


async def index_changes() -> None:
    """The job `index_changes`."""
    await current().index_changes()


def use(search: Search) -> None:
    """Let this process search with `search`; `forum/wiring.py` alone does this."""
    _chosen[:] = [search]


def current() -> Search:
    """The search of this process. RuntimeError where `use` was not called."""
    if not _chosen:
        raise RuntimeError("no search was chosen")
    return _chosen[0]
