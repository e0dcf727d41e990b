"""A maintainer makes a bug a GitHub issue; who reads the thread sees it come, without loading anything anew."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from forum.database.engine import execute
from forum.threads.writing import post_reply
from tests.helpers.browsing import PHONE, Windows, shoot
from tests.helpers.world import World
from tests.standins.github import GitHub

REPORT = "The pump **stops** at night, says @wader.\n\n- Version: 2.4.1\n- OS: Debian 12"


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    async with GitHub.open() as opened:
        yield opened


@pytest.fixture
def more_settings(github: GitHub) -> dict[str, str]:
    return github.app_settings


async def test_a_bug_becomes_an_issue_that_everybody_sees_come(windows: Windows, world: World, github: GitHub) -> None:
    await execute("update project set repository = 'https://github.com/heron/pond'")
    asked = await world.ask("The pump stops at night", category="bugs", markdown=REPORT)
    await post_reply(await world.supporter.reader(), asked.posted.thread, "The valve sticks since 2.4.")
    guest = await windows.open(asked.posted.url)
    phone = await windows.open(asked.posted.url, world.people["ana"], viewport=PHONE, color_scheme="dark")
    owner = await windows.open(asked.posted.url, world.owner)
    github.fail("POST", "/issues", 410, message="Issues are disabled for this repo")
    await shoot(owner, "promote-button")
    await owner.get_by_role("link", name="Promote to GitHub issue").click()
    text = owner.get_by_label("Text")
    assert "Diagnosis, by `sam`" in await text.input_value()
    await owner.get_by_label("Title").fill("Pump stops after dark")
    await shoot(owner, "promote-form")
    await owner.get_by_role("button", name="Make the issue").click()
    panel = owner.locator("#promotion")
    await expect(panel).to_contain_text("Issues are switched off in heron/pond")
    await shoot(owner, "promote-failed")
    await expect(guest.locator("#promotion")).to_be_hidden()
    await panel.get_by_role("button", name="Try again").click()
    for window in (owner, guest, phone):
        await expect(window.locator("#promotion a")).to_have_text("heron/pond#12")
        await expect(window.locator(".event", has_text="heron/pond#12")).to_be_visible()
    await shoot(owner, "promote-linked")
    await shoot(guest, "promote-guest")
    await shoot(phone, "promote-phone")
    [issue] = github.issues
    assert issue["title"] == "Pump stops after dark"
    assert f"{windows.url}/t/{asked.posted.thread}" in issue["body"]


async def test_without_script_it_is_the_same(windows: Windows, world: World, github: GitHub) -> None:
    await execute("update project set repository = 'https://github.com/heron/pond'")
    asked = await world.ask("The pump stops at night", category="bugs", markdown=REPORT)
    owner = await windows.open(asked.posted.url, world.owner, java_script_enabled=False)
    await owner.get_by_role("link", name="Promote to GitHub issue").click()
    await owner.get_by_role("button", name="Preview").click()
    await expect(owner.locator("#preview strong")).to_have_text("stops")
    await owner.get_by_role("button", name="Make the issue").click()
    await expect(owner.get_by_text("The issue is being made.")).to_be_visible()
    async with asyncio.timeout(20):
        while not await owner.locator("#promotion a").count():
            await owner.reload()
    await expect(owner.locator("#promotion a")).to_have_text("heron/pond#12")
    assert len(github.issues) == 1
