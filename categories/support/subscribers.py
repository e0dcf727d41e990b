"""What threads do to their tickets; wired in `forum/wiring.py`, inside the publishing transaction."""

from datetime import datetime

from categories.support.actions import E, advance, drop_assignee, life_of, locked_ticket, open_ticket
from categories.support.events import WordSaid
from categories.support.head_start import HEAD_START
from categories.support.policy import DEFAULT
from categories.support.states import TicketEvent, allows
from forum.database.engine import Row, execute, fetch_one, fetch_value
from forum.events import hint, publish
from forum.projects.events import TeamLeft
from forum.threads.events import (
    AcceptanceTakenBack,
    AnswerAccepted,
    PostCreated,
    ThreadClosed,
    ThreadCreated,
    ThreadMoved,
    ThreadReopened,
    ThreadSplit,
)


async def thread_created(event: ThreadCreated) -> None:
    """A thread asked in support has a ticket from the start, a draft; an imported one has none."""
    if event.category_kind == "support" and event.is_native:
        await open_ticket(event.thread, event.project, event.author, event=E.ASKED, is_native=True)


async def thread_split(event: ThreadSplit) -> None:
    """Posts split off in support wait as a ticket of whoever wrote the first; terms and capacity are asked at their visit."""
    if event.category_kind == "support":
        await open_ticket(event.thread, event.project, event.author, event=E.TAKEN_IN, is_native=event.is_native)


# The ticket whose home is a thread, locked, with whether it is the author's, and from when its project counts the wait.
SPOKEN_OF = """
select k.*, exists (select 1 from ticket_requester r join person p on p.id = r.person_id
        where r.ticket_id = k.id and $2 in (p.id, p.same_as)) as asks,
       (select y.waits_since from support_policy y where y.project_id = k.project_id) as waits_since
  from ticket k where k.thread_id = $1 for update of k
"""


async def post_created(event: PostCreated) -> None:
    """A post means what its author is to the ticket, and what it was sent as."""
    ticket = await fetch_one(SPOKEN_OF, event.thread, event.author)
    if ticket is None:
        return
    asks = ticket["asks"]
    if event.by_team and event.author == ticket["assignee_id"] and event.purpose != "thanks":
        # a word by whom it is with: their claim goes on from now
        await execute("update ticket set spoke_at = $2 where id = $1", ticket["id"], event.at)
    if event.purpose == "whisper":
        await happen(ticket, E.WHISPERED, event.at)
    elif asks:
        await happen(ticket, E.THANKED if event.purpose == "thanks" else E.REQUESTER_REPLIED, event.at)
    elif event.by_team and event.purpose == "facts":
        await happen(ticket, E.FACTS_ASKED, event.at)
    elif event.by_team and event.purpose != "thanks":
        await happen(ticket, E.TEAM_ANSWERED, event.at)
        if event.purpose == "resolve" and (again := await locked_ticket(event.thread)):
            await happen(again, E.TEAM_RESOLVED, event.at, event)
    else:
        await happen(ticket, E.OUTSIDER_WROTE, event.at)
    if event.purpose != "whisper" and (asks or event.by_team):
        await execute("delete from silence where ticket_id = $1", ticket["id"])
    if event.purpose != "whisper" and (asks or not event.by_team):
        await word_counts(ticket, ticket["waits_since"] or DEFAULT.waits_since, event.at)
    await publish(WordSaid(ticket, event))


async def word_counts(ticket: Row, waits_since: str, at: datetime) -> None:
    """Where a project counts the wait from the last word that is not the team's, this word is it."""
    if waits_since == "last_word":
        await execute(
            f"update ticket set waiting_since = greatest(waiting_since, $2::timestamptz - {HEAD_START})"
            " where id = $1 and waiting_since is not null and state in ('waiting', 'needs_facts', 'suspended')",
            ticket["id"],
            at,
        )
        await execute("select queue_lock($2), queue_enter($1)", ticket["id"], ticket["project_id"])
        hint("queue", ticket["project_id"])


async def happen(ticket: Row, event: TicketEvent, at: datetime | None = None, by: PostCreated | None = None) -> None:
    """Let it happen where the table knows it; what happens to a thread is never refused because of its ticket."""
    if allows(life_of(ticket), event):
        await advance(ticket, event, at=at, by=by)


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
    """The asker's reopening waits from now on; the team's takes a closure back, and the wait goes on from where it was."""
    ticket = await locked_ticket(event.thread)
    if ticket is None or not allows(life_of(ticket), E.REOPENED):
        return
    if not event.by_team:
        await advance(ticket, E.REOPENED)
    elif ticket["state"] == "closed":
        await advance(ticket, E.REOPENED, keeps_wait=True)


async def thread_moved(event: ThreadMoved) -> None:
    """Out of support a ticket is suspended; back, it is as before; a native thread moved in becomes one."""
    if event.from_kind == "support" and event.to_kind != "support":
        await on_thread(event.thread, E.MOVED_OUT)
    elif event.to_kind == "support" and event.from_kind != "support":
        if await locked_ticket(event.thread) is not None:
            await on_thread(event.thread, E.MOVED_BACK)
            return
        thread = await fetch_one("select author_id, origin, is_closed from thread where id = $1", event.thread)
        if thread is not None and thread["origin"] == "local" and not thread["is_closed"]:
            await open_ticket(event.thread, event.project, thread["author_id"], event=E.TAKEN_IN, is_native=True)


async def team_left(event: TeamLeft) -> None:
    """Who has left the team has no ticket any more, and sees nothing that only a ticket had opened to them."""
    await drop_assignee(event.person, project=event.project)


async def assignee_may_not_follow(event: ThreadMoved) -> None:
    """A thread that moved into a private category leaves an assignee behind whose role that category does not name."""
    left = await fetch_value(
        "select k.assignee_id from ticket k join thread t on t.id = k.thread_id join category c on c.id = t.category_id"
        " where k.thread_id = $1 and k.assignee_id is not null and t.visibility = 'private' and not exists"
        " (select 1 from project_member m where m.project_id = t.project_id and m.person_id = k.assignee_id"
        " and (m.role = any(c.readers) or (t.is_private and c.visibility <> 'private')))",
        event.thread,
    )
    if left is not None:
        await drop_assignee(left, thread=event.thread)
