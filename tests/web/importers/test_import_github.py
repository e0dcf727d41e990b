"""Importing invented issues: each once by whichever door, what changed there is brought up, what changed here stays."""

from pathlib import Path

import pytest

from forum.database.engine import execute, fetch, fetch_value
from importers.github.archive import NotAnArchive
from importers.placing import NoPlace
from tests.conftest import Statements
from tests.helpers.github import (
    NOW,
    REPOSITORY,
    archive,
    bring,
    comment,
    counts,
    everything,
    issue,
    make_project,
    posts_of,
    rest,
    rest_comment,
    rows_of,
    thread_of,
)
from tests.helpers.site import Site

TALK = [
    comment("egret", "Mine too.", "2024-05-02T08:00:00Z"),
    comment("wader", "Since when?", "2024-05-02T09:00:00Z"),
    comment("egret", "May.", "2024-05-03T08:00:00Z"),
]
CLOSED = {"state": "CLOSED", "closedAt": "2024-05-02T12:00:00Z", "updatedAt": "2024-05-03T08:00:00Z"}


@pytest.fixture(autouse=True)
async def pond(site: Site) -> int:
    return await make_project(site)


async def test_an_issue_becomes_a_thread_with_its_people_dates_tags_and_end(tmp_path: Path) -> None:
    told = issue(7, **CLOSED, labels=["bug", "Night Shift"], comments=TALK)

    summary = await bring(tmp_path, archive(told))

    assert summary.as_json() == {
        "threads": 1,
        "posts": 4,
        "people": 2,
        "tags": 2,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "skipped": [],
    }
    thread = await thread_of(7)
    assert (thread["title"], thread["category"], thread["username"]) == (
        "The pump stops at night",
        "bugs",
        "wader@github.com",
    )
    assert thread["tags"] == ["bug", "night-shift"]
    assert thread["is_closed"] and thread["accepted_number"] is None
    assert str(thread["created_at"]) == "2024-05-01 08:00:00+00:00"
    assert str(thread["bumped_at"]) == str(thread["last_post_at"]) == "2024-05-03 08:00:00+00:00"
    assert thread["origin_url"] == f"https://github.com/{REPOSITORY}/issues/7"
    assert await posts_of(7) == [
        ("wader@github.com", "It ran all day.\n\nThen it *stopped*.", "2024-05-01T08:00:00Z"),
        ("egret@github.com", "Mine too.", "2024-05-02T08:00:00Z"),
        ("wader@github.com", "Since when?", "2024-05-02T09:00:00Z"),
        ("egret@github.com", "May.", "2024-05-03T08:00:00Z"),
    ]
    (act,) = await fetch("select kind, after_number, at from thread_act")
    assert (act["kind"], act["after_number"], str(act["at"])) == ("close", 3, "2024-05-02 12:00:00+00:00")
    people = await fetch("select kind, password, email, origin_url from person where kind <> 'local' order by id")
    assert tuple(people[0]) == ("placeholder", None, None, "https://github.com/wader")
    assert await fetch_value("select count(*) from handle where person_id is not null") == 1
    assert await fetch_value("select count(*) from ticket") == 0


async def test_text_is_cooked_anew_and_made_safe(tmp_path: Path) -> None:
    await bring(
        tmp_path, archive(issue(7, body="See #3 and <script>alert(1)</script> [x](javascript:alert(1)) **so**"))
    )

    html = await fetch_value("select html from post")
    assert '<a class="issue" href="/p/pond/issues/3">#3</a>' in html and "<strong>so</strong>" in html
    assert "<script" not in html and 'href="javascript' not in html


async def test_a_second_run_changes_nothing_and_costs_nothing(tmp_path: Path, statements: Statements) -> None:
    told = archive(issue(7, **CLOSED, comments=TALK), issue(8, labels=["x"]))
    await bring(tmp_path, told)
    before = await everything()
    statements.clear()

    summary = await bring(tmp_path, told)

    assert counts(summary) == (0, 0, 2)
    assert (summary.threads, summary.posts, len(summary.people), len(summary.tags)) == (2, 5, 2, 1)
    assert statements.count < 8
    assert await everything() == before


@pytest.mark.parametrize("archive_first", [True, False])
async def test_the_same_issues_by_both_doors_are_there_once(tmp_path: Path, archive_first: bool) -> None:
    twice = [*TALK, comment("egret", "May.", "2024-05-03T08:00:00Z")]
    told = [issue(7, **CLOSED, comments=twice), issue(8, comments=TALK[:1])]
    doors = [archive(*told), rows_of(told)]
    first, second = doors if archive_first else reversed(doors)
    await bring(tmp_path, first)
    before = {name: len(found) for name, found in (await everything()).items() if name != "origin_alias"}

    summary = await bring(tmp_path, second)
    again = await bring(tmp_path, first)

    assert counts(summary) == counts(again) == (0, 0, 2)
    assert {name: len(found) for name, found in (await everything()).items() if name != "origin_alias"} == before
    assert len(await posts_of(7)) == 5 and len(await posts_of(8)) == 2


