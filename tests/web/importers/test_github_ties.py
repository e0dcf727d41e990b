"""What deliveries of one second say is settled, in whatever order they come; and discussions follow their sections."""

from dataclasses import replace
from typing import Any

import pytest

from forum.database.engine import execute, fetch_value
from forum.outside import github as client
from forum.settings import Settings
from tests.helpers.deliveries import SECRET, discussion, mapped, remark, row, tell
from tests.helpers.github import REPOSITORY, posts_of, thread_of, user
from tests.helpers.history import Pond, described, n, pond, talk, word
from tests.helpers.site import Browser

__all__ = ["described", "pond"]
Json = dict[str, Any]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, github_webhook_secret=SECRET)


async def test_two_pictures_of_one_second_are_settled_by_asking(pond: Pond) -> None:
    await mapped(pond)
    there = pond.issue(7, labels=["bug", "pump"], updated_at="2024-05-03T08:00:00Z")
    await pond.bring()
    late = row(labels=["bug"], at="2024-05-03T08:00:00Z")
    await tell(pond, "issues", "labeled", issue=late)
    assert (await thread_of(7))["tags"] == ["bug", "pump"], "what GitHub says when it is asked counts"
    there["labels"] = [{"name": "bug"}]
    await tell(pond, "issues", "unlabeled", issue=late)
    assert (await thread_of(7))["tags"] == ["bug"]


@pytest.mark.parametrize("answered_first", [True, False])
async def test_two_pictures_of_a_discussion_of_one_second_are_settled_by_asking(
    pond: Pond, answered_first: bool
) -> None:
    await mapped(pond)
    at, word = "2024-05-03T08:00:00Z", {"id": "DC_501", "databaseId": 501, "body": "Two.", "replies": []}
    word |= {"createdAt": at, "updatedAt": at, "author": {"login": "egret", "databaseId": user("egret")["id"]}}
    node = {"id": "D_21", "number": 21, "title": "How deep is it now?", "body": "In metres.", "createdAt": at}
    node |= {"updatedAt": at, "closed": False, "closedAt": None, "locked": False, "stateReason": None, "labels": []}
    node |= {"author": {"login": "coot", "databaseId": user("coot")["id"]}, "answer": {"databaseId": 501}}
    node |= {"category": {"name": "Q&A", "slug": "q-a", "isAnswerable": True}, "comments": [word]}
    await pond.bring()
    pond.history.discussions = [node]
    mark = f"https://github.com/{REPOSITORY}/discussions/21#discussioncomment-501"
    pictures = [discussion(at, title="How deep is it now?"), discussion(at, answer_html_url=mark)]
    for one in reversed(pictures) if answered_first else pictures:
        await tell(pond, "discussion", "edited", discussion=one)
    thread = await thread_of(21)
    assert (thread["title"], thread["accepted_number"]) == ("How deep is it now?", 2)
    queries = len(pond.history.queries)
    await tell(pond, "discussion", "edited", discussion=discussion(at, title=thread["title"], answer_html_url=mark))
    assert len(pond.history.queries) == queries, "what is known already needs no asking"


ORDERS = [(1, 2), (2, 1)]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("asks", [True, False])
async def test_of_two_edits_of_one_second_the_later_one_stays(pond: Pond, order: tuple[int, int], asks: bool) -> None:
    await mapped(pond)
    there = pond.issue(7)
    at = "2024-05-02T08:00:30Z"
    kept = pond.comment(7, 71, "egret", "Why?")
    await pond.bring()
    kept |= {"body": "Why, then?", "updated_at": at}
    if not asks:
        pond.github.repositories.clear()
        pond.history.comments.clear()
        client.forget_tokens()
    edits = {
        1: (remark(7, 71, "Why so?", at), "Why?"),
        2: (remark(7, 71, "Why, then?", at), "Why so?"),
    }
    for n_th in order:
        comment, before = edits[n_th]
        await tell(pond, "issue_comment", "edited", issue=there, comment=comment, changes={"body": {"from": before}})
    assert [text for _who, text, _at in await posts_of(7)][1:] == ["Why, then?"]
    # the first words come last of all
    await tell(pond, "issue_comment", "created", issue=there, comment=remark(7, 71, "Why?", at))
    assert [text for _who, text, _at in await posts_of(7)][1:] == ["Why, then?"]


