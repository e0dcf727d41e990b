"""Sign-ins that are under way elsewhere: one row each, good once, for some minutes, in the browser that began."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from forum.accounts.providers import Proof, Secrets
from forum.database.engine import execute, fetch_one

# How long somebody may take at the provider; and, when they are new here, over their username.
TO_RETURN = timedelta(minutes=15)
TO_CHOOSE = timedelta(minutes=30)
# The longest pieces of a draft that are carried along.
TITLE_MOST, BODY_MOST, WORD_MOST = 300, 100_000, 300


@dataclass(frozen=True)
class Attempt:
    """What was begun: at which provider, by whom (None: somebody who wants in), where it leads, what a guest wrote; an
    `errand` ("" to sign in) of another room, and which row of that room (`subject`) it is about."""

    state: bytes
    provider: str
    person: int | None
    made: Secrets
    next: str
    draft: Mapping[str, str]
    errand: str = ""
    subject: int | None = None


def hashed(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def new_secrets() -> Secrets:
    return Secrets(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


async def begin(
    provider: str,
    browser: str,
    *,
    next: str,
    draft: Mapping[str, str] | None = None,
    person: int | None = None,
    errand: str = "",
    subject: int | None = None,
) -> Secrets:
    """Note that a sign-in began in the browser whose form token is bound to `browser` (session or guest cookie)."""
    made = new_secrets()
    most = {"title": TITLE_MOST, "body": BODY_MOST}
    await execute("delete from sign_in_attempt where expires_at < now()")
    await execute(
        "insert into sign_in_attempt (state, browser, provider, person_id, nonce, verifier, next, draft, expires_at,"
        " errand, subject) values ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9, $10, $11)",
        hashed(made.state),
        hashed(browser),
        provider,
        person,
        made.nonce,
        made.verifier,
        next,
        {
            name: text[: most.get(name, BODY_MOST if name.startswith("field-") else WORD_MOST)]
            for name, text in (draft or {}).items()
        },
        TO_RETURN,
        errand,
        subject,
    )
    return made


async def take(state: str, browser: str) -> Attempt | None:
    """The attempt that an answer with this state belongs to; whatever comes of it, it is used up, also under a race.

    None for a state that is unknown, used, too old, or another browser's.
    """
    if not browser:
        return None
    row = await fetch_one(
        "update sign_in_attempt set used_at = now() where state = $1 and browser = $2 and used_at is null"
        " and expires_at > now() returning *",
        hashed(state),
        hashed(browser),
    )
    if row is None:
        return None
    made = Secrets(state, row["nonce"], row["verifier"])
    return Attempt(
        row["state"],
        row["provider"],
        row["person_id"],
        made,
        row["next"],
        row["draft"],
        row["errand"],
        row["subject"],
    )


async def keep_proof(attempt: Attempt, proof: Proof) -> None:
    """Keep who somebody new is, while they choose their username in the same browser."""
    await execute(
        "update sign_in_attempt set proof = $2, expires_at = now() + $3 where state = $1",
        attempt.state,
        proof.as_json(),
        TO_CHOOSE,
    )


@dataclass(frozen=True)
class Newcomer:
    """Somebody who was shown to be somebody elsewhere, and has no account here yet."""

    attempt: bytes
    proof: Proof
    next: str
    draft: Mapping[str, str]


async def newcomer(provider: str, browser: str) -> Newcomer | None:
    """The newcomer of this browser; None when they took too long, or are members by now."""
    row = await fetch_one(
        "select state, proof, next, draft from sign_in_attempt where browser = $1 and provider = $2"
        " and proof is not null and expires_at > now() order by expires_at desc limit 1",
        hashed(browser),
        provider,
    )
    return Newcomer(row["state"], Proof(**row["proof"]), row["next"], row["draft"]) if row and browser else None
