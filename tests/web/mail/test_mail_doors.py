"""The doors that mail comes in by: SMTP, LMTP and a pipe; nothing is taken that is not kept, and nothing is smuggled."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosmtplib
import asyncpg
import pytest

from forum.commands import receive_mail
from forum.database.engine import execute, fetch, fetch_value
from forum.mail.arriving import smtp
from forum.mail.arriving.smtp import listening, parsed_listen
from forum.mail.letters import mail_domain
from forum.settings import Settings
from tests.helpers.mail_in import DOMAIN, Post, mail, posts_of, with_mail
from tests.helpers.site import Site


@pytest.fixture
async def post(site: Site, settings: Settings) -> Post:
    site.settings = with_mail(settings, smtp_listen="127.0.0.1:0")
    return await Post.make(site)


@asynccontextmanager
async def door(site: Site) -> AsyncIterator[tuple[str, int]]:
    async with listening(site.settings) as server:
        yield server.sockets[0].getsockname()[:2]


@asynccontextmanager
async def dialogue(address: tuple[str, int] | str) -> AsyncIterator[Any]:
    """Speak to a door line by line; `say` gives its answer."""
    reader, writer = await (
        asyncio.open_unix_connection(address) if isinstance(address, str) else asyncio.open_connection(*address)
    )

    async def say(data: bytes | None = None, answers: int = 1) -> str:
        if data is not None:
            writer.write(data)
            await writer.drain()
        told = ""
        for _answer in range(answers):
            while True:
                line = (await asyncio.wait_for(reader.readline(), 10)).decode()
                told += line
                if line[3:4] != "-":
                    break
        return told

    await say()
    yield say
    writer.close()
    await writer.wait_closed()


async def test_an_answer_sent_by_smtp_stands_in_the_thread_once_though_sent_twice(site: Site, post: Post) -> None:
    raw = mail("sam@example.org", post.sams, "Pass flush.")
    async with door(site) as (host, port):
        for _time in range(2):
            await aiosmtplib.send(raw, sender="sam@example.org", recipients=[post.sams], hostname=host, port=port)
    assert await fetch_value("select count(*) from incoming where source = 'mail'") == 1
    await site.jobs()
    assert [p["markdown"] for p in (await posts_of(post.thread))[1:]] == ["Pass flush."]
    page = await post.ana.get(post.url)
    assert page.text.count("Pass flush.") == 1


async def test_only_addresses_that_exist_are_taken_and_nobody_is_told_who_is_here(site: Site, post: Post) -> None:
    taken = [f"pelican@{DOMAIN}", f"PELICAN+bugs@{DOMAIN}", post.sams, f"pelican+security@{DOMAIN}"]
    unknown = [
        f"nobody@{DOMAIN}",
        f"pelican+nothing@{DOMAIN}",
        "pelican@elsewhere.example",
        f"pelican+t{'a' * 26}@{DOMAIN}",
        f"bounces+abc.0000000000000000@{DOMAIN}",
        f"ana@{DOMAIN}",
    ]
    async with door(site) as address, dialogue(address) as say:
        await say(b"EHLO home.example\r\n")
        await say(b"MAIL FROM:<sam@example.org>\r\n")
        for each in taken:
            assert (await say(f"RCPT TO:<{each}>\r\n".encode())).startswith("250"), each
        for each in unknown:
            assert (await say(f"RCPT TO:<{each}>\r\n".encode())).startswith("550"), each
        assert (await say(b"VRFY <pelican@help.example>\r\n")).startswith("252")
        assert (await say(b"EXPN pelican\r\n")).startswith("50")


async def test_a_private_category_that_takes_no_reports_has_no_address(site: Site, post: Post) -> None:
    await execute(
        "insert into category (project_id, slug, name, kind, visibility, readers, position)"
        " values ($1, 'board', 'Board', 'support', 'private', '{owner}', 9)",
        post.world.project,
    )
    async with door(site) as address, dialogue(address) as say:
        await say(b"EHLO home.example\r\n")
        await say(b"MAIL FROM:<sam@example.org>\r\n")
        assert (await say(f"RCPT TO:<pelican+board@{DOMAIN}>\r\n".encode())).startswith("550")


@pytest.mark.parametrize(
    "smuggled",
    [
        b"From: sam@example.org\r\n\r\nHello\n.\nMAIL FROM:<evil@example.org>\r\n.\r\n",
        b"From: sam@example.org\r\n\r\nHello\r\n.\nMAIL FROM:<evil@example.org>\r\n.\r\n",
        b"From: sam@example.org\r\n\r\nHello\n.\r\nMAIL FROM:<evil@example.org>\r\n.\r\n",
        b"From: sam@example.org\r\n\r\nHello\r.\rMAIL FROM:<evil@example.org>\r\n.\r\n",
        b"From: sam@example.org\n\nHello\r\n.\r\n",
    ],
)
async def test_a_mail_hidden_in_another_by_bare_line_ends_is_refused_whole(
    site: Site, post: Post, smuggled: bytes
) -> None:
    async with door(site) as address, dialogue(address) as say:
        await say(b"EHLO home.example\r\n")
        await say(b"MAIL FROM:<sam@example.org>\r\n")
        await say(f"RCPT TO:<{post.sams}>\r\n".encode())
        assert (await say(b"DATA\r\n")).startswith("354")
        assert (await say(smuggled)).startswith("554 5.6.0")
        assert (await say(b"NOOP\r\n")).startswith("250")
    assert await fetch_value("select count(*) from incoming") == 0


async def test_a_mail_of_more_than_fits_or_with_endless_lines_is_refused(
    site: Site, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "SIZE_MOST", 20_000)
    async with door(site) as address, dialogue(address) as say:
        told = await say(b"EHLO home.example\r\n")
        assert "SIZE 20000" in told
        assert (await say(b"MAIL FROM:<sam@example.org> SIZE=30000\r\n")).startswith("552")
        for text, code in ((b"a" * 900 + b"\r\n", "552"), (b"a" * 5000 + b"\r\n", "500")):
            await say(b"MAIL FROM:<sam@example.org>\r\n")
            await say(f"RCPT TO:<{post.sams}>\r\n".encode())
            await say(b"DATA\r\n")
            assert (await say(text * (30 if code == "552" else 2) + b".\r\n")).startswith(code)
            await say(b"RSET\r\n")
    assert await fetch_value("select count(*) from incoming") == 0


async def test_while_the_site_is_only_read_the_sender_tries_again_later(site: Site, post: Post) -> None:
    await execute("update site_switch set is_on = true where name = 'read_only'")
    async with door(site) as address, dialogue(address) as say:
        await say(b"EHLO home.example\r\n")
        assert (await say(b"MAIL FROM:<sam@example.org>\r\n")).startswith("451")
        await execute("update site_switch set is_on = false where name = 'read_only'")
        assert (await say(b"MAIL FROM:<sam@example.org>\r\n")).startswith("250")
        await say(f"RCPT TO:<{post.sams}>\r\n".encode())
        await execute("update site_switch set is_on = true where name = 'read_only'")
        await say(b"DATA\r\n")
        assert (await say(mail("sam@example.org", post.sams, "Hello") + b"\r\n.\r\n")).startswith("451")
    assert await fetch_value("select count(*) from incoming") == 0


async def test_taken_is_said_only_of_what_is_kept(site: Site, post: Post) -> None:
    owner = await asyncpg.connect(site.settings.database_url)
    await owner.execute("alter table incoming add constraint full_disk check (source <> 'mail') not valid")
    try:
        async with door(site) as address, dialogue(address) as say:
            await say(b"EHLO home.example\r\n")
            await say(b"MAIL FROM:<sam@example.org>\r\n")
            await say(f"RCPT TO:<{post.sams}>\r\n".encode())
            await say(b"DATA\r\n")
            assert (await say(mail("sam@example.org", post.sams, "Hello") + b"\r\n.\r\n")).startswith("451")
    finally:
        await owner.execute("alter table incoming drop constraint full_disk")
        await owner.close()
    assert await fetch_value("select count(*) from incoming") == 0


async def test_one_sender_is_slowed_down(site: Site, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "MAILS_MOST", 2)
    async with door(site) as (host, port):
        for number in range(2):
            raw = mail("sam@example.org", post.sams, f"Hello {number}", message_id=f"<{number}@a.example>")
            await aiosmtplib.send(raw, sender="sam@example.org", recipients=[post.sams], hostname=host, port=port)
        raw = mail("sam@example.org", post.sams, "Hello 3", message_id="<3@a.example>")
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await aiosmtplib.send(raw, sender="sam@example.org", recipients=[post.sams], hostname=host, port=port)
        assert refused.value.code == 450
        await aiosmtplib.send(raw, sender="ana@example.org", recipients=[post.sams], hostname=host, port=port)


async def test_one_client_is_slowed_down_whoever_it_says_it_sends_for(
    site: Site, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "CLIENT_MOST", 2)

    async def send(number: int, host: str, port: int, client: str) -> None:
        sender = f"sender{number}@example.org"
        raw = mail(sender, f"pelican@{DOMAIN}", "Hello", message_id=f"<{number}@a.example>")
        to, at = [f"pelican@{DOMAIN}"], (client, 0)
        await aiosmtplib.send(raw, sender=sender, recipients=to, hostname=host, port=port, source_address=at)

    async with door(site) as (host, port):
        for number in range(2):
            await send(number, host, port, "127.0.0.2")
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await send(3, host, port, "127.0.0.2")
        assert refused.value.code == 450
        # this machine's own mail server speaks for everybody
        for number in range(4, 8):
            await send(number, host, port, "127.0.0.1")
    assert await fetch_value("select count(*) from incoming where source = 'mail'") == 6


async def test_lmtp_answers_for_each_recipient(site: Site, post: Post, settings: Settings, tmp_path: Path) -> None:
    socket = tmp_path / "lmtp"
    site.settings = with_mail(settings, smtp_listen=f"lmtp:{socket}")
    async with listening(site.settings), dialogue(str(socket)) as say:
        assert (await say(b"EHLO home.example\r\n")).startswith("500")
        assert (await say(b"LHLO home.example\r\n")).startswith("250")
        await say(b"MAIL FROM:<sam@example.org>\r\n")
        for each in (post.sams, f"pelican@{DOMAIN}"):
            assert (await say(f"RCPT TO:<{each}>\r\n".encode())).startswith("250")
        await say(b"DATA\r\n")
        told = await say(mail("sam@example.org", post.sams, "Hello") + b"\r\n.\r\n", answers=2)
        assert told.count("250 2.0.0") == 2
    assert [r["kind"] for r in await fetch("select kind from incoming order by kind")] == ["pelican", "pelican+answer"]


def test_what_cannot_be_listened_at_is_said() -> None:
    assert parsed_listen("0.0.0.0:2525") == (False, ("0.0.0.0", 2525))
    assert parsed_listen("lmtp:[::1]:24") == (True, ("::1", 24))
    assert parsed_listen("lmtp:/run/haas/lmtp") == (True, "/run/haas/lmtp")
    for wrong in ("25", "host:", "lmtp:", "host:99999"):
        with pytest.raises(ValueError, match="HAAS_SMTP_LISTEN"):
            parsed_listen(wrong)


async def test_what_nobody_can_read_is_kept_raw_and_seen_by_its_state_alone(site: Site, post: Post) -> None:
    async with door(site) as (host, port):
        raw = b"canarytext without any header at all\r\nand more\r\n"
        await aiosmtplib.send(raw, sender="sam@example.org", recipients=[post.sams], hostname=host, port=port)
    await site.jobs()
    row = (await fetch("select * from incoming"))[0]
    assert row["next_at"] is None and row["handled_at"] is None and row["failure"] == "without a header"
    assert b"canarytext" in bytes(row["body"])
    admin = await site.member("adam", admin=True)
    for path in ("/admin/incoming?state=given-up", "/admin/mail/in"):
        page = await admin.get(path)
        assert "without a header" in page.text and "canarytext" not in page.text and "sam@example.org" not in page.text
        assert (await post.world.owner.get(path)).status_code == 404
    assert mail_domain(site.settings) == DOMAIN


class Pipe:
    """Standard input of a command that reads bytes."""

    def __init__(self, raw: bytes) -> None:
        self.buffer = io.BytesIO(raw)


def test_a_pipe_is_told_what_mail_servers_go_by(
    process_database: str, emptier: Any, settings: Settings, no_pool: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_mail(settings)

    def receive(raw: bytes, *recipients: str) -> int:
        monkeypatch.setattr("sys.stdin", Pipe(raw))
        return receive_mail(list(recipients), "sam@example.org")

    assert receive(b"", f"noreply@{DOMAIN}") == 65
    assert receive(b"From: a@b.example\n\nHi", f"nobody@{DOMAIN}") == 67
    assert receive(b"From: a@b.example\n\nHi", f"noreply@{DOMAIN}") == 0
    with_mail(
        settings, database_url="postgresql://127.0.0.1:1/none", migrate_database_url="postgresql://127.0.0.1:1/none"
    )
    assert receive(b"From: a@b.example\n\nHi", f"noreply@{DOMAIN}") == 75
