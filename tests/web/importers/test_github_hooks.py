"""What GitHub's webhooks tell keeps imported issues as they are there, in whatever order and however often it comes."""

import json
import os
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.settings import Settings
from tests.helpers.deliveries import SECRET, discussion, mapped, remark, repository, row, tell
from tests.helpers.github import REPOSITORY, archive, bring, issue, posts_of, thread_of, user
from tests.helpers.history import Pond, described, n, pond
from tests.helpers.site import Browser

__all__ = ["described", "pond"]
Json = dict[str, Any]
SPECS = (Path(__file__).parents[3] / os.environ.get("HAAS_TEST_DATA", "../shared")).resolve() / "specs/github-webhooks"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, github_webhook_secret=SECRET)


async def test_what_happens_there_happens_here(pond: Pond) -> None:
    await mapped(pond)
    pond.issue(7)
    await pond.bring()
    edited = row(title="The pump stops at noon", at="2024-05-03T08:00:00Z", labels=["bug"])
    await tell(pond, "issues", "edited", issue=edited)
    await tell(pond, "issue_comment", "created", issue=edited, comment=remark(7, 71, "Why?", "2024-05-02T08:00:00Z"))
    closed = edited | {"state": "closed", "closed_at": "2024-05-04T08:00:00Z", "updated_at": "2024-05-04T08:00:00Z"}
    await tell(pond, "issues", "closed", issue=closed | {"state_reason": "not_planned"})
    thread = await thread_of(7)
    assert (thread["title"], thread["tags"], thread["is_closed"]) == ("The pump stops at noon", ["bug"], True)
    await tell(pond, "issue_comment", "edited", issue=closed, comment=remark(7, 71, "Why so?", "2024-05-05T08:00:00Z"))
    reopened = edited | {"updated_at": "2024-05-06T08:00:00Z", "milestone": {"title": "v2"}, "locked": True}
    await tell(pond, "issues", "reopened", issue=reopened)
    assert not (await thread_of(7))["is_closed"]
    assert [text for _who, text, _at in await posts_of(7)][1:] == ["Why so?"]
    page = (await pond.site.guest().get(f"/t/{thread['id']}", follow_redirects=True)).text
    assert "locked the issue" in page and "<strong>v2</strong>" in page
    await tell(
        pond, "issue_comment", "deleted", issue=reopened, comment=remark(7, 71, "Why so?", "2024-05-05T08:00:00Z")
    )
    page = (await pond.site.guest().get(f"/t/{thread['id']}", follow_redirects=True)).text
    assert "This post was removed." in page and "Why so?" not in page


async def test_new_issues_come_only_where_the_whole_repository_stands_here(pond: Pond, tmp_path: Path) -> None:
    await mapped(pond)
    await bring(tmp_path, archive(issue(1)))
    await tell(pond, "issues", "opened", issue=row(7))
    assert await n("thread") == 1
    pond.issue(1)
    await pond.bring()
    await tell(pond, "issues", "opened", issue=row(7))
    await tell(pond, "issues", "opened", issue=row(8), repository=repository(private=True))
    await tell(pond, "issues", "opened", issue=row(9) | {"pull_request": {"url": "x"}})
    await tell(pond, "issues", "opened", issue=row(10), repository=repository(id=5, full_name="heron/Lake"))
    assert await n("thread") == 2


async def test_comments_on_what_was_closed_come_as_the_project_wants(pond: Pond) -> None:
    await mapped(pond, comments_follow=False)
    pond.issue(7)
    await pond.bring()
    await tell(pond, "issue_comment", "created", issue=row(), comment=remark(7, 71, "Open.", "2024-05-02T08:00:00Z"))
    shut = row(state="CLOSED", closed_at="2024-05-03T08:00:00Z", at="2024-05-03T08:00:00Z")
    await tell(pond, "issue_comment", "created", issue=shut, comment=remark(7, 72, "Closed.", "2024-05-04T08:00:00Z"))
    # what stands here already is kept as it is there
    await tell(pond, "issue_comment", "edited", issue=shut, comment=remark(7, 71, "Opened.", "2024-05-04T08:00:00Z"))
    assert [text for _who, text, _at in await posts_of(7)][1:] == ["Opened."]


async def test_what_the_bot_wrote_does_not_come_back(pond: Pond) -> None:
    await mapped(pond)
    pond.issue(7)
    ours = remark(7, 71, f"Moved. <!-- haas:bot:move:{uuid4().hex} -->", "2024-05-02T08:00:00Z", by="pond-helper[bot]")
    pond.history.comments.append(ours)
    await pond.bring()
    await tell(pond, "issue_comment", "created", issue=row(), comment=ours)
    copied = ours | {"id": 72, "user": user("egret")}
    await tell(pond, "issue_comment", "created", issue=row(), comment=copied)
    assert [who for who, _text, _at in await posts_of(7)] == ["wader@github.com", "egret@github.com"]


