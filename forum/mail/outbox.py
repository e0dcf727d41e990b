"""The jobs `send_mail` and `send_mails`: render mails, note them in the table `mail`, and send each once."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from forum.database.engine import Row, execute, fetch, transaction
from forum.mail.addresses import bounce_address, reply_token
from forum.mail.letters import Envelope, Letter, compose, mail_domain, message, sealed, stable_id
from forum.mail.refusals import note_refusal
from forum.mail.words import in_words, words_of
from forum.settings import Settings, settings
from forum.web import i18n

log = structlog.get_logger()
TIMEOUT = 30
# These are sent to whom the site has reason to write of its own accord: to nobody who has not confirmed the address.
CONFIRMED_ONLY = frozenset({"notice", "digest"})

# These are asked for there and then, and are sent even where mails came back for good.
ASKED_FOR = frozenset({"confirm", "reset"})

# Whoever may be written to at all.
RECIPIENTS = """
select id, email, locale from person
 where id = any($1) and disabled_at is null and same_as is null and email <> ''
   and (not $2 or email_confirmed_at is not null) and (mail_stopped_at is null or $3)
"""
NOTED = """
insert into mail (message_id, person_id, recipient, subject, body, html)
select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])
    on conflict (message_id) do nothing
"""
Send = Callable[[EmailMessage, Row], Awaitable[None]]


@dataclass(frozen=True)
class Ready:
    """A mail that can be sent."""

    person: int
    recipient: str
    message_id: str
    letter: Letter
    envelope: Envelope


async def send_mail(
    template: str, person: int, *, key: str = "", envelope: Mapping[str, Any] | None = None, **values: Any
) -> None:
    """Send the mail `template` with `values` to a person. Run again with the same payload it is the same mail, with
    the same Message-ID, and is not sent when it was sent. With a `key` that alone says whether it is the same, and not
    the values (a title may be changed between two tries).

    Raises what the mail server or the disk raises; the job is then tried again.
    """
    await send_mails(template, [{"person": person, "key": key, "envelope": envelope or {}, "values": values}])


async def send_mails(template: str, mails: Sequence[Mapping[str, Any]]) -> None:
    """Send the mail `template` to several people, each as `send_mail` does: (person, key, envelope, values).

    Whom the server refuses holds up nobody else; what it said is raised at the end, unless it knows nobody there.
    """
    current = settings()
    ready = await written(template, mails, current)
    if not ready:
        return
    kept = shows_bodies(current)
    await execute(
        NOTED,
        [each.message_id for each in ready],
        [each.person for each in ready],
        [each.recipient for each in ready],
        [each.letter.subject for each in ready],
        # texts hold living tokens: they are kept only where /admin/mail may show them
        [each.letter.text if kept else "" for each in ready],
        [each.letter.html if kept else "" for each in ready],
    )
    failure: Exception | None = None
    async with opened(current) as send:
        for each in ready:
            try:
                await send_once(each, current, send)
            except (OSError, aiosmtplib.SMTPException) as error:
                await execute("update mail set error = $2 where message_id = $1", each.message_id, str(error)[:500])
                if not await is_gone(each, error):
                    failure = failure or error
    if failure is not None:
        raise failure


async def written(template: str, mails: Sequence[Mapping[str, Any]], current: Settings) -> list[Ready]:
    """The mails in the language of each recipient and the words of each project; without those nobody is to get."""
    rows = await fetch(
        RECIPIENTS, [mail["person"] for mail in mails], template in CONFIRMED_ONLY, template in ASKED_FOR
    )
    people = {row["id"]: row for row in rows}
    words = await words_of({mail["values"]["project"] for mail in mails if "project_words" in mail["values"]})
    found, language = [], i18n.current.get()
    for mail in mails:
        to = people.get(mail["person"])
        if to is None:
            continue
        i18n.current.set(to["locale"] or "en")
        values, key = mail["values"], mail.get("key", "")
        told = dict(mail.get("envelope") or {})
        answers = told.pop("answers", None)
        own = in_words(words, values, current) if "project_words" in values else {}
        if answers and current.mail_domain and current.takes_mail:
            token = await reply_token(to["id"], answers["thread"])
            told["reply_to"] = f"{answers['project']}+t{token}@{current.mail_domain}"
        own["may_reply"] = "reply_to" in told
        told["references"] = [sealed(name, current.secret_key) for name in told.get("references", ())]
        if "message_id" in told:
            told["message_id"] = sealed(told["message_id"], current.secret_key)
        envelope = Envelope(**told)
        said = {"key": key} if key else values
        local = envelope.message_id or stable_id(template, to["id"], said, current.secret_key)
        message_id = f"<{local}@{mail_domain(current)}>"
        found.append(Ready(to["id"], to["email"], message_id, compose(template, current, {**values, **own}), envelope))
    i18n.current.set(language)
    return found


async def is_gone(each: Ready, error: Exception) -> bool:
    """Whether the server knows at once that nobody is there: as good as a report that says so, and no reason to try again."""
    if not isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return False
    return any([await note_refusal(each.message_id, f"{one.code} {one.message}") for one in error.recipients])


def shows_bodies(current: Settings) -> bool:
    """Whether mails stay on this machine, for the person who tries the site out there."""
    return bool(current.mail_folder)


async def send_once(each: Ready, current: Settings, send: Send) -> None:
    """Hand the mail over unless that was done; its row stays locked meanwhile, so that two workers send one."""
    async with transaction():
        rows = await fetch("select * from mail where message_id = $1 and sent_at is null for update", each.message_id)
        if not rows:
            return
        row = rows[0]
        made = message(
            sender=Address(current.site_name, "noreply", mail_domain(current)),
            recipient=row["recipient"],
            letter=Letter(row["subject"], each.letter.text, each.letter.html),
            message_id=each.message_id,
            at=row["created_at"],
            envelope=each.envelope,
        )
        await send(made, row)
        await execute("update mail set sent_at = now(), error = null where id = $1", row["id"])
        log.info("mail sent", mail=row["id"], by="smtp" if current.smtp_url else "folder")


@asynccontextmanager
async def opened(current: Settings) -> AsyncIterator[Send]:
    """A way for mails: one connection to the server, made when the first mail needs it, or the folder."""
    async with AsyncExitStack() as stack:
        links: list[aiosmtplib.SMTP] = []

        async def by_smtp(made: EmailMessage, _row: Row) -> None:
            if links and not links[0].is_connected:
                links.clear()
            if not links:
                links.append(await stack.enter_async_context(client_of(current.smtp_url)))
            await links[0].sendmail(envelope_sender(made, current), [str(made["To"])], bytes(made))

        async def by_folder(made: EmailMessage, row: Row) -> None:
            await asyncio.to_thread(into_folder, made, file_of(row, current))

        yield by_smtp if current.smtp_url else by_folder


def client_of(smtp_url: str) -> aiosmtplib.SMTP:
    """For `smtp://user:password@host:port` (STARTTLS where offered) or `smtps://…` (TLS from the start)."""
    url = urlsplit(smtp_url)
    return aiosmtplib.SMTP(
        hostname=url.hostname or "localhost",
        port=url.port,
        username=unquote(url.username) if url.username else None,
        password=unquote(url.password) if url.password else None,
        use_tls=url.scheme == "smtps",
        timeout=TIMEOUT,
    )


def envelope_sender(made: EmailMessage, current: Settings) -> str:
    """Where reports about a mail go: to an address that only this mail bears, where we take mail; else to its From."""
    if current.takes_mail:
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
