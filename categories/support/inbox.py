"""The team's inbox: the queue in its strict order, each rank with its reason, and one chosen ticket beside it."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from markupsafe import Markup
from starlette.responses import Response

from categories.support import actions, parts, queries
from categories.support.queries import Place, expected_of, place_in, queue_slice, queue_state
from categories.support.snoozing.pages import choices
from forum.database.engine import Row, fetch, fetch_value
from forum.live.streams import News
from forum.projects.queries import project_by_slug, team_of
from forum.projects.roles import may
from forum.threads.fragments import powers_in, render_posts
from forum.threads.pages import asked_id
from forum.threads.queries import acts_between, posts_between, thread_head
from forum.threads.writing import post_reply
from forum.web.errors import Conflict, NotFound, Problem
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.parts import load as load_parts
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.routing import route
from forum.web.switches import check_writable
from forum.web.templates import fragment

A_PAGE = 25
# what is shown of a long thread: the first post, and the end of it
TAIL = 12
VIEWS = ("waiting", "mine", "snoozed", "needs_facts", "answered", "resolved", "closed")


async def team_project(request: Request) -> Row:
    """The project in the path, for members of its team. Raises NotFound for everybody else."""
    project = await project_by_slug(request.path_params["project"])
    if not request.reader.is_team(project["id"]):
        raise NotFound
    return project


def asked_view(request: Request) -> str:
    view = request.query_params.get("view", "waiting")
    if view not in VIEWS:
        raise NotFound
    return view


async def queue_context(reader: Reader, project: int, view: str, first: int) -> dict[str, Any]:
    """The middle pane: a stretch of the queue with its track, or the tickets of another state."""
    state = await queue_state(project)
    if view == "waiting":
        standings = await queue_slice(project, state, first, first + A_PAGE - 1)
        ids = [s.ticket for s in standings]
    else:
        standings = []
        ids = await queries.tickets_in_state(reader, project, view, mine=view == "mine")
    tickets = await queries.tickets_for_team(reader, ids)
    shown = [
        {"ticket": tickets[s.ticket], "position": s.position, "line": str(s.line)}
        for s in standings
        if s.ticket in tickets and not tickets[s.ticket]["is_snoozed"]
    ] or [{"ticket": tickets[i], "position": None, "line": ""} for i in ids if not standings and i in tickets]
    track = parts.track_of(state, None)
    return {
        "rows": shown,
        "view": view,
        "state": state,
        "line": track["line"],
        "first": first,
        "more": first + A_PAGE if view == "waiting" and first + A_PAGE <= state.total else 0,
        "expected": expected_of(await queries.project_expected(project)),
        "out_of": 100 // state.share if state.share else 0,
    }


async def ticket_context(request: Request, ticket: int, project: int, **kept: Any) -> dict[str, Any]:
    """The right pane: a ticket's head with its actions, its posts, and the answer form."""
    reader = request.reader
    row = await queries.ticket_by_id(reader, ticket)
    if row["project_id"] != project or row["state"] == "draft":
        raise NotFound
    head = await thread_head(reader, row["thread_id"])
    last = head["last_number"]
    start = max(2, last - TAIL + 1)
    powers = powers_in(reader, head)
    posts = await posts_between(reader, head["id"], 1, 1) + await posts_between(reader, head["id"], start, last)
    acts = await acts_between(reader, head["id"], start if start > 2 else 1, last)
    place = place_in(row)
    return {
        "ticket": row,
        "head": head,
        "first_post": render_posts(posts[:1], [], head, powers, reader),
        "between": start - 2,
        "rest": render_posts(posts[1:], acts, head, powers, reader),
        "place": place,
        "team": await team_of(project),
        "may_assign": may(reader, "assign", project, assigned=row["assignee_id"] == reader.id),
        "may_move": may(reader, "move", project, assigned=row["assignee_id"] == reader.id),
        "new_key": kept.get("key") or uuid4(),
        "may_join": may(reader, "merge", project, assigned=row["assignee_id"] == reader.id),
        "may_split": may(reader, "split", project, assigned=row["assignee_id"] == reader.id),
        "offered": await choices(project),
        "tools": kept.get("tools") or await load_parts("composer", request, head, back="inbox"),
        "send": kept.get("send", ""),
        "draft": kept.get("draft", head["draft"] or ""),
        "draft_version": head["draft_version"] or 0,
        "errors": kept.get("errors", []),
    }


async def inbox(request: Request) -> Response:
    """`/p/{project}/inbox`: the queue, and beside it the head of the queue."""
    project = await team_project(request)
    first = (
        max(1, int(q)) if (q := request.query_params.get("from", "1")).isascii() and q.isdigit() and len(q) < 9 else 1
    )
    view = asked_view(request)
    queue = await queue_context(request.reader, project["id"], view, first)
    readable = [r["ticket"] for r in queue["rows"] if r["ticket"]["title"] is not None]
    chosen = await ticket_context(request, readable[0]["id"], project["id"]) if readable else None
    return await inbox_page(request, project, queue, chosen, is_list=True)


