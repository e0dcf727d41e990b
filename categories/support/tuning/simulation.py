"""What other figures would do to a queue as it stands: the order, and how long somebody would wait (pure)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil

from categories.support.policy import WaitsSince
from categories.support.rules import Line, Waiting, counts_from, line_of, order, position_unpaid

ENDLESS = 10**9  # a paid line that never runs dry


@dataclass(frozen=True)
class Stands:
    """A waiting ticket: its amount (minor units), since when it waits by either reading and by the clock, its promise, and the
    head start (days) that it was given; None where it was not asked for a verified project."""

    id: int
    rank_amount: int
    submitted: datetime
    last_word: datetime
    due_at: datetime | None = None
    head_start: int | None = None

    def waiting(self, waits_since: WaitsSince, head_start: int | None = None) -> Waiting:
        """As the queue looks at it; `head_start`: had verified ones been given that many days, None: what they were."""
        since = self.last_word if waits_since == "last_word" else self.submitted
        days = self.head_start if head_start is None or self.head_start is None else head_start
        return Waiting(self.id, self.rank_amount, counts_from(since, days) if days else since, self.due_at)


@dataclass(frozen=True)
class Figures:
    """What decides about the order: the fair share in percent, what a wait counts from, and the head start of verified projects
    in days, None: as each was given."""

    share: int
    waits_since: WaitsSince
    head_start: int | None = None


@dataclass(frozen=True)
class Move:
    """A ticket's position before and after, and the line it stands in."""

    id: int
    before: int
    after: int
    line: Line

    @property
    def by(self) -> int:
        """How many places it moves up; below 0: down."""
        return self.before - self.after


@dataclass(frozen=True)
class Wait:
    """Workdays until somebody who asks now without paying is answered: if nobody pays after them, and if always
    somebody does. None: not foreseeable (nothing was answered lately), `most` also where paid ones always go first."""

    least: int | None
    most: int | None


def moves(tickets: Iterable[Stands], now: Figures, then: Figures, credit: int, horizon: datetime) -> list[Move]:
    """Where each ticket stands and would stand, in the order that would be."""
    held = list(tickets)
    before = standing(held, now, credit, horizon)
    after = before if then == now else standing(held, then, credit, horizon)
    places = {each.id: place for place, each in enumerate(before, start=1)}
    return [Move(each.id, places[each.id], place, line_of(each, horizon)) for place, each in enumerate(after, start=1)]


def standing(tickets: Sequence[Stands], figures: Figures, credit: int, horizon: datetime) -> list[Waiting]:
    """The tickets in queue order."""
    waiting = [each.waiting(figures.waits_since, figures.head_start) for each in tickets]
    return order(waiting, figures.share, credit, horizon)


def newcomer(due: int, paid: int, unpaid: int, share: int, credit: int, rate: Fraction) -> Wait:
    """How long the next unpaid asker would wait, with so many of each line before them, at `rate` answers a workday."""
    if rate <= 0:
        return Wait(None, None)
    least = position_unpaid(unpaid + 1, due, paid, share, credit)
    most = None if share == 0 else position_unpaid(unpaid + 1, due, ENDLESS, share, credit)
    return Wait(ceil(least / rate), None if most is None else ceil(most / rate))
