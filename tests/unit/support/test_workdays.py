"""Workdays and the expected range against slow models that go day by day."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories.support.promises.workdays import (
    MONDAY_TO_FRIDAY,
    Calendar,
    Expected,
    end_of_workday_horizon,
    expected_range,
    workdays_between,
)

DAY = timedelta(days=1)
MONDAY = datetime(2025, 3, 3, tzinfo=UTC)

moments = st.integers(-200 * 86_400, 30 * 86_400).map(
    lambda seconds: MONDAY + timedelta(seconds=seconds, microseconds=7)
)
calendars = st.sets(st.integers(0, 6), min_size=1).map(lambda days: Calendar(frozenset(days)))


def slow_between(start: datetime, end: datetime, calendar: Calendar) -> Fraction:
    """Walk midnight by midnight; what lies in a workday counts."""
    worked = timedelta()
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while midnight < end:
        if midnight.weekday() in calendar.weekdays:
            worked += max(min(end, midnight + DAY) - max(start, midnight), timedelta())
        midnight += DAY
    return Fraction(worked // timedelta.resolution, DAY // timedelta.resolution)


@given(moments, moments, calendars)
def test_workdays_between_is_what_a_walk_counts(start: datetime, end: datetime, calendar: Calendar) -> None:
    assert workdays_between(start, end, calendar) == slow_between(start, end, calendar)


@given(st.lists(moments, min_size=3, max_size=3), calendars)
def test_workdays_add_up(three: list[datetime], calendar: Calendar) -> None:
    first, second, third = sorted(three)
    parts = workdays_between(first, second, calendar) + workdays_between(second, third, calendar)
    assert parts == workdays_between(first, third, calendar)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (MONDAY, MONDAY + 7 * DAY, 5),
        (MONDAY + 4.5 * DAY, MONDAY + 7.5 * DAY, 1),  # Friday noon to Monday noon
        (MONDAY + 5 * DAY, MONDAY + 7 * DAY, 0),  # a weekend
        (MONDAY + DAY, MONDAY, 0),
    ],
)
def test_weekends_do_not_count(start: datetime, end: datetime, expected: int) -> None:
    assert workdays_between(start, end, MONDAY_TO_FRIDAY) == expected


def test_times_of_other_zones_are_read_in_utc() -> None:
    tokyo = timezone(timedelta(hours=9))
    start, end = MONDAY.astimezone(tokyo), (MONDAY + DAY).astimezone(tokyo)
    assert workdays_between(start, end) == 1
    assert end_of_workday_horizon(start) == MONDAY + DAY


@given(moments, calendars)
def test_horizon_ends_the_first_workday_that_is_not_over(now: datetime, calendar: Calendar) -> None:
    horizon = end_of_workday_horizon(now, calendar)
    assert now < horizon
    assert (horizon - DAY).weekday() in calendar.weekdays
    assert horizon.timetz() == datetime.min.replace(tzinfo=UTC).timetz()
    left = slow_between(now, horizon, calendar)
    assert 0 < left <= 1  # this workday's rest, or one whole one


@pytest.mark.parametrize(
    ("now", "horizon"),
    [
        (MONDAY, MONDAY + DAY),
        (MONDAY + 4 * DAY + timedelta(hours=23, minutes=59), MONDAY + 5 * DAY),
        (MONDAY + 5 * DAY, MONDAY + 8 * DAY),
        (MONDAY + 6.9 * DAY, MONDAY + 8 * DAY),
    ],
)
def test_on_a_weekend_what_is_due_on_monday_is_due(now: datetime, horizon: datetime) -> None:
    assert end_of_workday_horizon(now) == horizon


@pytest.mark.parametrize("days", [frozenset(), frozenset({7}), frozenset({-1, 2})])
def test_impossible_calendar_is_refused(days: frozenset[int]) -> None:
    with pytest.raises(ValueError, match="weekday"):
        Calendar(days)


def test_workday_is_asked_by_date() -> None:
    week = [MONDAY_TO_FRIDAY.is_workday(date(2025, 3, 3) + n * DAY) for n in range(7)]
    assert week == [True] * 5 + [False] * 2


def days_for(durations: Sequence[Fraction], tenths: int) -> int:
    """Raise the promise workday by workday until that many tenths of the tickets were answered within it."""
    days = 0
    while 10 * sum(duration <= days for duration in durations) < tenths * len(durations):
        days += 1
    return days


durations = st.integers(0, 120).map(lambda quarters: Fraction(quarters, 4))
odd_samples = st.integers(10, 25).flatmap(lambda n: st.lists(durations, min_size=2 * n + 1, max_size=2 * n + 1))


@given(odd_samples, st.integers(0, 12))
def test_range_covers_half_and_nine_in_ten(sample: list[Fraction], minimum: int) -> None:
    """An odd number of tickets: the median is the one in the middle."""
    slow = Expected(max(minimum, days_for(sample, 5)), max(minimum, days_for(sample, 9)))
    assert expected_range(sample, (7, 10), minimum) == slow


@given(st.lists(durations, min_size=20, max_size=50), st.integers(0, 12))
def test_range_is_ordered_and_above_the_minimum(sample: list[Fraction], minimum: int) -> None:
    expected = expected_range(sample, (7, 10), minimum)
    assert minimum <= expected.from_ <= expected.to
    assert expected_range(sample[::-1], (7, 10), minimum) == expected


def test_fewer_than_twenty_answers_leave_the_configured_range() -> None:
    assert expected_range([Fraction(1)] * 19, (7, 10), 12) == Expected(7, 10)
    assert expected_range([Fraction(1)] * 20, (7, 10), 1) == Expected(1, 1)


def test_median_of_an_even_number_lies_between_the_two_in_the_middle() -> None:
    assert expected_range([2] * 10 + [5] * 10, (7, 10), 1) == Expected(4, 5)


def test_each_end_is_rounded_up_to_whole_workdays() -> None:
    assert expected_range([Fraction(21, 10)] * 30, (7, 10), 1) == Expected(3, 3)
