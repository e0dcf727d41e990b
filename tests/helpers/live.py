"""A hub with sockets in this process: what it heard, and what each of them was sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from forum.database.engine import execute, fetch_value
from forum.events import CHANNEL, flush_hints
from forum.live.hub import Hub, Socket
from forum.web.reader import Reader

Message = dict[str, Any]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that other tasks bring about; a test that waits in vain fails in the end."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


# pg_stat_activity would stay as it was when a transaction first looked at it
WAITS = """
select exists (select 1 from pg_locks l join pg_database d on d.oid = l.database
                where d.datname = current_database() and not l.granted)
"""


async def somebody_waits(*, unless: Callable[[], bool] = lambda: False) -> None:
    """Wait until a statement waits for a lock that another one holds, or there is nothing that would."""
    async with asyncio.timeout(20):
        while not unless() and not await fetch_value(WAITS):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


class Listener(Hub):
    """A hub that remembers what it heard, so that a test knows when hints have arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def hear(self, _link: object, _pid: int, _channel: str, payload: str) -> None:
        super().hear(_link, _pid, _channel, payload)
        self.heard.append(payload)

    async def settle(self) -> None:
        """Hints that wait are sent, heard and answered."""
        await flush_hints()
        mark = f"mark:{len(self.heard)}"
        await execute("select pg_notify($1, $2)", CHANNEL, mark)
        await until(lambda: mark in self.heard and not self.running)


def received(socket: Socket) -> list[Message]:
    """Everything that was sent to a socket since this was asked last; a closed one ends with {"closed": True}."""
    messages = []
    while not socket.outbox.empty():
        text = socket.outbox.get_nowait()
        messages.append({"closed": True} if text is None else json.loads(text))
    return messages


def html_of(messages: list[Message]) -> str:
    return " ".join(item.get("html", "") for message in messages for item in message.get("items", ()))


def numbers(messages: list[Message]) -> list[int]:
    return [item["number"] for message in messages for item in message.get("items", ()) if "number" in item]


async def version_of(thread: int) -> int:
    found: int = await fetch_value("select version from thread where id = $1", thread)
    return found


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Listener]:
    """A hub that hears the hints of this test's database."""
    hub = Listener()
    task = asyncio.create_task(hub.listen(url))
    await until(hub.listening.is_set)
    try:
        yield hub
    finally:
        task.cancel()
        await asyncio.gather(task, *hub.tasks, return_exceptions=True)


async def follower(hub: Listener, reader: Reader, stream: str, number: int, version: int) -> Socket:
    socket = Socket(reader)
    hub.join(socket)
    await hub.follow(socket, (stream, number), version)
    return socket
