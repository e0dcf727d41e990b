"""What must hold for any text at all, tried on generated posts."""

from hypothesis import given, settings
from hypothesis import strategies as st

from forum.markup import cook, find_mentions, plain, sanitise
from tests.outside.hostile import violations

WORDS = """* ** _ ` ``` ~~~ ~~ > - + 1. # ## --- | |-|-| [ ] ( ) ![ ]( [a]: <b> </b> <a> </a> <p> <pre> <div>
    <table> <td> <tr> <details> <summary> <h1> <!-- --> <img <a <br> <li> <ul> href= src= " ' = / \\ & &lt;
    &#10; &#x202e; &nbsp; :tada: :+1: :a @ines @nobody @a@b.example #1 #12 a#1 [quote] [/quote]
    [quote="a,post:1,topic:2"] [x] javascript:x https://a.example/b?c=d&e data:x mailto:a@b.c a b word é 漢 🎉
    <style> <svg> <math> <script> <select> <option> <template> <input> <![CDATA[ ]]> <? ?>"""
BREAKS = [
    "\n",
    "\n\n",
    "    ",
    "\t",
    " ",
    "  \n",
    "\r\n",
    "\x00",
    "\x0c",
    "\ud800",
    "\u202e",
    "\u2028",
    "\ufeff",
    "- [ ] ",
]
PIECES = st.sampled_from(WORDS.split() + BREAKS)
POSTS = st.one_of(
    st.lists(PIECES, max_size=40).map("".join),
    st.lists(PIECES, max_size=40).map(" ".join),
    st.text(st.characters(exclude_categories=()), max_size=200),
)


@settings(max_examples=400, deadline=None)
@given(POSTS)
def test_any_text_cooks_to_html_that_is_allowed_balanced_and_at_rest(text: str) -> None:
    cooked = cook(text, people=frozenset({"ines", "a@b.example"}), issue_url=lambda number: f"/i/{number}")
    assert not violations(cooked.html)
    assert sanitise(cooked.html) == cooked.html
    assert len(cooked.excerpt) <= 300 and "\n" not in cooked.excerpt
    assert cooked.mentions <= find_mentions(text)
    assert cook(text, people=frozenset({"ines", "a@b.example"}), issue_url=lambda number: f"/i/{number}") == cooked


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_the_sanitiser_comes_to_rest_on_any_text(text: str) -> None:
    once = sanitise(text.encode("utf-8", "replace").decode())
    assert sanitise(once) == once
    plain(once)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("abcdefghij", min_size=1, max_size=8), min_size=1, max_size=30))
def test_plain_words_come_back_as_they_were(words: list[str]) -> None:
    text = " ".join(words)
    assert plain(cook(text).html) == text
