"""Domain events, told inside the publishing transaction, and hints to open browsers, sent after it."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from forum.database.engine import after_commit, execute

E = TypeVar("E")
Subscriber = Callable[[Any], Awaitable[None]]
_subscribers: dict[type, list[Subscriber]] = defaultdict(list)

CHANNEL = "haas_live"
# NOTIFY carries at most 8000 bytes; ids only.
PAYLOAD = 7000
# Hints of a moment travel together: one NOTIFY a moment, since commits that notify wait for each other.
MOMENT = 0.004


def subscribe(event: type[E], subscriber: Callable[[E], Awaitable[None]]) -> None:
    """Call `subscriber` with each event of this type; `forum/wiring.py` alone does this."""
    if subscriber not in _subscribers[event]:
        _subscribers[event].append(subscriber)


async def publish(event: object) -> None:
    """Tell the subscribers, in the running transaction: when one of them fails, so does what happened."""
    for subscriber in _subscribers[type(event)]:
        await subscriber(event)


@dataclass(frozen=True)
class Hint:
    """Something changed in a live stream: `thread:12`, `queue:3`, `session:7` (ended)."""

    stream: str
    id: int

    def __str__(self) -> str:
        return f"{self.stream}:{self.id}"


_waiting: set[str] = set()
_wake = asyncio.Event()


def hint(stream: str, row_id: int) -> None:
    """Let open browsers know, once the running transaction is committed. A lost hint loses nothing: clients
    compare versions when they connect and every quarter of a minute."""

    def add() -> None:
        _waiting.add(f"{stream}:{row_id}")
        _wake.set()

    after_commit(add)


async def flush_hints() -> None:
    """Send what waits, in as few NOTIFYs as it fits."""
    while _waiting:
        batch, size = [], 0
        while _waiting and size < PAYLOAD:
            item = _waiting.pop()
            batch.append(item)
            size += len(item) + 1
        await execute("select pg_notify($1, $2)", CHANNEL, ",".join(batch))


async def send_hints() -> None:
    """Send hints for as long as this process runs; a task of every web process and worker."""
    while True:
        await _wake.wait()
        await asyncio.sleep(MOMENT)
        _wake.clear()
        with contextlib.suppress(OSError):
            await flush_hints()
