"""Calendars with hours, zones, holidays and own closing days, against a model that walks a year by quarter hours."""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache, lru_cache, partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from categories.support.promises.workdays import (
    TICK,
    Calendar,
    Closing,
    add_workdays,
    end_of_workday_horizon,
    workday_ends,
    workdays_between,
)
from forum.free_days import countries, holidays_of

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
# changes by an hour and by half of one, north and south, at midnight, none at all, and offsets of three quarters
ZONES = [
    "UTC",
    "Europe/Vienna",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "Pacific/Chatham",
]
PLACES = [("", ""), ("DE", "BY"), ("US", ""), ("AT", ""), ("AU", "NSW"), ("JP", "")]

quarters = st.integers(0, 96)
hours = st.tuples(quarters, quarters).filter(lambda two: two[0] < two[1]).map(lambda two: (two[0] * 15, two[1] * 15))
days = st.dates(date(2026, 1, 1), date(2027, 1, 31))
closings = st.lists(
    st.tuples(days, st.integers(0, 20)).map(lambda two: Closing(two[0], two[0] + two[1] * DAY)), max_size=4
).map(tuple)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    country, subdivision = draw(st.sampled_from(PLACES))
    return Calendar(
        frozenset(draw(st.sets(st.integers(0, 6), min_size=1))),
        draw(st.one_of(st.just((0, 1440)), st.just((540, 1020)), hours)),
        frozenset(draw(st.dictionaries(st.integers(0, 6), hours, max_size=2)).items()),
        draw(st.sampled_from(ZONES)),
        country,
        subdivision,
        draw(closings),
    )


