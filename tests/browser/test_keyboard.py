"""Everything by keyboard: the shortcuts, when they rest, menus, focus that is seen, the skip link."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from forum.database.engine import fetch_value
from forum.threads.writing import post_reply
from tests.helpers.browsing import DESKTOP, PHONE, Windows, shoot
from tests.helpers.world import World

TITLES = ["How do I install it?", "How do I plot it?", "How do I resample?"]
# Where the focus is: what it is, whether it shows, and whether what is drawn there is it (or it holds it).
FOCUS = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const around = e.closest(".composer, .askbox, .find, .choice");
  const rings = [style, ...(around ? [getComputedStyle(around)] : [])];
  const x = Math.min(Math.max(box.x + box.width / 2, 1), innerWidth - 1);
  const at = [0.1, 0.5, 0.9].map((part) => document.elementFromPoint(x, box.y + box.height * part)).filter(Boolean);
  return {
    name: `${e.tagName} ${e.getAttribute("aria-label") ?? e.textContent.trim().slice(0, 40)}`,
    isPage: e === document.body,
    isSeen: rings.some((ring) => (ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 1)
      || ring.boxShadow !== "none"),
    isCovered: !at.some((other) => e.contains(other) || other.contains(e)),
  };
}"""


async def focused(page: Page) -> str:
    """The words of what has the focus."""
    return str(await page.evaluate("document.activeElement.textContent.trim()"))


async def test_lists_are_walked_and_opened(windows: Windows, world: World) -> None:
    for title in TITLES:
        await world.ask(title)
    page = await windows.open("/latest")
    for key, title in (("j", TITLES[2]), ("j", TITLES[1]), ("j", TITLES[0]), ("j", TITLES[0]), ("k", TITLES[1])):
        await page.keyboard.press(key)
        assert await focused(page) == title
    await page.keyboard.press("o")
    await expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[1])
    await page.keyboard.press("u")
    await expect(page).to_have_url(re.compile("/latest$"))


