"""The composer in a real browser: its tools, its drafts here and on the server, and quoting."""

import re

import pytest
from playwright.async_api import Page, Route, expect

from forum.database.engine import execute, fetch_value
from forum.threads.drafts import draft_of, keep_draft
from forum.threads.writing import post_reply
from forum.web import sessions
from tests.helpers.browsing import DESKTOP, PHONE, Windows, drag_taller
from tests.helpers.site import PASSWORD, Browser
from tests.helpers.world import World

KEPT = re.compile(r"Draft kept at \d")


async def a_thread(world: World) -> str:
    """A thread of two posts; its address."""
    asked = await world.ask("Resampling loses the last window", markdown="The **first** line.\n\nThe second line.")
    await post_reply(await world.outsider.reader(), asked.posted.thread, "I see it with *3.2.0* too.")
    return asked.posted.url


async def drafted(browser: Browser, key: str) -> str:
    row = await draft_of(await browser.reader(), key)
    return str(row["markdown"]) if row else ""


async def select_text(page: Page, selector: str) -> None:
    await page.evaluate(
        "s => getSelection().selectAllChildren(document.querySelector(s))",
        selector,
    )


async def test_tools_put_marks_around_what_is_selected_and_take_them_away_again(windows: Windows, world: World) -> None:
    page = await windows.open(await a_thread(world), world.outsider)
    area = page.locator("#body")
    await area.fill("one two")
    await area.evaluate("a => a.setSelectionRange(4, 7)")
    await area.press("Control+b")
    await expect(area).to_have_value("one **two**")
    await area.press("Control+i")
    await expect(area).to_have_value("one ***two***")
    await area.press("Control+i")
    await expect(area).to_have_value("one **two**")
    await page.get_by_role("button", name="Bold").click()
    await expect(area).to_have_value("one two")
    await page.get_by_role("toolbar").get_by_role("button", name="List").click()
    await expect(area).to_have_value("- one two")
    await area.press("Control+z")
    await expect(area).to_have_value("one two")


async def test_a_field_that_was_dragged_taller_is_sent_and_makes_way_for_another(
    windows: Windows, world: World
) -> None:
    """The size is an inline style, of which the page's policy hears if it is put into what comes in its place."""
    page = await windows.open(await a_thread(world), world.supporter)
    area = page.locator("#body")
    size = await area.bounding_box()
    for number, whisper in ((3, False), (4, True)):
        await area.fill("Sent from a tall field.")
        await drag_taller(page, area)
        await page.get_by_label("Whisper to the team").set_checked(whisper)
        await area.press("Control+Enter")
        await expect(page.locator(f"#post_{number}")).to_contain_text("Sent from a tall field.")
        await expect(area).to_have_value("")
        await expect(area).not_to_have_attribute("style", re.compile(""))
        now = await area.bounding_box()
        assert size and now and now["height"] == size["height"]


async def test_a_field_that_was_dragged_taller_stays_so_while_nothing_takes_its_place(
    windows: Windows, world: World
) -> None:
    url = await a_thread(world)
    page = await windows.open(url, world.outsider)
    area = page.locator("#body")
    await drag_taller(page, area)
    size = await area.bounding_box()
    await page.locator("#post_1 [data-key=l]").click()
    await expect(page.locator("#post_1 [data-key=l]")).to_contain_text("1")
    await area.fill("Before it is sent.")
    await page.get_by_role("button", name="Preview").click()
    await expect(page.locator("#preview")).to_have_text("Before it is sent.")
    now = await area.bounding_box()
    assert size and now and now["height"] == size["height"]


async def test_what_is_typed_is_kept_on_the_server_and_shown_on_another_device(windows: Windows, world: World) -> None:
    url = await a_thread(world)
    page = await windows.open(url, world.outsider)
    await page.locator("#body").press_sequentially("Half a thought")
    await expect(page.locator("[data-draft-state]")).to_have_text(KEPT, timeout=8_000)
    other = await windows.open(url, world.outsider)
    await expect(other.locator("#body")).to_have_value("Half a thought")


async def test_leaving_keeps_what_was_typed_a_moment_ago(windows: Windows, world: World) -> None:
    url = await a_thread(world)
    page = await windows.open(url, world.outsider)
    await page.locator("#body").press_sequentially("Gone in a second")
    await page.goto("/latest")
    await page.goto(url)
    await expect(page.locator("#body")).to_have_value("Gone in a second")


