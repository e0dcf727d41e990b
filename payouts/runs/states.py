"""A payout run's life, in one table that is checked when it is imported (pure)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a run is in its life; the value is what the database keeps."""

    DRAFT = "draft"
    APPROVED = "approved"
    BOOKED = "booked"
    CANCELLED = "cancelled"


class Event(StrEnum):
    """What can happen to a run once it is drafted."""

    APPROVED = "approved"
    BOOKED = "booked"
    CANCELLED = "cancelled"  # by the owner, or because another draft takes its place


S, E = State, Event
TRANSITIONS: Final[dict[tuple[State, Event], State]] = {
    (S.DRAFT, E.APPROVED): S.APPROVED,
    (S.DRAFT, E.CANCELLED): S.CANCELLED,
    (S.APPROVED, E.BOOKED): S.BOOKED,
    (S.APPROVED, E.CANCELLED): S.CANCELLED,
}
# Money that is booked stays booked: it is set right by further transactions, never by taking a run back.
FINAL: Final = frozenset({S.BOOKED, S.CANCELLED})


def check(transitions: Mapping[tuple[State, Event], State]) -> None:
    """ValueError where a state cannot be reached or left, an end is none, or an event never happens."""
    reached = {State.DRAFT, *transitions.values()}
    left = {state for state, _event in transitions}
    if lost := set(State) - reached:
        raise ValueError(f"nothing leads to {sorted(lost)}")
    if left != set(State) - FINAL:
        raise ValueError(f"these are left, or not, against what is final: {sorted(left ^ (set(State) - FINAL))}")
    if idle := set(Event) - {event for _state, event in transitions}:
        raise ValueError(f"never happen: {sorted(idle)}")


check(TRANSITIONS)


def after(state: State, event: Event) -> State | None:
    """The state after an event; None where it cannot happen."""
    return TRANSITIONS.get((state, event))
