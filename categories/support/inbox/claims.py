"""What happens to claims by itself: a warning, the end of one without a word, and tickets given in turn."""

from datetime import UTC, datetime

from categories.support.actions import locked_ticket, set_assignee, tell_assigned
from categories.support.holding import SILENT_SINCE, Full, require_room, silent, team_at
from categories.support.inbox.buckets import in_queue, visible_pairs
from categories.support.inbox.filters import Filter
from categories.support.policy import policy_of
from categories.support.promises.calendars import calendar_of
from categories.support.sharing import Claim, claim_after, whose_turn
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.jobs import enqueue
from forum.notifications.actions import tell
from forum.threads.writing import record_act

# So many who wait are looked at when turns are given: the others come when these are held.
A_ROUND = 25


async def look_after_claims() -> None:
    """For every project in which somebody holds a ticket that waits, and where tickets are given in turn."""
    for row in await fetch(
        "select distinct project_id from ticket where assignee_id is not null and state = 'waiting' order by 1"
    ):
        await enqueue("end_claims", once=f"end_claims:{row['project_id']}", project=row["project_id"])
    for row in await fetch("select project_id from support_policy where assigning = 'round_robin' order by 1"):
        await enqueue("give_turns", once=f"give_turns:{row['project_id']}", project=row["project_id"])


async def end_claims(project: int, now: datetime | None = None) -> None:
    """Warn whose claims in a project are about to end, and put back those that are over. Safe to run again."""
    at = now or datetime.now(UTC)
    allowed = (await policy_of(project)).claim_workdays
    calendar = await calendar_of(project)
    rows = await fetch(
        f"select k.*, {SILENT_SINCE} as since from ticket k where k.project_id = $1 and k.assignee_id is not null"
        " and k.state = 'waiting' and (k.snoozed_until is null or k.snoozed_until <= $2) order by k.id",
        project,
        at,
    )
    for row in rows:
        stage = claim_after(silent(row, row["since"], at, calendar), allowed)
        if stage is not Claim.KEPT:
            await end_or_warn(row, stage, allowed)


@action
async def end_or_warn(seen: Row, stage: Claim, allowed: int) -> None:
    """End a claim, or warn of its end; nothing where its holder has said something meanwhile."""
    await fetch_one("select id from thread where id = $1 for update", seen["thread_id"])
    ticket = await locked_ticket(seen["thread_id"])
    since = await fetch_one(f"select {SILENT_SINCE} as since from ticket k where k.id = $1", seen["id"])
    if ticket is None or since is None or since["since"] != seen["since"]:
        return
    if ticket["snoozed_until"] != seen["snoozed_until"]:
        return
    person, project, thread = ticket["assignee_id"], ticket["project_id"], ticket["thread_id"]
    if person is None or ticket["state"] != "waiting":
        return
    when = f"{seen['id']}:{seen['since']:%Y%m%dT%H%M%S.%f}"
    if stage is Claim.ENDING:
        await tell(person, "claim_ending", key=f"claim_ending:{when}", project=project, thread=thread, days=allowed)
        return
    await set_assignee(ticket, None)
    await record_act(thread, "claim_ended", None, days=allowed)
    await tell(person, "claim_ended", key=f"claim_ended:{when}", project=project, thread=thread, days=allowed)


async def give_turns(project: int, now: datetime | None = None) -> None:
    """Give the tickets that wait and that nobody has, in queue order, to whose turn it is, as long as somebody has room."""
    if (await policy_of(project)).assigning != "round_robin":
        return
    at = now or datetime.now(UTC)
    while await give_turn(project, at):
        pass


# one at a time in a project, so that nobody is skipped and nobody served twice
TURNS = 0x7475726E


@action
async def give_turn(project: int, at: datetime) -> bool:
    """Give one ticket to whose turn it is; False where there is none, or nobody to give it to."""
    await execute("select pg_advisory_xact_lock($1, $2)", TURNS, project)
    waiting = await in_queue(project, Filter("unassigned"), 0, A_ROUND, at)
    if not waiting:
        return False
    most = (await policy_of(project)).claims_most
    team = await team_at(project, at)
    may_have = await visible_pairs(project, [one["ticket"] for one in waiting])
    for one in waiting:
        able = [m["member"] for m in team if m["person_id"] in may_have.get(one["ticket"], ())]
        person = whose_turn(able, most)
        if person is not None and await give(one["ticket"], person):
            return True
    return False


async def give(ticket: int, person: int) -> bool:
    """Give a ticket to somebody whose turn it is; False where it is not free any more."""
    thread = await fetch_value("select thread_id from ticket where id = $1", ticket)
    await fetch_one("select id from thread where id = $1 for update", thread)
    row = await locked_ticket(thread)
    if row is None or row["assignee_id"] is not None or row["state"] != "waiting":
        return False
    try:
        await require_room(person, row["project_id"])
    except Full:
        return False
    await set_assignee(row, person)
    name = await fetch_value("select coalesce(nullif(name, ''), username) from person where id = $1", person)
    version = await record_act(thread, "turn", None, name=name, person=person)
    await execute(
        "insert into queue_turn as u (project_id, person_id, given, last_at) values ($1, $2, 1, clock_timestamp())"
        " on conflict (project_id, person_id) do update set given = u.given + 1, last_at = clock_timestamp()",
        row["project_id"],
        person,
    )
    await tell_assigned(row, person, version)
    return True