async def test_a_newer_draft_of_another_device_is_told_and_neither_text_is_lost(windows: Windows, world: World) -> None:
    windows.expect("409")
    url = await a_thread(world)
    key = f"thread:{url.rsplit('/')[-1]}"
    page = await windows.open(url, world.outsider)
    await keep_draft(await world.outsider.reader(), key, markdown="From the telephone")
    await page.locator("#body").press_sequentially("From the desk")
    await expect(page.locator("[data-draft-state]")).to_contain_text("newer draft", timeout=8_000)
    await expect(page.locator("#body")).to_have_value("From the desk")
    assert await drafted(world.outsider, key) == "From the telephone"
    await page.reload()
    await expect(page.locator("#body")).to_have_value("From the telephone")
    await page.get_by_role("button", name="Show it").click()
    await expect(page.locator("#body")).to_have_value("From the desk")


async def test_without_the_server_the_browser_keeps_it(windows: Windows, world: World) -> None:
    windows.expect("Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_FAILED")
    url = await a_thread(world)
    page = await windows.open(url, world.outsider)
    await page.route("**/drafts", lambda route: route.abort())
    await page.locator("#body").press_sequentially("Under the tunnel")
    await expect(page.locator("[data-draft-state]")).to_contain_text("Not kept on the server", timeout=8_000)
    await page.unroute("**/drafts")
    await page.reload()
    await expect(page.locator("#body")).to_have_value("Under the tunnel")
    await expect(page.locator("[data-draft-state]")).to_have_text(KEPT, timeout=8_000)


async def test_a_changed_post_is_there_again_when_its_tab_was_closed_and_gone_once_left(
    windows: Windows, world: World
) -> None:
    windows.expect("ERR_FAILED")
    await world.ask("Resampling loses the last window", markdown="The first line.")
    ana = await world.person("ana")
    post = await fetch_value("select id from post")
    page = await windows.open(f"/posts/{post}/edit", ana)
    await page.get_by_label("The text").fill("Another line.")
    await page.close(run_before_unload=True)
    page = await windows.open(f"/posts/{post}/edit", ana)
    await expect(page.get_by_label("The text")).to_have_value("Another line.")
    await expect(page.get_by_text("Here is your draft again")).to_be_visible()
    await page.get_by_label("The text").fill("Yet another line.")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#post_1 .text")).to_have_text("Yet another line.")
    await page.goto(f"/posts/{post}/edit")
    await expect(page.get_by_text("Here is your draft again")).to_have_count(0)
    # without the server this browser keeps it, and offers it
    await page.route("**/drafts", lambda each: each.abort())
    await page.get_by_label("The text").fill("Kept here.")
    await expect(page.locator("[data-draft-state]")).to_contain_text("it is kept in this browser", timeout=8_000)
    await page.goto(f"/posts/{post}/edit")
    await expect(page.get_by_label("The text")).to_have_value("Yet another line.")
    await page.unroute("**/drafts")
    await page.get_by_role("button", name="Show it").click()
    await expect(page.get_by_label("The text")).to_have_value("Kept here.")
    await page.get_by_role("button", name="Leave it").click()
    await expect(page.locator("#post_1 .text")).to_have_text("Yet another line.")
    await page.goto(f"/posts/{post}/edit")
    await expect(page.get_by_label("The text")).to_have_value("Yet another line.")
    await expect(page.get_by_role("button", name="Show it")).to_have_count(0)
    assert not await drafted(ana, f"post:{post}")


async def test_a_sent_reply_leaves_no_draft_and_stands_once_among_the_posts(windows: Windows, world: World) -> None:
    url = await a_thread(world)
    page = await windows.open(url, world.outsider)
    await page.locator("#body").press_sequentially("This is my answer")
    await expect(page.locator("[data-draft-state]")).to_have_text(KEPT, timeout=8_000)
    await page.locator("#body").press("Control+Enter")
    await expect(page.locator("#posts > #post_3")).to_contain_text("This is my answer")
    await expect(page.locator("#body")).to_have_value("")
    await expect(page.locator("article.post")).to_have_count(3)
    await page.reload()
    await expect(page.locator("#body")).to_have_value("")
    assert await fetch_value("select count(*) from draft") == 0


async def test_a_reply_that_came_live_before_its_own_answer_is_never_there_twice(
    windows: Windows, world: World
) -> None:
    page = await windows.open(await a_thread(world), world.outsider)

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await expect(page.locator("#post_3")).to_be_visible()
        await route.fulfill(response=answer)

    await page.route("**/replies", late)
    await page.evaluate(
        "() => { window.most = 0; new MutationObserver(() => {"
        " window.most = Math.max(window.most, document.querySelectorAll('#post_3').length);"
        " }).observe(document.body, { childList: true, subtree: true }); }"
    )
    await page.locator("#body").fill("This is my answer")
    await page.locator("#body").press("Control+Enter")
    await expect(page.locator("#body")).to_have_value("")
    await expect(page.locator("#posts > #post_3")).to_contain_text("This is my answer")
    assert await page.evaluate("window.most") == 1


