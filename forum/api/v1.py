"""Our own JSON at `/api/v1`: projects, the team's queue, tickets and answers (interfaces.md, "URLs for programs")."""

from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response

from categories.support.inbox.pages import team_project
from categories.support.queries import (
    place_of,
    queue_slice,
    queue_state,
    ticket_by_id,
    tickets_for_team,
)
from forum.api import queries
from forum.api.openapi import document
from forum.api.reading import read_body
from forum.database.engine import fetch_value
from forum.projects.queries import project_by_slug
from forum.threads.pages import asked_id
from forum.threads.rules import PURPOSES
from forum.threads.writing import post_reply
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.requests import Request
from forum.web.routing import route
from reputation.queries import asked_below, board_of
from reputation.rules import PERIODS, period_of

TEXT_MOST = 100_000
A_PAGE = 50
MOST_A_PAGE = 200


def moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


async def openapi(request: Request) -> Response:
    """`/api/v1/openapi.json`: the description of all this."""
    return JSONResponse(document(request.settings.base_url), headers={"cache-control": "public, max-age=3600"})


async def projects(request: Request) -> Response:
    """`GET /api/v1/projects`: every project, and how many tickets wait there."""
    rows = await queries.project_rows()
    return JSONResponse(
        {"projects": [{"slug": row["slug"], "name": row["name"], "waiting": row["waiting"]} for row in rows]}
    )


def digits(text: str, most: int) -> int | None:
    """A number from 1 to `most`; None for what is none."""
    fits = text.isascii() and text.isdigit() and len(text) < 19
    return int(text) if fits and 1 <= int(text) <= most else None


def asked_size(request: Request) -> int:
    """How many a page is to have at most. Raises Invalid."""
    asked = request.query_params.get("limit")
    size = A_PAGE if asked is None else digits(asked, MOST_A_PAGE)
    if size is None:
        raise Invalid({"limit": _("A whole number from %(least)d is needed.") % {"least": 1}})
    return size


async def asked_start(request: Request, project: int) -> int:
    """At which position the page begins: behind the ticket that the cursor names, wherever that stands now.

    Where it has left the queue, those behind it have moved up by one, to its place. Raises Invalid.
    """
    cursor = request.query_params.get("cursor")
    if not cursor:
        return 1
    at, dash, ticket = cursor.partition("-")
    position, number = digits(at, 10**9), digits(ticket, 2**62)
    if not dash or position is None or number is None:
        raise Invalid({"cursor": _("This is not a cursor of this list.")})
    here = await fetch_value("select 1 from ticket where id = $1 and project_id = $2", number, project)
    place = await place_of(number) if here else None
    return place.position + 1 if place else position


async def queue(request: Request) -> Response:
    """`GET /api/v1/projects/{project}/queue`: who waits, in the order of the queue; for the team."""
    project = await team_project(request)
    size = asked_size(request)
    first = await asked_start(request, project["id"])
    state = await queue_state(project["id"])
    standings = await queue_slice(project["id"], state, first, first + size - 1)
    rows = await tickets_for_team(request.reader, [standing.ticket for standing in standings])
    tickets = [
        {
            "id": standing.ticket,
            "position": standing.position,
            "line": str(standing.line),
            "rank_amount": {"amount": row["rank_amount"], "currency": project["currency"]},
            "waiting_since": moment(row["waiting_since"]),
            "head_start_days": row["head_start"] or 0,
            "due_at": moment(row["due_at"]),
            # what a member of the team may not read still has its place
            "thread_id": row["thread_id"] if row["title"] is not None else None,
        }
        for standing in standings
        if (row := rows.get(standing.ticket)) is not None
    ]
    last = standings[-1] if standings else None
    more = last is not None and last.position < state.total
    following = f"{last.position}-{last.ticket}" if last is not None and more else None
    return JSONResponse({"share": state.share, "credit": state.credit, "tickets": tickets, "next": following})


async def supporters(request: Request) -> Response:
    """`GET /api/v1/projects/{project}/supporters`: who earned most points in `?period=`, as the caller's page says."""
    project = await project_by_slug(request.path_params["project"])
    name = request.query_params.get("period", "month")
    if name not in PERIODS:
        raise Invalid({"period": _("Choose one of these.")})
    size = asked_size(request)
    try:
        below = asked_below(request.query_params.get("cursor", ""))
    except ValueError:
        raise Invalid({"cursor": _("This is not a cursor of this list.")}) from None
    period = period_of(name, datetime.now(UTC).date())
    rows, older = await board_of(request.reader, project["id"], period, below=below, limit=size)
    shown = [{key: row[key] for key in ("username", "name", "role", "points", "accepted")} for row in rows]
    return JSONResponse({"period": period.key, "supporters": shown, "next": str(older) if older else None})


async def create_answer(request: Request) -> Response:
    """`POST /api/v1/tickets/{id}/answers`: reply in a ticket's home thread, for one of the purposes."""
    body = await read_body(request)
    markdown = body.text("markdown", most=TEXT_MOST)
    purpose = body.choice("purpose", PURPOSES, default="reply")
    body.check()
    ticket = await ticket_by_id(request.reader, asked_id(request))
    posted = await post_reply(request.reader, ticket["thread_id"], markdown, purpose=purpose)
    state = await queries.state_of(ticket["id"])
    return JSONResponse({"post": posted.post, "number": posted.number, "state": state}, 201)


routes = [
    route("/api/v1/openapi.json", openapi),
    route("/api/v1/projects", projects),
    route("/api/v1/projects/{project}/queue", queue, access="team"),
    route("/api/v1/projects/{project}/supporters", supporters),
    route("/api/v1/tickets/{id}/answers", create_answer, access="signed_in", methods=("POST",)),
]
