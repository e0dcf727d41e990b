"""What a supporter does all day in the inbox, in a real browser: out and back again, snoozing, resolving, answering."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, expect

from categories.support.replies.actions import Written, create
from forum.database.engine import execute, fetch_value
from forum.threads.writing import post_reply
from tests.helpers.browsing import PHONE, Windows, drag_taller
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World

TITLES = ("How do I read a folder of files?", "How do I read a folder?", "How do I close a file?")
LONG = "\n\n".join(f"Paragraph {n} of a long story." for n in range(30))


async def waiting(world: World) -> list[Asked]:
    return [await asked(world, title, by=f"asker{n}") for n, title in enumerate(TITLES)]


async def seen_whole(page: Page, part: Locator) -> bool:
    """Whether a part of the right pane stands between the ticket's head and the answer, in the window."""
    box, head = await part.bounding_box(), await page.locator(".ticket > header").bounding_box()
    foot = await page.locator(".dockreply").bounding_box()
    assert box and head and foot
    return box["y"] >= head["y"] + head["height"] - 1 and box["y"] + box["height"] <= foot["y"] + 1


@pytest.mark.parametrize("script", [True, False])
async def test_merging_linking_and_splitting_lead_back_to_the_list_they_began_in(
    windows: Windows, world: World, script: bool
) -> None:
    one, twin, other = await waiting(world)
    await post_reply(await (await world.person("ben")).reader(), one.thread, "And how do I write one?")
    view = "?view=unassigned"
    page = await windows.open(f"/p/pelican/inbox/{one.ticket}{view}", world.owner, java_script_enabled=script)

    async def out(name: str) -> None:
        await page.get_by_label("More ticket actions").click()
        await page.get_by_role("link", name=name).click()

    await out("Split posts off")
    await page.get_by_label("Title of the new thread").fill("How do I write a folder?")
    await page.get_by_label("ben").check()
    await page.get_by_role("button", name="Split off").click()
    await expect(page).to_have_url(f"{windows.url}/p/pelican/inbox/{one.ticket}{view}")
    await expect(page.get_by_text("These posts are a thread of their own now.")).to_be_visible()

    await out("Merge or link")
    await page.get_by_role("main").get_by_label("Look for").fill("close")
    await page.get_by_role("button", name="Look", exact=True).click()
    await page.locator("li", has_text=TITLES[2]).get_by_role("button", name="Link").click()
    await expect(page).to_have_url(f"{windows.url}/p/pelican/inbox/{one.ticket}{view}")
    await expect(page.get_by_text("Linked, on both sides.")).to_be_visible()

    await out("Merge or link")
    await page.get_by_role("link", name="Back to the inbox").click()
    await expect(page).to_have_url(f"{windows.url}/p/pelican/inbox/{one.ticket}{view}")
    await out("Merge or link")
    await page.locator("li", has_text=TITLES[1]).get_by_role("link", name="Merge into this").first.click()
    await page.get_by_role("button", name="Merge", exact=True).click()
    await expect(page).to_have_url(f"{windows.url}/p/pelican/inbox/{twin.ticket}{view}")
    await expect(page.locator("#th")).to_have_text(TITLES[1])
    await expect(page.get_by_text("Merged. Everybody who asked is told.")).to_be_visible()
    await expect(page.locator("li.q[aria-current]")).to_have_id(f"q_{twin.ticket}")
    assert await other.state() == "waiting"


async def test_snoozing_and_resolving_change_head_row_and_counts_and_leave_the_page(
    windows: Windows, world: World
) -> None:
    one, two, three = await waiting(world)
    page = await windows.open(f"/p/pelican/inbox/{two.ticket}", world.supporter)
    await page.evaluate("window.stays = true")
    await page.locator("#rb").fill("Half an answer")
    await page.keyboard.press("Escape")
    head = page.locator(".ticket > header")
    await page.keyboard.press("z")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(head).to_contain_text("snoozed until")
    await expect(page.locator("#n_snoozed")).to_have_text("1")
    await expect(page.locator(f"#q_{two.ticket}")).to_have_count(0)
    await expect(page.locator("#th a")).to_be_focused()
    await page.keyboard.press("z")
    await expect(head).not_to_contain_text("snoozed until")
    await expect(page.locator("#n_snoozed")).to_have_text("")
    await expect(page.locator(f"#q_{two.ticket}")).to_be_visible()
    await page.keyboard.press("x")
    await expect(head).to_contain_text("resolved")
    await expect(page.locator("#n_resolved")).to_have_text("1")
    await expect(page.locator(f"#q_{two.ticket}")).to_have_count(0)
    await expect(page.locator("#rb")).to_have_value("Half an answer")
    # the list is walked on from where the row stood
    await page.keyboard.press("j")
    await expect(page.locator(":focus")).to_have_text(TITLES[2])
    await page.keyboard.press("k")
    await expect(page.locator(":focus")).to_have_text(TITLES[0])
    assert await page.evaluate("window.stays")
    assert [await one.state(), await two.state(), await three.state()] == ["waiting", "resolved", "waiting"]


