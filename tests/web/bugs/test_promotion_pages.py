"""Promoting a bug: the page, who may, what can never leave the site, and how the thread shows it, live too."""

import asyncio
from dataclasses import replace

import pytest

from forum.database.engine import execute, fetch_value
from forum.settings import use
from forum.threads.actions import accept_answer
from forum.threads.writing import post_reply
from forum.web.reader import GUEST
from tests.conftest import Statements
from tests.helpers.live import follower, html_of, listening, received, version_of
from tests.helpers.site import Browser
from tests.web.bugs.conftest import Bug

BUTTON = "Promote to GitHub issue"


async def form(bug: Bug, browser: Browser | None = None) -> tuple[int, str]:
    answer = await (browser or bug.mia).get(f"/t/{bug.thread}/promotion")
    return answer.status_code, answer.text


async def wants(bug: Bug) -> int:
    found: int = await fetch_value("select count(*) from promotion")
    return found


async def test_a_maintainer_edits_the_distilled_text_and_sends_it(bug: Bug) -> None:
    reply = await post_reply(await bug.world.supporter.reader(), bug.thread, "The valve sticks, @ana.")
    await post_reply(await bug.world.supporter.reader(), bug.thread, "Nobody must know.", purpose="whisper")
    await accept_answer(await bug.mia.reader(), bug.thread, reply.number)
    page = await bug.page()
    assert BUTTON in page and f'href="/t/{bug.thread}/promotion"' in page
    status, text = await form(bug)
    assert status == 200
    for words in (
        "Heron/pond",
        "The pump stops at night, says @\u200bwader. Same as #3?",
        "The valve sticks, @\u200bana.",
    ):
        assert words in text
    assert "Accepted answer, by `sam`" in text and "- OS: Debian 12" in text
    assert "Nobody must know" not in text
    assert await bug.promote() == 303
    assert "being made" in await bug.page()
    assert (await bug.mia.get(f"/t/{bug.thread}/promotion")).headers["location"] == bug.url


async def test_everybody_sees_the_issue_and_the_act(bug: Bug) -> None:
    await bug.promote()
    await bug.job()
    link = '<a class="row" href="https://github.com/Heron/pond/issues/12"'
    for browser in (bug.world.site.guest(), bug.world.outsider, bug.mia):
        page = await bug.page(browser)
        assert link in page and "Heron/pond#12" in page
        assert "made it the GitHub issue" in page
        assert BUTTON not in page


async def test_who_comes_from_the_inbox_is_led_back_there(bug: Bug) -> None:
    back = "/p/pelican/inbox/1?view=unassigned"
    page = (await bug.mia.get(f"/t/{bug.thread}/promotion", params={"back": back})).text
    assert f'name="back" value="{back}"' in page and f'href="{back}">Leave it' in page
    refused = await bug.mia.post(f"/t/{bug.thread}/promotion", {"title": "", "body": "x", "back": back})
    assert refused.status_code == 422 and f'name="back" value="{back}"' in refused.text
    away = await bug.mia.get(f"/t/{bug.thread}/promotion", params={"back": "//evil.example"})
    assert "evil" not in away.text and f'href="{bug.url}">Leave it' in away.text
    sent = await bug.mia.post(f"/t/{bug.thread}/promotion", {"title": "It stops", "body": "x", "back": back})
    assert sent.headers["location"] == back


async def test_the_roles_below_and_beside_may_not(bug: Bug) -> None:
    tom = await bug.world.person("tom")
    await bug.world.team(tom, "triager")
    admin = await bug.world.site.member("ada", admin=True)
    for browser in (tom, bug.world.supporter, bug.world.outsider, bug.world.people["ana"], admin):
        assert BUTTON not in await bug.page(browser)
        assert (await form(bug, browser))[0] == 403
        assert await bug.promote(browser) == 403
        assert (await browser.post(f"/t/{bug.thread}/promotion/again")).status_code == 403
    guest = bug.world.site.guest()
    assert BUTTON not in await bug.page(guest)
    assert (await form(bug, guest))[0] == 303
    assert await wants(bug) == 0
    assert await bug.promote(bug.world.owner) == 303
    assert await wants(bug) == 1


