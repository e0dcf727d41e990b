"""Background jobs in the same PostgreSQL: enqueued with the change that needs them, run at least once."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from forum.database.engine import execute

Handler = Callable[..., Awaitable[None]]
_handlers: dict[str, Handler] = {}
handlers: Mapping[str, Handler] = MappingProxyType(_handlers)
_scheduled: dict[str, str] = {}
# When which job is done by itself.
scheduled: Mapping[str, str] = MappingProxyType(_scheduled)

# What `pgqueuer.queries.Queries.enqueue` writes for one job, skipping a waiting job of the same key; that a job waits is
# not logged, since it is there. Said here because web processes only enqueue: the library, and what it imports, is the
# worker's alone.
ENQUEUE = """
insert into pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
values (0, $1, $2, now() + coalesce($3, interval '0'), $4, 'queued') on conflict do nothing
"""

FORGOTTEN_AT_ONCE = 10_000


def register(name: str, handler: Handler) -> None:
    """Let `handler` answer to jobs of this name; `forum/wiring.py` alone does this. It must be idempotent."""
    _handlers[name] = handler


def schedule(name: str, cron: str) -> None:
    """Have a registered job done at these times (UTC), in the five fields of crontab; `forum/wiring.py` alone does this."""
    _scheduled[name] = cron


async def do(name: str, /, **payload: Any) -> None:
    """Have the job `name` done here and now by whoever answers to it: for a job that leads on to a room beside its own."""
    await _handlers[name](**payload)


async def enqueue(name: str, /, *, once: str | None = None, delay: timedelta | None = None, **payload: Any) -> None:
    """Have the job `name` done with `payload` (JSON values), as part of the running transaction.

    With `once`, no second one is added while one of that key waits.
    """
    await execute(ENQUEUE, name, json.dumps(payload).encode(), delay, once)


async def forget_done() -> None:
    """Forget what the queue's library logged of jobs more than 30 days ago; it never does so itself. The first time that
    may be millions of rows, so no statement takes more than a batch of them."""
    for table in ("pgqueuer_log", "pgqueuer_statistics"):
        gone = ""
        while gone in ("", f"DELETE {FORGOTTEN_AT_ONCE}"):
            gone = await execute(
                f"delete from {table} where ctid = any(array(select ctid from {table}"
                " where created < now() - interval '30 days' limit $1))",
                FORGOTTEN_AT_ONCE,
            )