moments = st.integers(0, (LAST - FIRST - 40 * DAY) // TICK).map(lambda ticks: FIRST + ticks * TICK)


@cache
def wall_clock(zone: str) -> list[tuple[datetime, date, int]]:
    """Every quarter of an hour of the year and a little more: the day, and the minute of the day, that it shows there."""
    found, moment = [], FIRST - 2 * DAY
    while moment < LAST + 2 * DAY:
        wall = moment.astimezone(ZoneInfo(zone))
        found.append((moment, wall.date(), wall.hour * 60 + wall.minute))
        moment += QUARTER
    return found


def hours_of(calendar: Calendar, day: date) -> tuple[int, int] | None:
    """From when to when that day is worked, in minutes; None where it is not."""
    if day.weekday() not in calendar.weekdays or any(c.first <= day <= c.last for c in calendar.closings):
        return None
    if calendar.country and day in holidays_of(calendar.country, calendar.subdivision, day.year):
        return None
    return dict(calendar.other_hours).get(day.weekday(), calendar.hours)


class Walk:
    """A year walked by quarter hours, with a clock on the wall: work begins when it first shows the hour or a later one of
    that day, and ends when it first shows the end, or when the day is over."""

    def __init__(self, calendar: Calendar) -> None:
        at_work: dict[date, list[datetime]] = {}
        done: set[date] = set()
        hours_on = cache(partial(hours_of, calendar))
        for moment, day, minute in wall_clock(calendar.zone):
            opens, closes = hours_on(day) or (1440, 1441)
            if minute >= closes:
                done.add(day)
            if minute >= opens and day not in done:
                at_work.setdefault(day, []).append(moment)
        inside = sorted((quarter, Fraction(1, len(each))) for each in at_work.values() for quarter in each)
        self.starts = [quarter for quarter, _part in inside]
        self.parts = [part for _quarter, part in inside]
        self.passed = [Fraction(0)]
        for part in self.parts:
            self.passed.append(self.passed[-1] + part)
        self.ends = [each[-1] + QUARTER for _day, each in sorted(at_work.items())]

    def until(self, moment: datetime) -> Fraction:
        """Workdays from the beginning of the walk."""
        n = bisect_left(self.starts, moment)
        if n == 0:
            return Fraction(0)
        inside = min(moment - self.starts[n - 1], QUARTER)
        return self.passed[n - 1] + self.parts[n - 1] * Fraction(inside // TICK, QUARTER // TICK)


@lru_cache(maxsize=64)
def walk(calendar: Calendar) -> Walk:
    return Walk(calendar)


@settings(max_examples=60, deadline=None)
@given(calendars(), st.lists(moments, min_size=2, max_size=12))
def test_workdays_between_is_what_the_walk_counts(calendar: Calendar, many: list[datetime]) -> None:
    slow = walk(calendar)
    for start, end in pairwise(sorted(many)):
        assert workdays_between(start, end, calendar) == slow.until(end) - slow.until(start)
        assert workdays_between(end, start, calendar) == 0 or start == end


@settings(max_examples=60, deadline=None)
@given(calendars(), st.lists(moments, min_size=1, max_size=12))
def test_horizon_is_the_end_of_the_first_workday_that_is_not_over(calendar: Calendar, many: list[datetime]) -> None:
    ends = walk(calendar).ends
    for now in many:
        later = [end for end in ends if end > now]
        if later and later[0] < LAST:
            assert end_of_workday_horizon(now, calendar) == later[0]


@settings(max_examples=60, deadline=None)
@given(calendars(), moments, st.fractions(0, 9, max_denominator=12))
def test_a_due_time_is_the_first_moment_at_which_so_many_workdays_have_passed(
    calendar: Calendar, start: datetime, workdays: Fraction
) -> None:
    due = add_workdays(start, workdays, calendar)
    if workdays == 0:
        assert due == start
    elif due < LAST:
        slow = walk(calendar)
        assert slow.until(due) - slow.until(start) >= workdays > slow.until(due - TICK) - slow.until(start)


@settings(max_examples=30, deadline=None)
@given(calendars())
def test_the_ends_of_workdays_are_those_of_the_walk(calendar: Calendar) -> None:
    first, last = date(2026, 1, 2), date(2027, 1, 30)
    zone = ZoneInfo(calendar.zone)
    ends = [end for end in walk(calendar).ends if first <= (end - TICK).astimezone(zone).date() <= last]
    assert workday_ends(first, last, calendar) == ends


VIENNA = Calendar(hours=(540, 1020), zone="Europe/Vienna", country="AT")


def vienna(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo("Europe/Vienna"))  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("start", "workdays", "due"),
    [
        (vienna(2026, 11, 27, 13), 1, vienna(2026, 11, 30, 13)),  # Friday noon: Monday noon
        (vienna(2026, 11, 27, 20), 1, vienna(2026, 11, 30, 17)),  # Friday night: the whole of Monday
        (vienna(2026, 11, 28, 10), 3, vienna(2026, 12, 2, 17)),  # a Saturday
        (vienna(2026, 12, 7, 9), 2, vienna(2026, 12, 9, 17)),  # the 8th is a holiday there
        (vienna(2026, 3, 27, 13), 1, vienna(2026, 3, 30, 13)),  # the clocks change in between
    ],
)
def test_a_promise_is_due_where_a_person_would_count_it(start: datetime, workdays: int, due: datetime) -> None:
    assert add_workdays(start, workdays, VIENNA) == due


def test_a_day_of_23_and_one_of_25_hours_are_one_workday_each() -> None:
    whole = Calendar(frozenset(range(7)), zone="Europe/Vienna")
    for month, day, length in ((3, 29, 23), (10, 25, 25)):
        opens, closes = vienna(2026, month, day), vienna(2026, month, day + 1)
        assert closes.astimezone(UTC) - opens.astimezone(UTC) == timedelta(hours=length)
        assert workdays_between(opens, closes, whole) == 1
        assert workdays_between(opens, opens.astimezone(UTC) + timedelta(hours=1), whole) == Fraction(1, length)


def test_working_hours_that_the_clocks_skip_make_no_workday() -> None:
    early = Calendar(frozenset(range(7)), (120, 180), zone="Europe/Vienna")
    assert early.is_workday(date(2026, 3, 28)) and not early.is_workday(date(2026, 3, 29))


def test_a_day_that_a_zone_left_out_is_no_workday() -> None:
    samoa = Calendar(frozenset(range(7)), zone="Pacific/Apia")
    assert [samoa.is_workday(date(2011, 12, day)) for day in (29, 30, 31)] == [True, False, True]


@pytest.mark.parametrize(("opens", "closes"), [(600, 600), (700, 600), (-1, 60), (0, 1441)])
def test_impossible_hours_are_refused(opens: int, closes: int) -> None:
    with pytest.raises(ValueError, match="hours"):
        Calendar(hours=(opens, closes))
    with pytest.raises(ValueError, match="hours"):
        Calendar(other_hours=frozenset({(2, (opens, closes))}))


def test_who_never_works_again_is_told_so_instead_of_counting_for_ever() -> None:
    with pytest.raises(ValueError, match="nobody works"):
        add_workdays(FIRST, 1, Calendar(closings=(Closing(date(2026, 1, 1), date(2200, 1, 1)),)))


def test_holidays_are_those_of_the_place_alone() -> None:
    assert holidays_of("DE", "BY", 2026)[date(2026, 1, 6)]
    assert date(2026, 1, 6) not in holidays_of("DE", "BE", 2026)
    assert not holidays_of("", "", 2026)
    assert "BY" in countries()["DE"] and len(countries()) > 150
    for country, subdivision in (("XX", ""), ("DE", "XX"), ("AT", "BY")):
        with pytest.raises(ValueError, match="no holidays"):
            holidays_of(country, subdivision, 2026)
