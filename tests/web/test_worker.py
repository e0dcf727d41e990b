"""The worker's clock: what is to be done every day is done, also after a night without a worker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from forum import jobs
from forum.database.engine import execute, fetch, fetch_value
from forum.jobs import forget_done, scheduled
from forum.worker import work
from tests.conftest import Statements
from tests.helpers.site import Site
from tests.helpers.world import World


@asynccontextmanager
async def worker(url: str) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(work(url, stop))
    yield
    stop.set()
    await running


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while True:
            if await true():
                return
            await asyncio.sleep(0.02)


async def test_a_daily_job_that_was_missed_is_done_when_a_worker_starts(site: Site) -> None:
    world = await World.make(site)
    await world.ask("How do I read a file?")
    url = site.settings.database_url

    async def is_scheduled() -> bool:
        return bool(await fetch_value("select 1 from pgqueuer_schedules where entrypoint = 'measure_all'"))

    async with worker(url):
        await until(is_scheduled)
    # as if answers had been measured once, all of them more than 90 days ago
    await execute("update queue set paid_from = 3, paid_to = 4, unpaid_from = 5, unpaid_to = 6")
    await execute("update pgqueuer_schedules set next_run = now() - interval '5 hours'")

    async def is_measured() -> bool:
        return await fetch_value("select paid_from is null and unpaid_to is null from queue") is True

    async with worker(url):
        await until(is_measured)


async def test_of_what_was_never_forgotten_a_statement_forgets_no_more_than_a_batch(
    site: Site, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "FORGOTTEN_AT_ONCE", 10)
    await execute(
        "insert into pgqueuer_log (job_id, status, entrypoint, priority, created)"
        " select n, 'successful', 'send_mail', 0, now() - interval '31 days' + (n > 25)::integer * interval '2 days'"
        " from generate_series(1, 28) n"
    )
    statements.clear()
    await forget_done()
    assert [row["job_id"] for row in await fetch("select job_id from pgqueuer_log order by job_id")] == [26, 27, 28]
    assert sum(each.startswith("delete from pgqueuer_log") for each in statements) == 3


async def test_what_the_queue_did_is_forgotten_after_a_month(site: Site) -> None:
    assert "forget_done" in scheduled
    for days in (29, 31):
        await execute(
            "insert into pgqueuer_log (job_id, status, entrypoint, priority, created)"
            " values ($1::integer, 'successful', 'send_mail', 0, now() - make_interval(days => $1::integer))",
            days,
        )
        await execute(
            "insert into pgqueuer_statistics (count, status, entrypoint, priority, created)"
            " values ($1::integer, 'successful', 'send_mail', 0, now() - make_interval(days => $1::integer))",
            days,
        )
    await forget_done()
    assert [row["job_id"] for row in await fetch("select job_id from pgqueuer_log")] == [29]
    assert [row["count"] for row in await fetch("select count from pgqueuer_statistics")] == [29]
