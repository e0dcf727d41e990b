"""Mail out of a mailbox survives kill -9 of who fetches it, at whatever line: nothing is lost, nothing is doubled (F77)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from forum.database.engine import fetch, fetch_value
from forum.settings import Settings
from tests.faults.test_money_kills import dies
from tests.helpers.mail_in import DOMAIN, Post, mail, posts_of, with_mail
from tests.helpers.site import Site
from tests.standins.mailbox import Mailbox

MAILS = 2
CHOSEN = (f"mail_domain={DOMAIN}",)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    started = Mailbox.start()
    yield started
    started.stop()


@pytest.fixture
async def site(site: Site, settings: Settings, mailbox: Mailbox) -> Site:
    site.settings = with_mail(settings, imap=mailbox.url)
    return site


async def texts(post: Post) -> list[str]:
    return sorted(each["markdown"] for each in (await posts_of(post.thread))[1:])


async def deliver(mailbox: Mailbox, post: Post, numbers: range) -> list[str]:
    for n in numbers:
        raw = mail("sam@example.org", post.sams, f"Mail {n}.", message_id=f"<{n}@home.example>")
        await asyncio.to_thread(mailbox.deliver, raw)
    return [f"Mail {n}." for n in numbers]


async def test_killed_between_taking_a_mail_and_marking_it(
    site: Site, database: str, mailbox: Mailbox, tmp_path: Path
) -> None:
    post = await Post.make(site)
    said = await deliver(mailbox, post, range(2))
    target, mark = "tests.faults.looking:look_and_die", str(tmp_path / "killed")
    assert await asyncio.to_thread(dies, database, target, mailbox.url, mark, step=10**6, chosen=CHOSEN) == 1
    # the first was taken by the child that died, and is not looked at again; the next one marks what it takes itself
    assert list(mailbox.seen().values()) == [False, True]
    await site.jobs()
    assert await texts(post) == said


async def test_killed_at_whatever_line_of_fetching(site: Site, database: str, mailbox: Mailbox) -> None:
    post = await Post.make(site)
    said, died = [], 0
    for n in range(MAILS):
        said += await deliver(mailbox, post, range(n, n + 1))
        died += await asyncio.to_thread(
            dies, database, "tests.faults.looking:look", mailbox.url, step=19 + 4 * n, chosen=CHOSEN
        )
    assert died > MAILS * 4, "it never died on the way"
    assert await fetch_value("select count(*) from incoming where source = 'mail'") == MAILS
    await site.jobs()
    assert await texts(post) == said
    assert await fetch("select * from mailbox_left") == []
