"""A private ticket: asked for the team alone, answered, and published when who asked agrees."""

from playwright.async_api import expect

from tests.helpers.browsing import Windows, looks
from tests.helpers.world import World


async def test_a_private_ticket_is_published_when_its_asker_agrees(windows: Windows, world: World) -> None:
    owner = await windows.open("/p/pelican/settings/asking", world.owner)
    await looks(owner, "private-settings")
    await owner.get_by_label("As who asks likes").check()
    await owner.get_by_role("button", name="Save", exact=True).click()
    ana = await world.person("ana")
    page = await windows.open("/new-thread?project=pelican&title=How+do+I+read+our+secret+file%3F", ana)
    await page.locator("textarea").first.fill("It holds customers' data.")
    await page.get_by_label("for yourself").check()
    await page.get_by_label("For the team alone").check()
    await page.get_by_label("I accept these terms.").check()
    await looks(page, "private-ask")
    await page.get_by_role("button", name="Submit without paying").click()
    await expect(page.get_by_role("heading", name="Private ticket")).to_be_visible()
    await looks(page, "private-asker")
    address = page.url
    guest = await windows.open(address)
    await expect(guest.get_by_text("customers' data")).to_have_count(0)

    # the team answers, and asks
    windows.expect("404")
    sam = await windows.open(address, world.supporter)
    await sam.get_by_label("Your reply").fill("With the key of the file.")
    await sam.get_by_role("button", name="Reply", exact=True).click()
    await expect(sam.get_by_text("With the key of the file.").first).to_be_visible()
    await sam.get_by_role("button", name="Ask to publish it").click()
    await expect(sam.locator("#publication")).to_contain_text("0 of 1")
    await looks(sam, "private-team")

    # the asker hears of it, declines, is asked again, and agrees
    await page.goto("/u/ana/notifications")
    await page.get_by_role("link", name="The team would like to publish").click()
    await expect(page.get_by_text("asks whether this ticket may be published")).to_be_visible()
    await looks(page, "private-asked")
    await page.get_by_role("button", name="Keep it private").click()
    await expect(page.locator(".event").last).to_contain_text("private")
    await sam.reload()
    await sam.get_by_role("button", name="Ask to publish it").click()
    await page.reload()
    await page.get_by_role("button", name="Agree and publish").click()
    await expect(page.locator("#publication")).to_have_count(0)
    await looks(page, "private-published")
    await guest.reload()
    await expect(guest.get_by_text("customers' data").first).to_be_visible()
