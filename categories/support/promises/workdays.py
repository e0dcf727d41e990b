"""Workdays: when a guarantee is due, how long an answer took, and what a requester may expect (pure).

A workday is the working hours of one day in the team's time zone, however many hours it has: time outside of them does
not count, and a day on which the clocks change is one workday like any other. Every figure is an exact Fraction; times
are aware, and exact to the microsecond.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from math import ceil
from zoneinfo import ZoneInfo

from forum.free_days import holidays_of

DAY = timedelta(days=1)
TICK = timedelta.resolution
MIDNIGHT = 24 * 60  # minutes
WHOLE_DAY = (0, MIDNIGHT)
YEARS_AHEAD = 30  # whoever has not worked by then does not work

RANGE_DEFAULT = (7, 10)  # workdays; each project can change it
MINIMUM_DEFAULT = 1  # workdays: nobody is promised "at once"
ENOUGH_ANSWERS = 20  # with fewer first responses in 90 days the project's configured range holds

ENOUGH_FOR_MEDIAN = 5  # a month with fewer first responses is not summed up
ENOUGH_FOR_P90 = 10

Hours = tuple[int, int]


@dataclass(frozen=True)
class Closing:
    """Days on which a team does not work, both included."""

    first: date
    last: date
    note: str = field(default="", compare=False)


@dataclass(frozen=True)
class Calendar:
    """When a team works.

    `weekdays`: by `date.weekday()` (Monday is 0) · `hours`: from and to in minutes after midnight, of each of these days
    but those in `other_hours` · `zone`: a name of the IANA's · `country`, `subdivision`: whose public holidays are free,
    "" for none · `closings`: own free days.
    """

    weekdays: frozenset[int] = frozenset(range(5))
    hours: Hours = WHOLE_DAY
    other_hours: frozenset[tuple[int, Hours]] = frozenset()
    zone: str = "UTC"
    country: str = ""
    subdivision: str = ""
    closings: tuple[Closing, ...] = ()

    def __post_init__(self) -> None:
        """ValueError for a week without a workday (nothing would ever be due), days no week or hours no day has."""
        if not self.weekdays or not self.weekdays <= set(range(7)):
            raise ValueError("a calendar needs at least one weekday, each from 0 (Monday) to 6")
        for opens, closes in (self.hours, *(hours for _day, hours in self.other_hours)):
            if not 0 <= opens < closes <= MIDNIGHT:
                raise ValueError("working hours go from a minute of the day to a later one")

    def hours_on(self, weekday: int) -> Hours:
        """From and to of a weekday, in minutes after midnight."""
        return dict(self.other_hours).get(weekday, self.hours)

    def closing(self, day: date) -> Closing | None:
        """The own free days that a day lies in."""
        return next((each for each in self.closings if each.first <= day <= each.last), None)

    def holiday(self, day: date) -> str:
        """The public holiday of that day, or ""."""
        return holidays_of(self.country, self.subdivision, day.year).get(day, "")

    def is_workday(self, day: date) -> bool:
        """Whether the team works on that day."""
        return self.span(day) is not None

    def span(self, day: date) -> tuple[datetime, datetime] | None:
        """When work begins and ends on that day, in UTC; None where there is none.

        Hours that the clocks skip count from the minute they skip to; where nothing is left of them the day is free.
        Hours that come twice are meant the first time.
        """
        if day.weekday() not in self.weekdays or self.holiday(day) or self.closing(day):
            return None
        opens, closes = (_moment(day, minute, self.zone) for minute in self.hours_on(day.weekday()))
        return (opens, closes) if opens < closes else None


MONDAY_TO_FRIDAY = Calendar()


@dataclass(frozen=True)
class Expected:
    """The expected response time in workdays, both ends included; JSON calls them `from` and `to`."""

    from_: int
    to: int


def workdays_between(start: datetime, end: datetime, calendar: Calendar = MONDAY_TO_FRIDAY) -> Fraction:
    """Working time between two aware times in workdays, exact; 0 when `end` is not after `start`."""
    if end <= start:
        return Fraction(0)
    return (
        _worked(end, calendar)
        - _worked(start, calendar)
        + _whole(_local(start, calendar), _local(end, calendar), calendar)
    )


def end_of_workday_horizon(now: datetime, calendar: Calendar = MONDAY_TO_FRIDAY) -> datetime:
    """The end of the current workday, or outside working hours of the next: what falls due by then is due (rule 1)."""
    day = _local(now, calendar)
    while True:
        span = calendar.span(day)
        if span is not None and now < span[1]:
            return span[1]
        day = _next_workday(day + DAY, calendar)


def add_workdays(start: datetime, workdays: Fraction | int, calendar: Calendar = MONDAY_TO_FRIDAY) -> datetime:
    """The first time at which that many workdays have passed since `start`, in UTC; `start` itself for none.

    Never earlier than exact: where a moment lies between two microseconds it is the later.
    """
    if workdays <= 0:
        return start.astimezone(UTC)
    left = workdays + _worked(start, calendar)  # counted from the start of that day
    day = _next_workday(_local(start, calendar), calendar)
    whole = ceil(left) - 1  # so that n workdays end with the n-th of them, not with the beginning of the next
    day = _workday_after(day, whole, calendar)
    span = calendar.span(day)
    assert span is not None
    opens, closes = span
    return opens + ceil((left - whole) * Fraction((closes - opens) // TICK)) * TICK


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


def workday_ends(first: date, last: date, calendar: Calendar) -> list[datetime]:
    """When each workday from `first` to `last` ends, in UTC, in order."""
    days = (first + n * DAY for n in range((last - first).days + 1))
    return [span[1] for day in days if (span := calendar.span(day)) is not None]


def _moment(day: date, minute: int, zone: str) -> datetime:
    """That minute of a day in a zone, in UTC; a minute that the clocks skip is the one they skip to."""
    place = ZoneInfo(zone)
    local = datetime.combine(day + minute // MIDNIGHT * DAY, time(minute % MIDNIGHT // 60, minute % 60), place)
    before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
    assert before is not None and after is not None
    if after <= before:  # there is such a minute, or it comes twice
        return local.astimezone(UTC)
    # the clocks go from some minute at `before` to a later one at `after`: the change lies between the two readings
    early, late = local.replace(fold=1).astimezone(UTC), local.astimezone(UTC)
    while late - early > TICK:
        middle = early + (late - early) // 2
        if middle.astimezone(place).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def _local(moment: datetime, calendar: Calendar) -> date:
    """The team's date at that moment."""
    return moment.astimezone(ZoneInfo(calendar.zone)).date()


