"""A repository's whole history from the live API: paged, conditional, within limits, resumed, and never twice."""

from pathlib import Path

import pytest

from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.outside.github import Limited, Unsure
from importers.github.live import import_history
from importers.github.progress import Taken, alone
from importers.placing import NoPlace
from tests.helpers.github import REPOSITORY, archive, bring, comment, counts, issue, posts_of, thread_of, user
from tests.helpers.history import Pond, described, n, pond, reactions_of, talk, word

__all__ = ["described", "pond"]
NAME = REPOSITORY.casefold()


def lively(pond: Pond) -> None:
    """Three issues on pages of two, a pull request, comments and reactions."""
    pond.history.page_most = 2
    pond.issue(1, labels=["bug"], milestone={"title": "v2"}, locked=True, active_lock_reason="too heated")
    pond.issue(2, "How do I drain it?", labels=["question"], author="egret")
    pond.issue(
        3,
        "Drain faster",
        pull_request=dict.fromkeys(("url", "html_url", "diff_url", "patch_url"), "https://example.org/3"),
    )
    pond.issue(
        4,
        "Wish for a lid",
        labels=["enhancement"],
        state="CLOSED",
        closed_at="2024-05-04T08:00:00Z",
        updated_at="2024-05-04T08:00:00Z",
        state_reason="not_planned",
        closed_by=user("egret"),
    )
    pond.comment(1, 11, "egret", "Mine too.")
    pond.comment(4, 12, "wader", "Please!", "2024-05-03T08:00:00Z")
    pond.comment(4, 13, "egret", "No.", "2024-05-05T08:00:00Z")
    pull = pond.comment(3, 14, "egret", "Looks good.")
    pull["html_url"] = pull["html_url"].replace("/issues/", "/pull/")
    pond.history.reactions = {
        "1": [(user("coot"), "+1"), (user("egret"), "heart"), (user("wader"), "+1"), (user("coot"), "eyes")],
        "11": [(user("wader"), "+1"), (user("coot"), "heart"), (user("coot"), "-1")],
    }


async def test_the_whole_history_comes(pond: Pond) -> None:
    lively(pond)
    told = await pond.bring()
    assert counts(told) == (3, 0, 0) and (told.threads, told.posts, len(told.tags)) == (3, 6, 3) and not told.skipped
    assert [row["category"] for row in [await thread_of(k) for k in (1, 2, 4)]] == ["bugs", "support", "features"]
    assert [text for _who, text, _at in await posts_of(4)][1:] == ["Please!", "No."]
    closed = await fetch_one("select after_number, data from thread_act where kind = 'close'")
    assert closed is not None and (closed["after_number"], closed["data"]["reason"]) == (2, "not planned")
    # a thumb under one's own issue is nobody's, and what has no counterpart here does not come
    assert await reactions_of(1) == {
        (1, "coot@github.com", "same"), (1, "egret@github.com", "like"),
        (2, "wader@github.com", "like"), (2, "coot@github.com", "thanks"),
    }  # fmt: skip
    known = await fetch_one("select g.* from github_issue g join thread t on t.id = g.thread_id where g.number = 1")
    assert known is not None and (known["milestone"], known["is_locked"], known["state"]) == ("v2", True, "open")


async def test_a_second_run_is_unchanged_and_free(pond: Pond) -> None:
    lively(pond)
    await pond.bring()
    before = (await n("post"), await n("thread_act"), await n("reaction"), await n("person"))
    pond.history.cost = pond.history.free = 0
    told = await pond.bring()
    assert counts(told) == (0, 0, 3)
    assert (await n("post"), await n("thread_act"), await n("reaction"), await n("person")) == before
    # what the repository is, is asked anew; each page is an answer of 304
    assert pond.history.free == 4 and pond.history.cost <= 1


