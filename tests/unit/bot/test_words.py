"""Which comments tell the bot to do something: those that a person would read so, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.github.bot.words import COMMANDS, command_in, is_command_alone, may_command

NAMES = ("haasbot", "pond-helper")


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("@haasbot +support", "support"),
        ("@haasbot support", "support"),
        ("@haasbot support please", "support"),
        ("@haasbot: help!", "support"),
        ("@haasbot +question", "support"),
        ("@haasbot +bug", "bugs"),
        ("@haasbot +feature", "features"),
        ("@haasbot +security", "security"),
        ("@HaasBot +SUPPORT", "support"),
        ("@pond-helper +support", "support"),
        ("@haasbot[bot] +support", "support"),
        ("+support @haasbot", "support"),
        ("Thanks for the report! @haasbot, this is a +question I think.", "support"),
        ("Hello\n\n@haasbot +support\n\nCheers", "support"),
        ("Hello\n@haasbot +support", "support"),
        ("**@haasbot +support**", "support"),
        ("- @haasbot +support", "support"),
        ("@haasbot +bug +support", "bugs"),
        ("@haasbot +support, or rather +security", "security"),
        ("> @haasbot +bug\n\n@haasbot +support", "support"),
        # a mail program quotes, and a line of one's own follows at once
        ("> why is this open?\n@haasbot +support", "support"),
        ("@haasbot +support\n\nOn Monday, Wader wrote:\n> @haasbot +bug", "support"),
        ("```\n@haasbot +bug\n```\n@haasbot +support", "support"),
        ("@haasbot\u00a0+support", "support"),
        ("@haasbot +support\r\n", "support"),
    ],
)
def test_a_command_is_understood(said: str, means: str) -> None:
    assert may_command(said)
    assert command_in(said, NAMES) == means


@pytest.mark.parametrize(
    "said",
    [
        "",
        "+support",
        "@haasbot",
        "@haasbot can you support this?",
        "@haasbot does this help",
        "Does @haasbot support this?",
        "@haasbot help me understand this",
        "@haasbot +supported",
        "@haasbot +support-me",
        "@haasbot C+support",
        "@haasbot ++support",
        "@haasbots +support",
        "@haasbot-2 +support",
        "@my-haasbot +support",
        "mail@haasbot +support",
        "@org/@haasbot +support",
        "@other +support",
        "@haasbot\n+support",
        "@haasbot\n\n+support",
        "`@haasbot +support`",
        "`@haasbot` +support",
        "@haasbot `+support`",
        "```\n@haasbot +support\n```",
        "~~~\n@haasbot +support",
        "    @haasbot +support",
        "> @haasbot +support",
        ">@haasbot +support",
        "   > @haasbot +support",
        "- > @haasbot +support",
        "<!-- @haasbot +support -->",
        "<div>\n@haasbot +support\n</div>",
        "[@haasbot +support](https://example.org)",
        "![@haasbot +support](https://example.org/x.png)",
        "https://example.org/@haasbot +support",
    ],
)
def test_what_only_looks_like_a_command_is_none(said: str) -> None:
    assert command_in(said, NAMES) is None


def test_nobody_is_called_where_no_name_is_known() -> None:
    assert command_in("@haasbot +support", ()) is None
    assert command_in("@.* +support", (".*",)) is None


PIECES = st.sampled_from(
    ["@haasbot", "@HAASBOT[bot]", "+support", "support", "+bug", "help", "`", "```", "~~~", ">", "> ", "\n", "\n\n"]
    + ["    ", " ", "\t", "<!--", "-->", "<", "[", "](", ")", "*", "_", "\\", "\ufffc", "\x00", "\ud800", "x", ".", "é"]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


@given(TEXTS)
def test_any_text_is_read_without_a_fault(text: str) -> None:
    assert command_in(text, NAMES) in {None, *COMMANDS.values()}


@given(TEXTS)
def test_what_stands_in_quotes_or_code_never_counts(text: str) -> None:
    quoted = "\n".join(f"> {line}" for line in text.replace("\r", "").split("\n"))
    assert command_in(quoted, NAMES) is None
    fenced = text.replace("`", "'").replace("~", "-")
    assert command_in(f"````\n{fenced}\n````", NAMES) is None


@given(TEXTS)
def test_a_command_is_never_missed_by_the_cheap_look(text: str) -> None:
    assert may_command(text) or command_in(text, NAMES) is None
    assert command_in(f"{text}\n\n> quote\n\n", ("nobody-here",)) is None


def test_a_command_alone_is_no_word_to_people_and_anything_beside_it_is() -> None:
    for alone in ("@pond-helper +support", " @pond-helper[bot]: +bug please.\n", "@Pond-Helper, +SECURITY!"):
        assert is_command_alone(alone)
    for said in ("@pond-helper +support, since I cannot", "+support", "@sam help", "> @pond-helper +bug", "@a +bugs"):
        assert not is_command_alone(said)
