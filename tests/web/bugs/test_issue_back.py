"""A promoted issue: where it goes, with which labels and fields; what becomes of it comes back, and is heard once."""

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from forum.database.engine import execute, fetch, fetch_value
from forum.outside import github as client
from forum.outside.github_app import manifest
from forum.settings import Settings
from forum.threads.actions import react
from tests.helpers.github import comment, issue, rest, rest_comment, user
from tests.standins.github import GitHub
from tests.standins.github_history import History
from tests.web.bugs.conftest import Bug

SECRET = "a secret of the hook"
REPOSITORY = "Heron/pond"
FORM = """name: Bug report
description: For bugs
title: "[Bug]:"
labels: [bug]
body:
  - type: input
    attributes: {label_is_missing_here: no}
"""
GOOD = """name: Bug report
labels: [bug]
title: "[Bug]:"
body:
  - type: input
    attributes:
      label: Version
    validations:
      required: true
  - type: textarea
    attributes:
      label: What happened?
"""


@pytest.fixture
def settings(settings: Settings, github: GitHub) -> Settings:
    github.history = History(repository=REPOSITORY, labels=["bug", "night"])
    github.history.files = {
        ".github/ISSUE_TEMPLATE/bug.yml": GOOD,
        ".github/ISSUE_TEMPLATE/odd.yml": FORM,
        ".github/ISSUE_TEMPLATE/wish.md": "---\nname: Wish\nabout: For wishes\n---\n**What?**\n",
    }
    return replace(settings, github_webhook_secret=SECRET)


async def mapped(bug: Bug, id: int = 990, name: str = REPOSITORY) -> None:
    await execute(
        "insert into github_repository (id, name, project_id) values ($1, $2, $3)", id, name, bug.world.project
    )


async def linked(bug: Bug) -> None:
    """The thread is issue 12 there, and the repository is the project's."""
    await mapped(bug)
    await bug.promote()
    await bug.job()
    assert await bug.state() == "linked"


async def tell(bug: Bug, event: str, act: str, **payload: Any) -> None:
    told = {
        "action": act,
        "sender": user("egret"),
        "repository": {"id": 990, "full_name": REPOSITORY, "private": False},
    }
    body = json.dumps(told | payload).encode()
    signed = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": signed, "x-github-event": event, "x-github-delivery": str(uuid4())}
    sent = await bug.world.site.guest().http.post("/webhooks/github", content=body, headers=headers)
    assert sent.status_code == 200
    await bug.world.site.jobs()
    assert not await fetch_value("select failure from incoming where failure <> '' limit 1")


def there(at: str, **more: Any) -> dict[str, Any]:
    return (
        rest(issue(12, "The pump stops", id="I_12"), REPOSITORY, updated_at=f"2030-01-01T08:{at}:00Z", locked=False)
        | more
    )


CLOSED = {"state": "closed", "closed_at": "2030-01-01T08:05:00Z", "state_reason": "completed"}


async def acts(bug: Bug) -> list[str]:
    rows = await fetch(
        "select kind from thread_act where thread_id = $1 and kind like 'issue%' order by id", bug.thread
    )
    return [row["kind"] for row in rows]


async def heard() -> set[str]:
    rows = await fetch(
        "select p.username from notice n join person p on p.id = n.person_id where n.kind = 'issue_closed'"
    )
    assert len(rows) == len({row["username"] for row in rows})
    return {row["username"] for row in rows}


async def test_a_template_of_the_repository_is_filled_and_sent_with_its_labels(bug: Bug) -> None:
    text = (await bug.mia.get(f"/t/{bug.thread}/promotion")).text
    assert "Bug report" in text and "Wish" in text and "odd" not in text and 'value="night"' in text
    text = (await bug.mia.get(f"/t/{bug.thread}/promotion?template=wish.md")).text
    assert "**What?**\n\nThe pump stops at night" in text
    text = (await bug.mia.get(f"/t/{bug.thread}/promotion?template=bug.yml")).text
    assert (
        'value="2.4.1"' in text and 'value="[Bug]: The pump stops at night"' in text and 'value="bug" checked' in text
    )
    sent = {"template": "bug.yml", "body": "", "labels": ["bug", "night"], "f1": "It *stops*."}
    refused = await bug.mia.post(f"/t/{bug.thread}/promotion", {"title": "The pump stops", **sent})
    assert refused.status_code == 422 and "Version" in refused.text and "It *stops*." in refused.text
    assert await bug.promote(f0="2.4.1", **sent) == 303  # type: ignore[arg-type]
    await bug.job()
    [made] = bug.github.made()
    assert made["labels"] == ["bug", "night"]
    assert made["body"].startswith("### Version\n\n2.4.1\n\n### What happened?\n\nIt *stops*.\n\n---\n")


