"""What a phone shows without a swipe."""

from playwright.async_api import expect

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
