"""Marks: the right words, safe text, the piece of it where they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

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


def test_the_excerpt_is_where_most_of_it_stands() -> None:
    text = "footer " + "word " * 200 + "the footer error of a footer here " + "more " * 200
    shown = Marker("'footer' & 'error'").excerpt(text)
    assert "<mark>footer</mark> <mark>error</mark>" in shown
    assert shown.startswith("…") and shown.endswith("…") and len(shown.striptags()) < 300


def test_without_a_match_it_is_the_beginning() -> None:
    assert Marker("'zeppelin'").excerpt("short text") == "short text"
    assert Marker("").excerpt("a " * 500).startswith("a a a")
