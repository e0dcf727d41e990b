"""The page of a queue's figures in a real browser: what is typed shows its effect at once, and counts when it is saved."""

from playwright.async_api import expect

from categories.support.policy import policy_of
from categories.support.queries import queue_state
from tests.helpers.browsing import Windows
from tests.helpers.tickets import asked, paid
from tests.helpers.world import World

PATH = "/p/pelican/settings/queue"


async def test_a_figure_shows_its_effect_as_it_is_typed_and_nothing_is_saved_before_save(
    windows: Windows, world: World
) -> None:
    await asked(world, "How do I read a file?")
    await paid(await asked(world, "How do I write a file?", by="ben"))
    windows.expect("422")
    page = await windows.open(PATH, world.owner)
    await page.evaluate("window.stays = true")
    effect, first = page.locator("#effect"), page.locator("#effect tbody tr").first
    await expect(effect).to_contain_text("What it does today")
    await expect(first).to_contain_text("How do I write a file?")

    share = page.get_by_label("Fair share, in percent")
    await share.fill("100")
    await expect(effect).to_contain_text("not saved yet")
    await expect(effect).to_contain_text("The order would be: 2 tickets move")
    await expect(first).to_contain_text("How do I read a file?")
    await expect(first).to_contain_text("up 1")
    await expect(effect).to_contain_text("unpaid ones first")
    await expect(share).to_be_focused()

    # a fault is said, with what stands, and typing goes on
    await page.get_by_label("Tickets one person holds").fill("0")
    await expect(effect.get_by_role("status")).to_contain_text("Tickets one person holds")
    await expect(first).to_contain_text("How do I write a file?")
    await page.get_by_label("Tickets one person holds").fill("3")
    await expect(effect).to_contain_text("not saved yet")
    await page.get_by_text("Waits since the last word").click()
    await expect(effect.get_by_role("status")).to_have_count(0)

    await share.press("Enter")
    await expect(effect).to_contain_text("not saved yet")

    assert await page.evaluate("window.stays"), "the page is the same"
    assert (await queue_state(world.project)).share == 20, "nothing is saved before Save"
    assert (await policy_of(world.project)).claims_most == 5
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await expect(effect).to_contain_text("What it does today")
    await expect(share).to_have_value("100")
    policy = await policy_of(world.project)
    assert (await queue_state(world.project)).share == 100
    assert (policy.claims_most, policy.waits_since) == (3, "last_word")


async def test_what_the_figures_do_stands_whole_in_the_window(windows: Windows, world: World) -> None:
    for n in range(22):
        await asked(world, f"How do I do thing {n}?", by=f"asker{n % 8}")
    page = await windows.open(PATH, world.owner)
    panel = page.locator("#effect > .panel")
    for scrolled in (0, 500):
        await page.evaluate(f"scrollTo(0, {scrolled})")
        box = await panel.bounding_box()
        assert box and box["y"] > 0 and box["y"] + box["height"] <= 900, (scrolled, box)
    # its end is reached by keyboard
    await panel.get_by_role("link").last.focus()
    await expect(panel.get_by_role("link").last).to_be_in_viewport()
