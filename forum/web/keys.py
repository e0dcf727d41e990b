"""API keys: shown once, kept as a hash, good for one person (or, an admin's, for whom Api-Username names)."""

import hashlib
import secrets

from forum import audit
from forum.database.engine import execute, fetch_one, fetch_value
from forum.web.errors import Forbidden
from forum.web.i18n import _
from forum.web.reader import Reader
from forum.web.sessions import reader_of_person


def hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


async def create_api_key(person: int, description: str) -> str:
    """Make a key for a person; the answer is the key itself, which cannot be shown again."""
    key = secrets.token_hex(32)
    await execute(
        "insert into api_key (hash, person_id, description) values ($1, $2, $3)", hashed(key), person, description
    )
    return key


async def read_api_key(key: str, username: str, *, may_act_for: bool) -> Reader:
    """The reader of a key. An admin's key writes as the person of `Api-Username`, as Discourse's do, and each such
    write is audited; it reads as its owner alone, for admins see nothing private of others (product.md).

    Raises Forbidden for a key that is unknown or revoked, or a name that the key may not act for.
    """
    row = await fetch_one(
        "update api_key k set used_at = now() from person p where k.hash = $1 and k.revoked_at is null"
        " and p.id = k.person_id returning p.id, p.username, p.site_role",
        hashed(key),
    )
    if row is None:
        raise Forbidden(_("This API key is not known, or was revoked."))
    person = row["id"]
    if username and username.lower() != row["username"].lower():
        named = await fetch_value("select id from person where lower(username) = lower($1)", username)
        if row["site_role"] != "admin" or named is None:
            raise Forbidden(_("This API key cannot act for that person."))
        if may_act_for:
            await audit.record("acted_for", actor=person, subject=("person", named))
            person = named
    reader = await reader_of_person(person)
    if not reader.is_signed_in:
        raise Forbidden(_("The person of this API key cannot sign in."))
    return reader
