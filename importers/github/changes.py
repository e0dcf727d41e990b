"""Issues that close and open again, each time with its own date."""

from datetime import datetime
from typing import Any

from forum.database.engine import execute
from forum.threads.writing import record_act
from importers.github.place import Place
from importers.github.records import Issue


async def close(place: Place, thread: int, issue: Issue, now: datetime) -> int | None:
    """Close the thread as of the issue's own date; returns who did it, where they are known here.

    Somebody who closed but wrote nothing gets no row of their own: the act names them in its data, as `by`.
    """
    await execute("update thread set is_closed = true where id = $1", thread)
    actor = await place.people.person_if_known(issue.closed_by) if issue.closed_by else None
    data: dict[str, Any] = {"reason": issue.reason} if issue.reason else {}
    if issue.closed_by and actor is None:
        data["by"] = issue.closed_by.login
    await record_act(thread, "close", actor, at=min(issue.closed_at or issue.updated_at, now), **data)
    return actor


async def reopen(thread: int, issue: Issue, now: datetime) -> None:
    """Open the thread again, as of the issue's last change; rows do not say by whom."""
    await execute("update thread set is_closed = false where id = $1", thread)
    await record_act(thread, "reopen", None, at=min(issue.updated_at, now))
