"""Beside a composer, for the team: a template or a solved thread's answer goes into the text, with script or without."""

from typing import Any

from markupsafe import Markup
from starlette.responses import HTMLResponse, JSONResponse, Response

from categories.support.inbox import pages as inbox
from categories.support.replies.actions import use
from categories.support.replies.queries import solved_like, start_from, templates_of, values_for
from categories.support.replies.rules import WORD, fill
from forum.database.engine import Row, fetch_value
from forum.projects.queries import project_by_slug
from forum.projects.roles import may
from forum.threads.pages import asked_id, fresh_page
from forum.threads.queries import thread_head
from forum.web.errors import Conflict, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.routing import route
from forum.web.templates import fragment


def is_for(reader: Reader, head: Row) -> bool:
    """Whether a reader answers for the team here."""
    return may(reader, "use_templates", head["project_id"])


async def composer_tools(request: Request, head: Row, back: str = "thread") -> dict[str, Any] | None:
    """What stands in a composer until it is asked for: one button, for the team alone; it costs no statement."""
    if not is_for(request.reader, head):
        return None
    query = inbox.asked_filter(request).query if back == "inbox" else ""
    return {"thread": head["id"], "project_slug": head["project_slug"], "back": back, "query": query}


async def team_head(request: Request) -> Row:
    """The thread in the path, for its project's team. Raises NotFound for everybody else."""
    head = await thread_head(request.reader, asked_id(request))
    if not is_for(request.reader, head):
        raise NotFound
    return head


async def opened(request: Request, head: Row, back: str, missing: tuple[str, ...] = ()) -> Markup:
    """The choice of templates and solved threads."""
    return fragment(
        "support/tools.html",
        thread=head["id"],
        project_slug=head["project_slug"],
        back=back,
        query=inbox.asked_filter(request).query if back == "inbox" else "",
        templates=await templates_of(request.reader, head["project_id"]),
        solved=await solved_like(request.reader, head),
        missing=missing,
    )


def back_of(request: Request) -> str:
    return "inbox" if request.fields.get("back") == "inbox" else "thread"


async def tools(request: Request) -> Response:
    """Show the choice: a fragment for htmx, else the whole page with what was typed."""
    head = await team_head(request)
    back = back_of(request)
    shown = await opened(request, head, back)
    if request.is_htmx:
        return HTMLResponse(shown)
    return await page_again(request, head, back, request.fields.get("markdown", "")[:100_000], shown)


async def page_again(request: Request, head: Row, back: str, draft: str, shown: Markup, purpose: str = "") -> Response:
    """The page on which the composer stands, with this text in it."""
    kept: dict[str, Any] = {"draft": draft, "key": request.fields.key(), "tools": shown, "send": purpose}
    if back == "inbox":
        ticket = await fetch_value("select id from ticket where thread_id = $1 and state <> 'draft'", head["id"])
        if ticket is not None:
            project = await project_by_slug(head["project_slug"])
            chosen = await inbox.ticket_context(request, ticket, project, **kept)
            beside, first = inbox.asked_filter(request), inbox.around(chosen["place"])
            queue = await inbox.queue_context(request.reader, project, beside, first)
            return await inbox.inbox_page(request, project, queue, chosen, is_list=False)
    return await fresh_page(request, head["id"], head["last_number"], **kept)


async def insertion(request: Request) -> Response:
    """A template (`template`, or its `word`) or a solved thread's answer (`start`) for this thread's composer: with `as`
    json the text alone, else the page with the text behind what was typed."""
    head = await team_head(request)
    fields = request.fields
    start, template, word = (fields.get(name, "").strip() for name in ("start", "template", "word"))
    missing: tuple[str, ...] = ()
    purpose = ""
    if number := whole(start):
        text = await start_from(request.reader, number)
    elif whole(template) or WORD.fullmatch(word):
        row = await use(request.reader, head["project_id"], template=whole(template), word=word)
        filled = fill(row["markdown"], await values_for(request.reader, head))
        text, purpose, missing = filled.markdown, row["purpose"], filled.missing
    else:
        raise Conflict(_("Choose a template first."))
    if fields.get("as") == "json":
        return JSONResponse({"markdown": text, "purpose": purpose, "missing": list(missing)})
    back = back_of(request)
    typed = fields.get("markdown", "").replace("\r\n", "\n")
    draft = (typed.rstrip() + "\n\n" if typed.strip() else "") + text
    shown = await opened(request, head, back, missing)
    return await page_again(request, head, back, draft[:100_000], shown, purpose)


def whole(text: str) -> int:
    """An id as it was sent; 0, which none is, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


routes = [
    route("/t/{id}/tools", tools, access="signed_in", methods=("POST",)),
    route("/t/{id}/insertion", insertion, access="signed_in", methods=("POST",)),
]
