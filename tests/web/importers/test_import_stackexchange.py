"""Importing questions from dumps: threads, whose the posts are, again and again without a double, changes there and here."""

import json
from asyncio import to_thread
from pathlib import Path

import pytest

from categories.support.actions import take_in
from forum.accounts.claims import claim
from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.recount import recount
from importers.placing import NoPlace
from importers.stackexchange.commands import run_import
from tests.helpers.github import make_project
from tests.helpers.site import Site
from tests.helpers.stackexchange import (
    FILES,
    HOST,
    POSTS,
    answer,
    bring,
    comment,
    counts,
    page_of,
    posts_of,
    question,
    write_dump,
)


@pytest.fixture(autouse=True)
async def pond(site: Site) -> int:
    return await make_project(site)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_dump(tmp_path, POSTS, **FILES)


async def test_a_question_becomes_a_thread_with_answers_and_comments_in_order(folder: Path) -> None:
    summary = await bring(folder)

    assert summary.as_json() == {
        "threads": 2, "posts": 6, "people": 3, "tags": 3, "created": 2, "updated": 0, "unchanged": 0, "skipped": [],
    }  # fmt: skip
    posts = await posts_of(1)
    assert [(p["number"], p["username"], p["reply_to"]) for p in posts] == [
        (1, f"7@{HOST}", None),
        (2, f"7@{HOST}", 1),
        (3, f"8@{HOST}", None),
        (4, f"deleted@{HOST}", None),
        (5, f"7@{HOST}", 3),
    ]
    first = posts[0]
    assert (first["accepted_number"], first["is_closed"], first["last_number"], first["reply_count"]) == (3, True, 5, 4)
    assert first["markdown"] == "It ran all day.\n\nThen it *stopped*."
    assert posts[2]["markdown"] == "Clean it:\n\n```\nrinse --all\n  # twice\n```"
    assert [p["origin_url"] for p in posts] == [
        f"https://{HOST}/q/1",
        f"https://{HOST}/questions/1#comment6_1",
        f"https://{HOST}/a/2",
        f"https://{HOST}/a/3",
        f"https://{HOST}/questions/1#comment5_2",
    ]


async def test_kept_counts_are_true_afterwards(folder: Path) -> None:
    await bring(folder)

    assert await recount() == []


async def test_it_stands_in_support_without_a_ticket_and_earns_nobody_points(folder: Path) -> None:
    await bring(folder)

    kinds = await fetch("select c.kind from thread t join category c on c.id = t.category_id")
    assert {row["kind"] for row in kinds} == {"support"}
    assert await fetch_value("select count(*) from ticket") == 0
    assert await fetch_value("select count(*) from reputation_event") == 0
    assert await fetch_value("select count(*) from reaction") == 0


async def test_a_second_import_adds_nothing_and_changes_nothing(folder: Path) -> None:
    first = await bring(folder)
    before = [tuple(post.values()) for id_ in (1, 4) for post in await posts_of(id_)]

    again = await bring(folder)

    assert counts(first) == (2, 0, 0) and counts(again) == (0, 0, 2)
    assert again.as_json() == first.as_json() | {"created": 0, "unchanged": 2}
    assert [tuple(post.values()) for id_ in (1, 4) for post in await posts_of(id_)] == before
    assert await fetch_value("select count(*) from person where kind = 'placeholder'") == 3


