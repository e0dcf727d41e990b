"""What people do with who they are elsewhere: sign in and up with it, add it to their account, take it away."""

import re
from collections.abc import Collection

import asyncpg

from forum import audit
from forum.accounts import rules
from forum.accounts.actions import SignUp, check_sign_ups, create_person, limit_mails_to, owner_of, taken_by_others
from forum.accounts.attempts import Newcomer
from forum.accounts.events import IdentityProven
from forum.accounts.providers import Proof
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.events import publish
from forum.jobs import enqueue
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader

# How many numbers are tried behind a name that is taken.
TRIED = 30


async def tell(person: int, proof: Proof) -> None:
    await publish(IdentityProven(person, proof.provider, proof.subject, proof.login))


@action
async def sign_in_with(proof: Proof) -> int | None:
    """The person whose identity this is, None where it is nobody's. Raises Forbidden for a closed account.

    An address that is the same proves nothing here: a provider may say of anybody what it likes.
    """
    row = await fetch_one(
        "update identity i set used_at = now(), login = left($3, 254) from person p where i.provider = $1"
        " and i.subject = $2 and p.id = i.person_id"
        " returning p.id, p.disabled_at is not null or p.same_as is not null as is_closed",
        proof.provider,
        proof.subject,
        proof.login,
    )
    if row is None:
        return None
    if row["is_closed"]:
        raise Forbidden(_("This account is closed."))
    await tell(row["id"], proof)
    return int(row["id"])


async def add_row(person: int, proof: Proof) -> bool:
    """The row of an identity; false where it is this person's already. Raises Conflict where it is another's."""
    added = await fetch_value(
        "insert into identity (person_id, provider, subject, login) values ($1, $2, $3, left($4, 254))"
        " on conflict (provider, subject) do nothing returning id",
        person,
        proof.provider,
        proof.subject,
        proof.login,
    )
    if added is not None:
        await audit.record("identity_added", actor=person, subject=("person", person), identity=added)
        return True
    owner = await fetch_value(
        "select person_id from identity where provider = $1 and subject = $2", proof.provider, proof.subject
    )
    if owner != person:
        raise Conflict(_("This account signs in somebody else here. Sign in with it and remove it there first."))
    return False


@action
async def link(reader: Reader, proof: Proof, label: str) -> None:
    """Add an identity to the account of whoever is signed in; they are told by mail. Raises Conflict, Forbidden."""
    check_may_link(reader)
    if await add_row(reader.person, proof):
        row = await fetch_value(
            "select id from identity where provider = $1 and subject = $2", proof.provider, proof.subject
        )
        await enqueue("send_mail", template="identity", person=reader.person, label=label, identity=row)
    await tell(reader.person, proof)


def check_may_link(reader: Reader) -> None:
    """Raises Forbidden until the address is confirmed: who owns it may ask for a new password, and must not find that
    somebody who only typed it has kept a door open."""
    if not reader.is_confirmed:
        raise Forbidden(_("Confirm your e-mail address first, then add another way to sign in."))


@action
async def unlink(reader: Reader, identity: int, providers: Collection[str]) -> str:
    """Take an identity away; returns its provider. `providers`: those through which one can sign in at present.

    Raises NotFound for somebody else's, Conflict where no way in would be left.
    """
    person = await fetch_one("select password from person where id = $1 for update", reader.person)
    row = await fetch_one("select provider from identity where id = $1 and person_id = $2", identity, reader.person)
    if person is None or row is None:
        raise NotFound
    others = await fetch_value(
        "select count(*) from identity where person_id = $1 and id <> $2 and provider = any($3)",
        reader.person,
        identity,
        list(providers),
    )
    if not others and person["password"] is None:
        raise Conflict(
            _(
                "This is your only way to sign in. Set a password first (“Change your password by mail”), then remove it."
            )
        )
    await execute("delete from identity where id = $1", identity)
    await audit.record("identity_removed", actor=reader.person, subject=("person", reader.person), identity=identity)
    return str(row["provider"])


async def identities_of(person: int) -> list[Row]:
    """A person's identities, oldest first: id, provider, login, created_at, used_at."""
    return await fetch(
        "select id, provider, login, created_at, used_at from identity where person_id = $1 order by id", person
    )


async def has_password(person: int) -> bool:
    return bool(await fetch_value("select password is not null from person where id = $1", person))


async def is_taken(proof: Proof) -> bool:
    """Whether the address that is theirs, as the provider says, has an account here; of any other it is not told."""
    return proof.is_verified and await owner_of(proof.email) is not None


async def free_username(wanted: str) -> str:
    """A username that is free and close to what somebody is called elsewhere; "" where there is none."""
    base = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted).strip("-")[:26].strip("-")
    if not rules.is_username(base):
        return ""
    return str(
        await fetch_value(
            "select n.name from (select 1 as i, $1::text as name union all"
            " select i, $1 || '-' || i from generate_series(2, $2::int) i) n"
            " where not exists (select 1 from handle h where h.name = lower(n.name)) order by n.i limit 1",
            base,
            TRIED,
        )
        or ""
    )


def is_vouched_for(new: SignUp, newcomer: Newcomer) -> bool:
    """Whether the address is the one that the provider verified."""
    return newcomer.proof.is_verified and new.email.lower() == newcomer.proof.email.lower()


async def sign_up_with(new: SignUp, newcomer: Newcomer) -> int:
    """Make the person whom a provider vouches for, who has no password. Their address is confirmed when it is the one
    that the provider verified. Raises Invalid by field, Forbidden, and Conflict where the form was sent before."""
    confirmed = is_vouched_for(new, newcomer)
    if faults := new.faults_without_password() | await taken_by_others(new, is_confirmed=confirmed):
        raise Invalid(faults)
    await check_sign_ups()
    if not confirmed:
        await limit_mails_to(new.email)
    try:
        return await join(new, newcomer, confirmed=confirmed)
    except asyncpg.UniqueViolationError:
        raise Invalid(await taken_by_others(new, is_confirmed=confirmed)) from None


@action
async def join(new: SignUp, newcomer: Newcomer, *, confirmed: bool) -> int:
    proof = newcomer.proof
    if await fetch_value("delete from sign_in_attempt where state = $1 returning true", newcomer.attempt) is None:
        raise Conflict(_("This was sent already."))
    person = await create_person(new, None, confirmed=confirmed, by_operator=False)
    await add_row(person, proof)
    await tell(person, proof)
    return person
