"""Linking a ticket with a thread: one thread may answer many tickets, one ticket may need many threads."""

from typing import Any

from categories.support.actions import E, advance, life_of, locked_ticket
from categories.support.events import TicketOver
from categories.support.states import allows
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.jobs import enqueue
from forum.notifications.actions import tell
from forum.projects.roles import may
from forum.threads.events import AnswerAccepted
from forum.threads.visibility import visible_thread
from forum.threads.writing import record_act, require_writer
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader

JOB = "resolve_linked"

# Threads with what a link asks of them, in the order in which everybody locks. $1: threads, $2: the reader
PLACES = f"""
select t.id, t.project_id, t.visibility, k.id as ticket, k.state, exists (select 1 from thread_participant w
        where w.thread_id = t.id and w.person_id = $2 and w.kind = 'assignee') as is_assigned
  from thread t left join ticket k on k.thread_id = t.id
 where t.id = any($1) and {visible_thread("t", "$2")} order by t.id for update of t
"""


async def both_sides(reader: Reader, ticket: int, thread: int) -> tuple[Row, Row]:
    """The ticket's home and the other thread, locked, for who may link on both sides. Raises NotFound, Forbidden."""
    require_writer(reader)
    home = await fetch_value("select thread_id from ticket where id = $1", ticket)
    places: dict[int, Row] = {row["id"]: row for row in await fetch(PLACES, [home or 0, thread], reader.id)}
    if home not in places or thread not in places:
        raise NotFound
    for place in places.values():
        if not may(
            reader,
            "link",
            place["project_id"],
            assigned=place["is_assigned"],
            public=place["visibility"] == "public",
        ):
            raise Forbidden
    return places[home], places[thread]


@action
async def link(reader: Reader, ticket: int, thread: int, *, together: bool = False) -> None:
    """Link a ticket with a thread that is not its home; with `together`, once the one is solved the other is resolved with
    it. Linked again, only that changes. Raises NotFound, Forbidden (the right is needed on both sides), Invalid, Conflict."""
    here, there = await both_sides(reader, ticket, thread)
    if here["id"] == there["id"]:
        raise Invalid({"thread": _("This is the ticket's own thread.")})
    if "draft" in (here["state"], there["state"]):
        raise Conflict(_("This ticket is still a draft; it has to be submitted first."))
    # of two tickets the link may stand on either
    other = await fetch_one(
        "update ticket_thread set together = $3 where ticket_id = $1 and thread_id = $2 and linked_at is not null returning 1",
        there["ticket"],
        here["id"],
        together,
    )
    if other is not None:
        return
    new = await fetch_value(
        "insert into ticket_thread (ticket_id, thread_id, linked_by, linked_at, together) values ($1, $2, $3, now(), $4)"
        " on conflict (ticket_id, thread_id) do update set together = excluded.together returning xmax = 0",
        ticket,
        thread,
        reader.person,
        together,
    )
    if new:
        await tell_both(reader, "link", here, there)


@action
async def unlink(reader: Reader, ticket: int, thread: int) -> None:
    """Take a link away; nothing happens where there is none. Raises NotFound, Forbidden."""
    here, there = await both_sides(reader, ticket, thread)
    gone = await fetch(
        "delete from ticket_thread where linked_at is not null and ((ticket_id = $1 and thread_id = $2)"
        " or (ticket_id = $3 and thread_id = $4)) returning 1",
        ticket,
        thread,
        there["ticket"],
        here["id"],
    )
    if gone:
        await tell_both(reader, "unlink", here, there)


async def tell_both(reader: Reader, kind: str, here: Row, there: Row) -> None:
    """The act in both threads; one that leads where not everybody may read is the team's."""
    for one, other in ((here, there), (there, here)):
        hidden = other["visibility"] != "public"
        await record_act(one["id"], kind, reader.person, team_only=hidden, there=other["id"])


async def ticket_over(event: TicketOver) -> None:
    """What is linked to be solved together follows what is solved, by a job: it locks other threads."""
    if event.state == "resolved":
        await follow(event.thread)


async def answer_accepted(event: AnswerAccepted) -> None:
    """A thread without a ticket is solved by its accepted answer."""
    await follow(event.thread)


async def follow(thread: int) -> None:
    """Have the tickets that are solved together with a thread resolved."""
    if await linked_tickets(thread):
        await enqueue(JOB, thread=thread)


async def linked_tickets(thread: int) -> list[int]:
    """The tickets linked to be resolved together with a thread, or with the ticket whose home it is."""
    rows = await fetch(
        "select x.id from (select n.ticket_id as id from ticket_thread n where n.thread_id = $1 and n.together"
        " union select o.id from ticket k join ticket_thread n on n.ticket_id = k.id and n.together"
        " join ticket o on o.thread_id = n.thread_id where k.thread_id = $1) x order by 1",
        thread,
    )
    return [row["id"] for row in rows]


async def resolve_linked(thread: int) -> None:
    """The job: each ticket for itself, so that no two threads are locked at once; a ticket that is over stays so."""
    for ticket in await linked_tickets(thread):
        await resolve_with(ticket, thread)


@action
async def resolve_with(ticket: int, solved: int) -> None:
    """Resolve a ticket because the thread `solved` is, if it still is and they still belong together."""
    home = await fetch_value("select thread_id from ticket where id = $1", ticket)
    await execute("select 1 from thread where id = $1 for update", home)
    row = await locked_ticket(home)
    is_solved = await fetch_value(
        "select coalesce((select k.state = 'resolved' from ticket k where k.thread_id = $1),"
        " (select t.accepted_number is not null from thread t where t.id = $1))",
        solved,
    )
    if row is None or not is_solved or ticket not in await linked_tickets(solved):
        return
    if row["state"] not in ("waiting", "needs_facts", "answered") or not allows(life_of(row), E.TEAM_RESOLVED):
        return
    is_open = await fetch_value("select visibility = 'public' from thread where id = $1", solved)
    await record_act(home, "resolve_with", None, team_only=not is_open, there=solved)
    await advance(row, E.TEAM_RESOLVED)
    said: dict[str, Any] = {"with": solved} if is_open else {}
    for each in await fetch("select person_id from ticket_requester where ticket_id = $1", ticket):
        await tell(
            each["person_id"],
            "resolved_with",
            key=f"resolved_with:{ticket}:{solved}",
            project=row["project_id"],
            thread=home,
            **said,
        )
