"""Reports that a mail of ours did not arrive: believed where they can be, and then nothing more is sent there."""

import pytest

from forum.database.engine import Row, execute, fetch_one, fetch_value
from forum.mail.addresses import bounce_address
from forum.mail.outbox import send_mail
from forum.settings import Settings
from tests.helpers.mail_in import DOMAIN, Post, bring, with_mail
from tests.helpers.site import Site
from tests.helpers.smtp import MailServer

REPORT = """From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <report-{number}@mx.example.net>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

I could not deliver it.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {code} {status} {words}

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: Hello

--b--
"""
GONE = {"action": "failed", "status": "5.1.1", "code": "550", "words": "User unknown"}
FULL = {"action": "failed", "status": "5.2.2", "code": "552", "words": "Mailbox full"}
LATE = {"action": "delayed", "status": "4.4.1", "code": "451", "words": "Connection timed out"}


@pytest.fixture
async def post(site: Site, settings: Settings) -> Post:
    site.settings = with_mail(settings, smtp_listen="127.0.0.1:0")
    return await Post.make(site)


async def sent(person: int | None, number: int = 1) -> Row:
    """A mail of ours to a person."""
    await send_mail("claimed", person or 0, key=f"test-{number}")
    row = await fetch_one("select * from mail where person_id = $1 order by id desc limit 1", person)
    assert row is not None
    return row


def report(mail: Row, *, to: str = "", recipient: str = "", number: int = 1, **told: str) -> bytes:
    values = {"to": to or f"noreply@{DOMAIN}", "recipient": recipient or mail["recipient"], "number": str(number)}
    text = REPORT.format(message_id=mail["message_id"], **values, **told)
    return text.replace("\n", "\r\n").encode()


async def reached(post: Post) -> bool:
    return bool(await fetch_value("select mail_stopped_at is null from person where id = $1", post.ana.person))


async def test_a_hard_bounce_stops_sending_there_and_the_person_sees_it(site: Site, post: Post) -> None:
    mail = await sent(post.ana.person)
    to = bounce_address(mail["message_id"], DOMAIN, site.settings.secret_key)
    fate = await bring(site, report(mail, to=to, **GONE), to, sender="")
    assert fate is not None and (fate["kind"], fate["outcome"]) == ("bounce", "noted")
    row = await fetch_one("select bounced_at, bounce from mail where id = $1", mail["id"])
    assert row is not None and row["bounced_at"] is not None and row["bounce"] == "hard 5.1.1 userunknown"
    assert not await reached(post)
    before = len(site.mails())
    await send_mail("claimed", post.ana.person or 0, key="another")
    assert len(site.mails()) == before
    for path in ("/", post.url):
        assert "Our mails do not reach you" in (await post.ana.get(path)).text
        assert "Our mails do not reach you" not in (await post.world.outsider.get(path)).text
        assert "Our mails do not reach you" not in (await site.guest().get(path)).text
    assert (await post.ana.post("/mail/again")).status_code == 303
    assert await reached(post)
    await send_mail("claimed", post.ana.person or 0, key="another")
    assert len(site.mails()) == before + 1


async def test_a_link_that_somebody_asks_for_is_sent_all_the_same(site: Site, post: Post) -> None:
    await execute("update person set mail_stopped_at = now() where id = $1", post.ana.person)
    await send_mail("reset", post.ana.person or 0, token="t")
    assert "/reset/t" in site.mails()[-1]


async def test_a_full_mailbox_is_counted_and_a_delay_is_not(site: Site, post: Post) -> None:
    mail = await sent(post.ana.person)
    for number, told in enumerate((LATE, FULL, FULL)):
        await bring(site, report(mail, number=number, **told), f"noreply@{DOMAIN}", sender="")
    assert await reached(post)
    # a mail is counted once, however often it comes back
    assert await fetch_value("select mail_soft_bounces from person where id = $1", post.ana.person) == 1
    assert await fetch_value("select bounce from mail where id = $1", mail["id"]) == "soft 5.2.2 mailboxfull"


async def test_ten_mails_that_come_back_for_now_stop_it_too(site: Site, post: Post) -> None:
    for number in range(10):
        assert await reached(post)
        mail = await sent(post.ana.person, number)
        await bring(site, report(mail, number=number, **FULL), f"noreply@{DOMAIN}", sender="")
    assert not await reached(post)


async def test_a_report_that_anybody_could_have_made_stops_nothing(site: Site, post: Post) -> None:
    mail = await sent(post.ana.person)
    unknown = dict(mail) | {"message_id": f"<{'0' * 32}@{DOMAIN}>"}
    await bring(site, report(unknown, **GONE), f"noreply@{DOMAIN}", sender="")  # type: ignore[arg-type]
    # of a mail to somebody else, about ana's address
    other = await sent(post.world.outsider.person)
    await bring(site, report(other, recipient="ana@example.org", number=2, **GONE), f"noreply@{DOMAIN}", sender="")
    assert await reached(post)
    assert await fetch_value("select mail_stopped_at is null from person where id = $1", post.world.outsider.person)


async def test_a_report_is_never_posted_nor_answered(site: Site, post: Post) -> None:
    mail = await sent(post.ana.person)
    before = len(site.mails())
    for number, to in enumerate((post.anas, f"pelican@{DOMAIN}")):
        fate = await bring(site, report(mail, to=to, number=number, **GONE), to, sender="")
        assert fate is not None and fate["kind"] == "bounce"
    assert await fetch_value("select count(*) from post") == 1 and len(site.mails()) == before


async def test_our_mails_leave_with_an_address_for_reports_that_is_theirs_alone(
    site: Site, settings: Settings, post: Post
) -> None:
    async with MailServer.open() as server:
        site.settings = with_mail(settings, smtp_listen="127.0.0.1:0", smtp_url=server.url)
        await send_mail("claimed", post.ana.person or 0, key="by smtp")
        assert len(server.senders) == 1 and server.senders[0].startswith("bounces+")
        mail = await fetch_one("select * from mail order by id desc limit 1")
    assert mail is not None
    fate = await bring(site, report(mail, **GONE), server.senders[0], sender="")
    assert fate is not None and fate["person_id"] == post.ana.person and not await reached(post)
