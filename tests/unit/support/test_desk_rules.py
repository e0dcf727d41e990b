"""Templates' variables, versions in a text, a merge's times and people, snooze's days: pure rules against slow models."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories.support.joining.rules import Added, Change, earlier, people_without, without
from categories.support.promises.workdays import Calendar
from categories.support.replies.rules import Filled, fill, plain_words, unknown_in, used_in, versions_in
from categories.support.snoozing.rules import presets
from forum.markup import cook, find_mentions, plain

START = datetime(2026, 3, 2, tzinfo=UTC)
TIMES = st.none() | st.integers(0, 50).map(lambda n: START + timedelta(hours=n))


def test_a_template_is_filled_and_says_what_it_had_no_value_for() -> None:
    values = {"asker": "Ana", "position": ""}
    assert fill("Hello {asker}: {position}, {asker}.", values) == Filled("Hello Ana: …, Ana.", ("position",))
    assert fill('{{asker}} {} {"a": 1} {ASKER} {nobody}', values).markdown == '{asker} {} {"a": 1} {ASKER} {nobody}'
    assert used_in("{asker} {{me}} {x} {asker}") == ["asker", "x"]
    assert unknown_in("{asker} {{x}} {versoins} {me}") == ["versoins"]


HOSTILE = (
    "@sam",
    "**bold** _it_ ~~gone~~",
    "[click](https://evil.example)",
    "https://evil.example/x",
    "www.evil.example",
    "evil.example",
    "<img src=x onerror=alert(1)>",
    "![x](https://evil.example/x.png)",
    "`code`",
    "# title",
    "1. one",
    "- one",
    "> quote",
    "|a|b|",
    ":smile:",
    "#12",
    "&copy;",
    '[quote="sam, post:1, topic:1"]',
    "a\n\n# b",
    "\\@sam",
)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("around", ["{asker}", "Hello {asker}, thanks", "**{asker}**", "> {asker}", "- {asker}"])
def test_a_name_stays_the_words_it_is(name: str, around: str) -> None:
    bare = cook(fill(around, {"asker": "Zed"}).markdown, people=frozenset({"sam"}), issue_url=str)
    filled = fill(around, {"asker": plain_words(name)}).markdown
    cooked = cook(filled, people=frozenset({"sam"}), issue_url=str)
    assert re.findall(r"<[^>]*>", cooked.html) == re.findall(r"<[^>]*>", bare.html), cooked.html
    assert not find_mentions(filled)
    assert " ".join(plain(cooked.html).split()) == plain(bare.html).strip().replace("Zed", " ".join(name.split()))


@given(st.text(max_size=60))
def test_no_name_becomes_markup(name: str) -> None:
    cooked = cook(f"Hello {plain_words(name)}, thanks", people=frozenset({"sam"}))
    assert set(re.findall(r"</?\w+", cooked.html)) <= {"<p", "</p"}, cooked.html


def test_the_versions_that_a_question_names_are_found() -> None:
    text = "With pelican 2.3.1 on Python 3.12 and version 1.0rc1 (numpy==1.26.4) at 10.0.0.1.5 or /usr/lib/2.0/x"
    assert versions_in(text) == ["pelican 2.3.1", "Python 3.12", "1.0rc1", "numpy 1.26.4"]
    assert versions_in("It costs 5 and takes an hour.") == []


@given(TIMES, st.lists(st.tuples(TIMES, st.none() | st.integers(0, 50)), min_size=1, max_size=6), st.data())
def test_undoing_any_merge_is_as_if_it_had_never_been(
    own: datetime | None, given_times: list[tuple[datetime | None, int | None]], data: st.DataObject
) -> None:
    def run(skip: int | None) -> tuple[datetime | None, list[Change]]:
        """Merge one after another; between two of them an answer may have set the time anew."""
        now, changes = own, []
        for n, (brought, anew) in enumerate(given_times):
            if anew is not None:
                now = START + timedelta(days=100 + n, hours=anew)
            if n != skip:
                changes.append(Change(brought, now, earlier(now, brought)))
                now = changes[-1].after
        return now, changes

    now, changes = run(None)
    gone = data.draw(st.integers(0, len(changes) - 1))
    assert without(changes, gone, now) == run(gone)


@given(st.lists(st.sets(st.integers(1, 5), min_size=1), min_size=1, max_size=5), st.sets(st.integers(1, 5)), st.data())
def test_whoever_another_merge_brought_stays(asks: list[set[int]], own: set[int], data: st.DataObject) -> None:
    def run(skip: int | None) -> tuple[set[int], list[frozenset[int]]]:
        people, brought = set(own), []
        for n, who in enumerate(asks):
            if n != skip:
                brought.append(frozenset(who - people))
                people |= who
        return people, brought

    people, brought = run(None)
    merges = [Added(new, frozenset(who)) for new, who in zip(brought, asks, strict=True)]
    gone = data.draw(st.integers(0, len(asks) - 1))
    leaving, left = people_without(merges, gone)
    assert (people - leaving, left) == run(gone)


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (datetime(2026, 3, 2, 15, tzinfo=UTC), ["2026-03-03", "2026-03-05", "2026-03-09"]),  # Monday
        (datetime(2026, 3, 6, 15, tzinfo=UTC), ["2026-03-09", "2026-03-11", "2026-03-09"]),  # Friday
        (datetime(2026, 3, 8, 23, tzinfo=UTC), ["2026-03-09", "2026-03-11", "2026-03-09"]),  # Sunday
    ],
)
def test_presets_are_mornings_of_workdays(now: datetime, days: list[str]) -> None:
    offered = presets(now, Calendar(), UTC)
    assert [preset.until.isoformat() for preset in offered] == [f"{day}T08:00:00+00:00" for day in days]
    assert all(preset.until > now for preset in offered)
