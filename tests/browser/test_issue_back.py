"""A bug becomes an issue by its form, and what becomes of the issue comes back into the thread; who waits hears of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import expect

from forum.database.engine import execute
from tests.browser.test_github_history import FORM
from tests.browser.test_the_desk import deliver
from tests.helpers.bot import SECRET
from tests.helpers.browsing import Windows, looks
from tests.helpers.github import user
from tests.helpers.world import World
from tests.standins.github import GitHub, zulu
from tests.standins.github_history import History

Json = dict[str, Any]
REPORT = "The pump **stops** at night.\n\n- Version: 2.4.1\n- OS: Debian 12"


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    async with GitHub.open() as opened:
        opened.repositories = {"heron/pond", "heron/lake"}
        opened.history = History(repository="heron/pond", labels=["bug", "good first issue", "night"])
        opened.history.files = {".github/ISSUE_TEMPLATE/bug.yml": FORM}
        yield opened


@pytest.fixture
def more_settings(github: GitHub) -> dict[str, str]:
    return github.app_settings | {"github_webhook_secret": SECRET}


async def test_an_issue_is_made_by_its_form_and_comes_back_as_it_goes_on(
    windows: Windows, world: World, github: GitHub
) -> None:
    await execute("update project set repository = 'https://github.com/heron/lake'")
    await execute(
        "insert into github_repository (id, name, project_id) values (1, 'heron/lake', $1), (2, 'heron/pond', $1)",
        world.project,
    )
    asked = await world.ask("The pump stops at night", category="bugs", markdown=REPORT)
    waits = await world.person("wim")
    page = await windows.open(asked.posted.url, waits)
    await page.get_by_role("button", name="Same here").first.click()
    guest = await windows.open(asked.posted.url)

    # where it goes, by which form, with which labels
    owner = await windows.open(f"/t/{asked.posted.thread}/promotion", world.owner)
    await owner.get_by_label("Repository").select_option("heron/pond")
    await owner.get_by_role("button", name="Use these").click()
    await owner.get_by_label("Template").select_option(label="Bug report")
    await owner.get_by_role("button", name="Use these").click()
    await owner.get_by_label("night", exact=True).check()
    await owner.get_by_label("How often?").select_option("always")
    await owner.get_by_label("Further text").fill("Seen by two people.")
    await looks(owner, "back-form")
    await owner.get_by_role("button", name="Preview").click()
    await expect(owner.locator("#preview")).to_contain_text("Seen by two people.")
    await looks(owner, "back-preview")
    await owner.get_by_role("button", name="Make the issue").click()
    await expect(owner.locator("#promotion a")).to_have_text("heron/pond#12")
    [made] = github.made()
    assert made["labels"] == ["bug", "night"] and "### How often?\n\nalways" in made["body"]
    assert f"{windows.url}/t/{asked.posted.thread}" in made["body"], "the way back"

    # what happens there is told here, while one looks
    second = 0

    async def happens(event: str, act: str, more: Json, **beside: Json) -> None:
        nonlocal second
        second += 1
        row = github.issues[0]
        row.update(more | {"updated_at": zulu(github.now.replace(microsecond=0))[:-3] + f"{second:02}Z"})
        repository = {"id": 2, "full_name": "heron/pond", "private": False}
        told = {"action": act, "issue": row, "repository": repository, "sender": user("egret"), **beside}
        await deliver(windows.url, event, told)

    base: Json = {"user": user("pond-helper[bot]"), "labels": [{"name": "bug"}, {"name": "night"}], "locked": False}
    await happens("issues", "milestoned", base | {"milestone": {"title": "v2.5"}})
    await expect(guest.locator(".event", has_text="v2.5")).to_be_visible()
    at = zulu(github.now)
    comment = {"id": 71, "user": user("egret"), "body": "Found it.", "created_at": at, "updated_at": at}
    await happens("issue_comment", "created", {}, comment=comment)
    await expect(guest.locator(".event", has_text="commented")).to_be_visible()
    await happens("issues", "closed", {"state": "closed", "state_reason": "completed", "closed_at": zulu(github.now)})
    await expect(guest.locator(".event", has_text="closed")).to_be_visible()
    await expect(guest.locator("#promotion")).to_contain_text("closed")
    await looks(guest, "back-guest")
    await expect(page.locator("#bell_count")).to_contain_text("1 unread")
    await page.locator("#bell").click()
    await expect(page.get_by_text("heron/pond#12")).to_be_visible()
    await looks(page, "back-heard")
    await happens("issues", "reopened", {"state": "open", "state_reason": "reopened", "closed_at": None})
    await expect(guest.locator("#promotion")).to_contain_text("open")
