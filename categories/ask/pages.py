"""`/new-thread`: the Ask page; `/ask/route`: where it would go, as one types; `/ask/rest`: what a project asks for."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from markupsafe import Markup
from starlette.responses import Response

from categories.ask.actions import OPEN, ask, bucket_for, may_be_security
from categories.support.actions import CAPACITIES
from categories.support.parts import letters, stroke_of
from categories.support.queries import expected_of, project_expected, queue_state
from categories.support.rules import position_unpaid
from forum.database.engine import Row, fetch, fetch_value
from forum.projects.actions import require_project
from forum.projects.queries import categories_of, unaccepted_terms
from forum.projects.rules import visible_categories
from forum.threads.drafts import draft_to_ask, drop_draft, keep_draft, numbered_key
from forum.threads.rules import TITLE_LEAST, TITLE_MOST
from forum.threads.writing import preview_of
from forum.web import parts
from forum.web.errors import Invalid, NotFound, Problem, ReadOnly, SignInFirst
from forum.web.i18n import _
from forum.web.pages import page, redirect, swap
from forum.web.requests import Request
from forum.web.routing import route
from forum.web.switches import check_writable

FIELDS = ("title", "markdown", "project", "category", "private", "capacity")


async def projects_to_ask() -> list[tuple[str, str]]:
    """Projects as pairs of slug and name."""
    rows = await fetch("select slug, name from project order by lower(name) limit 300")
    return [(row["slug"], row["name"]) for row in rows]


async def new_thread(request: Request) -> Response:
    """The page, prefilled from `?project=&category=&title=&body=`, else from the reader's draft."""
    query = request.query_params
    category = query.get("category", "")
    typed = {
        "title": query.get("title", "")[:TITLE_MOST],
        "markdown": query.get("body", "")[:100_000],
        "project": query.get("project", ""),
        "category": category if category != "security" else "",
        "private": "1" if category == "security" else "",
        "capacity": "",
    }
    key, draft = numbered_key(""), None
    if request.reader.is_signed_in:
        number = query.get("draft", "")
        key, draft = await draft_to_ask(request.reader, typed["title"], typed["markdown"], number)
    if draft is not None:
        typed |= {"title": draft["title"], "markdown": draft["markdown"]}
        typed |= {k: v for k, v in draft["data"].items() if k in FIELDS and not typed[k]}
    return await ask_page(request, typed, draft_key=key, draft_version=draft["version"] if draft else 0)


def draft_key(request: Request) -> str:
    """Under which key the form that was sent keeps its draft."""
    return numbered_key(request.fields.get("draft", ""))


async def ask_page(
    request: Request, typed: dict[str, str], status: int = 200, *, errors: dict[str, str] | None = None, **more: Any
) -> Response:
    """The page with what was typed, what is wrong with it, and what is known about the chosen project."""
    projects = await projects_to_ask()
    if not typed["project"] and len(projects) == 1:
        typed["project"] = projects[0][0]
    route_to = await route_context(request, typed)
    return await page(
        request,
        "ask/new_thread.html",
        status,
        typed=typed,
        projects=projects,
        errors=errors or {},
        new_key=more.pop("key", None) or uuid4(),
        request_csrf=request.csrf_token,
        preview=more.pop("preview", None),
        draft_key=more.pop("draft_key", None) or draft_key(request),
        draft_version=more.pop("draft_version", ""),
        page_modules=("composer.js",),
        **route_to,
        **more,
    )


async def route_context(request: Request, typed: dict[str, str]) -> dict[str, Any]:
    """Where the text would go, what is expected there, which terms are still to be accepted."""
    try:
        project = await require_project(typed["project"]) if typed["project"] else None
    except NotFound:
        project, typed["project"] = None, ""
    context: dict[str, Any] = {
        "bucket": None,
        "may_be_security": may_be_security(typed["title"], typed["markdown"]),
        "place": None,
        "terms": [],
        "category_choices": [],
        "project": None,
        "offers": "",
    }
    if project is None:
        return context
    row = await fetch("select id, slug, name, guideline from project where id = $1", project)
    categories = await categories_of(project)
    bucket: Row | None = None
    if typed["title"].strip() or typed["category"] or typed["private"]:
        with contextlib.suppress(Invalid):
            bucket = await bucket_for(
                project, typed["title"], typed["markdown"], typed["category"], is_private=typed["private"] == "1"
            )
    return context | {
        "project": row[0],
        "bucket": bucket,
        "place": await place_context(project),
        "offers": await parts.load("ask_offers", project),
        "terms": await unaccepted_terms(request.reader.person, project) if request.reader.is_signed_in else [],
        "category_choices": [
            (c["slug"], c["name"]) for c in visible_categories(request.reader, categories) if c["visibility"] in OPEN
        ],
    }


