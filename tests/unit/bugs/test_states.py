"""The life of a promotion, when it is tried again, and that every failure says what to do."""

from datetime import UTC, datetime, timedelta

import pytest

from categories.bugs.states import (
    BETWEEN,
    MOST_TRIES,
    OBSTACLES,
    PROBLEMS,
    TRANSITIONS,
    TRY_FOR,
    Event,
    State,
    after,
    next_try,
    problem_of,
    sentence,
)
from forum.outside.github import SILENCE, Refused

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_what_is_linked_stays_linked() -> None:
    assert not [event for state, event in TRANSITIONS if state is State.LINKED]
    assert after(State.LINKED, Event.STARTED) is None


def test_every_state_is_reached_and_a_failure_can_be_wanted_again() -> None:
    assert set(TRANSITIONS.values()) == set(State)
    assert after(State.FAILED, Event.WANTED_AGAIN) is State.WANTED


def test_tries_come_later_and_later_and_end() -> None:
    waits = [(next_try(n, NOW) or NOW) - NOW for n in range(1, MOST_TRIES)]
    assert waits == sorted(waits)
    assert waits[0] == BETWEEN
    assert waits[-1] == timedelta(hours=1)
    assert next_try(MOST_TRIES, NOW) is None


def test_no_try_begins_while_another_one_talks() -> None:
    assert TRY_FOR + timedelta(seconds=SILENCE) < BETWEEN


@pytest.mark.parametrize("problem", [*OBSTACLES, *PROBLEMS])
def test_each_failure_has_its_own_sentence(problem: str) -> None:
    text = sentence(problem, "heron/pond", "because")
    assert text.endswith(".")
    others = {sentence(other, "heron/pond", "because") for other in (*OBSTACLES, *PROBLEMS) if other != problem}
    assert text not in others


@pytest.mark.parametrize(
    ("status", "message", "asked_for_token", "problem"),
    [
        (0, "the key cannot be read", True, "key"),
        (401, "Bad credentials", True, "key"),
        (404, "Not Found", True, "not-installed"),
        (404, "Not Found", False, "gone"),
        (403, "Resource not accessible by integration", False, "permission"),
        (422, "The permissions requested are not granted to this installation.", True, "permission"),
        (403, "Repository was archived so is read-only.", False, "archived"),
        (410, "Issues are disabled for this repo", False, "no-issues"),
        (301, "Moved Permanently", True, "moved"),
        (307, "Temporary Redirect", False, "moved"),
        (422, "Validation Failed: title missing", False, "refused"),
        (400, "Problems parsing JSON", False, "refused"),
    ],
)
def test_a_refusal_is_told_by_what_it_means(status: int, message: str, asked_for_token: bool, problem: str) -> None:
    assert problem_of(Refused(status, message), asked_for_token=asked_for_token) == problem
