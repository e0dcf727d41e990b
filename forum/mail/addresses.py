"""The addresses of this site that mail comes to: a project's, a category's, of an answer, of a bounce."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

from forum.database.engine import Row, fetch_one, fetch_value

ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
TOKEN: Final = re.compile(r"[a-z2-7]{26}")
ANSWER: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,60})\+t([a-z2-7]{26})")
PROJECT: Final = re.compile(r"([a-z0-9][a-z0-9-]{0,60})(?:\+([a-z0-9][a-z0-9-]{0,60}))?")
BOUNCED: Final = re.compile(r"bounces\+([a-z0-9._-]{1,60})\.([0-9a-f]{16})")
# What only its person may have: the address of their answers, and what stands in links that work without signing in; also
# where a mail server put its own link around ours (Safe Links of Microsoft encode it, Proofpoint has "_" for "/").
SLASH: Final = "(?:/|%(?:25){0,3}2f)"
SECRET: Final = re.compile(
    r"(?i:(?:\+|%(?:25){0,3}2b)t[a-z2-7]{26})(?=@|%(?:25){0,3}40)"
    rf"|(?P<way>(?i:{SLASH}(?:unsubscribe|rate|confirm|reset|address|mail){SLASH}"
    r"|https?-3A(?:\\?_){2}[^\s&]{1,200}?_(?:unsubscribe|rate|confirm|reset|address|mail)_))"
    # as we make them: other people's addresses have words there
    r"(?:[a-z2-7]{26}(?![a-z0-9-])|(?=[\w-]{0,100}[A-Z])[\w-]{32,})",
)
# What our mails come from; a report that came there tells nothing but what is in it.
NOBODY: Final = "noreply"
# Who runs a site is reached there (RFC 5321 §4.5.1, RFC 2142), whatever a project is called.
OFFICES: Final = frozenset(("postmaster", "abuse"))


@dataclass(frozen=True)
class Address:
    """An address of ours. `token`: of an answer · `bounced`: what stands before the @ of the Message-ID that the report
    is about · `is_bounces`: nobody writes there but mail servers · `office`: of those who run the site."""

    project: int | None = None
    category: int | None = None
    token: str = ""
    bounced: str = ""
    is_bounces: bool = False
    office: str = ""


def without_secrets(text: str) -> str:
    """A text without what our mails tell their person alone: who answers a mail quotes it, and all may read the answer."""
    return SECRET.sub(lambda found: f"{found['way'] or '+'}…", text)


async def reply_token(person: int, thread: int) -> str:
    """The token of a person's answers to a thread: random (130 bits), the same whenever it is asked for."""
    made = "".join(secrets.choice(ALPHABET) for _letter in range(26))
    token: str = await fetch_value(
        "insert into reply_address (token, person_id, thread_id) values ($1, $2, $3)"
        " on conflict (person_id, thread_id) do update set token = reply_address.token returning token",
        made,
        person,
        thread,
    )
    return token


async def whose_reply(token: str) -> Row | None:
    """person_id and thread_id of a token; None for one that was never given out."""
    if not TOKEN.fullmatch(token):
        return None
    return await fetch_one("select person_id, thread_id from reply_address where token = $1", token)


def bounce_address(message_id: str, domain: str, secret_key: str) -> str:
    """Where a report about this mail of ours comes back to (`message_id` with or without brackets). Nobody else can name
    it: it is signed."""
    local = message_id.strip("<> ").rpartition("@")[0].lower()
    return f"bounces+{local}.{signature(local, secret_key)}@{domain}"


def signature(local: str, secret_key: str) -> str:
    return hmac.new(secret_key.encode(), f"bounce:{local}".encode(), hashlib.sha256).hexdigest()[:16]


async def find_address(address: str, domain: str, secret_key: str) -> Address | None:
    """What an address of ours means; None where nobody is there. A token is checked here and again by whoever posts."""
    whole = address.strip().strip("<>").lower()
    # the one address that needs no domain
    local, at, host = (f"{whole}@{domain}" if whole == "postmaster" else whole).rpartition("@")
    if not at or host.rstrip(".") != domain.lower() or not local.isascii():
        return None
    if local in OFFICES:
        return Address(office=local)
    if local == NOBODY:
        return Address(is_bounces=True)
    if found := BOUNCED.fullmatch(local):
        is_ours = hmac.compare_digest(signature(found[1], secret_key), found[2])
        return Address(bounced=found[1], is_bounces=True) if is_ours else None
    if found := ANSWER.fullmatch(local):
        row = await fetch_one(
            "select p.id from reply_address r join thread t on t.id = r.thread_id join project p on p.id = t.project_id"
            " where r.token = $1 and p.slug = $2",
            found[2],
            found[1],
        )
        return Address(project=row["id"], token=found[2]) if row else None
    if found := PROJECT.fullmatch(local):
        row = await fetch_one(
            "select p.id, c.id as category_id from project p left join category c on c.project_id = p.id and c.slug = $2"
            # what a private category is called is not told to who tries names; reports come to the one of that kind
            " and (c.visibility in ('public', 'members') or c.kind = 'security') where p.slug = $1",
            found[1],
            found[2],
        )
        if row is None or (found[2] and row["category_id"] is None):
            return None
        return Address(project=row["id"], category=row["category_id"])
    return None
