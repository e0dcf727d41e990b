"""What people do with their accounts: sign up, confirm, sign in and out, reset, prefer."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from forum import audit
from forum.accounts import rules
from forum.accounts.events import SignedIn
from forum.accounts.passwords import hash_password, verify_password
from forum.database.engine import action, execute, fetch, fetch_one, fetch_value
from forum.events import hint, publish
from forum.jobs import enqueue
from forum.web import sessions
from forum.web.errors import Forbidden, Invalid
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.reader import Reader

CONFIRM_FOR = timedelta(days=3)
RESET_FOR = timedelta(hours=2)


@dataclass(frozen=True)
class SignUp:
    """What a new person says of themselves; `name` may be empty."""

    username: str
    email: str
    password: str
    name: str = ""

    def faults(self) -> dict[str, str]:
        """What is wrong with it, by field."""
        found = self.faults_without_password()
        if len(self.password) < rules.PASSWORD_LEAST:
            found["password"] = _("At least %(n)d characters.") % {"n": rules.PASSWORD_LEAST}
        elif len(self.password) > rules.PASSWORD_MOST:
            found["password"] = _("At most %(n)d characters.") % {"n": rules.PASSWORD_MOST}
        elif rules.is_weak(self.password, self.username, self.email):
            found["password"] = _("This password is one of the first that are tried. Choose another.")
        return found

    def faults_without_password(self) -> dict[str, str]:
        """The same for who signs in elsewhere and has no password here."""
        found = {}
        if not rules.is_username(self.username):
            found["username"] = _("2 to 30 letters, digits, dots, dashes or underscores, and not digits alone.")
        if not rules.is_email(self.email):
            found["email"] = _("This does not look like an e-mail address.")
        if not rules.is_name(self.name):
            found["name"] = _("A name of at most 60 characters, without links.")
        return found


async def sign_up(new: SignUp, *, confirmed: bool = False, admin: bool = False) -> int:
    """Make a person and have a confirmation mailed; returns their id. Whether the address is somebody's already is not
    told: its owner hears of it by mail.

    The site's first person becomes its admin by the command line alone. Raises Invalid by field, TooMany.
    """
    faults = new.faults()
    if not confirmed:
        await check_sign_ups()
    taken = await taken_by_others(new, is_confirmed=confirmed)
    if taken and not faults and (before := await same_sign_up(new)) is not None:
        return before
    if taken or faults:
        raise Invalid(taken | faults)
    if not confirmed:
        await limit_mails_to(new.email)
    password = await hash_password(new.password)
    try:
        return await create_person(new, password, confirmed=confirmed, admin=admin)
    except asyncpg.UniqueViolationError:
        # somebody was faster while the password was hashed, or this same form was
        if (before := await same_sign_up(new)) is not None:
            return before
        raise Invalid(await taken_by_others(new, is_confirmed=confirmed)) from None


async def check_sign_ups() -> None:
    """Raises Forbidden while the site takes nobody new."""
    if await fetch_value("select 1 from site_switch where name = 'no_sign_ups' and is_on"):
        raise Forbidden(_("This site takes no new members at the moment."))


async def limit_mails_to(email: str) -> None:
    """Raises TooMany where this address was written to too often (trust.md B33)."""
    await limit(f"mail-to:{email.lower()}", most=4, seconds=3600)


async def owner_of(email: str) -> int | None:
    """Who has confirmed this address."""
    owner: int | None = await fetch_value(
        "select id from person where lower(email) = lower($1) and email_confirmed_at is not null", email
    )
    return owner


async def taken_by_others(new: SignUp, *, is_confirmed: bool) -> dict[str, str]:
    """Which of the names that must be one person's alone are somebody's already, by field. Of the address it is told only
    to who has shown that it is theirs (`is_confirmed`); anybody can type one (trust.md B34)."""
    found = {}
    if await fetch_value("select 1 from handle where name = lower($1)", new.username):
        found["username"] = _("This name is taken. Choose another.")
    if is_confirmed and await owner_of(new.email) is not None:
        found["email"] = _("There is an account with this address. Sign in, or reset its password.")
    return found


async def same_sign_up(new: SignUp) -> int | None:
    """The person whom the same form made a moment ago: a form sent twice is answered with the first result."""
    row = await fetch_one(
        "select id, password from person where lower(username) = lower($1) and lower(email) = lower($2)"
        " and created_at > now() - interval '1 minute' and disabled_at is null",
        new.username,
        new.email,
    )
    return row["id"] if row and await verify_password(new.password, row["password"]) else None


@action
async def create_person(
    new: SignUp, password_hash: str | None, *, confirmed: bool, admin: bool = False, by_operator: bool = True
) -> int:
    """The rows of a new person: person, handle, and the mail that asks for confirmation. `by_operator`: who is
    `confirmed` at once was made by the command line, and not vouched for by a provider."""
    person: int = await fetch_value(
        "insert into person (username, name, email, password, site_role, email_confirmed_at)"
        " values ($1, $2, $3, $4, $5, case when $6 then now() end) returning id",
        new.username,
        new.name,
        new.email.lower(),
        password_hash,
        "admin" if admin else "member",
        confirmed,
    )
    await execute("insert into handle (name, person_id) values (lower($1), $2)", new.username, person)
    if confirmed and by_operator:
        await audit.record("user_created", actor=None, subject=("person", person), admin=admin)
    elif not confirmed:
        await send_confirmation(person)
    return person


async def new_token(person: int, purpose: str, lifetime: timedelta) -> str:
    """A random token for one purpose, bound to the address of this moment (CVE-2021-37693)."""
    token = secrets.token_urlsafe(32)
    await execute("delete from token where person_id = $1 and purpose = $2", person, purpose)
    await execute(
        "insert into token (hash, purpose, person_id, email, expires_at)"
        " select $1, $2, id, email, now() + $4 from person where id = $3 and email is not null",
        hashlib.sha256(token.encode()).digest(),
        purpose,
        person,
        lifetime,
    )
    return token


# SQL: nobody but `p` has confirmed the address of `p`.
STILL_FREE = (
    "not exists (select 1 from person o where lower(o.email) = lower(p.email) and o.id <> p.id"
    " and o.email_confirmed_at is not null)"
)


async def token_owner(token: str, purpose: str) -> int | None:
    """Whose living token this is; None when used, expired, for another purpose, for a former address, or for one that
    somebody else has confirmed since."""
    owner: int | None = await fetch_value(
        "select t.person_id from token t join person p on p.id = t.person_id and p.email = t.email"
        " where t.hash = $1 and t.purpose = $2 and t.used_at is null and t.expires_at > now()"
        f" and p.disabled_at is null and {STILL_FREE}",
        hashlib.sha256(token.encode()).digest(),
        purpose,
    )
    return owner


async def use_token(token: str, purpose: str) -> int | None:
    """As `token_owner`, and it works only this once, also under a race."""
    owner: int | None = await fetch_value(
        "update token t set used_at = now() from person p where t.hash = $1 and t.purpose = $2 and t.used_at is null"
        " and t.expires_at > now() and p.id = t.person_id and p.email = t.email and p.disabled_at is null"
        f" and {STILL_FREE} returning t.person_id",
        hashlib.sha256(token.encode()).digest(),
        purpose,
    )
    return owner


@action
async def send_confirmation(person: int) -> None:
    """Mail a link that confirms the address; where it is somebody's already, tell them instead, and nobody else."""
    taken = await fetch_one(
        "select o.id, o.username, p.username as typed_by from person p join person o on lower(o.email) = lower(p.email)"
        " and o.id <> p.id and o.email_confirmed_at is not null where p.id = $1",
        person,
    )
    if taken is not None:
        more = {"username": taken["username"], "typed_by": taken["typed_by"], "attempt": secrets.token_hex(8)}
        await enqueue("send_mail", template="taken", person=taken["id"], **more)
        return
    token = await new_token(person, "confirm", CONFIRM_FOR)
    await enqueue("send_mail", template="confirm", person=person, token=token)


