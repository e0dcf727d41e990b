"""Server-side sessions: a random cookie, of which the database keeps a hash alone."""

import hashlib
import secrets
from datetime import timedelta

from forum.database.engine import execute, fetch_one, fetch_value
from forum.database.together import Together, asked
from forum.web.reader import GUEST, Reader

COOKIE = "haas_session"
LIFETIME = timedelta(days=60)
# How often a session's last use is written down; seen_at is for people, not for expiry to the second.
TOUCH = timedelta(hours=1)


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


# The one statement a signed-in request pays for knowing its reader; memberships come along as JSON.
READER = f"""
select {{n}}p.id, p.username, p.name, p.site_role, p.email_confirmed_at is not null as confirmed, p.theme, p.locale,
       p.shortcuts, p.mail_stopped_at is not null as mail_stopped, s.id as session, s.seen_at < now() - interval '{TOUCH.total_seconds()} seconds' as stale,
       (select jsonb_object_agg(m.project_id, m.role) from project_member m where m.person_id = p.id) as roles,
       (select count(*) from (select 1 from notice o where o.person_id = p.id and o.read_at is null limit 100) u) as unread,
       (select array_agg(w.name) from site_switch w where w.is_on) as switches
  from {{source}}
 where {{condition}} and p.disabled_at is null and p.same_as is null
"""
BY_SESSION = Together(
    READER.format(
        n="asked.n, ",
        source=f"{asked(hash='bytea')} join session s on s.hash = asked.hash join person p on p.id = s.person_id",
        condition="s.expires_at > now()",
    )
)
BY_PERSON = READER.format(n="", source="person p left join session s on false", condition="p.id = $1")


async def read_session(token: str) -> Reader:
    """The reader whose session cookie has this value; the guest where there is no such living session."""
    row = await BY_SESSION.fetch_one(hashed(token))
    if row is None:
        return GUEST
    if row["stale"]:
        await execute("update session set seen_at = now() where id = $1", row["session"])
    return reader_from(row)


async def reader_of_person(person: int) -> Reader:
    """The reader that a person is, without a session (API keys, jobs, tests); the guest when disabled."""
    row = await fetch_one(BY_PERSON, person)
    return GUEST if row is None else reader_from(row)


def reader_from(row: object) -> Reader:
    r: dict[str, object] = dict(row)  # type: ignore[call-overload]
    roles = r["roles"]
    return Reader(
        id=r["id"],  # type: ignore[arg-type]
        username=str(r["username"]),
        name=str(r["name"]),
        site_role=str(r["site_role"]),
        is_confirmed=bool(r["confirmed"]),
        session=r["session"],  # type: ignore[arg-type]
        mail_stopped=bool(r["mail_stopped"]),
        theme=str(r["theme"]),
        locale=str(r["locale"]),
        shortcuts=bool(r["shortcuts"]),
        unread=int(r["unread"]),  # type: ignore[call-overload]
        switches=frozenset(r["switches"] or ()),  # type: ignore[call-overload]
        roles={int(k): v for k, v in roles.items()} if isinstance(roles, dict) else {},
    )


async def start_session(person: int, user_agent: str) -> str:
    """Begin a session with a new id (ASVS 3.2.1); returns the cookie's value."""
    token = secrets.token_urlsafe(32)
    await execute(
        "insert into session (hash, person_id, expires_at, user_agent) values ($1, $2, now() + $3, $4)",
        hashed(token),
        person,
        LIFETIME,
        user_agent[:300],
    )
    return token


async def end_session(token: str) -> int | None:
    """End one session; returns its id, so that its open sockets can be closed."""
    ended: int | None = await fetch_value("delete from session where hash = $1 returning id", hashed(token))
    return ended


async def end_sessions_of(person: int) -> None:
    """End every session of a person (a new password, a disabled account)."""
    await execute("delete from session where person_id = $1", person)
