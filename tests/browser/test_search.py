"""Searching with a real browser: what drops down while one types, by keyboard; similar threads in sight."""

from playwright.async_api import expect

from forum.threads.actions import accept_answer
from forum.threads.writing import post_reply
from tests.helpers.browsing import PHONE, Windows, shoot
from tests.helpers.world import World


async def test_what_drops_down_is_walked_and_closed_by_keyboard(windows: Windows, world: World) -> None:
    await world.ask("Resampling loses the last window")
    await world.ask("Resampling <b>bold</b> windows", by="bea")
    page = await windows.open("/")
    await page.keyboard.press("/")
    await page.keyboard.type("resamp")
    links = page.locator("#live-results a")
    await expect(links).to_have_count(3)
    await expect(links.first.locator("mark")).to_have_text("Resampling")
    await shoot(page, "search-live")
    await page.keyboard.press("ArrowDown")
    await expect(links.first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    field = page.get_by_role("searchbox", name="Search everything")
    await expect(field).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(links).to_have_count(0)
    await expect(field).to_have_value("resamp")
    await page.keyboard.type("l")
    await expect(links).to_have_count(3)
    await page.locator("footer.foot p").click()
    await expect(links).to_have_count(0)
    await field.focus()
    await page.keyboard.type("ing")
    await expect(links).to_have_count(3)
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{windows.url}/search?q=resampling")
    await expect(page.get_by_role("heading", name="2 threads")).to_be_visible()
    await shoot(page, "search")


async def test_a_click_follows_what_dropped_down(windows: Windows, world: World) -> None:
    asked = await world.ask("Resampling loses the last window")
    page = await windows.open("/latest")
    await page.get_by_role("searchbox", name="Search everything").press_sequentially("window")
    await page.locator("#live-results a").first.click()
    await expect(page).to_have_url(f"{windows.url}{asked.posted.url}")


async def test_the_ask_boxes_show_solved_threads_while_one_types(windows: Windows, world: World) -> None:
    solved = await world.ask("Resampling loses the last window", by="bea")
    await post_reply(await world.supporter.reader(), solved.posted.thread, "Flush it.")
    await accept_answer(await world.people["bea"].reader(), solved.posted.thread, 2)
    await world.ask("The last window of resampling is odd")
    for path in ("/", "/p/pelican"):
        page = await windows.open(path)
        field = page.get_by_role("textbox", name="What do you need?").or_(page.locator("#ask")).first
        await field.press_sequentially("Why is the last window lost in resampling?")
        links = page.locator("#alike-drop a")
        await expect(links.first).to_contain_text("Resampling loses the last window")
        await expect(links.first).to_contain_text("Solved by")
        await expect(links).to_have_count(2)
        await shoot(page, "ask-drop")
        await field.press("ArrowDown")
        await expect(links.first).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(links).to_have_count(0)
        await expect(field).to_be_focused()
        await expect(field).to_have_value("Why is the last window lost in resampling?")
        await page.keyboard.press("Backspace")
        await links.first.click()
        await expect(page).to_have_url(f"{windows.url}{solved.posted.url}/2#post_2")


async def test_nothing_drops_down_under_the_ask_box_where_nothing_is_alike(windows: Windows, world: World) -> None:
    await world.ask("Resampling loses the last window")
    page = await windows.open("/", viewport=PHONE)
    async with page.expect_response(lambda answer: "/similar?" in answer.url) as told:
        await page.locator("#ask").press_sequentially("zebra quagga okapi")
    assert (await told.value).status == 200
    await expect(page.locator("#alike-drop > *")).to_have_count(0)
    async with page.expect_response(lambda answer: "/similar?" in answer.url):
        await page.locator("#ask").fill("resampling the last window")
    await expect(page.locator("#alike-drop a")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_similar_threads_come_when_they_are_in_sight(windows: Windows, world: World) -> None:
    solved = await world.ask("Resampling loses the last window", by="bea")
    await post_reply(await world.supporter.reader(), solved.posted.thread, "Flush it.")
    await accept_answer(await world.people["bea"].reader(), solved.posted.thread, 2)
    asked = await world.ask("The last window is lost while resampling")
    page = await windows.open(asked.posted.url)
    await page.get_by_role("heading", name="Similar threads").scroll_into_view_if_needed()
    similar = page.locator("section", has=page.get_by_role("heading", name="Similar threads"))
    await expect(similar.get_by_role("link", name="Resampling loses the last window")).to_be_visible()
    await expect(similar).to_contain_text("Flush it.")
    await shoot(page, "search-similar")


async def test_a_long_word_of_an_answer_does_not_widen_a_phone(windows: Windows, world: World) -> None:
    word = 'df.with_columns(utc=pl.col("local").localize("Europe/Vienna",ambiguous="latest").convert("UTC"))'
    solved = await world.ask("Resampling loses the last window " + "w" * 70, by="bea")
    await post_reply(await world.supporter.reader(), solved.posted.thread, f"Write `{word}`.")
    await accept_answer(await world.people["bea"].reader(), solved.posted.thread, 2)
    asked = await world.ask("The last window is lost while resampling")
    page = await windows.open("/new-thread?project=pelican&title=last+window+resampling", viewport=PHONE)
    await expect(page.locator("#solved")).to_contain_text("df.with_columns")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.goto(asked.posted.url)
    await page.get_by_role("heading", name="Similar threads").scroll_into_view_if_needed()
    await expect(page.locator("main")).to_contain_text("df.with_columns")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for path in ("/latest", "/c/pelican", solved.posted.url, "/u/bea", "/search?q=window"):
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    await page.goto("/")
    await page.locator("#ask").press_sequentially("last window resampling")
    await expect(page.locator("#alike-drop a").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_search_page_fits_a_phone(windows: Windows, world: World) -> None:
    await world.ask("Resampling loses the last window", markdown="resampling " + "x" * 300)
    page = await windows.open("/search?q=resampling", viewport=PHONE)
    await expect(page.locator(".found > li")).to_have_count(1)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await shoot(page, "search-phone")