def _worked(moment: datetime, calendar: Calendar) -> Fraction:
    """Which part of its day's workday has passed at a moment; 0 on a free day."""
    span = calendar.span(_local(moment, calendar))
    if span is None:
        return Fraction(0)
    opens, closes = span
    passed = min(max(moment, opens), closes) - opens
    return Fraction(passed // TICK, (closes - opens) // TICK)


@lru_cache(maxsize=4096)
def _workdays_of(calendar: Calendar, year: int) -> tuple[date, ...]:
    """The workdays of a year, in order."""
    first = date(year, 1, 1)
    days = (first + n * DAY for n in range((date(year, 12, 31) - first).days + 1))
    return tuple(day for day in days if calendar.is_workday(day))


def _whole(first: date, last: date, calendar: Calendar) -> int:
    """The workdays from one day on and before another."""
    count = 0
    for year in range(first.year, last.year + 1):
        days = _workdays_of(calendar, year)
        until = bisect_left(days, last) if year == last.year else len(days)
        count += until - (bisect_left(days, first) if year == first.year else 0)
    return count


def _workday_after(day: date, count: int, calendar: Calendar) -> date:
    """The workday so many workdays after one that is a workday itself. ValueError where the team never works again."""
    for year in range(day.year, day.year + YEARS_AHEAD + count // 12):
        days = _workdays_of(calendar, year)
        at = count + (bisect_left(days, day) if year == day.year else 0)
        if at < len(days):
            return days[at]
        count = at - len(days)
    raise ValueError("nobody works in this calendar any more")


def _next_workday(day: date, calendar: Calendar) -> date:
    """That day, or the next workday after it."""
    return _workday_after(day, 0, calendar)
