"""How far the import of a repository's history is: one row, so that it goes on where it was after any end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from forum.database.engine import Row, action, execute, fetch, fetch_one, open_pool
from importers.faults import Malformed
from importers.github.place import Place

PHASES: Final = ("comments", "issues", "loose", "reactions", "discussions", "done")
# Skipped records that are kept for the page.
SKIPPED_MOST: Final = 200


class Taken(Exception):
    """Somebody else imports this repository just now."""


@asynccontextmanager
async def alone(name: str) -> AsyncIterator[None]:
    """The one who imports this repository, until the end of the block or of this process. Raises Taken."""
    pool = open_pool()
    async with pool.acquire() as held:
        key = f"import history github {name}"
        if not await held.fetchval("select pg_try_advisory_lock(hashtextextended($1, 0))", key):
            raise Taken
        try:
            yield
        finally:
            # its connection goes back to the pool, where nothing is undone by itself
            await held.execute("select pg_advisory_unlock(hashtextextended($1, 0))", key)


@action
async def want(place: Place, repository_id: int) -> Row:
    """The row of an import that begins, or goes on where it ended; one that is done begins anew."""
    await execute(
        "insert into github_import as i (name, repository, repository_id, project_id) values ($1, $2, $3, $4)"
        " on conflict (name) do update set repository = $2, repository_id = $3, project_id = $4,"
        " state = case when i.state in ('done', 'failed') then 'waiting' else i.state end, problem = '',"
        " phase = case when i.phase = 'done' then 'comments' else i.phase end,"
        " onward = case when i.phase = 'done' then '' else i.onward end,"
        " done = case when i.phase = 'done' then 0 else i.done end,"
        " total = case when i.phase = 'done' then null else i.total end,"
        " created = case when i.phase = 'done' then 0 else i.created end,"
        " updated = case when i.phase = 'done' then 0 else i.updated end,"
        " skipped = case when i.phase = 'done' then '[]' else i.skipped end,"
        " started_at = case when i.phase = 'done' then now() else i.started_at end,"
        " finished_at = null, changed_at = now()",
        place.name,
        place.repository,
        repository_id,
        place.project,
    )
    return await row_of(place.name)


async def announce(place: Place) -> None:
    """Show that an import was wanted, before its job begins."""
    await execute(
        "insert into github_import as i (name, repository, project_id) values ($1, $2, $3)"
        " on conflict (name) do update set state = 'waiting', problem = '', changed_at = now()"
        " where i.project_id = $3 and i.state in ('done', 'failed')",
        place.name,
        place.repository,
        place.project,
    )


async def row_of(name: str) -> Row:
    row = await fetch_one("select * from github_import where name = $1", name)
    assert row is not None
    return row


async def is_whole(name: str) -> bool:
    """Whether the whole history of a repository stands here, so that new issues follow."""
    row = await fetch_one("select 1 from github_import where name = $1 and whole_since is not null", name)
    return row is not None


async def imports_of(project: int) -> list[Row]:
    """The imports of a project, the latest first."""
    return await fetch("select * from github_import where project_id = $1 order by changed_at desc", project)


async def set_state(
    name: str, state: str, *, problem: str = "", resume_at: datetime | None = None, project: str = ""
) -> None:
    """`project`: the slug of the one whose import it must be, "" where that is certain."""
    await execute(
        "update github_import set state = $2, problem = $3, resume_at = $4, changed_at = now(),"
        " finished_at = case when $2 in ('done', 'failed') then now() end where name = $1"
        " and ($5 = '' or project_id = (select id from project where slug = $5))",
        name,
        state,
        problem,
        resume_at,
        project,
    )


async def advance(name: str, onward: str, done: int, total: int | None) -> None:
    """What is read of this phase is stored: next time it goes on at `onward`."""
    await execute(
        "update github_import set state = 'running', onward = $2, done = $3, total = $4, changed_at = now()"
        " where name = $1",
        name,
        onward,
        done,
        total,
    )


async def next_phase(name: str, phase: str) -> str:
    """Begin the phase after this one; returns it."""
    after = PHASES[PHASES.index(phase) + 1]
    await execute(
        "update github_import set phase = $2, onward = '', done = 0, total = null, changed_at = now() where name = $1",
        name,
        after,
    )
    return after


async def count(name: str, outcome: str) -> None:
    """One thread was created or updated: within the transaction that did it, so that a kill counts nothing twice."""
    if outcome in ("created", "updated"):
        await execute(f"update github_import set {outcome} = {outcome} + 1 where name = $1", name)


async def skip(name: str, fault: Malformed) -> None:
    """A record could not be read; told once, however often the page is read."""
    told: list[dict[str, Any]] = [{"where": fault.where, "why": fault.why}]
    await execute(
        "update github_import set skipped = skipped || $2::jsonb where name = $1 and not skipped @> $2::jsonb"
        " and jsonb_array_length(skipped) < $3",
        name,
        told,
        SKIPPED_MOST,
    )


async def etags(name: str) -> dict[str, tuple[str, str]]:
    """The ETag and the next address of each page that stands here."""
    rows = await fetch("select address, etag, onward from github_page where name = $1", name)
    return {row["address"]: (row["etag"], row["onward"]) for row in rows}


async def keep_page(name: str, address: str, etag: str, onward: str) -> None:
    await execute(
        "insert into github_page (name, address, etag, onward) values ($1, $2, $3, $4)"
        " on conflict (name, address) do update set etag = $3, onward = $4",
        name,
        address,
        etag,
        onward,
    )
