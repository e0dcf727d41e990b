"""What threads do to their tickets; wired in `forum/app.py`, inside the publishing transaction."""

from datetime import datetime

from categories.support.actions import E, advance, life_of, locked_ticket, open_ticket
from categories.support.states import TicketEvent, allows
from forum.database.engine import Row, fetch_one, fetch_value
from forum.threads.events import (
    AcceptanceTakenBack,
    AnswerAccepted,
    PostCreated,
    ThreadClosed,
    ThreadCreated,
    ThreadMoved,
    ThreadReopened,
)


async def thread_created(event: ThreadCreated) -> None:
    """A thread asked in support has a ticket from the start, a draft; an imported one has none."""
    if event.category_kind == "support" and event.is_native:
        await open_ticket(event.thread, event.project, event.author, event=E.ASKED, is_native=True)


async def post_created(event: PostCreated) -> None:
    """A post means what its author is to the ticket, and what it was sent as."""
    ticket = await locked_ticket(event.thread)
    if ticket is None:
        return
    asks = await fetch_value(
        "select 1 from ticket_requester r join person p on p.id = r.person_id"
        " where r.ticket_id = $1 and $2 in (p.id, p.same_as)",
        ticket["id"],
        event.author,
    )
    if event.purpose == "whisper":
        await happen(ticket, E.WHISPERED, event.at)
    elif asks:
        await happen(ticket, E.THANKED if event.purpose == "thanks" else E.REQUESTER_REPLIED, event.at)
    elif event.by_team and event.purpose == "facts":
        await happen(ticket, E.FACTS_ASKED, event.at)
    elif event.by_team and event.purpose != "thanks":
        await happen(ticket, E.TEAM_ANSWERED, event.at)
        if event.purpose == "resolve" and (again := await locked_ticket(event.thread)):
            await happen(again, E.TEAM_RESOLVED, event.at)
    else:
        await happen(ticket, E.OUTSIDER_WROTE, event.at)


async def happen(ticket: Row, event: TicketEvent, at: datetime | None = None) -> None:
    """Let it happen where the table knows it; what happens to a thread is never refused because of its ticket."""
    if allows(life_of(ticket), event):
        await advance(ticket, event, at=at)


async def on_thread(thread: int, event: TicketEvent) -> None:
    ticket = await locked_ticket(thread)
    if ticket is not None:
        await happen(ticket, event)


async def answer_accepted(event: AnswerAccepted) -> None:
    await on_thread(event.thread, E.ACCEPTED)


async def acceptance_taken_back(event: AcceptanceTakenBack) -> None:
    await on_thread(event.thread, E.ACCEPTANCE_TAKEN_BACK)


async def thread_closed(event: ThreadClosed) -> None:
    await on_thread(event.thread, E.CLOSED)


async def thread_reopened(event: ThreadReopened) -> None:
    await on_thread(event.thread, E.REOPENED)


async def thread_moved(event: ThreadMoved) -> None:
    """Out of support a ticket is suspended; back, it is as before; a native thread moved in becomes one."""
    if event.from_kind == "support" and event.to_kind != "support":
        await on_thread(event.thread, E.MOVED_OUT)
    elif event.to_kind == "support" and event.from_kind != "support":
        if await locked_ticket(event.thread) is not None:
            await on_thread(event.thread, E.MOVED_BACK)
            return
        thread = await fetch_one("select author_id, origin, visibility from thread where id = $1", event.thread)
        if thread is not None and thread["origin"] == "local":
            event_of = E.ASKED if thread["visibility"] == "author" else E.TAKEN_IN
            await open_ticket(event.thread, event.project, thread["author_id"], event=event_of, is_native=True)
