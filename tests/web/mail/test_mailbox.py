"""Mail fetched from a mailbox: a real IMAP server on this machine, whatever happens between the two."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, Envelope
from structlog.testing import capture_logs

from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.doctor import check_mail_in
from forum.mail.arriving import fetching, imap
from forum.mail.arriving.fetching import pause_for, recipients_of, return_path, settle, take_new
from forum.mail.arriving.imap import Link, NoEntry, parsed_imap
from forum.settings import Settings
from forum.threads.writing import post_reply
from tests.helpers.mail_in import DOMAIN, Post, mail, posts_of, with_mail
from tests.helpers.site import Site
from tests.helpers.world import World
from tests.standins.mailbox import PASSWORD, Mailbox


@pytest.fixture(scope="module")
def imap_server() -> Iterator[Mailbox]:
    started = Mailbox.start()
    yield started
    started.stop()


@pytest.fixture
def mailbox(imap_server: Mailbox) -> Mailbox:
    imap_server.empty()
    return imap_server


@pytest.fixture
async def site(database: str, settings: Settings, mailbox: Mailbox) -> AsyncIterator[Site]:
    async with Site.open(with_mail(settings, imap=mailbox.url)) as opened:
        yield opened


@pytest.fixture
async def post(site: Site) -> Post:
    return await Post.make(site)


async def look(site: Site) -> None:
    """One look into the mailbox, and what came of it is handled."""
    place = parsed_imap(site.settings.imap)
    link = Link(place)
    try:
        await settle(place, await asyncio.to_thread(link.open))
        await take_new(link, place, site.settings)
    finally:
        link.cut()
    await site.jobs()


async def texts(post: Post) -> list[str]:
    return [each["markdown"] for each in (await posts_of(post.thread))[1:]]


def answer(post: Post, text: str, number: int = 1) -> bytes:
    return mail("sam@example.org", post.sams, text, message_id=f"<{number}@home.example>")


async def test_soon_after_news_it_looks_again_and_then_later_and_later(
    site: Site, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came between looking and waiting is told to nobody."""
    waits: list[float] = []
    waited = Link.wait

    def wait(link: Link, seconds: float) -> bool:
        waits.append(seconds)
        return waited(link, 0) if len(waits) < 9 else waited(link, seconds) if len(waits) > 9 else True

    async def ten() -> bool:
        return len(waits) == 10

    monkeypatch.setattr(Link, "wait", wait)
    async with fetching.fetching(site.settings):
        await until(ten)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 1]


async def test_what_lay_there_read_before_us_stays_and_the_rest_is_taken_once_and_marked(
    site: Site, post: Post, mailbox: Mailbox
) -> None:
    mailbox.deliver(answer(post, "Read long ago.", 1), b"\\Seen")
    mailbox.deliver(answer(post, "Pass flush.", 2))
    mailbox.deliver(mail("sam@example.org", "holidays@elsewhere.example", "Not for the site.", message_id="<3@a.b>"))
    await look(site)
    mailbox.deliver(answer(post, "And a window.", 4), b"\\Seen")
    await look(site)
    await look(site)
    # what came after us counts even when a person was faster to read it
    assert await texts(post) == ["Pass flush.", "And a window."]
    assert list(mailbox.seen().values()) == [True, True, False, True]
    assert await fetch_value("select count(*) from incoming where source = 'mail'") == 2


async def test_killed_between_taking_and_marking_nothing_is_lost_or_doubled(
    site: Site, post: Post, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_link: Link, _uid: int) -> None:
        raise KeyboardInterrupt

    mailbox.deliver(answer(post, "One.", 1))
    mailbox.deliver(answer(post, "Two.", 2))
    with monkeypatch.context() as patched:
        patched.setattr(Link, "mark_seen", killed)
        with pytest.raises(KeyboardInterrupt):
            await look(site)
    await look(site)
    # each mail is a job of its own
    assert sorted(await texts(post)) == ["One.", "Two."]
    # the mailbox's own memory is gone too: what is in it is known by what it says
    mailbox.stop()
    mailbox.begin()
    mailbox.deliver(answer(post, "Two.", 2))
    mailbox.deliver(answer(post, "Three.", 3))
    await execute("update mailbox set checked_at = now()")
    await look(site)
    assert sorted(await texts(post)) == ["One.", "Three.", "Two."]