@pytest.mark.parametrize("visibility", ["private", "members", "team", "author"])
async def test_what_is_not_public_never_leaves_the_site(bug: Bug, visibility: str) -> None:
    await execute(
        "update thread set visibility = $2, author_id = $3 where id = $1", bug.thread, visibility, bug.mia.person
    )
    await execute("insert into thread_participant values ($1, $2, 'invited')", bug.thread, bug.mia.person)
    assert BUTTON not in await bug.page()
    assert (await form(bug))[0] == 409
    assert await bug.promote() == 409
    assert await wants(bug) == 0


async def test_nor_does_a_security_report_or_a_thread_in_a_category_that_is_not_public(bug: Bug) -> None:
    report = await bug.world.ask("Anyone can stop the pump", category="security")
    seen = bug.thread
    bug.thread = report.posted.thread
    assert await bug.promote() == 409
    await execute("update thread set visibility = 'public' where id = $1", bug.thread)
    assert await bug.promote() == 409, "whatever a row may say, its category is private"
    bug.thread = seen
    await execute("update category set visibility = 'team' where slug = 'bugs'")
    assert await bug.promote() == 409
    assert await wants(bug) == 0


async def test_only_bugs_become_issues(bug: Bug) -> None:
    await execute("update category set kind = 'other' where slug = 'bugs'")
    assert BUTTON not in await bug.page()
    assert await bug.promote() == 409
    await execute("update category set kind = 'bugs' where slug = 'bugs'")
    await execute("update thread set origin = 'github' where id = $1", bug.thread)
    assert BUTTON not in await bug.page()
    assert await bug.promote() == 409


async def test_without_an_app_the_button_is_absent_with_the_reason(bug: Bug) -> None:
    use(replace(bug.world.site.settings, github_app_private_key=""))
    page = await bug.page()
    assert BUTTON not in page and "not connected to GitHub" in page
    assert "not connected to GitHub" not in await bug.page(bug.world.supporter)
    assert await bug.promote() == 409
    assert not bug.github.asked


@pytest.mark.parametrize("address", ["", "https://gitlab.com/heron/pond", "https://github.com/heron/..", "heron/pond"])
async def test_without_a_repository_on_github_the_reason_is_given(bug: Bug, address: str) -> None:
    await execute("update project set repository = $1", address)
    page = await bug.page()
    assert BUTTON not in page and "names no repository on GitHub" in page
    assert "names no repository on GitHub" in (await form(bug))[1]
    assert await bug.promote() == 409


async def test_where_the_app_is_not_installed_the_page_says_so(bug: Bug) -> None:
    bug.github.repositories.clear()
    status, text = await form(bug)
    assert status == 200
    assert "is not installed on Heron/pond" in text and "<textarea" not in text


async def test_while_github_is_away_the_form_is_there(bug: Bug) -> None:
    bug.github.fail("GET", "/installation", 502)
    assert "<textarea" in (await form(bug))[1]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"title": ""}, "Fill this in."),
        ({"title": "x" * 257}, "At most 256 characters"),
        ({"body": "  "}, "Fill this in."),
        ({"body": "x" * 60_001}, "At most 60000 characters"),
    ],
    ids=str,
)
async def test_faults_are_told_and_what_was_typed_is_kept(bug: Bug, typed: dict[str, str], told: str) -> None:
    words = {"title": "A title", "body": "Words of mine."} | typed
    answer = await bug.mia.post(f"/t/{bug.thread}/promotion", words)
    assert answer.status_code == 422
    assert told in answer.text
    assert words["title"] in answer.text and words["body"].strip() in answer.text
    assert await wants(bug) == 0


async def test_a_preview_sends_nothing(bug: Bug) -> None:
    words = {"title": "A title", "body": "**Bold** words.", "preview": "1"}
    answer = await bug.mia.post(f"/t/{bug.thread}/promotion", words)
    assert answer.status_code == 200
    assert "<strong>Bold</strong>" in answer.text and "**Bold** words." in answer.text
    assert await wants(bug) == 0


async def test_pressed_twice_it_is_wanted_once(bug: Bug) -> None:
    assert await bug.promote() == 303
    assert await bug.promote(bug.world.owner, body="Other words.") == 303
    assert await wants(bug) == 1
    assert (await bug.row())["body"] == "It ran all day."


