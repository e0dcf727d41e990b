"""The pages and buttons by which tickets are merged and linked."""

from starlette.responses import Response

from categories.support import queries
from categories.support.joining import linking, merging
from categories.support.joining.queries import before_merging, candidates, joined_of
from forum.database.engine import Row
from forum.projects.roles import may
from forum.threads.pages import asked_id, back_to_thread
from forum.threads.queries import thread_head
from forum.web.errors import Conflict, Forbidden, Invalid
from forum.web.i18n import _
from forum.web.pages import asked_back, page, redirect
from forum.web.requests import Request
from forum.web.routing import route


async def own_ticket(request: Request, *deeds: str) -> Row:
    """The ticket in the path, for who may do one of these with it. Raises NotFound, Forbidden."""
    reader = request.reader
    ticket = await queries.ticket_by_id(reader, asked_id(request), is_team=False)
    mine = ticket["assignee_id"] == reader.id
    if not any(may(reader, deed, ticket["project_id"], assigned=mine) for deed in deeds):
        raise Forbidden
    return ticket


async def joining(request: Request) -> Response:
    """`/tickets/{id}/joining`: what this ticket is joined with, and what it could be merged into or linked with."""
    ticket = await own_ticket(request, "merge", "link")
    return await joining_page(request, ticket)


async def joining_page(request: Request, ticket: Row, status: int = 200, error: str = "") -> Response:
    head = await thread_head(request.reader, ticket["thread_id"])
    asked = request.query_params.get("q", "")[:300]
    return await page(
        request,
        "support/joining.html",
        status,
        ticket=ticket,
        head=head,
        asked=asked,
        error=error,
        back=asked_back(request),
        joined=await joined_of(request.reader, head["id"]),
        found=await candidates(request.reader, ticket, head, asked),
        project={"id": head["project_id"], "slug": head["project_slug"], "name": head["project_name"]},
    )


async def merge_form(request: Request) -> Response:
    """`/tickets/{id}/merging?into=`: what merging would do, before it is done."""
    ticket = await own_ticket(request, "merge")
    into = request.query_params.get("into", "")
    target = int(into) if into.isascii() and into.isdigit() and len(into) < 19 else 0
    facts = await before_merging(request.reader, ticket["id"], target)
    return await merge_page(request, facts)


async def merge_page(request: Request, facts: dict[str, object], status: int = 200, error: str = "") -> Response:
    source: Row = facts["source"]  # type: ignore[assignment]
    head = await thread_head(request.reader, source["thread_id"])
    project = {"id": head["project_id"], "slug": head["project_slug"], "name": head["project_name"]}
    return await page(
        request,
        "support/merging.html",
        status,
        project=project,
        head=head,
        error=error,
        back=asked_back(request),
        **facts,
    )


async def merge(request: Request) -> Response:
    """Merge, and on to the thread in which it goes on, in the inbox where one came from there."""
    fields = request.fields
    target = fields.integer("into") if "into" in fields else 0
    ticket = await own_ticket(request, "merge")
    fields.check()
    try:
        await merging.merge(request.reader, ticket["id"], target, opens_private="opens_private" in fields)
    except (Invalid, Conflict) as problem:
        if target in (0, ticket["id"]):
            return await joining_page(request, ticket, problem.status, problem.message)
        facts = await before_merging(request.reader, ticket["id"], target)
        return await merge_page(request, facts, problem.status, problem.message)
    into = await queries.ticket_by_id(request.reader, target)
    notice = _("Merged. Everybody who asked is told. It can be undone beside the thread.")
    if beside := asked_back(request):
        return redirect(request, at_ticket(beside, into), notice)
    return await back_to_thread(request, into["thread_id"], notice=notice)


def at_ticket(beside: str, ticket: Row) -> str:
    """A ticket in the inbox, beside the list that the address `beside` of another one shows."""
    query = beside.partition("?")[2]
    return f"/p/{ticket['project_slug']}/inbox/{ticket['id']}" + (f"?{query}" if query else "")


async def undo(request: Request) -> Response:
    """Undo a merge, and on to the thread that stands for itself again."""
    ticket = await own_ticket(request, "merge")
    await merging.undo_merge(request.reader, ticket["id"])
    return await back_to_thread(request, ticket["thread_id"], notice=_("Undone. All is as it was before the merge."))


async def link(request: Request) -> Response:
    """Link the ticket with a `thread`, `together` or not."""
    ticket = await own_ticket(request, "link")
    fields = request.fields
    thread = fields.integer("thread") if "thread" in fields else 0
    fields.check()
    try:
        await linking.link(request.reader, ticket["id"], thread, together="together" in fields)
    except (Invalid, Conflict) as problem:
        return await joining_page(request, ticket, problem.status, problem.message)
    return await back_to_thread(request, ticket["thread_id"], notice=_("Linked, on both sides."))


async def unlink(request: Request) -> Response:
    """Take a link away; back to where the button was."""
    ticket = await own_ticket(request, "link")
    fields = request.fields
    thread = fields.integer("thread") if "thread" in fields else 0
    fields.check()
    await linking.unlink(request.reader, ticket["id"], thread)
    here = thread if fields.get("back") == "thread" else ticket["thread_id"]
    return await back_to_thread(request, here, notice=_("The link is gone, on both sides."))


routes = [
    route("/tickets/{id}/joining", joining, access="signed_in"),
    route("/tickets/{id}/merging", merge_form, access="signed_in"),
    route("/tickets/{id}/merging", merge, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/merging/delete", undo, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/links", link, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/links/delete", unlink, access="signed_in", methods=("POST",)),
]
