"""What counts of a day, in whatever order it comes, and which days a period has."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reputation.rules import PERIODS, POINTS, Worth, counted, earned, last_months, period_of

days = st.dates(date(1999, 1, 1), date(2101, 12, 31))
givers = st.lists(st.integers(1, 6), max_size=40)
worths = st.builds(Worth, points=st.integers(1, 20), a_day=st.integers(1, 12), from_one=st.integers(1, 5))


def one_by_one(given: list[int], worth: Worth) -> list[int]:
    """Each counts when it comes, where both limits have room for it: those that count."""
    held: list[int] = []
    for giver in given:
        if len(held) < worth.a_day and held.count(giver) < worth.from_one:
            held.append(giver)
    return held


@given(given=givers, worth=worths, data=st.data())
def test_the_points_of_a_day_are_the_same_in_every_order(given: list[int], worth: Worth, data: st.DataObject) -> None:
    other = data.draw(st.permutations(given))
    assert earned(given, worth) == earned(other, worth)
    assert len(one_by_one(given, worth)) == len(one_by_one(other, worth)) == counted(given, worth)


@given(given=givers, worth=worths)
def test_no_limit_is_passed_and_nothing_that_has_room_is_left_out(given: list[int], worth: Worth) -> None:
    number = counted(given, worth)
    assert 0 <= number <= min(worth.a_day, len(given))
    few = all(n <= worth.from_one for n in Counter(given).values())
    if few and len(given) <= worth.a_day:
        assert number == len(given)


@given(given=st.lists(st.integers(1, 6), min_size=1, max_size=40), worth=worths, data=st.data())
def test_one_more_or_one_less_changes_at_most_one(given: list[int], worth: Worth, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(given) - 1))
    less = counted(given[:index] + given[index + 1 :], worth)
    assert counted(given, worth) - less in (0, 1)


def test_a_friend_alone_cannot_make_a_day() -> None:
    for worth in POINTS.values():
        assert counted([7] * 50, worth) == worth.from_one < worth.a_day


def test_an_accepted_answer_is_worth_more_than_any_other_single_thing() -> None:
    best = POINTS["accepted"].points
    assert all(worth.points < best for kind, worth in POINTS.items() if kind != "accepted")


@given(day=days)
def test_each_period_has_its_day_and_ends_where_the_next_begins(day: date) -> None:
    for name in PERIODS:
        period = period_of(name, day)
        assert day in period
        if period.first is None or period.end is None:
            assert name == "all"
            continue
        assert period.first.day == period.end.day == 1
        assert period.end not in period and period.first - timedelta(days=1) not in period
        assert period_of(name, period.end).first == period.end
        assert period_of(name, period.first).key == period.key != period_of(name, period.end).key
    assert last_months(day, 12)[-1] == period_of("month", day).key


def test_periods_are_called_as_the_database_calls_them() -> None:
    day = date(2026, 11, 23)
    assert [period_of(name, day).key for name in PERIODS] == ["2026-11", "2026-Q4", "2026", "all"]
    assert last_months(date(2026, 2, 1), 3) == ["2025-12", "2026-01", "2026-02"]
    with pytest.raises(KeyError):
        period_of("week", day)
