"""How many SQL statements a page costs: fixed numbers, whatever waits."""

import asyncio

from forum.database.engine import execute
from tests.conftest import Statements
from tests.helpers.money import paid_bump
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import Asked
from tests.helpers.world import World


async def cost(statements: Statements, browser: Browser, path: str) -> int:
    """What a page costs, everything that runs for it counted."""
    # the connection tells of a statement a moment later: first those of before must have been told
    await asyncio.sleep(0)
    statements.clear()
    assert (await browser.get(path)).status_code == 200
    await asyncio.sleep(0)
    return statements.count


async def more(world: World, count: int, by: str = "ben") -> None:
    """So many more who wait, every third of them paid."""
    for n in range(count):
        asked = await world.ask(f"How do I do thing {n}?", by=by)
        await execute("delete from rate")
        if n % 3 == 0:
            await execute("update ticket set rank_amount = 500 where id = $1", asked.ticket)
            await execute("select queue_enter($1)", asked.ticket)


async def test_the_page_of_a_waiting_ticket_costs_a_guest_four_statements_and_others_eight(
    site: Site, statements: Statements
) -> None:
    world = await World.make(site)
    one = await world.ask("How do I read a file?")
    await world.supporter.post(f"/tickets/{one.ticket}/claim")
    assert await cost(statements, site.guest(), one.posted.url) <= 4
    await paid_bump(Asked(world, one.ticket or 0, one.posted.thread, one.posted.url, await world.person("ana")))
    for browser in (await world.person("ana"), world.supporter, world.owner, world.outsider):
        assert await cost(statements, browser, one.posted.url) <= 8, "the first view, which is written down"
        assert await cost(statements, browser, one.posted.url) <= 7


async def test_the_inbox_costs_the_same_with_five_and_sixty_waiting(site: Site, statements: Statements) -> None:
    world = await World.make(site)
    await more(world, 5)
    last = await world.ask("How do I read a file?")
    paths = ("/p/pelican/inbox", f"/p/pelican/inbox/{last.ticket}", "/p/pelican/inbox?view=mine")
    few = [await cost(statements, world.supporter, path) for path in paths]
    await more(world, 55)
    assert [await cost(statements, world.supporter, path) for path in paths] == few
    assert max(few) <= 16
    assert await cost(statements, world.supporter, "/p/pelican/inbox?from=51") == few[0]


async def test_the_home_page_costs_the_same_with_one_and_five_own_tickets(site: Site, statements: Statements) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    await world.ask("How do I read a file?")
    one = await cost(statements, ana, "/")
    await more(world, 5, by="ana")
    assert await cost(statements, ana, "/") == one
