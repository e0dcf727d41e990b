"""Links between tickets and threads: both sides show them, both sides must allow them, and one solves the other."""

import pytest

from categories.support.joining.linking import link, unlink
from forum.database.engine import fetch, fetch_value
from forum.web.errors import Forbidden, Invalid, NotFound
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World


async def world_of(site: Site) -> tuple[Asked, Asked, Browser]:
    """Two tickets, and a triager."""
    world = await World.make(site)
    tri = await world.person("tri")
    await world.team(tri, "triager")
    return await asked(world), await asked(world, "How do I write a file?", by="ben"), tri


async def test_a_link_shows_on_both_sides_and_goes_from_both(site: Site) -> None:
    one, other, tri = await world_of(site)
    sent = await tri.post(f"/tickets/{one.ticket}/links", {"thread": str(other.thread)})
    assert sent.status_code == 303
    for here, there in ((one, other), (other, one)):
        page = (await tri.get(here.url)).text
        assert "Belongs together" in page and f"thread {there.thread}" in page and "Unlink" in page
        # whoever asked sees what belongs to their ticket, and cannot take it away
        own = (await here.ana.get(here.url)).text
        assert "Belongs together" in own and "Unlink" not in own
    assert "Belongs together" not in (await one.world.outsider.get(one.url)).text
    gone = await tri.post(f"/tickets/{one.ticket}/links/delete", {"thread": str(other.thread), "back": "thread"})
    assert gone.headers["location"] == other.url
    assert "Belongs together" not in (await tri.get(one.url)).text


async def test_a_link_the_other_way_is_the_same_link(site: Site) -> None:
    one, other, tri = await world_of(site)
    reader = await tri.reader()
    await link(reader, one.ticket, other.thread)
    await link(reader, other.ticket, one.thread, together=True)
    rows = await fetch("select ticket_id, together from ticket_thread where linked_at is not null")
    assert [tuple(row) for row in rows] == [(one.ticket, True)]
    await unlink(reader, other.ticket, one.thread)
    assert await fetch("select 1 from ticket_thread where linked_at is not null") == []
    assert await fetch_value("select count(*) from ticket_thread") == 2, "the homes stay"


async def test_what_is_linked_together_is_resolved_together_and_no_more(site: Site) -> None:
    one, other, tri = await world_of(site)
    third = await asked(one.world, "How do I close a file?", by="cleo")
    reader = await tri.reader()
    await link(reader, one.ticket, other.thread, together=True)
    await link(reader, third.ticket, other.thread)
    answer = await other.says(one.world.supporter)
    await other.accept(answer)
    assert await one.state() == "waiting", "it is a job's"
    await site.jobs()
    assert (await one.state(), await third.state()) == ("resolved", "waiting")
    told = await fetch("select person_id from notice where kind = 'resolved_with'")
    assert [row["person_id"] for row in told] == [one.ana.person]
    # whoever asked is not held to it
    await one.says(one.ana)
    await site.jobs()
    assert await one.state() == "waiting"


async def test_a_thread_without_a_ticket_solves_those_linked_with_it(site: Site) -> None:
    one, other, tri = await world_of(site)
    bug = await one.world.ask("Files are not closed", category="bugs", by="bob")
    for each in (one, other):
        await link(await tri.reader(), each.ticket, bug.posted.thread, together=True)
    sent = await one.world.supporter.post(f"/t/{bug.posted.thread}/replies", {"markdown": "Fixed in 2.1."})
    number = sent.headers["location"].rpartition("_")[2]
    assert (await tri.post(f"/t/{bug.posted.thread}/acceptance", {"number": number})).status_code == 303
    await site.jobs()
    assert [await one.state(), await other.state()] == ["resolved", "resolved"]


async def test_an_acceptance_that_was_taken_back_resolves_nothing(site: Site) -> None:
    one, other, tri = await world_of(site)
    await link(await tri.reader(), one.ticket, other.thread, together=True)
    await other.accept(await other.says(one.world.supporter))
    await other.ana.post(f"/t/{other.thread}/acceptance/delete")
    await site.jobs()
    assert await one.state() == "waiting"


async def test_who_may_not_on_both_sides_may_not_link(site: Site) -> None:
    one, other, tri = await world_of(site)
    for browser in (one.world.outsider, one.world.supporter, one.ana):
        with pytest.raises(Forbidden):
            await link(await browser.reader(), one.ticket, other.thread)
        sent = await browser.post(f"/tickets/{one.ticket}/links", {"thread": str(other.thread)})
        assert sent.status_code == 403
    await one.world.supporter.post(f"/tickets/{one.ticket}/claim")
    with pytest.raises(Forbidden):
        await link(await one.world.supporter.reader(), one.ticket, other.thread)
    with pytest.raises(Invalid):
        await link(await tri.reader(), one.ticket, one.thread)
    await other.move("security")
    with pytest.raises(NotFound):
        await link(await tri.reader(), one.ticket, other.thread)
    # an owner may; the public thread does not tell strangers of the private one
    await link(await one.world.owner.reader(), one.ticket, other.thread)
    assert f"thread {other.thread}" not in (await one.world.outsider.get(one.url)).text
    assert "How do I write a file?" not in (await tri.get(one.url)).text