async def test_a_mail_that_cannot_be_taken_is_left_and_holds_up_nobody(
    site: Site, post: Post, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = Link.raw

    def poisoned(link: Link, uid: int) -> bytes | None:
        raw = fetched(link, uid)
        if raw and b"poison" in raw:
            raise ValueError("what the server sent is not understood")
        return raw

    monkeypatch.setattr(fetching, "SIZE_MOST", 3000)
    mailbox.deliver(answer(post, "poison", 1))
    mailbox.deliver(answer(post, "too large " * 400, 2))
    mailbox.deliver(answer(post, "Healthy.", 3))
    with monkeypatch.context() as patched:
        patched.setattr(Link, "raw", poisoned)
        await look(site)
    assert await texts(post) == ["Healthy."] and list(mailbox.seen().values()) == [False, False, True]
    left = await fetch("select why, next_at is null as is_given_up from mailbox_left order by uid")
    assert [tuple(row.values()) for row in left] == [("ValueError", False), ("larger than 25 MB", True)]
    page = await (await site.member("adam", admin=True)).get("/admin/mail/in")
    assert "2 mails could not be taken" in page.text and PASSWORD not in page.text
    await execute("update mailbox_left set next_at = now() where next_at is not null")
    await look(site)
    assert await texts(post) == ["Healthy.", "poison"]
    assert await fetch_value("select count(*) from mailbox_left") == 1


async def test_while_the_site_is_only_read_mail_stays_in_the_mailbox(site: Site, post: Post, mailbox: Mailbox) -> None:
    mailbox.deliver(answer(post, "Later."))
    await execute("update site_switch set is_on = true where name = 'read_only'")
    await look(site)
    await execute("update site_switch set is_on = false where name = 'read_only'")
    assert await texts(post) == []
    await look(site)
    assert await texts(post) == ["Later."]


async def test_a_wrong_password_is_said_once_and_nowhere_shown(
    site: Site, post: Post, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = replace(site.settings, imap=mailbox.url.replace("an%20IMAP", "a-wrong"))
    for name in ("PAUSE_NO_ENTRY", "PAUSE_NO_ENTRY_MOST"):
        monkeypatch.setattr(fetching, name, 0.05)
    tries = []
    opened = Link.open
    monkeypatch.setattr(Link, "open", lambda link: (tries.append(1), opened(link))[1])
    with capture_logs() as logs:
        async with fetching.fetching(wrong):
            await until(lambda: asyncio.sleep(0, len(tries) >= 3))
    row = await fetch_one("select * from mailbox")
    assert row is not None and "does not let us in" in row["failure"] and row["failing_since"] and not row["checked_at"]
    assert [each["event"] for each in logs].count("mail cannot be fetched") == 1
    page = await (await site.member("adam", admin=True)).get("/admin/mail/in")
    check = next(c for c in await check_mail_in(wrong) if c.name == "mail in, mailbox")
    assert check.ok is False and "does not let us in" in check.detail and "cannot be fetched" in page.text
    shown = f"{page.text}{check}{row}{logs}{wrong.described()}{parsed_imap(wrong.imap)}"
    assert "a-wrong" not in shown and "does not let us in" in page.text


async def test_doctor_names_the_mailbox_and_what_is_no_address_of_one(site: Site, post: Post, mailbox: Mailbox) -> None:
    mailbox.deliver(answer(post, "Hello."))
    checks = {check.name: check for check in await check_mail_in(site.settings)}
    assert checks["mail in, mailbox"].ok is True and "1 mails" in checks["mail in, mailbox"].detail
    assert checks["mail in, addresses"].ok is True and "mail in" not in checks
    for value in ("https://a:b@c/", "imaps://host/INBOX", "imaps://a:b@host:port/", "imaps://a:secret@[::1/"):
        bad = {check.name: check for check in await check_mail_in(replace(site.settings, imap=value))}
        assert bad["mail in, mailbox"].ok is False and "secret" not in bad["mail in, mailbox"].detail
    assert (
        parsed_imap("imaps://a%40b.example:p%2Fw@mx.example/Help%20desk").name == "a@b.example at mx.example/Help desk"
    )


async def test_no_password_goes_over_an_open_line(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "HERE", frozenset())
    link, near = (Link(parsed_imap(mailbox.url), within=frozenset(names)) for names in ((), ("127.0.0.1",)))
    with pytest.raises(NoEntry, match="no encryption"):
        await asyncio.to_thread(link.open)
    assert (await asyncio.to_thread(near.open)).can_idle
    link.cut()
    near.cut()


def test_pauses_grow_to_a_limit() -> None:
    assert [pause_for(n, is_no_entry=False) for n in (1, 2, 99)] == [5, 10, 300]
    assert [pause_for(n, is_no_entry=True) for n in (1, 2, 9999)] == [300, 600, 3600]


async def test_who_a_mail_is_for_is_what_the_server_wrote_and_else_to_and_cc(site: Site, post: Post) -> None:
    sams = post.sams
    to = mail("sam@example.org", f'"{sams}" <x@elsewhere.example>, Pelican <PELICAN@{DOMAIN}>, a@b.example', "Hello")
    assert await recipients_of(to, site.settings) == [f"pelican@{DOMAIN}"]
    traced = f"Return-Path: <Sam@example.org>\r\nDelivered-To: {sams}\r\nDelivered-To: box@hoster.example\r\n".encode()
    assert await recipients_of(traced + to, site.settings) == [sams]
    assert await recipients_of(b"Delivered-To: box@hoster.example\r\n" + to, site.settings) == [f"pelican@{DOMAIN}"]
    assert await recipients_of(b"\xff\x00 no mail: at all", site.settings) == []
    assert [return_path(raw) for raw in (traced, b"Return-Path: <>\r\n\r\n", to)] == ["sam@example.org", "", None]


class Agent:
    """What a hoster's mail server does with a mail for somebody it knows: a trace on top, then into their mailbox."""

    def __init__(self, mailboxes: dict[str, Mailbox]) -> None:
        self.mailboxes = mailboxes

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Envelope) -> str:
        for to in envelope.rcpt_tos:
            box = self.mailboxes.get(to.rpartition("@")[2])
            if box is not None:
                trace = f"Return-Path: <{envelope.mail_from}>\r\nDelivered-To: {to}\r\n".encode()
                await asyncio.to_thread(box.deliver, trace + (envelope.original_content or b""))
        return "250 2.0.0 Taken"


@asynccontextmanager
async def agent(mailboxes: dict[str, Mailbox]) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Agent(mailboxes), loop=loop), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def until(condition: Any) -> None:
    for _look in range(400):
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came to that")


