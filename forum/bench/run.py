"""One run of the benchmark: databases made ready, every row measured, a table printed, a file written."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import asyncpg
import uvloop

from categories.support.queries import place_of
from forum.bench import archive, books
from forum.bench.bumps import concurrent_row, seen_inboxes_row, seen_row
from forum.bench.databases import QUEUE, RUN, Databases
from forum.bench.digests import digest_rows
from forum.bench.history import REPOSITORY, make_history, served_history
from forum.bench.inbox import inbox_row
from forum.bench.mails import parsed_row
from forum.bench.points import leaderboard_row
from forum.bench.rows import ROWS, Row, row, show, write
from forum.bench.servers import QUIET, environment, haas, served
from forum.bench.site import (
    RATES,
    Scale,
    Site,
    last_page_row,
    memory_row,
    public_places,
    rate_row,
    sign_in_people,
    store_row,
    visible_row,
    weight_row,
    with_floor,
)
from forum.database.engine import connect, disconnect, fetch_one
from forum.settings import settings

QUICK = Scale(2_000, seconds=1, floor_seconds=0.5, rounds=2, sockets=100, replies=10, issues=100, comments=300)
AFTER_LOAD: dict[str, Callable[[Site], Awaitable[Row]]] = {
    "thread_last_page_10k": last_page_row,
    "reply_store": store_row,
    "reply_visible_p95_ms": visible_row,
    "bump_concurrent_200": concurrent_row,
    "bump_seen_s": seen_row,
    "bump_seen_inboxes_s": seen_inboxes_row,
    "web_rss_mb": memory_row,
    "page_weight_kb": weight_row,
}
DIGEST_ROWS = {"digests_10k_s", "digests_page_ratio"}
IMPORTS = {"import_archive_1000_s", "import_live_issues_s", "import_stackexchange_posts_s"}
DUMP = Path("data/stackexchange-dump/cardano.stackexchange.com")
FAULTS = (OSError, TimeoutError, RuntimeError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError)


def bench(*, strict: bool = False, only: Sequence[str] = (), quick: bool = False) -> int:
    """Measure all rows (or those named), print them as one table, keep them in `bench/` of the data folder.

    Returns the exit status: 0, with `strict` 1 where a goal is missed or not measured; 2 for a name that no row has.
    `quick` measures a tenth of the site in a tenth of the time, to see that everything works.
    """
    if unknown := set(only) - set(ROWS):
        sys.stderr.write(f"haas: no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}\n")
        return 2
    folder = settings().data / "bench"
    runner = Run(folder, set(only) or set(ROWS), QUICK if quick else Scale())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(runner.measure())
    rows = [runner.rows[name] for name in ROWS if name in runner.rows]
    show(rows)
    print(write(rows, folder, datetime.now(UTC)))
    return int(strict and not all(r.ok for r in rows if r.goal is not None))


class Run:
    """The rows wanted of one run, and those measured so far."""

    def __init__(self, folder: Path, wanted: set[str], scale: Scale) -> None:
        self.folder = folder
        self.wanted = wanted
        self.scale = scale
        self.rows: dict[str, Row] = {}
        self.began = time.monotonic()
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "serve.log"
        self.log.write_bytes(b"")

    def say(self, line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - self.began:6.1f} s  {line}\n")
        sys.stderr.flush()

    async def take(self, name: str, measure: Callable[[], Awaitable[Row]]) -> None:
        """Measure one row, if it is wanted; one that cannot be measured has no value, and the reason is told."""
        if name not in self.wanted:
            return
        try:
            self.rows[name] = await measure()
            done = self.rows[name]
            self.say(f"{name}: {done.value:g} {done.unit}" + (f", ratio {done.ratio:g}" if done.ratio else ""))
        except FAULTS as error:
            self.rows[name] = row(name, None)
            self.say(f"{name}: not measured: {error}")

    async def measure(self) -> None:
        """Everything that is wanted."""
        databases = Databases(self.folder)
        try:
            if self.wanted & {*RATES, *AFTER_LOAD, *IMPORTS, *DIGEST_ROWS}:
                await self.on_site(databases)
            await self.take("queue_position_100k", lambda: queue_row(databases))
            await self.take("inbox_100k", lambda: inbox_row(databases))
            await self.take("leaderboard_1m", lambda: leaderboard_row(databases))
            await self.take("ledger_verify_1m_s", lambda: books.verify_row(databases))
            await self.take("ledger_post", lambda: books.post_row(databases))
        finally:
            databases.close()
        await self.take("mails_parsed_per_s", lambda: parsed_row(quick=self.scale is QUICK))
        await self.take("start_second_s", self.start_row)

    async def on_site(self, databases: Databases) -> None:
        """The rows that need the large site; it is a copy, dropped at the end."""
        self.say(f"site of {self.scale.threads} threads (made at first, then kept)")
        await databases.ensure_site(self.scale.threads)
        url = await databases.copy_site()
        try:
            await connect(url, size=2)
            people, places = await sign_in_people(), await public_places()
            self.say(f"{len(places)} public threads, {len(people)} people signed in")
            async with served(self.folder / "data", url, self.log, "--no-worker") as server:
                site = Site(server, self.scale, people, places)
                rates = [name for name in RATES if name in self.wanted]
                if rates:
                    async with with_floor(site, rates):
                        for name in rates:
                            await self.take(name, lambda name=name: rate_row(site, name))  # type: ignore[misc]
                for name, measure in AFTER_LOAD.items():
                    await self.take(name, lambda measure=measure: measure(site))  # type: ignore[misc]
                await self.digests(site, url)
            await disconnect()
            await self.take("import_archive_1000_s", lambda: self.import_row(databases.url(RUN)))
            await self.take("import_live_issues_s", lambda: self.live_row(databases.url(RUN)))
            await self.take("import_stackexchange_posts_s", lambda: self.dump_row(databases.url(RUN)))
        finally:
            await disconnect()
            await databases.drop_copy()

    async def digests(self, site: Site, url: str) -> None:
        """Both rows of the digests come out of one run."""
        if not self.wanted & DIGEST_ROWS:
            return
        found: dict[str, Row] = {}

        async def measure(name: str) -> Row:
            found.update(found or await digest_rows(site, url, self.folder / "data"))
            return found[name]

        for name in sorted(DIGEST_ROWS):
            await self.take(name, lambda name=name: measure(name))  # type: ignore[misc]

    async def import_row(self, url: str) -> Row:
        """Seconds that `haas import github` takes for an archive it has never seen, from start to exit."""
        data = self.folder / "data"
        file = data / "archive.json"
        archive.make_archive(file, self.scale.issues, self.scale.comments)
        began = time.perf_counter()
        process = haas(
            *("import", "github", archive.REPOSITORY, "--project", "pelican", "--archive", str(file), "--json"),
            env=environment(data, url),
            folder=data,
            out=QUIET,
        )
        status = await asyncio.to_thread(process.wait)
        if status:
            raise RuntimeError(f"the import ended with {status}")
        return row("import_archive_1000_s", time.perf_counter() - began)

    async def live_row(self, url: str) -> Row:
        """Issues a second at which `haas import github` reads a repository's whole history over HTTP, comments and who
        reacted with them, from start to exit; GitHub answers at once, as it does nowhere else."""
        data = self.folder / "data"
        async with served_history(make_history(self.scale.issues, self.scale.comments)) as address:
            began = time.perf_counter()
            process = haas(
                *("import", "github", REPOSITORY, "--project", "pelican", "--json"),
                env=environment(data, url) | {"GITHUB_API_BASE": address, "GITHUB_APP_ID": "", "GITHUB_CLIENT_ID": ""},
                folder=data,
                out=QUIET,
            )
            status = await asyncio.to_thread(process.wait)
        if status:
            raise RuntimeError(f"the import ended with {status}")
        return row("import_live_issues_s", self.scale.issues / (time.perf_counter() - began))

    async def dump_row(self, url: str) -> Row:
        """Posts a second (rows of Posts.xml) at which `haas import stackexchange` brings a real site in, from start to
        exit; comments, votes and people come along uncounted. RuntimeError where the data are not there."""
        data = self.folder / "data"
        dump, posts = real_dump()
        began = time.perf_counter()
        process = haas(
            *("import", "stackexchange", "--project", "pelican", "--dump", str(dump), "--json"),
            env=environment(data, url),
            folder=data,
            out=QUIET,
        )
        status = await asyncio.to_thread(process.wait)
        if status:
            raise RuntimeError(f"the import ended with {status}")
        return row("import_stackexchange_posts_s", posts / (time.perf_counter() - began))

    async def start_row(self) -> Row:
        """Seconds from the start of `haas serve` to its first answered request, where everything is there already:
        embedded database stopped, migrated; worker included."""
        data = self.folder / "start"
        async with served(data, None, self.log):
            pass
        began = time.perf_counter()
        async with served(data, None, self.log):
            took = time.perf_counter() - began
        return row("start_second_s", took)


def real_dump() -> tuple[Path, int]:
    """The folder of a real data dump, and how many rows its Posts.xml has. RuntimeError where it is not there."""
    folder = Path(os.environ.get("HAAS_TEST_DATA", "../shared")).resolve() / DUMP
    if not folder.is_dir():
        raise RuntimeError(f"no data dump at {folder}: set HAAS_TEST_DATA")
    return folder, (folder / "Posts.xml").read_bytes().count(b"<row ")


async def queue_row(databases: Databases) -> Row:
    """Microseconds of one ticket's place among 100,000 that wait, and of one row by its key, through the same pool."""
    await databases.ensure_queue()
    await connect(databases.url(QUEUE), size=2)
    try:
        dice, spent = Random(5), [0.0, 0.0]
        calls = 300
        for n in range(8):
            tickets = [dice.randint(1, 100_000) for _ in range(calls)]
            began = time.perf_counter()
            for ticket in tickets:
                await place_of(ticket)
            between = time.perf_counter()
            for ticket in tickets:
                await fetch_one("select id, state, waiting_since from ticket where id = $1", ticket)
            if n:  # the first round prepares the statements
                spent[0] += between - began
                spent[1] += time.perf_counter() - between
        place, one_row = (1e6 * seconds / (7 * calls) for seconds in spent)
        return row("queue_position_100k", place, one_row)
    finally:
        await disconnect()
