"""What records elsewhere said when last seen (`import_record`): what did not change there is passed over."""

import json
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


async def keep(source: str, foreign_id: str, digest: str, seen: dict[str, Any], updated_at: datetime) -> None:
    """Remember what a record says, so that the next import knows what changed."""
    await keep_all(source, [(foreign_id, digest, seen, updated_at)])


async def keep_all(source: str, records: Sequence[tuple[str, str, dict[str, Any], datetime]]) -> None:
    """The same of many records, as (foreign id, digest, seen, updated at)."""
    foreign_ids, digests, seen, updated = zip(*records, strict=True)
    await execute(
        "insert into import_record (source, foreign_id, digest, seen, updated_at)"
        " select $1, r.foreign_id, r.digest, r.seen::jsonb, r.updated_at"
        " from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) r(foreign_id, digest, seen, updated_at)"
        " on conflict (source, foreign_id) do update set digest = excluded.digest, seen = excluded.seen,"
        " updated_at = excluded.updated_at, at = now()",
        source,
        list(foreign_ids),
        list(digests),
        [json.dumps(each) for each in seen],
        list(updated),
    )
