"""One hub a process: hears the hints of all processes, and tells each open socket what came since its version."""

import asyncio
import contextlib
import json
from asyncio import sleep
from collections import defaultdict
from dataclasses import dataclass, field

import asyncpg
import structlog

from forum.events import CHANNEL
from forum.live.streams import News, streams
from forum.live.writing import note_writing
from forum.web.reader import Reader

log = structlog.get_logger()
# Hints can be lost (a crash between commit and NOTIFY, a broken listener): versions are compared this often anyway.
COMPARE_EVERY = 15.0
# Not of all streams at the same moment, which would hold up pages where thousands follow their bells: so many at a time.
SLICES = 60
SLICE_LEAST = 20
# Of many streams that are told at once, so many at a time; what they ask is one statement.
AT_ONCE = 50
# What a slow browser may leave unread before it is let go; it comes back and says which versions it has.
BACKLOG = 200
MOST_STREAMS = 20


@dataclass(eq=False)
class Socket:
    """One open browser: who it is, which versions it has, and what waits to be sent to it."""

    reader: Reader
    versions: dict[tuple[str, int], int] = field(default_factory=dict)
    outbox: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(BACKLOG))
    ending: tuple[int, str] = (1000, "")

    def send(self, message: str) -> None:
        try:
            self.outbox.put_nowait(message)
        except asyncio.QueueFull:
            self.close()

    def close(self, code: int = 1000, why: str = "") -> None:
        """Have the socket closed, with the code of RFC 6455 and the words that say why; what waits is dropped."""
        if self.ending[0] == 1000:
            self.ending = code, why
        while not self.outbox.empty():
            self.outbox.get_nowait()
        self.outbox.put_nowait(None)


