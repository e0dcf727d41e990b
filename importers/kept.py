"""What records elsewhere said when last seen (`import_record`): what did not change there is passed over."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from forum.database.engine import execute, fetch


async def digests_from(source: str, prefix: str) -> dict[str, str]:
    """The digests of all records whose foreign ids begin so."""
    rows = await fetch(
        "select foreign_id, digest from import_record where source = $1 and starts_with(foreign_id, $2)",
        source,
        prefix,
    )
    return {row["foreign_id"]: row["digest"] for row in rows}


async def digests_of(source: str, foreign_ids: Sequence[str]) -> dict[str, str]:
    """The digests of those of these records that were seen before."""
    rows = await fetch(
        "select foreign_id, digest from import_record where source = $1 and foreign_id = any($2)",
        source,
        list(foreign_ids),
    )
    return {row["foreign_id"]: row["digest"] for row in rows}


async def keep(source: str, foreign_id: str, digest: str, seen: dict[str, Any], updated_at: datetime) -> None:
    """Remember what a record says, so that the next import knows what changed."""
    await execute(
        "insert into import_record (source, foreign_id, digest, seen, updated_at) values ($1, $2, $3, $4, $5)"
        " on conflict (source, foreign_id) do update set digest = $3, seen = $4, updated_at = $5, at = now()",
        source,
        foreign_id,
        digest,
        seen,
        updated_at,
    )
