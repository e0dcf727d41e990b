"""Mails leave once, look right, and can be read by an admin only where nobody else could."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_string, policy
from pathlib import Path

import aiosmtplib
import pytest

from forum.accounts.actions import send_confirmation
from forum.database.engine import execute, fetch_one, fetch_value
from forum.mail.outbox import send_mail, send_mails
from forum.settings import Settings
from tests.helpers.site import Site
from tests.helpers.smtp import MailServer

LOCAL = "http://127.0.0.1:8000"


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    async with MailServer.open() as server:
        yield server


async def test_a_mail_is_a_file_with_the_headers_of_a_machine(site: Site) -> None:
    await send_confirmation(await site.person("ada", name="Ada: evil.example"))
    await site.jobs()
    [text] = site.mails()
    mail = message_from_string(text, policy=policy.default)
    assert mail["to"] == "ada@example.org"
    assert mail["from"] == "Test Help <noreply@testserver>"
    assert mail["subject"] == "Confirm your address for Test Help"
    assert mail["auto-submitted"] == "auto-generated"
    assert mail["message-id"] == await fetch_value("select message_id from mail")
    created = await fetch_value("select created_at from mail")
    assert mail["date"].datetime == created.replace(microsecond=0)
    assert "evil.example" not in text


async def test_the_same_job_run_again_sends_nothing(site: Site) -> None:
    person = await site.person("ada")
    for _ in range(3):
        await send_mail("confirm", person, token="t")
    assert len(site.mails()) == 1
    assert await fetch_value("select count(*) from mail") == 1
    await send_mail("confirm", person, token="another")
    assert len(site.mails()) == 2


async def test_the_id_of_a_mail_is_of_this_site_and_nobody_who_knows_what_it_says_can_name_it(
    site: Site, settings: Settings
) -> None:
    person = await site.person("ada")
    await send_mail("confirm", person, token="t")
    async with Site.open(replace(settings, secret_key="another site's")):
        await send_mail("confirm", person, token="t")
    assert await fetch_value("select count(distinct message_id) from mail") == 2


async def test_the_same_job_run_by_two_workers_sends_once(
    site: Site, mail_server: MailServer, settings: Settings
) -> None:
    async with Site.open(replace(settings, smtp_url=mail_server.url)):
        person = await site.person("ada")
        await asyncio.gather(*(send_mail("confirm", person, token="t") for _ in range(4)))
    assert len(mail_server.taken) == 1


async def test_a_refused_mail_is_tried_again_as_the_same_mail(
    site: Site, mail_server: MailServer, settings: Settings
) -> None:
    mail_server.refuse = 1
    async with Site.open(replace(settings, smtp_url=mail_server.url)):
        person = await site.person("ada")
        with pytest.raises(aiosmtplib.SMTPException):
            await send_mail("confirm", person, token="t")
        first = await fetch_one("select message_id, sent_at, error from mail")
        assert first is not None and first["sent_at"] is None and "try later" in first["error"]
        await send_mail("confirm", person, token="t")
    again = await fetch_one("select message_id, sent_at, error from mail")
    assert again is not None and again["sent_at"] is not None and again["error"] is None
    [(recipients, text)] = mail_server.taken
    assert recipients == ["ada@example.org"]
    mail = message_from_string(text, policy=policy.default)
    assert mail["message-id"] == again["message_id"] == first["message_id"]
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))  # type: ignore[attr-defined]
        assert "http://testserver/confirm/t" in body.get_content()


async def test_a_server_that_is_away_loses_nothing(site: Site, settings: Settings) -> None:
    async with MailServer.open() as gone:
        pass
    async with Site.open(replace(settings, smtp_url=gone.url)):
        with pytest.raises((OSError, aiosmtplib.SMTPException)):
            await send_mail("confirm", await site.person("ada"), token="t")
    assert await fetch_value("select sent_at is null and error <> '' from mail")


async def test_a_full_disk_leaves_no_half_mail(site: Site, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("not a folder")
    person = await site.person("ada")
    with pytest.raises(OSError):
        await send_mail("confirm", person, token="t")
    assert await fetch_value("select sent_at is null from mail")
    (tmp_path / "mail").unlink()
    await send_mail("confirm", person, token="t")
    assert [file.suffix for file in (tmp_path / "mail").iterdir()] == [".eml"]


async def test_nobody_is_written_to_who_is_disabled(site: Site) -> None:
    person = await site.person("ada")
    await send_confirmation(person)
    await execute("update person set disabled_at = now()")
    await site.jobs()
    assert site.mails() == [] and await fetch_value("select count(*) from mail") == 0


async def test_admins_see_envelopes_and_nobody_else_sees_the_page(site: Site) -> None:
    admin = await site.member("root-of-it", admin=True)
    await send_mail("reset", await site.person("ada"), token="secret-token")
    page = await admin.get("/admin/mail")
    assert "ada@example.org" in page.text and "A new password for Test Help" in page.text
    assert "secret-token" not in page.text
    member = await site.member("grace")
    assert (await member.get("/admin/mail")).status_code == 404
    assert (await member.get("/admin/mail/1")).status_code == 404
    assert (await site.guest().get("/admin/mail")).headers["location"] == "/login?next=/admin/mail"


@pytest.mark.parametrize(
    ("base_url", "smtp_url", "status"),
    [
        (LOCAL, "", 200),
        ("http://localhost:8000", "", 200),
        (LOCAL, "smtp://127.0.0.1:1", 404),
        ("https://help.example.org", "", 404),
        ("http://127.0.0.1.example.org", "", 404),
        ("http://192.168.1.5:8000", "", 404),
    ],
)
async def test_texts_are_shown_only_where_nobody_else_comes(
    database: str, settings: Settings, base_url: str, smtp_url: str, status: int
) -> None:
    async with Site.open(replace(settings, base_url=base_url)) as site:
        admin = await site.member("root-of-it", admin=True)
        await send_mail("reset", await site.person("ada"), token="secret-token")
    mail = await fetch_value("select id from mail")
    async with Site.open(replace(settings, base_url=base_url, smtp_url=smtp_url)) as site:
        admin = await site.browser(admin.person or 0)
        answer = await admin.get(f"/admin/mail/{mail}")
        assert answer.status_code == status
        assert ("secret-token" in answer.text) == (status == 200)
        assert (f'href="/admin/mail/{mail}"' in (await admin.get("/admin/mail")).text) == (status == 200)


async def test_a_text_that_may_not_be_shown_is_not_kept(database: str, settings: Settings) -> None:
    for base_url, kept in ((LOCAL, True), ("https://help.example.org", False)):
        async with Site.open(replace(settings, base_url=base_url)) as site:
            person = await site.person(f"ada{kept}")
            await send_mail("reset", person, token="secret-token")
            body = await fetch_value("select body from mail where person_id = $1", person)
            assert ("secret-token" in body) == kept


async def test_a_long_outbox_has_pages(site: Site) -> None:
    admin = await site.member("root-of-it", admin=True)
    await execute(
        "insert into mail (message_id, recipient, subject, body)"
        " select n::text, 'a@b.de', 'mail ' || n || '.', '' from generate_series(1, 60) n"
    )
    first = await admin.get("/admin/mail")
    assert "mail 60." in first.text and "mail 11." in first.text and "mail 10." not in first.text
    assert 'href="/admin/mail?before=11"' in first.text
    assert "mail 10." in (await admin.get("/admin/mail?before=11")).text


async def test_the_banner_says_where_mail_lies_on_a_machine_of_ones_own(database: str, settings: Settings) -> None:
    folder = f"the mail lies in {settings.data}/mail/, and an admin reads it at /admin/mail"
    for base_url, shown in ((LOCAL, True), ("https://help.example.org", False)):
        async with Site.open(replace(settings, base_url=base_url)) as site:
            for admin in (True, False):
                browser = await site.member(f"ada-{shown}-{admin}".lower(), confirmed=False, admin=admin)
                text = (await browser.get("/about")).text
                assert "Confirm your address" in text
                assert (folder in text) == shown
                assert ('<a href="/admin/mail">Read it</a>' in text) == (shown and admin)


@pytest.mark.parametrize(
    ("answer", "stops"),
    [("550 5.1.1 User unknown", True), ("554 5.7.1 Relay access denied", False), ("450 4.1.1 User unknown", False)],
)
async def test_where_the_mail_server_knows_nobody_nothing_more_is_sent_and_nobody_else_waits(
    mail_server: MailServer, settings: Settings, answer: str, stops: bool, site: Site
) -> None:
    ada, grace = await site.person("ada"), await site.person("grace")
    mail_server.refuses["ada@example.org"] = answer
    both = [{"person": person, "values": {}} for person in (ada, grace)]
    async with Site.open(replace(settings, smtp_url=mail_server.url)):
        if stops:
            await send_mails("claimed", both)
        else:
            with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
                await send_mails("claimed", both)
    assert [to for to, _text in mail_server.taken] == [["grace@example.org"]]
    row = await fetch_one("select mail_stopped_at is not null as stopped from person where id = $1", ada)
    assert row is not None and row["stopped"] == stops
    noted = await fetch_one("select bounce, error from mail where person_id = $1", ada)
    assert noted is not None and ("userunknown" in (noted["bounce"] or "")) == stops and noted["error"]
