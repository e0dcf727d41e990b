"""The pages of saved views: all of them, with their filters to change, and the forms behind that."""

from collections.abc import Mapping

from starlette.responses import Response

from categories.support.inbox import filters, views
from categories.support.inbox.buckets import counts_of
from categories.support.inbox.filters import WHOLE, Filter, read_filter
from categories.support.inbox.pages import team_project
from categories.support.inbox.view_counts import counted_views, views_for
from categories.support.queries import queue_state
from forum.database.engine import Row
from forum.threads.pages import asked_id
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.requests import Form, Request
from forum.web.routing import route


def sent_filter(form: Form) -> Filter:
    """The filter of a form. Raises Invalid."""
    chosen = read_filter(form)
    if chosen is None:
        raise Invalid({"view": _("Choose one of these.")})
    return chosen


async def views_page(request: Request) -> Response:
    """`/p/{project}/inbox/views`: the team's and one's own, to change, to put in order, and a form for another one."""
    project = await team_project(request)
    return await show(request, project, read_filter(request.query_params) or WHOLE, {})


async def show(request: Request, project: Row, chosen: Filter, errors: Mapping[str, str], name: str = "") -> Response:
    reader = request.reader
    counts = await counts_of(project["id"], reader.person, await queue_state(project["id"]))
    return await page(
        request,
        "support/views.html",
        422 if errors else 200,
        project=project,
        views=views_for(reader.person, await counted_views(project["id"], [reader.person]), counts),
        may_share=views.may_edit_shared(reader, project["id"]),
        chosen=chosen,
        name=name,
        errors=errors,
        buckets=[(each, filters.bucket_name(each)) for each in filters.BUCKETS],
        lines=[(each, filters.line_name(each)) for each in filters.LINES],
    )


async def save(request: Request) -> Response:
    """Keep a filter under a name; then its list."""
    project = await team_project(request)
    form = request.fields
    try:
        chosen = sent_filter(form)
        await views.save_view(
            request.reader, project["id"], form.get("name", ""), chosen, shared=form.get("shared") == "1"
        )
    except Invalid as invalid:
        return await show(request, project, read_filter(form) or WHOLE, invalid.errors, form.get("name", "")[:100])
    return redirect(request, f"/p/{project['slug']}/inbox{chosen.query}", _("The view is kept."))


async def change(request: Request) -> Response:
    project = await team_project(request)
    form = request.fields
    try:
        await views.change_view(
            request.reader, project["id"], asked_id(request, "view"), form.get("name", ""), sent_filter(form)
        )
    except Invalid as invalid:
        return await show(request, project, read_filter(form) or WHOLE, invalid.errors)
    return redirect(request, f"/p/{project['slug']}/inbox/views", _("The view is kept."))


async def delete(request: Request) -> Response:
    project = await team_project(request)
    await views.delete_view(request.reader, project["id"], asked_id(request, "view"))
    return redirect(
        request, f"/p/{project['slug']}/inbox/views", _("The view is gone; its tickets are where they were.")
    )


async def move(request: Request) -> Response:
    project = await team_project(request)
    step = -1 if request.fields.get("step") == "up" else 1
    await views.move_view(request.reader, project["id"], asked_id(request, "view"), step)
    return redirect(request, f"/p/{project['slug']}/inbox/views")


# before the inbox's: /inbox/views reads like /inbox/{ticket}
routes = [
    route("/p/{project}/inbox/views", views_page, access="team"),
    route("/p/{project}/inbox/views", save, access="team", methods=("POST",)),
    route("/p/{project}/inbox/views/{view}", change, access="team", methods=("POST",)),
    route("/p/{project}/inbox/views/{view}/delete", delete, access="team", methods=("POST",)),
    route("/p/{project}/inbox/views/{view}/move", move, access="team", methods=("POST",)),
]
