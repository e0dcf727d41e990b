"""Queries taken apart, and what a question is about."""

from hypothesis import given
from hypothesis import strategies as st

from search.query import LONGEST, MOST_WORDS, TELLING, Query, parse, telling_words


def test_a_query_is_taken_apart() -> None:
    assert parse(
        'footer "last window" -cache -"no way" in:Pelican tag:#parquet is:solved @Ana pelican.errors'
    ) == Query(
        words=("footer", "last window", "pelican.errors"),
        phrases=("last window", "pelican.errors"),
        without=("cache", "no way"),
        projects=("pelican",),
        tags=("parquet",),
        people=("ana",),
        solved=True,
    )


def test_options_of_commands_are_words_to_find_or_to_leave_out() -> None:
    # one dash leaves out, as everywhere; two are an option
    assert parse("--no-cache").words == ("--no-cache",)
    assert parse("-cache").without == ("cache",)
    assert parse("ada@example.org").words == ("ada@example.org",)


def test_nothing_asks_for_nothing() -> None:
    for text in ("", "  ", "-", '""', "&|!", "in:"):
        assert not parse(text).words
    assert parse("").is_empty and parse("?!").is_empty


@given(st.text(max_size=600))
def test_any_text_is_a_query(text: str) -> None:
    query = parse(text)
    assert len(query.words) <= MOST_WORDS
    assert sum(map(len, query.words)) <= LONGEST
    for word in (*query.words, *query.without, *query.tags, *query.people, *query.projects):
        word.encode()
        assert "\0" not in word


def test_a_question_is_about_its_title_and_the_code_of_its_body() -> None:
    words = dict(telling_words("How do I resample with FooterError?", "It says read_footer() and 1234 is that ok?"))
    assert set(words) >= {"resample", "footererror", "read_footer"} and not {"how", "do", "1234", "it"} & set(words)
    assert words["footererror"] > words["resample"] > words["read_footer"]


@given(st.text(max_size=300), st.text(max_size=1000))
def test_any_question_is_about_few_words(title: str, body: str) -> None:
    assert len(telling_words(title, body)) <= TELLING
