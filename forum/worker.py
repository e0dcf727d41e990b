"""The worker: does the jobs that wait, tries those that fail again with backoff, and holds those that never succeed."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor
from pgqueuer.core.qm import QueueManager
from pgqueuer.core.sm import SchedulerManager
from pgqueuer.domain.models import Job, Schedule
from pgqueuer.domain.types import QueueEntrypoint, QueueExecutionMode

from forum.jobs import Handler, enqueue, handlers, scheduled

log = structlog.get_logger()
ATTEMPTS = 8


def manager(queries: Queries) -> QueueManager:
    """A queue manager that knows every registered job; failures are tried again with backoff, then held."""
    made = QueueManager(queries)
    for name, handler in handlers.items():
        made.entrypoint(
            name,
            on_failure="hold",
            executor_factory=lambda parameters: DatabaseRetryEntrypointExecutor(
                parameters, max_attempts=ATTEMPTS, max_delay=timedelta(hours=1)
            ),
        )(runner(name, handler))
    return made


def runner(name: str, handler: Handler) -> Callable[[Job], Awaitable[None]]:
    async def run(job: Job) -> None:
        try:
            await handler(**json.loads(job.payload or b"{}"))
        except Exception:
            log.warning("job failed", job=name, attempt=job.attempts, exc_info=True)
            raise

    return run


def scheduler(driver: AsyncpgDriver) -> SchedulerManager:
    """Enqueues each scheduled job at its times, once however many workers there are; what was missed while none ran
    is done when one starts."""
    made = SchedulerManager(Queries(driver))
    for name, cron in scheduled.items():
        made.schedule(name, cron)(enqueuer(name))
    return made


def enqueuer(name: str) -> Callable[[Schedule], Awaitable[None]]:
    async def run(_schedule: Schedule) -> None:
        await enqueue(name, once=name)

    return run


async def work(url: str, stop: asyncio.Event) -> None:
    """Do jobs until `stop` is set; those in hand are finished first, others stay for the next worker."""
    link = await asyncpg.connect(url)
    try:
        driver = AsyncpgDriver(link)
        queue, clock = manager(Queries(driver)), scheduler(driver)
        running = {
            asyncio.create_task(queue.run(dequeue_timeout=timedelta(seconds=10))),
            asyncio.create_task(clock.run()),
        }
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            queue.shutdown.set()
            clock.shutdown.set()
            await asyncio.gather(*running)
        finally:
            stopping.cancel()
    finally:
        await link.close()


class DueAlone(Queries):
    """For who does what is due: what is put off to later counts as nothing to do."""

    async def queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        return await self.eligible_queued_work(entrypoints)


async def drain(link: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Do the jobs that are due over this connection, then stop, whatever is put off to later: for tests."""
    try:
        # that a job is done is written down at once, and who waits for the last of them looks again soon
        await manager(DueAlone(AsyncpgDriver(link))).run(
            mode=QueueExecutionMode.drain, batch_size=1, dequeue_timeout=timedelta(seconds=0.1)
        )
    finally:
        await link.reset()
