"""Who did what, when: append-only rows that hold ids, never names or addresses."""

from typing import Any

from forum.database.engine import execute


async def record(
    action: str, *, actor: int | None, subject: tuple[str, int | None] = ("", None), **detail: Any
) -> None:
    """Write one row, in the running transaction. `subject` is (kind, id), such as ("thread", 12)."""
    await execute(
        "insert into audit (actor_id, action, subject_kind, subject_id, detail) values ($1, $2, $3, $4, $5)",
        actor,
        action,
        subject[0],
        subject[1],
        detail,
    )
