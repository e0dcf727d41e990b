"""The figures on a project's dashboard, and each of them as a file."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from categories.figures import queries
from categories.figures.charts import PERIODS, Chart, charts_of, groups_of, people_chart, read
from categories.support.inbox.pages import team_project
from forum.database.engine import Row
from forum.projects.roles import may
from forum.web import parts
from forum.web.csv_text import MEDIA_TYPE, cell, lines
from forum.web.errors import NotFound
from forum.web.requests import Request
from forum.web.routing import route


def asked_months(request: Request) -> int:
    """How many months back, out of `?months=`; six unless said."""
    text = request.query_params.get("months", "")
    return int(text) if text in {str(each) for each in PERIODS} else 6


async def all_charts(request: Request, project: Row) -> list[Chart]:
    """Every chart of the period that is asked for, as far as this reader is told. Four statements."""
    now = datetime.now(UTC)
    months = asked_months(request)
    figures = await read(project["id"], months, now)
    since = datetime.combine(figures.months[0], datetime.min.time(), UTC)
    is_owner = may(request.reader, "pay_out", project["id"])
    people = await queries.people_of(project["id"], since, None if is_owner else request.reader.id)
    return [*charts_of(figures), groups_of(figures), people_chart(people, is_owner=is_owner)]


async def dashboard_charts(request: Request, project: Row) -> dict[str, Any]:
    """The charts below the dashboard's own figures."""
    return {
        "charts": await all_charts(request, project),
        "project": project,
        "months": asked_months(request),
        "periods": PERIODS,
    }


async def chart_csv(request: Request) -> Response:
    """`/p/{project}/dashboard/{chart}.csv`: the rows of one chart."""
    project = await team_project(request)
    name = request.path_params["chart"]
    chart = next((each for each in await all_charts(request, project) if each.name == name), None)
    if chart is None:
        raise NotFound
    return Response(
        lines([chart.head, *([cell(value) for value in row] for row in chart.rows)]),
        headers={"content-disposition": f'attachment; filename="{project["slug"]}-{name}.csv"'},
        media_type=MEDIA_TYPE,
    )


PART = parts.Part(dashboard_charts, "figures/charts.html")
routes = [route("/p/{project}/dashboard/{chart}.csv", chart_csv, access="team")]
