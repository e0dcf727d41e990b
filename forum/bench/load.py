"""A lean HTTP/1.1 client: a few connections that ask one thing after the other, for as long as told."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

CLIENTS = 16
PATIENCE = 20.0


class BadAnswer(RuntimeError):
    """The server answered something that the benchmark did not ask for."""


@dataclass
class Tally:
    """What one load came to: answers by status, bytes of all bodies, seconds it took, and seconds for each answer."""

    statuses: Counter[int] = field(default_factory=Counter)
    size: int = 0
    seconds: float = 0.0
    times: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.statuses.total() / self.seconds if self.seconds else 0.0

    def add(self, other: "Tally") -> None:
        self.statuses.update(other.statuses)
        self.size += other.size
        self.seconds += other.seconds
        self.times += other.times


class Client(asyncio.Protocol):
    """One kept connection; asks the next thing as soon as the last answer is whole."""

    def __init__(self, asks: Iterator[bytes], until: float, tally: Tally) -> None:
        self.asks = asks
        self.until = until
        self.tally = tally
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.missing = -1
        self.status = 0
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass
        self.transport = cast(asyncio.Transport, transport)
        self.ask()

    def ask(self) -> None:
        self.sent = time.perf_counter()
        request = next(self.asks, None) if self.sent < self.until else None
        if request is None:
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.missing < 0:
            self.buffer += data
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].lower()
            self.status = int(head[9:12])
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self.tally.size += length
            self.missing = length - (len(self.buffer) - end - 4)
            self.buffer = b""
        else:
            self.missing -= len(data)
        if self.missing <= 0:
            self.missing = -1
            self.tally.statuses[self.status] += 1
            self.tally.times.append(time.perf_counter() - self.sent)
            self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(BadAnswer(f"the server closed the connection: {error or 'without an answer'}"))


async def load(port: int, asks: Iterable[bytes], seconds: float, *, clients: int = CLIENTS, wanted: int = 200) -> Tally:
    """Ask for so many seconds over so many connections. Raises BadAnswer where not every answer has status `wanted`."""
    tally = Tally()
    shared = iter(asks)
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    made = await asyncio.gather(
        *(
            loop.create_connection(lambda: Client(shared, began + seconds, tally), "127.0.0.1", port)
            for _ in range(clients)
        )
    )
    # a server that does not answer must not hold the benchmark up
    await asyncio.wait_for(asyncio.gather(*(client.done for _transport, client in made)), seconds + PATIENCE)
    tally.seconds = time.perf_counter() - began
    if set(tally.statuses) - {wanted}:
        raise BadAnswer(f"wanted {wanted} alone, got {dict(tally.statuses)}")
    return tally


def get(path: str, port: int, cookie: str = "") -> bytes:
    """A GET as a browser's kept connection sends it."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: Mozilla/5.0 haas-bench\r\n"
        "Accept: text/html,application/xhtml+xml\r\nAccept-Language: en\r\nAccept-Encoding: gzip, deflate\r\n"
        + (f"Cookie: {cookie}\r\n" if cookie else "")
        + "\r\n"
    ).encode()


def post(path: str, port: int, body: str, cookie: str, csrf: str, *, htmx: bool = False, key: str = "") -> bytes:
    """A form, with its token, as a browser's kept connection sends it; `key`: with that `Idempotency-Key`."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: Mozilla/5.0 haas-bench\r\n"
        f"Accept: text/html\r\nCookie: {cookie}\r\nX-Csrf-Token: {csrf}\r\n"
        + ("Hx-Request: true\r\n" if htmx else "")
        + (f"Idempotency-Key: {key}\r\n" if key else "")
        + "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
    ).encode()


async def fetch(port: int, path: str, cookie: str = "") -> tuple[int, bytes]:
    """One answer: its status, and its body as it was sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(get(path, port, cookie).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    whole = await reader.read()
    writer.close()
    head, _, body = whole.partition(b"\r\n\r\n")
    return int(head[9:12]), body


def around(things: Sequence[bytes]) -> Iterator[bytes]:
    """The same requests again and again."""
    return itertools.cycle(things)
