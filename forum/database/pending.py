"""Which migrations this code brings, and which of them a database still lacks; cheap to ask at every start."""

import re
from pathlib import Path

import asyncpg

# Piccolo's name for our one app, as it stands in its table of migrations.
APP_NAME = "haas"
# The role of every pool: it cannot alter history.
APP_ROLE = "haas_app"
MIGRATIONS = Path(__file__).parent / "migrations"


def known_migrations() -> list[str]:
    """The ids of the migrations that this code brings, in order, read off their file names."""
    return sorted(m[1] for f in MIGRATIONS.iterdir() if (m := re.fullmatch(r"m(\d{4})_\w+\.py", f.name)))


async def pending_migrations(url: str) -> list[str]:
    """The ids of the migrations that the database at `url` still lacks."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        if await connection.fetchval("select to_regclass('migration')") is None:
            return known_migrations()
        done = await connection.fetch("select name from migration where app_name = $1", APP_NAME)
        return sorted(set(known_migrations()) - {row["name"] for row in done})
    finally:
        await connection.close()
