"""Reading the inbox: how much lies in each bucket, and the tickets of a filter in their strict order."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from categories.support.inbox.filters import QUEUED, Filter
from categories.support.queries import QueueState, snoozed
from categories.support.rules import Line, position
from forum.database.engine import Row, fetch
from forum.threads.visibility import visible_thread
from forum.web.reader import Reader

A_PAGE = 50
# a list that is not the queue itself is read from its beginning; whoever needs more than this narrows the filter
DEEPEST = 10
TAGS = 8

# What is snoozed is in the bucket of that name and counted in no other but the queue's own: a count says what its list shows.
# The queue counts what is due in no line; a list of a line shows it.
AWAY = f"""with horizon as materialized (select workday_horizon($1, now()) as until), away as materialized (
    select k.thread_id, k.assignee_id, k.rank_amount > 0 as is_paid,
           exists (select 1 from queue_entry e, horizon h where e.ticket_id = k.id and e.due_at <= h.until) as is_due
      from ticket k where k.project_id = $1 and k.snoozed_until is not null and {snoozed("k")}
), due as materialized (
    select e.neg_amount < 0 as is_paid from queue_entry e, horizon h where e.project_id = $1 and e.due_at <= h.until
) """
# $1: the project, $2: so many tags at most
KEPT = """
select y.what, '' as tag, y.tickets - case when y.what = 'unassigned'
       then (select count(*) from away where assignee_id is null) else 0 end as n
  from ticket_tally y where y.project_id = $1 and y.tag_id = 0
union all select 'snoozed', '', count(*) from away
union all select 'asleep_due', '', count(*) from away where is_due
union all select 'more_paid', '', (select count(*) from due where is_paid) - (select count(*) from away where is_paid)
union all select 'more_unpaid', '', (select count(*) from due where not is_paid) - (select count(*) from away where not is_paid)
union all (select 'tag', g.name, y.tickets - (select count(*) from away join thread t on t.id = away.thread_id
                join thread_tag x on x.thread_id = t.id where x.tag_id = y.tag_id and t.visibility <> 'private') as n
             from ticket_tally y join tag g on g.id = y.tag_id where y.project_id = $1 and y.what = 'tag' {also}
            order by n desc, g.name limit $2)
"""
MINE = f"state in ('waiting', 'needs_facts', 'answered') and not {snoozed('k')}"
COUNTS = f"""{AWAY}{KEPT.format(also="and y.tickets > 0")}
union all select 'mine', '', count(*) from ticket k where k.project_id = $1 and k.assignee_id = $3 and k.{MINE}
"""
# Tags are shown by their count as the page was made; one that has fallen behind since, or to none, is told too.
COUNTS_LIVE = AWAY + KEPT.format(also="")
SHOWN_LIVE = 5 * TAGS


async def counts_of(project: int, person: int, state: QueueState) -> dict[str, Any]:
    """How many tickets lie in each bucket of a project's inbox for one person, and in `tags` how many wait under the
    tags that most of those who wait carry: pairs of name and count. One statement, out of kept counts."""
    rows = await fetch(COUNTS, project, TAGS, person)
    return counted(rows, state)


async def counts_for_all(project: int, state: QueueState) -> dict[str, Any]:
    """The same but for `mine`, for open inboxes, whoever reads them: with tags that few carry. One statement."""
    return counted(await fetch(COUNTS_LIVE, project, SHOWN_LIVE), state)


def counted(rows: Sequence[Row], state: QueueState) -> dict[str, Any]:
    found: dict[str, Any] = {row["what"]: row["n"] for row in rows if row["what"] != "tag"}
    due = state.due - found.pop("asleep_due")
    paid, unpaid = state.paid + found.pop("more_paid"), state.unpaid + found.pop("more_unpaid")
    # the parts were counted a moment apart
    found |= {"waiting": state.total, "due": max(due, 0), "paid": max(paid, 0), "unpaid": max(unpaid, 0)}
    found["tags"] = [(row["tag"], row["n"]) for row in rows if row["what"] == "tag"]
    return found


# The three lines of the queue: which of its entries, in which order.
HORIZON = "(select workday_horizon($1, $2))"
NOT_DUE = f"(e.due_at is null or e.due_at > {HORIZON})"
ORDERS = {
    "due": (f"e.due_at <= {HORIZON}", "e.due_at, e.waiting_since, e.ticket_id"),
    "paid": (f"e.neg_amount < 0 and {NOT_DUE}", "e.neg_amount, e.waiting_since, e.ticket_id"),
    "unpaid": (f"e.neg_amount = 0 and {NOT_DUE}", "e.neg_amount, e.waiting_since, e.ticket_id"),
}
# The tickets under a tag, found from the tag: one that few carry must not have the whole queue walked. Only those whose
# thread the reader may see: the tag would tell of it.
TAGGED = f"""with tagged as materialized (
    select k.id from tag g join thread_tag x on x.tag_id = g.id join thread t on t.id = x.thread_id
      join ticket k on k.thread_id = t.id
     where g.name = {{tag}} and k.project_id = $1 and k.state = any({{states}}) and {visible_thread("t", "{reader}")}
) """


def queued_sql(chosen: Filter) -> str:
    """The statement for the tickets of a filter that stand in the queue: so many of each line, each with its place."""
    wanted = [snoozed("k") if chosen.bucket == "snoozed" else f"not {snoozed('k')}"]
    if chosen.bucket == "unassigned":
        wanted.append("k.assignee_id is null and k.state = 'waiting'")
    if chosen.bucket == "mine":
        wanted.append("k.assignee_id = $3")
    if chosen.line:
        wanted.append(f"e.neg_amount {'<' if chosen.line == 'paid' else '='} 0")
    lines = ("due",) if chosen.bucket == "due" else tuple(ORDERS)
    parts = [
        f"(select e.ticket_id from {'tagged join' if chosen.tag else ''} queue_entry e"
        f" {'on e.ticket_id = tagged.id' if chosen.tag else ''} join ticket k on k.id = e.ticket_id where e.project_id = $1"
        f" and {ORDERS[line][0]} and {' and '.join(wanted)} order by {ORDERS[line][1]} limit $5)"
        for line in lines
    ]
    tagged = TAGGED.format(tag="$4", states="'{waiting,suspended}'", reader="$3") if chosen.tag else ""
    return (
        f"{tagged}select l.*, w.ticket_id from ({' union all '.join(parts)}) w, lateral queue_place(w.ticket_id, {HORIZON}) l"
        " where $3::bigint is not null and $4::text is not null"
    )


OTHERS = """
select k.id from {source} where k.project_id = $1 and k.state = any($2) and ($3::bigint is null or k.assignee_id = $3)
   and ($4 = '' or (k.rank_amount > 0) = ($4 = 'paid')) and $5::text is not null and $6::bigint is not null
 order by k.state_since desc, k.id desc limit $7
