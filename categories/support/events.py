"""What happens to tickets, told to whoever subscribed in `forum/wiring.py`, inside the transaction."""

from dataclasses import dataclass

from forum.database.engine import Row
from forum.threads.events import PostCreated


@dataclass(frozen=True)
class TicketSubmitted:
    """A requester (`person`) said in which capacity they ask: the ticket waits, if it did not already. `behalf`: of which proof
    they said that they ask for its project; None where they did not say. Ids; the ticket is locked."""

    ticket: int
    person: int
    behalf: int | None


@dataclass(frozen=True)
class WordSaid:
    """A post was written in a ticket's home, and what it means to the ticket's state is done. `ticket` is its row as it was
    before that, when it was locked; `asks` in it says whether the author is one of its requesters."""

    ticket: Row
    post: PostCreated


@dataclass(frozen=True)
class TicketOver:
    """A ticket was resolved (an answer was accepted, or the team said so) or closed; `state` says which. Ids; `thread` is
    its home, `post` and `number` are those of the answer that resolved it, where one did."""

    ticket: int
    thread: int
    project: int
    state: str
    post: int | None = None
    number: int | None = None


@dataclass(frozen=True)
class TicketsMerged:
    """The ticket `source` stands in `target` from now on (ids); both, and both threads, are locked."""

    source: int
    target: int
    project: int


@dataclass(frozen=True)
class TicketsUnmerged:
    """The ticket `source` stands for itself again, as before it was merged into `target`; both are locked."""

    source: int
    target: int
    project: int
