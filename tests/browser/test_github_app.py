"""An admin makes the site's GitHub App, installs it, assigns a repository; a maintainer sets how the bot behaves there."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from forum.database.engine import fetch_value
from tests.helpers.browsing import PHONE, Windows, looks
from tests.helpers.world import World
from tests.standins.github import GitHub
from tests.standins.github_pages import Pages


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    async with GitHub.open() as opened:
        opened.pages = Pages(opened)
        yield opened


@pytest.fixture
def more_settings(github: GitHub) -> dict[str, str]:
    return {"github_api_base": github.url}


async def shown_after_reloading(page: Page, words: str) -> None:
    """What a job does is there a moment later."""
    for _look in range(60):
        if await page.get_by_text(words, exact=True).count():
            return
        await page.wait_for_timeout(50)
        await page.reload()
    raise AssertionError(f"{words!r} never came")


async def test_a_phone_shows_what_each_permission_is_for_beside_what_it_is(
    windows: Windows, world: World, github: GitHub
) -> None:
    page = await windows.open("/admin/github", await world.site.member("adam", admin=True), viewport=PHONE)
    await expect(page.get_by_text("read and write").first).to_be_visible()
    for told in await page.locator(".facts dt").all():
        what, least = await told.bounding_box(), await told.locator("+ dd").bounding_box()
        assert what and least and what["x"] + what["width"] <= least["x"], await told.inner_text()


async def test_from_no_app_to_a_bot_that_behaves_as_a_project_likes(
    windows: Windows, world: World, github: GitHub
) -> None:
    assert github.pages is not None
    adam = await world.site.member("adam", admin=True)
    page = await windows.open("/admin/github", adam)
    await expect(page.get_by_text("It will be the App of your own account.")).to_be_visible()
    await looks(page, "app-new")
    await page.get_by_label("Organisation on GitHub").fill("heron")
    await page.get_by_role("button", name="Use this").click()
    await looks(page, "app-new-owner")
    await expect(page.get_by_text("It will be the App of the organisation heron.")).to_be_visible()
    await page.get_by_role("button", name="On to GitHub").click()
    await page.get_by_role("button", name="Create GitHub App for heron").click()
    await expect(page.get_by_text("The App Pond Helper is there.")).to_be_visible()
    await expect(page.get_by_text("It is installed nowhere yet")).to_be_visible()
    await looks(page, "app-made")
    made = page.url

    # installed there, told here
    await page.get_by_role("link", name="Install it on repositories").click()
    await page.get_by_role("button", name="Install").click()
    await expect(page.get_by_role("heading", name="Installed")).to_be_visible()
    await page.goto(made)
    await shown_after_reloading(page, "heron/pond")
    await looks(page, "app-installed")
    await page.get_by_role("link", name="Assign heron/pond").click()
    await looks(page, "app-assign")
    await page.get_by_label("Project").select_option("pelican")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await looks(page, "app-assigned")

    # how the bot behaves is the project's to say
    owner = await windows.open("/p/pelican/settings/github", world.owner)
    await looks(owner, "repository-list")
    await owner.get_by_role("link", name="heron/pond", exact=True).click()
    await owner.get_by_label("Offer it to issues with these labels").fill("question, usage")
    await owner.get_by_label("What the bot says when a question moves").fill("Dear {author}, come over: {link}")
    await expect(owner.locator("#bot-preview")).to_contain_text("Dear @octocat, come over")
    await looks(owner, "repository-settings")
    await owner.get_by_role("button", name="Save", exact=True).click()
    await expect(owner.get_by_text("Saved.")).to_be_visible()
    assert await fetch_value("select offers_labels from github_repository") == ["question", "usage"]

    # what was lost on its way is delivered again
    github.pages.is_reached = False
    row = github.open_issue(7, "How do I stop the pump?", "It runs.", "wader", labels=[{"name": "question"}])
    about = github.repository_row("heron/pond")
    await github.pages.deliver("issues", {"action": "opened", "issue": row, "repository": about, "sender": row["user"]})
    await page.goto(made)
    await expect(page.get_by_text("never arrived")).to_be_visible()
    await looks(page, "app-lost")
    github.pages.is_reached = True
    lost = page.locator("tr", has_text="never arrived")
    await lost.get_by_role("button", name="Deliver again").click()
    await expect(page.get_by_text("GitHub delivers it again in a moment.")).to_be_visible()
    await expect(page.get_by_text("never arrived")).to_have_count(0)
    for _look in range(100):
        if github.said(7):
            break
        await page.wait_for_timeout(50)
    assert "+support" in github.said(7)[0], "the bot offers the move"
    assert await fetch_value("select count(*) from audit where action = 'github_redelivery'") == 1
