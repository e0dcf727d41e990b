"""Asking from the first thought to the ticket: without script, on a phone, and kept as one types."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from forum.database.engine import execute, fetch_value
from tests.helpers.browsing import DESKTOP, PHONE, Windows
from tests.helpers.world import World

TRACE = 'It breaks:\nTraceback (most recent call last):\n  File "a.py", line 1, in <module>\nZeroDivisionError: x'
NARROW = {"width": 320, "height": 700}


async def with_form(world: World) -> None:
    fields = (("version", "Pelican version", True), ("log", "Log", False), ("check", "I read the manual", False))
    for position, (kind, label, needed) in enumerate(fields):
        await execute(
            "insert into ask_field (category_id, position, kind, label, is_required) values ($1, $2, $3, $4, $5)",
            await world.category("support"),
            position,
            kind,
            label,
            needed,
        )
    await execute("insert into asking values ($1, 'choice', 40)", world.project)
    await execute(
        "insert into pinned_link (project_id, position, title, url) values ($1, 0, 'Installing it', '/about')",
        world.project,
    )


async def overflows(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("viewport", [PHONE, NARROW, DESKTOP], ids=["phone", "narrow", "desktop"])
async def test_asking_without_script_on_any_width(windows: Windows, world: World, viewport: Any) -> None:
    windows.expect("422")
    await with_form(world)
    nora = await world.person("nora")
    page = await windows.open("/new-thread?project=pelican", nora, java_script_enabled=False, viewport=viewport)
    assert not await overflows(page)
    await page.get_by_label("In one line").fill("How do I read a file?")
    await page.get_by_label("The rest").fill(TRACE)
    upload = page.get_by_label("or a text file")
    await upload.set_input_files({"name": "a.log", "mimeType": "text/plain", "buffer": b"one\ntwo <b>\n"})
    await page.get_by_role("button", name="Preview", exact=True).click()
    await expect(page.locator("#preview pre").first).to_contain_text("Traceback (most recent call last):")
    await expect(page.get_by_text("This has a Python traceback in it")).to_be_visible()
    await expect(page.locator("textarea.mono")).to_have_value("one\ntwo <b>")
    await page.get_by_label("for yourself").check()
    await page.get_by_role("button", name="Submit without paying").click()
    await expect(page.get_by_role("alert")).to_contain_text("Pelican version: Needed.")
    assert not await overflows(page)
    await page.goto("/new-thread")
    await expect(page.get_by_label("The rest")).to_have_value(TRACE)
    await expect(page.locator("textarea.mono")).to_have_value("one\ntwo <b>")
    await expect(page.get_by_label("for yourself")).to_be_checked()
    await page.get_by_label("Pelican version").fill("3.2")
    await page.get_by_label("For the team alone").check()
    await page.get_by_label("I accept these terms.").check()
    await page.get_by_role("button", name="Submit without paying").click()
    await expect(page.locator("#queue")).to_contain_text("Place 1 of 1 in the queue")
    await expect(page.locator("#post_1")).to_contain_text("Pelican version: 3.2")
    await expect(page.get_by_role("heading", name="Private ticket")).to_be_visible()
    assert not await overflows(page)
    assert await fetch_value("select visibility from thread") == "private"


async def test_what_is_typed_and_chosen_is_kept_and_what_is_asked_follows_the_text(
    windows: Windows, world: World
) -> None:
    await with_form(world)
    nora = await world.person("nora")
    page = await windows.open("/new-thread?project=pelican", nora)
    await expect(page.get_by_role("link", name="Installing it")).to_be_visible()
    await page.get_by_label("In one line").fill("How do I read a file?")
    await page.get_by_label("Pelican version").fill("3.2")
    log = {"name": "a.log", "mimeType": "text/plain", "buffer": b"one\ntwo\n"}
    await page.get_by_label("or a text file").set_input_files(log)
    await expect(page.locator("textarea.mono")).to_have_value("one\ntwo\n")
    await page.get_by_label("for work").check()
    await expect(page.locator("[data-draft-state]")).to_contain_text("Draft kept at")
    manual = page.get_by_label("I read the manual")
    name = await manual.get_attribute("name") or ""
    async with page.expect_response(
        lambda answer: answer.url.endswith("/drafts") and name in (answer.request.post_data or "")
    ):
        await manual.check()
    other = await windows.open("/new-thread", nora)
    await expect(other.get_by_label("Pelican version")).to_have_value("3.2")
    await expect(other.locator("textarea.mono")).to_have_value("one\ntwo\n")
    await expect(other.get_by_label("for work")).to_be_checked()
    await expect(other.get_by_label("I read the manual")).to_be_checked()
    await other.get_by_label("In one line").fill("Crash: KeyError when reading an empty file")
    await other.get_by_label("The rest").fill("It crashes with a KeyError. Expected: an empty frame. Actual: a crash.")
    await expect(other.locator("#route")).to_contain_text("This reads like Bugs")
    await expect(other.get_by_label("Pelican version")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
async def test_what_a_submission_misses_is_said_beside_its_field_and_one_press_away(
    windows: Windows, world: World, script: bool
) -> None:
    windows.expect("422")
    nora = await world.person("nora")
    await execute("insert into terms (project_id, body) values ($1, 'Be patient.')", world.project)
    page = await windows.open("/new-thread?project=pelican", nora, java_script_enabled=script, viewport=PHONE)
    await page.get_by_label("In one line").fill("How do I read a file?")
    await page.get_by_label("The rest").fill("It is a large one.")
    asked = page.get_by_role("button", name="Submit without paying")
    for where in ("the Ask page", "the form of a draft"):
        await asked.click()
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.get_by_role("radiogroup", name="You are asking")).to_have_accessible_description(
            "Say in which capacity you ask."
        )
        terms = page.get_by_label("I accept these terms.")
        await expect(terms).to_have_accessible_description("The terms need your consent before anybody is asked.")
        await page.get_by_role("link", name="You are asking: Say in which capacity you ask.").press("Enter")
        await expect(page.get_by_label("for work")).to_be_focused()
        await terms.check()
        await asked.click()
        await expect(page.get_by_label("I accept these terms.")).to_be_checked()
        await expect(page.get_by_role("alert")).to_contain_text("One thing to correct")
        if where == "the Ask page":
            await expect(page.get_by_label("The rest")).to_have_value("It is a large one.")
            await page.get_by_label("I accept these terms.").uncheck()
            await page.get_by_role("button", name="Keep as a draft").click()
    await page.get_by_label("for yourself").check()
    await asked.click()
    await expect(page.get_by_text("Place 1 of 1 in the queue")).to_be_visible()
