"""What happens to tickets, told to whoever subscribed in `forum/app.py`, inside the transaction."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TicketOver:
    """A ticket was resolved or closed; `state` says which."""

    ticket: int
    thread: int
    project: int
    state: str
