"""Telling people something, once."""

from typing import Any

from forum.database.engine import execute
from forum.notifications.kinds import kinds


async def tell(
    person: int,
    kind: str,
    *,
    key: str,
    project: int | None = None,
    thread: int | None = None,
    post: int | None = None,
    **said: Any,
) -> None:
    """Note for a person what happened, inside the running transaction; told again with the same `key` it stays one.

    `kind`: a registered one · `post`: a number within `thread` · `said`: JSON values that its sentence is made of; never
    what the person may not be told tomorrow, since it is the thread alone that is asked for visibility then.
    """
    if kind not in kinds:
        raise ValueError(f"no notice of kind {kind} is registered")
    await execute(
        "insert into notice (person_id, kind, key, project_id, thread_id, post_number, said)"
        " select coalesce(p.same_as, p.id), $2, $3, $4, $5, $6, $7 from person p where p.id = $1"
        " on conflict (person_id, key) do nothing",
        person,
        kind,
        key,
        project,
        thread,
        post,
        said,
    )
