"""What the support desk adds to digests and notices: the head of each queue with its reasons, assignments, new tickets."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from babel.dates import format_datetime

from categories.support.queries import head_start_text, snoozed, unpaid_reason, wait_began
from categories.support.rules import Line as QueueLine
from categories.support.rules import position, window
from forum.database.engine import Row, fetch, fetch_one, transaction
from forum.notifications.actions import tell
from forum.notifications.kinds import Kind
from forum.notifications.sections import Line, Recipient, Section
from forum.threads.visibility import visible_thread
from forum.web import i18n
from forum.web.i18n import _, ngettext
from forum.web.money import money

# So much of each queue.
TOP: Final = 10
NEW_TICKET: Final = Kind("new_ticket", lambda said: _("A new ticket: “%(title)s”.") % said, at_once=True)
HEAR_JOB: Final = "hear_ticket"

TEAMS = """
select m.person_id, m.project_id, j.slug, j.name, j.currency from project_member m join project j on j.id = m.project_id
 where m.person_id = any($1) order by m.person_id, lower(j.name)
"""
COUNTS = f"""
select x.project, h.horizon, c.*, (select count(*) from ticket k where k.project_id = x.project
           and k.snoozed_until is not null and {snoozed("k")})::integer as snoozed from unnest($1::bigint[]) x(project),
       lateral (select workday_horizon(x.project, $2) as horizon) h, lateral queue_counts(x.project, h.horizon) c
 where c.total > 0
"""
# What is snoozed keeps its place, and is told of by nobody: those behind it are.
SLICES = f"""
select x.project, q.*, k.head_start, {wait_began("k")} as wait_began from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::integer[], $5::integer[])
       x(project, horizon, line, first, last), lateral queue_slice(x.project, x.horizon, x.line, x.first, x.last) q
  join ticket k on k.id = q.ticket_id where not {snoozed("k")}
"""
# Each ticket once, and for each of these people once more where not everybody may see it.
TITLES = f"""
select r.person, k.id, t.title, t.slug
  from unnest($1::bigint[], $2::bigint[]) r(person, ticket) join ticket k on k.id = r.ticket join thread t on t.id = k.thread_id
 where {visible_thread("t", "r.person")}
"""


async def queues_for(people: Sequence[Recipient]) -> dict[int, list[Line]]:
    """The head of the queue of each project on whose team somebody is. Four statements, however many people."""
    teams = await fetch(TEAMS, [person.id for person in people])
    projects = list({row["project_id"] for row in teams})
    if not projects:
        return {}
    heads = await heads_of(projects, datetime.now(UTC))
    wanted = [(row["person_id"], each["ticket_id"]) for row in teams for each in heads.get(row["project_id"], ())]
    rows = await fetch(TITLES, [person for person, _ticket in wanted], [ticket for _person, ticket in wanted])
    titles = {(row["person"], row["id"]): row["title"] for row in rows}
    found: dict[int, list[Line]] = defaultdict(list)
    several = {row["person_id"] for row in teams if sum(r["person_id"] == row["person_id"] for r in teams) > 1}
    for row in teams:
        for each in heads.get(row["project_id"], ()):
            title = titles.get((row["person_id"], each["ticket_id"]))
            found[row["person_id"]].append(line_of(row, each, title, names_project=row["person_id"] in several))
    return found


async def heads_of(projects: Sequence[int], now: datetime) -> dict[int, list[dict[str, Any]]]:
    """The first tickets of these queues with their positions and what the reason for each is made of."""
    states = {row["project"]: row for row in await fetch(COUNTS, list(projects), now)}
    asked: list[tuple[int, datetime, str, int, int]] = []
    for project, state in states.items():
        lines = (state["due"], state["paid"], state["unpaid"], state["share"], state["credit"])
        part = window(1, min(TOP + state["snoozed"], state["total"]), *lines)
        for name, (first, last) in (("due", part.due), ("paid", part.paid), ("unpaid", part.unpaid)):
            asked.append((project, state["horizon"], name, first, last))
    if not asked:
        return {}
    rows = await fetch(SLICES, *map(list, zip(*asked, strict=True)))
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        state = states[row["project"]]
        lines = (state["due"], state["paid"], state["unpaid"], state["share"], state["credit"])
        at = position(QueueLine(row["line"]), row["rank"], *lines)
        found[row["project"]].append({**row, "position": at, "lines": lines})
    return {project: sorted(each, key=lambda r: r["position"])[:TOP] for project, each in found.items()}


def line_of(team: Row, each: dict[str, Any], title: str | None, *, names_project: bool) -> Line:
    """A ticket of the queue: its place, title and the reason for its rank; of a private one the place alone."""
    why, look = reason_of(team, each)
    more = f"{team['name']}: {why}" if names_project else why
    path = f"/p/{team['slug']}/inbox/{each['ticket_id']}" if title is not None else ""
    return Line(title or _("Private ticket"), path, more, str(each["position"]), look)


def reason_of(team: Row, each: dict[str, Any]) -> tuple[str, str]:
    """Why a ticket stands where it does, in words, and how that looks."""
    due, since, amount = each["due_at"], each["wait_began"], each["rank_amount"]
    if each["line"] == "due" and isinstance(due, datetime):
        at = format_datetime(due, "d MMM, HH:mm 'UTC'", locale=i18n.current.get())
        return _("guarantee due %(at)s") % {"at": at}, "due"
    if each["line"] == "paid" and isinstance(amount, int):
        ahead = f", {head_start_text(each['head_start'])}" if each["head_start"] else ""
        return _("paid %(amount)s") % {"amount": money(amount, team["currency"])} + ahead, "paid"
    days = (datetime.now(UTC) - since).days if isinstance(since, datetime) else 0
    waits = ngettext("waits %(num)d day", "waits %(num)d days", days) % {"num": days}
    if each["head_start"]:
        waits += ", " + head_start_text(each["head_start"])
    return f"{unpaid_reason(each['position'], *each['lines'])}, {waits}", ""


QUEUE: Final = Section("queue", lambda: _("Next in the queue"), queues_for, is_ranked=True)

# Whoever of the team asked for it, as long as they are of it; what they may see is asked when it is mailed.
LISTENERS = """
select x.person_id from new_ticket_mail x join project_member m using (project_id, person_id)
 where x.project_id = $1 and x.person_id <> all(select coalesce(w.same_as, w.id) from ticket_requester r
       join person w on w.id = r.person_id where r.ticket_id = $2) order by 1
"""


async def hear_ticket(ticket: int) -> None:
    """Tell of a ticket that was submitted those who want to hear of every one; run again it is told once."""
    row = await fetch_one("select id, project_id, thread_id, state from ticket where id = $1", ticket)
    if row is None or row["state"] == "draft":
        return
    async with transaction():
        for each in await fetch(LISTENERS, row["project_id"], ticket):
            key = f"ticket:{ticket}"
            where = {"project": row["project_id"], "thread": row["thread_id"], "post": 1}
            await tell(each["person_id"], NEW_TICKET.name, key=key, **where)
