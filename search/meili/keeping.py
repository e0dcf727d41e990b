"""Keeps the index outside: writes what changed, builds it anew beside the one that is searched, exchanges the two."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from forum.database.engine import execute, fetch, fetch_value
from search.interface import Tell, no_tell
from search.meili.link import BATCH, Link, Unreachable
from search.meili.statements import DOCUMENTS_BETWEEN, DOCUMENTS_OF, POSTS_OF_CHANGES

# Changes that are written in one go, and posts that a rebuild reads at once.
CHANGES, CHUNK = 500, 2000
# Whoever writes has the index for so long (seconds) and says so again four times in it: one who was killed blocks
# nobody for long.
LEASE = 40

TAKE = """
update search_outside set {who} = $1, {who}_until = now() + make_interval(secs => $2)
 where {who}_until < now() or {who} = $1 returning is_kept
"""
LET_GO = "update search_outside set {who} = null, {who}_until = '-infinity' where {who} = $1"
# While an index is being built, changes stay until that one has them too.
DONE = """
with gone as (
    delete from search_change where id = any($1::bigint[])
       and not exists (select 1 from search_outside where builder_until > now()) returning id)
update search_change set in_index = true where id = any($1::bigint[]) and id not in (select id from gone)
"""
SWEEP = """
delete from search_change where in_index and not exists (select 1 from search_outside where builder_until > now())
"""
BEGIN = """
update search_outside set is_kept = true, built_at = case when uid = $1 then built_at end, uid = $1
"""
WHOLE = "update search_outside set built_at = now()"


class Busy(Exception):
    """Somebody else is building the index just now."""


class Lost(Exception):
    """The turn went to somebody else: this process was away for too long."""


class Turn:
    """Somebody's turn to do something to the index: `keeper` writes what changed, `builder` builds anew."""

    def __init__(self, who: str) -> None:
        self.who = who
        self.me: UUID = uuid4()
        self.is_lost = False

    async def take(self) -> bool:
        """Take the turn, or keep it for longer; False where it is somebody else's."""
        return await fetch_value(TAKE.format(who=self.who), self.me, float(LEASE)) is not None

    async def hold(self) -> None:
        """Keep it for as long as this runs."""
        while not self.is_lost:
            await asyncio.sleep(LEASE / 4)
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                self.is_lost = not await self.take()

    async def check(self) -> None:
        """Raises Lost where it went to somebody else (this process was stopped for a while, or the database was)."""
        if self.is_lost or not await self.take():
            raise Lost(f"another process has become the {self.who} of the search index")

    @asynccontextmanager
    async def held(self) -> AsyncIterator["Turn"]:
        """Hold what was taken, and give it back at the end."""
        holding = asyncio.create_task(self.hold())
        try:
            yield self
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
            await execute(LET_GO.format(who=self.who), self.me)


@asynccontextmanager
async def turn(who: str) -> AsyncIterator[Turn | None]:
    """Somebody's turn, given back at the end; None where it is somebody else's."""
    mine = Turn(who)
    if await mine.take():
        async with mine.held():
            yield mine
    else:
        yield None


async def is_built(link: Link) -> bool:
    """Whether the index on this server is whole but for the changes that wait."""
    found = await fetch_value("select is_kept and built_at is not null and uid = $1 from search_outside", link.uid)
    return bool(found)


async def lost_index() -> None:
    """There is no such index on the server, or not one of ours: nothing that is written down about it holds."""
    await execute("update search_outside set built_at = null where built_at is not null")


async def waiting() -> bool:
    return bool(await fetch_value("select exists (select 1 from search_change where not in_index)"))


async def keep(link: Link) -> None:
    """Write what changed, until nothing waits; build the index where there is none. Raises Unreachable.

    One process at a time writes, so that what was read first is written first. Whoever finds it taken leaves: who
    has it looks once more after giving it back.
    """
    if await is_built(link):
        try:
            # before anything is written: the server makes an index of its own kind where there is none
            await link.check()
        except Unreachable as error:
            if not error.is_missing:
                raise
            await lost_index()
    if not await is_built(link):
        try:
            await build(link)
        except Busy:
            return
    while await waiting():
        async with turn("keeper") as mine:
            if mine is None:
                return
            await write_waiting(link, mine)
    await execute(SWEEP)


async def write_waiting(link: Link, mine: Turn) -> None:
    """Write all changes that the index lacks, oldest first."""
    while changes := await changes_where("not in_index"):
        await mine.check()
        await write_changes(link, changes)
        await execute(DONE, changes)


async def changes_where(which: str) -> list[int]:
    rows = await fetch(f"select id from search_change where {which} order by id limit {CHANGES}")
    return [row["id"] for row in rows]


async def write_changes(link: Link, changes: list[int], *, to_next: bool = False) -> None:
    """Bring the documents of these changes to what the rows say now, and wait until the server has them."""
    posts = [row["id"] for row in await fetch(POSTS_OF_CHANGES, changes)]
    for first in range(0, len(posts), BATCH):
        some = posts[first : first + BATCH]
        documents = [dict(row) for row in await fetch(DOCUMENTS_OF, some)]
        gone = set(some) - {document["id"] for document in documents}
        await link.settle(await link.write(documents, sorted(gone), to_next=to_next))


async def build(link: Link, tell: Tell = no_tell) -> int:
    """Build the index anew while the old one is searched and kept; returns how many documents it holds.

    What changes meanwhile stays written down (DONE) until both have it. At the end nobody else writes for a moment:
    the last changes are written, the new index takes the place of the old one at one stroke, and only then is what it
    has struck off. Raises Unreachable, Busy.
    """
    async with turn("builder") as mine:
        if mine is None:
            raise Busy("the search index is being built already")
        await execute(BEGIN, link.uid)
        await execute("update search_change set in_next = false where in_next")
        await link.begin_next()
        count = await fill(link, mine, tell)
        await catch_up(link, mine)
        async with keeper_turn(mine) as keeper:
            await catch_up(link, mine)
            await keeper.check()
            await link.exchange()
            await execute(WHOLE)
            # in this order: what fails in between is written once more, and nothing is left out
            await execute("delete from search_change where in_next")
    return count


@asynccontextmanager
async def keeper_turn(builder: Turn) -> AsyncIterator[Turn]:
    """The keeper's turn as well; while somebody else has it, they write and we wait for them."""
    mine = Turn("keeper")
    while not await mine.take():
        await builder.check()
        await asyncio.sleep(0.05)
    async with mine.held():
        yield mine


async def fill(link: Link, mine: Turn, tell: Tell) -> int:
    """Write every post into the new index; the server works on one batch while the next is read."""
    last: int = await fetch_value("select coalesce(max(id), 0) from post")
    count, tasks = 0, list[int]()
    for first in range(1, last + 1, CHUNK):
        await mine.check()
        rows: list[Any] = await fetch(DOCUMENTS_BETWEEN, first, first + CHUNK - 1)
        await link.settle(tasks)
        tasks = await link.write([dict(row) for row in rows], to_next=True)
        count += len(rows)
        tell(min(first + CHUNK - 1, last), last)
    await link.settle(tasks)
    return count


async def catch_up(link: Link, mine: Turn) -> None:
    """Write into the new index what changed since its posts were read: all that had when it looked last, since on a busy
    site there is always one more. What came later stays written down, for whoever keeps the index."""
    is_full = True
    while is_full:
        changes = await changes_where("not in_next")
        await mine.check()
        await write_changes(link, changes, to_next=True)
        await execute("update search_change set in_next = true where id = any($1::bigint[])", changes)
        is_full = len(changes) == CHANGES
