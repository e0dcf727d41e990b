"""Logins become placeholder people, known by GitHub's number where it is told."""

from pathlib import Path

import pytest

from forum.database.engine import execute, fetch
from tests.helpers.github import archive, bring, issue, make_project, rest, thread_of, user
from tests.helpers.site import Site


@pytest.fixture(autouse=True)
async def pond(site: Site) -> int:
    return await make_project(site)


async def test_a_number_makes_an_archives_login_sure(tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(1)))
    await bring(tmp_path, [rest(issue(1)), rest(issue(2), user=user("wader2", user("wader")["id"]))])

    assert (await thread_of(2))["username"] == "wader@github.com"
    ids = await fetch("select foreign_id from origin_alias where kind = 'person' order by 1")
    assert [i["foreign_id"] for i in ids] == ["login:wader", "login:wader2", f"user:{user('wader')['id']}"]


async def test_a_freed_login_taken_by_somebody_else_is_somebody_else(tmp_path: Path) -> None:
    await bring(
        tmp_path, [rest(issue(1)), rest(issue(2), user=user("Wader", 77)), rest(issue(3), user=user("wader", 78))]
    )

    told = [(await thread_of(n))["username"] for n in (1, 2, 3)]
    assert told == ["wader@github.com", "Wader~2@github.com", "wader~3@github.com"]


async def test_deleted_accounts_are_one_ghost(tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(1, author=""), issue(2, author="ghost")))
    await bring(tmp_path, [rest(issue(3), user=None), rest(issue(4), user=user("ghost", 10137))])

    assert [(await thread_of(n))["username"] for n in (1, 2, 3, 4)] == ["ghost@github.com"] * 4


async def test_a_claimed_placeholder_stays_claimed(site: Site, tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(1)))
    me = await site.person("ines")
    await execute("update person set same_as = $1 where username = 'wader@github.com'", me)

    await bring(tmp_path, archive(issue(1), issue(2)))

    people = await fetch("select username, same_as from person where kind = 'placeholder'")
    assert [tuple(p) for p in people] == [("wader@github.com", me)]
    assert "Ines" in (await site.guest().get(f"/t/{(await thread_of(2))['id']}", follow_redirects=True)).text


async def test_who_only_closed_is_named_but_gets_no_row(tmp_path: Path) -> None:
    closed = {"state": "closed", "closed_at": "2024-05-02T12:00:00Z"}
    by_stranger = rest(issue(1), **closed, closed_by=user("keeper"), state_reason="not_planned")
    await bring(tmp_path, [by_stranger, rest(issue(2), **closed, closed_by=user("wader"))])

    acts = await fetch(
        "select a.username, e.data from thread_act e left join person a on a.id = e.actor_id order by e.id"
    )
    assert [tuple(act) for act in acts] == [
        (None, {"reason": "not planned", "by": "keeper"}),
        ("wader@github.com", {}),
    ]