async def test_only_what_changed_is_read_and_done(pond: Pond) -> None:
    lively(pond)
    await pond.bring()
    pond.history.issues[1] |= {"title": "How do I drain it fast?", "updated_at": "2024-06-01T08:00:00Z"}
    pond.comment(1, 15, "coot", "And mine.", "2024-06-02T08:00:00Z")
    pond.history.comments[0] |= {"body": "Mine too!", "updated_at": "2024-06-03T08:00:00Z"}
    pond.history.reactions["11"] = [(user("coot"), "heart")]
    told = await pond.bring()
    assert told.created == 0 and told.updated > 0
    assert (await thread_of(2))["title"] == "How do I drain it fast?"
    assert [text for _who, text, _at in await posts_of(1)][1:] == ["Mine too!", "And mine."]
    assert (2, "wader@github.com", "like") not in await reactions_of(1)


async def test_an_archive_before_adds_nothing_twice(pond: Pond, tmp_path: Path) -> None:
    lively(pond)
    first = issue(1, labels=["bug"], comments=[comment("egret", "Mine too.")])
    await bring(tmp_path, archive(first, issue(2, "How do I drain it?", labels=["question"], author="egret")))
    told = await pond.bring()
    assert counts(told) == (1, 0, 2)
    assert len(await posts_of(1)) == 2 and await n("thread") == 3
    assert await fetch_value("select count(*) from person where username ilike 'egret%'") == 1


async def test_an_archive_after_adds_nothing_either(pond: Pond, tmp_path: Path) -> None:
    lively(pond)
    await pond.bring()
    posts = await n("post")
    await bring(tmp_path, archive(issue(1, labels=["bug"], comments=[comment("egret", "Mine too.")])))
    assert await n("post") == posts and await n("thread") == 3


@pytest.mark.parametrize("at", range(2, 14))
async def test_cut_off_anywhere_it_goes_on_and_reads_no_page_twice(pond: Pond, at: int) -> None:
    lively(pond)
    pond.history.drops_at = at
    try:
        await pond.bring()
        died = False
    except Unsure:
        died = True
    had = [one.path + str(sorted(one.query.items())) for one in pond.github.asked[: at - 1]]
    pond.history.drops_at, begun = None, len(pond.github.asked)
    told = await pond.bring()
    assert (told.threads, told.posts, told.created) == (3, 6, 3 if died else 0)
    if died:
        again = [one.path + str(sorted(one.query.items())) for one in pond.github.asked[begun:]]
        twice = {path for path in set(had) & set(again) if "/issues" in path and "/reactions" not in path}
        assert not twice, "a page that stood here was read again"
    assert len(await reactions_of(1)) == 4


async def test_the_primary_limit_is_waited_for(pond: Pond) -> None:
    lively(pond)
    pond.history.left = 3
    told = await pond.bring()
    assert told.created == 3 and len(pond.paused) == 1 and 100 < pond.paused[0] < 130
    assert not [one for one in pond.github.asked if one.path.endswith("/rate_limit")]


async def test_a_secondary_limit_is_waited_for_as_long_as_it_says(pond: Pond) -> None:
    lively(pond)
    pond.github.fail(
        "GET", "/issues", 403, message="You have exceeded a secondary rate limit", headers={"retry-after": "33"}
    )
    assert (await pond.bring()).created == 3
    assert len(pond.paused) == 1 and 33 <= pond.paused[0] <= 36


async def test_where_nobody_waits_the_limit_ends_the_run_and_the_job_goes_on_later(pond: Pond) -> None:
    lively(pond)
    pond.github.fail("GET", "/issues", 429, headers={"retry-after": "60"})
    with pytest.raises(Limited):
        await pond.bring(pause=None)
    assert (await pond.bring(pause=None)).created == 3


async def test_links_lead_to_the_github_that_was_read(pond: Pond) -> None:
    """GitHub Enterprise Server has people and API on one host, as the stand-in has."""
    lively(pond)
    await pond.bring()
    there = f"{pond.github.url}/{REPOSITORY}"
    assert (await thread_of(2))["origin_url"] == f"{there}/issues/2"
    told = await fetch_one(
        "select p.repository, (select origin_url from person where username = 'egret@github.com') as egret,"
        " (select origin_url from post where origin_url like '%issuecomment-11') as comment from project p"
    )
    assert told is not None
    assert tuple(told) == (there, f"{pond.github.url}/egret", f"{there}/issues/1#issuecomment-11")
    gone = await pond.site.guest().get("/p/pond/issues/77")
    assert (gone.status_code, gone.headers["location"]) == (302, f"{there}/issues/77")


