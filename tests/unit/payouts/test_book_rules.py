"""Periods and figures of the public book."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payouts.book.rules import (
    Figures,
    Period,
    between,
    books_of,
    edge,
    figures_at,
    offered_periods,
    period_name,
    period_of,
    steps_of,
)

TODAY = date(2026, 2, 14)


def test_a_period_is_a_quarter_a_year_or_all() -> None:
    assert period_of("", TODAY) == period_of("2026-Q1", TODAY) == Period("2026-Q1", 12 * 2026, 12 * 2026 + 3)
    assert (edge(12 * 2026), edge(12 * 2026 + 3)) == (
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 4, 1, tzinfo=UTC),
    )
    assert period_of("2025", TODAY) == Period("2025", 12 * 2025, 12 * 2026)
    assert period_of("all", TODAY) == Period("all")
    assert [period_name(period_of(name, TODAY)) for name in ("2025-Q4", "2025", "all")] == [
        "Q4 2025",
        "2025",
        "All time",
    ]


@pytest.mark.parametrize(
    "name", ["2026-Q5", "2026-Q0", "2026-q1", "26", "1999", "2200", "month", "2026-Q1 ", "²026", "-Q1"]
)
def test_another_word_is_no_period(name: str) -> None:
    with pytest.raises(KeyError):
        period_of(name, TODAY)


def test_the_last_quarter_is_offered_across_the_turn_of_the_year() -> None:
    offered = [period.name for period in offered_periods(period_of("", TODAY), TODAY)]
    assert offered == ["2025-Q4", "2026-Q1", "2026", "all"]
    assert offered_periods(period_of("2019", TODAY), TODAY)[0].name == "2019"


def test_months_end_with_this_one_and_a_long_time_is_shown_by_years() -> None:
    def names(period: str, since: date | None = None) -> list[str]:
        return [step.name for step in steps_of(period_of(period, TODAY), since, TODAY)]

    assert names("") == ["2026-01", "2026-02"]
    assert names("2025-Q4") == ["2025-10", "2025-11", "2025-12"]
    assert names("2027") == []
    assert names("all", date(2025, 12, 31)) == ["2025-12", "2026-01", "2026-02"]
    assert len(names("all", date(2024, 3, 1))) == 24
    assert names("all", date(2024, 2, 29)) == ["2024", "2025", "2026"]


ROWS = [
    ("EUR", "income", 2, -10_000),
    ("EUR", "pooled", 2, 9_500),
    ("EUR", "pool", 2, -9_500),
    ("EUR", "fees", 2, 500),
    ("EUR", "income", 3, -10_000),
    ("EUR", "pooled", 3, 9_500),
    ("EUR", "fees", 3, 500),
    ("EUR", "pool", 3, -1_500),
    ("EUR", "kept", 3, -2_000),
    ("EUR", "payable", 3, -1_000),
    ("JPY", "income", 3, -7),
]


def test_what_was_put_by_and_lies_nowhere_has_been_paid_out() -> None:
    euro, yen = books_of(steps_of(period_of("", TODAY), None, TODAY), ROWS)
    assert [figures for _step, figures in euro.steps] == [
        Figures(income=10_000, fees=500, pool=9_500),
        Figures(paid_out=5_000, kept=2_000, pool=1_500, owed=1_000),
    ]
    assert euro.total == Figures(10_000, 500, 0, 5_000, 2_000, 1_500, 1_000)
    assert (yen.currency, yen.total.income) == ("JPY", 7)


BALANCES = st.fixed_dictionaries(
    {kind: st.integers(-(10**12), 10**12) for kind in ("income", "pooled", "pool", "kept")}
)


@given(st.lists(BALANCES, min_size=2, max_size=6))
def test_the_steps_of_a_period_add_up_to_it(balances: list[dict[str, int]]) -> None:
    at = [figures_at(held) for held in balances]
    steps = [between(before, after) for before, after in pairwise(at)]
    whole = between(at[0], at[-1])
    for name in ("income", "fees", "tax", "paid_out", "kept"):
        assert sum(getattr(step, name) for step in steps) == getattr(whole, name)
    assert (steps[-1].pool, steps[-1].owed) == (whole.pool, whole.owed)
