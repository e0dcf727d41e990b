"""What the macros show: times as short as a list needs, the queue as strokes, every part without breaking markup."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment
from markupsafe import escape

from forum.web import look
from forum.web.look import MOST_STROKES, ago, draw_title, full_date, strokes
from forum.web.templates import make_environment

NOW = datetime(2026, 11, 23, 13, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (NOW, "now"),
        (NOW + timedelta(minutes=5), "now"),
        (NOW - timedelta(seconds=59), "now"),
        (NOW - timedelta(minutes=17), "17 min"),
        (NOW - timedelta(minutes=119), "1 h"),
        (NOW - timedelta(hours=23, minutes=59), "23 h"),
        (NOW - timedelta(days=3), "3 d"),
        (NOW - timedelta(days=7), "16 Nov"),
        (datetime(2024, 11, 5, tzinfo=UTC), "Nov 2024"),
    ],
)
def test_time_is_told_as_short_as_a_list_needs(at: datetime, said: str) -> None:
    assert ago(at, NOW) == said


def test_kept_fragment_tells_the_date_and_the_title_tells_all() -> None:
    at = datetime.fromisoformat("2026-11-16T10:12:00+01:00")
    assert ago(at) == "16 Nov 2026"
    assert full_date(at) == "16 Nov 2026, 09:12 UTC"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Reusing it for `type` and `flow`", "Reusing it for <code>type</code> and <code>flow</code>"),
        ("`List<int>` & more", "<code>List&lt;int&gt;</code> &amp; more"),
        ("One ` alone", "One ` alone"),
        ("`a` and ` alone", "<code>a</code> and ` alone"),
        ("``a``", "<code>a</code>"),
        ("``a`", "`<code>a</code>"),
        ("Nothing in ``", "Nothing in ``"),
        ("**Not** _this_ [a](b)", "**Not** _this_ [a](b)"),
    ],
)
def test_title_shows_as_code_what_stands_between_backticks(title: str, shown: str) -> None:
    assert escape(draw_title(title)) == shown


@given(st.text(st.one_of(st.sampled_from("`<>&\"' "), st.characters()), max_size=60))
def test_whatever_the_title_its_only_markup_is_code(title: str) -> None:
    shown = escape(draw_title(title))
    # an odd piece is the inside of a code, and none is in another
    pieces = re.split("</?code>", shown)
    assert re.findall("</?code>", shown) == ["<code>", "</code>"] * (len(pieces) // 2)
    assert "`" not in "".join(pieces[1::2]) and all(pieces[1::2])
    quoted = "".join(f"(`+){re.escape(code)}(`+)" if n % 2 else re.escape(code) for n, code in enumerate(pieces))
    known = re.fullmatch(quoted, escape(title))
    assert known and all(a == b for a, b in zip(known.groups()[::2], known.groups()[1::2], strict=True))


lines = st.text("dpf", max_size=400)


@given(lines)
def test_short_queue_is_one_stroke_a_ticket(line: str) -> None:
    drawn = strokes(line[:MOST_STROKES])
    assert "".join(kind for _, _, kind in drawn) == line[:MOST_STROKES]
    assert [x for x, _, _ in drawn] == [8 * index for index in range(len(drawn))]


@given(lines, st.data())
def test_long_queue_is_sixty_strokes_with_you_in_one(line: str, data: st.DataObject) -> None:
    you = data.draw(st.integers(1, len(line))) if line else None
    drawn = strokes(line, you)
    assert len(drawn) == min(len(line), MOST_STROKES)
    assert [kind for _, _, kind in drawn].count("y") == (1 if line else 0)
    if line and you:
        assert drawn[(you * len(drawn) - 1) // len(line)][2] == "y"


def test_one_unpaid_in_five_is_about_every_fifth_stroke_of_a_long_queue() -> None:
    kinds = "".join(kind for _, _, kind in strokes("ppppf" * 200))
    assert 11 <= kinds.count("f") <= 13
    assert "ff" not in kinds


@pytest.fixture(scope="module")
def macros() -> Environment:
    environment = make_environment()
    look.install(environment)
    return environment


def show(environment: Environment, call: str, **context: object) -> str:
    """One macro's output, imported as pages import it."""
    name = call.partition("(")[0]
    source = f'{{% from "macros.html" import {name} %}}{{{{ {call} }}}}'
    return environment.from_string(source).render(**context)


def test_every_macro_says_its_arguments_first(macros: Environment) -> None:
    assert macros.loader is not None
    source = macros.loader.get_source(macros, "macros.html")[0]
    starts = source.split("{% macro ")[1:]
    assert len(starts) > 20
    assert [part.split("(")[0] for part in starts if not part.split("%}\n", 1)[1].startswith("{#")] == []


def test_names_and_faults_cannot_bring_markup(macros: Environment) -> None:
    evil = '"><script>x</script>'
    person = SimpleNamespace(id=3, name=evil)
    shown = show(macros, "avatar(p)", p=person) + show(macros, "field('a', e, e, e, e, attrs={'title': e})", e=evil)
    shown += show(macros, "errors({'a': e}, {'a': e})", e=evil) + show(
        macros, "btn(e, href=e, attrs={'title': e})", e=evil
    )
    assert "<script" not in shown


def test_the_summary_counts_what_is_to_be_corrected_and_says_what_is_of_the_whole_form(macros: Environment) -> None:
    def said(faults: dict[str, str]) -> str:
        shown = show(macros, "errors(faults, {'a': 'Age'})", faults=faults)
        assert shown.count('id="errors" role="alert" tabindex="-1" autofocus') == 1
        return " ".join(re.sub(r"<[^>]+>", " ", shown).split())

    assert said({"a": "No."}) == "One thing to correct; all you typed is kept. Age: No."
    assert said({"a": "No.", "b": "Nor."}) == "2 things to correct; all you typed is kept. Age: No. Nor."
    assert said({"": "That was too often."}) == "That was too often."
    assert said({"a": "No.", "": "Sign out first."}) == "Sign out first. Age: No."
    assert "<ul>" not in show(macros, "errors({'': 'That was too often.'})")
    assert show(macros, "errors({})").strip() == ""


def test_faulty_field_is_tied_to_its_error_and_hint(macros: Environment) -> None:
    shown = show(macros, "field('mail', 'E-mail', 'x', 'Only for you.', 'Not an address.')")
    assert 'aria-invalid="true"' in shown
    assert 'aria-describedby="mail-error mail-hint"' in shown
    assert 'id="mail-error"' in shown and 'id="mail-hint"' in shown


def test_button_that_posts_goes_through_the_one_form_of_the_page(macros: Environment) -> None:
    shown = show(macros, "press('Like', '/posts/1/like', 'heart', 's', {'data-key': 'l'})")
    assert 'form="act"' in shown and 'formaction="/posts/1/like"' in shown and 'data-key="l"' in shown


def test_position_ticket_says_of_how_many(macros: Environment) -> None:
    assert show(macros, "pos(4, 31)") == '<span class="pos"><b>4</b> <small>of 31</small></span>'
