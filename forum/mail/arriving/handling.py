"""The job of a mail that came in: understood, then a post, a question, a bounce, or nothing; what became of it is a row."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from forum.database.engine import execute, fetch_value
from forum.incoming.rules import Hopeless
from forum.incoming.sources import Delivery, Known, Source
from forum.mail.addresses import Address
from forum.mail.arriving.bounced import note_bounces
from forum.mail.arriving.door import SOURCE as NAME
from forum.mail.arriving.door import address_of
from forum.mail.arriving.mail import Fate, Mail
from forum.mail.arriving.offices import pass_on
from forum.mail.arriving.questions import take_question
from forum.mail.arriving.replies import take_reply
from forum.mail.arriving.signed import vouch
from forum.mail.reading.letter import Unreadable
from forum.mail.reading.machines import Kind
from forum.mail.reading.understood import understand
from forum.settings import Settings, settings
from forum.web.errors import Forbidden

# A mail that came by so many servers and bears one of our own ids has gone in a circle.
WHY_DROPPED: Final = {
    Kind.AUTO_REPLY: "an automatic reply",
    Kind.FEEDBACK: "a complaint that one of our mails is unwanted",
    Kind.LOOP: "one of our own mails, or one that went in a circle",
}


class Failed(RuntimeError):
    """A mail could not be handled this time. It names the kind of error and nothing of the mail: the list of deliveries
    shows it to people who may not read mails (trust.md A9)."""


def refuse(_raw: bytes, _headers: Mapping[str, str], _settings: Settings, _now: datetime) -> Known:
    """Mail comes by its own doors, never by /webhooks."""
    raise Forbidden


async def handle(delivery: Delivery) -> None:
    """Handle a mail, inside the transaction that notes it as handled. Raises Hopeless (nobody could read it), Failed."""
    try:
        await handle_mail(delivery, settings())
    except Hopeless:
        raise
    except Exception as error:
        raise Failed(type(error).__name__) from error


async def handle_mail(delivery: Delivery, current: Settings) -> None:
    recipient, envelope = delivery.headers.get("recipient", ""), delivery.headers.get("sender")
    try:
        found = await asyncio.to_thread(understand, delivery.body, envelope=envelope)
    except Unreadable as error:
        raise Hopeless(str(error)) from None
    address = await address_of(recipient, current)
    mail = Mail(
        delivery=delivery.id,
        same=delivery.foreign_id,
        address=address or Address(),
        understood=found,
        vouched=await vouch(found.letter, delivery.body, current.mail_authserv, recipient),
    )
    kind = found.kind
    if kind is not Kind.BOUNCE and await is_ours(found.letter.message_id):
        kind = Kind.LOOP
    await note(delivery.id, kind, await fate_of(mail, kind, known=address is not None))


async def fate_of(mail: Mail, kind: Kind, *, known: bool) -> Fate:
    """What becomes of a mail. What a machine wrote never leads to a mail (trust.md F74)."""
    if kind is Kind.BOUNCE:
        return await note_bounces(mail)
    if kind is not Kind.LETTER:
        return Fate("noted" if kind is Kind.FEEDBACK else "dropped", WHY_DROPPED[kind])
    if not known:
        return Fate("dropped", "its address is gone")
    if mail.address.is_bounces:
        return Fate("dropped", "not a report, at an address for reports")
    if not mail.understood.letter.sender:
        return Fate("held", "names no sender, or several")
    if mail.address.office:
        return await pass_on(mail)
    if mail.address.token:
        return await take_reply(mail)
    return await take_question(mail)


async def is_ours(message_id: str) -> bool:
    return bool(message_id) and bool(await fetch_value("select 1 from mail where message_id = $1", f"<{message_id}>"))


async def note(delivery: int, kind: Kind, fate: Fate) -> None:
    """Write down what became of a mail; handled again, the last counts."""
    await execute(
        "insert into arrival (incoming_id, kind, outcome, reason, person_id, project_id, thread_id)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict (incoming_id) do update set kind = excluded.kind,"
        " outcome = excluded.outcome, reason = excluded.reason, person_id = excluded.person_id,"
        " project_id = excluded.project_id, thread_id = excluded.thread_id, at = now()",
        delivery,
        str(kind),
        fate.outcome,
        fate.reason[:200],
        fate.person,
        fate.project,
        fate.thread,
    )


SOURCE: Final = Source(NAME, lambda _settings: False, refuse, handle)