async def place_context(project: int) -> dict[str, Any]:
    """Where somebody who asks now would stand in the queue, and what they may expect."""
    state = await queue_state(project)
    lines = (state.due, state.paid, state.share, state.credit)
    position = position_unpaid(state.unpaid + 1, *lines)
    joined = replace(state, unpaid=state.unpaid + 1, total=state.total + 1)
    line, ends = letters(joined)
    return {
        "position": position,
        "waiting": joined.total,
        "line": line,
        "stroke": stroke_of(position, ends),
        "share": state.share,
        "expected": expected_of(await project_expected(project)),
    }


def typed_fields(request: Request) -> dict[str, str]:
    return {name: request.fields.get(name, "")[:100_000] for name in FIELDS}


async def where_to(request: Request) -> Response:
    """For htmx: the lines that say where the text would go."""
    typed = typed_fields(request)
    return await swap(request, "ask/route.html", typed=typed, errors={}, **await route_context(request, typed))


async def rest(request: Request) -> Response:
    """For htmx: everything below the text, as the chosen project asks for it."""
    typed = typed_fields(request)
    return await swap(request, "ask/rest.html", typed=typed, errors={}, **await route_context(request, typed))


async def submit(request: Request) -> Response:
    """Ask; or, without script, look for solved threads (beside this page), at a preview, or keep the draft."""
    fields, typed = request.fields, typed_fields(request)
    if "look" in fields:
        looked_for = {"q": typed["title"][:200], "project": typed["project"], "solved": "yes"}
        return redirect(request, f"/search?{urlencode(looked_for)}")
    if not request.reader.is_signed_in:
        raise SignInFirst
    if "preview" in fields:
        cooked = await preview_of(typed["markdown"], typed["project"])
        return await ask_page(request, typed, preview=Markup(cooked.html), key=fields.key())
    try:
        await check_writable(request)
    except ReadOnly as problem:
        return await ask_page(request, typed, problem.status, errors={"": problem.message}, key=fields.key())
    if "save" in fields or (fields.get("then") == "draft" and not await is_for_support(typed)):
        await keep_draft(
            request.reader, draft_key(request), title=typed["title"], markdown=typed["markdown"], data=typed
        )
        number = draft_key(request).partition(":")[2]
        return redirect(request, "/new-thread" + (f"?draft={number}" if number else ""), _("Draft kept."))
    title = fields.text("title", limit=TITLE_MOST, least=TITLE_LEAST)
    markdown = fields.text("markdown", limit=100_000)
    if not typed["project"]:
        fields.fail("project", _("Choose the project that this is about."))
    try:
        fields.check()
        project = await require_project(typed["project"])
        asked = await ask(
            request.reader,
            project,
            title,
            markdown,
            category=typed["category"],
            is_private=typed["private"] == "1",
            capacity=typed["capacity"] if typed["capacity"] in CAPACITIES else "",
            accepts_terms=fields.get("terms") == "1",
            as_draft=fields.get("then") == "draft",
            key=fields.key(),
        )
    except Problem as problem:
        if problem.status == 401:
            raise
        if problem.status == 403:
            await keep_draft(
                request.reader, draft_key(request), title=typed["title"], markdown=typed["markdown"], data=typed
            )
        errors = problem.errors if isinstance(problem, Invalid) else {"": problem.message}
        return await ask_page(request, typed, problem.status, errors=errors, key=fields.key())
    await drop_draft(request.reader, draft_key(request))
    if asked.ticket is not None:
        await parts.sent("capacity_project", request, asked.ticket)
    notice = _("Kept as a draft. Say in which capacity you ask, and submit it.") if asked.is_draft else ""
    if fields.get("then") == "raise" and not asked.is_draft:
        if asked.ticket is not None:
            return redirect(
                request, f"/tickets/{asked.ticket}/bump", _("Submitted. It waits already; raise it if you like.")
            )
        notice = _("This is no ticket where it stands, so there is nothing to raise.")
    return redirect(request, asked.posted.url, notice)


async def is_for_support(typed: Mapping[str, str]) -> bool:
    """Whether what was typed would become a ticket, whose draft is a thread; other drafts are kept as they are typed."""
    try:
        project = await require_project(typed["project"])
        private = typed["private"] == "1"
        place = await bucket_for(project, typed["title"], typed["markdown"], typed["category"], is_private=private)
    except Problem:
        return False
    return bool(place["kind"] == "support")


async def home_top(request: Request) -> dict[str, Any]:
    """The one box of the front page."""
    solved = await fetch_value(
        "select count(*) from (select 1 from thread where accepted_number is not null and visibility = 'public'"
        " limit 10000) s"
    )
    return {"projects": await projects_to_ask(), "solved": solved}


async def project_ask(request: Request, project: Row) -> dict[str, Any]:
    """The one box of a project's home."""
    return {"project": project}


routes = [
    route("/new-thread", new_thread),
    route("/new-thread", submit, methods=("POST",), while_read_only=True),
    route("/ask/route", where_to, methods=("POST",), while_read_only=True),
    route("/ask/rest", rest, methods=("POST",), while_read_only=True),
]
