"""Issue forms: read as PyYAML reads them, or not at all; filled by a thread; written as GitHub writes them."""

from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from categories.bugs import yaml_forms
from categories.bugs.forms import composed, faults_of, filled, read_template
from categories.bugs.mirror import CLOSED, Told, changes
from tests.helpers.own_time import own_time

FORM = """
name: Bug Report   # said to everybody
description: "File a bug: say it \\"all\\""
title: '[Bug]: it''s'
labels: ["bug", "triage"]
assignees:
  - octocat
body:
  - type: markdown
    attributes:
      value: |
        Thanks: for taking
          the time!

        * one
  - type: input
    id: version
    attributes:
      label: Version
      description: >-
        What version
        are you running?
      placeholder: ex. 1.2
    validations:
      required: true
  - type: textarea
    attributes:
      label: What happened?
      value: "A bug happened!"
  - type: textarea
    attributes: {}
  - type: dropdown
    attributes:
      label: Browsers
      multiple: true
      options:
      - Firefox
      - "Chrome"
  - type: checkboxes
    attributes:
      label: Code of Conduct
      options:
        - label: I agree
          required: true
"""


def test_a_form_is_read_as_it_is_meant() -> None:
    plain = FORM.replace("attributes: {}", "attributes:")
    assert yaml_forms.read(plain) == yaml.safe_load(plain)
    form = read_template("bug.yml", plain)
    assert form is not None and form.is_form
    assert (form.name, form.title, form.labels) == ("Bug Report", "[Bug]: it's", ("bug", "triage"))
    assert [(f.kind, f.label, f.required, f.many) for f in form.fields][:2] == [
        ("input", "Version", True, False), ("textarea", "What happened?", False, False),
    ]  # fmt: skip
    assert form.fields[-1].options == ("I agree",)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1",
        "a: !!python/object 1",
        "a: {b: 1}",
        "a: [1, [2]]",
        "\ta: 1",
        "a: 'x",
        "a: 1\n   b: 2",
        "a: [1",
        "- a\nb: 1",
    ],
)
def test_what_is_not_known_is_refused_not_guessed(text: str) -> None:
    with pytest.raises(yaml_forms.NotRead):
        yaml_forms.read(text)
    assert read_template("bug.yml", text) is None


texts = some.text("ab: #-'\"[]{}|>,\n\\&*!%@`?0x", max_size=24)
leaf = some.one_of(texts, some.booleans(), some.integers(0, 999))
values = some.recursive(
    leaf,
    lambda v: some.one_of(
        some.lists(v, min_size=1, max_size=3),
        some.dictionaries(some.text("abk", min_size=1, max_size=3), v, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@given(values)
def test_whatever_is_read_is_what_yaml_says(value: object) -> None:
    written = yaml.safe_dump(value, allow_unicode=True, width=40)
    try:
        found = yaml_forms.read(written)
    except yaml_forms.NotRead:
        return
    assert found == value


@given(texts)
def test_no_text_ends_the_reader_otherwise(text: str) -> None:
    try:
        yaml_forms.read(text)
    except yaml_forms.NotRead:
        return


def test_a_thread_fills_the_fields_and_the_issue_has_githubs_headings() -> None:
    form = read_template("bug.yml", FORM.replace("attributes: {}", "attributes:"))
    assert form is not None
    first = filled(form, "The pump stops.", ["Version: 2.4.1", "OS: Debian 12"])
    version, what = form.fields[0], form.fields[1]
    assert first[version.id] == "2.4.1" and first[what.id] == "The pump stops."
    assert set(faults_of(form, {})) == {version.id}
    assert set(faults_of(form, {version.id: ["1"], form.fields[3].id: ["Lynx"]})) == {form.fields[3].id}
    answers = {version.id: ["2.4.1"], what.id: ["The pump stops."], form.fields[3].id: ["Firefox", "Chrome"]}
    text = composed(form, answers, "More.")
    assert text.startswith("### Version\n\n2.4.1\n\n### What happened?\n\nThe pump stops.")
    assert "### Browsers\n\nFirefox, Chrome" in text and "- [ ] I agree" in text and text.endswith("More.")
    assert "_No response_" in text


def test_a_markdown_template_begins_the_text() -> None:
    found = read_template("feature.md", "---\nname: Wish\nabout: For wishes\nlabels: 'wish, new'\n---\n\n**What?**\n")
    assert found is not None and (found.name, found.labels, found.text) == ("Wish", ("wish", "new"), "**What?**")
    assert read_template("config.yml", "blank_issues_enabled: false") is None


def test_what_differs_is_told_once_each() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    was = Told("a/b", 1, at, labels=("x", "y"), milestone="v1", is_locked=False)
    now = Told("a/b", 1, at, state=CLOSED, reason="not planned", labels=("y", "z"), milestone="v2", is_locked=None)
    assert [change.kind for change in changes(was, now)] == [
        "issue_labeled", "issue_unlabeled", "issue_milestoned", "issue_closed",
    ]  # fmt: skip
    assert not list(changes(now, now))


N = 20_000
SLOW = {
    "spaces before no colon": "a" + " " * N + "b",
    "spaces before no comment": "name: a" + " " * N + "b",
    "a list of nothing": "labels: [" + ", " * N + "]",
    "a list that is none": "labels: [a" + " " * N + "{]",
    "a quoted text that goes on": 'name: "' + ('\\"' * 40 + "\n") * 1800 + '"',
    "quotation marks": "'" * N,
    "dashes": "- " * N,
    "one dash": "-a" + " " * N + "b",
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW.keys())
def test_no_form_makes_who_reads_it_wait(text: str) -> None:
    with own_time() as taken:
        for name in ("bug.yml", "bug.md"):
            read_template(name, text if name == "bug.yml" else f"---\n{text}\n---\n")
        # a tenth of it, where nothing is looked at again and again; minutes, where something is
        assert taken() < 1


def test_an_enormous_form_is_cut_to_what_a_page_can_show() -> None:
    field = "  - type: dropdown\n    attributes:\n      label: Which?\n      options: [{}]\n"
    form = "name: x\nbody:\n" + field.format(", ".join(f"o{n}" for n in range(5000))) * 2 + field.format("a") * 300
    template = read_template("bug.yml", form)
    assert template is not None
    assert (len(template.fields), len(template.fields[0].options)) == (40, 100)
