"""The whole slice with JavaScript switched off: plain links, plain forms, whole pages."""

import pytest
from playwright.async_api import Page, expect

from forum.threads.actions import accept_answer
from forum.threads.writing import post_reply
from forum.web import sessions
from tests.helpers import site
from tests.helpers.browsing import Windows, mailed_link, shoot
from tests.helpers.site import Browser
from tests.helpers.world import World

PASSWORD = "a pass phrase of hers"


async def plain(windows: Windows, path: str, person: Browser | None = None) -> Page:
    return await windows.open(path, person, java_script_enabled=False)


async def test_signing_up_and_confirming(windows: Windows, world: World) -> None:
    page = await plain(windows, "/signup")
    await page.get_by_label("Username").fill("nora")
    await page.get_by_label("E-mail address").fill("nora@example.org")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign up").click()
    await expect(page.get_by_role("status").filter(has_text="Welcome.")).to_be_visible()
    await page.goto(await mailed_link(world.site))
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_text("Your address is confirmed.")).to_be_visible()
    await page.goto("/logout")
    await page.locator("main").get_by_role("button", name="Sign out").click()
    await page.goto("/login")
    await page.get_by_label("Username or e-mail address").fill("nora")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.locator("main").get_by_role("button", name="Sign in").click()
    await expect(page.get_by_label("your account")).to_be_visible()


async def test_asking_with_similar_threads_preview_and_draft(windows: Windows, world: World) -> None:
    solved = await world.ask("Resampling loses the last window", by="bea")
    await post_reply(await world.supporter.reader(), solved.posted.thread, 'Use `every="1mo"`.')
    await accept_answer(await world.people["bea"].reader(), solved.posted.thread, 2)
    page = await plain(windows, "/", await world.person("nora"))
    await page.get_by_role("textbox", name="What do you need?").fill(
        "How do I resample without losing the last window?"
    )
    await page.locator(".askbox").get_by_role("button", name="Ask").click()
    await page.locator("#markdown").fill("The **last** window is gone.")
    assert await page.locator(".js:visible").count() == 0
    await page.get_by_role("button", name="Preview").click()
    await expect(page.locator("#preview strong")).to_have_text("last")
    await expect(page.locator("#markdown")).to_have_value("The **last** window is gone.")
    await expect(page.locator("#route")).to_contain_text("This reads like Support")
    await page.get_by_role("button", name="Save draft").click()
    await expect(page.get_by_text("Draft kept.")).to_be_visible()
    await expect(page.locator("#markdown")).to_have_value("The **last** window is gone.")
    async with page.expect_popup() as found:
        await page.get_by_role("button", name="Look for solved threads").click()
    beside = await found.value
    await expect(beside.get_by_role("link", name="Resampling loses the last window")).to_be_visible()
    assert "csrf" not in beside.url
    await beside.close()
    await expect(page.locator("#title")).to_have_value("How do I resample without losing the last window?")
    await page.get_by_label("for yourself").check()
    await page.get_by_label("I accept these terms.").check()
    await page.get_by_role("button", name="Submit without paying").click()
    await expect(page.locator("#queue")).to_contain_text("Place 1 of 1 in the queue")
    await page.goto("/u/nora/drafts")
    await expect(page.get_by_text("No drafts.")).to_be_visible()


async def test_a_draft_becomes_a_ticket_once_capacity_and_terms_are_given(windows: Windows, world: World) -> None:
    windows.expect("422")
    page = await plain(windows, "/new-thread?title=How+do+I+resample", await world.person("nora"))
    await page.locator("#markdown").fill("The last window is gone.")
    await page.get_by_role("button", name="Keep as a draft").click()
    await expect(page.get_by_role("heading", name="A draft: nobody on the team sees it yet")).to_be_visible()
    await page.get_by_role("button", name="Submit without paying").click()
    await expect(page.get_by_role("alert")).to_contain_text("to correct")
    await page.get_by_label("for work").check()
    await page.get_by_label("I accept these terms.").check()
    await page.get_by_role("button", name="Submit without paying").click()
    await expect(page.locator("#queue")).to_contain_text("Place 1 of 1 in the queue")


async def test_replying_reacting_editing_accepting_closing_and_reopening(windows: Windows, world: World) -> None:
    asked = await world.ask("How do I resample?")
    helper = await plain(windows, asked.posted.url, world.outsider)
    reply = helper.locator("#reply")
    await reply.get_by_label("Your reply").fill("With `resample()`.")
    await reply.get_by_role("button", name="Preview").click()
    await expect(helper.locator("#preview code")).to_have_text("resample()")
    await expect(reply.get_by_label("Your reply")).to_have_value("With `resample()`.")
    await reply.get_by_role("button", name="Save draft").click()
    await expect(reply.get_by_label("Your reply")).to_have_value("With `resample()`.")
    await reply.get_by_role("button", name="Reply").click()
    await expect(helper.locator("#post_2 code")).to_have_text("resample()")
    await expect(reply.get_by_label("Your reply")).to_have_value("")
    await helper.locator("#post_1").get_by_role("button", name="Same here").click()
    await expect(helper.locator("#post_1").get_by_role("button", name="Same here")).to_have_attribute(
        "aria-pressed", "true"
    )
    await helper.get_by_role("link", name="Edit post 2").click()
    await helper.locator("#markdown").fill("With `collect()`.")
    await helper.get_by_label("Why").fill("wrong name")
    await helper.get_by_role("button", name="Save", exact=True).click()
    await expect(helper.locator("#post_2 code")).to_have_text("collect()")
    await helper.locator("#post_2").get_by_role("link", name="edited").click()
    await expect(helper.locator("ins")).to_contain_text("collect")

    asker = await plain(windows, asked.posted.url, world.people["ana"])
    await asker.locator("#post_2").get_by_role("button", name="Thanks").click()
    await expect(asker.locator("#post_2").get_by_role("button", name="Thanks")).to_contain_text("1")
    await asker.locator("#post_2").get_by_role("button", name="Accept").click()
    await expect(asker.locator("#post_2")).to_contain_text("Accepted answer")
    await asker.locator("#post_2").get_by_role("button", name="Take back").click()
    await expect(asker.locator("#post_2").get_by_role("button", name="Accept")).to_be_visible()
    await asker.get_by_role("button", name="Close").click()
    await expect(asker.locator("#threadhead")).to_contain_text("closed")
    await helper.reload()
    await asker.get_by_role("button", name="Open again").click()
    await expect(asker.locator("#threadhead")).not_to_contain_text("closed")


