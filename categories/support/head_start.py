"""The head start of tickets that are asked for a verified open-source project."""

from forum.database.engine import execute, fetch_one
from forum.events import hint

# SQL: by how much the ticket at hand counts as waiting longer. A day is one of 24 hours, so that who was first stays first.
HEAD_START = "make_interval(hours => 24 * coalesce(head_start, 0))"


async def give_head_start(ticket: int) -> None:
    """A ticket was submitted for a verified open-source project: it counts as waiting longer by what its project grants such
    ones now, in this wait and each later one. Given once; a rank amount and a due time are not touched.

    For whoever knows which projects are verified, in the transaction that submits; the ticket is locked."""
    row = await fetch_one(
        "update ticket k set head_start = coalesce((select y.head_start from support_policy y"
        "   where y.project_id = k.project_id), 0) where id = $1 and head_start is null returning project_id, head_start",
        ticket,
    )
    if row is None or not row["head_start"]:
        return
    await execute(
        f"update ticket set waiting_since = waiting_since - {HEAD_START}, waits_from = waits_from - {HEAD_START}"
        " where id = $1",
        ticket,
    )
    await execute("select queue_lock($2), queue_enter($1)", ticket, row["project_id"])
    hint("queue", row["project_id"])
