"""Snoozing a waiting ticket, waking it, and what wakes it: its time, or a reply."""

from datetime import UTC, datetime

from categories.support.actions import E, advance, let_turns_go_on, locked_ticket, ticket_for
from categories.support.events import WordSaid
from categories.support.holding import SILENT_SINCE, silent
from categories.support.promises.calendars import calendar_of
from categories.support.snoozing.rules import LONGEST
from forum.database.engine import Row, action, execute, fetch_one, fetch_value
from forum.events import hint
from forum.jobs import enqueue
from forum.notifications.actions import tell
from forum.projects.roles import require
from forum.threads.writing import record_act
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.reader import Reader

JOB = "wake_ticket"
NOTICE = "snooze_over"
# What leaves a snoozed ticket where it is: nobody is waited for because of it.
QUIET = ("thanks", "whisper")
# Awake before its time: the clock of its holder runs on from now.
WOKEN = "woke_at = least(woke_at, now())"


@action
async def snooze(reader: Reader, ticket: int, until: datetime) -> None:
    """Hide a waiting ticket from the team's lists until a time (aware); its place and its promise's clock run on, that of whoever
    holds it rests. Snoozed again, the later word counts. Raises NotFound, Forbidden, Conflict (it does not wait), Invalid (the past, more than a year)."""
    row = await ticket_for(reader, ticket)
    require(reader, "snooze", row["project_id"])
    now = datetime.now(UTC)
    if until <= now:
        raise Invalid({"until": _("Choose a time to come.")})
    if until > now + LONGEST:
        raise Invalid({"until": _("At most a year.")})
    await advance(row, E.SNOOZED)
    if row["snoozed_until"] == until:
        return
    await execute(
        "update ticket set snoozed_until = $2, snoozed_by = $3, snooze_again = null, slept_at = $4, woke_at = $2,"
        " claim_spent = $5 where id = $1",
        ticket,
        until,
        reader.person,
        now,
        await spent(row, now),
    )
    await record_act(row["thread_id"], "snooze", reader.person, team_only=True, until=until.isoformat())
    await enqueue(JOB, delay=until - now, ticket=ticket, until=until.isoformat())
    await touch(row)


async def spent(ticket: Row, now: datetime) -> int:
    """How long a locked ticket's holder has been silent, in hundredths of a workday; 0 where nobody has it."""
    if ticket["assignee_id"] is None:
        return 0
    since = await fetch_value(f"select {SILENT_SINCE} from ticket k where k.id = $1", ticket["id"])
    return round(silent(ticket, since, now, await calendar_of(ticket["project_id"])) * 100)


@action
async def wake(reader: Reader, ticket: int) -> None:
    """Show a snoozed ticket in the lists again, now. Raises NotFound, Forbidden."""
    row = await ticket_for(reader, ticket)
    require(reader, "snooze", row["project_id"])
    if row["snoozed_until"] is None:
        return
    await execute(f"update ticket set snoozed_until = null, snooze_again = null, {WOKEN} where id = $1", ticket)
    await record_act(row["thread_id"], "wake", reader.person, team_only=True)
    await touch(row)


async def touch(ticket: Row) -> None:
    """Let open inboxes show their lists anew."""
    await execute("select queue_lock($1)", ticket["project_id"])
    hint("queue", ticket["project_id"])
    await let_turns_go_on(ticket["project_id"])


@action
async def wake_ticket(ticket: int, until: str) -> None:
    """The job: the time a ticket was snoozed to has come. Done twice, or late, or after the time was changed, it wakes
    nothing that was not to wake."""
    at = datetime.fromisoformat(until)
    thread = await fetch_one("select thread_id from ticket where id = $1", ticket)
    row = await locked_by_thread(thread["thread_id"]) if thread else None
    if row is None or row["snoozed_until"] != at:
        return
    await execute("update ticket set snoozed_until = null where id = $1", ticket)
    if row["state"] == "waiting":
        await tell_over(row, "time")
    await touch(row)


async def locked_by_thread(thread: int) -> Row | None:
    """A ticket behind its thread's lock, for what is no reader's deed."""
    await execute("select 1 from thread where id = $1 for update", thread)
    return await locked_ticket(thread)


async def tell_over(ticket: Row, why: str) -> None:
    """Tell whoever snoozed it, once for each time it was snoozed to; `why`: time, or reply."""
    if ticket["snoozed_by"] is None:
        return
    await tell(
        ticket["snoozed_by"],
        NOTICE,
        key=f"{NOTICE}:{ticket['id']}:{ticket['snoozed_until'].isoformat()}",
        project=ticket["project_id"],
        thread=ticket["thread_id"],
        why=why,
    )


async def word_said(event: WordSaid) -> None:
    """A reply wakes a snoozed ticket, and keeps the time for one click; thanks and whispers do not. An answer by whoever
    snoozed it is no news to them."""
    if event.ticket["snoozed_until"] is not None or event.ticket["snooze_again"] is not None:
        await woken(event.post.thread, event.post.author, event.post.purpose)


async def woken(thread: int, author: int, purpose: str) -> None:
    """What a word means to the ticket of a locked thread, wherever it was said."""
    if purpose in QUIET:
        return
    row = await locked_ticket(thread)
    if row is None:
        return
    if row["snoozed_until"] is None:
        # what was offered after an earlier reply is over once the team has answered
        if row["snooze_again"] is not None and row["state"] != "waiting":
            await execute("update ticket set snooze_again = null where id = $1", row["id"])
        return
    if row["snoozed_until"] <= datetime.now(UTC):
        return
    await execute(
        f"update ticket set snoozed_until = null, snooze_again = snoozed_until, {WOKEN} where id = $1",
        row["id"],
    )
    await record_act(thread, "wake", None, team_only=True)
    if author != row["snoozed_by"]:
        await tell_over(row, "reply")
    await touch(row)
