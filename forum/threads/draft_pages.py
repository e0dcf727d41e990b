"""`/drafts`, where open composers keep what is being written, and the list of one's drafts."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from forum.database.engine import fetch_value
from forum.threads import drafts
from forum.threads.edit_pages import editable, is_as_it_stands
from forum.threads.pages import asked_id, quote_from
from forum.threads.visibility import visible_thread
from forum.web.errors import Invalid, NotFound, Problem
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.pages import page, redirect
from forum.web.requests import Form, Request
from forum.web.routing import route

# What a draft of a new thread keeps beside its words, with the most characters of each.
CHOICES = {"project": 100, "category": 100, "private": 1, "capacity": 20, "only_team": 1, "verbatim": 1}
# … what one of a change of a post does
CHANGED = {"upon": 9, "tags": 300, "reason": 300}
# … and what a project's form was told, each a log at most.
ANSWER_MOST, ANSWERS_MOST = 400_000, 20
# An open composer keeps its draft every three seconds at most; this leaves room for several of them.
A_MINUTE = 120


async def sent_fields(request: Request) -> Form:
    """What a script sent as JSON, or a form; as a form. Raises Invalid."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return request.fields
    sent = await request.json_object()
    # half a character (JSON can write one) is nothing that a database can keep
    return Form({name: [as_text(value).encode(errors="replace").decode()] for name, value in sent.items()})


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value) if isinstance(value, int) else ""


def asked_version(fields: Form) -> int | None:
    """The version of the draft that somebody saw; None where they do not say."""
    return fields.integer("version", least=0) if fields.get("version") else None


async def checked_key(request: Request, fields: Form) -> str:
    """The key a draft is kept under. Raises Invalid for what no composer has, NotFound for a thread not to be seen."""
    key = fields.text("key", limit=100)
    if not drafts.KEY.fullmatch(key):
        raise Invalid({"key": _("This is no draft's key.")})
    kind, _colon, thread = key.partition(":")
    if kind == "thread" and not await fetch_value(
        f"select 1 from thread t where t.id = $1 and {visible_thread('t', '$2')}",
        int(thread),
        request.reader.person,
    ):
        raise NotFound
    return key


async def keep(request: Request) -> Response:
    """Keep a draft: `key`, `title`, `markdown`, `version`, and the choices of a new thread; answers its new version.

    `sent_as`: the key that its form is sent with. Where a post of it is there already or on its way, the draft came too
    late: nothing is kept, and the version is 0.

    409: another device kept a newer one, sent it or dropped it.
    """
    try:
        kept = await keep_sent(request)
    except Problem as problem:
        return problem_of(problem)
    return JSONResponse(kept)


async def keep_sent(request: Request) -> Mapping[str, object]:
    reader = request.reader
    await limit(f"draft:{reader.person}", most=A_MINUTE, seconds=60)
    fields = await sent_fields(request)
    key = await checked_key(request, fields)
    title = fields.text("title", limit=300, required=False)
    # not trimmed: a draft ends where its author stopped
    markdown = fields.get("markdown", "").replace("\r\n", "\n").replace("\0", "")
    if len(markdown) > 100_000:
        fields.fail("markdown", _("At most %(n)d characters.") % {"n": 100_000})
    version = asked_version(fields)
    fields.check()
    data: dict[str, str] = {}
    if key.startswith("post:"):
        source = await editable(reader, int(key.removeprefix("post:")))
        data = {name: fields.text(name, limit=most, required=False) for name, most in CHANGED.items()}
        if is_as_it_stands(source, title, markdown, data["tags"]):
            title = markdown = ""
    elif key.startswith("thread:"):
        data = drafts.data_of_reply(fields.get("purpose"))
    else:
        data = {
            name: value for name, most in CHOICES.items() if (value := fields.text(name, limit=most, required=False))
        }
        for name in [name for name in fields if drafts.ANSWER.fullmatch(name)][:ANSWERS_MOST]:
            if value := fields.get(name, "")[:ANSWER_MOST]:
                data[name] = value
    fields.check()
    kept = await drafts.keep_draft(
        reader, key, title=title, markdown=markdown, data=data, version=version, sent_as=fields.key("sent_as")
    )
    return {"version": kept, "saved_at": datetime.now(UTC).isoformat(timespec="seconds")}


async def drop(request: Request) -> Response:
    """Forget a draft: `key`, and the `version` that was seen, so that no newer one goes; twice changes nothing."""
    fields = await sent_fields(request)
    key, version = fields.text("key", limit=100), asked_version(fields)
    fields.check()
    is_gone = await drafts.drop_draft(request.reader, key, version=version)
    if request.headers.get("content-type", "").startswith("application/json"):
        return Response(status_code=204) if is_gone else problem_of(drafts.is_behind())
    notice = _("The draft is gone.") if is_gone else _("The draft is newer than the one you saw; it is still here.")
    return redirect(request, f"/u/{request.reader.username}/drafts", notice)


def problem_of(problem: Problem) -> Response:
    return JSONResponse({"error": problem.message, "kind": problem.kind}, problem.status)


async def list_drafts(request: Request) -> Response:
    """`/u/{username}/drafts`: one's own, newest first; those of others are not there."""
    if request.path_params["username"].lower() != request.reader.username.lower():
        raise NotFound
    return await page(request, "threads/drafts.html", drafts=await drafts.drafts_of(request.reader))


async def quote(request: Request) -> Response:
    """A whole post as a quote, in plain text, for the composer of an open page."""
    text = await quote_from(request.reader, asked_id(request), request.path_params["number"])
    if not text:
        raise NotFound
    return PlainTextResponse(text)


routes = [
    route("/quotes/{id}/{number}", quote, access="signed_in"),
    route("/drafts", keep, access="signed_in", methods=("POST",)),
    route("/drafts/delete", drop, access="signed_in", methods=("POST",)),
    route("/u/{username}/drafts", list_drafts, access="signed_in"),
]
