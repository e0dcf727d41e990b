"""Measures how many security reports are born private, and how many innocent texts with the same words are."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from categories.ask.actions import may_be_security
from categories.triage.rules import suggest_kind

Group = Mapping[str, Mapping[str, str]]
FILE = Path(__file__).with_name("triage_security.json")
GROUPS: Mapping[str, Group] = {k: v for k, v in json.loads(FILE.read_text("utf-8")).items() if k != "_rule"}
# Words alone find no more of what nobody tuned them on; who writes such a report has a box to tick for it as well.
UNSEEN = "never tuned on"
RECALL, RECALL_UNSEEN, PRECISION = 0.85, 0.2, 0.95


def found(texts: Mapping[str, str]) -> list[str]:
    return [title for title, body in texts.items() if suggest_kind(title, body).kind == "security"]


def show(capsys: pytest.CaptureFixture[str], name: str, group: Group) -> None:
    hits, wrong = found(group["security"]), found(group["other"])
    offered = [t for t, b in group["security"].items() if t in hits or may_be_security(t, b)]
    reports = len(group["security"])
    with capsys.disabled():
        asked = sum(may_be_security(t, b) for t, b in group["other"].items())
        print(
            f"\nsecurity, {name}: recall {len(hits)}/{reports}, precision {len(hits)}/{len(hits) + len(wrong)},"
            f" asked or private {len(offered)}/{reports}, asked in vain {asked}/{len(group['other'])}"
        )


@pytest.mark.parametrize("name", GROUPS)
def test_most_reports_are_born_private(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    group = GROUPS[name]
    show(capsys, name, group)
    hits = found(group["security"])
    goal = RECALL_UNSEEN if name == UNSEEN else RECALL if name in ("tuned on", "beside it") else 0.8
    assert len(hits) >= goal * len(group["security"]), sorted(set(group["security"]) - set(hits))


def test_next_to_nothing_else_is() -> None:
    hits = sum(len(found(group["security"])) for group in GROUPS.values())
    wrong = [title for group in GROUPS.values() for title in found(group["other"])]
    assert hits >= PRECISION * (hits + len(wrong)), wrong
