"""What tickets put beside the titles in lists of threads: what was paid, and to requester and team a promise that is due."""

from collections.abc import Sequence
from typing import Any

from categories.support.queries import IS_REQUESTER, minute
from forum.database.engine import Row, fetch
from forum.web.reader import Reader
from forum.web.templates import fragment

# `threads` were asked for by what the reader may see; only such tickets come as have a mark.
MARKED = f"""
select k.thread_id, k.project_id, k.rank_amount, p.currency, {IS_REQUESTER.format(reader="$2")} as is_requester,
       coalesce(k.due_at <= workday_horizon(k.project_id, $3), false) as is_due
  from ticket k join project p on p.id = k.project_id
 where k.thread_id = any($1) and k.state = 'waiting' and (k.rank_amount > 0 or k.due_at is not null)
"""


async def row_marks(reader: Reader, threads: Sequence[Row]) -> dict[str, Any] | None:
    """`marks`, by thread: that somebody paid, for everybody; how much, and what is due, for requester and team."""
    if not threads:
        return None
    rows = await fetch(MARKED, [thread["id"] for thread in threads], reader.id, minute(None))
    told = {row["thread_id"]: row["is_requester"] or reader.is_team(row["project_id"]) for row in rows}
    shown = {
        row["thread_id"]: fragment("support/row_marks.html", ticket=row, is_told=told[row["thread_id"]]) for row in rows
    }
    return {"marks": shown}
