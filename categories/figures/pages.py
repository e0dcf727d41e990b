"""The figures on a project's dashboard, and each of them as a file."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from categories.figures import queries
from categories.figures.charts import PERIODS, Chart, charts_of, groups_of, people_chart, read
from categories.figures.queries import Chosen
from categories.support.inbox.pages import team_project
from categories.support.promises.workdays import Calendar
from forum.database.engine import Row
from forum.projects.roles import may
from forum.web import parts
from forum.web.csv_text import MEDIA_TYPE, cell, lines
from forum.web.errors import NotFound
from forum.web.requests import Request
from forum.web.routing import route


@dataclass(frozen=True)
class Asked:
    """What a page or a file is asked to show. `categories`, `people`: what this reader may choose."""

    months: int
    chosen: Chosen
    categories: list[Row]
    people: list[Row]
    is_owner: bool
    given: dict[str, str]

    def query(self, **other: Any) -> str:
        """As the query of an address, with some of it another."""
        named = {"months": self.months, **self.given, **other}
        return "?" + urlencode({name: value for name, value in named.items() if value})


async def asked_of(request: Request, project: Row) -> Asked:
    """Months, category, line and person out of the address. Raises NotFound where one of them is none, or not for this
    reader: of the team each sees what they did, the owner what all did. One statement."""
    categories, people = await queries.choices_of(request.reader, project["id"])
    is_owner = may(request.reader, "pay_out", project["id"])
    people = [row for row in people if is_owner or row["id"] == request.reader.id]
    names = ("category", "line", "person")
    given = {name: request.query_params[name] for name in names if request.query_params.get(name)}
    category = next((row["id"] for row in categories if row["slug"] == given.get("category")), None)
    person = next((row["id"] for row in people if row["slug"] == given.get("person")), None)
    line = given.get("line", "")
    wrong = ("category" in given and category is None) or ("person" in given and person is None)
    if wrong or line not in ("", "paid", "unpaid"):
        raise NotFound
    return Asked(asked_months(request), Chosen(category, line, person), categories, people, is_owner, given)


def asked_months(request: Request) -> int:
    """How many months back, out of `?months=`; six unless said."""
    text = request.query_params.get("months", "")
    return int(text) if text in {str(each) for each in PERIODS} else 6


async def all_charts(request: Request, project: Row, asked: Asked, calendar: Calendar | None = None) -> list[Chart]:
    """Every chart of what is asked for, as far as this reader is told. Four statements, and one for the calendar."""
    now = datetime.now(UTC)
    figures = await read(project["id"], asked.months, now, asked.chosen, calendar)
    since = datetime.combine(figures.months[0], datetime.min.time(), UTC)
    whose = asked.chosen.person if asked.is_owner else request.reader.id
    people = await queries.people_of(project["id"], since, whose, asked.chosen)
    return [
        *charts_of(figures),
        groups_of(figures, {row["name"] for row in asked.categories}),
        people_chart(people, is_owner=asked.is_owner),
    ]


async def dashboard_charts(request: Request, project: Row, calendar: Calendar | None = None) -> dict[str, Any]:
    """The charts below the dashboard's own figures."""
    asked = await asked_of(request, project)
    return {
        "charts": await all_charts(request, project, asked, calendar),
        "project": project,
        "asked": asked,
        "periods": PERIODS,
    }


async def chart_csv(request: Request) -> Response:
    """`/p/{project}/dashboard/{chart}.csv`: the rows of one chart."""
    project = await team_project(request)
    name = request.path_params["chart"]
    chart = next(
        (each for each in await all_charts(request, project, await asked_of(request, project)) if each.name == name),
        None,
    )
    if chart is None:
        raise NotFound
    return Response(
        lines([chart.head, *([cell(value) for value in row] for row in chart.rows)]),
        headers={"content-disposition": f'attachment; filename="{project["slug"]}-{name}.csv"'},
        media_type=MEDIA_TYPE,
    )


PART = parts.Part(dashboard_charts, "figures/charts.html")
routes = [route("/p/{project}/dashboard/{chart}.csv", chart_csv, access="team")]
