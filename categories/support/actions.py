"""What happens to tickets: asked, submitted, claimed, assigned, answered, resolved; each keeps the queue's counts."""

from datetime import UTC, datetime

from categories.support.events import TicketOver
from categories.support.head_start import HEAD_START
from categories.support.holding import Taken, absence_in, presence_of, require_room
from categories.support.policy import policy_of
from categories.support.promises import guarantees
from categories.support.rules import Line, credit_after
from categories.support.states import Life, Refused, TicketEvent, TicketState, step
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.events import hint, publish
from forum.jobs import enqueue
from forum.notifications.actions import tell
from forum.projects.roles import require
from forum.threads.events import PostCreated, ThreadChanged
from forum.threads.visibility import visible_thread
from forum.threads.writing import post_reply, record_act, require_writer
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader

PROMISE_MOST = 60  # workdays
E = TicketEvent
OVER = (TicketState.RESOLVED, TicketState.CLOSED)


async def locked_ticket(thread: int) -> Row | None:
    """The ticket whose home is a thread, locked; None where the thread has none."""
    return await fetch_one("select * from ticket where thread_id = $1 for update", thread)


async def open_ticket(
    thread: int,
    project: int,
    requester: int,
    *,
    event: TicketEvent,
    is_native: bool,
    capacity: str | None = None,
) -> int:
    """Make the ticket of a thread: a draft when asked, waiting when taken in. Returns its id."""
    state = step(Life(), event).life.state
    ticket: int = await fetch_value(
        "insert into ticket (project_id, thread_id, state, capacity, is_native, waiting_since, waits_from, submitted_at)"
        " select $1, $2, $3, $4, $5, w, w, w from (values (case when $6 then now() end)) as v(w) returning id",
        project,
        thread,
        str(state),
        capacity,
        is_native,
        state is TicketState.WAITING,
    )
    await execute("insert into ticket_requester (ticket_id, person_id) values ($1, $2)", ticket, requester)
    await execute("insert into ticket_thread (ticket_id, thread_id) values ($1, $2)", ticket, thread)
    await execute(
        "insert into thread_participant (thread_id, person_id, kind) values ($1, $2, 'requester')"
        " on conflict do nothing",
        thread,
        requester,
    )
    if state is TicketState.WAITING:
        if row := await locked_ticket(thread):
            await guarantees.start(row, row["waiting_since"])
        await execute("select queue_enter($1)", ticket)
        hint("queue", project)
        await let_turns_go_on(project)
    return ticket


async def let_turns_go_on(project: int) -> None:
    """Where a project gives its tickets in turn, have that done soon: somebody waits, or has room again."""
    if (await policy_of(project)).assigning == "round_robin":
        await enqueue("give_turns", once=f"give_turns:{project}", project=project)


def life_of(ticket: Row) -> Life:
    """A ticket's life out of its row."""
    return Life(TicketState(ticket["state"]), tuple(TicketState(s) for s in ticket["state_under"]))


