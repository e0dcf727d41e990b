"""The job `send_mail`: renders a mail, notes it in the table `mail`, and sends it once."""

import asyncio
import os
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from forum.database.engine import Row, execute, fetch_one, transaction
from forum.mail.addresses import bounce_address
from forum.mail.letters import compose, mail_domain, message, stable_id
from forum.settings import Settings, settings
from forum.web import i18n

log = structlog.get_logger()
TIMEOUT = 30


async def send_mail(template: str, person: int, *, key: str = "", **values: Any) -> None:
    """Send the mail `template` with `values` to a person. Run again with the same payload it is the same mail, with
    the same Message-ID, and is not sent when it was sent. With a `key` that alone says whether it is the same, and not
    the values (a title may be changed between two tries).

    Raises what the mail server or the disk raises; the job is then tried again.
    """
    current = settings()
    to = await fetch_one(
        "select email, locale from person where id = $1 and disabled_at is null and same_as is null"
        # where mails came back for good only what is asked for there and then is sent
        " and (mail_stopped_at is null or $2)",
        person,
        template in ("confirm", "reset"),
    )
    if to is None or not to["email"]:
        return
    i18n.current.set(to["locale"] or "en")
    subject, body = compose(template, current, values)
    message_id = f"<{stable_id(template, person, {'key': key} if key else values)}@{mail_domain(current)}>"
    await execute(
        "insert into mail (message_id, person_id, recipient, subject, body) values ($1, $2, $3, $4, $5)"
        " on conflict (message_id) do nothing",
        message_id,
        person,
        to["email"],
        subject,
        # a body holds living tokens: it is kept only where /admin/mail may show it
        body if shows_bodies(current) else "",
    )
    try:
        await send_once(message_id, body, current)
    except (OSError, aiosmtplib.SMTPException) as error:
        await execute("update mail set error = $2 where message_id = $1", message_id, str(error)[:500])
        raise


def shows_bodies(current: Settings) -> bool:
    """Whether mails stay on this machine, for the person who tries the site out there."""
    return not current.smtp_url and current.is_loopback


async def send_once(message_id: str, body: str, current: Settings) -> None:
    """Hand the mail over unless that was done; its row stays locked meanwhile, so that two workers send one."""
    async with transaction():
        row = await fetch_one("select * from mail where message_id = $1 and sent_at is null for update", message_id)
        if row is None:
            return
        made = message(
            sender=Address(current.site_name, "noreply", mail_domain(current)),
            recipient=row["recipient"],
            subject=row["subject"],
            body=body,
            message_id=message_id,
            at=row["created_at"],
        )
        if current.smtp_url:
            await by_smtp(made, current.smtp_url)
        else:
            await asyncio.to_thread(into_folder, made, file_of(row, current))
        await execute("update mail set sent_at = now(), error = null where id = $1", row["id"])
        log.info("mail sent", mail=row["id"], by="smtp" if current.smtp_url else "folder")


async def by_smtp(made: EmailMessage, smtp_url: str) -> None:
    """Through `smtp://user:password@host:port` (STARTTLS where offered) or `smtps://…` (TLS from the start)."""
    url = urlsplit(smtp_url)
    await aiosmtplib.send(
        bytes(made),
        sender=envelope_sender(made, settings()),
        recipients=str(made["To"]),
        hostname=url.hostname or "localhost",
        port=url.port,
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        use_tls=url.scheme == "smtps",
        timeout=TIMEOUT,
    )


def envelope_sender(made: EmailMessage, current: Settings) -> str:
    """Where reports about a mail go: to an address that only this mail bears, where we take mail; else to its From."""
    if current.smtp_listen:
        return bounce_address(str(made["Message-ID"]), mail_domain(current), current.secret_key)
    return str(made["From"].addresses[0].addr_spec)


def file_of(row: Row, current: Settings) -> Path:
    """Where a mail lies when there is no server: sorted by time, the same name at every attempt."""
    return current.data / "mail" / f"{row['created_at']:%Y%m%dT%H%M%S.%f}-{row['id']}.eml"


def into_folder(made: EmailMessage, file: Path) -> None:
    """Write the mail in one step: whoever looks sees all of it or nothing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(".half")
    with half.open("wb") as out:
        out.write(bytes(made))
        out.flush()
        os.fsync(out.fileno())
    half.replace(file)