async def test_a_conversation_by_mail_goes_round(
    database: str, settings: Settings, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answer → SMTP → ana's mailbox → IMAP → her answer → SMTP → the site's mailbox → IMAP → post → mail to sam."""
    anas = Mailbox.start("ana@example.org")
    try:
        async with agent({DOMAIN: mailbox, "example.org": anas}) as port:
            chosen = with_mail(settings, imap=mailbox.url, smtp_url=f"smtp://127.0.0.1:{port}")
            async with Site.open(chosen) as site, fetching.fetching(chosen):
                world = await World.make(site)
                asked = (await world.ask("How do I resample without losing the last window?")).posted
                await until(lambda: fetch_value("select 1 from mailbox where checked_at is not null"))
                await world.supporter.post(f"/t/{asked.thread}/level", {"level": "every"})
                await post_reply(await world.supporter.reader(), asked.thread, "Pass `flush`.")
                await site.jobs()
                raw = next(each for each in anas.mails() if b"flush" in each)
                got = cast(EmailMessage, message_from_bytes(raw, policy=policy.default))
                back = EmailMessage()
                back["From"], back["To"], back["Subject"] = "ana@example.org", got["Reply-To"], f"Re: {got['Subject']}"
                back["Message-ID"], back["In-Reply-To"] = "<mua-1@example.org>", got["Message-ID"]
                back["References"] = f"{got['References']} {got['Message-ID']}"
                plain = got.get_body(("plain",))
                assert plain is not None
                quoted = "\n".join(f"> {line}" for line in plain.get_content().splitlines())
                back.set_content(f"It still loses one.\n\nOn Sat, 28 Nov 2026, Test Help wrote:\n{quoted}\n")
                await aiosmtplib.send(back, hostname="127.0.0.1", port=port)
                # IDLE tells of it: nobody waits for the next minute
                await until(lambda: fetch_value("select 1 from incoming where source = 'mail'"))
                await site.jobs()
                posts = await posts_of(asked.thread)
                assert [(each["author_id"], each["markdown"].split("\n")[0]) for each in posts[2:]] == [
                    (world.people["ana"].person, "It still loses one.")
                ]
                assert await fetch_value("select reply_to from post where id = $1", posts[2]["id"]) == 2
                page = await world.people["ana"].get(asked.url)
                assert page.text.count("</svg>by e-mail") == 1 and 'title="Came by e-mail, ' in page.text
                shown = (await world.supporter.get(f"/t/{asked.thread}.json")).json()["post_stream"]["posts"]
                assert [each.get("via_email") for each in shown] == [None, None, True]
                # sam hears of it in the conversation that sam's program knows
                told = [
                    message_from_bytes(each, policy=policy.default) for each in anas.mails() if b"loses one" in each
                ]
                sams = next(each for each in told if str(each["To"]).startswith("sam@"))
                first = str(got["References"]).split()[0]
                of_ana, [of_sam, answered] = first.strip("<>"), str(sams["References"]).replace("<", "").split("> ")
                assert of_ana.startswith(f"post-{posts[0]['id']}-{world.people['ana'].person}.")
                assert of_sam.startswith(f"post-{posts[0]['id']}-{world.supporter.person}.")
                # what she answered is sam's own
                assert answered.startswith(f"post-{posts[1]['id']}-{world.supporter.person}.")
                assert str(sams["In-Reply-To"]) == f"<{answered}" and str(sams["Message-ID"]) != str(got["Message-ID"])
    finally:
        anas.stop()