async def inbox_ticket(request: Request) -> Response:
    """`/p/{project}/inbox/{ticket}`: one ticket beside the queue; a phone sees the ticket alone."""
    project = await team_project(request)
    chosen = await ticket_context(request, asked_id(request, "ticket"), project["id"])
    queue = await queue_context(request.reader, project["id"], asked_view(request), around(chosen["place"]))
    return await inbox_page(request, project, queue, chosen, is_list=False)


def around(place: Place | None) -> int:
    """Where the page of the queue begins on which a place stands."""
    return (place.position - 1) // A_PAGE * A_PAGE + 1 if place else 1


async def inbox_page(
    request: Request,
    project: Row,
    queue: Mapping[str, Any],
    chosen: Mapping[str, Any] | None,
    *,
    is_list: bool,
    status: int = 200,
) -> Response:
    counts = await queries.state_counts(project["id"], request.reader)
    version = queue["state"].version
    # what comes live is the head of the queue; other stretches and lists rest until they are loaded again
    streams = [f"inbox:{project['id']}@{version}"] if queue["view"] == "waiting" and queue["first"] == 1 else []
    if chosen is not None:
        streams.append(f"thread:{chosen['head']['id']}@{chosen['head']['version']}")
    return await page(
        request,
        "support/inbox.html",
        status,
        project={**dict(project), "waiting": queue["state"].total},
        counts=counts,
        chosen=chosen,
        is_list=is_list,
        streams=" ".join(streams),
        page_modules=("live.js", "composer.js"),
        **queue,
    )


async def answer(request: Request) -> Response:
    """Answer from the inbox: reply, reply and resolve, ask for facts, whisper; then the ticket, or the next one."""
    project = await team_project(request)
    ticket = asked_id(request, "ticket")
    fields = request.fields
    chosen = await queries.ticket_by_id(request.reader, ticket)
    if chosen["project_id"] != project["id"]:
        raise NotFound
    markdown = fields.text("markdown", limit=100_000, required=False)
    then = fields.get("then", "")
    purpose = (
        "whisper" if fields.get("purpose") == "whisper" else {"resolve": "resolve", "facts": "facts"}.get(then, "reply")
    )
    try:
        await check_writable(request)
        fields.check()
        await post_reply(request.reader, chosen["thread_id"], markdown, purpose=purpose, key=fields.key())
    except Problem as problem:
        if problem.status in (401, 404):
            raise
        context = await ticket_context(
            request, ticket, project["id"], draft=markdown, errors=[problem.message], key=fields.key()
        )
        queue = await queue_context(request.reader, project["id"], "waiting", around(context["place"]))
        return await inbox_page(request, project, queue, context, is_list=False, status=problem.status)
    if then == "next":
        return redirect(request, f"/p/{project['slug']}/inbox", _("Answered. This is who waits next."))
    return redirect(request, f"/p/{project['slug']}/inbox/{ticket}")


async def act(request: Request) -> Response:
    """Claim, put back, assign, resolve a ticket without leaving the inbox."""
    project = await team_project(request)
    ticket = asked_id(request, "ticket")
    notice = ""
    match request.path_params["deed"]:
        case "claim":
            try:
                await actions.claim(request.reader, ticket)
            except Conflict as conflict:
                notice = conflict.message
        case "release":
            await actions.release(request.reader, ticket)
        case "assign":
            await actions.assign(request.reader, ticket, request.fields.get("username", ""))
        case "resolve":
            await actions.resolve(request.reader, ticket)
        case _other:
            raise NotFound
    return redirect(request, f"/p/{project['slug']}/inbox/{ticket}", notice)


async def inbox_since(project: int, asked: Mapping[int, tuple[Reader, int]]) -> dict[int, News]:
    """The first page of the queue for each member of the team whose version is older."""
    version = await fetch_value("select version from queue where project_id = $1", project) or 0
    rows = await fetch(
        "select person_id from project_member where project_id = $1 and person_id = any($2)",
        project,
        [reader.id for reader, _version in asked.values() if reader.id is not None],
    )
    team = {row["person_id"] for row in rows}
    slug = await fetch_value("select slug from project where id = $1", project)
    answers: dict[int, News] = {}
    for n, (reader, have) in asked.items():
        if reader.id not in team:
            continue
        if have >= version:
            answers[n] = News(version, ())
            continue
        context = await queue_context(reader, project, "waiting", 1)
        html: Markup = fragment("support/queue.html", project={"id": project, "slug": slug}, chosen=None, **context)
        answers[n] = News(version, ({"id": "inbox_queue", "html": html},))
    return answers


async def inbox_wakes_with(project: int) -> str | None:
    """The hint that wakes an inbox: its project's queue."""
    return f"queue:{project}"


routes = [
    route("/p/{project}/inbox", inbox, access="team"),
    route("/p/{project}/inbox/{ticket}", inbox_ticket, access="team"),
    route("/p/{project}/inbox/{ticket}/answers", answer, access="team", methods=("POST",), while_read_only=True),
    route("/p/{project}/inbox/{ticket}/{deed}", act, access="team", methods=("POST",)),
]