async def test_fields_that_were_dragged_taller_make_way_for_those_of_another_ticket(
    windows: Windows, world: World
) -> None:
    one, two, _ = await waiting(world)
    page = await windows.open(f"/p/pelican/inbox/{one.ticket}", world.owner)
    await page.keyboard.press("a")
    await drag_taller(page, page.locator("#note"))
    await page.keyboard.press("Escape")
    await page.keyboard.press("c")
    await expect(page.locator(".ticket > header")).to_contain_text("assigned to Olga")
    await drag_taller(page, page.locator("#rb"))
    await page.locator(f"#q_{two.ticket} a").click()
    await expect(page.locator("#th")).to_have_text(TITLES[1])
    for field in ("#note", "#rb"):
        await expect(page.locator(field)).not_to_have_attribute("style", re.compile(""))


async def test_a_day_that_was_not_chosen_is_said_in_the_head(windows: Windows, world: World) -> None:
    one = (await waiting(world))[0]
    windows.expect("422")
    page = await windows.open(f"/p/pelican/inbox/{one.ticket}", world.supporter)
    await page.keyboard.press("z")
    await page.get_by_role("button", name="Until then").click()
    await expect(page.get_by_role("alert")).to_have_text("Choose a day.")
    assert (await one.row())["snoozed_until"] is None


async def test_without_script_snoozing_waking_and_resolving_are_forms(windows: Windows, world: World) -> None:
    one = (await waiting(world))[0]
    here = f"/p/pelican/inbox/{one.ticket}?view=unassigned"
    page = await windows.open(here, world.supporter, java_script_enabled=False)
    head = page.locator(".ticket > header")
    await head.locator("summary", has_text="Snooze").click()
    await head.get_by_role("button", name="In 3 workdays").click()
    await expect(page.get_by_text("Snoozed until").first).to_be_visible()
    await expect(page).to_have_url(windows.url + here)
    await head.get_by_role("button", name="Wake it now").click()
    await expect(page.get_by_text("It stands in the lists again.")).to_be_visible()
    await head.get_by_label("More ticket actions").click()
    await head.get_by_role("button", name="Resolve").click()
    await expect(head).to_contain_text("resolved")
    await expect(page).to_have_url(windows.url + here)
    assert await one.state() == "resolved"


@pytest.mark.parametrize("size", ["desktop", "phone"])
async def test_after_an_answer_one_sees_it_and_goes_on_from_it(windows: Windows, world: World, size: str) -> None:
    one = (await waiting(world))[0]
    await post_reply(await one.ana.reader(), one.thread, LONG)
    options = {"viewport": PHONE} if size == "phone" else {}
    page = await windows.open(f"/p/pelican/inbox/{one.ticket}", world.supporter, **options)
    await page.locator("#rb").fill("Use the reader.")
    await page.locator("#rb").press("Control+Enter")
    said = page.locator("#post_3")
    await expect(said).to_contain_text("Use the reader.")
    await expect(said).to_be_focused()
    await expect(said).to_be_in_viewport()
    if size == "desktop":
        assert await seen_whole(page, said)
        assert await page.evaluate("scrollY") == 0, "the panes stay where they are"
        # the keys go on from there
        await page.keyboard.press("j")
        await expect(page.locator(".q :focus")).to_have_text(TITLES[1])
        await page.keyboard.press("r")
        await expect(page.locator("#rb")).to_be_focused()


async def test_without_script_too(windows: Windows, world: World) -> None:
    one = (await waiting(world))[0]
    await post_reply(await one.ana.reader(), one.thread, LONG)
    page = await windows.open(f"/p/pelican/inbox/{one.ticket}", world.supporter, java_script_enabled=False)
    await page.locator("#rb").fill("Use the reader.")
    await page.get_by_role("button", name="Answer", exact=True).click()
    await expect(page.locator("#post_3")).to_be_in_viewport()
    assert await seen_whole(page, page.locator("#post_3"))


async def test_of_two_who_press_claim_at_once_the_second_sees_who_has_it(windows: Windows, world: World) -> None:
    one = (await waiting(world))[0]
    windows.expect("409")
    here = f"/p/pelican/inbox/{one.ticket}"
    pages = [await windows.open(here, person) for person in (world.owner, world.supporter)]
    for page in pages:
        await page.evaluate("window.stays = true")
        await page.locator("#rb").fill("Half an answer")
        await page.keyboard.press("Escape")
    await asyncio.gather(*(page.keyboard.press("c") for page in pages))
    holder = await holder_of(one, pages)
    name = "Olga Owner" if holder == world.owner.person else "Sam Supporter"
    winner, loser = pages if holder == world.owner.person else reversed(pages)
    for page in pages:
        await expect(page.locator(".ticket > header")).to_contain_text(f"assigned to {name}")
        await expect(page.locator(f"#q_{one.ticket}").get_by_role("img", name=f"assigned to {name}")).to_have_count(1)
        await expect(page.locator(f"#q_{one.ticket}")).to_have_attribute("aria-current", "true")
        await expect(page.locator("#rb")).to_have_value("Half an answer")
        assert await page.evaluate("window.stays")
    await expect(loser.get_by_role("alert")).to_contain_text(f"{name} claimed this ticket first.")
    await expect(loser.locator("[data-key=c]")).to_have_count(0)
    await expect(winner.get_by_role("alert")).to_have_count(0)
    await expect(winner.locator("#n_mine")).to_have_text("1")
    await expect(loser.locator("#n_mine")).to_have_text("")


