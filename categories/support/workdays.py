"""Workdays: when a guarantee is due, how long an answer took, and what a requester may expect (pure).

A workday is a whole day (00:00 to 24:00) in UTC for now: time spent on other days does not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import ceil

DAY = timedelta(days=1)
RANGE_DEFAULT = (7, 10)  # workdays; each project can change it
MINIMUM_DEFAULT = 1  # workdays: nobody is promised "at once"
ENOUGH_ANSWERS = 20  # with fewer first responses in 90 days the project's configured range holds

ENOUGH_FOR_MEDIAN = 5  # a month with fewer first responses is not summed up
ENOUGH_FOR_P90 = 10


@dataclass(frozen=True)
class Calendar:
    """Which days a team works, by `date.weekday()` (Monday is 0). Holidays and time zones belong here, later."""

    weekdays: frozenset[int] = frozenset(range(5))

    def __post_init__(self) -> None:
        """ValueError for a week without a workday (nothing would ever be due) or with days no week has."""
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise ValueError("a calendar needs at least one weekday, each from 0 (Monday) to 6")

    def is_workday(self, day: date) -> bool:
        """Whether the team works on that day."""
        return day.weekday() in self.weekdays


MONDAY_TO_FRIDAY = Calendar()


@dataclass(frozen=True)
class Expected:
    """The expected response time in workdays, both ends included; JSON calls them `from` and `to`."""

    from_: int
    to: int


def workdays_between(start: datetime, end: datetime, calendar: Calendar = MONDAY_TO_FRIDAY) -> Fraction:
    """Working time between two aware times in workdays, exact; 0 when `end` is not after `start`."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        return Fraction(0)
    return _worked_until(end, start.date(), calendar) - _worked_until(start, start.date(), calendar)


def end_of_workday_horizon(now: datetime, calendar: Calendar = MONDAY_TO_FRIDAY) -> datetime:
    """The end of the current workday, or on a free day of the next: what falls due by then is due (rule 1)."""
    day = now.astimezone(UTC).date()
    while not calendar.is_workday(day):
        day += DAY
    return datetime.combine(day + DAY, time(), UTC)


def expected_range(
    durations: Sequence[Fraction | int],
    configured: tuple[int, int] = RANGE_DEFAULT,
    minimum: int = MINIMUM_DEFAULT,
) -> Expected:
    """[max(minimum, median), max(minimum, p90)] of first team responses in workdays, each rounded up.

    `durations`: of native tickets, last 90 days, in any order; with fewer than 20 the configured range holds.
    p90 is the smallest duration within which at least 90 % were answered. Source: product.md, "The expected
    response time".
    """
    if len(durations) < ENOUGH_ANSWERS:
        return Expected(*configured)
    ranked = sorted(durations)
    count = len(ranked)
    median = Fraction(ranked[(count - 1) // 2] + ranked[count // 2]) / 2
    p90 = ranked[-(-9 * count // 10) - 1]
    return Expected(max(minimum, ceil(median)), max(minimum, ceil(p90)))


@dataclass(frozen=True)
class Responses:
    """First responses of one month and line: how many, and their median and p90 in workdays, None where too few."""

    count: int = 0
    median: Fraction | None = None
    p90: Fraction | None = None


def responses(durations: Sequence[Fraction]) -> Responses:
    """What can be said of these durations: a median of five and more, a p90 of ten and more (of fewer it would be the
    longest). Exact; p90 as in `expected_range`."""
    ranked = sorted(durations)
    count = len(ranked)
    median = (ranked[(count - 1) // 2] + ranked[count // 2]) / 2 if count >= ENOUGH_FOR_MEDIAN else None
    return Responses(count, median, ranked[-(-9 * count // 10) - 1] if count >= ENOUGH_FOR_P90 else None)


def _worked_until(moment: datetime, origin: date, calendar: Calendar) -> Fraction:
    """Workdays from the midnight that begins `origin` to the moment (not before it), by whole weeks."""
    weeks, rest = divmod((moment.date() - origin).days, 7)
    whole = weeks * len(calendar.weekdays)
    whole += sum(calendar.is_workday(origin + day * DAY) for day in range(rest))
    if not calendar.is_workday(moment.date()):
        return Fraction(whole)
    midnight = datetime.combine(moment.date(), time(), UTC)
    return whole + Fraction((moment - midnight) // timedelta.resolution, DAY // timedelta.resolution)
