"""What a phone shows without a swipe."""

from playwright.async_api import expect

from forum.database.engine import execute
from tests.helpers.browsing import PHONE, Windows
from tests.helpers.world import World


async def test_the_tab_of_the_page_stands_in_sight_in_a_projects_bar(windows: Windows, world: World) -> None:
    for path, name in (("/p/pelican/ledger", "Ledger"), ("/p/pelican/settings", "Settings"), ("/c/pelican", "Threads")):
        page = await windows.open(path, world.owner, viewport=PHONE)
        tab = page.get_by_role("navigation", name="Pelican Toolkit").get_by_role("link", name=name, exact=True)
        await expect(tab).to_have_attribute("aria-current", "page")
        await expect(tab).to_be_in_viewport(ratio=1)
        assert await page.evaluate("scrollY") == 0
        await page.close()


async def test_a_long_queue_is_no_wider_than_the_phone(windows: Windows, world: World) -> None:
    for n in range(32):
        await world.ask(f"How do I read file {n}?", by=f"asker{n % 4}")
        await execute("delete from rate")
    page = await windows.open("/p/pelican/inbox", world.supporter, viewport=PHONE)
    await expect(page.locator("#inbox_queue .track rect")).to_have_count(32)
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
