"""The form to edit a post, and the draft of what is being changed in it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from forum.database.engine import Row
from forum.threads import drafts, editing, writing
from forum.threads.fragments import powers_in
from forum.threads.pages import TOOLS, asked_id
from forum.threads.queries import post_source, thread_head
from forum.web.error_pages import message_of
from forum.web.errors import Conflict, Invalid, NotFound, ReadOnly, TooMany
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.reader import Reader
from forum.web.requests import Form, Request
from forum.web.routing import route
from forum.web.switches import check_writable


async def editable(reader: Reader, post: int) -> Row:
    """A post that this reader may change, of `post_source`. Raises NotFound."""
    source = await post_source(reader, post)
    head = await thread_head(reader, source["thread_id"])
    if source["person_id"] != reader.id and not powers_in(reader, head).may_moderate:
        raise NotFound
    return source


def key_of(source: Row) -> str:
    return f"post:{source['id']}"


def is_as_it_stands(source: Row, title: str, markdown: str, tags: str) -> bool:
    """Whether a draft would change nothing."""
    if source["number"] == 1 and (title != source["title"] or sorted(tags.split()) != sorted(source["tags"])):
        return False
    return bool(markdown.strip() == source["markdown"].strip())


async def edit_page(request: Request) -> Response:
    """The form to edit a post; of a first post, title and tags too. A draft goes on where it ended; one of a text that was
    changed since is offered, and shown where that was asked for (`?draft=1`)."""
    source = await editable(request.reader, asked_id(request))
    typed = dict(source) | {"upon": source["revision_count"]}
    draft = await drafts.draft_of(request.reader, key_of(source))
    told: Mapping[str, Any] = draft["data"] if draft else {}
    if draft is None or is_as_it_stands(source, draft["title"], draft["markdown"], told.get("tags", "")):
        return await edit_form(request, source, typed, draft=draft)
    is_older = told.get("upon") != str(source["revision_count"])
    if is_older and "draft" not in request.query_params:
        return await edit_form(request, source, typed, draft=draft, offers=True)
    typed |= {"markdown": draft["markdown"], "title": draft["title"], "reason": told.get("reason", "")}
    typed |= {"tags": told.get("tags", "").split()}
    return await edit_form(request, source, typed, draft=draft, resumes=True, is_older=is_older)


async def edit_form(
    request: Request, source: Row, typed: Mapping[str, Any], status: int = 200, *, draft: Row | None = None, **more: Any
) -> Response:
    """The form with what was typed, or stands; `offers`: a draft that is not shown, `resumes`: it is one that is shown,
    `is_older`: the post was changed since it was begun."""
    shown = {"errors": {}, "preview": None, "offers": False, "resumes": False, "is_older": False} | more
    version = draft["version"] if draft is not None else 0
    return await page(
        request, "threads/edit.html", status, post=source, fields=typed, draft_version=version, **shown, **TOOLS
    )


async def edit(request: Request) -> Response:
    """Change the post; or, by another of the form's buttons, look at a preview, keep the draft, leave post and draft."""
    source = await editable(request.reader, asked_id(request))
    fields, here = request.fields, f"/t/{source['slug']}/{source['thread_id']}/{source['number']}"
    if "leave" in fields:
        with suppress(ReadOnly):
            await check_writable(request)
            await drafts.drop_draft(request.reader, key_of(source))
        return redirect(request, f"{here}#post_{source['number']}")
    markdown = fields.text("markdown", limit=100_000)
    title = fields.text("title", limit=max(160, len(source["title"]))) if source["number"] == 1 else None
    tags = fields.get("tags", "").replace(",", " ").split() if source["number"] == 1 else None
    reason, upon = fields.get("reason", ""), upon_of(fields)
    typed = {"markdown": markdown, "title": title, "tags": tags or [], "reason": reason, "upon": upon}
    if "preview" in fields:
        cooked = await writing.preview_of(markdown, source["project_slug"], is_local=source["origin"] == "local")
        draft = await drafts.draft_of(request.reader, key_of(source))
        return await edit_form(request, source, typed, draft=draft, preview=Markup(cooked.html))
    if "save" in fields:
        await check_writable(request)
        await keep_edit(request, source, typed)
        return redirect(request, f"/posts/{source['id']}/edit", _("Draft kept."))
    try:
        await check_writable(request)
        fields.check()
        posted = await editing.edit_post(
            request.reader, source["id"], markdown, title=title, tags=tags, reason=reason, upon=upon
        )
    except (Invalid, Conflict, ReadOnly, TooMany) as problem:
        if not isinstance(problem, ReadOnly):
            await keep_edit(request, source, typed)
        is_older = isinstance(problem, Conflict)
        if is_older:
            # seen now; whoever saves once more means it
            source = await editable(request.reader, source["id"])
            typed |= {"upon": source["revision_count"]}
        errors = problem.errors if isinstance(problem, Invalid) else {"": message_of(request, problem)}
        draft = await drafts.draft_of(request.reader, key_of(source))
        return await edit_form(request, source, typed, problem.status, draft=draft, errors=errors, is_older=is_older)
    await drafts.drop_draft(request.reader, key_of(source))
    return redirect(request, f"/t/{posted.slug}/{posted.thread}/{posted.number}#post_{posted.number}")


def upon_of(fields: Form) -> int | None:
    """Which revision of the post was in the form; None where it does not say."""
    told = fields.get("upon", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else None


async def keep_edit(request: Request, source: Row, typed: Mapping[str, Any]) -> None:
    upon = "" if typed["upon"] is None else str(typed["upon"])
    data = {"upon": upon, "tags": " ".join(typed["tags"])[:300], "reason": typed["reason"][:300]}
    await drafts.keep_draft(
        request.reader, key_of(source), title=typed["title"] or "", markdown=typed["markdown"], data=data
    )


routes = [
    route("/posts/{id}/edit", edit_page, access="signed_in"),
    route("/posts/{id}/edit", edit, access="signed_in", methods=("POST",), while_read_only=True),
]
