"""What tickets put on other rooms' pages: the strip and the facts of a thread, the aside of the home page, the inbox
in the top bar; and the live streams that keep them right."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from categories.support import queries
from categories.support.queries import Place, QueueState, expected_of, place_of, queue_state
from categories.support.rules import unpaid_within
from forum.database.engine import Row, fetch_one
from forum.live.streams import News
from forum.projects.queries import all_projects, unaccepted_terms
from forum.projects.roles import may
from forum.threads.queries import thread_head
from forum.web.errors import NotFound
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.sessions import reader_of_person
from forum.web.templates import fragment

STROKES = 60


def letters(state: QueueState, most: int = STROKES) -> tuple[str, list[int]]:
    """The queue as at most `most` letters (d, p, f), each for an equal part, and the last position of each part."""
    shown = min(state.total, most)
    ends = [state.total * (i + 1) // shown for i in range(shown)]
    drawn, owed, before = [], 0.0, 0
    for end in ends:
        size = end - before
        if before < state.due:
            drawn.append("d")
        else:
            lines = (state.paid, state.unpaid, state.share, state.credit)
            free = unpaid_within(end - state.due, *lines) - unpaid_within(before - state.due, *lines)
            owed += free / size
            drawn.append("f" if owed >= 0.5 or free == size else "p")
            owed -= drawn[-1] == "f"
        before = end
    return "".join(drawn), ends


def stroke_of(position: int, ends: Sequence[int]) -> int:
    """Which stroke, from 1, a position lies in."""
    return next((i + 1 for i, end in enumerate(ends) if position <= end), len(ends))


async def strip_of(reader: Reader, ticket: Row, *, path: str = "", csrf: str = "", errors: Mapping[str, str] | None = None) -> Markup:
    """The strip above a thread: place and amount for requester and team, the expected range for everybody else."""
    is_team = reader.is_team(ticket["project_id"])
    mine = bool(ticket["is_requester"]) or is_team
    context: dict[str, Any] = {
        "ticket": ticket,
        "reader": reader,
        "is_team": is_team,
        "mine": mine,
        "place": None,
        "expected": expected_of(ticket, ticket["rank_amount"]),
        "csrf": csrf,
        "errors": errors or {},
        "terms": [],
    }
    if ticket["state"] == "draft":
        if not ticket["is_requester"]:
            return Markup("")
        context["terms"] = await unaccepted_terms(reader.person, ticket["project_id"])
        return fragment("support/draft.html", **context)
    if ticket["state"] != "waiting":
        return fragment("support/strip.html", **context) if mine else Markup("")
    if mine:
        place = await place_of(ticket["id"])
        if place is not None:
            context |= {"place": place, **track_of(await queue_state(ticket["project_id"]), place)}
    return fragment("support/strip.html", **context)


def track_of(state: QueueState, place: Place | None) -> dict[str, Any]:
    """What the track macro draws of a queue."""
    line, ends = letters(state) if state.total else ("", [])
    return {"line": line, "stroke": stroke_of(place.position, ends) if place else None, "state": state}


async def thread_ticket(request: Request, head: Row, errors: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Strip, facts and live stream of the ticket whose home is this thread; nothing for a thread without."""
    reader = request.reader
    ticket = await queries.ticket_of_thread(reader, head["id"])
    project, is_public = head["project_id"], head["visibility"] == "public"
    powers: dict[str, Any] = {
        "head": head,
        "ticket": ticket,
        "reader": reader,
        "csrf": request.csrf_token if reader.is_signed_in else "",
        "may_close": may(reader, "close", project)
        or may(reader, "close_own", project, own=head["is_own"])
        or may(reader, "moderate", project, public=is_public),
        "may_move": may(reader, "move", project, assigned=head["is_assigned"], public=is_public),
        "may_take_in": may(reader, "take_in", project),
        "may_claim": may(reader, "claim", project),
        "is_team": reader.is_team(project),
        "expected": expected_of(ticket, ticket["rank_amount"]) if ticket else None,
    }
    if ticket is None or (ticket["state"] == "draft" and not ticket["is_requester"]):
        powers["ticket"] = None
        return {"aside": fragment("support/aside.html", **powers)}
    strip = await strip_of(reader, ticket, csrf=powers["csrf"], errors=errors)
    return {
        "strip": strip,
        "aside": fragment("support/aside.html", **powers),
        "streams": [f"place:{ticket['id']}@{ticket['queue_version']}"],
    }


async def home_aside(request: Request) -> dict[str, Any]:
    """Your tickets with their places, and the projects with what waits there."""
    reader = request.reader
    mine = []
    if reader.is_signed_in:
        for ticket in await queries.own_tickets(reader):
            place = await place_of(ticket["id"]) if ticket["state"] == "waiting" else None
            mine.append({"ticket": ticket, "place": place, "expected": expected_of(ticket, ticket["rank_amount"])})
    projects = sorted(await all_projects(limit=50), key=lambda p: -p["waiting"])[:8]
    return {"reader": reader, "mine": mine, "projects": projects}


async def top_bar(reader: Reader) -> dict[str, Any] | None:
    """The inbox of the team with most waiting, for those who are on a team."""
    if not reader.roles:
        return None
    queues = await queries.waiting_in(list(reader.roles))
    if not queues:
        return None
    waiting = sum(row["waiting"] or 0 for row in queues)
    return {"url": f"/p/{queues[0]['slug']}/inbox", "waiting": waiting}


async def place_since(ticket: int, asked: Mapping[int, tuple[Reader, int]]) -> dict[int, News]:
    """The strip of a ticket for each reader whose version of the queue is older than the queue."""
    row = await fetch_one(
        "select k.thread_id, coalesce(q.version, 0) as version from ticket k left join queue q"
        " on q.project_id = k.project_id where k.id = $1",
        ticket,
    )
    if row is None:
        return {}
    answers: dict[int, News] = {}
    for n, (reader, version) in asked.items():
        try:
            await thread_head(reader, row["thread_id"])
        except NotFound:
            continue
        if version >= row["version"]:
            answers[n] = News(row["version"], ())
            continue
        # what a socket's reader was at its handshake may be over: roles are asked anew for each message
        reader = await reader_of_person(reader.person) if reader.roles else reader
        own = await queries.ticket_of_thread(reader, row["thread_id"])
        strip = await strip_of(reader, own) if own is not None and own["state"] != "draft" else Markup("")
        items = ({"id": "queue", "html": strip},) if strip else ()
        answers[n] = News(row["version"], items)
    return answers


async def place_wakes_with(ticket: int) -> str | None:
    """The hint that wakes a place's stream: its project's queue."""
    row = await fetch_one("select project_id from ticket where id = $1", ticket)
    return f"queue:{row['project_id']}" if row else None


