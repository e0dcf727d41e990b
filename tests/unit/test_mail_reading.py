"""Who vouches for a sender, what is just thanks, what stays of plain text in Markdown."""

import pytest

from forum.mail.arriving.questions import title_of
from forum.mail.reading.letter import read_letter
from forum.mail.reading.understood import as_markdown, folded, is_just_thanks, purpose_of
from forum.mail.reading.vouched import Vouched, vouched_for

MX = "mx.help.example"


@pytest.mark.parametrize(
    ("header", "want"),
    [
        (f"{MX}; dmarc=pass header.from=example.org", Vouched.PASSED),
        (f"{MX}; spf=pass smtp.mailfrom=a@evil.example; dmarc=fail (p=none) header.from=example.org", Vouched.FAILED),
        (f"{MX} 1; dkim=pass header.d=example.org", Vouched.PASSED),
        (f"{MX}; dkim=pass header.d=mail.example.org", Vouched.UNKNOWN),
        (f"{MX}; dkim=pass header.d=badexample.org", Vouched.UNKNOWN),
        (f"{MX}; dkim=pass header.d=org", Vouched.UNKNOWN),
        (f"{MX}; dkim=fail header.d=example.org", Vouched.UNKNOWN),
        (f"evil.{MX}; dmarc=pass header.from=example.org", Vouched.UNKNOWN),
        (f"{MX}", Vouched.UNKNOWN),
        ("", Vouched.UNKNOWN),
    ],
)
def test_only_our_own_server_vouches_and_only_for_the_domain_in_from(header: str, want: Vouched) -> None:
    letter = read_letter(f"Authentication-Results: {header}\r\nFrom: Ana <ana@example.org>\r\n\r\nHi\r\n".encode())
    assert vouched_for(letter, MX) is want
    assert vouched_for(letter, "") is Vouched.UNKNOWN


@pytest.mark.parametrize(
    "text", ["Thanks!", "Great, thank you so much!\n\nAna", "Vielen Dank", "merci beaucoup", "ok thx"]
)
def test_short_thanks_are_thanks(text: str) -> None:
    assert is_just_thanks(text)


@pytest.mark.parametrize(
    "text",
    ["Thanks, but it still fails.", "Thanks! How do I undo it?", "Thank you. I now get an IndexError.", "Yes", ""],
)
def test_thanks_that_say_more_are_a_reply(text: str) -> None:
    assert not is_just_thanks(text)


def test_what_looks_like_a_tag_in_plain_text_stays_to_be_seen() -> None:
    assert as_markdown("#include <stdio.h>") == r"#include \<stdio.h>"
    assert as_markdown("`<b>` and <https://a.example> and 1 < 2") == "`<b>` and <https://a.example> and 1 < 2"
    assert as_markdown("```\n<b>\n```\n<b>") == "```\n<b>\n```\n\\<b>"


def test_what_is_folded_away_cannot_get_out() -> None:
    made = folded("~~~~\n</details>\n@olga", "Quoted")
    assert "\n~~~~~text\n" in made and made.endswith("\n~~~~~\n\n</details>")
    assert folded(" \n", "Quoted") == ""


def test_a_word_in_front_says_what_an_answer_is_for() -> None:
    assert purpose_of("#facts Which version?") == ("facts", "Which version?")
    assert purpose_of("#resolved it") == ("", "#resolved it")


def test_a_title_loses_what_mail_programs_put_in_front() -> None:
    assert title_of("Re: Fwd: [pelican-users] AW: It fails at start", "") == "It fails at start"
    assert title_of("", "> It fails at start\nmore") == "It fails at start"
    assert len(title_of("x" * 900, "")) <= 300
