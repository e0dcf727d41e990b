"""`/api/v1/projects/{project}/ledger`: the public book as JSON, for whom the page shows the same."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from forum.api.v1 import asked_size, digits
from forum.database.engine import Row
from forum.projects.queries import project_by_slug
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.requests import Request
from forum.web.routing import BIGGEST, route
from payouts.book.queries import book_of, rows_of
from payouts.book.rules import Figures, period_of

FIGURES = ("income", "fees", "tax", "paid_out", "kept", "pool", "owed")
AMOUNTS = ("net", "fee", "tax", "pool", "kept", "paid_out")


def figures(moved: Figures) -> dict[str, int]:
    return {name: getattr(moved, name) for name in FIGURES}


def transaction(row: Row) -> dict[str, Any]:
    """One movement; who paid or was paid is not said here to anybody."""
    return {
        "id": row["id"],
        "at": row["at"].isoformat(),
        "kind": row["kind"],
        "thread": row["thread_id"],
        "currency": row["currency"],
        **{name: row[name] for name in AMOUNTS},
    }


async def ledger(request: Request) -> Response:
    """`GET /api/v1/projects/{project}/ledger?period=&cursor=&limit=`: a page of movements, and the totals of the period."""
    project = await project_by_slug(request.path_params["project"])
    today = datetime.now(UTC).date()
    try:
        period = period_of(request.query_params.get("period", ""), today)
    except KeyError:
        raise Invalid({"period": _("A quarter such as 2026-Q3, a year, or all.")}) from None
    size = asked_size(request)
    cursor = request.query_params.get("cursor", "")
    behind = digits(cursor, BIGGEST)
    if cursor and behind is None:
        raise Invalid({"cursor": _("This is not a cursor of this list.")})
    shown = await book_of(request.reader, project["id"], period, today)
    rows: list[Row] = []
    older = None
    if shown.rows:
        try:
            rows, older = await rows_of(request.reader, project["id"], period, behind=behind, limit=size)
        except NotFound:
            raise Invalid({"cursor": _("This is not a cursor of this list.")}) from None
    return JSONResponse(
        {
            "period": period.name,
            "detail": "rows" if shown.rows else "months",
            "totals": [{"currency": book.currency, **figures(book.total)} for book in shown.books],
            "months": [
                {"month": step.name, "currency": book.currency, **figures(moved)}
                for book in shown.books
                for step, moved in book.steps
            ],
            "transactions": [transaction(row) for row in rows],
            "next": str(older) if older else None,
        }
    )


routes = [route("/api/v1/projects/{project}/ledger", ledger)]
