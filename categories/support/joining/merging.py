"""Merging duplicates: one ticket stands in another's place, everybody who asked stays attached; and undoing it exactly.

Everybody locks in one order: threads by id, tickets by id, then bumps, queue, ledger.
"""

from dataclasses import dataclass

from categories.support.actions import E, advance, life_of
from categories.support.events import TicketsMerged, TicketsUnmerged, WordSaid
from categories.support.joining.rules import Added, Change, earlier, people_without, without
from categories.support.policy import policy_of
from categories.support.promises import guarantees
from categories.support.snoozing.actions import woken
from categories.support.states import TicketState, allows
from categories.support.subscribers import word_counts
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.events import hint, publish
from forum.jobs import enqueue
from forum.notifications.actions import tell
from forum.projects.roles import may
from forum.threads.events import ThreadChanged
from forum.threads.visibility import visible_thread
from forum.threads.writing import record_act, require_writer
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader

# States in which a ticket's wait counts: one that is over brings no old wait along.
WAITS = (TicketState.WAITING, TicketState.NEEDS_FACTS)
WAITS_SINCE = """
update ticket set waiting_since = $2, waits_from = case when waits_from = waiting_since then $2 else waits_from end,
       due_at = $3 where id = $1
"""


# Whoever waits longest gives the target their head start with their wait; $2: its own, where that is its own wait.
HEAD_OF_OLDEST = """
update ticket k set head_start = (select g.head_start from (
    select s.head_start, m.id from ticket_merge m join ticket s on s.id = m.source_id
     where m.target_id = k.id and m.undone_at is null and m.waited_given = k.waiting_since
    union all select $2::smallint, null) g order by g.id nulls last limit 1)
 where k.id = $1
"""

# In a wait that began after the merge that is undone, the target has its head start no longer, nor is it counted in: whoever
# gave it theirs last of those that stay merged does, $2: else its own.
HEAD_WITHOUT = """
update ticket k set head_start = h.days, waiting_since = k.waiting_since + h.less, waits_from = k.waits_from + h.less
  from (select g.days, make_interval(hours => 24 * ($3::int - coalesce(g.days, 0))) as less from (
    select s.head_start as days, m.id from ticket_merge m join ticket s on s.id = m.source_id
     where m.target_id = $1 and m.undone_at is null and m.waited_after is distinct from m.waited_before
    union all select $2::smallint, 0) g order by g.id desc limit 1) h
 where k.id = $1
"""


@dataclass(frozen=True)
class Pair:
    """Two locked tickets with what is asked of their threads (visibility, category kind, is_closed, slug)."""

    source: Row
    target: Row


# $1: tickets, $2: the reader
PLACES = f"""
select k.id, k.thread_id, k.project_id, k.assignee_id, k.state, k.merged_into, t.visibility, t.is_closed, t.slug, c.kind, c.id as category
  from ticket k join thread t on t.id = k.thread_id join category c on c.id = t.category_id
 where k.id = any($1) and {visible_thread("t", "$2")} order by t.id for update of t
"""


async def places_of(reader: Reader, tickets: list[int]) -> dict[int, Row]:
    """These tickets' threads, locked in their order, as far as the reader may see them."""
    return {row["id"]: row for row in await fetch(PLACES, tickets, reader.id)}


def may_on(reader: Reader, deed: str, place: Row) -> bool:
    return may(reader, deed, place["project_id"], assigned=place["assignee_id"] == reader.id)


async def locked_pair(reader: Reader, source: int, target: int) -> tuple[Pair, dict[int, Row]]:
    """Both tickets locked, for who may merge both. Raises NotFound where one is not to be seen, Forbidden."""
    require_writer(reader)
    places = await places_of(reader, [source, target])
    if set(places) != {source, target}:
        raise NotFound
    if not all(may_on(reader, "merge", place) for place in places.values()):
        raise Forbidden
    rows = await fetch("select * from ticket where id = any($1) order by id for update", [source, target])
    tickets = {row["id"]: row for row in rows}
    return Pair(tickets[source], tickets[target]), places