async def test_a_draft_that_the_server_has_just_kept_does_not_come_back_in_the_next_form(
    windows: Windows, world: World
) -> None:
    page = await windows.open(await a_thread(world), world.outsider)
    # the rest of the answer is read when the reply is on its way
    await page.evaluate(
        "() => { const json = Response.prototype.json; Response.prototype.json = async function () {"
        " await new Promise((go) => document.addEventListener('submit', go, { once: true })); return json.call(this); } }"
    )
    await page.locator("#body").fill("This is my answer")
    async with page.expect_response("**/drafts"):
        await page.evaluate("document.dispatchEvent(new CustomEvent('htmx:before:swap', {detail: {tasks: []}}))")
    await page.locator("#reply").get_by_role("button", name="Reply").click()
    await expect(page.locator("#posts > #post_3")).to_contain_text("This is my answer")
    await expect(page.locator("#body")).to_have_value("")
    assert await page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('haas:draft'))") == []
    assert await fetch_value("select count(*) from draft") == 0


async def test_a_draft_that_arrives_after_its_reply_meets_no_conflict_and_leaves_the_next_one_alone(
    windows: Windows, world: World
) -> None:
    url = await a_thread(world)
    page = await windows.open(url, world.outsider)
    await page.locator("#body").fill("This is")
    await expect(page.locator("[data-draft-state]")).to_have_text(KEPT, timeout=8_000)
    held: list[Route] = []

    async def hold(route: Route) -> None:
        held.append(route)

    await page.route("**/drafts", hold, times=1)
    await page.locator("#body").fill("This is my answer")
    async with page.expect_request("**/drafts"):
        await page.evaluate("document.dispatchEvent(new CustomEvent('htmx:before:swap', {detail: {tasks: []}}))")
    await page.locator("#reply").get_by_role("button", name="Reply").click()
    await expect(page.locator("#posts > #post_3")).to_contain_text("This is my answer")
    await expect(page.locator("#body")).to_have_value("")
    await page.locator("#body").fill("One more thing")
    await expect(page.locator("[data-draft-state]")).to_have_text(KEPT, timeout=8_000)
    async with page.expect_response("**/drafts"):
        await held[0].continue_()
    await page.locator("#body").fill("One more thing: thanks")
    async with page.expect_response("**/drafts") as kept:
        await page.evaluate("document.dispatchEvent(new CustomEvent('htmx:before:swap', {detail: {tasks: []}}))")
    assert (await kept.value).status == 200
    assert await drafted(world.outsider, f"thread:{url.rsplit('/')[-1]}") == "One more thing: thanks"


async def test_a_refused_reply_stays_in_its_field(windows: Windows, world: World) -> None:
    windows.expect("409")
    url = await a_thread(world)
    page = await windows.open(url, world.outsider)
    await page.locator("#body").fill("Too late")
    await execute("update thread set is_closed = true")
    await page.locator("#reply").get_by_role("button", name="Reply").click()
    await expect(page.get_by_role("alert")).to_contain_text("closed")
    await expect(page.locator("#body")).to_have_value("Too late")


async def test_who_was_signed_out_meanwhile_signs_in_and_goes_on(windows: Windows, world: World) -> None:
    windows.expect("401")
    page = await windows.open(await a_thread(world), world.outsider)
    await page.locator("#body").fill("With **resample**.")
    await page.context.clear_cookies(name=sessions.COOKIE)
    await page.locator("#reply").get_by_role("button", name="Reply").click()
    told = page.get_by_role("alert")
    await expect(told).to_contain_text("You are signed out. Your text is kept.")
    await expect(page.locator("#body")).to_have_value("With **resample**.")
    await told.get_by_role("link", name="Sign in").click()
    await page.get_by_label("Username or e-mail address").fill("otto")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.locator("#body")).to_have_value("With **resample**.")
    await expect(page.locator("#body")).to_be_in_viewport()


async def test_a_guests_question_is_kept_in_the_browser_and_goes_with_them(windows: Windows, world: World) -> None:
    await world.site.person("nora")
    page = await windows.open("/new-thread")
    await page.get_by_label("In one line").fill("Where is the last window?")
    await page.get_by_label("The rest", exact=True).fill("It was here yesterday.")
    await expect(page.locator("[data-draft-state]")).to_have_text("Kept in this browser")
    await page.reload()
    await expect(page.get_by_label("The rest", exact=True)).to_have_value("It was here yesterday.")
    windows.expect("401")
    await page.get_by_role("button", name="Submit without paying").click()
    await page.get_by_label("Username or e-mail address").fill("nora")
    await page.get_by_label("Password").fill("a long pass phrase")
    await page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_label("In one line")).to_have_value("Where is the last window?")
    await expect(page.get_by_label("The rest", exact=True)).to_have_value("It was here yesterday.")
    assert await page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('haas:draft'))") == []


