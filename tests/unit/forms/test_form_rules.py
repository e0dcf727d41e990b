"""What a form takes, misses, and how its answers stand below a post."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories.bugs.rules import environment
from categories.forms.rules import LOG_LINES, POST_MOST, Answered, Field, by_label, read_answers, with_facts
from forum.markup import cook

VERSION = Field(1, "version", "Pelican version", is_required=True)
PLATFORM = Field(2, "choice", "Platform", options=("Linux", "macOS"))
LOG = Field(3, "log", "Build log")
READ = Field(4, "check", "I read the manual", is_required=True)
FORM = (VERSION, PLATFORM, LOG, READ)


def read(**sent: str) -> tuple[list[Answered], dict[str, str], dict[str, str]]:
    return read_answers(FORM, lambda name: sent.get(name.replace("-", "_"), ""))


def test_required_ones_are_missed_and_what_does_not_fit_is_a_fault() -> None:
    answers, faults, missing = read(field_2="Plan 9", field_3="  \n")
    assert answers == [] and set(faults) == {"field-2"} and set(missing) == {"field-1", "field-4"}
    answers, faults, missing = read(field_1="  3.2 \n beta ", field_2="Linux", field_4="1")
    assert faults == missing == {}
    assert [each.answer for each in answers] == ["3.2 beta", "Linux", "yes"]
    assert "field-1" in read(field_1="1" * 61, field_4="1")[1]


def test_facts_stand_below_the_text_and_are_known_again_when_a_bug_is_promoted() -> None:
    answers, _faults, _missing = read(field_1="3.2.2", field_2="Linux", field_4="1")
    text = with_facts("It fails.", answers, 7)
    assert text.startswith("It fails.\n\n---\n\n- **Pelican version:** 3.2.2\n")
    html = cook(text).html
    assert "<strong>Pelican version:</strong> 3.2.2" in html and "<hr" in html and "<h2" not in html
    assert "Pelican version: 3.2.2" in environment([text], "pelican")


def test_a_text_with_an_open_fence_is_closed_before_them() -> None:
    html = cook(with_facts("See\n```\ncode", [Answered(1, "version", "V", "1")], 7)).html
    assert "<strong>V:</strong> 1" in html


def test_answers_are_said_as_they_are() -> None:
    html = cook(with_facts("x", [Answered(1, "text", "A*b*", "<img src=x> [a](b) *c* `d`")], 7)).html
    assert "<img" not in html and "<em>" not in html and "<a " not in html and "<code>" not in html
    assert "&lt;img src=x&gt; [a](b) *c* `d`" in html


def test_a_short_log_is_folded_whole_and_a_long_one_shows_its_end_and_the_way() -> None:
    short = with_facts("x", [Answered(3, "log", "Log", "one\n```\ntwo")], 7)
    assert "/t/7/logs/3" not in short and "<details>" in short and "````text\none\n```\ntwo\n````" in short
    long = "\n".join(f"line {n}" for n in range(LOG_LINES + 1))
    shown = with_facts("x", [Answered(3, "log", "Log", long)], 7)
    assert "(/t/7/logs/3)" in shown and f"line {LOG_LINES}\n" in shown and "line 0\n" not in shown
    assert "<details>" in cook(shown).html and 'href="/t/7/logs/3"' in cook(shown).html


@given(st.text(max_size=2000), st.integers(0, 99_000), st.integers(1, 40), st.text(min_size=1, max_size=300))
def test_a_post_with_logs_stays_within_its_bounds(line: str, length: int, times: int, answer: str) -> None:
    logs = [Answered(n, "log", "Log", (line + "\n") * times + "x") for n in range(2, 5)]
    text = with_facts("a" * length, [Answered(1, "text", "A", answer), *logs], 7)
    assert len(text) <= max(POST_MOST, length + 2500)
    cook(text[:POST_MOST])


def test_programs_answer_by_number_or_label() -> None:
    assert by_label(FORM, {"1": "3", "PLATFORM": "Linux"}) == {"field-1": "3", "field-2": "Linux"}
    with pytest.raises(ValueError, match="colour"):
        by_label(FORM, {"colour": "red"})
