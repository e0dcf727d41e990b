"""Excerpts and plain text out of cooked HTML."""

import pytest

from forum.markup import cook, excerpt, plain


def test_plain_text_has_one_line_for_each_block_and_no_markup() -> None:
    html = cook("# T &amp; U\n\na **b**c\n\n- x\n- y\n\n| p | q |\n|---|---|\n| 1 | 2 |\n\n```python\nf( 1)\n```").html
    assert plain(html).split("\n") == ["T & U", "a bc", "x", "y", "p", "q", "1", "2", "f( 1)"]


def test_plain_text_keeps_quoted_words_without_their_headers() -> None:
    assert plain(cook('[quote="ines, post:1, topic:2"]\nold\n[/quote]\nnew').html) == "old\nnew"


def test_plain_text_names_pictures_and_survives_signs_in_attributes() -> None:
    assert plain('<p>a <img src="/x" alt="a &gt; b"> c</p>') == "a a > b c"


def test_an_excerpt_is_one_line_of_whole_words() -> None:
    text = excerpt(cook("word " * 200).html)
    assert text.endswith("word…") and 290 < len(text) <= 300


def test_a_short_text_is_its_own_excerpt() -> None:
    assert cook("Hello *there*\n\nyou").excerpt == "Hello there you"


@pytest.mark.parametrize("length", [299, 300, 301, 1000])
def test_a_word_without_end_is_cut(length: int) -> None:
    cooked = cook("x" * length).excerpt
    assert len(cooked) == min(length, 300)
    assert cooked.endswith("…") == (length > 300)


def test_an_excerpt_leaves_out_quotes_unless_there_is_nothing_else() -> None:
    assert cook("> old\n\nnew").excerpt == "new"
    assert cook("> only").excerpt == "only"