@action
async def confirm_email(token: str) -> int:
    """Confirm the address a token was mailed to; returns the person. Raises Invalid for a dead token."""
    person = await use_token(token, "confirm")
    if person is None:
        raise Invalid(_("This link was used already, or is too old. Ask for a new one."))
    await execute("update person set email_confirmed_at = coalesce(email_confirmed_at, now()) where id = $1", person)
    return person


# Whose password it may be: of a username one person's; of an address the latest two who only typed it, and its owner.
CANDIDATES = """
(select id, password from person where disabled_at is null and same_as is null and lower(username) = lower($1))
union all
(select id, password from person where disabled_at is null and same_as is null and lower(email) = lower($1)
    and email_confirmed_at is null order by id desc limit 2)
union all
(select id, password from person where disabled_at is null and same_as is null and lower(email) = lower($1)
    and email_confirmed_at is not null)
"""
MOST_CANDIDATES = 3


async def sign_in(login: str, password: str) -> int:
    """The person with this username or address and password. Raises Invalid, the same for every reason, and after the
    same number of passwords tried: how long it takes tells nobody who has an account."""
    rows = await fetch(CANDIDATES, login)
    for row in rows:
        if await verify_password(password, row["password"]):
            return int(row["id"])
    for _more in range((MOST_CANDIDATES if "@" in login else 1) - len(rows)):
        await verify_password(password, None)
    raise Invalid({"login": _("Name and password do not belong together.")})


