"""First light: sign up, ask, see one's place, be answered live by somebody in another browser, accept."""

import asyncio

from playwright.async_api import Page, expect

from forum.threads.actions import accept_answer
from forum.threads.writing import post_reply
from tests.helpers.browsing import Cable, Windows, mailed_link, shoot
from tests.helpers.world import World

PASSWORD = "a pass phrase of hers"


async def stay(page: Page) -> None:
    """From here on `stayed` tells whether the page is the same, never loaded anew."""
    await page.evaluate("window.stays = true")


async def stayed(page: Page) -> bool:
    return bool(await page.evaluate("window.stays === true"))


async def test_newcomer_is_answered_live_and_accepts(windows: Windows, world: World) -> None:
    solved = await world.ask("Resampling loses the last window", by="bea")
    await post_reply(await world.supporter.reader(), solved.posted.thread, 'Use `every="1mo"`.')
    await accept_answer(await world.people["bea"].reader(), solved.posted.thread, 2)

    asker = await windows.open("/signup")
    await asker.get_by_label("Username").fill("nora")
    await asker.get_by_label("Name (optional)").fill("Nora New")
    await asker.get_by_label("E-mail address").fill("nora@example.org")
    await asker.get_by_label("Password").fill(PASSWORD)
    await asker.get_by_role("button", name="Sign up").click()
    await expect(asker.get_by_text("Welcome.")).to_be_visible()
    await asker.goto(await mailed_link(world.site))
    await asker.get_by_role("button", name="Confirm").click()
    await expect(asker.get_by_text("Your address is confirmed.")).to_be_visible()

    await asker.goto("/")
    await asker.get_by_role("textbox", name="What do you need?").fill(
        "How do I resample without losing the last window?"
    )
    await asker.locator(".askbox").get_by_role("button", name="Ask").click()
    await asker.locator("#markdown").press_sequentially("I call `resample()` and the **last** window is gone.")
    await expect(asker.locator("#route")).to_contain_text("This reads like Support for Pelican Toolkit")
    await expect(asker.locator("#solved")).to_contain_text("Resampling loses the last window")
    await shoot(asker, "ask")
    await asker.get_by_text("for yourself").click()
    if await asker.locator("#terms").count():
        await asker.locator("#terms").check()
    await asker.get_by_role("button", name="Submit without paying").click()
    strip = asker.locator("#queue")
    await expect(strip).to_contain_text("Place 1 of 1 in the queue")
    await expect(strip).to_contain_text("expected answer in")
    await expect(asker.locator("#post_1 strong")).to_have_text("last")
    await stay(asker)

    supporter = await windows.open("/p/pelican/inbox", world.supporter)
    await supporter.get_by_role("link", name="How do I resample without losing the last window?").first.click()
    await supporter.get_by_role("button", name="Claim").click()
    await supporter.get_by_label("Your answer").fill('Pass `flush="partial"` to `collect()`.')
    async with supporter.expect_navigation():
        await supporter.get_by_role("button", name="Answer", exact=True).click()

    await expect(asker.locator("#post_2")).to_contain_text('Pass flush="partial" to collect().')
    await expect(strip).to_contain_text("The team has answered")
    await expect(asker.locator("#ticketfacts")).to_contain_text("answered")
    await shoot(asker, "answered-live")
    assert await stayed(asker)

    await supporter.goto(asker.url)
    await stay(supporter)
    await asker.locator("#post_2").get_by_role("button", name="Accept").click()
    await expect(asker.locator("#post_2")).to_contain_text("Accepted answer")
    await expect(supporter.locator("#post_2")).to_contain_text("Accepted answer")
    await expect(supporter.locator("#threadhead")).to_contain_text("answer accepted")
    assert await stayed(supporter)


