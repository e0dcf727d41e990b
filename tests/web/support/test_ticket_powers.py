"""Who takes in, claims, assigns, puts back, moves, resolves: by the matrix, with named outsiders."""

import asyncio
from datetime import UTC, datetime

import pytest

from categories.support import actions
from forum.database.engine import fetch_one, fetch_value
from forum.web.errors import Conflict, Forbidden, Invalid
from tests.helpers.site import Site
from tests.helpers.tickets import asked, imported
from tests.helpers.world import World


async def test_an_imported_thread_has_no_ticket_until_a_triager_takes_it_in(site: Site) -> None:
    world = await World.make(site)
    thread = await imported(world)
    tilda = await world.person("tilda")
    await world.team(tilda, "triager")
    assert await fetch_value("select count(*) from ticket") == 0
    for browser in (world.supporter, world.outsider):
        assert (await browser.post(f"/t/{thread}/ticket")).status_code == 403
    assert (await site.guest().post(f"/t/{thread}/ticket")).status_code in (401, 403)
    assert await fetch_value("select count(*) from ticket") == 0
    assert (await tilda.post(f"/t/{thread}/ticket")).status_code == 303
    row = await fetch_one("select state, is_native, waiting_since from ticket where thread_id = $1", thread)
    assert row is not None and (row["state"], row["is_native"]) == ("waiting", False)
    assert row["waiting_since"] > datetime(2024, 1, 2, tzinfo=UTC)
    assert (await tilda.post(f"/t/{thread}/ticket")).status_code == 409


async def test_only_support_takes_imported_threads_in(site: Site) -> None:
    world = await World.make(site)
    thread = await imported(world)
    await world.owner.post(f"/t/{thread}/bucket/bugs")
    with pytest.raises(Invalid):
        await actions.take_in(await world.owner.reader(), thread)
    await world.owner.post(f"/t/{thread}/bucket/support")
    assert await fetch_value("select count(*) from ticket") == 0, "moving alone takes nothing imported in"


# Claim, assign, release


async def test_the_team_claims_and_nobody_else(site: Site) -> None:
    one = await asked(await World.make(site))
    for browser in (one.world.outsider, one.ana):
        assert (await browser.post(f"/tickets/{one.ticket}/claim")).status_code == 403
    assert (await one.row())["assignee_id"] is None
    assert (await one.world.supporter.post(f"/tickets/{one.ticket}/claim")).status_code == 303
    assert (await one.row())["assignee_id"] == one.world.supporter.person
    assert (await one.world.supporter.post(f"/tickets/{one.ticket}/claim")).status_code == 303, "again is no error"
    assert await fetch_value("select count(*) from thread_act where kind = 'claim'") == 1


async def test_assigning_others_is_for_triagers_and_whoever_has_the_ticket(site: Site) -> None:
    one = await asked(await World.make(site))
    tilda, sven = await one.world.person("tilda"), await one.world.person("sven")
    await one.world.team(tilda, "triager")
    await one.world.team(sven, "supporter")
    to_sven = {"username": "sven"}
    for browser in (one.world.outsider, one.ana, one.world.supporter):
        assert (await browser.post(f"/tickets/{one.ticket}/assignment", to_sven)).status_code == 403
    assert (await tilda.post(f"/tickets/{one.ticket}/assignment", {"username": "otto"})).status_code == 422
    assert (await tilda.post(f"/tickets/{one.ticket}/assignment", {"username": "sam"})).status_code == 303
    assert (await one.row())["assignee_id"] == one.world.supporter.person
    # the one who has it hands it on, and may then do so no longer
    assert (await one.world.supporter.post(f"/tickets/{one.ticket}/assignment", to_sven)).status_code == 303
    assert (await one.row())["assignee_id"] == sven.person
    assert (await one.world.supporter.post(f"/tickets/{one.ticket}/assignment", to_sven)).status_code == 403


async def test_putting_back_is_for_whoever_has_the_ticket_and_for_triagers(site: Site) -> None:
    one = await asked(await World.make(site))
    sven, tilda = await one.world.person("sven"), await one.world.person("tilda")
    await one.world.team(sven, "supporter")
    await one.world.team(tilda, "triager")
    release = f"/tickets/{one.ticket}/claim/delete"
    await sven.post(f"/tickets/{one.ticket}/claim")
    for browser in (one.world.outsider, one.ana, one.world.supporter):
        assert (await browser.post(release)).status_code == 403
    assert (await sven.post(release)).status_code == 303
    assert (await one.row())["assignee_id"] is None
    await sven.post(f"/tickets/{one.ticket}/claim")
    assert (await tilda.post(release)).status_code == 303
    assert (await one.row())["assignee_id"] is None


async def test_a_supporter_moves_and_accepts_with_an_assigned_ticket_alone(site: Site) -> None:
    one = await asked(await World.make(site))
    number = await one.says(one.world.outsider)
    assert await one.move("bugs", one.world.supporter) == 403
    assert await one.accept(number, one.world.supporter) == 403
    await one.world.supporter.post(f"/tickets/{one.ticket}/claim")
    assert await one.accept(number, one.world.supporter) == 303
    assert await one.move("bugs", one.world.supporter) == 303
    assert await one.move("support", one.world.outsider) == 403


async def test_the_team_resolves_and_closes_and_nobody_else(site: Site) -> None:
    one = await asked(await World.make(site))
    for browser in (one.world.outsider, one.ana):
        assert (await browser.post(f"/tickets/{one.ticket}/resolution")).status_code == 403
    assert (await one.world.outsider.post(f"/t/{one.thread}/closure")).status_code == 403
    assert (await one.world.supporter.post(f"/tickets/{one.ticket}/resolution")).status_code == 303
    assert await one.state() == "resolved"
    for purpose in ("facts", "resolve", "whisper"):
        sent = await one.world.outsider.post(f"/t/{one.thread}/replies", {"markdown": "So.", "purpose": purpose})
        assert sent.status_code == 403, purpose


async def test_of_two_who_claim_at_once_one_wins_and_the_other_is_told_who(site: Site) -> None:
    one = await asked(await World.make(site))
    sam, olga = await one.world.supporter.reader(), await one.world.owner.reader()
    results = await asyncio.gather(
        actions.claim(sam, one.ticket), actions.claim(olga, one.ticket), return_exceptions=True
    )
    lost = [result for result in results if result is not None]
    assert len(lost) == 1 and isinstance(lost[0], Conflict)
    winner = await fetch_value("select name from person where id = $1", (await one.row())["assignee_id"])
    assert winner in str(lost[0])
    assert await fetch_value("select count(*) from thread_act where kind = 'claim'") == 1


async def test_a_reader_who_is_nobody_may_do_nothing_to_a_ticket(site: Site) -> None:
    one = await asked(await World.make(site))
    otto = await one.world.outsider.reader()
    for deed in (actions.claim, actions.resolve, actions.reopen_ticket):
        with pytest.raises(Forbidden):
            await deed(otto, one.ticket)
    with pytest.raises(Forbidden):
        await actions.assign(otto, one.ticket, "sam")
    assert await one.state() == "waiting"
