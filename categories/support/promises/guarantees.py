"""Promised answers as they are kept: started, rested, settled with the ticket's life, watched by a job, never rewritten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from categories.support.policy import policy_of
from categories.support.promises.calendars import calendar_of, written
from categories.support.promises.rules import Promise, paused, promised, resumed, shortened
from categories.support.promises.workdays import Calendar, workdays_between
from categories.support.states import Clock, Life, TicketState, clock
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.notifications.actions import tell

SAVE = """
insert into guarantee (ticket_id, project_id, round, workdays, workdays_left, left_since, due_at, half_at, last_day_at,
                       missed_at, missed_with)
values ($1, $2, $3, $4, $5, $6, $7::timestamptz, $8, $9, case when $10::bigint is null then $7::timestamptz end, $10)
on conflict (ticket_id) do update set round = $3, workdays = $4, workdays_left = $5, left_since = $6, due_at = excluded.due_at,
       half_at = $8, last_day_at = $9, missed_at = excluded.missed_at, missed_with = $10
"""
# A round ends: nothing runs, nothing is told any more.
END = """
update guarantee set workdays = null, workdays_left = null, left_since = null, due_at = null, half_at = null,
       last_day_at = null, missed_at = null, missed_with = null where ticket_id = $1
"""
REST = "update guarantee set half_at = null, last_day_at = null, missed_at = null where ticket_id = $1"
OUTCOME = """
insert into guarantee_outcome (ticket_id, project_id, round, workdays, due_at, outcome, answered_at, late, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (ticket_id, round, outcome) do nothing
"""


def promise_in(row: Row | None) -> Promise | None:
    """The open promise out of a guarantee's row."""
    if row is None or row["workdays"] is None:
        return None
    return Promise(row["workdays"], Fraction(row["workdays_left"]), row["left_since"])


async def guarantee_of(ticket: int) -> Row | None:
    return await fetch_one("select * from guarantee where ticket_id = $1 for update", ticket)


async def save(
    ticket: Row, round: int, promise: Promise, calendar: Calendar, *, missed_with: int | None = None
) -> None:
    """Write an open promise down, with what is to be told next, and the ticket's due time. `missed_with`: the ticket merged
    into this one with which it came and whose record tells already that it was missed; nothing more is told of it."""
    due = promise.due(calendar)
    await execute(
        SAVE,
        ticket["id"],
        ticket["project_id"],
        round,
        promise.workdays,
        str(promise.left),
        promise.since,
        due,
        None if missed_with else promise.half(calendar),
        None if missed_with else promise.last_day(calendar),
        missed_with,
    )
    await execute("update ticket set due_at = $2 where id = $1", ticket["id"], due)


def clock_of(ticket: Row) -> Clock:
    """What the clock of a ticket's row does."""
    return clock(Life(TicketState(ticket["state"]), tuple(TicketState(s) for s in ticket["state_under"])))


async def start(ticket: Row, at: datetime, row: Row | None = None, *, anew: bool = True) -> None:
    """A locked ticket waits: what was promised to it, or to everybody of its line, runs from now on. A due time from
    before ends where the wait begins anew."""
    policy = await policy_of(ticket["project_id"])
    workdays = (row["by_hand"] if row else None) or policy.guarantee(ticket["rank_amount"])
    if workdays:
        calendar = await calendar_of(ticket["project_id"])
        await save(ticket, (row["round"] if row else 0) + 1, promised(workdays, at), calendar)
    elif anew and ticket["due_at"] is not None:
        await execute("update ticket set due_at = null where id = $1", ticket["id"])


async def life_moved(
    ticket: Row, before: Life, after: Life, *, answered: bool, anew: bool, at: datetime | None = None
) -> None:
    """What a step in a locked ticket's life does to its promise, before it takes its place in the queue.

    `answered`: the step is a team answer, which settles the promise · `anew`: the wait begins again.
    """
    was, now = clock(before), clock(after)
    if was is now and not answered:
        return
    at = at or datetime.now(UTC)
    row = await guarantee_of(ticket["id"])
    promise = promise_in(row)
    if answered and (promise is not None or ticket["due_at"] is not None) and was is not Clock.OFF:
        await settle(ticket, row, promise, at)
        promise = None
    if now is Clock.RUNS and (promise is None or anew):
        await start(ticket, at, row, anew=anew)
    elif promise is None or row is None:
        return
    elif now is Clock.OFF:
        await execute(REST, ticket["id"])
    else:
        calendar = await calendar_of(ticket["project_id"])
        moved = resumed(promise, at) if now is Clock.RUNS else paused(promise, at, calendar)
        await save(ticket, row["round"], moved, calendar, missed_with=row["missed_with"])


async def settle(ticket: Row, row: Row | None, promise: Promise | None, at: datetime) -> None:
    """The team has answered: kept, or too late and by how much, written down for good; the clock is off."""
    calendar = await calendar_of(ticket["project_id"])
    due = (resumed(promise, at).due(calendar) if promise else None) or ticket["due_at"]
    late = workdays_between(due, at, calendar)
    round = (row["round"] if row else 0) + (promise is None)
    told: tuple[Any, ...] = (ticket["id"], ticket["project_id"], round, promise.workdays if promise else None, due)
    if at > due:
        if row is None or row["missed_with"] is None:
            await execute(OUTCOME, *told, "missed", None, hundredths(late), at)
        await execute(OUTCOME, *told, "answered_late", at, hundredths(late), at)
    else:
        await execute(OUTCOME, *told, "kept", at, 0, at)
    await execute(END, ticket["id"])
    await execute("update ticket set due_at = null where id = $1", ticket["id"])


def hundredths(workdays: Fraction) -> int:
    """Workdays as rows keep them."""
    return round(workdays * 100)


async def promise_to(ticket: Row, workdays: int, at: datetime | None = None) -> None:
    """Promise a locked ticket an answer within so many workdays, now and whenever it waits anew.

    For whoever sells guarantees, inside their transaction, and for the team's own button. Where a promise runs already,
    the earlier due time holds. The queue must be told by the caller (`queue_enter`).
    """
    at = at or datetime.now(UTC)
    await execute(
        "insert into guarantee (ticket_id, project_id, by_hand) values ($1, $2, $3)"
        " on conflict (ticket_id) do update set by_hand = $3",
        ticket["id"],
        ticket["project_id"],
        workdays,
    )
    await promise_now(ticket, workdays, at)


async def promise_now(ticket: Row, workdays: int, at: datetime) -> None:
    """Let a promise run for a locked ticket whose clock does; the earlier due time holds."""
    state = clock_of(ticket)
    if state is Clock.OFF:
        return
    calendar = await calendar_of(ticket["project_id"])
    row = await guarantee_of(ticket["id"])
    promise = promise_in(row)
    fresh = promised(workdays, at) if state is Clock.RUNS else Promise(workdays, Fraction(workdays), None)
    moved = shortened(promise, workdays, at, calendar) if promise else fresh
    missed_with = row["missed_with"] if row and moved == promise else None
    round = row["round"] if row and promise else (row["round"] if row else 0) + 1
    await save(ticket, round, moved, calendar, missed_with=missed_with)


@dataclass(frozen=True)
class Merged:
    """What a merge did to the promise of the ticket that stays. `rests`: it rests, so no due time came with it · `change`: for
    undoing that, the round and the target's own promise before, as `own`: (workdays, how many more were left), or None."""

    rests: bool = False
    change: dict[str, Any] | None = None


async def merged_into(kept: Row, gone: Row, at: datetime | None = None) -> Merged:
    """Two locked tickets are one from now on: the earlier due time stays, and with it its promise. Where the one that
    stays is answered or over, nothing runs, so nothing is warned of or missed there; where its asker owes facts, the promise
    rests as the ticket does."""
    clock_kept = clock_of(kept)
    theirs = await guarantee_of(gone["id"])
    promise = promise_in(theirs)
    if clock_kept is Clock.OFF or theirs is None or promise is None:
        return Merged()
    ours = await guarantee_of(kept["id"])
    own = promise_in(ours)
    round = (ours["round"] if ours else 0) + (own is None)
    calendar = await calendar_of(kept["project_id"])
    resting = paused(promise, at or datetime.now(UTC), calendar)
    if clock_kept is Clock.PAUSED and resting.since is None:
        if own is not None and (own.since is not None or own.left <= resting.left):
            return Merged(rests=True)
        await save(kept, round, resting, calendar)
        more = None if own is None else [own.workdays, str(own.left - resting.left)]
        return Merged(rests=True, change={"round": round, "own": more})
    if theirs["due_at"] is None or (ours and ours["due_at"] and ours["due_at"] <= theirs["due_at"]):
        return Merged()
    missed = await fetch_value(
        "select 1 from guarantee_outcome where ticket_id = $1 and round = $2 and outcome = 'missed'",
        gone["id"],
        theirs["round"],
    )
    with_whom = theirs["missed_with"] or (gone["id"] if missed else None)
    await save(kept, round, promise, calendar, missed_with=with_whom)
    return Merged()


async def parted(kept: Row, due: datetime | None, this: Row, later: Sequence[Row]) -> datetime | None:
    """What was merged into a locked ticket stands for itself again: its due time is `due`, as without it. `this`: the merge
    that is undone; `later`: those after it that stand. Returns the due time that the ticket has then."""
    row = await guarantee_of(kept["id"])
    promise = promise_in(row)
    if row is None or promise is None:
        return due
    now, calendar = datetime.now(UTC), await calendar_of(kept["project_id"])
    if this["rested"] is not None and this["rested"]["round"] == row["round"]:
        own = this["rested"]["own"]
        following = next((each for each in later if each["rested"]), None)
        if following is not None:
            # the target's own lies beneath what came later
            more = own and [own[0], str(Fraction(own[1]) + Fraction((following["rested"]["own"] or [0, "0"])[1]))]
            change = {"round": row["round"], "own": more}
            await execute("update ticket_merge set rested = $2 where id = $1", following["id"], change)
            return due
        if own is None:
            await execute(END, kept["id"])
            return None
        before = Promise(own[0], promise.left + Fraction(own[1]), promise.since)
        await save(kept, row["round"], before, calendar)
        return before.due(calendar)
    if row["due_at"] == due:
        return due
    if due is None:
        await execute(END, kept["id"])
        return None
    await save(kept, row["round"], Promise(promise.workdays, workdays_between(now, due, calendar), now), calendar)
    return due


async def watch_guarantees(now: datetime | None = None) -> None:
    """Every quarter of an hour: warn of promises at half of their time and in the last workday, write down what is missed.

    Each once, however often this runs; where the worker was away, only what is most urgent is told.
    """
    now = now or datetime.now(UTC)
    rows = await fetch(
        "select ticket_id from guarantee where least(half_at, last_day_at, missed_at) <= $1"
        " order by least(half_at, last_day_at, missed_at)",
        now,
    )
    for row in rows:
        await look_after(row["ticket_id"], now)


@action
async def look_after(ticket: int, now: datetime) -> None:
    """Tell or write down what has become true of one promise by now."""
    held = await fetch_one("select * from ticket where id = $1 for update", ticket)
    row = await guarantee_of(ticket)
    if held is None or row is None:
        return
    if row["missed_at"] is not None and row["missed_at"] <= now:
        kind = "guarantee_missed"
        late = workdays_between(row["due_at"], now, await calendar_of(held["project_id"]))
        facts = (ticket, held["project_id"], row["round"], row["workdays"], row["due_at"])
        await execute(OUTCOME, *facts, "missed", None, hundredths(late), now)
        await execute(REST, ticket)
        await execute("update thread set version = version + 1 where id = $1", held["thread_id"])
    elif row["last_day_at"] is not None and row["last_day_at"] <= now:
        kind = "guarantee_last_day"
        await execute("update guarantee set half_at = null, last_day_at = null where ticket_id = $1", ticket)
    elif row["half_at"] is not None and row["half_at"] <= now:
        kind = "guarantee_half"
        await execute("update guarantee set half_at = null where ticket_id = $1", ticket)
    else:
        return
    calendar = await calendar_of(held["project_id"])
    for person in await who_is_warned(held):
        await tell(
            person,
            kind,
            key=f"{kind}:{ticket}:{row['round']}",
            project=held["project_id"],
            thread=held["thread_id"],
            due=written(row["due_at"], calendar.zone),
            workdays=row["workdays"],
        )


async def who_is_warned(ticket: Row) -> list[int]:
    """The assignee, or where nobody has the ticket, the team."""
    if ticket["assignee_id"] is not None:
        return [ticket["assignee_id"]]
    rows = await fetch("select person_id from project_member where project_id = $1 order by 1", ticket["project_id"])
    return [row["person_id"] for row in rows]
