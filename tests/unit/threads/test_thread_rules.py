"""Slugs, pages by number, titles, and a post as a quote."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from forum.markup import cook
from forum.threads.rules import POSTS_A_PAGE, clean_title, numbers_on, page_of, quote_of, slug_of

# A busy machine is not the functions' fault.
calm = settings(deadline=None)


@calm
@given(st.text(max_size=300))
def test_a_slug_is_never_empty_never_digits_and_fits_an_address(title: str) -> None:
    slug = slug_of(title)
    assert slug and not slug.isdigit() and len(slug) <= 70
    assert all(c.isascii() and (c.isalnum() or c == "-") for c in slug)


@calm
@given(st.integers(1, 10**9))
def test_every_post_stands_on_the_page_that_its_number_says(number: int) -> None:
    first, last = numbers_on(page_of(number))
    assert first <= number <= last and last - first + 1 == POSTS_A_PAGE


@calm
@given(st.text(max_size=300))
def test_a_title_is_one_line(title: str) -> None:
    cleaned = clean_title(title)
    assert cleaned.isprintable() and "  " not in cleaned and cleaned == cleaned.strip()
    assert clean_title(cleaned) == cleaned


@calm
@given(st.text(alphabet="a `~>\n[]/quote", max_size=80) | st.text(max_size=300))
@example("~~~\ncode")
@example("> ````py\n```")
@example("[/quote]\n[quote]")
@example("<BLOCKQUOTE")
@example("Behind:\n\n<!-- not")
@example("<script>")
@example("> <div")
@example("<table><tr>")
@example(">[/quote]")
@example("`\n\na>\n[quote] `")
def test_a_quote_ends_where_it_should_whatever_is_quoted(text: str) -> None:
    html = cook(quote_of("ana", 3, 7, text) + "Behind it.").html
    assert '<a href="/t/7/3">' in html
    assert "Behind it." in html.rpartition("</blockquote>")[2]


def test_a_quote_leaves_out_what_was_quoted_already() -> None:
    inner = '[quote="bea, post:1, topic:7"]\nOld [quote]older[/quote]\n[/quote]\n\nNew words.'
    assert quote_of("ana", 2, 7, inner) == '[quote="ana, post:2, topic:7"]\nNew words.\n[/quote]\n\n'


def test_a_post_that_only_quotes_is_quoted_as_it_is() -> None:
    assert "Old words" in quote_of("ana", 2, 7, "[quote]\nOld words\n[/quote]")
