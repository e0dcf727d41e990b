"""How a pool is divided: to the last minor unit, the same whoever is named first, nobody above another by more than one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payouts.bumps.rules import WHOLE, part_of
from payouts.runs.rules import Fixed, Policy, Sharer, divide, hundredths, percent
from payouts.runs.shown import GAP, WIDTH, bar, shown_lines
from payouts.runs.states import TRANSITIONS, Event, State, after, check

NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)
POOLS = st.integers(0, 10**12)
FIXED = st.lists(st.builds(Fixed, st.integers(1, 9), st.just("Triage"), st.integers(1, 10**9)), max_size=5)
POLICIES = st.builds(Policy, st.integers(0, WHOLE), FIXED)
SHARERS = st.lists(
    st.builds(Sharer, st.integers(1, 60), st.integers(0, 9).map(lambda n: NOON + timedelta(days=n))),
    max_size=30,
    unique_by=lambda sharer: sharer.person,
)


def names(count: int) -> list[Sharer]:
    return [Sharer(n + 1, NOON + timedelta(days=n)) for n in range(count)]


@given(POOLS, POLICIES, SHARERS)
def test_the_lines_add_up_to_the_pool_and_nobody_gets_less_than_nothing(
    pool: int, policy: Policy, sharers: list[Sharer]
) -> None:
    lines = divide(pool, policy, sharers)
    assert sum(line.amount for line in lines) == pool
    assert all(line.amount >= 0 for line in lines)
    assert [line.person for line in lines if line.kind == "fixed"] == [fixed.person for fixed in policy.fixed]
    assert {line.person for line in lines if line.kind == "equal"} == {sharer.person for sharer in sharers}
    assert all((line.person is None) == (line.kind == "kept") for line in lines)


@given(POOLS, POLICIES, SHARERS)
def test_equal_shares_differ_by_one_minor_unit_at_most_and_the_first_has_it(
    pool: int, policy: Policy, sharers: list[Sharer]
) -> None:
    equal = [line for line in divide(pool, policy, sharers) if line.kind == "equal"]
    amounts = [line.amount for line in equal]
    assert max(amounts, default=0) - min(amounts, default=0) <= 1
    assert amounts == sorted(amounts, reverse=True)
    since = {sharer.person: (sharer.since, sharer.person) for sharer in sharers}
    order = [since[line.person] for line in equal if line.person]
    assert order == sorted(order)


@given(POOLS, POLICIES, SHARERS, st.randoms(use_true_random=False))
def test_the_order_in_which_people_are_found_changes_nothing(pool, policy, sharers, dice) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(sharers)
    dice.shuffle(shuffled)
    assert divide(pool, policy, shuffled) == divide(pool, policy, sharers)


@given(POOLS, POLICIES, SHARERS.filter(bool))
def test_a_fixed_line_is_cut_only_when_those_before_it_took_all_and_the_project_never_gets_more_than_its_share(
    pool: int, policy: Policy, sharers: list[Sharer]
) -> None:
    lines = divide(pool, policy, sharers)
    fixed = [line for line in lines if line.kind == "fixed"]
    cut = [n for n, line in enumerate(fixed) if line.amount < line.wanted]
    if cut:
        assert all(line.amount == 0 for line in fixed[cut[0] + 1 :])
        assert sum(line.amount for line in fixed) == pool
    kept = sum(line.amount for line in lines if line.kind == "kept")
    assert kept == min(part_of(pool, policy.kept), pool - sum(line.amount for line in fixed))


def test_a_pool_as_the_page_shows_it() -> None:
    policy = Policy(3000, (Fixed(9, "Lead supporter", 80000), Fixed(8, "Triage", 45000)))
    lines = divide(636120, policy, names(3))
    assert [(line.kind, line.person, line.amount) for line in lines] == [
        ("fixed", 9, 80000),
        ("fixed", 8, 45000),
        ("equal", 1, 106762),
        ("equal", 2, 106761),
        ("equal", 3, 106761),
        ("kept", None, 190836),
    ]


def test_fixed_lines_that_are_too_much_are_cut_in_their_order_and_say_so() -> None:
    policy = Policy(5000, (Fixed(1, "Lead", 600), Fixed(2, "Triage", 600), Fixed(3, "Docs", 1)))
    lines = divide(1000, policy, names(1))
    assert [line.amount for line in lines] == [600, 400, 0, 0, 0]
    told = [line["why"] for line in shown_lines(lines, {}, "EUR", 5000)]
    assert told[0] == "Lead, fixed"
    assert told[1] == "Triage, fixed at €6.00 and cut to what the pool had left"
    assert told[4] == "50 % of the pool stays with the project; this was left of it"


def test_where_nobody_shares_the_rest_stays_with_the_project_and_says_why() -> None:
    [line] = divide(1000, Policy(1000), [])
    assert (line.kind, line.amount) == ("kept", 1000)
    [told] = shown_lines([line], {}, "EUR", 1000)
    assert "nobody's answers have made money since the last run" in told["why"]


def test_an_equal_line_tells_through_what_it_came() -> None:
    lines = divide(1000, Policy(), [replace(names(1)[0], bumps=2, made=12000)])
    assert shown_lines(lines, {}, "EUR", 0)[0]["why"] == "Equal share: answers that made €120.00, through 2 bumps"


@pytest.mark.parametrize(("pool", "kept"), [(-1, 0), (1, -1), (1, WHOLE + 1)])
def test_what_is_no_pool_or_no_share_is_refused(pool: int, kept: int) -> None:
    with pytest.raises(ValueError, match="cannot be divided"):
        divide(pool, Policy(kept), [])


@given(POOLS.filter(bool), POLICIES, SHARERS)
def test_the_bar_lies_within_its_width_and_its_parts_do_not_touch(
    pool: int, policy: Policy, sharers: list[Sharer]
) -> None:
    end = -GAP
    for x, width, _css in bar(divide(pool, policy, sharers)):
        assert x >= end + GAP and width > 0
        end = x + width
    assert end <= WIDTH


@given(st.integers(0, WHOLE))
def test_a_percentage_is_read_as_it_is_written(share: int) -> None:
    assert hundredths(percent(share)) == share
    assert hundredths(f" {percent(share).replace('.', ',')} % ") == share


@pytest.mark.parametrize("text", ["", "x", "-1", "100.01", "1.234", "1e1", "٣", "."])
def test_what_is_no_percentage_is_none(text: str) -> None:
    assert hundredths(text) is None


def test_the_life_of_a_run_is_checked_when_it_is_declared() -> None:
    check(TRANSITIONS)
    for broken in (
        {pair: to for pair, to in TRANSITIONS.items() if to is not State.BOOKED},
        {pair: to for pair, to in TRANSITIONS.items() if pair[0] is not State.DRAFT},
        TRANSITIONS | {(State.BOOKED, Event.CANCELLED): State.CANCELLED},
        {pair: to for pair, to in TRANSITIONS.items() if pair[1] is not Event.CANCELLED},
    ):
        with pytest.raises(ValueError, match=r"nothing leads|against|never"):
            check(broken)
    assert after(State.DRAFT, Event.BOOKED) is None, "nothing is booked that nobody approved"
    assert after(State.BOOKED, Event.CANCELLED) is None
