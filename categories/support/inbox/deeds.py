"""What people do to a ticket from the inbox: answer it, go on, claim, give, snooze, resolve it; each with script or without."""

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from categories.support import actions, queries
from categories.support.holding import Taken
from categories.support.inbox.filters import Filter
from categories.support.inbox.pages import (
    around,
    asked_filter,
    inbox_page,
    left_pane,
    pane_of,
    queue_context,
    team_project,
    ticket_context,
    ticket_of,
)
from categories.support.queries import place_in, queue_state
from categories.support.snoozing import actions as snoozing
from categories.support.snoozing.pages import chosen_time
from forum.database.engine import Row
from forum.threads.pages import asked_id
from forum.threads.writing import post_reply
from forum.web.error_pages import message_of
from forum.web.errors import Conflict, Invalid, NotFound, Problem
from forum.web.i18n import _
from forum.web.look import full_date
from forum.web.pages import redirect, swap
from forum.web.requests import Request
from forum.web.routing import route
from forum.web.switches import check_writable

PURPOSES = {"resolve": "resolve", "facts": "facts"}


async def answer(request: Request) -> Response:
    """Answer from the inbox: reply, reply and resolve, ask for facts, whisper; then the ticket at what was said, or the
    next one."""
    project = await team_project(request)
    ticket = asked_id(request, "ticket")
    fields = request.fields
    chosen = await ticket_of(request, project, ticket)
    markdown = fields.text("markdown", limit=100_000, required=False)
    then = fields.get("then", "")
    purpose = "whisper" if fields.get("purpose") == "whisper" else PURPOSES.get(then, "reply")
    listed_by = asked_filter(request)
    if then == "next" and not markdown.strip():
        return await onward(request, project, ticket, listed_by)
    try:
        await check_writable(request)
        fields.check()
        said = await post_reply(request.reader, chosen["thread_id"], markdown, purpose=purpose, key=fields.key())
    except Problem as problem:
        if problem.status in (401, 404):
            raise
        return await again(
            request,
            project,
            ticket,
            problem,
            draft=markdown,
            purpose=purpose,
            errors=[message_of(request, problem)],
            key=fields.key(),
        )
    if then == "next":
        notice = _("Answered. This is who waits next.")
        return redirect(request, f"/p/{project['slug']}/inbox{listed_by.query}", notice)
    return redirect(request, f"/p/{project['slug']}/inbox/{ticket}{listed_by.query}#post_{said.number}")


async def onward(request: Request, project: Row, ticket: int, chosen: Filter) -> Response:
    """Nothing was typed, so nothing is said: the ticket that stands behind this one in the list."""
    row = await queries.ticket_by_id(request.reader, ticket)
    place = place_in(row) if chosen.is_whole else None
    queue = await queue_context(request.reader, project, chosen, place.position if place else 1)
    readable = [each["ticket"]["id"] for each in queue["rows"] if each["ticket"]["title"] is not None]
    behind = readable[readable.index(ticket) + 1 :] if ticket in readable else [i for i in readable if i != ticket]
    base = f"/p/{project['slug']}/inbox"
    if behind:
        return redirect(request, f"{base}/{behind[0]}{chosen.query}")
    if queue["older"]:
        return redirect(request, f"{base}{replace(chosen, page=chosen.page + 1).query}")
    return redirect(request, f"{base}{chosen.beginning.query}", _("That was the last one."))


async def again(request: Request, project: Row, ticket: int, problem: Problem, **kept: Any) -> Response:
    """The inbox with what was typed, and why it was not taken."""
    context = await ticket_context(request, ticket, project, **kept)
    queue = await queue_context(request.reader, project, asked_filter(request), around(context["place"]))
    return await inbox_page(request, project, queue, context, is_list=False, status=problem.status)


async def changed(request: Request, project: Row, ticket: int, status: int = 200, **kept: Any) -> Response:
    """The ticket's head, its row in the list and the counts, in place of those that are shown: what is being typed stays."""
    chosen, shown = await ticket_context(request, ticket, project, **kept), asked_filter(request)
    rows, place = await queries.tickets_for_team(request.reader, [ticket]), chosen["place"]
    row = {
        "ticket": rows[ticket],
        "position": place.position if place else 0,
        "line": str(place.line) if place else "",
    }
    state = await queue_state(project["id"])
    pane = pane_of(project, state, shown, [row])
    # as it goes from open inboxes, too; in other lists it stays until they are loaded again
    is_gone = shown.is_whole and (not pane["rows"] or not place)
    return await swap(
        request,
        "support/ticket_acted.html",
        status,
        chosen=chosen,
        row=row,
        is_gone=is_gone,
        **await left_pane(request.reader, project, state),
        **pane,
        project=project,
    )


async def done(request: Request, row: Row, note: str) -> str:
    """Do what the address says to a ticket; a notice for a page that comes whole, "" where it shows by itself.

    Raises what the deed raises, NotFound for one that there is not.
    """
    reader, fields, ticket = request.reader, request.fields, row["id"]
    match request.path_params["deed"]:
        case "claim":
            await actions.claim(reader, ticket)
        case "release":
            await actions.release(reader, ticket)
        case "assign":
            fields.check()
            await actions.assign(reader, ticket, fields.get("username", ""), note)
        case "resolve":
            await actions.resolve(reader, ticket)
        case "snooze":
            until = await chosen_time(request, row)
            await snoozing.snooze(reader, ticket, until)
            return _("Snoozed until %(when)s.") % {"when": full_date(until)}
        case "wake":
            await snoozing.wake(reader, ticket)
            return _("It stands in the lists again.")
        case _other:
            raise NotFound
    return ""


async def act(request: Request) -> Response:
    """Claim, put back, assign, snooze, wake, resolve a ticket without leaving the inbox."""
    project = await team_project(request)
    ticket, chosen = asked_id(request, "ticket"), asked_filter(request)
    here = f"/p/{project['slug']}/inbox/{ticket}"
    note = request.fields.text("note", limit=4000, required=False)
    row = await ticket_of(request, project, ticket)
    try:
        notice = await done(request, row, note)
    except (Conflict, Invalid) as problem:
        # the page then says who has it, and where to look
        told = "taken" if isinstance(problem, Taken) else ""
        if request.is_htmx:
            faults = [] if told else [problem.message]
            return await changed(request, project, ticket, problem.status, errors=faults, note=note, told=told)
        if told:
            return redirect(request, f"{here}{chosen.query}{'&' if chosen.query else '?'}told={told}")
        return await again(request, project, ticket, problem, errors=[problem.message], note=note)
    if request.is_htmx:
        return await changed(request, project, ticket)
    return redirect(request, f"{here}{chosen.query}", notice)


routes = [
    route("/p/{project}/inbox/{ticket}/answers", answer, access="team", methods=("POST",), while_read_only=True),
    route("/p/{project}/inbox/{ticket}/{deed}", act, access="team", methods=("POST",)),
]