def obstacle(source: Row, target: Row, places: dict[int, Row]) -> str:
    """Why these two cannot be merged, in a sentence; "" where they can."""
    one, other = places[source["id"]], places[target["id"]]
    if source["project_id"] != target["project_id"]:
        return _("These tickets are of two projects: what was paid belongs to one of them.")
    if "security" in (one["kind"], other["kind"]):
        return _("A security report stays by itself: whoever asked in the other ticket would read it.")
    if target["state"] in ("draft", "merged"):
        return _("The other ticket is a draft still, or was merged itself.")
    if other["visibility"] == "team" or (other["visibility"] == "private" and other["kind"] != "support"):
        return _("The other thread lies where no requester reads; whoever asked here would lose sight of it.")
    return ""


async def newcomers(source: int, thread: int) -> int:
    """How many of those who ask in a ticket may not read a thread yet."""
    found: int = await fetch_value(
        "select count(*) from ticket_requester r join person p on p.id = r.person_id"
        " join thread t on t.id = $2 where r.ticket_id = $1"
        f" and not {visible_thread('t', 'coalesce(p.same_as, p.id)')}",
        source,
        thread,
    )
    return found


@action
async def merge(reader: Reader, source: int, target: int, *, opens_private: bool = False) -> int:
    """Let the ticket `target` stand for `source`, too: its requesters join, amounts add up, the older wait and the earlier
    due time stay. Sent twice it is once. Returns the merge's id. `opens_private`: whoever merges knows that the source's
    requesters will read a private thread that they could not read before.

    Raises NotFound, Forbidden (the right is needed on both sides), Invalid (one and the same), Conflict with the reason.
    """
    if source == target:
        raise Invalid({"into": _("A ticket cannot be merged into itself.")})
    pair, places = await locked_pair(reader, source, target)
    before = await fetch_one("select * from ticket_merge where source_id = $1 and undone_at is null", source)
    if before is not None and before["target_id"] == target:
        return int(before["id"])
    if before is not None:
        raise Conflict(_("This ticket was merged into another one already. Undo that first."))
    if reason := obstacle(pair.source, pair.target, places):
        raise Conflict(reason)
    if not allows(life_of(pair.source), E.MERGED):
        raise Conflict(_("This ticket is still a draft; it has to be submitted first."))
    if not opens_private and await newcomers(source, pair.target["thread_id"]):
        raise Conflict(_("Whoever asked here would read a private thread from now on. Say that this is meant."))
    return await join(reader, pair, places)


async def join(reader: Reader, pair: Pair, places: dict[int, Row]) -> int:
    """Do it, to what is locked and may be merged."""
    source, target = pair.source, pair.target
    state = source["state_under"][-1] if source["state"] == TicketState.SUSPENDED else source["state"]
    brings = (source["waiting_since"], source["due_at"]) if state in WAITS else (None, None)
    rested = await guarantees.merged_into(target, source)
    if rested.rests:
        brings = (brings[0], None)
    waited, due = earlier(target["waiting_since"], brings[0]), earlier(target["due_at"], brings[1])
    requesters = await fetch(
        "insert into ticket_requester (ticket_id, person_id, since) select $2, r.person_id, r.since"
        " from ticket_requester r where r.ticket_id = $1 on conflict do nothing returning person_id",
        source["id"],
        target["id"],
    )
    participants = await fetch(
        "insert into thread_participant (thread_id, person_id, kind) select $2, r.person_id, 'requester'"
        " from ticket_requester r where r.ticket_id = $1 on conflict do nothing returning person_id",
        source["id"],
        target["thread_id"],
    )
    stood = await fetch_one(
        "select head_own from ticket_merge where target_id = $1 and undone_at is null order by id limit 1", target["id"]
    )
    closes = not places[source["id"]]["is_closed"]
    made: int = await fetch_value(
        "insert into ticket_merge (source_id, target_id, actor_id, waited_given, waited_before, waited_after, due_given,"
        " due_before, due_after, requesters, participants, closed_thread, rested, head_own)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) returning id",
        source["id"],
        target["id"],
        reader.person,
        brings[0],
        target["waiting_since"],
        waited,
        brings[1],
        target["due_at"],
        due,
        [row["person_id"] for row in requesters],
        [row["person_id"] for row in participants],
        closes,
        rested.change,
        stood["head_own"] if stood else target["head_start"],
    )
    await advance(source, E.MERGED)
    await execute("update ticket set merged_into = $2 where id = $1", source["id"], target["id"])
    await execute(WAITS_SINCE, target["id"], waited, due)
    if waited != target["waiting_since"]:
        await execute(HEAD_OF_OLDEST, target["id"], target["head_start"])
    await publish(TicketsMerged(source["id"], target["id"], target["project_id"]))
    await execute("select queue_lock($2), queue_enter($1)", target["id"], target["project_id"])
    # who goes on reading there goes on talking in the other thread
    await execute("update thread set is_closed = true where id = $1", source["thread_id"])
    await tell_of(reader, "merged", made, source, target, places)
    return made


