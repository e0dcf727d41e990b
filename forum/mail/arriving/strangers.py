"""Letters of people who are not known here, or not for sure: one link goes to the address they wrote from; until it is
followed nobody sees what they wrote, and after two weeks it is gone."""

import asyncio
import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from forum.accounts.rules import is_email
from forum.database.engine import Row, execute, fetch_one, fetch_value, transaction
from forum.jobs import enqueue
from forum.mail.arriving.mail import Fate, Mail, project_name
from forum.mail.letters import compose, mail_domain, message
from forum.mail.outbox import TIMEOUT, file_of, into_folder, shows_bodies
from forum.settings import Settings, settings
from forum.web.errors import TooMany
from forum.web.limits import limit

JOB: Final = "send_to_stranger"
WAITS: Final = timedelta(days=14)
# Letters of one address that wait, links sent to one address in a day, and letters of a project's strangers in an hour.
WAITING_MOST: Final = 5
LINKS_MOST: Final = 3
STRANGERS_MOST: Final = 200
DAY: Final = 86_400


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


async def keep_letter(mail: Mail, member: int | None) -> Fate:
    """Keep a letter until its sender confirms it, and send them the one link; limited per address, so that nobody has
    somebody else flooded (trust.md B33)."""
    project, sender = mail.address.project, mail.sender
    assert project is not None
    fate: dict[str, int | None] = {"person": member, "project": project}
    if mail.understood.is_bulk:
        return Fate("held", "came by a list, from nobody known here", **fate)
    if not is_email(sender):
        return Fate("held", "from an address nothing can be sent to", **fate)
    if await fetch_value("select 1 from letter where incoming_id = $1", mail.delivery):
        return Fate("waits", "for its sender to confirm", **fate)
    waiting = await fetch_value(
        "select count(*) from letter where address = $1 and used_at is null and expires_at > now()", sender
    )
    try:
        await limit(f"letter-of:{sender}", most=LINKS_MOST, seconds=DAY)
        await limit(f"letters:{project}", most=STRANGERS_MOST, seconds=3600)
    except TooMany:
        waiting = WAITING_MOST
    if waiting >= WAITING_MOST:
        return Fate("held", "too many letters of one address, or too many in all", **fate)
    token = secrets.token_urlsafe(32)
    letter = await fetch_value(
        "insert into letter (incoming_id, hash, project_id, category_id, address, expires_at)"
        " values ($1, $2, $3, $4, $5, now() + $6) returning id",
        mail.delivery,
        hashed(token),
        project,
        mail.address.category,
        sender,
        WAITS,
    )
    await enqueue(
        JOB,
        template="stranger",
        recipient=sender,
        key=f"letter:{letter}",
        token=token,
        project=await project_name(project),
    )
    return Fate("waits", "for its sender to confirm", **fate)


async def letter_of(token: str) -> Row | None:
    """A living letter by its token: (id, incoming_id, project_id, category_id, address, body, headers, foreign_id)."""
    return await fetch_one(
        "select l.id, l.incoming_id, l.project_id, l.category_id, l.address, i.body, i.foreign_id, p.name as project,"
        " c.name as category from letter l"
        " join incoming i on i.id = l.incoming_id join project p on p.id = l.project_id"
        " left join category c on c.id = l.category_id"
        " where l.hash = $1 and l.used_at is null and l.expires_at > now() and i.body is not null",
        hashed(token),
    )


async def use_letter(token: str) -> Row | None:
    """As `letter_of`, and it works only this once, also under a race: the row stays locked until the transaction ends."""
    used = await fetch_value(
        "update letter set used_at = now() where hash = $1 and used_at is null and expires_at > now() returning id",
        hashed(token),
    )
    if used is None:
        return None
    return await fetch_one(
        "select l.id, l.incoming_id, l.project_id, l.category_id, l.address, i.body, i.foreign_id from letter l"
        " join incoming i on i.id = l.incoming_id where l.id = $1 and i.body is not null",
        used,
    )


async def forget_letters() -> None:
    """The daily job: what nobody confirmed in time is gone, with all that it said; and so is what a stranger's held mail
    said, since nobody here may read it."""
    async with transaction():
        await execute(
            "with gone as (delete from letter where used_at is null and expires_at < now() returning incoming_id)"
            " update incoming set body = null, headers = '{}' where id in (select incoming_id from gone)"
            " and handled_at is not null"
        )
        await execute(
            "update incoming i set body = null, headers = '{}' from arrival a where a.incoming_id = i.id"
            " and i.source = 'mail' and i.body is not null and i.handled_at < now() - $1::interval"
            " and a.outcome in ('held', 'dropped', 'noted')",
            WAITS,
        )


async def send_to_stranger(template: str, recipient: str, key: str, **values: Any) -> None:
    """The job: a mail to an address that is nobody's account, once. Raises what the mail server or the disk raises."""
    current = settings()
    letter = compose(template, current, {"recipient": recipient, **values})
    message_id = f"<{hashlib.sha256(f'{template}:{key}'.encode()).hexdigest()[:32]}@{mail_domain(current)}>"
    kept = shows_bodies(current)
    await execute(
        "insert into mail (message_id, recipient, subject, body, html) values ($1, $2, $3, $4, $5) on conflict do nothing",
        message_id,
        recipient,
        letter.subject,
        letter.text if kept else "",
        letter.html if kept else "",
    )
    async with transaction():
        row = await fetch_one("select * from mail where message_id = $1 and sent_at is null for update", message_id)
        if row is None:
            return
        made = message(
            sender=Address(current.site_name, "noreply", mail_domain(current)),
            recipient=recipient,
            letter=replace(letter, subject=row["subject"]),
            message_id=message_id,
            at=row["created_at"],
        )
        # an answer to what somebody wrote, unlike all others
        made.replace_header("Auto-Submitted", "auto-replied")
        await hand_over(made, row, current)
        await execute("update mail set sent_at = now(), error = null where id = $1", row["id"])


async def hand_over(made: EmailMessage, row: Row, current: Settings) -> None:
    """By SMTP, with the empty sender that RFC 3834 §3.3 wants of answers nobody answers; or into the folder."""
    if not current.smtp_url:
        await asyncio.to_thread(into_folder, made, file_of(row, current))
        return
    url = urlsplit(current.smtp_url)
    await aiosmtplib.send(
        bytes(made),
        sender="",
        recipients=[row["recipient"]],
        hostname=url.hostname or "localhost",
        port=url.port,
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        use_tls=url.scheme == "smtps",
        timeout=TIMEOUT,
    )
