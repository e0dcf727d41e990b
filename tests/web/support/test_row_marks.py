"""What lists of threads say of tickets: paid, to everybody; how much and what is due, to requester and team."""

from datetime import UTC, datetime, timedelta
from typing import Any

from forum.database.engine import execute
from tests.helpers.money import paid_bump
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import asked
from tests.helpers.world import World


async def said(browser: Browser, path: str) -> str:
    """The first line of the only row of a list."""
    page = (await browser.get(path)).text
    assert page.count('class="line1"') == 1
    return page.partition('<div class="line1">')[2].partition('<div class="line2">')[0]


async def test_a_paid_ticket_is_marked_in_every_list_and_its_amount_for_requester_and_team_alone(site: Site) -> None:
    one = await asked(await World.make(site))
    world = one.world
    everybody = (site.guest(), world.outsider, one.ana, world.supporter, world.owner)
    for browser in everybody:
        assert "mark--paid" not in await said(browser, "/latest")
    await paid_bump(one, 5000)
    for path in ("/", "/latest", "/unanswered", "/top", "/c/pelican", "/c/pelican/support"):
        for browser in (one.ana, world.supporter, world.owner):
            assert "€50.00" in await said(browser, path), path
        for browser in (site.guest(), world.outsider):
            line = await said(browser, path)
            assert "mark--paid" in line and ">paid<" in line and "50" not in line, path
    await world.supporter.post(f"/t/{one.thread}/replies", {"markdown": "With open.", "purpose": "reply"})
    for browser in everybody:
        assert "mark--paid" not in await said(browser, "/latest")


async def test_a_promise_that_is_due_is_marked_for_requester_and_team_alone(site: Site) -> None:
    one = await asked(await World.make(site))
    due = datetime.now(UTC) - timedelta(hours=1)
    await execute("update ticket set due_at = $2 where id = $1", one.ticket, due)
    for browser in (one.ana, one.world.supporter):
        assert "guarantee due" in await said(browser, "/latest")
    for browser in (site.guest(), one.world.outsider):
        assert "mark--due" not in await said(browser, "/latest")


async def test_lists_cost_few_statements_with_their_marks(site: Site, statements: Any) -> None:
    one = await asked(await World.make(site))
    await paid_bump(one)
    for browser, most in ((site.guest(), 4), (one.world.outsider, 8), (one.world.supporter, 8)):
        for path in ("/latest", "/c/pelican"):
            await browser.get(path)
            statements.clear()
            await browser.get(path)
            assert statements.count <= most, "\n\n".join(statements)
