"""The whole day of a support team: from a comment on GitHub to a satisfied asker, everything real but GitHub itself."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from email import message_from_string, policy
from email.message import EmailMessage
from uuid import uuid4

import aiosmtplib
import httpx
import pytest
from playwright.async_api import Page, expect

from forum.database.engine import execute, fetch_value
from tests.helpers.bot import REPOSITORY, SECRET, signed
from tests.helpers.browsing import Windows, shoot
from tests.helpers.smtp import MailServer
from tests.helpers.world import World
from tests.standins.github import GitHub
from tests.standins.github_front import Front
from tests.standins.github_issues import id_of
from tests.standins.github_sign_in import CLIENT
from tests.standins.process import Standin, free_port

DOMAIN = "help.example"
TERMS = "Be kind, and say your version."


@pytest.fixture
async def github() -> AsyncIterator[GitHub]:
    async with GitHub.open() as opened:
        opened.bot_rows.roles |= {"mia": "write"}
        yield opened


@pytest.fixture
def people() -> Iterator[Standin]:
    """Who signs people in with GitHub: wader, who opened the issue there."""
    running = Standin.serve("tests.standins.github_sign_in:app")
    wader = {"id": id_of("wader"), "name": "Wader", "email": "wader@example.org", "verified": True}
    running.tell(me="wader", users={"wader": wader})
    yield running
    running.stop()


@pytest.fixture
async def outbox() -> AsyncIterator[MailServer]:
    async with MailServer.open() as opened:
        yield opened


@pytest.fixture
async def front(people: Standin, github: GitHub) -> AsyncIterator[Front]:
    async with Front.open(people.url, github.url) as opened:
        yield opened


@pytest.fixture
def mail_port() -> int:
    return free_port()


@pytest.fixture
def more_settings(front: Front, github: GitHub, outbox: MailServer, mail_port: int) -> dict[str, str]:
    return github.app_settings | {
        "github_webhook_secret": SECRET,
        "github_api_base": f"{front.url}/api/v3",
        "github_client_id": CLIENT["client_id"],
        "github_client_secret": CLIENT["client_secret"],
        "smtp_url": outbox.url,
        "smtp_listen": f"127.0.0.1:{mail_port}",
        "mail_domain": DOMAIN,
    }


async def deliver(url: str, event: str, payload: dict[str, object]) -> None:
    """GitHub tells the site, over the wire."""
    body = json.dumps(payload).encode()
    headers = {
        "x-github-event": event,
        "x-github-delivery": str(uuid4()),
        "x-hub-signature-256": signed(body),
        "content-type": "application/json",
    }
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{url}/webhooks/github", content=body, headers=headers)
    assert answer.status_code == 202 or answer.is_success, answer.text


async def mail_to(outbox: MailServer, page: Page, recipient: str, words: str) -> EmailMessage:
    """The newest mail to somebody in which these words stand; it comes."""
    for _look in range(200):
        for recipients, text in reversed(outbox.taken):
            if recipient in recipients:
                read = message_from_string(text.replace("\r\n..", "\r\n."), policy=policy.default)
                body = read.get_body(("plain",))
                assert body is not None
                if words in body.get_content():
                    return read
        await page.wait_for_timeout(50)
    raise AssertionError(f"no mail to {recipient} with {words!r} in {[(r, t[:400]) for r, t in outbox.taken]}")


async def test_from_a_comment_on_github_to_a_satisfied_asker(
    windows: Windows, world: World, github: GitHub, outbox: MailServer, mail_port: int
) -> None:
    # the App is installed, its repository belongs to the project
    repository = {"id": REPOSITORY, "name": "Pond", "full_name": "heron/Pond", "private": False}
    about = {"id": 77, "account": {"login": "heron", "id": 9}, "permissions": {"issues": "write", "metadata": "read"}}
    installed = {"action": "created", "installation": about | {"suspended_at": None}, "repositories": [repository]}
    await deliver(windows.url, "installation", installed)
    sam = await windows.open("/p/pelican/inbox", world.supporter)
    for _look in range(100):
        if await fetch_value("select 1 from github_repository where id = $1", REPOSITORY):
            break
        await sam.wait_for_timeout(50)
    await execute("update github_repository set project_id = $1", world.project)
    await execute("insert into terms (project_id, version, body) values ($1, 1, $2)", world.project, TERMS)

    # GitHub comment in
    github.open_issue(7, "How do I stop the pump?", "It runs all night. Version: 2.4.1", "wader")
    comment = github.write(7, "@pond-helper +support", "mia")
    row = github.bot_rows.rows[7]
    told = {"action": "created", "issue": row, "repository": repository, "comment": comment, "sender": comment["user"]}
    await deliver(windows.url, "issue_comment", told)

    # bot comment out, with the link; the issue is closed
    for _look in range(200):
        if github.said(7) and github.bot_rows.rows[7]["state"] == "closed":
            break
        await sam.wait_for_timeout(50)
    said = github.said(7)[-1]
    link = re.search(r"http://127\.0\.0\.1:\d+(/t/[\w/-]+)", said)
    assert link is not None, said
    assert github.bot_rows.rows[7]["state_reason"] == "not_planned"
    await expect(sam.get_by_text("How do I stop the pump?")).to_have_count(0), "nobody is told of a draft"

    # the draft, signing in, and the claim of what was written there
    wader = await windows.open(link[1])
    await expect(wader.get_by_role("heading", name="How do I stop the pump?", level=1)).to_be_visible()
    await shoot(wader, "desk-guest")
    await wader.get_by_role("button", name=re.compile("Sign in with GitHub")).first.click()
    await wader.get_by_role("button", name="Sign up").click()
    await expect(wader.get_by_text("Welcome.")).to_be_visible()
    await expect(wader.get_by_text("imported from GitHub", exact=False).first).to_be_visible()
    await shoot(wader, "desk-draft")

    # terms, capacity, submit
    await expect(wader.get_by_text(TERMS).first).to_be_attached()
    await wader.get_by_label("for yourself").check()
    await wader.get_by_label("I accept these terms.").check()
    await wader.get_by_role("button", name="Submit without paying").click()
    await expect(wader.locator("#queue")).to_contain_text("1")
    await shoot(wader, "desk-waiting")

    # the inbox, live; the claim; one asks for mail about the ticket
    await expect(sam.locator("#inbox_queue").get_by_text("How do I stop the pump?")).to_be_visible()
    await sam.locator("#inbox_queue").get_by_role("link", name="How do I stop the pump?").click()
    await sam.locator(".ticket").get_by_role("button", name="Claim").click()
    await expect(sam.locator(".ticket header").get_by_text("assigned to")).to_be_visible()
    await shoot(sam, "desk-claimed")
    await sam.goto(link[1])
    await sam.locator("#level summary").click()
    await sam.locator("#level button", has_text="Every message").click()
    await expect(sam.locator("#level summary")).to_contain_text("Every message")

    # wader adds a word, which sam hears of by mail, and answers by mail
    await wader.get_by_label("Your reply").fill("It is the blue pump.")
    await wader.get_by_role("button", name="Reply", exact=True).click()
    heard = await mail_to(outbox, wader, "sam@example.org", "It is the blue pump.")
    answer = EmailMessage()
    answer["From"] = "Sam <sam@example.org>"
    answer["To"] = heard["Reply-To"]
    answer["Subject"] = "Re: " + heard["Subject"]
    answer["In-Reply-To"] = answer["References"] = heard["Message-ID"]
    answer["Message-ID"] = "<answer-1@home.example>"
    answer.set_content("Turn the valve on its left side.\n\nSam\n\n> It is the blue pump.\n")
    assert str(heard["Reply-To"]).endswith(f"@{DOMAIN}"), heard["Reply-To"]
    await aiosmtplib.send(answer, hostname="127.0.0.1", port=mail_port, sender="sam@example.org")
    await expect(wader.get_by_text("Turn the valve on its left side.")).to_be_visible()
    await mail_to(outbox, wader, "wader@example.org", "Turn the valve on its left side.")

    # accepted; how did it go?
    post = wader.locator("article", has_text="Turn the valve on its left side.")
    await post.get_by_role("button", name=re.compile("Accept|solved", re.IGNORECASE)).first.click()
    await expect(wader.get_by_role("heading", name="How did it go?")).to_be_visible()
    await shoot(wader, "desk-solved")
    closing = await mail_to(outbox, wader, "wader@example.org", "/rate/")
    body = closing.get_body(("plain",))
    assert body is not None
    rate = re.search(r"http://127\.0\.0\.1:\d+(/rate/\S+face=3)", body.get_content())
    assert rate is not None, body.get_content()
    at_mail = await windows.open(rate[1])
    assert await fetch_value("select count(*) from rating") == 0, "following the link says nothing"
    await at_mail.get_by_role("button", name="Send").click()
    await expect(at_mail.get_by_role("status")).to_contain_text("Good")
    await shoot(at_mail, "desk-rated")
    owner = await windows.open("/p/pelican/dashboard", world.owner)
    await expect(owner.locator("#chart-satisfaction")).to_be_visible()
    assert await fetch_value("select face from rating") == 3