async def test_what_changed_there_changes_here(tmp_path: Path, folder: Path) -> None:
    await bring(folder)
    newer = "2021-07-01T00:00:00.000"
    posts = [
        question(
            1, "Why does the pump stop at night?", AcceptedAnswerId=3, Score=9, Tags="<pump>", LastActivityDate=newer
        ),
        answer(2, 1, Body="<p>Rinse it.</p>", ContentLicense="CC BY-SA 4.0", LastEditDate=newer),
        answer(3, 1, Body="<p>New words.</p>", OwnerUserId=None, OwnerDisplayName="user99", LastEditDate=newer),
        answer(9, 1, CreationDate="2021-05-01T12:00:00.000"),
        POSTS[3],
    ]
    users = [{"Id": 7, "DisplayName": "Ada Crane"}, {"Id": 8, "DisplayName": "Bo & Co"}]
    write_dump(
        tmp_path, posts, **FILES | {"Users": users, "PostLinks": [], "Comments": [*FILES["Comments"], comment(10, 9)]}
    )

    summary = await bring(folder)

    assert counts(summary) == (0, 2, 0)  # Ada is called otherwise on both
    rows = await posts_of(1)
    assert rows[0]["title"] == "Why does the pump stop at night?"
    assert (rows[0]["accepted_number"], rows[0]["is_closed"]) == (4, False)
    # what is new stands behind what was there, whatever its date
    assert [(p["number"], p["reply_to"]) for p in rows[5:]] == [(6, None), (7, 6)]
    assert [p["markdown"] for p in rows][2:4] == ["Rinse it.", "New words."]
    assert rows[0]["attribution"]["score"] == 9 and rows[0]["name"] == "Ada Crane"
    tags = await fetch(
        "select g.name from thread_tag x join tag g on g.id = x.tag_id where x.thread_id = $1", rows[0]["thread_id"]
    )
    assert [row["name"] for row in tags] == ["pump"]
    acts = await fetch("select kind from thread_act where thread_id = $1 order by id", rows[0]["thread_id"])
    assert [row["kind"] for row in acts] == ["accept", "close", "reopen", "accept"]
    assert await recount() == []
    assert counts(await bring(folder)) == (0, 0, 2)


async def test_an_edit_here_outlives_an_import_that_says_nothing_new(tmp_path: Path, folder: Path) -> None:
    await bring(folder)
    first = (await posts_of(1))[0]
    await execute("update post set markdown = 'Edited here.', html = '<p>Edited here.</p>' where id = $1", first["id"])
    await execute("update thread set accepted_number = 4, is_closed = false where id = $1", first["thread_id"])
    write_dump(tmp_path, [POSTS[0] | {"Score": 5}, *POSTS[1:]], **FILES)

    assert counts(await bring(folder)) == (0, 1, 1)

    row = (await posts_of(1))[0]
    assert (row["markdown"], row["accepted_number"], row["is_closed"]) == ("Edited here.", 4, False)
    assert row["attribution"]["score"] == 5


async def test_an_older_dump_turns_nothing_back(tmp_path: Path, folder: Path) -> None:
    await bring(folder)
    older = POSTS[0] | {
        "LastActivityDate": "2021-05-01T09:00:00.000",
        "Title": "Old title",
        "Body": "<p>Old.</p>",
        "ClosedDate": None,
    }
    write_dump(
        tmp_path,
        [older, POSTS[3]],
        **FILES | {"Comments": [comment(11, 1, CreationDate="2021-05-01T08:30:00.000")], "PostLinks": []},
    )

    summary = await bring(folder)

    # a comment that is not here yet comes all the same
    assert counts(summary) == (0, 1, 1)
    rows = await posts_of(1)
    assert (rows[0]["title"], rows[0]["is_closed"]) == ("Why does the pump stop?", True)
    assert rows[0]["markdown"].startswith("It ran") and len(rows) == 6


async def test_a_duplicate_leads_to_the_other_thread(site: Site, folder: Path) -> None:
    await bring(folder)
    other = (await posts_of(4))[0]

    html = await page_of(site, 1)

    where = f"/p/pond/questions/{HOST}/4"
    assert f'a duplicate of <a href="{where}"' in html
    guest = site.guest()
    assert (await guest.get(where)).headers["location"] == f"/t/{other['slug']}/{other['thread_id']}"
    assert (await guest.get(f"/p/pond/questions/{HOST}/77")).headers["location"] == f"https://{HOST}/q/77"
    # nobody is led to a site that the project has nothing of
    assert (await guest.get("/p/pond/questions/evil.example/4")).status_code == 404
    assert (await guest.get(f"/p/nowhere/questions/{HOST}/4")).status_code == 404


async def test_a_question_that_few_may_read_leads_strangers_to_its_site(site: Site, folder: Path) -> None:
    await bring(folder)
    await execute("update thread set visibility = 'team'")
    where = f"/p/pond/questions/{HOST}/4"
    owner = await site.browser(await fetch_value("select id from person where username = 'olga'"))

    assert (await site.guest().get(where)).headers["location"] == f"https://{HOST}/q/4"
    assert (await owner.get(where)).headers["location"].startswith("/t/")


