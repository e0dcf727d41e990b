"""Tickets whose asker owes the next word and says nothing: told once in time, then closed, and open again by a click.

A word is a public post by a requester or by the team in the home thread, a requester's in the thread of a
ticket that was merged into it, or a requester's or the team's act that ends or reopens it. What strangers write is none: nobody's ticket is kept open by somebody passing by. Only `answered` and
`needs_facts` go silent (product.md, "A ticket's life"): there the team owes nothing.
"""

from datetime import UTC, date, datetime, timedelta

from categories.support.actions import E, advance, is_requester, locked_ticket, ticket_for
from categories.support.policy import Policy, policy_of
from forum.database.engine import Row, action, execute, fetch, fetch_one
from forum.events import hint, publish
from forum.notifications.actions import tell
from forum.threads.events import ThreadChanged
from forum.threads.writing import record_act
from forum.web.errors import Conflict, Forbidden
from forum.web.i18n import _
from forum.web.i18n import current as locale
from forum.web.look import day_text
from forum.web.reader import Reader

BATCH = 500

# The last word of a ticket `k`.
LAST_WORD = """greatest(
    (select max(p.created_at) from post p join person w on w.id = p.author_id
      where p.thread_id = k.thread_id and p.deleted_at is null and p.purpose <> 'whisper' and (
            exists (select 1 from project_member m
                     where m.project_id = k.project_id and m.person_id = coalesce(w.same_as, w.id))
            or exists (select 1 from ticket_requester r join person x on x.id = r.person_id
                     where r.ticket_id = k.id and coalesce(x.same_as, x.id) = coalesce(w.same_as, w.id)))),
    (select max(a.at) from thread_act a where a.thread_id = k.thread_id and (a.kind = 'replied_there'
        or not a.team_only and a.kind in ('reopen', 'take_back', 'submit', 'take_in'))),
    k.waiting_since, k.created_at)"""
# $1 now, $2 more than the id: tickets that may have to be told of or closed, by the figures of their projects.
SILENT = f"""
select k.id from ticket k left join support_policy y on y.project_id = k.project_id
 where k.state in ('answered', 'needs_facts') and k.id > $2
   and {LAST_WORD} <= $1::timestamptz
       - make_interval(days => coalesce(y.silence_days, 30) - coalesce(y.silence_warning_days, 3))
 order by k.id limit {BATCH}
"""


async def close_silent(now: datetime | None = None) -> None:
    """Every day: tell the requesters of tickets that fall silent, and close those that stayed so.

    However often and however late this runs: each is told once a silence, and none is closed that was not told the set
    number of days before, nor one in which a word was said since.
    """
    now = now or datetime.now(UTC)
    seen = 0
    while rows := await fetch(SILENT, now, seen):
        for row in rows:
            await look_at(row["id"], now)
        seen = rows[-1]["id"]


@action
async def look_at(ticket: int, now: datetime) -> None:
    """Tell of one silent ticket, or close it, if it is time."""
    found = await fetch_one("select thread_id from ticket where id = $1", ticket)
    if found is None:
        return
    await fetch_one("select 1 from thread where id = $1 for update", found["thread_id"])
    row = await locked_ticket(found["thread_id"])
    if row is None or row["state"] not in ("answered", "needs_facts"):
        return
    policy = await policy_of(row["project_id"])
    said = await fetch_one(
        f"select {LAST_WORD} as word, s.warned_at, s.last_word_at from ticket k"
        " left join silence s on s.ticket_id = k.id where k.id = $1",
        ticket,
    )
    assert said is not None
    word: datetime = said["word"]
    closes = word + timedelta(days=policy.silence_days)
    warning = timedelta(days=policy.silence_warning_days)
    # told, and not so early that the day told is not the day on which it closes by now
    is_told = said["warned_at"] is not None and said["last_word_at"] == word and said["warned_at"] >= closes - warning
    if not is_told and now >= closes - warning:
        await warn(row, word, now, max(closes, now + warning), policy)
    elif is_told and now >= max(closes, said["warned_at"] + warning):
        await advance(row, E.WENT_SILENT, at=now)
        await record_act(row["thread_id"], "silence", None, at=now, days=(now - word).days)
        await publish(ThreadChanged(row["thread_id"]))
        hint("list", row["project_id"])


async def warn(ticket: Row, word: datetime, now: datetime, closes: datetime, policy: Policy) -> None:
    """Tell every requester, once a silence."""
    await execute(
        "insert into silence (ticket_id, warned_at, last_word_at) values ($1, $2, $3)"
        " on conflict (ticket_id) do update set warned_at = $2, last_word_at = $3",
        ticket["id"],
        now,
        word,
    )
    await execute("update thread set version = version + 1 where id = $1", ticket["thread_id"])
    await execute("select queue_lock($1)", ticket["project_id"])
    hint("queue", ticket["project_id"])
    for row in await fetch("select person_id from ticket_requester where ticket_id = $1 order by 1", ticket["id"]):
        await tell(
            row["person_id"],
            "going_silent",
            key=f"going_silent:{ticket['id']}:{word.isoformat()}:{closes.date()}",
            project=ticket["project_id"],
            thread=ticket["thread_id"],
            days=(now - word).days,
            closes=closes.date().isoformat(),
            link=f"/tickets/{ticket['id']}/still-needed",
            asked_for_facts=ticket["state"] == "needs_facts",
        )


def closing_day(warned_at: datetime, last_word_at: datetime, silence_days: int, warning_days: int) -> date:
    """The day on which a ticket of which people were told closes by itself."""
    return max(last_word_at + timedelta(days=silence_days), warned_at + timedelta(days=warning_days)).date()


def day_of(iso: str) -> str:
    """A day out of a notice in words: "16 Nov 2026"."""
    day = date.fromisoformat(iso)
    return day_text(day.year, day.month, day.day, locale.get())


@action
async def still_needed(reader: Reader, ticket: int) -> int:
    """A requester says by a click that they still need an answer: the ticket waits again. Returns its thread.

    Of a ticket that waits already, nothing changes. Raises NotFound, Forbidden, Conflict (the team closed its thread).
    """
    row = await ticket_for(reader, ticket)
    if not await is_requester(reader, ticket):
        raise Forbidden
    if row["state"] == "waiting":
        return int(row["thread_id"])
    if row["state"] not in ("answered", "needs_facts", "closed"):
        raise Conflict(_("This ticket has moved on; look at its thread."))
    await advance(row, E.REOPENED)
    await execute("delete from silence where ticket_id = $1", ticket)
    await execute("update thread set is_closed = false where id = $1", row["thread_id"])
    await record_act(row["thread_id"], "still_needed", reader.person)
    await publish(ThreadChanged(row["thread_id"]))
    hint("list", row["project_id"])
    return int(row["thread_id"])