async def test_a_job_that_was_lost_is_started_by_hand(bug: Bug) -> None:
    await bug.promote()
    await execute("delete from pgqueuer")
    again = f'formaction="/t/{bug.thread}/promotion/again"'
    assert again not in await bug.page()
    await execute("update promotion set wanted_at = now() - interval '11 minutes'")
    assert again in await bug.page()
    await bug.mia.post(f"/t/{bug.thread}/promotion/again")
    await bug.world.site.jobs()
    assert await bug.state() == "linked"


async def test_trying_again_what_nobody_wanted_is_refused(bug: Bug) -> None:
    assert (await bug.mia.post(f"/t/{bug.thread}/promotion/again")).status_code == 409


async def test_open_pages_hear_of_it(bug: Bug, database: str) -> None:
    async with listening(database) as hub:
        version = await version_of(bug.thread)
        readers = {"guest": GUEST, "sam": await bug.world.supporter.reader(), "mia": await bug.mia.reader()}
        sockets = {name: await follower(hub, reader, "thread", bug.thread, version) for name, reader in readers.items()}
        await bug.promote()
        await hub.settle()
        heard = {name: html_of(received(socket)) for name, socket in sockets.items()}
        assert "being made" in heard["mia"] and "It ran all day" not in heard["mia"]
        assert "being made" not in heard["guest"] + heard["sam"]
        await bug.job()
        await hub.settle()
        for name, socket in sockets.items():
            html = html_of(received(socket))
            assert "https://github.com/Heron/pond/issues/12" in html, name
            assert 'id="promotion"' in html and "made it the GitHub issue" in html, name
        assert sockets["guest"].versions["thread", bug.thread] == await version_of(bug.thread)


async def test_guests_kept_page_shows_the_issue_at_once(bug: Bug) -> None:
    guest = bug.world.site.guest()
    assert "Heron/pond#12" not in await bug.page(guest)
    await bug.promote()
    await bug.job()
    assert "Heron/pond#12" in await bug.page(guest)


async def test_programs_promote_too(bug: Bug) -> None:
    path = f"/api/v1/threads/{bug.thread}/promotion"
    assert (await bug.mia.get(path)).status_code == 404
    assert (await bug.world.supporter.get(path)).status_code == 403
    made = await bug.mia.post(path, json={})
    assert made.status_code == 202, made.text
    wanted = {"thread": bug.thread, "state": "wanted", "repository": "Heron/pond"}
    assert made.json() == wanted | {"number": None, "url": None, "problem": None}
    await bug.job()
    told = (await bug.mia.get(path)).json()
    assert (told["state"], told["number"]) == ("linked", 12)
    assert (await bug.mia.post(path, json={"title": "Another"})).json() == told
    assert bug.github.issues[0]["title"] == "The pump stops at night"
    assert "- OS: Debian 12" in bug.github.issues[0]["body"]


async def test_programs_are_told_what_keeps_it(bug: Bug) -> None:
    await execute("update project set repository = ''")
    refused = await bug.mia.post(f"/api/v1/threads/{bug.thread}/promotion", json={"title": "x" * 300})
    assert refused.status_code == 422
    refused = await bug.mia.post(f"/api/v1/threads/{bug.thread}/promotion", json={})
    assert refused.status_code == 409 and "names no repository" in refused.json()["title"]


async def test_a_bugs_page_costs_one_statement_more_than_others(bug: Bug, statements: Statements) -> None:
    support = await bug.world.ask("How do I stop it?", by="ana")
    costs = {}
    for name, browser in (("guest", bug.world.site.guest()), ("mia", bug.mia)):
        for url in (support.posted.url, bug.url):
            await browser.get(url)
            await execute("update thread set version = version + 1")
            await asyncio.sleep(0)
            statements.clear()
            assert (await browser.get(url)).status_code == 200
            await asyncio.sleep(0)
            costs[name, url] = statements.count
    assert costs["guest", bug.url] <= costs["guest", support.posted.url] + 1
    assert costs["mia", bug.url] <= costs["mia", support.posted.url] + 1
