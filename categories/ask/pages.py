"""`/new-thread`: the Ask page; `/ask/route`, `/ask/rest`: its lower parts, as one types; `/ask/preview`: the post to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from categories.ask.actions import ask
from categories.ask.route import place_in, place_of_text, route_context, team_category
from categories.forms.answers import Sent
from categories.forms.queries import fields_of
from categories.forms.rules import NAME, read_answers, with_facts
from categories.forms.traces import fenced
from categories.support.submitting import CAPACITIES, behalf_in, consent_faults
from categories.triage.rules import suggest_kind
from forum.database.engine import Row, fetch, fetch_value
from forum.projects.actions import require_project
from forum.projects.queries import categories_of, unaccepted_terms
from forum.projects.terms import shown_terms
from forum.threads.drafts import draft_to_ask, drop_draft, keep_draft, numbered_key
from forum.threads.rules import TITLE_LEAST, TITLE_MOST
from forum.threads.writing import preview_of
from forum.web import parts
from forum.web.error_pages import message_of
from forum.web.errors import Invalid, Problem, ReadOnly, SignInFirst
from forum.web.i18n import _
from forum.web.pages import page, redirect, swap
from forum.web.requests import Form, Request
from forum.web.routing import route
from forum.web.switches import check_writable

FIELDS = ("title", "markdown", "project", "category", "private", "capacity", "on_behalf", "only_team", "verbatim")


async def projects_to_ask() -> list[tuple[str, str]]:
    """Projects as pairs of slug and name."""
    rows = await fetch("select slug, name from project order by lower(name) limit 300")
    return [(row["slug"], row["name"]) for row in rows]


async def new_thread(request: Request) -> Response:
    """The page, prefilled from `?project=&category=&title=&body=`, else from the reader's draft."""
    query = request.query_params
    category = query.get("category", "")
    typed = dict.fromkeys(FIELDS, "") | {
        "title": query.get("title", "")[:TITLE_MOST],
        "markdown": query.get("body", "")[:100_000],
        "project": query.get("project", ""),
        "category": category if category != "security" else "",
        "private": "1" if category == "security" else "",
    }
    key, draft = numbered_key(""), None
    if request.reader.is_signed_in:
        number = query.get("draft", "")
        key, draft = await draft_to_ask(request.reader, typed["title"], typed["markdown"], number)
    if draft is not None:
        typed |= {"title": draft["title"], "markdown": draft["markdown"]}
        typed |= {k: v for k, v in draft["data"].items() if (k in FIELDS and not typed[k]) or NAME.fullmatch(k)}
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
    context = await route_context(request, typed)
    labels = {field.name: field.label for field in context["fields"]}
    return await page(
        request,
        "ask/new_thread.html",
        status,
        typed=typed,
        projects=projects,
        errors=errors or {},
        labels=labels,
        new_key=more.pop("key", None) or uuid4(),
        request_csrf=request.csrf_token,
        preview=more.pop("preview", None),
        draft_key=more.pop("draft_key", None) or draft_key(request),
        draft_version=more.pop("draft_version", ""),
        page_modules=("composer.js", "asking.js"),
        **context,
        **more,
    )


def typed_fields(request: Request) -> dict[str, str]:
    """What was typed and chosen, and the answers to the form's questions; a chosen file counts as the text of its field."""
    form = request.fields
    typed = {name: form.get(name, "")[:100_000] for name in FIELDS}
    return typed | {name: sent(form)(name) for name in form if NAME.fullmatch(name)}


def sent(form: Form) -> Sent:
    """What a form was told under a name: the file that was chosen, else what was typed."""
    return lambda name: form.get(f"{name}-file", "").strip("\n") or form.get(name, "")


async def where_to(request: Request) -> Response:
    """For htmx: the lines that say where the text would go; what the form asks comes along where that is another one."""
    typed = typed_fields(request)
    context = await route_context(request, typed)
    asked = request.fields.get("fields_of", "")
    return await swap(
        request, "ask/routed.html", typed=typed, errors={}, is_other=asked != context["fields_of"], **context
    )


async def rest(request: Request) -> Response:
    """For htmx: everything below the text, as the chosen project asks for it."""
    typed = typed_fields(request)
    return await swap(request, "ask/rested.html", typed=typed, errors={}, **await route_context(request, typed))


@dataclass(frozen=True)
class Composed:
    """The first post as it will stand."""

    markdown: str
    html: Markup


async def composed(request: Request, typed: Mapping[str, str]) -> Composed:
    """What was typed with its code blocks, and below it what the form was told. Raises Invalid."""
    text = typed["markdown"] if typed["verbatim"] == "1" else fenced(typed["markdown"]).text
    place = await place_of_text(typed)
    answers = read_answers(await fields_of(place["id"]), sent(request.fields))[0] if place else []
    cooked = await preview_of(with_facts(text, answers, 0), typed["project"])
    return Composed(text, Markup(cooked.html))


async def preview(request: Request) -> Response:
    """For htmx: the first post as it will stand."""
    return HTMLResponse((await composed(request, typed_fields(request))).html)