"""
OTHERS_ALL = OTHERS.format(source="ticket k")
OTHERS_TAGGED = TAGGED.format(tag="$5", states="$2", reader="$6") + OTHERS.format(
    source="tagged join ticket k on k.id = tagged.id"
)


async def in_queue(
    project: int, chosen: Filter, person: int, most: int, now: datetime | None = None
) -> list[dict[str, Any]]:
    """The first tickets of a filter that stand in the queue, in its order: `ticket` (id), `position`, `line`."""
    found = []
    for row in await fetch(queued_sql(chosen), project, now or datetime.now(UTC), person, chosen.tag, most):
        line = Line(row["line"])
        at = position(line, row["rank"], row["due"], row["paid"], row["unpaid"], row["share"], row["credit"])
        found.append({"ticket": row["ticket_id"], "position": at, "line": str(line)})
    return sorted(found, key=lambda one: int(one["position"]))[:most]


async def listed(
    reader: Reader, project: int, chosen: Filter, page: int, now: datetime | None = None
) -> tuple[list[dict[str, Any]], bool]:
    """One page of a filter, and whether there is another: `ticket` (id), `position` and `line` of those in the queue.

    In the queue's strict order; behind it, or where none of it is in the queue, what changed last comes first.
    """
    enough = page * A_PAGE + 1
    found = await in_queue(project, chosen, reader.person, enough, now) if chosen.bucket in QUEUED else []
    states = ["needs_facts", "answered"] if chosen.bucket == "mine" else [chosen.bucket]
    if chosen.bucket not in ("waiting", "unassigned", "due", "snoozed") and len(found) < enough:
        mine = reader.person if chosen.bucket == "mine" else None
        rows = await fetch(
            OTHERS_TAGGED if chosen.tag else OTHERS_ALL,
            project,
            states,
            mine,
            chosen.line,
            chosen.tag,
            reader.id,
            enough - len(found),
        )
        found += [{"ticket": row["id"], "position": None, "line": ""} for row in rows]
    first = (page - 1) * A_PAGE
    return found[first : first + A_PAGE], len(found) > first + A_PAGE and page < DEEPEST


async def visible_pairs(project: int, tickets: Sequence[int]) -> dict[int, frozenset[int]]:
    """Who of a project's team may see the thread of each of these tickets: ticket → people."""
    rows = await fetch(
        "select k.id, array_agg(m.person_id) as people from ticket k join thread t on t.id = k.thread_id"
        " join project_member m on m.project_id = k.project_id"
        f" where k.id = any($2) and k.project_id = $1 and {visible_thread('t', 'm.person_id')} group by k.id",
        project,
        list(tickets),
    )
    return {row["id"]: frozenset(row["people"]) for row in rows}