async def advance(
    ticket: Row,
    event: TicketEvent,
    *,
    at: datetime | None = None,
    keeps_wait: bool = False,
    by: PostCreated | None = None,
) -> None:
    """Let an event happen to a locked ticket: its state, its wait, the queue's counts and credit.

    With `keeps_wait` the wait goes on from where it was (the team takes a closure back). `by`: the post that does it.
    Raises Conflict with a sentence where the table of states does not allow it.
    """
    before = life_of(ticket)
    try:
        done = step(before, event)
    except Refused as refused:
        raise Conflict(str(refused)) from None
    if done.life == before and not done.sets_waiting_since and not done.is_team_answer:
        return
    project: int = ticket["project_id"]
    if done.is_team_answer:
        await count_answer(ticket["id"], project)
    life = done.life
    if before.state is TicketState.CLOSED and life.state is TicketState.WAITING and not await is_in_support(ticket):
        # closed while its thread lay elsewhere, and opened again there: it rests until the thread is back
        life = step(life, E.MOVED_OUT).life
    anew = done.sets_waiting_since and not (keeps_wait and ticket["waiting_since"] is not None)
    row = await fetch_one(
        "update ticket set state = $2, state_under = $3,"
        f" waiting_since = case when $4 then coalesce($6, now()) - {HEAD_START} else waiting_since end,"
        f" waits_from = case when $4 then coalesce($6, now()) - {HEAD_START} else waits_from end,"
        " first_response_at = case when $5 then coalesce(first_response_at, $6, now()) else first_response_at end,"
        # what does not wait is not snoozed
        " snoozed_until = case when $2 in ('waiting', 'suspended', 'merged') then snoozed_until end,"
        " woke_at = case when $2 in ('waiting', 'suspended', 'merged') then woke_at else least(woke_at, now()) end"
        " where id = $1 returning first_response_at = coalesce($6, now()) as is_first",
        ticket["id"],
        str(life.state),
        [str(s) for s in life.under],
        anew,
        done.is_team_answer,
        at,
    )
    await guarantees.life_moved(ticket, before, life, answered=done.is_team_answer, anew=anew, at=at)
    # the queue's version rises even where nobody's place changed: it is what strips in open browsers go by
    await execute("select queue_lock($2), queue_enter($1)", ticket["id"], project)
    hint("queue", project)
    if life.state in OVER and before.state not in OVER:
        answer = (by.post, by.number) if by else ()
        await publish(TicketOver(ticket["id"], ticket["thread_id"], project, str(life.state), *answer))
    await let_turns_go_on(project)
    if done.is_team_answer and row and row["is_first"]:
        await enqueue("measure_expected", once=f"measure_expected:{project}", project=project)


async def set_rank(ticket: Row, amount: int) -> None:
    """Write a locked ticket's rank amount (minor units of the project's currency) and give it its place in the queue.

    For whoever books payments, in the transaction that books them; nothing else raises a ticket.
    """
    await execute("update ticket set rank_amount = $2 where id = $1", ticket["id"], amount)
    newly_paid = amount > 0 and ticket["rank_amount"] == 0
    if newly_paid and (workdays := (await policy_of(ticket["project_id"])).guarantee_paid):
        await guarantees.promise_now(ticket, workdays, datetime.now(UTC))
    await execute("select queue_lock($2), queue_enter($1)", ticket["id"], ticket["project_id"])
    hint("queue", ticket["project_id"])


async def is_in_support(ticket: Row) -> bool:
    kind = await fetch_value(
        "select c.kind from thread t join category c on c.id = t.category_id where t.id = $1", ticket["thread_id"]
    )
    return bool(kind == "support")


async def count_answer(ticket: int, project: int) -> None:
    """A team answer changes the credit of the two lines, as they are just before it (product.md, queue, rule 4)."""
    await execute("select queue_lock($1)", project)
    place = await fetch_one("select * from queue_place($1, workday_horizon($2, now()))", ticket, project)
    if place is None:
        return
    both = place["paid"] > 0 and place["unpaid"] > 0
    credit = credit_after(place["credit"], Line(place["line"]), both, place["share"])
    await execute("update queue set credit = $2 where project_id = $1", project, credit)


async def ticket_for(reader: Reader, ticket: int) -> Row:
    """A ticket, its thread and itself locked, as far as the reader may see the thread. Raises NotFound."""
    row = await fetch_one(
        "select t.id from ticket k join thread t on t.id = k.thread_id"
        f" where k.id = $1 and {visible_thread('t', '$2')} for update of t",
        ticket,
        reader.id,
    )
    locked = await locked_ticket(row["id"]) if row else None
    if locked is None:
        raise NotFound
    return locked


async def is_requester(reader: Reader, ticket: int) -> bool:
    return bool(
        await fetch_value(
            "select 1 from ticket_requester r join person p on p.id = r.person_id"
            " where r.ticket_id = $1 and $2 in (p.id, p.same_as)",
            ticket,
            reader.person,
        )
    )