async def holder_of(one: Asked, pages: list[Page]) -> int:
    """Who has a ticket, once both pages have heard."""
    for page in pages:
        await expect(page.locator(".ticket > header")).to_contain_text("assigned to")
    found: int = await fetch_value("select assignee_id from ticket where id = $1", one.ticket)
    return found


async def test_a_template_is_inserted_by_keyboard_with_its_variables(windows: Windows, world: World) -> None:
    one = (await waiting(world))[0]
    sam = await world.supporter.reader()
    await create(
        sam, world.project, Written("more", "More facts", "Hello {asker}, which of {versions}?\n\n{me}", "facts")
    )
    page = await windows.open(f"/p/pelican/inbox/{one.ticket}", world.supporter)
    await page.keyboard.press("t")
    await expect(page.locator("#tpl")).to_be_focused()
    await page.keyboard.type("More")
    await page.keyboard.press("Enter")
    area = page.locator("#rb")
    await expect(area).to_have_value("Hello Asker0, which of …?\n\nSam Supporter")
    await expect(area).to_be_focused()
    # what nobody knows is selected, to be typed over
    await page.keyboard.type("2.0 and 2.1")
    await expect(area).to_have_value("Hello Asker0, which of 2.0 and 2.1?\n\nSam Supporter")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#post_2")).to_contain_text("which of 2.0 and 2.1?")
    assert await one.state() == "needs_facts", "the template said what it is for"
    assert await fetch_value("select uses from response_template") == 1
    # and by its word
    await page.keyboard.press("r")
    # however fast that is typed
    await page.keyboard.type("/more")
    await page.keyboard.press("Tab")
    await expect(area).to_have_value("Hello Asker0, which of …?\n\nSam Supporter")


async def test_a_phone_shows_menus_whole_and_the_holder_beside_the_words(windows: Windows, world: World) -> None:
    one = (await waiting(world))[0]
    await execute("update thread set title = $2 where id = $1", one.thread, "A title of many words " * 4)
    page = await windows.open(f"/p/pelican/inbox/{one.ticket}", world.owner, viewport={"width": 320, "height": 640})
    head = page.locator(".ticket > header")
    await head.get_by_role("button", name="Claim").click()
    await expect(head).to_contain_text("assigned to Olga Owner")
    for menu in await head.locator("details.menu").all():
        await menu.locator("summary").click()
        box = await menu.locator("> div").bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 320, box
        await page.keyboard.press("Escape")
    # back to the list, whatever was looked at in between
    await page.goto(f"/tickets/{one.ticket}/joining?back=/p/pelican/inbox/{one.ticket}")
    await page.keyboard.press("Escape")
    await page.locator("main h1").click()
    await page.keyboard.press("u")
    await expect(page).to_have_url(f"{windows.url}/p/pelican/inbox/{one.ticket}")
    await page.keyboard.press("u")
    await expect(page).to_have_url(f"{windows.url}/p/pelican/inbox")
    row = page.locator(f"#q_{one.ticket}")
    holder, words = await row.locator(".avatar").bounding_box(), await row.locator(".why").bounding_box()
    assert holder and words and holder["x"] >= words["x"] + words["width"]
    assert words["y"] <= holder["y"] and holder["y"] + holder["height"] <= words["y"] + words["height"] + 2
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_long_ticket_scrolls_in_its_pane_and_not_the_page(windows: Windows, world: World) -> None:
    one = (await waiting(world))[0]
    await post_reply(await one.ana.reader(), one.thread, LONG)
    page = await windows.open(f"/p/pelican/inbox/{one.ticket}", world.supporter)
    assert await page.evaluate("document.documentElement.scrollHeight - innerHeight") < 100, "no room below the foot"


async def test_the_counts_on_the_icons_come_live_and_the_icons_stay_in_the_middle(
    windows: Windows, world: World
) -> None:
    one = (await waiting(world))[0]
    page = await windows.open("/p/pelican/inbox", world.owner)
    await expect(page.locator("#n_tab")).to_have_text("3")
    other = await windows.open(f"/p/pelican/inbox/{one.ticket}", world.supporter)
    await other.get_by_label("More ticket actions").click()
    await other.get_by_role("button", name="Resolve x").click()
    await expect(page.locator("#n_tab")).to_have_text("2")
    inbox = page.get_by_role("link", name="Team inbox, 2 waiting")
    for link in (inbox, page.locator("#bell")):
        around, icon = await link.bounding_box(), await link.locator("svg").bounding_box()
        assert around and icon
        assert abs(around["y"] + around["height"] / 2 - icon["y"] - icon["height"] / 2) <= 1
