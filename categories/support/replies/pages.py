"""`/p/{project}/settings/templates`: the project's templates and one's own, each tried with a real thread before use."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from categories.support.inbox.pages import team_project
from categories.support.replies import actions
from categories.support.replies.actions import Written
from categories.support.replies.examples import examples
from categories.support.replies.queries import may_edit, recent_threads, template_for, templates_of, values_for
from categories.support.replies.rules import PURPOSES, TEXT_MOST, TITLE_MOST, fill, unknown_in, variables
from forum.database.engine import Row
from forum.projects.roles import may
from forum.projects.settings_links import Link
from forum.threads.pages import TOOLS, asked_id
from forum.threads.queries import thread_head
from forum.threads.writing import preview_of
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.reader import Reader
from forum.web.requests import Form, Request
from forum.web.routing import route

SETTINGS = Link("templates", lambda: _("Templates"), "use_templates")
FIELDS = ("word", "title", "markdown", "purpose", "whose")
EMPTY = {"word": "", "title": "", "markdown": "", "purpose": "reply", "whose": "own"}


def purpose_names() -> dict[str, str]:
    return {"reply": _("Reply"), "facts": _("Ask for facts"), "resolve": _("Reply and resolve")}


async def templates(request: Request) -> Response:
    """The list, the most used first; what was just deleted can be had back; examples where a project has none."""
    project = await team_project(request)
    reader = request.reader
    rows = await templates_of(reader, project["id"])
    gone: Row | None = None
    if (asked := request.query_params.get("gone", "")).isascii() and asked.isdigit() and len(asked) < 19:
        gone = await deleted_one(reader, project["id"], int(asked))
    words = {row["word"] for row in rows if row["owner_id"] is None}
    is_maintainer = may(reader, "edit_project", project["id"])
    return await page(
        request,
        "support/templates.html",
        project=project,
        active="settings" if is_maintainer else "inbox",
        shared=[row for row in rows if row["owner_id"] is None],
        own=[row for row in rows if row["owner_id"] is not None],
        gone=gone,
        examples=[each for each in examples() if each.word not in words] if is_maintainer and len(words) < 2 else [],
        is_maintainer=is_maintainer,
        purposes=purpose_names(),
    )


async def deleted_one(reader: Reader, project: int, template: int) -> Row | None:
    """A template that the reader may have back, if it is deleted."""
    try:
        row = await template_for(reader, project, template, deleted=True)
    except NotFound:
        return None
    return row if row["deleted_at"] is not None and may_edit(reader, row) else None


def read(form: Form) -> Written:
    """What was typed. Raises Invalid."""
    written = Written(
        word=form.get("word", "").strip().removeprefix("/").lower(),
        title=" ".join(form.text("title", limit=TITLE_MOST).split()),
        markdown=form.text("markdown", limit=TEXT_MOST),
        purpose=form.choice("purpose", PURPOSES, default="reply"),
        is_own=form.choice("whose", ("own", "project"), default="own") == "own",
    )
    form.check()
    return written


async def form_page(
    request: Request,
    project: Row,
    template: Row | None,
    values: Mapping[str, str],
    *,
    faults: Mapping[str, str] | None = None,
    status: int = 200,
    preview: Mapping[str, Any] | None = None,
) -> Response:
    """The form of a new template, or of one that is there."""
    is_maintainer = may(request.reader, "edit_project", project["id"])
    return await page(
        request,
        "support/template.html",
        status,
        project=project,
        active="settings" if is_maintainer else "inbox",
        template=template,
        values=values,
        faults=faults or {},
        preview=preview,
        threads=await recent_threads(request.reader, project["id"]),
        chosen=request.fields.get("thread", ""),
        variables=variables(),
        purposes=list(purpose_names().items()),
        is_maintainer=is_maintainer,
        may_change=template is None or may_edit(request.reader, template),
        **TOOLS,
    )


async def tried(request: Request, project: Row, markdown: str) -> dict[str, Any]:
    """A text as it would stand in the chosen thread; `unknown` and `missing` variables beside it. Raises NotFound."""
    thread = request.fields.get("thread", "")
    known = [str(row["id"]) for row in await recent_threads(request.reader, project["id"])]
    if thread not in known:
        return {"html": Markup(""), "missing": [], "unknown": unknown_in(markdown), "thread": None}
    head = await thread_head(request.reader, int(thread))
    filled = fill(markdown, await values_for(request.reader, head))
    cooked = await preview_of(filled.markdown, project["slug"])
    return {
        "html": Markup(cooked.html),
        "missing": filled.missing,
        "unknown": unknown_in(markdown),
        "thread": head,
    }


async def new_template(request: Request) -> Response:
    """`…/templates/new`: the form; POST tries it with a thread, or makes it."""
    project = await team_project(request)
    if request.method != "POST":
        return await form_page(request, project, None, EMPTY)
    typed = {name: request.fields.get(name, EMPTY[name]) for name in FIELDS}
    if "preview" in request.fields:
        shown = await tried(request, project, typed["markdown"][:TEXT_MOST])
        return await form_page(request, project, None, typed, preview=shown)
    try:
        await actions.create(request.reader, project["id"], read(request.fields))
    except Invalid as invalid:
        return await form_page(request, project, None, typed, faults=invalid.errors, status=422)
    return redirect(request, f"/p/{project['slug']}/settings/templates", _("Kept. Type its word after a slash."))


async def template_page(request: Request) -> Response:
    """`…/templates/{template}`: read it, try it; who may changes it."""
    project = await team_project(request)
    template = await template_for(request.reader, project["id"], asked_id(request, "template"))
    kept = {name: template[name] for name in ("word", "title", "markdown", "purpose")}
    kept["whose"] = "project" if template["owner_id"] is None else "own"
    if request.method != "POST":
        return await form_page(request, project, template, kept)
    typed = {name: request.fields.get(name, kept[name]) for name in FIELDS} | {"whose": kept["whose"]}
    if "preview" in request.fields:
        shown = await tried(request, project, typed["markdown"][:TEXT_MOST])
        return await form_page(request, project, template, typed, preview=shown)
    if not may_edit(request.reader, template):
        raise Forbidden
    version = request.fields.get("version", "")
    try:
        await actions.change(
            request.reader,
            project["id"],
            template["id"],
            read(request.fields),
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else None,
        )
    except Invalid as invalid:
        return await form_page(request, project, template, typed, faults=invalid.errors, status=422)
    except Conflict as conflict:
        return await form_page(request, project, template, typed, faults={"": conflict.message}, status=409)
    return redirect(request, f"/p/{project['slug']}/settings/templates", _("Kept."))


async def delete(request: Request) -> Response:
    """Delete; the list then offers to have it back."""
    project = await team_project(request)
    template = asked_id(request, "template")
    await actions.delete(request.reader, project["id"], template)
    return redirect(request, f"/p/{project['slug']}/settings/templates?gone={template}", "")


async def restore(request: Request) -> Response:
    """Have a deleted one back."""
    project = await team_project(request)
    try:
        await actions.restore(request.reader, project["id"], asked_id(request, "template"))
    except Invalid as invalid:
        return redirect(request, f"/p/{project['slug']}/settings/templates", invalid.message)
    return redirect(request, f"/p/{project['slug']}/settings/templates", _("It is back."))


async def adopt(request: Request) -> Response:
    """Take an example over."""
    project = await team_project(request)
    try:
        made = await actions.adopt(request.reader, project["id"], request.fields.get("example", ""))
    except Invalid as invalid:
        return redirect(request, f"/p/{project['slug']}/settings/templates", invalid.message)
    return redirect(
        request, f"/p/{project['slug']}/settings/templates/{made}", _("It is the project's now; change it as you like.")
    )


HERE = "/p/{project}/settings/templates"
routes = [
    route(HERE, templates, access="team"),
    route(f"{HERE}/new", new_template, access="team", methods=("GET", "POST")),
    route(f"{HERE}/adoption", adopt, access="team", methods=("POST",)),
    route(f"{HERE}/{{template}}", template_page, access="team", methods=("GET", "POST")),
    route(f"{HERE}/{{template}}/delete", delete, access="team", methods=("POST",)),
    route(f"{HERE}/{{template}}/delete/undo", restore, access="team", methods=("POST",)),
]