def check_stands(ticket: Row) -> None:
    """Raises NotFound for a draft, Conflict for a merged one: whoever took it on would wait for nothing."""
    if ticket["state"] == "draft":
        raise NotFound
    if ticket["state"] == "merged":
        raise Conflict(_("This ticket was merged into another one; please go on there."))


@action
async def claim(reader: Reader, ticket: int) -> None:
    """Take a ticket on. Of two who press at once one wins. Raises NotFound, Forbidden, Taken naming who has it, Full (both
    are a Conflict) where the reader holds as many as the project's policy lets one person hold."""
    row = await ticket_for(reader, ticket)
    require(reader, "claim", row["project_id"])
    check_stands(row)
    if row["assignee_id"] == reader.id:
        return
    if row["assignee_id"] is not None:
        name = await fetch_value(
            "select coalesce(nullif(name, ''), username) from person where id = $1", row["assignee_id"]
        )
        raise Taken(_("%(name)s claimed this ticket first.") % {"name": name})
    await require_room(reader.person, row["project_id"])
    await set_assignee(row, reader.person)
    await record_act(row["thread_id"], "claim", reader.person)


@action
async def release(reader: Reader, ticket: int) -> None:
    """Put a ticket back for others: its assignee, or who may assign. Raises NotFound, Forbidden."""
    row = await ticket_for(reader, ticket)
    if row["assignee_id"] is None:
        return
    if row["assignee_id"] != reader.id:
        require(reader, "assign", row["project_id"])
    await set_assignee(row, None)
    await record_act(row["thread_id"], "unclaim", reader.person)


@action
async def assign(reader: Reader, ticket: int, username: str, note: str = "") -> None:
    """Give a ticket to a member of the team, who hears of it; with a note, which the team reads as a whisper.

    Raises NotFound, Forbidden, Invalid, Conflict where they are away or (Full) hold as many as one person may.
    """
    row = await ticket_for(reader, ticket)
    require(reader, "assign", row["project_id"], assigned=row["assignee_id"] == reader.id)
    check_stands(row)
    member = await fetch_one(
        "select p.id, coalesce(nullif(p.name, ''), p.username) as name from person p join project_member m"
        " on m.person_id = p.id and m.project_id = $2 where lower(p.username) = lower($1)",
        username,
        row["project_id"],
    )
    if member is None:
        raise Invalid({"username": _("Nobody on the team has this name.")})
    version = 0
    if row["assignee_id"] != member["id"]:
        presence = await presence_of(member["id"], row["project_id"])
        day = presence.day_at(datetime.now(UTC))
        if member["id"] != reader.id and presence.is_away_on(day):
            said = {"name": member["name"], "away": absence_in(presence, day)}
            raise Conflict(_("%(name)s is %(away)s; nothing is given to them.") % said)
        if row["state"] == "waiting":
            await require_room(member["id"], row["project_id"], name=member["name"])
        await set_assignee(row, member["id"])
        version = await record_act(row["thread_id"], "assign", reader.person, name=member["name"], person=member["id"])
    post = (await post_reply(reader, row["thread_id"], note, purpose="whisper")).number if note.strip() else None
    if version and member["id"] != reader.id:
        await tell_assigned(row, member["id"], version, by=reader.name or reader.username, post=post)


async def tell_assigned(ticket: Row, person: int, version: int, *, by: str = "", post: int | None = None) -> None:
    """Let somebody know that a ticket is theirs now: `by` whom, "" where it was their turn; `version`: of the act."""
    project, thread = ticket["project_id"], ticket["thread_id"]
    key = f"assigned:{thread}:{version}"
    await tell(person, "assigned", key=key, project=project, thread=thread, post=post, by=by)


async def set_assignee(ticket: Row, person: int | None) -> None:
    """Write down who has a locked ticket; what a supporter may do with it follows from the participant's row."""
    await execute(
        "update ticket set assignee_id = $2, claimed_at = case when $2::bigint is not null then now() end, spoke_at = null"
        " where id = $1",
        ticket["id"],
        person,
    )
    await execute("delete from thread_participant where thread_id = $1 and kind = 'assignee'", ticket["thread_id"])
    if person is not None:
        await execute(
            "insert into thread_participant (thread_id, person_id, kind) values ($1, $2, 'assignee')",
            ticket["thread_id"],
            person,
        )
    await execute("select queue_lock($1)", ticket["project_id"])
    hint("queue", ticket["project_id"])
    if person is None:
        await let_turns_go_on(ticket["project_id"])


