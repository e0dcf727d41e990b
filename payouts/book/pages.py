"""`/p/{project}/ledger`: the public book as a page and as a file."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from forum.database.engine import Row
from forum.projects.queries import project_by_slug
from forum.web import parts
from forum.web.csv_text import MEDIA_TYPE, cell, lines
from forum.web.errors import NotFound
from forum.web.money import plain
from forum.web.pages import page
from forum.web.requests import Request
from forum.web.routing import BIGGEST, route
from payouts.book import queries
from payouts.book.queries import Shown
from payouts.book.rules import Book, Period, kind_name, month_of, offered_periods, period_name, period_of

ROWS_A_PAGE: Final = 50
BARS_MOST: Final = 12
# The chart's drawing, in its own units: where bars stand and how high they grow.
WIDTH, FLOOR, HEIGHT = 260, 120, 100
MONTHS_HEAD = ("period", "currency", "income_net", "fees", "tax", "paid_out", "kept", "pool_at_end", "owed_at_end")
ROWS_HEAD = (
    "transaction",
    "time",
    "kind",
    "for",
    "thread",
    "currency",
    "net",
    "fee",
    "tax",
    "pool",
    "kept",
    "paid_out",
)


def asked_period(request: Request) -> Period:
    """The period of `?period=`, this quarter unless said. Raises NotFound for another word."""
    try:
        return period_of(request.query_params.get("period", ""), datetime.now(UTC).date())
    except KeyError:
        raise NotFound from None


def asked_behind(request: Request) -> int | None:
    """The transaction behind which the rows go on. Raises NotFound for what is no number."""
    text = request.query_params.get("behind", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= BIGGEST):
        raise NotFound
    return int(text)


async def ledger(request: Request) -> Response:
    """`/p/{project}/ledger`: figures of a period, its months, and every movement where the project shows them."""
    project = await project_by_slug(request.path_params["project"])
    period, today = asked_period(request), datetime.now(UTC).date()
    shown = await queries.book_of(request.reader, project["id"], period, today)
    rows: list[Row] = []
    older = None
    behind = asked_behind(request)
    if shown.rows:
        rows, older = await queries.rows_of(request.reader, project["id"], period, behind=behind, limit=ROWS_A_PAGE)
    return await page(
        request,
        "book/ledger.html",
        project=project,
        active="ledger",
        period=period,
        period_name=period_name(period),
        periods=[(each.name, period_name(each)) for each in offered_periods(period, today)],
        is_over=period.end is not None and period.end <= month_of(today),
        shown=shown,
        books=[shown_book(book) for book in shown.books],
        rows=[dict(row) | {"what": kind_name(row["kind"])} for row in rows],
        older=older,
        is_first=behind is None,
        aside=await parts.load("ledger_aside", request, project, period),
    )


def shown_book(book: Book) -> dict[str, Any]:
    """A book with its steps latest first, and the bars of the last of them."""
    return {
        "currency": book.currency,
        "total": book.total,
        "steps": [(step, figures) for step, figures in reversed(book.steps) if figures],
        "bars": bars(book),
        "most": max([max(moved.income, moved.paid_out) for _step, moved in book.steps[-BARS_MOST:]], default=0),
    }


def bars(book: Book) -> list[dict[str, Any]]:
    """The bars of the chart: where each step stands, and how high income and payouts are; none where nothing moved."""
    steps = book.steps[-BARS_MOST:]
    most = max([max(figures.income, figures.paid_out) for _step, figures in steps], default=0)
    if most <= 0:
        return []
    wide = WIDTH // len(steps)
    width = min(14, wide * 2 // 5)

    def bar(amount: int) -> dict[str, int]:
        height = max(amount, 0) * HEIGHT // most
        return {"y": FLOOR - height, "height": height}

    return [
        {
            "x": n * wide + (wide - 2 * width) // 2,
            "width": width,
            "step": step,
            "income": figures.income,
            "paid_out": figures.paid_out,
            "in": bar(figures.income),
            "out": bar(figures.paid_out),
        }
        for n, (step, figures) in enumerate(steps)
    ]


async def ledger_csv(request: Request) -> Response:
    """`/p/{project}/ledger.csv`: the same as a file: every movement where they are shown to the reader, else the months."""
    project = await project_by_slug(request.path_params["project"])
    period = asked_period(request)
    shown = await queries.book_of(request.reader, project["id"], period, datetime.now(UTC).date())
    name = f"{project['slug']}-ledger-{period.name}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    if not shown.rows:
        return Response(lines(month_lines(shown)), headers=headers, media_type=MEDIA_TYPE)
    return StreamingResponse(row_lines(request, project["id"], period), headers=headers, media_type=MEDIA_TYPE)


def month_lines(shown: Shown) -> list[Sequence[str]]:
    """The months of each currency, with a head."""
    made: list[Sequence[str]] = [MONTHS_HEAD]
    for book in shown.books:
        for step, moved in book.steps:
            amounts = (moved.income, moved.fees, moved.tax, moved.paid_out, moved.kept, moved.pool, moved.owed)
            made.append((step.name, book.currency, *(plain(amount, book.currency) for amount in amounts)))
    return made


async def row_lines(request: Request, project: int, period: Period) -> AsyncIterator[bytes]:
    """Every movement, with a head; the first lines leave before the last are read."""
    yield lines([ROWS_HEAD])
    base = request.settings.base_url
    async for rows in queries.all_rows(request.reader, project, period):
        yield lines([row_line(row, base) for row in rows])


def row_line(row: Row, base: str) -> Sequence[str]:
    is_seen = row["thread_id"] is not None
    amounts = (row["net"], row["fee"], row["tax"], row["pool"], row["kept"], row["paid_out"])
    return (
        str(row["id"]),
        row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        row["kind"],
        cell(row["title"]) if is_seen else "",
        f"{base}/t/{row['slug']}/{row['thread_id']}" if is_seen else "",
        row["currency"],
        *(plain(amount, row["currency"]) for amount in amounts),
    )


routes = [
    route("/p/{project}/ledger", ledger),
    route("/p/{project}/ledger.csv", ledger_csv),
]
