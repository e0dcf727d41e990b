"""Where a proof lies, and what follows from what a check finds."""

from datetime import UTC, datetime, timedelta

import pytest

from categories.proofs.rules import (
    FILE,
    TRANSITIONS,
    Event,
    Found,
    State,
    after,
    file_addresses,
    holds_token,
    next_check,
    place_of,
)

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "places"),
    [
        ("https://github.com/heron/pond", (f"https://raw.githubusercontent.com/heron/pond/HEAD/{FILE}",)),
        ("https://www.github.com/heron/pond.git", (f"https://raw.githubusercontent.com/heron/pond/HEAD/{FILE}",)),
        ("https://gitlab.com/a/b/c", (f"https://gitlab.com/a/b/c/-/raw/HEAD/{FILE}",)),
        ("https://codeberg.org/heron/pond", (f"https://codeberg.org/api/v1/repos/heron/pond/raw/{FILE}",)),
        ("https://bitbucket.org/heron/pond/", (f"https://bitbucket.org/heron/pond/raw/HEAD/{FILE}",)),
        ("https://git.sr.ht/~heron/pond", (f"https://git.sr.ht/~heron/pond/blob/HEAD/{FILE}",)),
        (
            "https://git.example.org/heron/pond",
            (
                f"https://git.example.org/heron/pond/-/raw/HEAD/{FILE}",
                f"https://git.example.org/api/v1/repos/heron/pond/raw/{FILE}",
            ),
        ),
        # not of one repository, or of something inside one that anybody may write
        ("https://github.com/heron", ()),
        ("https://github.com/heron/pond/tree/main", ()),
        ("https://gitlab.com/heron/pond/-/merge_requests/1", ()),
        ("https://gitlab.com/heron/../other/pond", ()),
        ("https://gitlab.com/heron/pond?ref=mine", ()),
        ("https://u:p@gitlab.com/heron/pond", ()),
        ("https://gitlab.com:port/heron/pond", ()),
        ("ftp://gitlab.com/heron/pond", ()),
        ("", ()),
    ],
)
def test_the_file_of_a_repository_is_that_of_its_default_branch(address: str, places: tuple[str, ...]) -> None:
    assert file_addresses("repository_file", address) == places


def test_the_file_of_a_website_stands_at_the_root_of_its_host() -> None:
    assert file_addresses("website_file", "https://pond.example/~heron/a?b#c") == (f"https://pond.example/{FILE}",)
    assert file_addresses("website_file", "") == ()


@pytest.mark.parametrize(
    ("way", "address", "place"),
    [
        ("github_repository", "https://github.com/heron/pond", "heron/pond"),
        ("github_organisation", "https://github.com/heron/pond", "heron"),
        ("github_organisation", "https://github.com/heron/", "heron"),
        ("github_repository", "https://github.com/heron", ""),
        ("github_organisation", "https://github.com.example.org/heron", ""),
        ("github_repository", "https://gitlab.com/heron/pond", ""),
    ],
)
def test_what_github_calls_a_place(way: str, address: str, place: str) -> None:
    assert place_of(way, address) == place


@pytest.mark.parametrize(
    ("body", "holds"),
    [
        (b"haas-proof-1", True),
        (b"# for haas\r\n  haas-proof-1  \r\n", True),
        (b"haas-proof-12", False),
        (b"<p>You asked for haas-proof-1</p>", False),
        (b"\xff\xfe", False),
        (b"", False),
    ],
)
def test_a_line_is_the_token_and_nothing_else(body: bytes, holds: bool) -> None:
    assert holds_token(body, "haas-proof-1") is holds


def test_three_failures_in_a_row_end_it_and_silence_counts_for_nothing() -> None:
    failures, due = 0, NOW
    for found in (Found.FAILED, Found.AWAY, Found.FAILED, Found.AWAY):
        following = next_check(7, failures, found, NOW)
        failures, due = following.failures, following.due_at or due
        assert following.due_at is not None
    assert failures == 2
    assert next_check(7, failures, Found.HELD, NOW).failures == 0
    assert next_check(7, failures, Found.FAILED, NOW).due_at is None


def test_checks_are_monthly_and_spread_over_days() -> None:
    days = {(next_check(n, 0, Found.HELD, NOW).due_at or NOW) - NOW for n in range(50)}
    assert days == {timedelta(days=28 + n) for n in range(5)}


def test_every_event_in_every_state_is_decided() -> None:
    assert {(s, e): after(s, e) for s in State for e in Event if after(s, e)} == TRANSITIONS
    assert after(State.OPEN, Event.FAILED) is None and after(State.LAPSED, Event.FAILED) is None
