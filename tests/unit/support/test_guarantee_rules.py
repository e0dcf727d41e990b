"""Promises with pauses against a model that counts the working quarter hours one by one."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from categories.support.promises.rules import Promise, paused, promised, resumed, shortened
from categories.support.promises.workdays import Calendar, Closing, add_workdays
from tests.unit.support.test_calendars import Walk, calendars, walk

QUARTER = timedelta(minutes=15)
START = datetime(2026, 1, 5, tzinfo=UTC)
LAST = datetime(2027, 1, 20, tzinfo=UTC)

# how long the clock runs and how long it rests, in turn, in quarter hours
spells = st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 3000)), max_size=6)
beginnings = st.integers(0, 24 * 4 * 200).map(lambda quarters: START + quarters * QUARTER)


def ended(at: datetime, left: Fraction, part: Fraction) -> datetime:
    """The moment within the last quarter hour, before `at`, at which nothing was left: `left` is not above 0 by then."""
    return at - timedelta(microseconds=float(-left / part) * (QUARTER / timedelta(microseconds=1)))


def slow_due(slow: Walk, start: datetime, workdays: int, turns: list[tuple[int, int]]) -> datetime | None:
    """Quarter hour by quarter hour: what is worked while the clock runs is taken off, until nothing is left. The clock of
    a promise that is missed rests no more. None where the year of the walk ends before."""
    left, at = Fraction(workdays), start
    parts = dict(zip(slow.starts, slow.parts, strict=True))
    for runs, rests in turns:
        for _quarter in range(runs):
            left -= parts.get(at, Fraction(0))
            at += QUARTER
            if left <= 0:
                return ended(at, left, parts[at - QUARTER])
        at += rests * QUARTER
    while at < LAST:
        left -= parts.get(at, Fraction(0))
        at += QUARTER
        if left <= 0:
            return ended(at, left, parts[at - QUARTER])
    return None


@settings(max_examples=60, deadline=None)
@given(calendars(), beginnings, st.integers(1, 12), spells)
def test_a_promise_with_pauses_is_due_when_its_workdays_were_worked(
    calendar: Calendar, start: datetime, workdays: int, turns: list[tuple[int, int]]
) -> None:
    promise, at = promised(workdays, start), start
    for runs, rests in turns:
        at += runs * QUARTER
        promise = paused(promise, at, calendar)
        at += rests * QUARTER
        promise = resumed(promise, at)
    due, slow = promise.due(calendar), slow_due(walk(calendar), start, workdays, turns)
    assert due is not None
    if slow is not None and due < LAST:
        assert abs(due - slow) <= timedelta(microseconds=2)


@given(calendars(), beginnings, st.integers(1, 12))
def test_the_team_is_warned_before_it_is_due_and_in_this_order(calendar: Calendar, at: datetime, workdays: int) -> None:
    promise = promised(workdays, at)
    due, half, last = promise.due(calendar), promise.half(calendar), promise.last_day(calendar)
    told = [each for each in (half, last) if each]
    assert due is not None and all(at <= each < due for each in told)
    assert told == sorted(told) or workdays < 2
    assert len(told) == (1 if workdays <= 2 else 2)
    if last:
        assert add_workdays(last, 1, calendar) == due or abs(add_workdays(last, 1, calendar) - due) < timedelta(
            seconds=1
        )


@given(calendars(), beginnings, st.integers(1, 9), st.integers(0, 5000), st.integers(1, 9))
def test_of_two_promises_the_earlier_holds(
    calendar: Calendar, at: datetime, first: int, later: int, second: int
) -> None:
    promise, then = promised(first, at), at + later * QUARTER
    both = shortened(promise, second, then, calendar).due(calendar)
    alone = promise.due(calendar)
    assert alone is not None and both is not None
    assert both == min(alone, add_workdays(then, second, calendar)) or abs(both - alone) < timedelta(seconds=1)


def test_a_missed_promise_rests_no_more() -> None:
    calendar = Calendar()
    promise = promised(1, START)
    missed = paused(promise, START + timedelta(days=3), calendar)
    assert missed == promise and resumed(missed, START + timedelta(days=9)).due(calendar) == promise.due(calendar)


def test_a_closing_day_within_a_promise_moves_it() -> None:
    monday = datetime(2026, 1, 5, 12, tzinfo=UTC)
    closed = Calendar(closings=(Closing(datetime(2026, 1, 6).date(), datetime(2026, 1, 7).date()),))  # noqa: DTZ001
    assert promised(1, monday).due(closed) == datetime(2026, 1, 8, 12, tzinfo=UTC)
    assert Promise(1, Fraction(1, 2), None).due(closed) is None