async def test_an_issue_object_may_bring_its_comments(tmp_path: Path) -> None:
    row = rest(issue(7), comments=[rest_comment(7, c, n + 1) for n, c in enumerate(TALK)])

    await bring(tmp_path, [row])
    await bring(tmp_path, archive(issue(7, comments=TALK)))

    assert len(await posts_of(7)) == 4


async def test_comments_without_their_issue_are_told(tmp_path: Path) -> None:
    summary = await bring(tmp_path, [rest_comment(9, TALK[0], 1)])

    assert [(f.where, f.why) for f in summary.skipped] == [("line 1 (comment of #9)", "issue #9 is not here")]


async def test_what_changed_there_is_brought_up_and_what_stood_there_is_kept(tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(7, labels=["x", "y"], comments=TALK[:1])))
    bumped = (await thread_of(7))["bumped_at"]
    later = "2024-05-09T00:00:00Z"
    told = issue(
        7,
        "The pump stops at dusk",
        body="Found it.",
        labels=["y", "z"],
        state="CLOSED",
        closedAt=later,
        updatedAt=later,
        comments=[comment("egret", "Mine as well.", "2024-05-02T08:00:00Z", updatedAt=later)],
    )

    summary = await bring(tmp_path, archive(told))

    assert counts(summary) == (0, 1, 0)
    thread = await thread_of(7)
    assert (thread["title"], thread["slug"]) == ("The pump stops at dusk", "the-pump-stops-at-dusk")
    assert (thread["tags"], thread["is_closed"], thread["bumped_at"]) == (["y", "z"], True, bumped)
    assert [text for _who, text, _at in await posts_of(7)] == ["Found it.", "Mine as well."]
    revisions = await fetch("select markdown, title from post_revision order by post_id")
    assert [tuple(r) for r in revisions] == [
        ("It ran all day.\n\nThen it *stopped*.", "The pump stops at night"),
        ("Mine too.", None),
    ]
    edited = await fetch("select edited_at from post")
    assert {str(e["edited_at"]) for e in edited} == {"2024-05-09 00:00:00+00:00"}
    assert counts(await bring(tmp_path, archive(told))) == (0, 0, 1)


async def test_reopening_there_opens_the_thread_again(tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(7, **CLOSED)))

    await bring(tmp_path, archive(issue(7, updatedAt="2024-05-09T00:00:00Z")))

    assert not (await thread_of(7))["is_closed"]
    acts = await fetch("select kind, at from thread_act order by id")
    assert [(a["kind"], a["at"].day) for a in acts] == [("close", 2), ("reopen", 9)]


async def test_new_comments_go_to_the_end_with_their_own_dates(tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(7, comments=TALK[:1])))

    summary = await bring(tmp_path, archive(issue(7, comments=TALK, updatedAt="2024-05-03T08:00:00Z")))

    assert counts(summary) == (0, 1, 0)
    assert [at for _who, _text, at in await posts_of(7)][1:] == [c["createdAt"] for c in TALK]
    assert str((await thread_of(7))["bumped_at"]) == "2024-05-03 08:00:00+00:00"


async def test_what_was_changed_here_outlives_the_next_import(tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(7, **CLOSED, labels=["x"], comments=TALK[:1])))
    await execute("update thread set is_closed = false, title = 'Ours'")
    await execute("update post set markdown = 'Ours too' where number = 1")
    await execute("with g as (insert into tag (name) values ('ours') returning id)"
                  " insert into thread_tag select t.id, g.id from thread t, g")  # fmt: skip
    told = issue(7, **{**CLOSED, "updatedAt": "2024-05-20T00:00:00Z"}, labels=["x", "new"], comments=TALK)

    await bring(tmp_path, archive(told))

    thread = await thread_of(7)
    assert (thread["title"], thread["is_closed"], thread["tags"]) == ("Ours", False, ["new", "ours", "x"])
    assert [text for _who, text, _at in await posts_of(7)] == ["Ours too", "Mine too.", "Since when?", "May."]


async def test_an_older_archive_turns_nothing_back_but_may_bring_comments(tmp_path: Path) -> None:
    newer = rest(issue(7, "New name", **CLOSED))
    await bring(tmp_path, [newer])

    summary = await bring(tmp_path, archive(issue(7, "Old name", labels=["old"], comments=TALK[:1])))

    assert counts(summary) == (0, 1, 0)
    thread = await thread_of(7)
    assert (thread["title"], thread["is_closed"], thread["tags"], thread["last_number"]) == ("New name", True, [], 2)


