"""Server-side sessions: a random cookie, of which the database keeps a hash alone."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from forum.database.engine import execute, fetch_one, fetch_value
from forum.database.together import Together, asked
from forum.web.reader import BELL, GUEST, MOST_UNREAD, Reader

COOKIE = "haas_session"
# Without a visit.
LIFETIME = timedelta(days=60)
# How often a session's last use is written down, and its end moved; seen_at is for people, not for expiry to the second.
TOUCH = timedelta(hours=1)


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


# The ids of the notices that the person {person} may see and has not read. Who may see what is said in a room above.
_unread = ["select null::bigint as id where false"]

# Both the newest and how many: it changes whenever one comes, is read, or may not be seen any more. Where there are more
# than are counted, which one is the newest does not matter.
STATE = f"""(select case when count(*) < {MOST_UNREAD} then coalesce(max(u.id), 0) * {BELL} + count(*) else {MOST_UNREAD} end
                from ({{unread}} limit {MOST_UNREAD}) u)"""

# The one statement a signed-in request pays for knowing its reader; memberships come along as JSON.
READER = f"""
select {{n}}p.id, p.username, p.name, p.site_role, p.email_confirmed_at is not null as confirmed, p.theme, p.locale,
       p.shortcuts, p.mail_stopped_at is not null as mail_stopped, s.id as session, s.seen_at < now() - interval '{TOUCH.total_seconds()} seconds' as stale,
       (select jsonb_object_agg(m.project_id, m.role) from project_member m where m.person_id = p.id) as roles,
       {{bell}} as bell,
       (select array_agg(w.name) from site_switch w where w.is_on) as switches
  from {{source}}
 where {{condition}} and p.disabled_at is null and p.same_as is null
"""


@dataclass(frozen=True)
class Asking:
    """The statements that tell readers, by their session or their id, and how things are with somebody's notices."""

    by_session: Together
    by_person: str
    bell: Together


@cache
def asking() -> Asking:
    bell = STATE.format(unread=_unread[0].format(person="p.id"))
    return Asking(
        Together(
            READER.format(
                n="asked.n, ",
                source=f"{asked(hash='bytea')} join session s on s.hash = asked.hash join person p on p.id = s.person_id",
                condition="s.expires_at > now()",
                bell=bell,
            )
        ),
        READER.format(n="", source="person p left join session s on false", condition="p.id = $1", bell=bell),
        Together(f"select asked.n, {bell} as bell from {asked(person='bigint')} join person p on p.id = asked.person"),
    )


def count_notices_by(sql: str) -> None:
    """Have this tell which notices the person {person} has not read; `forum/wiring.py` alone does this."""
    if _unread[0] != sql:
        _unread[0] = sql
        asking.cache_clear()


async def bell_of(person: int) -> int:
    """How things are with a person's notices now, as `Reader.bell` has it. One statement for all who ask at once."""
    row = await asking().bell.fetch_one(person)
    return row["bell"] if row else 0


async def read_session(token: str, *, is_visit: bool = True) -> Reader:
    """The reader whose session cookie has this value; the guest where there is no such living session. `is_visit`: the
    session may be kept longer by it, since the answer can say so to the browser."""
    row = await asking().by_session.fetch_one(hashed(token))
    if row is None:
        return GUEST
    is_renewed = bool(row["stale"] and is_visit)
    if is_renewed:
        await execute(
            "update session set seen_at = now(), expires_at = now() + $2 where id = $1", row["session"], LIFETIME
        )
    return reader_from(row, is_renewed=is_renewed)


async def reader_of_person(person: int) -> Reader:
    """The reader that a person is, without a session (API keys, jobs, tests); the guest when disabled."""
    row = await fetch_one(asking().by_person, person)
    return GUEST if row is None else reader_from(row)


def reader_from(row: object, *, is_renewed: bool = False) -> Reader:
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
        bell=int(r["bell"]),  # type: ignore[call-overload]
        switches=frozenset(r["switches"] or ()),  # type: ignore[call-overload]
        roles={int(k): v for k, v in roles.items()} if isinstance(roles, dict) else {},
        is_renewed=is_renewed,
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
