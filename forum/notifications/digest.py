"""One digest a workday: whose are due is claimed in batches, each composed and sent by a job that may run again."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from babel.dates import format_date

from forum.database.engine import Row, execute, fetch, transaction
from forum.jobs import do, enqueue
from forum.notifications.actions import rhythm_of
from forum.notifications.rules import day_due, next_slot
from forum.notifications.sections import Line, Recipient, sections
from forum.notifications.unsubscribe import ways_out
from forum.settings import settings
from forum.web import i18n
from forum.web.i18n import _

JOB = "compose_digests"
# So many are claimed, and composed, at once.
BATCH: Final = 100
# A worker composes one batch at a time, and then rests for so much of the time it took: pages are read by people who wait.
REST: Final = 0.4
_one_at_a_time = asyncio.Lock()

# Whoever something waits for, or may: others have no row, and cost nothing.
ENSURE = """
insert into mail_preference (person_id)
select person_id from notice where mailed_at is null union select person_id from project_member
except select person_id from mail_preference
    on conflict do nothing
"""
DUE = """
select person_id, hour, zone, weekdays, country, subdivision from mail_preference
 where digest and next_at <= $1 order by next_at limit $2 for update skip locked
"""
CLAIM = """
with moved as (
    update mail_preference m set next_at = x.next from unnest($1::bigint[], $2::timestamptz[]) x(person, next)
     where m.person_id = x.person)
insert into digest (person_id, day, claimed_at)
select person, day, $5 from unnest($3::bigint[], $4::date[]) x(person, day) on conflict do nothing
returning person_id, day
"""
# What was sent already is only marked: a job that runs again sends nobody a second one.
CLAIMED = """
select p.id, p.username, p.locale, d.claimed_at as until, d.day,
       exists (select 1 from mail m where m.person_id = p.id and m.sent_at is not null
                and m.message_id like '<digest-' || d.day || '-' || p.id || '.%') as is_sent
  from unnest($1::bigint[], $2::date[]) x(person, day)
  join digest d on d.person_id = x.person and d.day = x.day
  join person p on p.id = d.person_id and p.disabled_at is null and p.email_confirmed_at is not null
 order by p.id
"""
MAILED = """
update notice n set mailed_at = now() from unnest($1::bigint[], $2::timestamptz[]) x(person, until)
 where n.person_id = x.person and n.mailed_at is null and n.created_at <= x.until
"""


async def send_digests(now: str | None = None) -> None:
    """Claim all digests that are due and have them composed; done every quarter of an hour, and again as often as one
    likes. `now`: the moment (ISO 8601) for tests."""
    moment = datetime.fromisoformat(now) if now else datetime.now(UTC)
    await execute(ENSURE)
    await reckon(moment)
    while await claim_batch(moment):
        pass


async def reckon(now: datetime) -> None:
    """Find out when the first digest of those is due who never had one."""
    rows = await fetch(
        "select person_id, hour, zone, weekdays, country, subdivision from mail_preference where digest and next_at is null"
    )
    pairs = [(row["person_id"], at) for row in rows if (at := next_slot(now, rhythm_of(row)))]
    if pairs:
        await execute(
            "update mail_preference m set next_at = x.at from unnest($1::bigint[], $2::timestamptz[]) x(person, at)"
            " where m.person_id = x.person and m.next_at is null",
            [person for person, _at in pairs],
            [at for _person, at in pairs],
        )


async def claim_batch(now: datetime) -> bool:
    """Claim the digests of a batch of people, in one transaction with the job that composes them; whether there were any.

    Several workers claim different people; a worker that dies here has claimed nobody.
    """
    async with transaction():
        rows = await fetch(DUE, now, BATCH)
        if not rows:
            return False
        rhythms = {row["person_id"]: rhythm_of(row) for row in rows}
        due = [(person, day) for person, rhythm in rhythms.items() if (day := day_due(now, rhythm))]
        claimed = await fetch(
            CLAIM,
            list(rhythms),
            [next_slot(now, rhythm) for rhythm in rhythms.values()],
            [person for person, _day in due],
            [day for _person, day in due],
            now,
        )
        if claimed:
            await enqueue(JOB, people=[[row["person_id"], row["day"].isoformat()] for row in claimed])
    return True


async def compose_digests(people: Sequence[Sequence[Any]]) -> None:
    """Compose and send the claimed digests of these people, (person, day) each; whom nothing waits for gets none."""
    async with _one_at_a_time:
        began = time.perf_counter()
        await compose_batch(people)
        await asyncio.sleep((time.perf_counter() - began) * REST)


async def compose_batch(people: Sequence[Sequence[Any]]) -> None:
    """The same for one batch, in a number of statements that does not grow with it, but for the sending itself."""
    days = [date.fromisoformat(day) for _person, day in people]
    claimed = await fetch(CLAIMED, [person for person, _day in people], days)
    fresh = [row for row in claimed if not row["is_sent"]]
    told = await told_to([Recipient(row["id"], row["username"], row["locale"], row["until"]) for row in fresh])
    ways = await ways_out([row["id"] for row in fresh if row["id"] in told], "digest")
    mails = [mail_of(row, told[row["id"]], ways[row["id"]]) for row in fresh if row["id"] in ways]
    try:
        if mails:
            await do("send_mails", template="digest", mails=mails)
    except Exception:
        # one whom the mail server refuses for now is tried again; the others were told, and are not told again tomorrow
        again = await fetch(CLAIMED, [person for person, _day in people], days)
        told_now = [row for row in again if row["is_sent"]]
        await execute(MAILED, [row["id"] for row in told_now], [row["until"] for row in told_now])
        raise
    await execute(MAILED, [row["id"] for row in claimed], [row["until"] for row in claimed])


async def told_to(people: Sequence[Recipient]) -> dict[int, list[dict[str, Any]]]:
    """What the digests of these people say, section by section; without those to whom there is nothing to say."""
    languages: dict[str, list[Recipient]] = defaultdict(list)
    for person in people:
        languages[person.locale or "en"].append(person)
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    before = i18n.current.get()
    for locale, group in languages.items():
        i18n.current.set(locale)
        for section in sections:
            for who, lines in (await section.load(group)).items():
                if lines:
                    shown = [as_told(line) for line in lines]
                    found[who].append({"title": section.title(), "is_ranked": section.is_ranked, "lines": shown})
    i18n.current.set(before)
    return found


def as_told(line: Line) -> dict[str, str]:
    url = settings().base_url + line.path if line.path else ""
    return {"text": line.text, "url": url, "more": line.more, "mark": line.mark, "look": line.look}


def mail_of(row: Row, told: list[dict[str, Any]], token: str) -> dict[str, Any]:
    """What `send_mails` is given for one digest; the same mail whenever it is composed again."""
    base = settings().base_url
    way = f"{base}/unsubscribe/{token}"
    day = format_date(row["day"], "EEEE, d MMMM", locale=row["locale"] or "en")
    return {
        "person": row["id"],
        "envelope": {
            "message_id": f"digest-{row['day']}-{row['id']}",
            "list_id": "digest",
            "unsubscribe": way,
        },
        "values": {
            "subject_line": _("Your digest for %(day)s") % {"day": day},
            "sections": told,
            "why": _("One digest a workday, at the hour you chose; none when there is nothing to say."),
            "preferences": f"{base}/u/{row['username']}/preferences/mail",
            "unsubscribe": way,
        },
    }