class Hub:
    """The sockets of this process and the streams they follow."""

    def __init__(self) -> None:
        self.followers: dict[tuple[str, int], set[Socket]] = defaultdict(set)
        self.sessions: dict[int, set[Socket]] = defaultdict(set)
        self.locks: dict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)
        self.wakes: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self.running: set[tuple[str, int]] = set()
        self.again: set[tuple[str, int]] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.listening = asyncio.Event()
        self.turn = asyncio.Semaphore(AT_ONCE)

    def join(self, socket: Socket) -> None:
        if socket.reader.session is not None:
            self.sessions[socket.reader.session].add(socket)

    def leave(self, socket: Socket) -> None:
        for stream in list(socket.versions):
            self.unfollow(socket, stream)
        if socket.reader.session is not None:
            self.sessions[socket.reader.session].discard(socket)
            if not self.sessions[socket.reader.session]:
                del self.sessions[socket.reader.session]

    def unfollow(self, socket: Socket, stream: tuple[str, int]) -> None:
        socket.versions.pop(stream, None)
        self.followers[stream].discard(socket)
        if not self.followers[stream]:
            self.followers.pop(stream, None)
            self.locks.pop(stream, None)
            for woken in self.wakes.values():
                woken.discard(stream)

    async def follow(self, socket: Socket, stream: tuple[str, int], version: int) -> None:
        """Follow a stream from a version: what came since is sent now, the rest as it comes."""
        if stream[0] not in streams or len(socket.versions) >= MOST_STREAMS:
            return
        wakes_with = streams[stream[0]].wakes_with
        if wakes_with is not None and stream not in self.followers and (hint := await wakes_with(stream[1])):
            self.wakes[hint].add(stream)
        socket.versions[stream] = version
        self.followers[stream].add(socket)
        await self.tell(stream, {socket})

    def hear(self, _link: object, _pid: int, _channel: str, payload: str) -> None:
        """A NOTIFY: hints such as `thread:12,session:7`, or `writing:12:7` (in thread 12 person 7)."""
        for hint in payload.split(","):
            name, colon, number = hint.partition(":")
            if name == "writing":
                number, _colon, person = number.partition(":")
                if number.isdigit() and person.isdigit():
                    note_writing(int(number), int(person))
            if not colon or not number.isdigit():
                continue
            if name == "session":
                for socket in list(self.sessions.get(int(number), ())):
                    socket.close()
            else:
                for stream in ((name, int(number)), (name, 0), *self.wakes.get(hint, ())):
                    if stream in self.followers:
                        self.start(stream)

    def start(self, stream: tuple[str, int]) -> None:
        """Tell the followers of a stream soon; hints that come while that runs make it run once more, not twice."""
        if stream in self.running:
            self.again.add(stream)
            return
        self.running.add(stream)
        task = asyncio.create_task(self.run(stream))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def run(self, stream: tuple[str, int]) -> None:
        """One round after another for as long as hints come, with the stream's rest between them."""
        try:
            while True:
                async with self.turn:
                    self.again.discard(stream)
                    await self.tell(stream, self.followers.get(stream, set()))
                if pause := streams[stream[0]].pause:
                    await asyncio.sleep(pause)
                if stream not in self.again:
                    return
        finally:
            self.running.discard(stream)

    async def tell(self, stream: tuple[str, int], sockets: set[Socket]) -> None:
        """Send each of these sockets what came since its version; one round of a stream at a time."""
        async with self.locks[stream]:
            await self.tell_once(stream, list(sockets))

    async def tell_once(self, stream: tuple[str, int], sockets: list[Socket]) -> None:
        # many sockets, few kinds of readers: one answer for all that are the same person with the same version
        groups: dict[tuple[int | None, int], list[Socket]] = defaultdict(list)
        for socket in sockets:
            if stream in socket.versions:
                groups[socket.reader.id, socket.versions[stream]].append(socket)
        asked = {n: (group[0].reader, key[1]) for n, (key, group) in enumerate(groups.items())}
        try:
            answers = await streams[stream[0]].since(stream[1], asked)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, RuntimeError):
            log.warning("live stream failed", stream=stream, exc_info=True)
            return
        messages: dict[int, str] = {}
        for n, group in enumerate(groups.values()):
            news = answers.get(n)
            if news is None:
                for socket in group:
                    self.unfollow(socket, stream)
                    socket.send(json.dumps({"stream": f"{stream[0]}:{stream[1]}", "gone": True}))
                continue
            if news.version == asked[n][1] and not news.items:
                continue
            text = messages.get(id(news)) or as_message(stream, news)
            messages[id(news)] = text
            for socket in group:
                # a socket that asked anew meanwhile is told by that question
                if socket.versions.get(stream) == asked[n][1]:
                    socket.versions[stream] = news.version
                    socket.send(text)

    async def compare(self) -> None:
        """Have the versions of all streams compared, a slice of them after another, until it is time to begin again."""
        streams_now = list(self.followers)
        size = max(SLICE_LEAST, -(-len(streams_now) // SLICES))
        began = asyncio.get_running_loop().time()
        for n in range(0, len(streams_now), size):
            for stream in streams_now[n : n + size]:
                if stream in self.followers:
                    self.start(stream)
            await sleep(COMPARE_EVERY / SLICES)
        await sleep(max(0.0, began + COMPARE_EVERY - asyncio.get_running_loop().time()))

    async def listen(self, url: str) -> None:
        """Hear hints for as long as this runs; after a broken connection, compare all versions."""
        while True:
            try:
                link = await asyncpg.connect(url)
                try:
                    await link.add_listener(CHANNEL, self.hear)
                    self.listening.set()
                    # ends by an error, once the connection is closed
                    while True:
                        await self.compare()
                        await link.fetchval("select 1", timeout=5)
                finally:
                    self.listening.clear()
                    with contextlib.suppress(Exception):
                        await link.close(timeout=2)
            except Exception:
                # whatever a dying connection raises: asyncpg's InternalClientError, for one, is none of its others
                log.warning("live listener broken, trying again", exc_info=True)
                await asyncio.sleep(1)

    def close_all(self) -> None:
        """Let every socket go: the process ends, browsers come back to another one."""
        for followers in list(self.followers.values()):
            for socket in list(followers):
                socket.close()


def as_message(stream: tuple[str, int], news: News) -> str:
    return json.dumps(
        {"stream": f"{stream[0]}:{stream[1]}", "version": news.version, "items": list(news.items)},
        separators=(",", ":"),
    )


hub = Hub()
