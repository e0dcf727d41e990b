"""Confirming one's address leads to what one was writing."""

from collections.abc import Awaitable, Callable
from urllib.parse import unquote

import httpx
import pytest

from forum.accounts.actions import CONFIRM_FOR, new_token
from forum.database.engine import execute
from forum.threads.drafts import keep_draft
from forum.web.pages import FLASH
from tests.helpers.site import Browser
from tests.helpers.world import World

Confirm = Callable[[Browser], Awaitable[httpx.Response]]


@pytest.fixture
async def nora(world: World) -> Browser:
    """Somebody who has not confirmed their address."""
    return await world.site.member("nora", confirmed=False)


@pytest.fixture
def confirm(nora: Browser) -> Confirm:
    """Follow the link that was mailed to nora, in a browser, and press."""

    async def press(browser: Browser) -> httpx.Response:
        link = f"/confirm/{await new_token(nora.person or 0, 'confirm', CONFIRM_FOR)}"
        await browser.get(link)
        return await browser.post(link)

    return press


def notice(answer: httpx.Response) -> str:
    return unquote(answer.cookies[FLASH])


async def test_it_leads_to_the_question_that_waits(world: World, nora: Browser, confirm: Confirm) -> None:
    asked = await world.ask("How do I read a file?")
    await keep_draft(await nora.reader(), "new-thread", title="Where is it?", markdown="It was here.")
    await keep_draft(await nora.reader(), f"thread:{asked.posted.thread}", markdown="The newer draft")
    answer = await confirm(nora)
    assert answer.headers["location"] == "/new-thread"
    page = (await nora.get("/new-thread")).text
    assert "Your address is confirmed. What you write can be posted now." in page
    assert "It was here.</textarea>" in page and 'value="Where is it?"' in page


async def test_else_to_the_reply_that_was_written_last(world: World, nora: Browser, confirm: Confirm) -> None:
    for title in ("The first", "The last"):
        asked = await world.ask(title)
        await keep_draft(await nora.reader(), f"thread:{asked.posted.thread}", markdown=f"{title} reply")
    answer = await confirm(nora)
    assert answer.headers["location"] == f"{asked.posted.url}#reply"
    page = (await nora.get(asked.posted.url)).text
    assert "What you write can be posted now." in page and "The last reply</textarea>" in page


async def test_but_to_no_thread_that_is_not_to_be_seen(world: World, nora: Browser, confirm: Confirm) -> None:
    asked = await world.ask("How do I read a file?")
    await keep_draft(await nora.reader(), f"thread:{asked.posted.thread}", markdown="My reply")
    await execute("update thread set visibility = 'private'")
    assert (await confirm(nora)).headers["location"] == "/"


async def test_who_has_begun_nothing_sees_the_front_page(world: World, nora: Browser, confirm: Confirm) -> None:
    await keep_draft(await world.outsider.reader(), "new-thread", title="Somebody else's question")
    assert (await confirm(nora)).headers["location"] == "/"


async def test_a_browser_where_nobody_is_signed_in_is_told_where_to_go_on(
    world: World, nora: Browser, confirm: Confirm
) -> None:
    await keep_draft(await nora.reader(), "new-thread", title="Where is it?")
    answer = await confirm(world.site.guest())
    assert answer.headers["location"] == "/login"
    assert notice(answer) == "Your address is confirmed. Sign in here, or go on where you are signed in already."


async def test_somebody_elses_browser_is_not_led_to_their_own_draft(
    world: World, nora: Browser, confirm: Confirm
) -> None:
    await keep_draft(await world.outsider.reader(), "new-thread", title="What otto asks")
    answer = await confirm(world.outsider)
    assert answer.headers["location"] == "/" and "another account's" in notice(answer)
    assert (await nora.reader()).is_confirmed
