"""Who follows the bot's link finds their own words as a draft, signs in with GitHub, and submits."""

from dataclasses import replace
from typing import Any

import pytest

from forum.accounts.claims import claim
from forum.database.engine import fetch_value
from forum.settings import Settings, use
from forum.threads.kept import forget_kept
from tests.helpers.bot import Pond
from tests.helpers.github import bring
from tests.helpers.site import Browser


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, github_client_id="Iv1.pond", github_client_secret="shh")


@pytest.fixture
async def url(pond: Pond) -> str:
    use(pond.site.settings)
    pond.github.open_issue(7, "How do I run two pumps?", "I have two.")
    await pond.comments(7, "@pond-helper +support")
    thread = await pond.thread(7)
    return f"/t/{thread['slug']}/{thread['id']}"


async def claimed_by(pond: Pond, name: str) -> Browser:
    """Somebody signs in with the GitHub account that wrote the issue."""
    browser = await pond.world.person(name)
    holder = await fetch_value("select id from person where username = 'wader@github.com'")
    await claim(holder, browser.person or 0, actor=browser.person or 0, how="number")
    return browser


async def test_a_guest_is_told_and_can_sign_in_with_github(pond: Pond, url: str, statements: Any) -> None:
    guest = pond.site.guest()
    short = await guest.get("/t/" + url.rpartition("/")[2])
    assert short.headers["location"] == url
    forget_kept()
    statements.clear()
    page = (await guest.get(url)).text
    assert statements.count <= 4, "\n\n".join(statements)
    assert "Imported from GitHub, not confirmed yet." in page
    assert 'action="/login/with/github"' in page and f'value="{url}"' in page and "Sign in with GitHub" in page
    begun = await guest.post("/login/with/github", {"next": url})
    assert begun.status_code == 200 and "login/oauth/authorize" in begun.text


async def test_a_guest_of_a_site_without_github_signs_in_is_sent_to_the_other_door(pond: Pond, url: str) -> None:
    use(replace(pond.site.settings, github_client_id=""))
    page = (await pond.site.guest().get(url)).text
    assert "Imported from GitHub" in page and "/login/with/github" not in page and f"/login?next={url}" in page


async def test_strangers_who_are_signed_in_share_the_page_that_tells_them_too(
    pond: Pond, url: str, statements: Any
) -> None:
    for name in ("bea", "cem"):
        browser = await pond.world.person(name)
        forget_kept()
        statements.clear()
        page = (await browser.get(url)).text
        assert statements.count <= 8
        assert "Imported from GitHub, not confirmed yet." in page and f"/u/{name}/preferences" in page
        assert "submission" not in page


async def test_the_asker_confirms_their_draft_and_the_team_hears_of_it(pond: Pond, url: str) -> None:
    wader = await claimed_by(pond, "wanda")
    page = (await wader.get(url)).text
    assert "Imported from GitHub, please confirm." in page and 'id="submission"' in page
    ticket = await fetch_value("select id from ticket")
    outsider = await pond.world.outsider.post(f"/tickets/{ticket}/submission", {"capacity": "personal", "terms": "1"})
    assert outsider.status_code == 403
    sent = await wader.post(f"/tickets/{ticket}/submission", {"capacity": "personal", "terms": "1"})
    assert sent.status_code == 303
    assert (await pond.thread(7))["state"] == "waiting"
    for browser in (wader, pond.site.guest(), pond.world.outsider):
        assert "Imported from GitHub" not in (await browser.get(url)).text
    assert "How do I run two pumps?" in (await pond.world.supporter.get("/p/pelican/inbox")).text


async def test_who_had_claimed_their_name_before_is_told_at_once(pond: Pond, url: str) -> None:
    await claimed_by(pond, "wanda")
    pond.github.open_issue(8, "How do I run three pumps?", "I have three.")
    await pond.comments(8, "@pond-helper +support")
    told = await fetch_value("select kind from notice where person_id = $1", pond.world.people["wanda"].person)
    assert told == "github_draft"
    assert await fetch_value("select count(*) from notice") == 1


async def test_that_its_issue_is_closed_there_does_not_close_the_thread(pond: Pond, url: str, tmp_path: Any) -> None:
    from_there = pond.row(7) | {"comments": 0}
    await bring(tmp_path, [from_there], repository="heron/Pond", project="pelican", now=pond.github.now)
    thread = await pond.thread(7)
    assert from_there["state"] == "closed" and not thread["is_closed"] and thread["state"] == "draft"
