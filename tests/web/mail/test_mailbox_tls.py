"""Mail fetched over TLS: from who can show a certificate that is trusted, valid and theirs, and from nobody else."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from forum.database.engine import fetch_one, fetch_value
from forum.doctor import check_mail_in
from forum.mail.arriving import fetching
from forum.mail.arriving.imap import Link, parsed_imap
from forum.settings import Settings
from tests.helpers.live import until
from tests.helpers.mail_in import Post, mail, posts_of, with_mail
from tests.helpers.site import Site
from tests.standins.mailbox import PASSWORD, Mailbox
from tests.standins.tls import relay, self_made


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    started = Mailbox.start()
    yield started
    started.stop()


def over_tls(mailbox: Mailbox, port: int) -> str:
    """HAAS_IMAP for a listener with TLS before the mailbox."""
    return mailbox.url.replace("imap:", "imaps:").replace(f":{mailbox.port}/", f":{port}/")


async def test_mail_is_fetched_over_tls_from_whose_certificate_is_trusted(
    database: str, settings: Settings, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = self_made(tmp_path)
    # what OpenSSL trusts instead of the system's, for as long as this test runs
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with relay(certificate, mailbox.port) as front:
        chosen = with_mail(settings, imap=over_tls(mailbox, front.port))
        async with Site.open(chosen) as site, fetching.fetching(chosen):
            post = await Post.make(site)
            arrived = await fetch_value("select count(*) from incoming")
            await asyncio.to_thread(mailbox.deliver, mail("sam@example.org", post.sams, "Through TLS."))
            while not arrived:
                arrived = await fetch_value("select count(*) from incoming where source = 'mail'")
                await asyncio.sleep(0.02)
            await site.jobs()
            assert [each["markdown"] for each in (await posts_of(post.thread))[1:]] == ["Through TLS."]
            checks = {check.name: check for check in await check_mail_in(chosen)}
            assert checks["mail in, mailbox"].ok is True
    assert PASSWORD.encode() in front.said


@pytest.mark.parametrize(
    ("host", "days", "is_known"), [("127.0.0.1", 1, False), ("a.example", 1, True), ("127.0.0.1", -1, True)]
)
async def test_nobody_is_told_the_password_whose_certificate_is_unknown_of_another_or_over(
    database: str,
    settings: Settings,
    mailbox: Mailbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    days: int,
    is_known: bool,
) -> None:
    certificate = self_made(tmp_path, host=host, days=days)
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr(fetching, "PAUSE", 0.01)
    tries: list[int] = []
    opened = Link.open
    monkeypatch.setattr(Link, "open", lambda link: (tries.append(1), opened(link))[1])
    async with relay(certificate, mailbox.port) as front:
        chosen = with_mail(settings, imap=over_tls(mailbox, front.port))
        async with Site.open(chosen) as site:
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.to_thread(Link(parsed_imap(chosen.imap)).open)
            async with fetching.fetching(chosen):
                await until(lambda: len(tries) > 3)
            row = await fetch_one("select failure, checked_at from mailbox")
            assert row is not None and "certificate" in row["failure"].lower() and row["checked_at"] is None
            page = await (await site.member("adam", admin=True)).get("/admin/mail/in")
            assert "certificate" in page.text.lower()
    assert front.said == b""
