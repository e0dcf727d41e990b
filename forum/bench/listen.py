"""Many open browsers on one thread, as lean websocket clients, and the time until each of them is told of a reply."""

import asyncio
import base64
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast


@dataclass
class Heard:
    """When each socket was told of something: `times[n]` are moments of the socket `n`, on time.perf_counter()."""

    times: list[list[float]] = field(default_factory=list)


class Listener(asyncio.Protocol):
    """One websocket that says which version of a thread it has, and notes when frames arrive."""

    def __init__(self, port: int, cookie: str, frame: str, heard: list[float]) -> None:
        self.port = port
        self.cookie = cookie
        self.frame = frame
        self.heard = heard
        self.buffer = b""
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass
        self.transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        cookie = f"Cookie: {self.cookie}\r\n" if self.cookie else ""
        self.transport.write(
            (
                f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nOrigin: http://127.0.0.1:{self.port}\r\n"
                f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n{cookie}"
                f"Sec-WebSocket-Key: {key}\r\n\r\n"
            ).encode()
        )

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self.buffer += data
        if not self.open.done():
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self.buffer.startswith(b"HTTP/1.1 101"):
                self.open.set_exception(RuntimeError(self.buffer[:60].decode("latin-1")))
                return
            self.buffer = self.buffer[end + 4 :]
            self.transport.write(masked(self.frame))
            self.open.set_result(None)
        while (size := frame_size(self.buffer)) and len(self.buffer) >= size:
            if self.buffer[0] & 15 == 1:
                self.heard.append(now)
            self.buffer = self.buffer[size:]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(RuntimeError("the server closed the socket"))


def frame_size(data: bytes) -> int:
    """The length of the frame that data begins with, head included; 0 while that cannot be told."""
    if len(data) < 2:
        return 0
    short = data[1] & 127
    if short < 126:
        return 2 + short
    if short == 126:
        return 4 + int.from_bytes(data[2:4], "big") if len(data) >= 4 else 0
    return 10 + int.from_bytes(data[2:10], "big") if len(data) >= 10 else 0


def masked(text: str) -> bytes:
    """A short text as the frame that a client sends."""
    payload, mask = text.encode(), os.urandom(4)
    hidden = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    if len(payload) >= 126:
        raise ValueError("too long for a short frame")
    return bytes([0x81, 0x80 | len(payload)]) + mask + hidden


def same(listener: Listener) -> Listener:
    """What create_connection wants to call."""
    return listener


async def listen(
    port: int, cookies: Sequence[str], number: int, version: int, *, stream: str = "thread"
) -> tuple[list[Listener], Heard]:
    """Open one socket for each cookie ("" is a guest's) on a thread, or another stream of that number."""
    heard = Heard([[] for _ in cookies])
    frame = json.dumps({"have": {f"{stream}:{number}": version}})
    loop = asyncio.get_running_loop()
    listeners = []
    for cookie, times in zip(cookies, heard.times, strict=True):
        made = Listener(port, cookie, frame, times)
        _transport, listener = await loop.create_connection(partial(same, made), "127.0.0.1", port)
        await listener.open
        listeners.append(listener)
    return listeners, heard
