"""Reading what belongs together: the links and merges of a thread, and what a ticket could be joined with."""

import re
from typing import Any

from categories.support.joining.merging import WAITS, may_on, newcomers, obstacle
from categories.support.joining.rules import earlier
from categories.support.queries import wait_began
from forum.database.engine import Row, fetch
from forum.threads.visibility import visible_thread
from forum.web.errors import Forbidden, NotFound
from forum.web.reader import Reader
from search.interface import current

# $1: a thread, $2: the reader. What they may not read is not named, and not counted.
JOINED = f"""
select x.kind, x.ticket, x.together, x.other, x.back, t.id as thread_id, t.title, t.slug, t.accepted_number, t.visibility, k.id as ticket_id,
       k.state, k.rank_amount, (select coalesce(nullif(s.name, ''), s.username) from ticket_requester r join person w on w.id = r.person_id
         join person s on s.id = coalesce(w.same_as, w.id) where r.ticket_id = k.id order by r.since limit 1) as asker
  from (select 'link' as kind, n.thread_id as thread, n.ticket_id as ticket, n.together, n.thread_id as other,
               'ticket' as back from ticket h
          join ticket_thread n on n.ticket_id = h.id where h.thread_id = $1 and n.linked_at is not null
        union all select 'link', k.thread_id, n.ticket_id, n.together, n.thread_id, 'thread' from ticket_thread n join ticket k on k.id = n.ticket_id
         where n.thread_id = $1 and n.linked_at is not null
        union all select 'merged', k.thread_id, k.id, false, null, '' from ticket h join ticket k on k.merged_into = h.id where h.thread_id = $1
        union all select 'into', o.thread_id, h.id, false, null, '' from ticket h join ticket o on o.id = h.merged_into where h.thread_id = $1) x
  join thread t on t.id = x.thread left join ticket k on k.thread_id = t.id
 where {visible_thread("t", "$2")} order by x.kind, t.id
"""

# $1: threads, $2: the reader, $3: of the project
CANDIDATES = f"""
select t.id as thread_id, t.title, t.slug, t.visibility, t.accepted_number, t.reply_count, t.created_at, t.project_id,
       k.id as ticket_id, k.state, k.rank_amount, k.assignee_id, k.waiting_since,
       (select coalesce(nullif(s.name, ''), s.username) from ticket_requester r join person w on w.id = r.person_id
         join person s on s.id = coalesce(w.same_as, w.id) where r.ticket_id = k.id order by r.since limit 1) as asker
  from thread t left join ticket k on k.thread_id = t.id and k.state <> 'draft'
 where t.id = any($1) and t.visibility <> 'author' and t.project_id = $3 and {visible_thread("t", "$2")}
 order by array_position($1, t.id)
"""
NUMBER = re.compile(r"^(?:\S*/t/(?:[^/\s]+/)?|#)?([0-9]{1,18})(?:/[0-9]+)?/?(?:#\S*)?$")


async def joined_of(reader: Reader, thread: int) -> list[Row]:
    """What is linked with a thread (`link`), merged into its ticket (`merged`), and what that was merged into (`into`)."""
    return await fetch(JOINED, thread, reader.id)


async def candidates(reader: Reader, ticket: Row, head: Row, asked: str) -> list[Row]:
    """Threads of the project that a ticket could be merged into or linked with: those like it, or what was asked for, by
    words, a number or an address."""
    project = ticket["project_id"]
    if not asked:
        found = await current().similar(reader, head["title"], project=project, exclude=head["id"], limit=10)
        ids = [each.thread for each in found]
    elif number := NUMBER.match(asked.strip()):
        ids = [int(number[1])]
    else:
        ids = [each.thread for each in (await current().find(reader, asked[:200], project=project)).threads]
    rows = await fetch(CANDIDATES, [id for id in ids if id != head["id"]], reader.id, project)
    return rows


BOTH = f"""
select k.*, {wait_began("k")} as wait_began, t.visibility, t.is_closed, t.title, t.slug, c.kind, p.currency,
       array(select coalesce(nullif(s.name, ''), s.username) from ticket_requester r join person w on w.id = r.person_id
         join person s on s.id = coalesce(w.same_as, w.id) where r.ticket_id = k.id order by r.since limit 20) as askers
  from ticket k join thread t on t.id = k.thread_id join category c on c.id = t.category_id
  join project p on p.id = k.project_id where k.id = any($1) and {visible_thread("t", "$2")}
"""


def is_longer(one: Row, other: Row) -> bool:
    """Whether a ticket counts as waiting longer than another."""
    since = one["waiting_since"]
    return since is not None and earlier(other["waiting_since"], since) == since != other["waiting_since"]


async def before_merging(reader: Reader, source: int, target: int) -> dict[str, Any]:
    """What a merge would do, for who may do it: both tickets, the `reason` against it or "", who would read a private
    thread newly, the wait and the amount after it. Raises NotFound, Forbidden."""
    rows = {row["id"]: row for row in await fetch(BOTH, [source, target], reader.id)}
    if source not in rows or target not in rows:
        raise NotFound
    if not all(may_on(reader, "merge", row) for row in rows.values()):
        raise Forbidden
    one, other = rows[source], rows[target]
    waits = one["state"] in WAITS
    return {
        "source": one,
        "target": other,
        "reason": obstacle(one, other, rows),
        "opens_private": await newcomers(source, other["thread_id"]),
        "amount": one["rank_amount"] + other["rank_amount"],
        "since": (one if waits and is_longer(one, other) else other)["wait_began"],
        # who paid and waits would stand nowhere in the queue then
        "leaves_queue": waits and one["rank_amount"] > 0 and other["state"] not in WAITS,
    }
