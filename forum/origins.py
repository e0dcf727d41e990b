"""Where a thing came from; every import is idempotent on it (product.md, "Origin")."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from forum.database.engine import execute, execute_many, fetch, fetch_value


@dataclass(frozen=True)
class Origin:
    """A source (`local`, `github`, ...), the address there, and the time it was made there (aware UTC)."""

    source: str = "local"
    url: str | None = None
    at: datetime | None = None

    @property
    def is_local(self) -> bool:
        return self.source == "local"


LOCAL = Origin()


async def find(source: str, kind: str, foreign_ids: Iterable[str]) -> int | None:
    """The id of the row that any of these foreign ids means, or None."""
    row: int | None = await fetch_value(
        "select row_id from origin_alias where source = $1 and kind = $2 and foreign_id = any($3) limit 1",
        source,
        kind,
        list(foreign_ids),
    )
    return row


async def find_all(source: str, kind: str, foreign_ids: Sequence[str]) -> dict[str, int]:
    """The row ids of those foreign ids that are known."""
    rows = await fetch(
        "select foreign_id, row_id from origin_alias where source = $1 and kind = $2 and foreign_id = any($3)",
        source,
        kind,
        list(foreign_ids),
    )
    return {row["foreign_id"]: row["row_id"] for row in rows}


async def remember(source: str, kind: str, row_id: int, foreign_ids: Iterable[str], url: str | None = None) -> None:
    """Let all these foreign ids mean one row."""
    await execute_many(
        "insert into origin_alias (source, kind, foreign_id, row_id, url) values ($1, $2, $3, $4, $5)"
        " on conflict (source, kind, foreign_id) do nothing",
        [(source, kind, foreign_id, row_id, url) for foreign_id in foreign_ids],
    )


async def remember_rows(source: str, rows: Sequence[tuple[str, str, int, str | None]]) -> None:
    """Let foreign ids mean rows, many at once: (kind, foreign id, row id, URL)."""
    kinds, foreign_ids, ids, urls = zip(*rows, strict=True)
    await execute(
        "insert into origin_alias (source, kind, foreign_id, row_id, url)"
        " select $1, * from unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) on conflict do nothing",
        source,
        list(kinds),
        list(foreign_ids),
        list(ids),
        list(urls),
    )