async def test_a_question_stands_in_one_project(site: Site, folder: Path) -> None:
    await bring(folder)
    await make_project(site, "lake")

    with pytest.raises(NoPlace, match="stands in the project pond already"):
        await bring(folder, project="lake")


async def test_what_was_claimed_stays_whose_it_is(site: Site, tmp_path: Path, folder: Path) -> None:
    await bring(folder)
    mei = await site.person("mei")
    ada = await fetch_value("select id from person where username = $1", f"7@{HOST}")
    await claim(ada, mei, actor=mei, how="admin")
    write_dump(tmp_path, [*POSTS, answer(9, 4, OwnerUserId=7)], **FILES)

    await bring(folder)

    html = await page_of(site, 4)
    assert html.count('data-author="mei"') == 2
    # whose it was on the site is still said
    assert f"https://{HOST}/users/7" in html


@pytest.mark.parametrize("broken", ["Posts", "Comments", "Votes", "PostLinks"])
async def test_a_dump_that_breaks_off_leaves_nothing(
    folder: Path, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / f"{broken}.xml"
    file.write_bytes(file.read_bytes()[:-20])

    assert await run_import("pond", None, None, str(folder)) == 1

    out, err = capsys.readouterr()
    assert not out and f"{broken}.xml, line " in err and err.startswith("Nothing was imported")
    counted = await fetch_one(
        "select (select count(*) from thread) as threads, (select count(*) from person where kind = 'placeholder') as"
        " people, (select count(*) from import_source) as sources, (select count(*) from tag) as tags"
    )
    assert counted is not None and not any(counted.values())


async def test_one_question_that_the_database_refuses_costs_itself_alone(tmp_path: Path, site: Site) -> None:
    await execute("insert into person (username, name) values ($1, 'Squatter')", f"8@{HOST}")
    folder = write_dump(tmp_path, POSTS, **FILES)

    summary = await bring(folder)

    assert counts(summary) == (1, 0, 0)
    assert [(f.where, f.why) for f in summary.skipped] == [
        ("Posts.xml, line 3 (post 1)", f"the name 8@{HOST} is somebody else's")
    ]
    assert await fetch_value("select count(*) from thread") == 1


async def test_what_goes_wrong_is_told_in_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for project, tag, named, dump, status, told in (
        ("pond", None, None, None, 2, "--dump DIR"),
        ("pond", "pump", None, str(folder), 2, "--dump DIR"),
        ("pond", None, "a b", str(folder), 2, "not a site"),
        ("pond", "a b", None, None, 2, "not a tag"),
        ("nowhere", None, None, str(folder), 1, "no project nowhere"),
        ("pond", None, None, "/nowhere/at.all.com", 1, "no such folder"),
    ):
        assert await run_import(project, tag, named, dump) == status

        out, err = capsys.readouterr()
        assert told in err and err.count("\n") == 1 and not out


async def test_the_site_is_the_folders_name_unless_it_is_said(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = await to_thread(folder.rename, tmp_path / "dump")

    assert await run_import("pond", None, "pond", str(other), True) == 0
    assert json.loads(capsys.readouterr().out)["created"] == 2
    assert await run_import("pond", None, None, str(other), True) == 0

    out, err = capsys.readouterr()
    assert json.loads(out)["created"] == 2 and "stackoverflow.com" in err
    assert {row["name"] for row in await fetch("select name from import_source")} == {HOST, "stackoverflow.com"}


async def test_a_ticket_made_of_a_question_follows_when_it_is_closed_there(
    site: Site, tmp_path: Path, folder: Path
) -> None:
    await bring(folder)
    owner = await site.browser(await fetch_value("select id from person where username = 'olga'"))
    thread = (await posts_of(4))[0]["thread_id"]
    await take_in(await owner.reader(), thread)
    closed = POSTS[3] | {"ClosedDate": "2021-06-01T00:00:00.000", "LastActivityDate": "2021-06-01T00:00:00.000"}
    write_dump(tmp_path, [*POSTS[:3], closed], **FILES)

    await bring(folder)

    assert await fetch_value("select state from ticket where thread_id = $1", thread) == "closed"
