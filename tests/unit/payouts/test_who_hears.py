"""Who hears what a bump made: everybody who answered, nobody who asked or paid, once there is an answer that counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payouts.thanks.rules import Wrote, who_hears

PAYER, TEAM, HELPER = 1, 2, 3
BUMPS = [(10, PAYER), (11, PAYER)]
WROTE = st.lists(
    st.builds(
        Wrote,
        st.integers(1, 6),
        st.sampled_from(["reply", "resolve", "thanks", "facts"]),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=8,
)
PAID = st.lists(st.tuples(st.integers(10, 13), st.integers(1, 6)), max_size=3, unique_by=lambda pair: pair[0])


def test_everybody_who_answered_hears_once_a_bump_when_the_team_has_answered() -> None:
    wrote = [Wrote(TEAM), Wrote(HELPER), Wrote(PAYER, asks=True)]
    assert who_hears(BUMPS, wrote, team_answered=True) == {(b, p) for b in (10, 11) for p in (TEAM, HELPER)}


def test_without_the_teams_answer_an_accepted_one_counts_and_nothing_else() -> None:
    assert not who_hears(BUMPS, [Wrote(HELPER), Wrote(4)], team_answered=False)
    accepted = [Wrote(HELPER, was_accepted=True), Wrote(4)]
    assert who_hears(BUMPS, accepted, team_answered=False) == {(b, p) for b in (10, 11) for p in (HELPER, 4)}


def test_whoever_accepts_their_own_words_has_not_been_answered() -> None:
    wrote = [Wrote(PAYER, was_accepted=True, asks=True), Wrote(HELPER)]
    assert not who_hears(BUMPS, wrote, team_answered=False)


@pytest.mark.parametrize(
    "wrote",
    [
        Wrote(HELPER, "thanks"),
        Wrote(HELPER, "facts"),
        Wrote(HELPER, has_account=False),
        Wrote(HELPER, asks=True),
        Wrote(PAYER),
    ],
)
def test_who_did_not_answer_or_asked_or_paid_or_has_no_account_hears_nothing(wrote: Wrote) -> None:
    assert who_hears(BUMPS, [wrote, Wrote(TEAM)], team_answered=True) == {(10, TEAM), (11, TEAM)}


def test_what_was_accepted_is_an_answer_whatever_it_was_sent_as() -> None:
    assert who_hears([(10, PAYER)], [Wrote(HELPER, "facts", was_accepted=True)], team_answered=False) == {(10, HELPER)}


@given(PAID, PAID, WROTE, WROTE, st.booleans())
def test_what_comes_to_be_true_adds_and_never_takes_away(paid, more_paid, wrote, more, answered) -> None:  # type: ignore[no-untyped-def]
    before = who_hears(paid, wrote, team_answered=False)
    known = {bump for bump, _payer in paid}
    later = [*paid, *(pair for pair in more_paid if pair[0] not in known)]
    assert before <= who_hears(later, [*wrote, *more], team_answered=answered)