async def test_a_comment_of_a_deleted_account_is_still_the_same(tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(7, comments=TALK)))
    gone = [c | {"author": ""} if c["author"] == "egret" else c for c in TALK]

    summary = await bring(tmp_path, archive(issue(7, comments=gone)))

    assert counts(summary) == (0, 0, 1)
    assert [who for who, _text, _at in await posts_of(7)][1] == "egret@github.com"


async def test_two_comments_of_one_second_stay_two(tmp_path: Path) -> None:
    twin = comment("egret", "Yes.")

    for _ in range(2):
        await bring(tmp_path, archive(issue(7, comments=[twin, twin, twin | {"body": "No."}])))

    assert [text for _who, text, _at in await posts_of(7)][1:] == ["Yes.", "Yes.", "No."]


async def test_no_issue_lands_where_only_some_may_read(tmp_path: Path) -> None:
    words = "XSS vulnerability: attacker can steal the password of any account, CVE-2024-12345"

    await bring(tmp_path, archive(issue(1, words, body=words), issue(2, words, body=words, labels=["security"])))

    assert {(await thread_of(n))["category"] for n in (1, 2)} == {"bugs"}
    assert {(await thread_of(n))["visibility"] for n in (1, 2)} == {"public"}


async def test_dates_that_are_still_to_come_are_now(tmp_path: Path) -> None:
    later = "2999-01-01T00:00:00Z"
    told = issue(7, at=later, state="CLOSED", closedAt=later, comments=[comment("egret", "Hello.", later)])

    await bring(tmp_path, archive(told))

    thread = await thread_of(7)
    assert thread["created_at"] == thread["bumped_at"] == NOW
    assert await fetch_value("select at from thread_act") == NOW
    assert counts(await bring(tmp_path, archive(told))) == (0, 0, 1)


async def test_a_number_that_occurs_twice_is_told_and_the_first_counts(tmp_path: Path) -> None:
    summary = await bring(tmp_path, archive(issue(7), issue(7, "Another")))

    assert (summary.threads, (await thread_of(7))["title"]) == (1, "The pump stops at night")
    assert [f.where for f in summary.skipped] == ["issues[1] (#7)"]


async def test_issues_that_claim_one_id_are_two(tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(1, id="I_same"), issue(2, "Another", id="I_same")))

    assert (await thread_of(1))["id"] != (await thread_of(2))["id"]


async def test_a_renamed_repository_is_known_by_its_issues_ids(tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(7, comments=TALK)))

    told = archive(issue(7, comments=TALK), repo="heron/lake")
    summary = await bring(tmp_path, told, repository="heron/lake")

    assert counts(summary) == (0, 0, 1)
    assert (await thread_of(7))["id"] == (await thread_of(7, "heron/lake"))["id"]


async def test_a_repository_stands_in_one_project(site: Site, tmp_path: Path) -> None:
    await make_project(site, "lake")
    await bring(tmp_path, archive(issue(7)))

    with pytest.raises(NoPlace, match="pond"):
        await bring(tmp_path, archive(issue(7)), project="lake", repository="HERON/pond")


async def test_a_project_without_open_categories_takes_nothing(tmp_path: Path, pond: int) -> None:
    await execute("update category set visibility = 'private' where project_id = $1", pond)

    with pytest.raises(NoPlace, match="no category"):
        await bring(tmp_path, archive(issue(7)))
    assert await fetch_value("select count(*) from person where kind <> 'local'") == 0


async def test_a_thread_moved_out_of_sight_still_gets_its_comments(tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(7)))
    await execute("update thread set visibility = 'private', category_id = (select id from category"
                  " where kind = 'security')")  # fmt: skip

    summary = await bring(tmp_path, archive(issue(7, comments=TALK)))

    assert counts(summary) == (0, 1, 0) and not summary.skipped
    assert len(await posts_of(7)) == 4


async def test_a_record_that_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await bring(tmp_path, archive(issue(1)))
    before = await everything()
    monkeypatch.setattr("importers.github.storing.close", fail)

    with pytest.raises(ConnectionError):
        await bring(tmp_path, archive(issue(1), issue(2, **CLOSED, author="new", labels=["l"], comments=TALK)))

    assert await everything() == before


async def fail(*_args: object) -> None:
    raise ConnectionError


async def test_what_is_no_archive_writes_nothing(tmp_path: Path) -> None:
    before = await everything()

    with pytest.raises(NotAnArchive):
        await bring(tmp_path, b"<html>")

    assert await everything() == before
