"""Another e-mail address: asked for by who shows again that it is them, and theirs once the new one is confirmed."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

import asyncpg

from forum import audit
from forum.accounts import rules
from forum.accounts.actions import STILL_FREE, limit_mails_to, owner_of
from forum.accounts.passwords import verify_password
from forum.database.engine import action, execute, fetch_one, fetch_value
from forum.jobs import enqueue
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.reader import Reader

MOVE_FOR: Final = timedelta(days=1)
# Who has no password shows by a session of so short a time ago that it is them.
JUST_NOW: Final = timedelta(minutes=15)
# Tries of an account in an hour, right or wrong.
TRIES: Final = 10
# The job that writes to an address which is nobody's account (forum/mail/arriving/strangers.py).
MAIL_JOB: Final = "send_to_stranger"

# Whose living link this is, as long as nobody else has confirmed the address in it.
ALIVE: Final = f"""
select t.person_id, t.email, p.username from token t join person p on p.id = t.person_id
 where t.hash = $1 and t.purpose = 'address' and t.used_at is null and t.expires_at > now() and p.disabled_at is null
   and p.same_as is null and {STILL_FREE.replace("lower(p.email)", "lower(t.email)")}
"""


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


async def signed_in_just_now(reader: Reader) -> bool:
    return bool(
        await fetch_value(
            "select 1 from session where id = $1 and person_id = $2 and created_at > now() - $3::interval",
            reader.session,
            reader.person,
            JUST_NOW,
        )
    )


async def ask_to_move(reader: Reader, email: str, password: str) -> None:
    """Mail a link to another address that makes it this person's; until it is followed nothing changes.

    Whether the address is somebody's already is told to them alone. Raises Invalid by field, TooMany.
    """
    await limit(f"address:{reader.person}", most=TRIES, seconds=3600)
    row = await fetch_one("select email, password from person where id = $1", reader.person)
    assert row is not None
    faults = {}
    if not rules.is_email(email):
        faults["email"] = _("This does not look like an e-mail address.")
    elif email.lower() == (row["email"] or "").lower():
        faults["email"] = _("This is your address already.")
    if row["password"] is not None and not await verify_password(password, row["password"]):
        faults["password"] = _("This is not your password.")
    elif row["password"] is None and not await signed_in_just_now(reader):
        faults[""] = _("Sign out and in again first: so we know that it is you.")
    if faults:
        raise Invalid(faults)
    await limit_mails_to(email)
    await send_link(reader, email.lower())


@action
async def send_link(reader: Reader, email: str) -> None:
    owner = await owner_of(email)
    if owner is not None and owner != reader.person:
        attempt = secrets.token_hex(8)
        await enqueue("send_mail", template="taken_move", person=owner, typed_by=reader.username, attempt=attempt)
        return
    token = secrets.token_urlsafe(32)
    await execute("delete from token where person_id = $1 and purpose = 'address'", reader.person)
    await execute(
        "insert into token (hash, purpose, person_id, email, expires_at) values ($1, 'address', $2, $3, now() + $4)",
        hashed(token),
        reader.person,
        email,
        MOVE_FOR,
    )
    await enqueue(
        MAIL_JOB, template="move", recipient=email, key=hashed(token).hex(), username=reader.username, token=token
    )


async def move_of(token: str) -> dict[str, object] | None:
    """What a link would do: (person_id, email, username); None for one that does nothing any more."""
    row = await fetch_one(ALIVE, hashed(token))
    return dict(row) if row else None


async def move(token: str) -> None:
    """Make the address of a link its person's, and tell the one they had. Raises Invalid for a dead link."""
    try:
        await _move(token)
    except asyncpg.UniqueViolationError:
        raise dead() from None


def dead() -> Invalid:
    return Invalid(_("This link was used already, or is too old. Ask for a new one."))


@action
async def _move(token: str) -> None:
    used = await fetch_value(
        "update token set used_at = now() where hash = $1 and used_at is null returning true", hashed(token)
    )
    row = await fetch_one(ALIVE.replace("t.used_at is null", "true"), hashed(token)) if used else None
    if row is None:
        raise dead()
    person = row["person_id"]
    before = await fetch_one("select email, email_confirmed_at from person where id = $1 for update", person)
    assert before is not None
    # what came back from the old address says nothing of the new one
    await execute(
        "update person set email = $2, email_confirmed_at = now(), mail_stopped_at = null, mail_soft_bounces = 0"
        " where id = $1",
        person,
        row["email"],
    )
    await execute("delete from token where person_id = $1 and used_at is null", person)
    await audit.record("address_changed", actor=person, subject=("person", person))
    # an address that nobody ever confirmed may be anybody's
    if before["email"] and before["email_confirmed_at"] is not None:
        key = hashed(token).hex()
        await enqueue(MAIL_JOB, template="moved", recipient=before["email"], key=key, username=row["username"])
