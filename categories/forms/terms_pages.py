"""Where terms and codes of conduct are written, what a new version changes, and where every version can be read."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from forum.database.engine import Row, fetch_value
from forum.projects.queries import project_by_slug, versions_of_terms
from forum.projects.roles import require
from forum.projects.settings_links import Link
from forum.projects.terms import BODY_MOST, KINDS, cooked, publish_terms
from forum.threads.diffs import Piece, diff, shortened
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route

SETTINGS: Final = Link("terms", lambda: _("Terms"), "sell")


def asked_kind(request: Request) -> str:
    """Which text the page is about. Raises NotFound."""
    kind = request.query_params.get("kind", "terms")
    if kind not in KINDS:
        raise NotFound
    return kind


async def project_terms(request: Request) -> Response:
    """`/p/{project}/settings/terms`: the project's, by its owners."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "sell", project["id"])
    return await editor(request, project)


async def site_terms(request: Request) -> Response:
    """`/admin/terms`: the site's, by its admins."""
    return await editor(request, None)


async def editor(request: Request, project: Row | None) -> Response:
    """The text in force to go on from; on "What changes" what a new version would change; on "Publish" it is in force."""
    kind = asked_kind(request)
    number = project["id"] if project is not None else None
    versions = await versions_of_terms(number, kind)
    current = versions[0]["body"] if versions else ""
    version = versions[0]["version"] if versions else 0
    body, faults, changes = current, dict[str, str](), list[Piece]()
    is_looking = False
    if request.method == "POST":
        form = request.fields
        body = form.get("body", "").replace("\r\n", "\n").strip()
        is_looking = "look" in form
        try:
            form.text("body", limit=BODY_MOST, required=False)
            form.check()
            if not is_looking:
                base = form.integer("version", least=0)
                form.check()
                now = await publish_terms(request.reader, number, kind, body, base)
                notice = _("Version %(n)d is in force. Everybody is asked with their next question.") % {"n": now}
                return redirect(request, f"{request.scope['path']}?kind={kind}", notice if now > version else "")
        except Invalid as invalid:
            faults, is_looking = dict(invalid.errors), True
        changes = shortened(await asyncio.to_thread(diff, current, body)) if body != current else []
    accepted = await fetch_value(
        "select count(*) from terms_acceptance where terms_id = $1", versions[0]["id"] if versions else 0
    )
    return await page(
        request,
        "forms/terms_settings.html",
        422 if faults else 200,
        project=project,
        active="settings",
        kind=kind,
        body=body,
        version=version,
        accepted=accepted,
        since=versions[0]["created_at"] if versions else None,
        is_looking=is_looking,
        changes=changes,
        shown=cooked(body) if is_looking and body and "body" not in faults else "",
        faults=faults,
        history="/tos/versions" if project is None else f"/p/{project['slug']}/terms",
    )


async def versions(request: Request) -> Response:
    """`/p/{project}/terms`: the project's, every version, for everybody."""
    return await history(request, await project_by_slug(request.path_params["project"]))


async def site_versions(request: Request) -> Response:
    """`/tos/versions`: the site's, every version, for everybody."""
    return await history(request, None)


async def history(request: Request, project: Row | None) -> Response:
    number = project["id"] if project is not None else None
    texts: dict[str, list[Mapping[str, Any]]] = {}
    for kind in KINDS:
        rows = (await versions_of_terms(number, kind))[:50]
        texts[kind] = [
            {
                **dict(row),
                "html": cooked(row["body"]) if n == 0 else "",
                "changes": shortened(await asyncio.to_thread(diff, rows[n + 1]["body"], row["body"]))
                if n + 1 < len(rows)
                else [],
            }
            for n, row in enumerate(rows)
        ]
    return await page(request, "forms/terms_history.html", project=project, active="about", texts=texts)


routes = [
    route("/p/{project}/settings/terms", project_terms, access="signed_in", methods=("GET", "POST")),
    route("/p/{project}/terms", versions),
    route("/admin/terms", site_terms, access="admin", methods=("GET", "POST")),
    route("/tos/versions", site_versions),
]
