"""`/posts/{id}`: where a post stands; `/posts/{id}/revisions`: what stood in it before, who changed it, when and why."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from forum.database.engine import Row
from forum.threads.attribution import attribution_line
from forum.threads.diffs import STEPS, Budget, Piece, diff, shortened
from forum.threads.pages import asked_id
from forum.threads.queries import post_source, revisions_of
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route

A_PAGE = 10
LATEST = 2**31 - 2


@dataclass(frozen=True)
class Edit:
    """One edit: its row of `revisions_of`, and what it changed in the text and, where it did, in the title."""

    row: Row
    text: Sequence[Piece]
    title: Sequence[Piece]


def edits_of(rows: Sequence[Row], markdown: str, title: str) -> list[Edit]:
    """The edits behind revisions, latest first; `markdown` and `title` are what stood after the first of them."""
    edits = []
    # however many long texts there are, one page takes no longer than two diffs at their worst
    budget = Budget(2 * STEPS)
    for row in rows:
        before = title if row["title"] is None else row["title"]
        titles = diff(before, title) if before != title else []
        edits.append(Edit(row, shortened(diff(row["markdown"], markdown, budget)), titles))
        markdown, title = row["markdown"], before
    return edits


async def revisions(request: Request) -> Response:
    """The edits of a post, latest first, for those who may see the post. `?below=12`: those before the twelfth."""
    source = await post_source(request.reader, asked_id(request))
    below = request.page_number("below") if "below" in request.query_params else LATEST
    # one more: the text that an edit led to stands in the row of the edit after it
    rows = await revisions_of(source["id"], below=below + 1, limit=A_PAGE + 2)
    after = rows.pop(0) if rows and rows[0]["number"] == below else None
    older = rows[A_PAGE - 1]["number"] if len(rows) > A_PAGE else 0
    edits = await asyncio.to_thread(
        edits_of,
        rows[:A_PAGE],
        source["markdown"] if after is None else after["markdown"],
        source["title"] if after is None or after["title"] is None else after["title"],
    )
    line = attribution_line(source["attribution"], source["origin_url"])
    return await page(request, "threads/revisions.html", post=source, line=line, edits=edits, older=older)


async def post_place(request: Request) -> Response:
    """To a post's place in its thread, for those who may see it."""
    source = await post_source(request.reader, asked_id(request))
    number = source["number"]
    return redirect(request, f"/t/{source['slug']}/{source['thread_id']}/{number}#post_{number}")


routes = [
    route("/posts/{id}", post_place),
    route("/posts/{id}/revisions", revisions),
]
