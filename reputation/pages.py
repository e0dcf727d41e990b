"""`/p/{project}/supporters`: who earned most points in a period, and the rows behind each figure."""

from datetime import UTC, date, datetime
from typing import Any

from starlette.responses import RedirectResponse, Response

from forum.database.engine import Row
from forum.projects.queries import project_by_slug
from forum.projects.rules import role_name
from forum.web import parts
from forum.web.errors import NotFound
from forum.web.i18n import _
from forum.web.pages import page
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.routing import route
from reputation import queries
from reputation.rules import POINTS, Period, event_name, kind_name, period_names, period_of

ROWS_A_PAGE = 50


def asked_period(request: Request) -> Period:
    """The period of `?period=`, this month unless said. Raises NotFound for another word."""
    try:
        return period_of(request.query_params.get("period") or "month", datetime.now(UTC).date())
    except KeyError:
        raise NotFound from None


def place_of(row: Row) -> tuple[str, bool]:
    """What somebody is in the project, and whether that is of its team."""
    if row["role"]:
        return role_name(row["role"]), True
    if row["kind"] == "local":
        return _("Community"), False
    return row["username"].partition("@")[2], False


def spark(points: list[int]) -> str:
    """The path of a sparkline 88 wide and 24 high; "" where there is nothing to draw."""
    most = max(points, default=0)
    if most <= 0:
        return ""
    step = 88 / (len(points) - 1)
    return " ".join(f"{n * step:.1f} {22 - 20 * max(value, 0) / most:.1f}" for n, value in enumerate(points))


async def shown_board(
    reader: Reader, project: Row, rows: list[Row], before: int, most: int, today: date
) -> list[dict[str, Any]]:
    """The rows of the board: who, in which place (equal points, equal place), with a bar and a line of twelve months."""
    months = await queries.points_by_month(reader, project["id"], [row["id"] for row in rows], today)
    shown: list[dict[str, Any]] = []
    for n, row in enumerate(rows, start=before + 1):
        tied = bool(shown) and shown[-1]["points"] == row["points"]
        role, is_team = place_of(row)
        shown.append(
            dict(row)
            | {
                "place": shown[-1]["place"] if tied else n,
                "share": round(100 * row["points"] / most, 1),
                "months": months[row["id"]],
                "spark": spark(months[row["id"]]),
                "shown_role": role,
                "is_team": is_team,
            }
        )
    return shown


async def supporters(request: Request) -> Response:
    """`/p/{project}/supporters`: the board of a period; `?below=` goes on below somebody's points."""
    project = await project_by_slug(request.path_params["project"])
    period = asked_period(request)
    try:
        below = queries.asked_below(request.query_params.get("below", ""))
    except ValueError:
        raise NotFound from None
    rows, older = await queries.board_of(request.reader, project["id"], period, below=below)
    most = max(below.most if below else 0, *(row["points"] for row in rows[:1]), 1)
    return await page(
        request,
        "reputation/supporters.html",
        project=project,
        active="supporters",
        period=period,
        periods=period_names(),
        rows=await shown_board(
            request.reader, project, rows, below.before if below else 0, most, datetime.now(UTC).date()
        ),
        older=older,
        rules=rules(),
        aside=await parts.load("supporters_aside", request, project, period),
    )


def rules() -> list[tuple[str, int, int, int]]:
    """What earns points: (words, points, how many a day, how many of one person)."""
    return [(kind_name(kind), worth.points, worth.a_day, worth.from_one) for kind, worth in POINTS.items()]


def asked_below(request: Request) -> tuple[date, int] | None:
    """Where a list of rows goes on, `2026-07-30.12`. Raises NotFound for what no page of ours says."""
    day, dot, number = request.query_params.get("below", "").partition(".")
    if not day and not dot:
        return None
    try:
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            raise ValueError(number)
        return date.fromisoformat(day), int(number)
    except ValueError:
        raise NotFound from None


async def supporter(request: Request) -> Response:
    """`/p/{project}/supporters/{username}`: each row behind somebody's points in a period, with what it was for."""
    project = await project_by_slug(request.path_params["project"])
    period = asked_period(request)
    person = await queries.supporter_of(request.reader, project["id"], request.path_params["username"], period)
    if person is None:
        raise NotFound
    base = f"/p/{project['slug']}/supporters"
    if person["claimed_by"]:
        return RedirectResponse(f"{base}/{person['claimed_by']}?period={period.name}", 302)
    rows = await queries.events_of(
        request.reader, project["id"], person["id"], period, below=asked_below(request), limit=ROWS_A_PAGE + 1
    )
    shown = rows[:ROWS_A_PAGE]
    role, is_team = place_of(person)
    return await page(
        request,
        "reputation/supporter.html",
        project=project,
        active="supporters",
        base=base,
        person=person,
        shown_role=role,
        is_team=is_team,
        period=period,
        periods=period_names(),
        rows=[dict(row) | {"what": event_name(row["kind"], stands=row["stands"])} for row in shown],
        older=f"{shown[-1]['day']}.{shown[-1]['id']}" if len(rows) > ROWS_A_PAGE else "",
        rules=rules(),
        facts=await parts.load("supporter_facts", request, project, person, period),
    )


async def profile_panel(request: Request, person: Row) -> dict[str, Any] | None:
    """A panel of a person's page: their points, project by project."""
    rows = await queries.points_of(request.reader, person["id"])
    return {"rows": rows, "person": person} if rows else None


PROFILE_PANEL = parts.Part(profile_panel, "reputation/panel.html")


routes = [
    route("/p/{project}/supporters", supporters),
    route("/p/{project}/supporters/{username}", supporter),
]
