"""What is written for GitHub calls nobody and closes nothing, and code stays as it is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories.bugs.quiet import BREAK, quiet

CALLS = re.compile(r"(?<!\w)@[A-Za-z0-9]")


def calm(text: str, *, is_home: bool = True) -> str:
    return quiet(text, repository="heron/Pond", base_url="https://help.example.org", is_home=is_home)


def test_mentions_of_people_and_teams_call_nobody() -> None:
    text = "Thanks @ana, (@ben) and @org/team; *@carl* and\n@dora"
    assert not CALLS.search(calm(text))
    assert calm(text).replace(BREAK, "") == text


def test_addresses_of_mail_stay_as_they_are() -> None:
    assert calm("Write to ana@example.org.") == "Write to ana@example.org."


@pytest.mark.parametrize(
    "code",
    [
        "```python\n@property  # fixes #3\n```",
        "    @property  # fixes #3",
        "Use `@property` there.",
        "Use ``@a ` @b`` there.",
        "- one\n\n  ~~~\n  @property\n  ~~~",
    ],
)
def test_code_is_not_touched(code: str) -> None:
    assert calm(code) == code


@pytest.mark.parametrize(
    "text",
    [
        "`@ana and no end",
        "a ` b @ana",
        "``@ana`",
        "\\`@ana`",
        "`a\nb` @ana `c`",
        "| a | b |\n| --- | --- |\n| `x | @ana` |",
        "- ```\n  code\n@ana `x`",
        "<a title='`'> @ana `",
        "line\u2028\u2028\u2028\n@ana `x`",
    ],
)
def test_what_only_looks_like_code_is_quiet_too(text: str) -> None:
    assert not CALLS.search(calm(text))


@pytest.mark.parametrize("word", ["fixes", "Closes:", "resolved", "FIX", "duplicate of", "closes **"])
def test_a_word_that_closes_does_not_reach_its_issue(word: str) -> None:
    for reference in ("#12", "heron/pond#12", "GH-12"):
        assert reference not in calm(f"This {word} {reference}")
    assert "redirect.github.com" in calm(f"{word} https://github.com/heron/pond/issues/12")


def test_issues_of_the_repository_stay_references() -> None:
    text = "Same as #3 and heron/POND#4, see https://github.com/heron/pond/issues/5"
    assert calm(text) == text


def test_issues_of_elsewhere_are_not_told_of_it() -> None:
    text = "Same as other/lake#4, see https://github.com/other/lake/pull/5"
    assert calm(text) == f"Same as other/lake#{BREAK}4, see https://redirect.github.com/other/lake/pull/5"
    assert calm("Same as #3.", is_home=False) == f"Same as #{BREAK}3."


def test_colours_and_fragments_are_no_issues() -> None:
    text = "https://example.org/a#1 and x#1"
    assert calm(text) == text


def test_comments_go_and_hide_nothing() -> None:
    assert calm("a<!-- @ana --> b") == "a b"
    assert "<!--" not in calm("a <!-- b")
    assert calm("```html\n<!-- kept -->\n```") == "```html\n<!-- kept -->\n```"


def test_paths_lead_to_the_site() -> None:
    assert calm("[it](/t/3) [x](//evil.example)") == "[it](https://help.example.org/t/3) [x](//evil.example)"


@given(st.text(alphabet="@a #1`~-\n>|\\<!fixes ", max_size=60))
def test_nothing_is_lost_and_nothing_raises(text: str) -> None:
    bare = calm(text).replace(BREAK, "").replace("&lt;", "<")
    assert len(bare) <= len(text) + 1
    if "`" not in text and "~" not in text and "    " not in text:
        assert not CALLS.search(calm(text))
