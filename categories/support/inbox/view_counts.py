"""Saved views with how many tickets each leaves: out of kept counts, or counted as far as a page can wait for."""

from collections.abc import Mapping, Sequence
from typing import Any

from categories.support.inbox.filters import Filter
from categories.support.queries import snoozed
from forum.database.engine import Row, fetch

# So many tickets are looked at for a view that combines filters, and so many are told exactly: beyond it says "99+".
LOOKED_AT = 250
EXACT = 99

HORIZON = "(select workday_horizon($1, now()))"
STATES = """case when v.bucket in ('waiting', 'unassigned', 'due', 'snoozed') then '{waiting,suspended}'::text[]
      when v.bucket = 'mine' then '{waiting,suspended,needs_facts,answered}' else array[v.bucket] end"""
# What the list of the view shows of the tickets that were looked at (buckets.py). Scalars instead of `exists`: those are
# never answered by reading the whole queue first.
SHOWN = f"""({snoozed("k")} = (v.bucket = 'snoozed')
      and (v.line = '' or (k.rank_amount > 0) = (v.line = 'paid'))
      and (v.bucket <> 'mine' or k.assignee_id = r.person)
      and (v.bucket <> 'unassigned' or (k.assignee_id is null and k.state = 'waiting'))
      and (k.state <> 'suspended' or coalesce((select true from queue_entry e where e.ticket_id = k.id), false))
      and (v.bucket <> 'due'
           or coalesce((select e.due_at <= {HORIZON} from queue_entry e where e.ticket_id = k.id), false))) as shown"""
# Where a view's tickets are looked for: from what keeps fewest others out of it, each by an index.
BY_LINE = "v.tag = '' and v.line <> ''"
LOOKED = f"""
    (select {SHOWN} from tag g join thread_tag x on x.tag_id = g.id join thread t on t.id = x.thread_id
       join ticket k on k.thread_id = t.id
      where v.tag <> '' and g.name = v.tag and k.project_id = $1 and t.visibility <> 'private'
        and k.state = any({STATES}) limit {LOOKED_AT})
    union all (select {SHOWN} from (select q.ticket_id from queue_entry q
           where {BY_LINE} and v.bucket = 'unassigned' and q.project_id = $1
             and q.neg_amount >= case v.line when 'paid' then -9223372036854775807 else 0 end
             and q.neg_amount <= case v.line when 'paid' then -1 else 0 end
           order by q.neg_amount, q.waiting_since, q.ticket_id limit {LOOKED_AT}) w join ticket k on k.id = w.ticket_id)
    union all (select {SHOWN} from ticket k where {BY_LINE} and v.bucket = 'mine' and k.project_id = $1
        and k.assignee_id = r.person and k.state in ('waiting', 'suspended', 'needs_facts', 'answered') limit {LOOKED_AT})
    union all (select {SHOWN} from (select q.ticket_id from queue_entry q
           where {BY_LINE} and v.bucket = 'due' and q.project_id = $1 and q.due_at <= {HORIZON}
           order by q.due_at limit {LOOKED_AT}) w join ticket k on k.id = w.ticket_id)
    union all (select {SHOWN} from ticket k where {BY_LINE} and v.bucket = 'snoozed' and k.project_id = $1
        and k.snoozed_until > now() limit {LOOKED_AT})
    union all (select {SHOWN} from ticket k
      where {BY_LINE} and v.bucket in ('needs_facts', 'answered', 'resolved', 'closed') and k.project_id = $1
        and k.state = v.bucket order by k.state_since desc, k.id desc limit {LOOKED_AT})
"""
# A view is counted once for all who see it, but for what is theirs. $2: people
VIEWS = f"""
select v.id, v.name, v.bucket, v.line, v.tag, v.person_id as owner, r.person, c.n, c.seen
  from inbox_view v
  cross join lateral unnest(case when v.person_id is not null then array[v.person_id] when v.bucket = 'mine' then $2::bigint[]
                            else array[null::bigint] end) r(person)
  cross join lateral (select count(*) filter (where shown) as n, count(*) as seen from ({LOOKED}) k) c
 where v.project_id = $1 and (v.person_id is null or v.person_id = any($2))
 order by v.person_id is not null, v.place, v.id
"""


def count_of(row: Row, counts: Mapping[str, Any]) -> str:
    """How many tickets a view leaves, as it is written: "" for none, "99+" for more than are counted."""
    if row["line"] and not row["tag"] and row["bucket"] == "waiting":
        return str(counts[row["line"]] or "")
    if not row["line"] and not row["tag"]:
        return str(counts.get(row["bucket"], 0) or "")
    if row["n"] > EXACT:
        return f"{EXACT}+"
    return f"{row['n']}+" if row["seen"] >= LOOKED_AT else str(row["n"] or "")


async def counted_views(project: int, people: Sequence[int]) -> list[Row]:
    """The views that these people see, the team's first, with what was counted of each. One statement."""
    return await fetch(VIEWS, project, list(people))


def views_for(person: int, rows: Sequence[Row], counts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The views that one of these people sees, the team's first: (id, name, filter, is_shared, n). `counts`: as of
    `counts_of`, with their own `mine`."""
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "filter": Filter(row["bucket"], row["line"], row["tag"]),
            "is_shared": row["owner"] is None,
            "n": count_of(row, counts),
        }
        for row in rows
        if row["owner"] in (None, person) and row["person"] in (None, person)
    ]