async def submit(request: Request) -> Response:
    """Ask; or, without script, look for solved threads (beside this page), at a preview, or keep the draft."""
    fields, typed = request.fields, typed_fields(request)
    if "look" in fields:
        looked_for = {"q": typed["title"][:200], "project": typed["project"], "solved": "yes"}
        return redirect(request, f"/search?{urlencode(looked_for)}")
    if "again" in fields:
        # without script: the page for another project, or with the file that was chosen
        return await ask_page(request, typed, key=fields.key())
    if not request.reader.is_signed_in:
        raise SignInFirst
    if "preview" in fields:
        try:
            shown = await composed(request, typed)
        except Invalid as problem:
            return await ask_page(request, typed, problem.status, errors=problem.errors, key=fields.key())
        return await ask_page(request, typed, preview=shown.html, key=fields.key())
    try:
        await check_writable(request)
    except ReadOnly as problem:
        return await ask_page(request, typed, problem.status, errors={"": problem.message}, key=fields.key())
    if "save" in fields or (fields.get("then") == "draft" and not await is_for_support(typed)):
        await keep_typed(request, typed)
        number = draft_key(request).partition(":")[2]
        return redirect(request, "/new-thread" + (f"?draft={number}" if number else ""), _("Draft kept."))
    return await sent_off(request, typed)


async def keep_typed(request: Request, typed: dict[str, str]) -> None:
    data = {name: value for name, value in typed.items() if value and name not in ("title", "markdown")}
    await keep_draft(request.reader, draft_key(request), title=typed["title"], markdown=typed["markdown"], data=data)


async def sent_off(request: Request, typed: dict[str, str]) -> Response:
    """The question is asked, or the page comes back with what is missing; everything typed is kept either way."""
    fields = request.fields
    as_draft = fields.get("then") == "draft"
    title = fields.text("title", limit=TITLE_MOST, least=TITLE_LEAST)
    if not typed["project"]:
        fields.fail("project", _("Choose the project that this is about."))
    markdown = fields.text("markdown", limit=100_000)
    try:
        project = await require_project(typed["project"]) if typed["project"] else 0
        fields.check({} if as_draft else await submission_faults(request, project, typed))
        asked = await ask(
            request.reader,
            project,
            title,
            markdown if typed["verbatim"] == "1" else fenced(markdown).text,
            category=typed["category"],
            is_private=typed["private"] == "1",
            capacity=typed["capacity"] if typed["capacity"] in CAPACITIES else "",
            accepts_terms=fields.get("terms") == "1",
            shown=shown_terms(fields),
            behalf=behalf_in(fields.get("on_behalf", "")),
            as_draft=as_draft,
            answers=sent(fields),
            only_team=typed["only_team"] == "1",
            key=fields.key(),
            by_form=True,
        )
    except Problem as problem:
        if problem.status == 401:
            raise
        if problem.status in (403, 422):
            await keep_typed(request, typed)
        errors = problem.errors if isinstance(problem, Invalid) else {"": message_of(request, problem)}
        return await ask_page(request, typed, problem.status, errors=dict(errors), key=fields.key())
    await drop_draft(request.reader, draft_key(request))
    if asked.ticket is not None:
        await parts.sent("capacity_project", request, asked.ticket)
    if asked.missing:
        # what was chosen is still chosen where it goes on
        chosen = {name: fields.get(name, "") for name in ("capacity", "on_behalf") if fields.get(name, "")}
        notice = " ".join([_("Kept as a draft; nobody sees it yet."), *asked.missing.values()])
        return redirect(request, f"{asked.posted.url}?{urlencode(chosen)}#submission", notice)
    notice = _("Kept as a draft. Say in which capacity you ask, and submit it.") if asked.is_draft else ""
    if asked.is_again and not asked.is_draft:
        notice = _("You asked this already; here it is.")
    elif fields.get("then") == "raise" and not asked.is_draft:
        if asked.ticket is not None:
            return redirect(
                request, f"/tickets/{asked.ticket}/bump", _("Submitted. It waits already; raise it if you like.")
            )
        notice = _("This is no ticket where it stands, so there is nothing to raise.")
    return redirect(request, asked.posted.url, notice)


async def submission_faults(request: Request, project: int, typed: Mapping[str, str]) -> dict[str, str]:
    """What is wrong or missing beside title and text, by field, before anything is made of them: where it is to go, what
    the form there asks, and of a question to the team its capacity and consent. `project` 0: none is chosen yet."""
    fields, faults = request.fields, {}
    if not project:
        # all that every project asks of a question, and that stands on the page already
        return consent_faults((), typed["capacity"], accepts_terms=False, shown=None) if asks_a_team(typed) else {}
    try:
        place: Row | None = await place_in(project, typed)
    except Invalid as problem:
        # the page comes back with this category's form
        faults, place = problem.errors, team_category(await categories_of(project))
    if place is None:
        return faults
    _answers, wrong, missing = read_answers(await fields_of(place["id"]), sent(fields))
    if place["kind"] == "support":
        terms = await unaccepted_terms(request.reader.person, project)
        accepts, shown = fields.get("terms") == "1", shown_terms(fields)
        missing |= consent_faults(terms, typed["capacity"], accepts_terms=accepts, shown=shown)
    return faults | wrong | missing


def asks_a_team(typed: Mapping[str, str]) -> bool:
    """Whether what was typed would be a question to the team of whichever project is chosen."""
    if typed["private"] == "1" or typed["category"]:
        return False
    return typed["only_team"] == "1" or suggest_kind(typed["title"], typed["markdown"]).kind == "support"


async def is_for_support(typed: Mapping[str, str]) -> bool:
    """Whether what was typed would become a ticket, whose draft is a thread; other drafts are kept as they are typed."""
    place = await place_of_text(typed)
    return place is not None and bool(place["kind"] == "support")


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
    route("/ask/preview", preview, access="signed_in", methods=("POST",), while_read_only=True),
]