def life(number: int) -> list[tuple[str, str, Json]]:
    """Everything that can happen to an issue, in the order in which it did: event, act, payload."""

    def at(minute: int) -> str:
        return f"2024-05-02T08:{minute:02}:00Z"

    r = row(number)
    steps: list[tuple[str, str, Json]] = [("issues", "opened", {"issue": r})]
    for minute, act, change in (
        (1, "edited", {"title": "The pump stops at noon"}),
        (2, "labeled", {"labels": [{"name": "night"}]}),
        (3, "labeled", {"labels": [{"name": "night"}, {"name": "pump"}]}),
        (6, "milestoned", {"milestone": {"title": "v2"}}),
        (8, "closed", {"state": "closed", "closed_at": at(8)}),
        (9, "reopened", {"state": "open", "closed_at": None}),
        (10, "locked", {"locked": True}),
        (11, "unlabeled", {"labels": [{"name": "pump"}]}),
        (14, "closed", {"state": "closed", "closed_at": at(14), "state_reason": "not_planned"}),
    ):
        r = r | change | {"updated_at": at(minute)}
        steps.append(("issues", act, {"issue": r}))
    talk = [
        ("created", 1, "Why?", 4), ("edited", 1, "Why so?", 5), ("created", 2, "Spam", 7), ("deleted", 2, "Spam", 7),
        ("created", 3, "Fixed.", 12), ("edited", 3, "Fixed in 2.", 13), ("edited", 1, "Why?!", 15),
    ]  # fmt: skip
    for act, k, body, minute in talk:
        first = {1: 4, 2: 7, 3: 12}[k]
        comment = remark(number, 100 * number + k, body, at(minute), made=at(first))
        steps.append(("issue_comment", act, {"issue": r | {"updated_at": at(14)}, "comment": comment}))
    return steps


async def picture(number: int) -> Json:
    """All that is shown of an issue's thread, but not the order in which late comments came."""
    thread = await thread_of(number)
    posts = await fetch(
        "select markdown, deleted_at is null as stands from post where thread_id = $1 and deleted_at is null",
        thread["id"],
    )
    known = await fetch_one("select * from github_issue where thread_id = $1", thread["id"])
    assert known is not None
    names = ("state", "reason", "milestone", "labels", "is_locked", "updated_at")
    shown = {name: thread[name] for name in ("title", "tags", "is_closed", "category", "username", "visibility")}
    return shown | {name: known[name] for name in names} | {"posts": sorted(row["markdown"] for row in posts)}


async def test_every_order_of_deliveries_converges_and_copies_change_nothing(pond: Pond) -> None:
    await mapped(pond)
    pond.issue(1)
    await pond.bring()
    for event, act, payload in life(100):
        await tell(pond, event, act, **payload)
    wanted = await picture(100)
    assert wanted["posts"] == sorted(["It ran all day.\n\nThen it *stopped*.", "Why?!", "Fixed in 2."])
    assert (wanted["title"], wanted["tags"], wanted["milestone"]) == ("The pump stops at noon", ["pump"], "v2")
    for number in range(101, 109):
        random = Random(number)
        steps = life(number)
        steps += random.sample(steps, 4)
        random.shuffle(steps)
        for event, act, payload in steps:
            await tell(pond, event, act, jobs=False, **payload)
        await pond.site.jobs()
        assert await picture(number) == wanted, f"order {number}"
    assert not await fetch_value("select failure from incoming where failure <> '' limit 1")


async def test_labels_that_come_later_say_where_it_stands_until_somebody_here_does(pond: Pond) -> None:
    await mapped(pond)
    pond.issue(7, "The pump", labels=["bug"])
    await pond.bring()
    olga: Browser = await pond.site.browser(await fetch_value("select id from person where username = 'olga'"))

    async def label(day: int, *labels: str) -> str:
        await tell(
            pond,
            "issues",
            "labeled",
            issue=row(title="The pump", labels=list(labels), at=f"2024-06-{day:02}T08:00:00Z"),
        )
        return str((await thread_of(7))["category"])

    assert await label(1, "bug", "night") == "bugs"
    assert await label(2, "enhancement", "night") == "features"
    assert await label(3, "question") == "support"
    assert await n("ticket") == 0, "no question waits here because of a label there"
    assert await label(2, "bug") == "support", "an older word is no news"
    thread = await thread_of(7)
    bugs = await fetch_value("select id from category where kind = 'bugs'")
    moved = await olga.post(f"/t/{thread['id']}/move", {"category": str(bugs)})
    assert moved.status_code == 303, moved.text
    assert await label(4, "enhancement") == "bugs", "a person here said where it stands"
    assert await n("thread_act where kind = 'move'") == 3
    assert await fetch_value("select array_agg(thread_count order by kind) from category where kind <> 'security'") == [
        1,
        0,
        0,
    ]