async def test_claiming_answering_and_resolving_in_the_inbox(windows: Windows, world: World) -> None:
    await world.ask("How do I install it?", by="ana")
    await world.ask("How do I plot it?", by="bea")
    page = await plain(windows, "/", world.supporter)
    await page.get_by_role("link", name="Team inbox, 2 waiting").click()
    await expect(page.locator("#inbox_queue")).to_contain_text("2 waiting")
    await page.locator("#inbox_queue").get_by_role("link", name="How do I install it?").click()
    ticket = page.locator("section.ticket")
    await ticket.get_by_role("button", name="Claim").click()
    await expect(ticket).to_contain_text("assigned to Sam Supporter")
    await page.get_by_label("Your answer").fill("With pip.")
    await ticket.get_by_role("button", name="Answer and next").click()
    await expect(page.get_by_text("Answered. This is who waits next.")).to_be_visible()
    await expect(ticket.get_by_role("heading", name="How do I plot it?")).to_be_visible()
    await page.locator("#inbox_queue").get_by_role("link", name="How do I plot it?").click()
    await page.get_by_label("Your answer").fill("With `plot()`.")
    await ticket.get_by_role("button", name="Answer and resolve").click()
    await expect(ticket.get_by_text("resolved", exact=True).first).to_be_visible()
    await page.get_by_role("link", name="Resolved").click()
    await expect(page.locator("#inbox_queue")).to_contain_text("How do I plot it?")
    await shoot(page, "inbox-resolved-plain")


async def test_searching(windows: Windows, world: World) -> None:
    await world.ask("How do I resample without losing the last window?")
    page = await plain(windows, "/")
    await page.get_by_label("Search everything").fill("resample window")
    await page.get_by_label("Search everything").press("Enter")
    await page.get_by_role("link", name="How do I resample without losing the last window?").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("How do I resample without losing the last window?")


@pytest.mark.parametrize("bucket", ["Bugs", "Features", "Security"])
async def test_a_triager_moves_a_thread_with_one_click(windows: Windows, world: World, bucket: str) -> None:
    asked = await world.ask("How do I resample?")
    triager = await world.site.member("tina")
    await world.team(triager, "maintainer" if bucket == "Security" else "triager")
    page = await plain(windows, asked.posted.url, triager)
    await page.locator("aside").get_by_role("button", name=bucket).click()
    await expect(page.get_by_role("navigation", name="Where you are")).to_contain_text(bucket)
    assert page.url.endswith(asked.posted.url)


async def test_a_reply_in_a_session_that_is_over_stands_there_again_after_signing_in(
    windows: Windows, world: World
) -> None:
    windows.expect("401")
    asked = await world.ask("How do I resample?")
    page = await plain(windows, asked.posted.url, world.outsider)
    await page.get_by_label("Your reply").fill("With `resample()`.")
    await page.context.clear_cookies(name=sessions.COOKIE)
    await page.locator("#reply").get_by_role("button", name="Reply").click()
    await expect(page.get_by_text("You are signed out.")).to_be_visible()
    await page.get_by_label("Username or e-mail address").fill("otto")
    await page.get_by_label("Password").fill(site.PASSWORD)
    await page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_label("Your reply")).to_have_value("With `resample()`.")
    await expect(page.get_by_label("Your reply")).to_be_in_viewport()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_a_text_to_copy_stands_there_until_one_is_in(windows: Windows, world: World, script: bool) -> None:
    windows.expect("401|422")
    nora, words = await world.person("norma"), "Norma of the Northern Isles"
    page = await windows.open("/u/norma/preferences", nora, java_script_enabled=script)
    await page.locator("main").get_by_label("Name").fill(words)
    await page.context.clear_cookies(name=sessions.COOKIE)
    await page.locator("main").get_by_role("button", name="Keep these").click()
    main = page.locator("main")
    for _try in range(2):
        await expect(main.get_by_label("What you wrote, to copy")).to_have_value(words)
        await page.get_by_label("Username or e-mail address").fill("norma")
        await page.get_by_label("Password").fill("mistyped")
        await main.get_by_role("button", name="Sign in", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    await expect(main.get_by_label("What you wrote, to copy")).to_have_value(words)
    await page.get_by_label("Password").fill(site.PASSWORD)
    await main.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_label("your account")).to_be_visible()
    assert page.url.endswith("/u/norma/preferences")


async def test_the_link_of_the_bar_leads_back_to_the_page_it_stood_on(windows: Windows, world: World) -> None:
    await world.ask("How do I resample?")
    page = await plain(windows, "/search?q=resample&order=new")
    bar = page.get_by_role("navigation", name="You")
    await bar.get_by_role("link", name="Sign up").click()
    await bar.get_by_role("link", name="Sign in").click()
    await page.get_by_label("Username or e-mail address").fill("otto")
    await page.get_by_label("Password").fill(site.PASSWORD)
    await page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_label("your account")).to_be_visible()
    assert page.url.endswith("/search?q=resample&order=new")
