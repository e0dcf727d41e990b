"""Cooking against the hostile and the real texts of the test data: nothing that runs, nothing slow, no error."""

import pytest

from forum.markup import MAX_LENGTH, cook, find_mentions, sanitise
from tests.helpers.own_time import own_time
from tests.outside.hostile import DATA, bodies, needs_data, pathological, payloads, violations

pytestmark = needs_data

CONTEXTS = {
    "alone": "{}",
    "in a sentence": "Look at {} here",
    "as a link": "[text]({})",
    "as a picture": "![text]({})",
    "as a quoted name": '[quote="{}, post:1, topic:2"]\ntext\n[/quote]',
    "as a language": "```{}\ncode\n```",
    "as an attribute": '<a title="{}" href="https://a.example">x</a>',
}


@pytest.mark.parametrize("context", CONTEXTS)
def test_nothing_outside_the_allow_list_survives_cooking(context: str) -> None:
    everything = payloads()
    assert len(everything) > 8_900
    # In contexts other than the plain one a sample is enough: the sanitiser is the same.
    chosen = everything if context == "alone" else everything[::10]
    wrong = {}
    for payload in chosen:
        html = cook(CONTEXTS[context].replace("{}", payload)).html
        if found := violations(html):
            wrong[payload] = (found, html)
    assert not wrong


def test_the_sanitiser_alone_keeps_the_allow_list_and_is_stable() -> None:
    for payload in payloads():
        html = sanitise(payload)
        # It gets text of unknown shape, so links have no rel here; cooking adds it.
        assert not [wrong for wrong in violations(html) if "without rel" not in wrong], payload
        assert sanitise(html) == html


def test_the_checker_does_find_what_it_looks_for() -> None:
    for bad in (
        "<script>1</script>",
        '<p onclick="1">x</p>',
        '<a href="java&#10;script:alert(1)">x</a>',
        '<a href="&#x6A;avascript:alert(1)">x</a>',
        '<img src="https://elsewhere.example/x.png">',
        '<a href="//elsewhere.example">x</a>',
        '<p style="x">y</p>',
        "<svg></svg>",
        "<h1>x</h1>",
        "<p>x",
        "<!-- x -->",
        '<p class="top">x</p>',
    ):
        assert violations(bad), bad
    assert not violations('<p>a <a href="/t/1">b</a><br>c</p>')


PATHOLOGICAL = dict(pathological(MAX_LENGTH)) if DATA.is_dir() else {}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_a_pathological_post_cooks_within_a_second(name: str) -> None:
    text = PATHOLOGICAL[name]
    assert len(text) <= MAX_LENGTH
    with own_time() as taken:
        cooked = cook(text)
        find_mentions(text)
        assert taken() < 1.0, name
    assert not violations(cooked.html)
    assert len(cooked.html) < 10 * MAX_LENGTH


@pytest.mark.parametrize("part", range(3))
def test_every_real_body_cooks_and_stays_as_it_is(part: int) -> None:
    count = 0
    for body in list(bodies())[part::3]:
        cooked = cook(body, issue_url=lambda number: f"https://github.example/o/r/issues/{number}")
        assert not violations(cooked.html), body
        assert sanitise(cooked.html) == cooked.html
        assert len(cooked.excerpt) <= 300
        count += 1
    assert count > 3_000