async def test_a_deleted_issue_is_the_teams_alone_and_does_not_come_back(pond: Pond) -> None:
    await mapped(pond)
    pond.issue(7)
    await pond.bring()
    thread = await thread_of(7)
    await tell(pond, "issues", "deleted", issue=row(at="2024-05-02T08:00:00Z"))
    await tell(pond, "issues", "edited", issue=row(title="Late", at="2024-05-01T09:00:00Z"))
    await tell(pond, "issues", "deleted", issue=row(number=8))
    await tell(pond, "issues", "opened", issue=row(number=8))
    await pond.bring()
    assert await n("thread") == 1
    olga = await fetch_value("select id from person where username = 'olga'")
    owner: Browser = await pond.site.browser(olga)
    url = f"/t/{thread['slug']}/{thread['id']}"
    assert (await owner.get(url)).status_code == 200
    for reader in (pond.site.guest(), await pond.site.member("nosy")):
        assert (await reader.get(url)).status_code == 404


async def test_a_transferred_issue_is_known_by_both_names(pond: Pond) -> None:
    await mapped(pond)
    pond.issue(7)
    await pond.bring()
    moved = {
        "new_issue": {"number": 3, "node_id": "I_new"},
        "new_repository": {"full_name": "heron/Lake", "private": False},
    }
    for _copy in range(2):
        await tell(pond, "issues", "transferred", issue=row(), changes=moved)
    assert (await thread_of(3, "heron/Lake"))["id"] == (await thread_of(7))["id"]
    assert await fetch_value("select count(*) from thread_act where kind = 'issue_moved'") == 1


async def test_discussions_follow_and_an_answer_may_come_before_its_comment(pond: Pond) -> None:
    await mapped(pond)
    pond.issue(1)
    await pond.bring()
    word = {
        "id": 501, "node_id": "DC_501", "discussion_id": 900, "parent_id": None, "body": "Two.", "user": user("egret"),
        "created_at": "2024-05-02T08:00:00Z", "updated_at": "2024-05-02T08:00:00Z",
    }  # fmt: skip
    mark = f"https://github.com/{REPOSITORY}/discussions/21#discussioncomment-501"
    await tell(pond, "discussion", "created", discussion=discussion())
    chosen = discussion("2024-05-03T08:00:00Z", answer_html_url=mark)
    await tell(pond, "discussion", "answered", discussion=chosen)
    assert (await thread_of(21))["accepted_number"] is None
    await tell(pond, "discussion_comment", "created", discussion=chosen, comment=word)
    assert (await thread_of(21))["accepted_number"] == 2 and (await thread_of(21))["category"] == "support"
    await tell(pond, "discussion", "unanswered", discussion=discussion("2024-05-04T08:00:00Z"))
    assert (await thread_of(21))["accepted_number"] is None
    await tell(pond, "discussion", "answered", discussion=chosen)
    assert (await thread_of(21))["accepted_number"] is None, "an older word is no news"


@pytest.mark.skipif(not SPECS.is_dir(), reason="no official payloads")
async def test_the_official_payloads_are_taken_as_they_are(pond: Pond) -> None:
    await pond.bring()
    files = sorted(
        file
        for event in ("issues", "issue_comment", "discussion", "discussion_comment")
        for file in (SPECS / event).glob("*.json")
    )
    for file in files:
        told = json.loads(file.read_text())
        repo = told["repository"]
        await execute(
            "insert into github_repository (id, name, project_id) values ($1, $2, $3) on conflict do nothing",
            repo["id"], repo["full_name"], pond.project,
        )  # fmt: skip
        await execute(
            "insert into github_import (name, repository, repository_id, project_id, whole_since)"
            " values (lower($1), $1, $2, $3, now()) on conflict do nothing",
            repo["full_name"], repo["id"], pond.project,
        )  # fmt: skip
        await tell(
            pond, file.parent.name, told["action"], jobs=False, **{k: v for k, v in told.items() if k != "action"}
        )
    await pond.site.jobs()
    assert not await fetch_value("select failure from incoming where failure <> '' limit 1")
    assert await n("thread") >= 2