async def test_a_private_repository_does_not_become_public(pond: Pond) -> None:
    lively(pond)
    pond.history.is_private = True
    with pytest.raises(NoPlace, match="private"):
        await pond.bring()
    pond.history.is_private, pond.history.repository = False, "heron/other"
    with pytest.raises(NoPlace, match="shows no"):
        await pond.bring()
    assert await n("thread") == 0


async def test_two_at_once_do_not_do_it_twice(pond: Pond) -> None:
    lively(pond)
    async with alone(NAME):
        with pytest.raises(Taken):
            await pond.bring()
    assert (await pond.bring()).created == 3


async def test_without_the_app_it_is_read_as_anybody(pond: Pond) -> None:
    lively(pond)
    pond.github.repositories.clear()
    assert (await import_history(REPOSITORY, "pond")).created == 3
    assert not [
        one
        for one in pond.github.asked
        if "/repos/" in one.path and one.headers.get("authorization") and "installation" not in one.path
    ]


async def test_discussions_come_with_their_answers_and_replies(pond: Pond) -> None:
    lively(pond)
    many = [word(900 + k, f"Reply {k}", at=f"2024-05-10T08:00:{k:02}Z") for k in range(23)]
    pond.history.discussions = [
        talk(21, "How deep is it?", "Q&A", word(501, "Two metres.", *many), word(502, "Three."), answer={"databaseId": 502}),
        talk(22, "A lid that opens", "Ideas", word(503, "Yes!", faces=[("+1", user("coot"))]), faces=[("+1", user("egret"))]),
        *(talk(30 + k, f"Chat {k}", "General") for k in range(12)),
    ]  # fmt: skip
    told = await pond.bring()
    assert not told.skipped and told.created == 3 + 14
    deep = await thread_of(21)
    assert deep["category"] == "support" and deep["origin_url"].endswith("/discussions/21")
    assert len(await posts_of(21)) == 1 + 2 + 23
    accepted = await fetch_value(
        "select p.markdown from thread t join post p on p.thread_id = t.id and p.number = t.accepted_number where t.id = $1",
        deep["id"],
    )
    assert accepted == "Three."
    assert (await thread_of(22))["category"] == "features"
    assert (1, "egret@github.com", "same") in await reactions_of(22)
    assert (2, "coot@github.com", "like") in await reactions_of(22)
    pond.history.queries.clear()
    pond.history.discussions[1] |= {"title": "A lid that closes", "updatedAt": "2030-01-01T00:00:00Z"}
    assert (await pond.bring()).updated == 1
    assert (await thread_of(22))["title"] == "A lid that closes" and len(pond.history.queries) == 1


async def test_a_later_run_moves_discussions_whose_section_is_another_now(pond: Pond) -> None:
    pond.history.discussions = [talk(k, f"How deep is it, {k}?", "Q&A") for k in (21, 22, 23)]
    await pond.bring()
    olga = await pond.site.browser(await fetch_value("select id from person where username = 'olga'"))
    bugs = await fetch_value("select id from category where kind = 'bugs'")
    sent = await olga.post(f"/t/{(await thread_of(22))['id']}/move", {"category": str(bugs)})
    assert sent.status_code == 303, sent.text
    # imported before sections were kept
    await execute("update import_record set seen = seen - 'section' where foreign_id like '%#23'")
    idea = {"name": "Ideas", "slug": "ideas", "isAnswerable": False}
    for each in pond.history.discussions:
        each |= {"category": idea, "updatedAt": "2030-01-01T00:00:00Z"}
    assert (await pond.bring()).updated == 2
    assert [(await thread_of(k))["category"] for k in (21, 22, 23)] == ["features", "bugs", "features"]


async def test_discussions_without_the_app_are_told_as_left_out(pond: Pond) -> None:
    pond.issue(1)
    pond.history.discussions = [talk(21, "How deep is it?", "Q&A")]
    pond.github.repositories.clear()
    told = await pond.bring()
    assert told.created == 1 and [fault.where for fault in told.skipped] == ["discussions"]
    assert len(await fetch("select 1 from thread")) == 1
