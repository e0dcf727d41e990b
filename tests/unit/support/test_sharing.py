"""Who is given which ticket: nobody away or full, experts first but never for long, turns that skip nobody."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories.support.sharing import (
    Claim,
    Member,
    Presence,
    claim_after,
    fit_of,
    next_for,
    shared_out,
    whose_turn,
)

MONDAY = date(2026, 11, 30)
MOST = 5


@st.composite
def teams(draw: st.DrawFn) -> list[Member]:
    size = draw(st.integers(1, 6))
    return [
        Member(
            n, is_there=draw(st.booleans()), held=draw(st.integers(0, MOST + 1)), last=float(draw(st.integers(0, 9)))
        )
        for n in range(1, size + 1)
    ]


def everybody(members: list[Member], tickets: range) -> dict[int, frozenset[int]]:
    return dict.fromkeys(tickets, frozenset(member.id for member in members))


@given(
    teams(), st.integers(0, 30), st.dictionaries(st.tuples(st.integers(1, 6), st.integers(0, 29)), st.integers(0, 20))
)
def test_nobody_away_or_full_is_thought_of_and_nobody_gets_more_than_fits(
    members: list[Member], waiting: int, accepted: dict[tuple[int, int], int]
) -> None:
    tickets = range(waiting)
    shared = shared_out(tickets, members, MOST, accepted, everybody(members, tickets))
    by_id = {member.id: member for member in members}
    for person, count in Counter(shared.values()).items():
        assert by_id[person].is_there
        assert by_id[person].held + count <= MOST
    room = sum(max(0, MOST - m.held) for m in members if m.is_there)
    assert len(shared) == min(waiting, room), "as long as somebody has room, nobody is left out"
    assert list(shared) == list(tickets)[: len(shared)], "in the queue's order"


@given(st.integers(2, 6), st.integers(0, 30))
def test_without_experts_loads_differ_by_one_at_most(size: int, waiting: int) -> None:
    members = [Member(n) for n in range(size)]
    tickets = range(waiting)
    shared = Counter(shared_out(tickets, members, 100, {}, everybody(members, tickets)).values())
    loads = [shared[member.id] for member in members]
    assert max(loads) - min(loads) <= 1


@given(st.integers(1, 50), st.integers(4, 30))
def test_an_expert_is_never_more_than_three_ahead(accepted: int, waiting: int) -> None:
    members = [Member(1), Member(2)]
    tickets = range(waiting)
    known = {(2, ticket): accepted for ticket in tickets}
    shared = Counter(shared_out(tickets, members, 100, known, everybody(members, tickets)).values())
    assert 0 <= shared[2] - shared[1] <= 4
    assert next_for(2, tickets, members, 100, known, everybody(members, tickets)) == 0


def test_nobody_is_given_what_they_may_not_see() -> None:
    members = [Member(1), Member(2, held=4)]
    assert shared_out([7, 8], members, MOST, {}, {7: frozenset({2}), 8: frozenset()}) == {7: 2}


def test_who_is_away_or_full_is_suggested_nothing() -> None:
    members = [Member(1, is_there=False), Member(2, held=MOST), Member(3)]
    may = {7: frozenset({1, 2, 3})}
    assert [next_for(person, [7], members, MOST, {}, may) for person in (1, 2, 3)] == [None, None, 7]


@given(teams(), st.integers(1, 40))
def test_turns_go_round_and_skip_nobody_who_is_there(members: list[Member], tickets: int) -> None:
    team = {member.id: replace(member, held=0) for member in members}
    there = [member.id for member in members if member.is_there]
    turns: list[int] = []
    for n in range(tickets):
        person = whose_turn(team.values(), 1000)
        if person is None:
            assert not there
            return
        turns.append(person)
        team[person] = replace(team[person], held=team[person].held + 1, last=100.0 + n)
    counts = [turns.count(person) for person in there]
    assert max(counts) - min(counts) <= 1
    assert set(turns) <= set(there)


@given(teams())
def test_a_turn_goes_to_nobody_away_or_full(members: list[Member]) -> None:
    person = whose_turn(members, MOST)
    able = [member for member in members if member.is_there and member.held < MOST]
    assert (person is None) == (not able)
    if able:
        assert next(m for m in members if m.id == person).last == min(m.last for m in able)


def test_fit_grows_with_accepted_answers_and_ends() -> None:
    assert [fit_of(n) for n in (0, 1, 2, 3, 9, 10, 500)] == [0, 1, 1, 2, 2, 3, 3]


def test_somebody_is_there_on_their_weekdays_and_when_they_are_back() -> None:
    assert Presence().is_there(MONDAY)
    assert not Presence().is_there(MONDAY + timedelta(days=5))
    assert Presence(frozenset({5})).is_there(MONDAY + timedelta(days=5))
    away = Presence(is_away=True, away_until=MONDAY)
    assert not away.is_there(MONDAY)
    assert away.is_there(MONDAY + timedelta(days=1))
    assert not Presence(is_away=True).is_there(MONDAY + timedelta(days=365 * 5))


@pytest.mark.parametrize(
    ("silent", "allowed", "what"),
    [
        (Fraction(99, 100), 2, Claim.KEPT),
        (1, 2, Claim.ENDING),
        (Fraction(199, 100), 2, Claim.ENDING),
        (2, 2, Claim.OVER),
        (Fraction(1, 3), 1, Claim.KEPT),
        (Fraction(1, 2), 1, Claim.ENDING),
        (1, 1, Claim.OVER),
        (8, 10, Claim.KEPT),
        (9, 10, Claim.ENDING),
    ],
)
def test_a_claim_is_warned_a_workday_before_it_ends(silent: Fraction, allowed: int, what: Claim) -> None:
    assert claim_after(silent, allowed) is what


@given(st.fractions(0, 40), st.fractions(0, 5), st.integers(1, 30))
def test_silence_never_mends_a_claim(silent: Fraction, more: Fraction, allowed: int) -> None:
    order = [Claim.KEPT, Claim.ENDING, Claim.OVER]
    assert order.index(claim_after(silent, allowed)) <= order.index(claim_after(silent + more, allowed))
