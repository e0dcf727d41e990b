"""The text of an issue: the report, what is known, versions, and where it came from."""

from uuid import UUID

import pytest

from categories.bugs.rules import (
    BODY_MOST,
    Said,
    Target,
    clipped,
    diagnosis,
    distilled,
    environment,
    issue_body,
    marker_of,
)
from tests.helpers.own_time import own_time

TARGET = Target("heron/pond", "https://help.example.org", "Pelican Toolkit")
REPORT = Said(1, "It stops, @wader.\n\nVersion: 2.4.1\nOS: Debian 12", "ana", by_author=True, by_team=False)
GUESS = Said(2, "Perhaps the valve.", "ben", by_author=False, by_team=False)
TEAM = Said(3, "The valve sticks since 2.4.", "sam", by_author=False, by_team=True)
LATER = Said(4, "Pelican Toolkit 2.4.1 on Python 3.12, as asked.", "ana", by_author=True, by_team=False)


def test_report_answer_and_versions_stand_in_it() -> None:
    text = distilled([REPORT, GUESS, TEAM, LATER], 2, TARGET)
    assert text.startswith("It stops, @\u200bwader.")
    assert "### Accepted answer, by `ben`\n\nPerhaps the valve." in text
    assert "The valve sticks" not in text
    assert text.endswith("- Version: 2.4.1\n- OS: Debian 12\n- Pelican Toolkit 2.4.1 on Python 3.12, as asked.")


def test_versions_that_the_report_lists_are_not_listed_again() -> None:
    listing = Said(1, "It stops.\n\n- **Version**: 2.4.1\n- OS: Debian 12", "ana", by_author=True, by_team=False)
    text = distilled([listing, TEAM], None, TARGET)
    assert text.count("2.4.1") == 1 and "### Versions" not in text
    assert "### Versions" in distilled([listing, LATER], None, TARGET)
    assert "### Versions" in distilled([REPORT, TEAM], None, TARGET)


def test_without_an_accepted_answer_the_team_says_what_is_known() -> None:
    assert diagnosis([REPORT, GUESS, TEAM, LATER], None) == TEAM
    assert diagnosis([REPORT, GUESS], None) is None
    assert "### Diagnosis, by `sam`" in distilled([REPORT, TEAM], None, TARGET)


def test_what_an_answer_quotes_is_not_said_twice() -> None:
    answer = Said(2, '[quote="ana, post:1, topic:3"]\nIt stops\n[/quote]\nThe valve.', "sam", False, True)
    assert distilled([answer], 2, TARGET) == "### Accepted answer, by `sam`\n\nThe valve."


def test_questions_and_prose_name_no_versions() -> None:
    assert environment(["Is it in 2.4?", "It took 3.5 hours.", "I like Python."], "Pelican") == []
    assert environment(["- **Python**: 3.12", "> Python: 3.12", "pelican 1.2.0rc1"], "Pelican") == [
        "Python: 3.12",
        "pelican 1.2.0rc1",
    ]


def test_a_long_text_is_cut_between_lines_and_its_code_is_closed() -> None:
    text = "```\n" + "a line\n" * 100
    cut = clipped(text, 300)
    assert len(cut) < 320
    assert cut.endswith("a line\n```\n\n…")
    assert clipped("short", 300) == "short"


def test_the_longest_text_fits_an_issue() -> None:
    marker = marker_of(2**62, UUID(int=5))
    body = issue_body(
        "x" * BODY_MOST, site="S" * 60, url="u" * 300, reporter="r" * 80, promoter="p" * 60, marker=marker
    )
    assert len(body) < 65_536
    assert body.endswith(f"\n<!-- haas:thread:{2**62}:{UUID(int=5).hex} -->")


def test_people_are_named_and_not_called() -> None:
    body = issue_body("x", site="Help]", url="https://h/t/3", reporter="ana", promoter="mia", marker="<!-- m -->")
    assert "Reported by `ana` on [Help](https://h/t/3)" in body
    assert "@" not in body


@pytest.mark.parametrize("text", ["a" + " " * 100_000 + "b", "<!--" * 25_000, "1." * 50_000, "` " * 50_000])
def test_no_report_makes_who_promotes_it_wait(text: str) -> None:
    with own_time() as taken:
        distilled([Said(1, text, "ana", by_author=True, by_team=False)], None, TARGET)
        assert taken() < 1
