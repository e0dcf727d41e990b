"""Who is given which ticket: availability, room, fit and turns, and when a claim without a word ends (pure).

Source: issue 5, "Inbox and queue": where answers earn money tickets get hoarded, so a claim ends without a word, and a
person holds only so many; a project may have tickets suggested, or given in turn.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

WORKDAYS = frozenset(range(5))


@dataclass(frozen=True)
class Presence:
    """When somebody is there, as they said: weekdays (Monday is 0), and whether away, until which day (that day too); days of
    the clock of their `zone`."""

    weekdays: frozenset[int] = WORKDAYS
    is_away: bool = False
    away_until: date | None = None
    zone: str = "UTC"

    def day_at(self, now: datetime) -> date:
        """Which day it is where they are."""
        return now.astimezone(ZoneInfo(self.zone)).date()

    def is_away_on(self, day: date) -> bool:
        return self.is_away and (self.away_until is None or day <= self.away_until)

    def is_there(self, day: date) -> bool:
        """Whether they can be given a ticket on that day."""
        return day.weekday() in self.weekdays and not self.is_away_on(day)


@dataclass(frozen=True)
class Member:
    """Somebody of a team: how many tickets that wait for the team they hold, and how many turns they have had."""

    id: int
    is_there: bool = True
    held: int = 0
    given: int = 0
    # a number that rises with time: who had no turn yet has 0
    last: float = 0.0

    def has_room(self, most: int) -> bool:
        return self.is_there and self.held < most


# How much an expert is preferred: so many tickets more than others they may hold before those come first.
FITS = ((10, 3), (3, 2), (1, 1))


def fit_of(accepted: int) -> int:
    """How well somebody fits who has had so many answers accepted on a ticket's subject: 0 to 3."""
    return next((fit for least, fit in FITS if accepted >= least), 0)


# how many answers of a member were accepted on the subject of a ticket: (member, ticket) → count
Accepted = Mapping[tuple[int, int], int]


def shared_out(
    tickets: Iterable[int],
    members: Sequence[Member],
    most: int,
    accepted: Accepted,
    may_have: Mapping[int, frozenset[int]],
) -> dict[int, int]:
    """Who would best take which of these tickets (in queue order): ticket → member.

    Each goes to who fits best, less what they hold already; of equals who holds least, then who came first. Only who is
    there, has room (`most`), and may see the ticket (`may_have`: ticket → members) is thought of; a ticket for whom there
    is nobody stays out.
    """
    held = {member.id: member for member in members}
    given: dict[int, int] = {}
    for ticket in tickets:
        able = [m for m in held.values() if m.has_room(most) and m.id in may_have.get(ticket, frozenset())]
        if not able:
            continue
        best = min(able, key=lambda m: (m.held - fit_of(accepted.get((m.id, ticket), 0)), m.held, m.id))
        given[ticket] = best.id
        held[best.id] = replace(best, held=best.held + 1)
    return given


def next_for(
    person: int,
    tickets: Sequence[int],
    members: Sequence[Member],
    most: int,
    accepted: Accepted,
    may_have: Mapping[int, frozenset[int]],
) -> int | None:
    """The first of these unassigned tickets (in queue order) that is best in this person's hands; None where none is."""
    given = shared_out(tickets, members, most, accepted, may_have)
    return next((ticket for ticket in tickets if given.get(ticket) == person), None)


def whose_turn(members: Iterable[Member], most: int) -> int | None:
    """Whose turn it is among those who are there and have room: who has waited longest for one; None where nobody can."""
    able = [member for member in members if member.has_room(most)]
    return min(able, key=lambda m: (m.last, m.id)).id if able else None


class Claim(StrEnum):
    """How far a claim without a word has come."""

    KEPT = "kept"
    ENDING = "ending"
    OVER = "over"


def claim_after(silent: Fraction | int, allowed: int) -> Claim:
    """What becomes of a claim after so many workdays without a word, where `allowed` are: the warning comes a workday
    before the end, and with one workday in the middle of it."""
    if silent >= allowed:
        return Claim.OVER
    return Claim.ENDING if silent >= max(Fraction(allowed - 1), Fraction(allowed, 2)) else Claim.KEPT