async def test_a_form_whose_answers_are_longer_than_an_issue_is_refused_and_what_was_typed_stays(bug: Bug) -> None:
    sent = {"title": "The pump stops", "template": "bug.yml", "f0": "2.4.1"}
    for more in ({"f1": "long " * 4001}, {"f1": "x" * 19_000, "body": "y" * 50_000}):
        refused = await bug.mia.post(f"/t/{bug.thread}/promotion", sent | more)
        assert refused.status_code == 422 and "At most" in refused.text and more["f1"].strip() in refused.text
    assert bug.github.history is not None
    bug.github.history.files[".github/ISSUE_TEMPLATE/bug.yml"] = GOOD + "#" * 200_000
    text = (await bug.mia.get(f"/t/{bug.thread}/promotion?template=bug.yml")).text
    assert "Bug report" not in text and "Wish" in text, "a file that is no form any more is not offered"
    gone = await bug.mia.post(f"/t/{bug.thread}/promotion", sent | {"f1": "x", "body": "It stops."})
    assert gone.status_code == 422 and "does not give this template" in gone.text
    assert not bug.github.made()


async def test_programs_choose_repository_labels_and_the_forms_fields_as_the_page_does(bug: Bug) -> None:
    path = f"/api/v1/threads/{bug.thread}/promotion"
    assert (await bug.world.supporter.get(f"{path}/form")).status_code == 403
    told = (await bug.mia.get(f"{path}/form?template=bug.yml")).json()
    assert (told["repositories"], told["labels"]) == ([REPOSITORY], ["bug", "night"])
    assert [(each["id"], each["label"], each["required"]) for each in told["templates"][0]["fields"]] == [
        ("f0", "Version", True),
        ("f1", "What happened?", False),
    ]
    draft = told["draft"]
    assert (draft["title"], draft["labels"], draft["fields"]["f0"]) == (
        "[Bug]: The pump stops at night",
        ["bug"],
        ["2.4.1"],
    )
    for sent, at in (
        ({"repository": "heron/lake"}, "repository"),
        ({"template": "gone.yml"}, "template"),
        ({"fields": {"f0": "1"}}, "fields"),
        ({"template": "bug.yml", "fields": {"f0": " ", "Weather": "wet"}}, "fields.f0 fields.Weather"),
        ({"labels": "bug"}, "labels"),
    ):
        refused = await bug.mia.post(path, json=sent)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json"), sent
        assert set(refused.json()["errors"]) == set(at.split()), refused.text
    sent = {"template": "bug.yml", "repository": "heron/POND", "labels": ["night"], "fields": {"version": "2.5"}}
    made = await bug.mia.post(path, json=sent)
    assert made.status_code == 202, made.text
    await bug.job()
    [issue] = bug.github.made()
    assert issue["labels"] == ["night"] and issue["title"] == "[Bug]: The pump stops at night"
    assert issue["body"].startswith("### Version\n\n2.5\n\n### What happened?\n\nThe pump stops at night")


async def test_an_app_made_from_our_manifest_may_read_templates_and_one_with_less_goes_without(bug: Bug) -> None:
    granted = manifest("Pelicans", "https://help.example.org", is_public=True)["default_permissions"]
    bug.github.bot_rows.app_permissions = dict(granted)
    assert "Bug report" in (await bug.mia.get(f"/t/{bug.thread}/promotion")).text
    client.forget_tokens()
    bug.github.bot_rows.app_permissions.pop("contents")
    text = (await bug.mia.get(f"/t/{bug.thread}/promotion")).text
    assert "Bug report" not in text and 'value="night"' in text