@action
async def undo_merge(reader: Reader, source: int) -> None:
    """Let a merged ticket stand for itself again: requesters, amounts, waits and state are as they were; what happened
    since stays. Raises NotFound, Forbidden, Conflict (it is not merged, or the other one was merged further)."""
    require_writer(reader)
    target = await fetch_value("select target_id from ticket_merge where source_id = $1 and undone_at is null", source)
    if target is None:
        places = await places_of(reader, [source])
        if source not in places:
            raise NotFound
        if not may_on(reader, "merge", places[source]):
            raise Forbidden
        raise Conflict(_("This ticket is not merged into another one."))
    pair, places = await locked_pair(reader, source, target)
    if pair.source["merged_into"] != target:
        raise Conflict(_("This ticket is not merged into another one."))
    if pair.target["merged_into"] is not None:
        raise Conflict(_("The ticket it was merged into was merged itself. Undo that first."))
    merges = await fetch(
        "select m.*, array(select r.person_id from ticket_requester r where r.ticket_id = m.source_id) as asks"
        " from ticket_merge m where m.target_id = $1 and m.undone_at is null order by m.id",
        target,
    )
    gone = next(n for n, row in enumerate(merges) if row["source_id"] == source)
    await part(reader, pair, merges, gone)
    await tell_of(reader, "merge_undone", merges[gone]["id"], pair.source, pair.target, places)


async def part(reader: Reader, pair: Pair, merges: list[Row], gone: int) -> None:
    """Take one merge of all that stand in the locked target out of it."""
    source, target, this = pair.source, pair.target, merges[gone]
    waits = without(
        [Change(row["waited_given"], row["waited_before"], row["waited_after"]) for row in merges],
        gone,
        target["waiting_since"],
    )
    dues = without(
        [Change(row["due_given"], row["due_before"], row["due_after"]) for row in merges],
        gone,
        target["due_at"],
    )
    asking = people_without([Added(frozenset(row["requesters"]), frozenset(row["asks"])) for row in merges], gone)
    taking_part = people_without(
        [Added(frozenset(row["participants"]), frozenset(row["asks"])) for row in merges], gone
    )
    await execute(
        "delete from ticket_requester where ticket_id = $1 and person_id = any($2)", target["id"], list(asking[0])
    )
    await execute(
        "delete from thread_participant where thread_id = $1 and person_id = any($2) and kind = 'requester'",
        target["thread_id"],
        list(taking_part[0]),
    )
    others = [row for n, row in enumerate(merges) if n != gone]
    for row, wait, due, requesters, participants in zip(
        others, waits[1], dues[1], asking[1], taking_part[1], strict=True
    ):
        await execute(
            "update ticket_merge set waited_before = $2, waited_after = $3, due_before = $4, due_after = $5,"
            " requesters = $6, participants = $7 where id = $1",
            row["id"],
            wait.before,
            wait.after,
            due.before,
            due.after,
            sorted(requesters),
            sorted(participants),
        )
    await execute("update ticket_merge set undone_at = now(), undone_by = $2 where id = $1", this["id"], reader.person)
    promised = await guarantees.parted(target, dues[0], this, merges[gone + 1 :])
    await execute(WAITS_SINCE, target["id"], waits[0], promised)
    if waits[0] != target["waiting_since"]:
        await execute(HEAD_OF_OLDEST, target["id"], this["head_own"])
    elif (
        source["head_start"]
        and source["head_start"] == target["head_start"]
        and this["waited_after"] != this["waited_before"]
    ):
        await execute(HEAD_WITHOUT, target["id"], this["head_own"], target["head_start"])
    await execute("update ticket set merged_into = null where id = $1", source["id"])
    await publish(TicketsUnmerged(source["id"], target["id"], target["project_id"]))
    await advance(source, E.MERGE_UNDONE)
    await execute("select queue_lock($2), queue_enter($1)", target["id"], target["project_id"])
    if this["closed_thread"]:
        await execute("update thread set is_closed = false where id = $1", source["thread_id"])


