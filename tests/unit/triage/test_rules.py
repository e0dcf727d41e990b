"""The triage suggestion by behaviour: short texts as people type them into the one box, and hostile ones."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories.triage.rules import BODY_LIMIT, Kind, suggest_kind
from tests.helpers.own_time import own_time


@pytest.mark.parametrize(
    "title",
    [
        "How do I install this on Debian?",
        "Where do I find the log files",
        "Need help with the docker setup",
        'What does the error "no route" mean?',
        "Can I use this with Postgres 14?",
    ],
)
def test_question_is_support(title: str) -> None:
    assert suggest_kind(title, "").kind == "support"


@pytest.mark.parametrize(
    "title",
    [
        "Login page crashes when I press enter",
        "Export to CSV loses the last row",
        "TypeError: undefined is not a function",
        "Update breaks dark mode",
        "Search returns wrong results",
        "Filter does not work",
    ],
)
def test_wrong_behaviour_is_a_bug(title: str) -> None:
    assert suggest_kind(title, "").kind == "bugs"


@pytest.mark.parametrize(
    "title",
    [
        "Dark mode please",
        "Add support for OpenID",
        "It would be nice to export CSV",
        "Allow several assignees",
        "How about a mobile app?",
        "Re-add the compact view",
    ],
)
def test_wish_is_a_feature(title: str) -> None:
    assert suggest_kind(title, "").kind == "features"


@pytest.mark.parametrize(
    "title",
    [
        "XSS in the comment form",
        "Possible SQL injection through the search parameter",
        "CVE-2024-12345 affects this version",
        "API key leaked in logs",
        "The debug page exposes passwords",
        "Private tickets visible to other users",
        "Passwords are stored in plain text",
        "missing CSRF protection on delete",
        "Sicherheitslücke im Login",
        "管理画面に脆弱性があります",
    ],
)
def test_hole_or_leak_is_security(title: str) -> None:
    assert suggest_kind(title, "").kind == "security"


@pytest.mark.parametrize(
    "title",
    [
        "CSRF token missing error after login",
        "Add CSRF protection",
        "Memory leak when loading tokens",
        "How do I disable the CSRF check for webhooks?",
        "Add two factor authentication for better security",
        "Invalid credentials when I log in, what should I do?",
        "We exploit parallelism in the scheduler",
    ],
)
def test_protection_or_everyday_word_is_not_security(title: str) -> None:
    assert suggest_kind(title, "").kind != "security"


def test_security_said_only_in_the_body_is_recognised() -> None:
    body = "An attacker can run any script by naming a file so, I think this is a vulnerability."

    assert suggest_kind("Problem in the upload", body).kind == "security"


def test_one_grave_word_in_a_long_digression_does_not_make_a_thread_private() -> None:
    body = "The table is slow. " * 60 + "My colleague said once that the old page was vulnerable."

    assert suggest_kind("Table is slow", body).kind == "bugs"


def test_traceback_makes_a_vague_title_a_bug() -> None:
    body = "This happens:\n```\nTraceback (most recent call last):\n  File 'a.py', line 1\nKeyError: 'a'\n```"

    assert suggest_kind("Second page", body).kind == "bugs"


def test_words_inside_code_do_not_count() -> None:
    body = "```\nprint('feature request: sql injection, vulnerability')\n```"

    assert suggest_kind("Where is the manual?", body).kind == "support"


def test_filled_in_form_for_bugs_does_not_hide_a_plain_question() -> None:
    body = (
        "### Describe the bug\nI have a question: how do I choose another folder?\n"
        "### Steps to reproduce\nnone\n### Expected behavior\nnone"
    )

    assert suggest_kind("A question about folders", body).kind == "support"


def test_reasons_name_what_was_matched_strongest_first() -> None:
    suggestion = suggest_kind("Please add an export", "It would be nice to have, with an option to zip.")

    assert suggestion.reasons[0] == "title: please add"
    assert {"would be nice", "an option to"} <= set(suggestion.reasons)


def test_nothing_known_is_support_without_confidence() -> None:
    suggestion = suggest_kind("zzz", "")

    assert (suggestion.kind, suggestion.confidence, suggestion.reasons) == ("support", 0, ())


def test_more_evidence_gives_more_confidence() -> None:
    weak = suggest_kind("Export", "It fails.")
    strong = suggest_kind("Export crashes", "It fails, this is a regression, it used to work.")

    assert weak.kind == strong.kind == "bugs"
    assert weak.confidence < strong.confidence


WORDS = st.sampled_from(
    ["how", "do", "i", "add", "support", "for", "bug", "?", "`", "```", "#", "**", "cve-2024-1234", "leaks"]
    + ["password", "xss", "’", "error", "\n"]
)
TEXTS = st.text() | st.lists(WORDS).map(" ".join)


@given(title=TEXTS, body=TEXTS)
def test_any_text_gets_one_and_the_same_valid_suggestion(title: str, body: str) -> None:
    suggestion = suggest_kind(title, body)

    assert suggestion == suggest_kind(title, body)
    assert suggestion.kind in get_args(Kind)
    assert 0 <= suggestion.confidence <= 100


@given(body=TEXTS)
def test_what_stands_beyond_the_limit_changes_nothing(body: str) -> None:
    start = "a" * BODY_LIMIT

    assert suggest_kind("Export", start + body) == suggest_kind("Export", start)


@pytest.mark.parametrize("unit", ["how do i ", "#", "## #\t", "**a", "`", "? ", "leak ", ">>> ", "Error", "x", "𝕏\0"])
def test_huge_input_is_answered_quickly(unit: str) -> None:
    huge = unit * (2_000_000 // len(unit))
    suggest_kind(huge, huge)

    best = min(_seconds(huge) for _ in range(3))

    assert best < 0.05  # a hundred times the usual; reading all of it, or going back over it, takes far longer


def _seconds(text: str) -> float:
    with own_time() as taken:
        suggest_kind(text, text)
        return taken()
