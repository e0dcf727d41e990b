"""`/p/{project}/bumps`: what was ordered and waits for its money, and what was paid; for owners."""

from starlette.responses import Response

from forum.projects.queries import project_by_slug
from forum.projects.roles import require
from forum.web.pages import page
from forum.web.requests import Request
from forum.web.routing import route
from payouts.bumps.queries import A_PAGE, bumps_of_project


def below(request: Request, name: str) -> int:
    """From which id on a list goes on, out of the query; 0: from its beginning."""
    value = request.query_params.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0


async def project_bumps(request: Request) -> Response:
    """The open ones, by reference where one is looked for (`?q=`), and the paid ones below."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "sell", project["id"])
    reference = request.query_params.get("q", "")[:60].strip()
    lists = {}
    for state in ("open", "paid", "cancelled"):
        if state == "cancelled" and not reference:
            continue
        rows = await bumps_of_project(
            request.reader,
            project["id"],
            state,
            reference=reference,
            below=below(request, state),
            limit=A_PAGE + 1,
        )
        lists[state] = (rows[:A_PAGE], rows[A_PAGE - 1]["id"] if len(rows) > A_PAGE else 0)
    return await page(request, "bumps/project_bumps.html", project=project, active="bumps", q=reference, lists=lists)


routes = [route("/p/{project}/bumps", project_bumps, access="signed_in")]
