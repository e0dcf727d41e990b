"""A promised answer: when it is due, how it rests while the asker is waited for, and when the team is warned (pure).

Source: product.md, "A ticket's life" and the table `states.CLOCK`; warnings at half of the time and in the last workday.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from categories.support.promises.workdays import Calendar, add_workdays, workdays_between


@dataclass(frozen=True)
class Promise:
    """A promise of `workdays`: `left` of them were left at `since`, exactly; `since` None while the clock rests."""

    workdays: int
    left: Fraction
    since: datetime | None

    def due(self, calendar: Calendar) -> datetime | None:
        """When the answer is due; None while the clock rests."""
        return add_workdays(self.since, self.left, calendar) if self.since else None

    def half(self, calendar: Calendar) -> datetime | None:
        """When half of the time is over. None while the clock rests, and for two workdays: that is their last one."""
        if self.since is None or self.workdays == 2:
            return None
        return add_workdays(self.since, self.left - Fraction(self.workdays, 2), calendar)

    def last_day(self, calendar: Calendar) -> datetime | None:
        """When one workday is left. None while the clock rests, and where never more than one was promised."""
        if self.since is None or self.workdays < 2:
            return None
        return add_workdays(self.since, self.left - 1, calendar)


def promised(workdays: int, at: datetime) -> Promise:
    """A promise made at that time, whose clock runs."""
    return Promise(workdays, Fraction(workdays), at)


def paused(promise: Promise, at: datetime, calendar: Calendar) -> Promise:
    """The clock rests from now on. A promise that is missed already stays missed: its clock does not rest any more."""
    if promise.since is None:
        return promise
    left = promise.left - workdays_between(promise.since, at, calendar)
    return Promise(promise.workdays, left, None) if left > 0 else promise


def resumed(promise: Promise, at: datetime) -> Promise:
    """The clock runs again, with what was left."""
    return promise if promise.since else Promise(promise.workdays, promise.left, at)


def shortened(promise: Promise, workdays: int, at: datetime, calendar: Calendar) -> Promise:
    """A further promise of so many workdays from now on: the earlier of both holds."""
    if promise.since is None:
        return min((promise, Promise(workdays, Fraction(workdays), None)), key=lambda each: each.left)
    left = promise.left - workdays_between(promise.since, at, calendar)
    return promise if left <= workdays else promised(workdays, at)
