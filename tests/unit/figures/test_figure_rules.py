"""What figures come to: counted in the month in which it happened, and said of no few."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories.figures.rules import (
    FLOOR,
    HEIGHT,
    WIDTH,
    Fact,
    Said,
    columns,
    durations,
    ended_in,
    ends,
    months_back,
    satisfaction,
)
from categories.support.promises.workdays import MONDAY_TO_FRIDAY

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def fact(days: float = 1, *, face: int | None = None, reopened: bool = False, line: str = "unpaid") -> Fact:
    return Fact("Support", line, MONDAY, MONDAY, MONDAY + timedelta(days=days), reopened, face)


def test_months_go_back_over_the_turn_of_the_year() -> None:
    found = months_back(datetime(2026, 2, 28, 23, tzinfo=UTC), 4)
    assert found == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]


def test_durations_are_workdays_in_the_month_of_the_end() -> None:
    facts = [*[fact(1)] * 5, *[fact(7)] * 5]
    found = durations(facts, ended_in, "over_at", MONDAY_TO_FRIDAY)
    assert set(found) == {date(2026, 3, 1)}
    assert (found[date(2026, 3, 1)].count, found[date(2026, 3, 1)].median) == (10, 3)
    assert found[date(2026, 3, 1)].p90 == 5, "a week is five workdays"


def test_what_is_not_over_counts_nowhere() -> None:
    waits = Fact("Support", "unpaid", MONDAY)
    assert durations([waits], ended_in, "over_at", MONDAY_TO_FRIDAY) == {}
    assert ends([waits], ended_in) == {}
    assert satisfaction([waits], ended_in) == {}


def test_ends_and_what_came_back() -> None:
    found = ends([fact(), fact(reopened=True), fact(line="paid")], lambda each: each.line)
    assert (found["unpaid"].over, found["unpaid"].reopened) == (2, 1)
    assert (found["paid"].over, found["paid"].reopened) == (1, 0)


def test_satisfaction_says_how_many_said_anything() -> None:
    found = satisfaction([fact(face=3), fact(face=3), fact(face=1), fact()], lambda each: each.line)["unpaid"]
    assert found == Said(4, 2, 0, 1)
    assert found.answer_rate == Fraction(3, 4)
    assert found.satisfied == Fraction(2, 3)


@pytest.mark.parametrize("said", [Said(), Said(9, 2, 0, 0)])
def test_of_too_few_no_share_is_said(said: Said) -> None:
    assert said.satisfied is None


PARTS = st.one_of(st.none(), st.integers(0, 10**6), st.fractions(0, 1000))


@given(st.integers(1, 3).flatmap(lambda n: st.lists(st.lists(PARTS, min_size=n, max_size=n), min_size=1, max_size=60)))
def test_columns_stay_in_their_drawing_and_are_as_high_as_what_they_say(
    values: list[list[Fraction | int | None]],
) -> None:
    drawn, top = columns(values)
    said = [Fraction(part) for group in values for part in group if part is not None]
    assert top == max(said, default=0)
    if top:
        assert len(drawn) == len(values)
        for column, group in zip(drawn, values, strict=True):
            assert column.x >= 0 and column.x + len(group) * column.width <= WIDTH
            for height, part in zip(column.heights, group, strict=True):
                assert height == (0 if part is None else int(Fraction(part) * HEIGHT / top))
                assert 0 <= height <= HEIGHT < FLOOR
        assert drawn[-1].labelled and sum(column.labelled for column in drawn) <= 13


def test_of_many_labels_every_other_is_left_out_where_there_is_little_room() -> None:
    drawn, _top = columns([[n] for n in range(1, 13)])
    assert [column.is_spare for column in drawn] == [True, False] * 6
    assert not any(column.is_spare for column in columns([[n] for n in range(1, 8)])[0])
    weeks, _top = columns([[n] for n in range(1, 54)])
    shown = [column.labelled and not column.is_spare for column in weeks]
    assert shown[-1] and sum(shown) <= 7
    assert drawn[0].left(0) == "2.36" and drawn[0].middle == "4.17" and drawn[0].wide == "3.47"
