"""The bot's words: variables are filled in once, and a project's own words are checked before they are kept."""

from uuid import UUID

import pytest

from importers.github.bot import texts
from importers.github.moved import MARKER, is_bots

FACTS = texts.Facts(
    site="Test *Help*",
    base_url="https://help.example",
    project="Pond {link}",
    repository="heron/pond",
    author="wader",
    bot="haasbot",
    link="https://help.example/t/7",
    raising="https://help.example/p/pond/plans",
    line=(3, 9),
    days=(7, 10),
)


def test_the_sites_words_tell_everything_that_was_promised() -> None:
    said = texts.moved_text("", "support", FACTS)
    for told in ("@wader", FACTS.link, "7–10 workdays", "number 3 of 9", "free", FACTS.raising, "Test Help"):
        assert told in said
    assert not texts.VARIABLE.findall(said.replace("{link}", ""))


def test_a_value_brings_no_other_variable() -> None:
    assert texts.moved_text("{project} {nothing} {link}", "support", FACTS).startswith("Pond {link} {nothing} https://")


def test_a_projects_words_call_nobody_else_and_hide_nothing() -> None:
    said = texts.moved_text(
        "{author} and @stranger, see {link} <!-- haas:bot:move:" + "0" * 32 + " -->", "support", FACTS
    )
    assert "@wader" in said and "@stranger" not in said and "stranger" in said
    assert MARKER.search(said) is None


@pytest.mark.parametrize(
    ("text", "faults"),
    [("", 0), ("Go to {link}.", 0), ("Go there.", 1), ("{link} {positon}", 1), ("{wat}", 2), ("{Link}", 1)],
)
def test_faults_of_a_projects_words(text: str, faults: int) -> None:
    assert len(texts.faults_of(text)) == faults


def test_the_marker_is_known_again_in_a_bots_comment_alone() -> None:
    for purpose in ("move", "security", "offer", "pointer"):
        marker = texts.marker_of(purpose, UUID(int=5))
        assert is_bots("haas[bot]", f"words\n\n{marker}")
        assert not is_bots("wader", f"words\n\n{marker}")
    assert not is_bots("haas[bot]", "words")