async def test_quoting_takes_the_selection_and_without_one_the_whole_post(windows: Windows, world: World) -> None:
    url = await a_thread(world)
    thread = url.rsplit("/")[-1]
    page = await windows.open(url, world.outsider)
    await select_text(page, "#post_1 .text p:last-child")
    await page.keyboard.press("q")
    quoted = f'[quote="ana, post:1, topic:{thread}"]\nThe second line.\n[/quote]\n\n'
    await expect(page.locator("#body")).to_have_value(quoted)
    await expect(page.locator("#body")).to_be_focused()
    await page.locator("#body").press_sequentially("Yes. ")
    await page.locator("#post_2 [data-quote]").click()
    await expect(page.locator("#body")).to_have_value(
        f'{quoted}Yes. \n\n[quote="otto, post:2, topic:{thread}"]\nI see it with *3.2.0* too.\n[/quote]\n\n'
    )


@pytest.mark.parametrize("how", ["mouse", "keys", "finger"])
async def test_a_button_beside_what_is_selected_quotes_it_and_goes_with_the_selection(
    windows: Windows, world: World, how: str
) -> None:
    page = await windows.open(await a_thread(world), world.outsider, viewport=PHONE if how == "finger" else DESKTOP)
    beside = page.locator("#post_1 .beside")
    line = page.locator("#post_1 .text p").last
    if how == "mouse":
        await line.click(click_count=3)
    else:
        await select_text(page, "#post_1 .text p:last-child")
    await expect(beside).to_be_visible()
    box, end = await beside.bounding_box(), await line.bounding_box()
    assert box and end and 0 <= box["y"] - end["y"] - end["height"] < 40 and 0 <= box["x"] < end["x"] + end["width"]
    await page.evaluate("getSelection().removeAllRanges()")
    await expect(beside).to_have_count(0)
    # what goes over two posts is nobody's words
    await page.evaluate(
        "getSelection().setBaseAndExtent(document.querySelector('#post_1 .text p'), 0,"
        " document.querySelector('#post_2 .text p'), 1)"
    )
    await page.wait_for_timeout(300)
    await expect(page.locator(".beside")).to_have_count(0)
    if how == "keys":
        await line.click(click_count=3)
    else:
        await select_text(page, "#post_1 .text p:last-child")
    button = page.locator("#post_1").get_by_role("button", name="Quote", exact=True)
    await expect(button).to_be_visible()
    if how == "keys":
        # behind the links in the head of the post
        for _link in range(2):
            await page.keyboard.press("Tab")
        await page.wait_for_timeout(300)
        await page.keyboard.press("Tab")
        await expect(button).to_be_focused()
        await page.keyboard.press("Enter")
    else:
        await button.click()
    await expect(page.locator("#body")).to_have_value(
        re.compile(r'^\[quote="ana, post:1, topic:\d+"\]\nThe second line\.\n')
    )
    await expect(page.locator("#body")).to_be_focused()
    await expect(page.locator(".beside")).to_have_count(0)


async def test_the_button_beside_a_selection_stays_in_sight_when_a_phone_is_turned(
    windows: Windows, world: World
) -> None:
    page = await windows.open(await a_thread(world), world.outsider, viewport={"width": 844, "height": 390})
    await page.evaluate("document.querySelector('#post_1 .text p').textContent = 'One word after another. '.repeat(5)")
    await select_text(page, "#post_1 .text p")
    beside = page.locator("#post_1 .beside")
    await expect(beside).to_be_visible()
    await page.set_viewport_size(PHONE)
    await expect(beside).to_be_in_viewport(ratio=1)


async def test_who_cannot_answer_is_offered_no_quote(windows: Windows, world: World) -> None:
    url = await a_thread(world)
    guest = await windows.open(url)
    await execute("update thread set is_closed = true")
    for page in (guest, await windows.open(url, world.outsider)):
        await select_text(page, "#post_1 .text p:last-child")
        await page.wait_for_timeout(400)
        await expect(page.locator(".beside")).to_have_count(0)


async def test_without_script_the_quote_link_fills_the_composer(windows: Windows, world: World) -> None:
    url = await a_thread(world)
    page = await windows.open(url, world.outsider, java_script_enabled=False)
    await page.locator("#post_2").get_by_role("link", name="Quote").click()
    await expect(page.locator("#body")).to_have_value(re.compile(r'^\[quote="otto, post:2, topic:\d+"\]\nI see it'))
    await expect(page.get_by_role("button", name="Save draft")).to_be_visible()
    await expect(page.get_by_role("toolbar")).to_be_hidden()