@action
async def begin_session(person: int, user_agent: str, draft: Mapping[str, str]) -> str:
    """Sign a person in with a session of a new id; returns its cookie. `draft`: see SignedIn."""
    token = await sessions.start_session(person, user_agent)
    await publish(SignedIn(person, draft))
    return token


async def sign_out(token: str) -> None:
    """End the session of this cookie and close its sockets."""
    ended = await sessions.end_session(token)
    if ended is not None:
        hint("session", ended)


@action
async def ask_reset(email: str) -> None:
    """Mail a link for a new password, if anybody has this address; nothing shows whether."""
    person = await fetch_value(
        "select id from person where lower(email) = lower($1) and disabled_at is null and kind = 'local'"
        # its owner; else whoever typed it last, who shows by this that it is theirs
        " order by email_confirmed_at is null, id desc limit 1",
        email,
    )
    if person is not None:
        token = await new_token(person, "reset", RESET_FOR)
        await enqueue("send_mail", template="reset", person=person, token=token)


async def reset_password(token: str, password: str) -> int:
    """Set a new password by a mailed token, end every session, return the person. Raises Invalid."""
    if len(password) < rules.PASSWORD_LEAST or len(password) > rules.PASSWORD_MOST or rules.is_weak(password, "", ""):
        raise Invalid({"password": _("At least %(n)d characters, and not a common one.") % {"n": rules.PASSWORD_LEAST}})
    if await token_owner(token, "reset") is None:
        # before the hash, which is slow on purpose
        raise Invalid(_("This link was used already, or is too old. Ask for a new one."))
    return await _store_password(token, await hash_password(password))


@action
async def _store_password(token: str, password_hash: str) -> int:
    person = await use_token(token, "reset")
    if person is None:
        raise Invalid(_("This link was used already, or is too old. Ask for a new one."))
    # whoever made the account under an address that was not theirs is not to come back through another door
    await execute(
        "delete from identity i using person p where p.id = $1 and i.person_id = p.id and p.email_confirmed_at is null",
        person,
    )
    await execute(
        "update person set password = $2, email_confirmed_at = coalesce(email_confirmed_at, now()) where id = $1",
        person,
        password_hash,
    )
    for row in await end_sessions(person):
        hint("session", row)
    await audit.record("password_reset", actor=person, subject=("person", person))
    return person


async def end_sessions(person: int) -> list[int]:
    """End every session of a person; returns their ids."""
    row = await fetch_value(
        "with ended as (delete from session where person_id = $1 returning id) select array_agg(id) from ended", person
    )
    return list(row or [])


@action
async def prefer(reader: Reader, *, name: str, theme: str, shortcuts: bool) -> None:
    """Change how a person is called and how the site looks to them. Raises Invalid."""
    if not rules.is_name(name):
        raise Invalid({"name": _("A name of at most 60 characters, without links.")})
    await execute(
        "update person set name = $2, theme = $3, shortcuts = $4 where id = $1", reader.person, name, theme, shortcuts
    )


async def set_theme(reader: Reader, theme: str) -> None:
    """Keep the choice of light or dark with the account."""
    await execute("update person set theme = $2 where id = $1", reader.person, theme)
