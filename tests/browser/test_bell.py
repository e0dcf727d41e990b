"""The bell in the browser: it rings on a page with nothing else live on it, and whose holidays one keeps is chosen there."""

from playwright.async_api import expect

from forum.notifications.actions import tell
from tests.helpers.browsing import Windows
from tests.helpers.world import World


async def test_the_bell_rings_on_the_page_where_mails_are_chosen_and_a_country_brings_its_parts(
    windows: Windows, world: World
) -> None:
    sam = world.supporter
    page = await windows.open("/u/sam/preferences/mail", sam)
    bell = page.locator("#bell")
    await expect(bell).to_have_text("Notices")
    for n in (1, 2):
        await tell(sam.person or 0, "accepted", key=str(n), project=world.project)
        await expect(bell).to_contain_text(f", {n} unread")
    await page.get_by_label("Public holidays of").select_option("DE")
    part = page.get_by_label("In its part")
    await part.select_option("BY")
    await expect(page.locator("#part")).to_contain_text("The next holidays:")
    await page.get_by_role("button", name="Keep these").click()
    await expect(page.get_by_text("Your preferences are kept.")).to_be_visible()
    await expect(part).to_have_value("BY")
    await expect(page.locator("#lost")).to_be_hidden()
