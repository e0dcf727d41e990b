"""Our own JSON about response templates: the project's and one's own, authorised as on their page."""

from typing import Any

from starlette.responses import JSONResponse, Response

from categories.support.inbox.pages import team_project
from categories.support.replies import actions
from categories.support.replies.actions import Written
from categories.support.replies.queries import template_for, templates_of
from categories.support.replies.rules import PURPOSES, TEXT_MOST, TITLE_MOST, used_in
from forum.api.reading import Body, read_body
from forum.api.v1 import moment
from forum.database.engine import Row
from forum.threads.pages import asked_id
from forum.web.requests import Request
from forum.web.routing import route


def as_json(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "word": row["word"],
        "title": row["title"],
        "markdown": row["markdown"],
        "purpose": row["purpose"],
        "own": row["owner_id"] is not None,
        "variables": used_in(row["markdown"]),
        "uses": row["uses"],
        "used_at": moment(row["used_at"]),
    }


def written(body: Body, *, is_own: bool | None = None) -> Written:
    """A template as it was sent; whose it is only where that can be said. Raises Invalid."""
    word = body.text("word", most=30)
    title = " ".join(body.text("title", most=TITLE_MOST).split())
    markdown = body.text("markdown", most=TEXT_MOST)
    purpose = body.choice("purpose", PURPOSES, default="reply")
    own = body.flag("own", required=True) if is_own is None else is_own
    body.check()
    return Written(word, title, markdown, purpose, own)


async def templates(request: Request) -> Response:
    """`GET /api/v1/projects/{project}/templates`: those the caller may use, the most used first."""
    project = await team_project(request)
    rows = await templates_of(request.reader, project["id"])
    return JSONResponse({"templates": [as_json(row) for row in rows]})


async def create_template(request: Request) -> Response:
    """`POST /api/v1/projects/{project}/templates`: a new one, one's own or as a maintainer the project's."""
    body = await read_body(request)
    project = await team_project(request)
    made = await actions.create(request.reader, project["id"], written(body))
    return JSONResponse(as_json(await template_for(request.reader, project["id"], made)), 201)


async def change_template(request: Request) -> Response:
    """`PUT /api/v1/projects/{project}/templates/{template}`: write one anew."""
    body = await read_body(request)
    project = await team_project(request)
    template = asked_id(request, "template")
    row = await template_for(request.reader, project["id"], template)
    await actions.change(request.reader, project["id"], template, written(body, is_own=row["owner_id"] is not None))
    return JSONResponse(as_json(await template_for(request.reader, project["id"], template)))


async def delete_template(request: Request) -> Response:
    """`DELETE /api/v1/projects/{project}/templates/{template}`: take one away; the page can have it back."""
    project = await team_project(request)
    await actions.delete(request.reader, project["id"], asked_id(request, "template"))
    return Response(status_code=204)


HERE = "/api/v1/projects/{project}/templates"
routes = [
    route(HERE, templates, access="team"),
    route(HERE, create_template, access="team", methods=("POST",)),
    route(f"{HERE}/{{template}}", change_template, access="team", methods=("PUT",)),
    route(f"{HERE}/{{template}}", delete_template, access="team", methods=("DELETE",)),
]