async def test_what_a_comment_says_is_asked_only_where_nothing_else_tells(pond: Pond) -> None:
    await mapped(pond)
    there = pond.issue(7)
    pond.comment(7, 71, "egret", "Why?")
    await pond.bring()
    asked = len(pond.github.asked)
    for body, at in (
        ("Why?", "2024-05-02T08:00:00Z"),
        ("Why so?", "2024-05-02T08:01:00Z"),
        ("Why?", "2024-05-02T08:00:00Z"),
    ):
        await tell(pond, "issue_comment", "edited", issue=there, comment=remark(7, 71, body, at))
    assert len(pond.github.asked) == asked
    assert [text for _who, text, _at in await posts_of(7)][1:] == ["Why so?"]


@pytest.mark.parametrize("order", ORDERS)
async def test_of_two_edits_of_one_second_in_a_discussion_the_later_one_stays(
    pond: Pond, order: tuple[int, int]
) -> None:
    await mapped(pond)
    at = "2024-05-03T08:00:00Z"
    pond.history.discussions = [
        talk(
            21, "How deep is it?", "Q&A", word(501, "Two.", at="2024-05-02T08:00:00Z"), updatedAt="2024-05-02T08:00:00Z"
        )
    ]
    await pond.bring()
    pond.history.discussions[0]["comments"][0] |= {"body": "Two metres.", "updatedAt": at}
    base = {
        "id": 501,
        "discussion_id": 900,
        "user": user("egret"),
        "created_at": "2024-05-02T08:00:00Z",
        "updated_at": at,
    }
    edits = {1: ("Two m.", "Two."), 2: ("Two metres.", "Two m.")}
    for n_th in order:
        body, before = edits[n_th]
        told = base | {"body": body}
        changes = {"body": {"from": before}}
        await tell(pond, "discussion_comment", "edited", discussion=discussion(), comment=told, changes=changes)
    assert [text for _who, text, _at in await posts_of(21)][1:] == ["Two metres."]


def in_section(name: str, day: int) -> Json:
    section = {"name": name, "slug": name.lower().replace(" ", "-"), "is_answerable": name == "Q&A"}
    return discussion(f"2024-06-{day:02}T08:00:00Z", category=section)


async def test_a_discussion_follows_its_section_until_the_team_moves_it(pond: Pond) -> None:
    await mapped(pond)
    pond.issue(1)
    await pond.bring()
    olga: Browser = await pond.site.browser(await fetch_value("select id from person where username = 'olga'"))

    async def put(name: str, day: int) -> str:
        changes = {"category": {"from": {"name": "Q&A", "slug": "q-a", "is_answerable": True}}}
        await tell(pond, "discussion", "category_changed", discussion=in_section(name, day), changes=changes)
        return str((await thread_of(21))["category"])

    await tell(pond, "discussion", "created", discussion=discussion())
    assert (await thread_of(21))["category"] == "support"
    assert await put("Ideas", 3) == "features"
    assert await put("Q&A", 2) == "features", "an older word is no news"
    thread = await thread_of(21)
    said = await olga.post(f"/t/{thread['id']}/replies", {"markdown": "A word from here moves nothing."})
    assert said.status_code == 303, said.text
    assert await put("Bugs", 4) == "bugs" and await n("ticket") == 0
    support = await fetch_value("select id from category where kind = 'support'")
    moved = await olga.post(f"/t/{thread['id']}/move", {"category": str(support)})
    assert moved.status_code == 303, moved.text
    assert await put("Ideas", 5) == "support", "the team said where it stands"


async def test_two_sections_of_one_second_are_settled_by_asking(pond: Pond) -> None:
    await mapped(pond)
    pond.history.discussions = [talk(21, "How deep is it?", "Q&A")]
    await pond.bring()
    pond.history.discussions = [talk(21, "How deep is it?", "Ideas", updatedAt="2024-06-03T08:00:00Z")]
    for name in ("Ideas", "Bugs"):
        await tell(pond, "discussion", "category_changed", discussion=in_section(name, 3))
    assert (await thread_of(21))["category"] == "features"


async def test_a_section_that_others_may_not_read_like_this_one_is_not_followed(pond: Pond) -> None:
    await mapped(pond)
    pond.history.discussions = [talk(21, "How deep is it?", "Q&A")]
    await pond.bring()
    await execute("update category set visibility = 'team' where kind = 'features'")
    await tell(pond, "discussion", "category_changed", discussion=in_section("Ideas", 3))
    assert (await thread_of(21))["category"] == "support"
