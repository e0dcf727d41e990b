"""Reports that our own mails did not arrive: noted at the mail; where an address is gone for good, nothing is sent there."""

from typing import Final

from forum.database.engine import Row, fetch_one
from forum.mail.arriving.mail import Fate, Mail
from forum.mail.letters import mail_domain
from forum.mail.refusals import note_failure
from forum.settings import settings

# A mail may come back for so many days; later nobody tells us anything new about it.
DAYS: Final = 30


async def note_bounces(mail: Mail) -> Fate:
    """Note a report at the mail of ours that it is about.

    It is believed when it came to the address that only that mail bore, or when it names the Message-ID of a mail of ours
    to the very address it failed at; anything else might be anybody's (trust.md F75).
    """
    report = mail.understood.report
    sent = await mail_by_address(mail.address.bounced)
    is_sure = sent is not None
    if sent is None and report is not None:
        sent = await mail_by_ids(report.message_ids)
    if sent is None or report is None:
        return Fate("noted", "about no mail of ours")
    recipient = sent["recipient"].lower()
    failures = [f for f in report.failures if f.address == recipient or (is_sure and len(report.failures) == 1)]
    if not failures:
        return Fate("noted", "about another address than the mail's", person=sent["person_id"])
    worst = max(failures, key=lambda failure: (failure.hard, not failure.is_delayed))
    if worst.is_delayed:
        return Fate("noted", "late, or delivered", person=sent["person_id"])
    await note_failure(sent, worst)
    kept = "hard" if worst.hard else "soft"
    return Fate("noted", f"{kept} bounce {worst.status} {worst.reason}".rstrip(), person=sent["person_id"])


async def mail_by_address(local: str) -> Row | None:
    """The mail whose reports come to that signed address."""
    if not local:
        return None
    return await fetch_one(
        "select id, person_id, recipient, bounced_at from mail where message_id = $1"
        " and created_at > now() - $2 * interval '1 day'",
        f"<{local}@{mail_domain(settings())}>",
        DAYS,
    )


async def mail_by_ids(message_ids: tuple[str, ...]) -> Row | None:
    return await fetch_one(
        "select id, person_id, recipient, bounced_at from mail where message_id = any($1::text[])"
        " and created_at > now() - $2 * interval '1 day' order by id desc limit 1",
        [f"<{each}>" for each in message_ids],
        DAYS,
    )
