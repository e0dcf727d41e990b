"""Closed and open, accepted and not: what a question's state there makes of a thread here, with its own dates."""

from datetime import datetime
from typing import Any

from forum.database.engine import Row, execute
from forum.events import hint, publish
from forum.threads.bringing import BroughtAct, Home
from forum.threads.events import ThreadClosed, ThreadReopened
from forum.threads.writing import record_act
from importers.stackexchange.records import Question


def close_data(project: str, host: str, question: Question) -> dict[str, Any]:
    """What an act of closing says: of a duplicate, of which question. The address leads to its thread once it is
    here, else to the site."""
    if question.duplicate_of is None:
        return {}
    url = f"/p/{project}/questions/{host}/{question.duplicate_of}"
    return {"reason": "duplicate", "of": url, "of_name": f"{host}/q/{question.duplicate_of}"}


def close_act(project: str, host: str, question: Question, after_number: int, at: datetime) -> BroughtAct:
    return BroughtAct("close", None, after_number, at, close_data(project, host, question))


async def change_state(
    home: Home,
    host: str,
    question: Question,
    where: Row,
    was_closed: bool,
    was_accepted: int | None,
    numbers: dict[int, int],
    now: datetime,
) -> bool:
    """Close or open a thread, accept or not, where that changed there since it was last seen; says whether it did.

    No points, no thanks: nobody here accepted anything.
    """
    thread: int = where["id"]
    changed = False
    is_closed = question.closed_at is not None
    if is_closed != was_closed and is_closed != where["is_closed"]:
        await execute("update thread set is_closed = $2 where id = $1", thread, is_closed)
        at = min(question.closed_at or question.updated_at, now)
        data = close_data(home.slug, host, question) if is_closed else {}
        await record_act(thread, "close" if is_closed else "reopen", None, at=at, **data)
        # a ticket that was made of it here follows
        happened = ThreadClosed if is_closed else ThreadReopened
        await publish(happened(thread, home.project, where["author_id"], by_team=False))
        changed = True
    number = numbers.get(question.accepted or 0)
    if question.accepted != was_accepted and number != where["accepted_number"]:
        before = where["accepted_number"]
        await execute("update thread set accepted_number = $2 where id = $1", thread, number)
        at = min(question.accepted_at or question.updated_at, now)
        kind = "accept" if number is not None else "take_back"
        version = await record_act(thread, kind, None, at=at, number=number or before)
        await execute(
            "update post set version = $2 where thread_id = $1 and number = any($3)",
            thread,
            version,
            [n for n in (number, before) if n is not None],
        )
        changed = True
    if changed:
        hint("list", home.project)
    return changed