async def test_it_goes_to_a_repository_of_the_project_and_to_no_other(bug: Bug) -> None:
    await mapped(bug, 991, "heron/lake")
    await execute("insert into github_repository (id, name) values (992, 'heron/sea')")
    assert '<option value="heron/lake"' in (await bug.mia.get(f"/t/{bug.thread}/promotion")).text
    assert await bug.promote(repository="heron/sea") == 422
    assert await bug.promote(repository="heron/lake") == 303
    assert (await bug.row())["repository"] == "heron/lake"


async def test_tried_again_it_goes_where_it_was_to_go(bug: Bug) -> None:
    await mapped(bug, 991, "heron/lake")
    assert await bug.promote(repository="heron/lake", labels="night") == 303
    await bug.job()
    assert await bug.state() == "failed"
    assert (await bug.mia.post(f"/t/{bug.thread}/promotion/again")).status_code == 303
    row = await bug.row()
    assert (row["state"], row["repository"], row["labels"]) == ("wanted", "heron/lake", ["night"])


async def test_feature_requests_become_issues_too_and_questions_do_not(bug: Bug) -> None:
    bug.thread = (await bug.world.ask("A lid that opens", category="features")).posted.thread
    assert await bug.promote() == 303
    await bug.job()
    assert await bug.state() == "linked"
    bug.thread = (await bug.world.ask("How does it open?")).posted.thread
    assert await bug.promote() == 409


async def test_what_becomes_of_it_comes_back_as_small_events(bug: Bug) -> None:
    await linked(bug)
    remark = rest_comment(12, comment("egret", "On it."), 5, REPOSITORY)
    await tell(bug, "issue_comment", "created", issue=there("01"), comment=remark)
    ours = rest_comment(12, comment("pond-helper[bot]", "<!-- haas:bot -->"), 6, REPOSITORY)
    await tell(bug, "issue_comment", "created", issue=there("01"), comment=ours)
    labelled = {"labels": [{"name": "night"}], "milestone": {"title": "v2"}}
    await tell(bug, "issues", "labeled", issue=there("02", **labelled))
    await tell(bug, "issues", "closed", issue=there("05", **labelled, **CLOSED))
    await tell(bug, "issues", "reopened", issue=there("06", **labelled))
    # again, and late: nothing follows
    await tell(bug, "issues", "closed", issue=there("05", **labelled, **CLOSED))
    await tell(bug, "issue_comment", "created", issue=there("01"), comment=remark)
    assert await acts(bug) == ["issue_commented", "issue_labeled", "issue_milestoned", "issue_closed", "issue_reopened"]
    page = await bug.page(bug.world.site.guest())
    for words in (
        "<strong>egret</strong> on GitHub",
        "closed the issue",
        "#issuecomment-5",
        "<strong>night</strong>",
        ">v2<",
    ):
        assert words in page
    # its words are there, and the thread goes on here
    assert not await fetch_value("select is_closed from thread where id = $1", bug.thread)
    assert await fetch_value("select count(*) from post where thread_id = $1", bug.thread) == 1


async def test_when_it_closes_those_with_the_same_problem_hear_it_once(bug: Bug) -> None:
    await linked(bug)
    bea, first = (
        await bug.world.person("bea"),
        await fetch_value("select id from post where thread_id = $1", bug.thread),
    )
    await react(await bea.reader(), first, "same", on=True)
    await react(await bug.world.supporter.reader(), first, "like", on=True)
    for minute in ("05", "07"):
        await tell(bug, "issues", "closed", issue=there(minute, **CLOSED))
        await tell(bug, "issues", "reopened", issue=there(f"{int(minute) + 1:02}"))
    assert await heard() == {"ana", "bea"}


async def test_outsiders_of_a_thread_that_became_private_hear_nothing(bug: Bug) -> None:
    await linked(bug)
    bea, first = (
        await bug.world.person("bea"),
        await fetch_value("select id from post where thread_id = $1", bug.thread),
    )
    await react(await bea.reader(), first, "same", on=True)
    await execute("update thread set visibility = 'private' where id = $1", bug.thread)
    await tell(bug, "issues", "closed", issue=there("05", **CLOSED))
    assert await heard() == {"ana"}
    assert "closed the issue" not in await bug.page(bea)
