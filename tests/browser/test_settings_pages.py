"""A project's settings in a browser: what figures would do is shown, and the row of tabs fits."""

from playwright.async_api import expect

from tests.helpers.browsing import PHONE, Windows
from tests.helpers.money import paid_bump
from tests.helpers.tickets import asked
from tests.helpers.world import World


async def test_what_figures_would_do_is_shown_and_saves_nothing(windows: Windows, world: World) -> None:
    await asked(world)
    await paid_bump(await asked(world, "How do I write a file?", by="ben"), 5000)
    page = await windows.open("/p/pelican/settings/queue", world.owner)
    effect = page.locator("#effect")
    await expect(effect).to_contain_text("The order now")
    await page.get_by_label("Fair share, in percent").fill("100")
    await page.get_by_role("button", name="Show what it does").click()
    await expect(effect).to_contain_text("not saved yet")
    await expect(effect).to_contain_text("2 tickets move")
    await page.get_by_label("Unpaid tickets, in workdays").fill("3")
    await page.get_by_role("button", name="Show what it does").click()
    await expect(effect).to_contain_text("Unpaid, asked now, due")
    await page.reload()
    await expect(effect).to_contain_text("What it does today")
    await page.get_by_label("Fair share, in percent").fill("50")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(page.get_by_label("Fair share, in percent")).to_have_value("50")


async def test_the_days_ahead_are_those_of_the_calendar_that_is_typed(windows: Windows, world: World) -> None:
    page = await windows.open("/p/pelican/settings/calendar", world.owner)
    effect = page.locator("#effect")
    await expect(effect).to_contain_text("all day")
    await page.get_by_label("Time zone").select_option("Europe/Vienna")
    await page.get_by_role("button", name="Show what it does").click()
    await expect(effect).to_contain_text("not saved yet")
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"):
        await page.get_by_label(f"{day}, all day").uncheck()
        await page.get_by_label(f"{day}, from").fill("09:00")
        await page.get_by_label(f"{day}, until").fill("17:30")
    await page.get_by_role("button", name="Show what it does").click()
    await expect(effect).to_contain_text("09:00–17:30")
    await expect(effect).not_to_contain_text("all day")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Saved.")).to_be_visible()


async def test_on_a_phone_the_tab_of_the_settings_page_stands_in_sight(windows: Windows, world: World) -> None:
    for path in ("", "/calendar", "/queue"):
        page = await windows.open(f"/p/pelican/settings{path}", world.owner, viewport=PHONE)
        tab = page.get_by_role("navigation", name="Settings").locator("[aria-current=page]")
        await expect(tab).to_be_in_viewport(ratio=1)
        assert await page.evaluate("scrollY") == 0
        await page.close()