async def tell_of(reader: Reader, kind: str, made: int, source: Row, target: Row, places: dict[int, Row]) -> None:
    """Acts in both threads, for whoever may read of both, and a notice to everybody who asked in the source. The
    notice leads to where it goes on: the target's thread, or after undoing their own."""
    for here, there in ((source, target), (target, source)):
        is_open = places[there["id"]]["visibility"] == "public"
        act = kind if here is source else f"{kind}_here"
        await record_act(here["thread_id"], act, reader.person, team_only=not is_open, there=there["thread_id"])
        await publish(ThreadChanged(here["thread_id"]))
    hint("queue", target["project_id"])
    hint("list", target["project_id"])
    goes_on = target if kind == "merged" else source
    for row in await fetch("select person_id from ticket_requester where ticket_id = $1", source["id"]):
        await tell(
            row["person_id"],
            kind,
            key=f"{kind}:{made}",
            project=goes_on["project_id"],
            thread=goes_on["thread_id"],
            source=source["thread_id"],
        )


CARRY = "carry_reply"


async def word_said(event: WordSaid) -> None:
    """Who asked in a merged ticket and replies in its old thread is heard all the same: by a job, which locks the thread
    where it goes on."""
    ticket = event.ticket
    if ticket["merged_into"] is not None and ticket["asks"] and event.post.purpose in ("reply", "thanks"):
        await enqueue(CARRY, ticket=ticket["id"], post=event.post.post)


@action
async def carry_reply(ticket: int, post: int) -> None:
    """Let a reply to a merged ticket count in the one that stands for it, with a line that leads there; once."""
    root = await fetch_value("select ticket_root($1)", ticket)
    home = await fetch_value("select thread_id from ticket where id = $1", root)
    await execute("select 1 from thread where id = $1 for update", home)
    row = await fetch_one("select * from ticket where id = $1 for update", root)
    said = await fetch_one(
        "select p.thread_id, p.number, p.author_id, p.purpose, p.created_at, t.visibility from post p"
        " join thread t on t.id = p.thread_id where p.id = $1 and p.deleted_at is null",
        post,
    )
    done = await fetch_value(
        "select 1 from thread_act where thread_id = $1 and kind = 'replied_there' and data ->> 'post' = $2",
        home,
        str(post),
    )
    if row is None or said is None or done or root == ticket:
        return
    await record_act(
        home,
        "replied_there",
        said["author_id"],
        team_only=said["visibility"] != "public",
        there=said["thread_id"],
        number=said["number"],
        post=post,
    )
    event = E.THANKED if said["purpose"] == "thanks" else E.REQUESTER_REPLIED
    if allows(life_of(row), event):
        await advance(row, event, at=said["created_at"])
    await execute("delete from silence where ticket_id = $1", root)
    await word_counts(row, (await policy_of(row["project_id"])).waits_since, said["created_at"])
    await woken(home, said["author_id"], said["purpose"])