async def test_posts_are_walked_liked_quoted_answered_and_edited(windows: Windows, world: World) -> None:
    asked = await world.ask("How do I resample?")
    await post_reply(await world.supporter.reader(), asked.posted.thread, "With `resample()`.")
    page = await windows.open(asked.posted.url, world.people["ana"])
    area = page.get_by_label("Your reply")
    await page.keyboard.press("j")
    await expect(page.locator("#post_1")).to_be_focused()
    await page.keyboard.press("j")
    await expect(page.locator("#post_2")).to_be_focused()
    await page.keyboard.press("l")
    await expect(page.locator("#post_2").get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("q")
    await expect(area).to_have_value(
        re.compile(r'^\[quote="sam, post:2, topic:\d+"\]\nWith `resample\(\)`\.\n\[/quote\]')
    )
    await area.blur()
    await page.keyboard.press("r")
    await expect(area).to_be_focused()
    await page.keyboard.type(" jklq?g h/")
    await expect(area).to_have_value(re.compile(r" jklq\?g h/"))
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#post_3")).to_have_count(1)
    await expect(page.locator("#post_3 blockquote")).to_contain_text("With resample().")
    await expect(area).to_have_value("")
    await area.blur()
    await page.keyboard.press("#")
    await expect(page.get_by_label("Post", exact=True)).to_be_focused()
    await page.get_by_label("Post", exact=True).blur()
    await page.locator("#post_1").focus()
    await page.keyboard.press("e")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Edit post 1")


async def test_the_address_of_a_post_is_copied(windows: Windows, world: World) -> None:
    asked = await world.ask("How do I resample?")
    page = await windows.open(asked.posted.url, permissions=["clipboard-read", "clipboard-write"])
    await page.keyboard.press("j")
    await page.keyboard.press("s")
    await expect(page.locator("#post_1 header time")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == windows.url + asked.posted.url


async def test_code_is_selected_where_the_clipboard_is_refused(windows: Windows, world: World) -> None:
    asked = await world.ask("How do I resample?", markdown="So:\n\n```python\nresample(3)\n```\n\nIt fails.")
    page = await windows.open(asked.posted.url, permissions=["geolocation"])
    await page.get_by_role("button", name="Copy").click()
    await expect(page.locator(".codebox > header button")).to_have_text("Selected")
    assert (await page.evaluate("getSelection().toString()")).strip() == "resample(3)"
    # an address leads where it leads without a clipboard
    async with page.expect_navigation(url=windows.url + asked.posted.url):
        await page.locator("#post_1 header a.end").click()


async def test_places_are_two_keys_away(windows: Windows, world: World) -> None:
    places = {
        "h": "/",
        "l": "/latest",
        "n": "/new",
        "u": "/unread",
        "t": "/top",
        "i": "/p/pelican/inbox",
        "p": "/u/sam",
    }
    page = await windows.open("", world.supporter)
    for key, path in places.items():
        await page.goto("/projects")
        await page.keyboard.press("g")
        await page.keyboard.press(key)
        await expect(page).to_have_url(windows.url + path)


async def test_help_and_a_new_thread_are_one_key_away(windows: Windows, world: World) -> None:
    page = await windows.open("/projects", world.supporter)
    await page.keyboard.press("?")
    await expect(page).to_have_url(windows.url + "/keyboard")
    await page.keyboard.press("c")
    await expect(page).to_have_url(windows.url + "/new-thread")


async def test_search_is_one_key_away(windows: Windows, world: World) -> None:
    page = await windows.open("/")
    await page.keyboard.press("/")
    await expect(page.get_by_label("Search everything")).to_be_focused()
    await expect(page.get_by_label("Search everything")).to_have_value("")


async def test_inbox_is_worked_by_keys(windows: Windows, world: World) -> None:
    for title, name in zip(TITLES, ("ana", "bea", "carl"), strict=True):
        await world.ask(title, by=name)
    await world.team(world.supporter, "triager")
    page = await windows.open("/p/pelican/inbox", world.supporter)
    ticket = page.locator("section.ticket")
    await page.keyboard.press("j")
    await page.keyboard.press("o")
    await expect(ticket.get_by_role("heading", level=2)).not_to_have_text("")
    await page.keyboard.press("c")
    await expect(ticket).to_contain_text("assigned to Sam Supporter")
    await page.keyboard.press("a")
    menu = ticket.locator("details[open]")
    await expect(menu).to_contain_text("Olga Owner")
    await expect(menu.locator("#note")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(menu).to_have_count(0)
    await page.keyboard.press("r")
    await expect(page.get_by_label("Your answer")).to_be_focused()
    await page.keyboard.type("With pip.")
    await page.keyboard.press("Control+Enter")
    await expect(ticket).to_contain_text("answered")
    await shoot(page, "inbox-keys")


async def test_a_key_is_meant_for_the_ticket_that_was_opened_though_it_is_not_there_yet(
    windows: Windows, world: World
) -> None:
    asked = [await world.ask(title, by=name) for title, name in zip(TITLES, ("ana", "bea", "carl"), strict=True)]
    page = await windows.open("/p/pelican/inbox", world.supporter)
    pressed = asyncio.Event()

    async def held(route: Route) -> None:
        await pressed.wait()
        await route.continue_()

    await page.route("**/inbox/*", held)
    await page.keyboard.press("j")
    async with page.expect_request("**/inbox/*"):
        await page.keyboard.press("o")
    await page.keyboard.press("c")
    pressed.set()
    await expect(page.locator("section.ticket")).to_contain_text("assigned to Sam Supporter")
    claimed = await fetch_value("select thread_id from ticket where assignee_id is not null")
    assert claimed == asked[1].posted.thread


async def test_a_triager_moves_a_thread_with_one_key(windows: Windows, world: World) -> None:
    asked = await world.ask("How do I resample?")
    page = await windows.open(asked.posted.url, world.owner)
    kind = "select c.kind from thread t join category c on c.id = t.category_id where t.id = $1"
    for key, moved in (("2", "bugs"), ("3", "features"), ("1", "support"), ("4", "security")):
        await page.keyboard.press(key)
        await expect(page.get_by_role("navigation", name="Where you are")).to_contain_text(moved.title())
        assert await fetch_value(kind, asked.posted.thread) == moved


async def test_shortcuts_rest_where_they_were_switched_off(windows: Windows, world: World) -> None:
    asked = await world.ask("How do I resample?")
    page = await windows.open("/u/olga/preferences", world.owner)
    await page.get_by_label("keyboard shortcuts").uncheck()
    await page.get_by_role("button", name="Keep these").click()
    await expect(page.get_by_text("Your preferences are kept.")).to_be_visible()
    await page.goto(asked.posted.url)
    for key in ("j", "2", "?", "/", "r"):
        await page.keyboard.press(key)
    assert await page.evaluate("document.activeElement === document.body")
    assert page.url == windows.url + asked.posted.url
    await page.get_by_label("Your reply").fill("Still sent by its keys.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#post_2")).to_contain_text("Still sent by its keys.")


async def test_menus_close_on_escape_and_on_a_click_elsewhere(windows: Windows, world: World) -> None:
    page = await windows.open("/", world.owner)
    summary = page.get_by_label("your account")
    sign_out = page.get_by_role("button", name="Sign out")
    await summary.focus()
    await page.keyboard.press("Enter")
    await expect(sign_out).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Escape")
    await expect(sign_out).to_be_hidden()
    await expect(summary).to_be_focused()
    await summary.click()
    await expect(sign_out).to_be_visible()
    await page.mouse.click(300, 700)
    await expect(sign_out).to_be_hidden()


async def test_the_first_tab_skips_to_the_content(windows: Windows, world: World) -> None:
    page = await windows.open("/latest")
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_focus_is_seen_and_never_under_the_bars(windows: Windows, world: World, size: dict[str, int]) -> None:
    asked = await world.ask("How do I resample?")
    for n in range(4):
        await post_reply(await world.supporter.reader(), asked.posted.thread, f"Post {n}.\n\n```\ncode\n```\n" * 4)
    page = await windows.open("/", world.people["ana"], viewport=size)
    wrong = []
    for path in ("/", "/new-thread?project=pelican", asked.posted.url):
        await page.goto(path)
        for _ in range(60):
            await page.keyboard.press("Tab")
            at = await page.evaluate(FOCUS)
            if at["isPage"]:
                break
            if not at["isSeen"] or at["isCovered"]:
                wrong.append(f"{path}: {at}")
    assert not wrong, "\n".join(wrong)
