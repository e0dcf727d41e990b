"""Marks: the right words, safe text, the piece of it where they stand."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from forum.web.look import draw_title
from search.highlight import Marker


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        (
            "'resampl'",
            "Resampling, resampled and a resample",
            "<mark>Resampling</mark>, <mark>resampled</mark> and a <mark>resample</mark>",
        ),
        ("'retri'", "retry or retries", "<mark>retry</mark> or <mark>retries</mark>"),
        ("'run'", "running a runtime", "<mark>running</mark> a runtime"),
        ("'nocach'", "with --no-cache set", "with --<mark>no-cache</mark> set"),
        ("'cach'", "with --no-cache set", "with --no-<mark>cache</mark> set"),
        ("'footer'", "a FooterError", "a <mark>Footer</mark>Error"),
        ("'footererror'", "a FooterError", "a <mark>FooterError</mark>"),
        ("'cafe'", "Das Café", "Das <mark>Café</mark>"),
        ("'foo':*", "football food bar", "<mark>football</mark> <mark>food</mark> bar"),
        ("'a' & 'b'", "a<b>b", "<mark>a</mark>&lt;<mark>b</mark>&gt;<mark>b</mark>"),
    ],
)
def test_matching_words_are_marked(query: str, text: str, marked: str) -> None:
    assert Marker(query).mark(text) == marked


@given(
    st.text(max_size=400), st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=6), max_size=4)
)
def test_all_but_the_marks_is_the_text_escaped(text: str, words: list[str]) -> None:
    marker = Marker(" & ".join(f"'{word.lower()}'" for word in words))
    assert marker.mark(text).replace("<mark>", "").replace("</mark>", "") == escape(text)
    bare = marker.excerpt(text).replace("<mark>", "").replace("</mark>", "")
    assert "<" not in bare and ">" not in bare


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Reuse `type` of it", "Reuse <code><mark>type</mark></code> of it"),
        ("`set_type()` of a type", "<code>set_<mark>type</mark>()</code> of a <mark>type</mark>"),
        ("type`type`type", "<mark>type</mark><code><mark>type</mark></code><mark>type</mark>"),
        ("`List<type>`", "<code>List&lt;<mark>type</mark>&gt;</code>"),
        ("the type ` alone", "the <mark>type</mark> ` alone"),
    ],
)
def test_what_was_found_is_marked_inside_of_a_title_s_code(title: str, shown: str) -> None:
    assert draw_title(Marker("'type'").mark(title)) == shown


@given(st.lists(st.sampled_from(["type", "`", "``", " ", "-", "_", "<", "Type", "x"]), max_size=30).map("".join))
def test_marks_and_code_of_a_title_are_closed_in_order(title: str) -> None:
    open_: list[str] = []
    for end, tag in re.findall("<(/?)(mark|code)>", draw_title(Marker("'type'").mark(title))):
        if not end:
            open_.append(tag)
        else:
            assert open_.pop() == tag
    assert open_ == []


def test_the_excerpt_is_where_most_of_it_stands() -> None:
    text = "footer " + "word " * 200 + "the footer error of a footer here " + "more " * 200
    shown = Marker("'footer' & 'error'").excerpt(text)
    assert "<mark>footer</mark> <mark>error</mark>" in shown
    assert shown.startswith("…") and shown.endswith("…") and len(shown.striptags()) < 300


def test_without_a_match_it_is_the_beginning() -> None:
    assert Marker("'zeppelin'").excerpt("short text") == "short text"
    assert Marker("").excerpt("a " * 500).startswith("a a a")
