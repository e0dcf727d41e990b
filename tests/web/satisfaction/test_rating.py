"""How it went: one's own word about one's own ticket, asked once it is over, changed for 14 days, told to the team alone."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from categories.support.joining.merging import merge
from forum.database.engine import execute, fetch, fetch_one, fetch_value
from tests.helpers.site import Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


@pytest.fixture
async def over(world: World) -> Asked:
    """A ticket that the team answered and resolved."""
    one = await asked(world)
    await one.says(world.supporter, "resolve")
    assert await one.state() == "resolved"
    return one


async def said(one: Asked) -> list[tuple[int, str]]:
    rows = await fetch("select face, comment from rating where ticket_id = $1 order by id", one.ticket)
    return [(row["face"], row["comment"]) for row in rows]


async def link(one: Asked) -> str:
    found = await fetch_value(
        "select said ->> 'rate' from notice where thread_id = $1 and kind = 'solved_by'", one.thread
    )
    return str(found)


async def test_it_is_asked_of_the_requester_alone_once_the_ticket_is_over(world: World) -> None:
    one = await asked(world)
    assert "How did it go?" not in (await one.ana.get(one.url)).text
    await one.says(world.supporter, "resolve")
    assert "How did it go?" in (await one.ana.get(one.url)).text
    for other in (world.outsider, world.supporter, world.site.guest()):
        assert "How did it go?" not in (await other.get(one.url)).text


async def test_a_face_is_said_changed_and_a_comment_added_and_all_of_it_stays(over: Asked, world: World) -> None:
    path = f"/tickets/{over.ticket}/rating"
    assert (await over.ana.post(path, {"face": "1"})).status_code == 303
    assert "You said: Bad." in (await over.ana.get(over.url)).text
    await over.ana.post(path, {"face": "3"})
    await over.ana.post(path, {"face": "3", "comment": "It was a typing fault of mine."})
    await over.ana.post(path, {"face": "3", "comment": "It was a typing fault of mine."})
    assert await said(over) == [(1, ""), (3, ""), (3, "It was a typing fault of mine.")]
    shown = (await world.supporter.get(over.url)).text
    assert "It was a typing fault of mine." in shown and "How it went" in shown
    for other in (world.outsider, world.site.guest()):
        assert "typing fault" not in (await other.get(over.url)).text


async def test_nobody_else_says_it(over: Asked, world: World) -> None:
    path = f"/tickets/{over.ticket}/rating"
    assert (await world.outsider.post(path, {"face": "1"})).status_code == 403
    assert (await world.supporter.post(path, {"face": "3"})).status_code == 403, "nor those who answered"
    assert await said(over) == []


async def test_a_ticket_that_waits_is_not_rated(world: World) -> None:
    one = await asked(world)
    assert (await one.ana.post(f"/tickets/{one.ticket}/rating", {"face": "1"})).status_code == 409
    assert await said(one) == []


async def test_after_14_days_it_stays_as_it_is(over: Asked, database: str) -> None:
    path = f"/tickets/{over.ticket}/rating"
    await over.ana.post(path, {"face": "2"})
    await pass_time(database, timedelta(days=13, hours=23))
    await over.ana.post(path, {"face": "3"})
    await pass_time(database, timedelta(hours=2))
    late = await over.ana.post(path, {"face": "1"})
    assert late.status_code == 409 and "14 days ago" in late.text
    assert [face for face, _comment in await said(over)] == [2, 3]
    assert "How did it go?" not in (await over.ana.get(over.url)).text


async def test_what_is_over_once_more_is_asked_and_said_once_more(over: Asked, world: World, database: str) -> None:
    guest, path = world.site.guest(), await link(over)
    await guest.get(path)
    await guest.post(path, {"face": "3"})
    await pass_time(database, timedelta(days=20))
    await over.says(over.ana)
    # open again: what was said long ago stays, and nothing new is asked yet
    assert "open again" in (await guest.get(path)).text
    assert (await guest.post(path, {"face": "1"})).status_code == 422
    assert "How did it go?" not in (await over.ana.get(over.url)).text
    await over.says(world.supporter, "resolve")
    again = await link(over)
    assert again == path and "Send" in (await guest.get(path)).text
    assert "You said: Good." in (await over.ana.get(over.url)).text
    assert (await guest.post(path, {"face": "1", "comment": "It came back."})).status_code == 200
    await over.ana.post(f"/tickets/{over.ticket}/rating", {"face": "2", "comment": "It came back."})
    assert await said(over) == [(3, ""), (1, "It came back."), (2, "It came back.")]
    await pass_time(database, timedelta(days=15))
    assert (await guest.post(path, {"face": "3"})).status_code == 422
    assert len(await said(over)) == 3


async def test_a_word_while_the_ticket_is_open_again_is_within_its_14_days(over: Asked, database: str) -> None:
    path = f"/tickets/{over.ticket}/rating"
    await over.ana.post(path, {"face": "3"})
    await over.says(over.ana)
    await pass_time(database, timedelta(days=13))
    assert (await over.ana.post(path, {"face": "1"})).status_code == 303
    await pass_time(database, timedelta(days=2))
    assert (await over.ana.post(path, {"face": "2"})).status_code == 409
    assert await said(over) == [(3, ""), (1, "")]


async def test_a_word_sent_many_times_at_once_is_one(over: Asked, world: World) -> None:
    guest, path = world.site.guest(), await link(over)
    await guest.get(path)
    told = await asyncio.gather(*(guest.post(path, {"face": "1", "comment": "Twice."}) for _n in range(8)))
    assert {answer.status_code for answer in told} == {200}
    assert await said(over) == [(1, "Twice.")]


async def test_whatever_only_looks_says_nothing(over: Asked, world: World) -> None:
    guest, path = world.site.guest(), f"{await link(over)}?face=1"
    for method in ("GET", "HEAD", "OPTIONS"):
        await guest.http.request(method, path, headers={"sec-purpose": "prefetch", "purpose": "prefetch"})
    # without the form's own mark a machine's POST says nothing either
    assert (await guest.http.post(path, data={"face": "1"})).status_code == 403
    assert await said(over) == []


async def pass_time(database: str, time: timedelta) -> None:
    """Time goes by: what was said and done is so much older. Only the owner of the tables may set it."""
    owner = await asyncpg.connect(database)
    try:
        await owner.execute("update rating set at = at - $1::interval", time)
        await owner.execute("update ticket_step set at = at - $1::interval", time)
    finally:
        await owner.close()


async def test_the_closing_notice_is_told_once_each_time_it_is_over(over: Asked, world: World) -> None:
    rows = await fetch("select person_id, said from notice where kind = 'solved_by'")
    ana = await fetch_value("select id from person where username = 'ana'")
    assert [row["person_id"] for row in rows] == [ana]
    await over.says(over.ana)
    assert await over.state() == "waiting"
    await over.says(world.supporter, "resolve")
    assert await fetch_value("select count(*) from notice where kind = 'solved_by'") == 2


async def test_the_link_of_the_mail_asks_and_only_sending_says(over: Asked, world: World) -> None:
    guest = world.site.guest()
    path = await link(over)
    shown = await guest.get(f"{path}?face=3")
    assert shown.status_code == 200 and "How did it go?" in shown.text
    assert 'value="3" checked' in shown.text
    assert "no-store" in shown.headers["cache-control"]
    assert await said(over) == [], "whatever reads mail follows links, and says nothing by it"
    done = await guest.post(path, {"face": "3", "comment": "Quick."})
    assert done.status_code == 200 and "It counts as: Good." in done.text
    assert await said(over) == [(3, "Quick.")]
    assert await fetch_value("select person_id from rating") == await fetch_value(
        "select id from person where username = 'ana'"
    )


async def test_without_a_face_what_was_typed_stays(over: Asked, world: World) -> None:
    guest, path = world.site.guest(), await link(over)
    await guest.get(path)
    answer = await guest.post(path, {"comment": "Hm."})
    assert answer.status_code == 422 and "Choose one of the three." in answer.text and "Hm." in answer.text
    assert await said(over) == []


async def test_a_link_that_was_never_given_or_whose_person_is_gone_leads_nowhere(over: Asked, world: World) -> None:
    guest = world.site.guest()
    assert (await guest.get("/rate/" + "x" * 32)).status_code == 404
    assert (await guest.get("/rate/short")).status_code == 404
    path = await link(over)
    assert (await guest.get(path)).status_code == 200
    await execute("update person set disabled_at = now() where username = 'ana'")
    assert (await guest.get(path)).status_code == 404
    assert (await guest.post(path, {"face": "1"})).status_code == 404


async def test_each_step_of_a_ticket_is_noted_by_the_database(over: Asked, world: World) -> None:
    await over.says(over.ana)
    rows = await fetch("select state_from, state_to from ticket_step where ticket_id = $1 order by id", over.ticket)
    assert [(row["state_from"], row["state_to"]) for row in rows] == [
        (None, "draft"),
        ("draft", "waiting"),
        ("waiting", "answered"),
        ("answered", "resolved"),
        ("resolved", "waiting"),
    ]
    row = await fetch_one("select bool_and(project_id = $1) as same from ticket_step", world.project)
    assert row is not None and row["same"]


async def test_the_link_of_a_ticket_that_was_merged_later_asks_about_the_one_that_stands_for_it(
    over: Asked, world: World
) -> None:
    path, guest = await link(over), world.site.guest()
    twin = await asked(world, "How can I read files?", by="ben")
    await merge(await world.owner.reader(), over.ticket, twin.ticket)
    await guest.get(path)
    early = await guest.post(path, {"face": "2", "comment": ""})
    assert early.status_code == 422 and "not over yet" in early.text
    await twin.says(world.supporter, "resolve")
    assert (await guest.post(path, {"face": "2", "comment": ""})).status_code == 200
    assert await said(twin) == [(2, "")] and await said(over) == []