async def drop_assignee(person: int, *, project: int | None = None, thread: int | None = None) -> None:
    """Take a person's tickets back, of a project or of one thread, and with them what they had opened."""
    rows = await fetch(
        "select * from ticket where assignee_id = $1 and ($2::bigint is null or project_id = $2)"
        " and ($3::bigint is null or thread_id = $3) order by id for update",
        person,
        project,
        thread,
    )
    for row in rows:
        await set_assignee(row, None)
        await record_act(row["thread_id"], "unclaim", None)


@action
async def resolve(reader: Reader, ticket: int) -> None:
    """The team says that the ticket is solved. Raises NotFound, Forbidden, Conflict."""
    row = await ticket_for(reader, ticket)
    require(reader, "resolve", row["project_id"])
    if row["state"] == "resolved":
        return
    await record_act(row["thread_id"], "resolve", reader.person)
    await advance(row, E.TEAM_RESOLVED)


@action
async def promise(reader: Reader, ticket: int, workdays: int) -> None:
    """Promise a ticket an answer within so many workdays, by hand. A promise that runs is never made longer.

    Raises NotFound, Forbidden, Invalid, Conflict (the ticket is over).
    """
    row = await ticket_for(reader, ticket)
    require(reader, "edit_project", row["project_id"])
    if not 1 <= workdays <= PROMISE_MOST:
        raise Invalid({"workdays": _("From 1 to %(n)d workdays.") % {"n": PROMISE_MOST}})
    if row["state"] == "draft":
        raise NotFound
    if row["state"] in ("resolved", "closed", "merged"):
        raise Conflict(_("This ticket is over; it has to be reopened first."))
    await guarantees.promise_to(row, workdays)
    await execute("select queue_lock($2), queue_enter($1)", ticket, row["project_id"])
    await record_act(row["thread_id"], "promise", reader.person, team_only=True, workdays=workdays)
    hint("queue", row["project_id"])


@action
async def reopen_ticket(reader: Reader, ticket: int) -> None:
    """A requester wants an answered, resolved or closed ticket back in the queue. Raises NotFound, Forbidden, Conflict."""
    row = await ticket_for(reader, ticket)
    if not await is_requester(reader, ticket):
        raise Forbidden
    if row["state"] == "waiting":
        return
    await advance(row, E.REOPENED)
    await execute("update thread set is_closed = false where id = $1", row["thread_id"])
    await record_act(row["thread_id"], "reopen", reader.person)
    await publish(ThreadChanged(row["thread_id"]))
    hint("list", row["project_id"])


@action
async def take_in(reader: Reader, thread: int) -> int:
    """A triager takes an imported thread in as a ticket of its author. Returns the ticket's id.

    Raises NotFound, Forbidden, Conflict (it has one), Invalid (it does not stand in support).
    """
    require_writer(reader)
    row = await fetch_one(
        "select t.id, t.project_id, t.author_id, t.origin, c.kind from thread t join category c on c.id = t.category_id"
        f" where t.id = $1 and {visible_thread('t', '$2')} for update of t",
        thread,
        reader.id,
    )
    if row is None:
        raise NotFound
    require(reader, "take_in", row["project_id"])
    if row["kind"] != "support":
        raise Invalid(_("Move the thread into support first."))
    if await locked_ticket(thread) is not None:
        raise Conflict(_("This thread has a ticket already."))
    ticket = await open_ticket(
        thread, row["project_id"], row["author_id"], event=E.TAKEN_IN, is_native=row["origin"] == "local"
    )
    # whoever waits must be answerable: most imported threads are closed
    await execute("update thread set is_closed = false where id = $1", thread)
    await record_act(thread, "take_in", reader.person)
    return ticket
