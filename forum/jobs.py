"""Background jobs in the same PostgreSQL: enqueued with the change that needs them, run at least once."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import structlog
from pgqueuer.core.executors import DatabaseRetryEntrypointExecutor
from pgqueuer.core.qm import QueueManager
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import QueueExecutionMode

from forum.database.engine import connection

log = structlog.get_logger()
Handler = Callable[..., Awaitable[None]]
_handlers: dict[str, Handler] = {}
ATTEMPTS = 8


def register(name: str, handler: Handler) -> None:
    """Let `handler` answer to jobs of this name; `forum/app.py` alone does this. It must be idempotent."""
    _handlers[name] = handler


async def enqueue(name: str, /, *, once: str | None = None, delay: timedelta | None = None, **payload: Any) -> None:
    """Have the job `name` done with `payload` (JSON values), as part of the running transaction.

    With `once`, no second one is added while one of that key waits.
    """
    async with connection() as c:
        await Queries.from_asyncpg_connection(c).enqueue(
            name,
            json.dumps(payload).encode(),
            execute_after=delay,
            dedupe_key=once,
            on_conflict="skip",
        )


def manager(driver: AsyncpgDriver) -> QueueManager:
    """A queue manager that knows every registered job; failures are tried again with backoff, then held."""
    made = QueueManager(Queries(driver))
    for name, handler in _handlers.items():
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


async def work(url: str, stop: asyncio.Event) -> None:
    """Do jobs until `stop` is set; those in hand are finished first, others stay for the next worker."""
    link = await asyncpg.connect(url)
    try:
        queue = manager(AsyncpgDriver(link))
        running = asyncio.create_task(queue.run(dequeue_timeout=timedelta(seconds=10)))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        queue.shutdown.set()
        await running
        stopping.cancel()
    finally:
        await link.close()


async def drain(url: str) -> None:
    """Do the jobs that are there, then stop: for tests and commands that leave nothing behind."""
    link = await asyncpg.connect(url)
    try:
        await manager(AsyncpgDriver(link)).run(mode=QueueExecutionMode.drain, batch_size=50)
    finally:
        await link.close()