async def test_reactions_and_edits_appear_live(windows: Windows, world: World) -> None:
    asked = await world.ask("How do I resample?")
    await post_reply(await world.supporter.reader(), asked.posted.thread, "With `resample()`.")
    guest = await windows.open(asked.posted.url)
    reader = await windows.open(asked.posted.url, world.outsider)
    supporter = await windows.open(asked.posted.url, world.supporter)
    await stay(guest)
    await reader.locator("#post_2").get_by_role("button", name="Thanks").click()
    await expect(reader.locator("#post_2").get_by_role("button", name="Thanks")).to_have_attribute(
        "aria-pressed", "true"
    )
    await expect(guest.locator("#post_2 footer")).to_contain_text("Thanks 1")
    await supporter.get_by_role("link", name="Edit post 2").click()
    await supporter.locator("#markdown").fill('With `resample(every="1d")`.')
    await supporter.get_by_role("button", name="Save").click()
    await expect(guest.locator("#post_2 .text")).to_have_text('With resample(every="1d").')
    await expect(guest.locator("#post_2").get_by_role("link", name="edited")).to_be_visible()
    assert await stayed(guest)


async def test_place_moves_up_live_when_who_stood_before_is_answered(windows: Windows, world: World) -> None:
    first = await world.ask("How do I install it?", by="ana")
    second = await world.ask("How do I plot it?", by="bea")
    waiting = await windows.open(second.posted.url, world.people["bea"])
    await expect(waiting.locator("#queue")).to_contain_text("Place 2 of 2")
    await stay(waiting)
    supporter = await windows.open(first.posted.url, world.supporter)
    await supporter.get_by_label("Your reply").fill("With pip.")
    await supporter.locator("#reply").get_by_role("button", name="Reply", exact=True).click()
    await expect(waiting.locator("#queue")).to_contain_text("Place 1 of 1")
    assert await stayed(waiting)


async def test_lost_connection_loses_nothing_and_keeps_the_order(windows: Windows, world: World) -> None:
    windows.expect("WebSocket|ERR_CONNECTION|Event")
    asked = await world.ask("How do I resample?")
    thread, posts = asked.posted.thread, "#posts > .post .text"
    ana, sam = await world.people["ana"].reader(), await world.supporter.reader()
    async with Cable.plugged(windows.url) as cable:
        page = await windows.open(cable.url + asked.posted.url, world.people["ana"])
        await post_reply(sam, thread, "Answer 2.")
        await expect(page.locator(posts)).to_have_count(2)
        await stay(page)
        await cable.cut()
        for n in range(3, 6):
            await post_reply(sam if n % 2 else ana, thread, f"Answer {n}.")
        await accept_answer(ana, thread, 3)
        await expect(page.locator("#lost")).to_be_visible()
        await expect(page.locator(posts)).to_have_count(2)
        await cable.mend()
        await expect(page.locator(posts)).to_have_count(5, timeout=15_000)
        await expect(page.locator("#lost")).to_be_hidden()
        assert (await page.locator(posts).all_inner_texts())[1:] == [f"Answer {n}." for n in range(2, 6)]
        await expect(page.locator("#post_3")).to_contain_text("Accepted answer")
        assert await stayed(page)


async def test_what_was_sent_while_the_device_was_offline_comes_with_the_network(
    windows: Windows, world: World
) -> None:
    asked = await world.ask("How do I resample?")
    page = await windows.open(asked.posted.url, world.people["ana"])
    await stay(page)
    await page.context.set_offline(True)
    await post_reply(await world.supporter.reader(), asked.posted.thread, "While you were away.")
    await page.context.set_offline(False)
    await expect(page.locator("#post_2")).to_contain_text("While you were away.", timeout=20_000)
    assert await stayed(page)


async def test_sign_out_ends_the_live_updates_of_other_tabs(windows: Windows, world: World) -> None:
    asked = await world.ask("A private matter")
    tab = await windows.open(asked.posted.url, world.people["ana"])
    # the socket of the page that is there already is not meant
    await tab.goto("about:blank")
    async with tab.expect_event("websocket") as socket:
        await tab.goto(asked.posted.url)
    live = await socket.value
    other = await tab.context.new_page()
    await other.goto("/logout")
    async with asyncio.timeout(5):
        closed = asyncio.ensure_future(live.wait_for_event("close"))
        await other.locator("main").get_by_role("button", name="Sign out").click()
        await closed
