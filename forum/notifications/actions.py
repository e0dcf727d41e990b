"""Telling people something, once; and what people choose to hear."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from forum.database.engine import Row, action, execute, fetch, fetch_one
from forum.events import hint
from forum.jobs import enqueue
from forum.notifications.kinds import kinds
from forum.notifications.rules import LEVELS, Rhythm, next_slot, rescheduled
from forum.threads.visibility import visible_thread
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader

MAIL_JOB = "mail_notice"

# Who has muted a thread is told nothing of it. How a person wants to hear comes back with the row.
TELL = """
with told as (
    insert into notice (person_id, kind, key, project_id, thread_id, post_number, said)
    select a.id, $2, $3, $4, $5, $6, $7 from person p join person a on a.id = coalesce(p.same_as, p.id)
     where p.id = $1 and a.kind = 'local' and a.disabled_at is null and not exists
           (select 1 from thread_level l where l.thread_id = $5 and l.person_id = a.id and l.level = 'mute')
        on conflict (person_id, key) do nothing returning id, person_id, kind)
select told.id, told.person_id, told.kind, l.level, coalesce(m.answers_at_once, true) as answers_at_once
  from told left join thread_level l on l.thread_id = $5 and l.person_id = told.person_id
  left join mail_preference m on m.person_id = told.person_id
"""


async def tell(
    person: int,
    kind: str,
    *,
    key: str,
    project: int | None = None,
    thread: int | None = None,
    post: int | None = None,
    **said: Any,
) -> None:
    """Note for a person what happened, inside the running transaction; told again with the same `key` it stays one.

    `kind`: a registered one · `post`: a number within `thread` · `said`: JSON values that its sentence is made of; never
    what the person may not be told tomorrow, since it is the thread alone that is asked for visibility then.
    """
    if kind not in kinds:
        raise ValueError(f"no notice of kind {kind} is registered")
    await mail_at_once(await fetch(TELL, person, kind, key, project, thread, post, said))


async def mail_at_once(told: Sequence[Row]) -> None:
    """Have those of these new notices mailed that do not wait for the digest, and the bells ring: (id, person_id, kind,
    level, answers_at_once). Of a thread that somebody wants in the digest, nothing comes before it."""
    for row in told:
        hint("bell", row["person_id"])
        waits = (
            row["level"] == "digest"
            or not kinds[row["kind"]].at_once
            or (kinds[row["kind"]].is_answer and not row["answers_at_once"])
        )
        if row["level"] == "every" or not waits:
            await enqueue(MAIL_JOB, notice=row["id"])


@action
async def choose_level(reader: Reader, thread: int, level: str) -> None:
    """How a person hears of a thread: a level, or "" for what is usual. Raises NotFound, Invalid."""
    if level and level not in LEVELS:
        raise Invalid({"level": _("Choose one of these.")})
    seen = await fetch_one(
        f"select t.id from thread t where t.id = $1 and {visible_thread('t', '$2')}", thread, reader.person
    )
    if seen is None:
        raise NotFound
    await set_level(reader.person, thread, level)


async def set_level(person: int, thread: int, level: str) -> None:
    """Write it down; "" is the absence of a choice."""
    if not level:
        await execute("delete from thread_level where thread_id = $1 and person_id = $2", thread, person)
        return
    await execute(
        "insert into thread_level (thread_id, person_id, level) values ($1, $2, $3)"
        " on conflict (thread_id, person_id) do update set level = excluded.level, at = now()",
        thread,
        person,
        level,
    )


async def mark_read(person: int, notice: int | None = None) -> None:
    """Mark one of a person's notices as read, or all of them."""
    await execute(
        "update notice set read_at = now() where person_id = $1 and read_at is null and ($2::bigint is null or id = $2)",
        person,
        notice,
    )
    hint("bell", person)


def rhythm_of(row: Row) -> Rhythm:
    return Rhythm(row["hour"], row["zone"], frozenset(row["weekdays"]), row["country"], row["subdivision"])


@action
async def choose_mails(
    person: int,
    *,
    digest: bool,
    rhythm: Rhythm,
    answers_at_once: bool,
    new_tickets: Collection[int] | None = None,
    now: datetime | None = None,
) -> None:
    """How a person hears by mail. `new_tickets`: the projects of theirs whose new tickets they want to hear of at once;
    None leaves those as they are."""
    now = now or datetime.now(UTC)
    await execute("insert into mail_preference (person_id) values ($1) on conflict do nothing", person)
    row = await fetch_one("select * from mail_preference where person_id = $1 for update", person)
    assert row is not None
    before, pending = rhythm_of(row), row["next_at"] if row["digest"] else None
    at = pending if pending and before == rhythm else rescheduled(now, pending, before, rhythm)
    await execute(
        "update mail_preference set digest = $2, hour = $3, zone = $4, weekdays = $5, answers_at_once = $6, next_at = $7,"
        " country = $8, subdivision = $9"
        " where person_id = $1",
        person,
        digest,
        rhythm.hour,
        rhythm.zone,
        sorted(rhythm.weekdays),
        answers_at_once,
        at,
        rhythm.country,
        rhythm.subdivision,
    )
    if new_tickets is not None:
        await execute(
            "delete from new_ticket_mail where person_id = $1 and project_id <> all($2)", person, [*new_tickets]
        )
        await execute(
            "insert into new_ticket_mail (project_id, person_id) select m.project_id, m.person_id from project_member m"
            " where m.person_id = $1 and m.project_id = any($2) on conflict do nothing",
            person,
            [*new_tickets],
        )


async def turn_off(person: int, what: str) -> None:
    """Turn one kind of mail off for a person: `digest` or `answers` (those then wait for the digest)."""
    column = {"digest": "digest", "answers": "answers_at_once"}[what]
    await execute(
        f"insert into mail_preference (person_id, {column}, next_at) values ($1, false, $2)"
        f" on conflict (person_id) do update set {column} = false",
        person,
        next_slot(datetime.now(UTC), Rhythm()),
    )
