"""Which kind of category an issue goes to, and which repositories `#123` may lead to."""

import pytest

from importers.github.pages import repository_of
from importers.github.place import kind_of, tags_of
from importers.github.records import Issue, Reading
from tests.helpers.github import REPOSITORY, issue


def read(**more: object) -> Issue:
    (record,) = Reading(REPOSITORY).records(issue(1, **more), "here")
    assert isinstance(record, Issue)
    return record


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("bug", "bugs"),
        ("Type: Bug :bug:", "bugs"),
        ("enhancement", "features"),
        ("kind/feature", "features"),
        ("question", "support"),
        ("not a bug", "support"),
    ],
)
def test_labels_say_the_kind_before_the_words_do(label: str, kind: str) -> None:
    assert kind_of(read(title="How do I start the pump?", body="How?", labels=["night", label])) == kind


def test_nothing_public_is_taken_for_a_private_report() -> None:
    words = "XSS vulnerability: attacker can steal the password of any account, CVE-2024-12345"

    assert kind_of(read(title=words, body=words, labels=["security"])) == "bugs"


def test_labels_of_any_length_and_letters_become_tags_that_fit() -> None:
    tags = tags_of(read(labels=["1" * 90, "Editor Ready", "editor-ready", "<b>", "///", "x" * 99, "日本"]))

    assert "editor-ready" in tags and "日本" in tags and len(tags) == 5
    assert all(0 < len(tag) <= 60 for tag in tags)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/heron/pond", "heron/pond"),
        ("http://www.GitHub.com/heron/pond.git/", "heron/pond"),
        ("https://github.com/heron", ""),
        ("https://github.com.evil.example/heron/pond", ""),
        ("https://evil.example/github.com/heron/pond", ""),
        ("https://github.com/heron/pond/../../x", ""),
        ("", ""),
    ],
)
def test_only_repositories_on_github_are_led_to(address: str, name: str) -> None:
    assert repository_of(address) == name
