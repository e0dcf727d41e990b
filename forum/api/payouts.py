"""Our own JSON about payouts: a project's pool and its runs, for its owners."""

from typing import Any

from starlette.responses import JSONResponse, Response

from forum.api.v1 import asked_size, digits, moment
from forum.database.engine import Row
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.requests import Request
from forum.web.routing import route
from payouts.runs.pages import owners_project
from payouts.runs.queries import figures_of, line_in, lines_of, runs_of
from payouts.runs.shown import why


def money(amount: int, currency: str) -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


def line_as_json(row: Row, run: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "kind": row["kind"],
        "username": row["username"],
        "amount": money(row["amount"], run["currency"]),
        "why": why(line_in(row), run["currency"], run["kept"]),
        "paid_at": moment(row["paid_at"]),
        "how": row["how"],
        "reference": row["reference"],
    }


async def payouts(request: Request) -> Response:
    """`GET /api/v1/projects/{project}/payouts`: what the pool holds, and the runs with their lines, the latest first."""
    project = await owners_project(request)
    size = asked_size(request)
    cursor = request.query_params.get("cursor", "")
    below = digits(cursor, 2**62)
    if cursor and below is None:
        raise Invalid({"cursor": _("This is not a cursor of this list.")})
    runs = await runs_of(project["id"], below=below, limit=size + 1)
    lines = await lines_of([run["id"] for run in runs[:size]])
    figures = await figures_of(project)
    currency = project["currency"]
    return JSONResponse(
        {
            "pool": money(figures["pool"], currency),
            "owed": money(figures["payable"], currency),
            "kept": money(figures["kept"], currency),
            "paid_out": money(figures["paid_out"], currency),
            "runs": [
                {
                    "id": run["id"],
                    "state": run["state"],
                    "pool": money(run["pool"], run["currency"]),
                    **{name: moment(run[name]) for name in ("drafted_at", "approved_at", "booked_at", "cancelled_at")},
                    "lines": [line_as_json(row, run) for row in lines[run["id"]]],
                }
                for run in runs[:size]
            ],
            "next": str(runs[size - 1]["id"]) if len(runs) > size else None,
        }
    )


routes = [route("/api/v1/projects/{project}/payouts", payouts, access="team")]
