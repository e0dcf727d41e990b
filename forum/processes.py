"""What runs inside one web process and inside one worker, from opening the pool to letting go of it."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager

import structlog
import uvicorn
import uvloop

from forum.app import make_app
from forum.database import engine
from forum.events import flush_hints, send_hints
from forum.late import late
from forum.live.hub import hub
from forum.settings import Settings
from forum.threads.reading import flush_reading, keep_reading
from forum.web.assets import Assets
from forum.wiring import wire
from search import interface as search

log = structlog.get_logger()
# Requests in flight get this long to finish once the process is to stop (seconds).
GRACE = 25
# A worker without its database tries again after this long, then twice as long, at most a quarter of a minute.
RETRY, RETRY_MOST = 0.5, 15.0
FRAME_MOST = 65_536
# What the worker gives way with to web processes (nice(2)): where all processors are busy it has a third of what they have.
NICENESS = 5


def load() -> None:
    """What is done once, before any process begins: wire the rooms, build the assets. Raises AssetsMissing."""
    wire()
    Assets.current()
    # the pool complains of every connection it cannot make; whoever wanted one is told, and says so once
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)


async def forever(name: str, task: Callable[[], Awaitable[None]]) -> None:
    """Run a task that never ends; when it fails (the database went away), say so and run it again."""
    while True:
        try:
            await task()
        except Exception as error:
            log.warning("background task failed, trying again", task=name, error=str(error))
        await asyncio.sleep(1)


@asynccontextmanager
async def pool(settings: Settings) -> AsyncIterator[None]:
    """The pool of this process, and the task that sends hints to open browsers."""
    await engine.connect(settings.database_url)
    hints = asyncio.create_task(forever("hints", send_hints))
    try:
        yield
    finally:
        hints.cancel()
        with contextlib.suppress(Exception):
            await flush_hints()
        await search.current().close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(engine.disconnect(), 5)


@asynccontextmanager
async def web_lifespan(settings: Settings) -> AsyncIterator[None]:
    """What a web process needs around its requests: the pool, hints out, hints in."""
    async with pool(settings):
        tasks = [
            asyncio.create_task(forever("live", lambda: hub.listen(settings.database_url))),
            asyncio.create_task(forever("reading", keep_reading)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(Exception):
                await flush_reading()


class Server(uvicorn.Server):
    """uvicorn that stops by SIGTERM or with its supervisor, and tells when it answers."""

    def __init__(self, config: uvicorn.Config, ready: int, supervisor: int) -> None:
        super().__init__(config)
        self.ready = ready
        self.supervisor = supervisor

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are ours."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        stop_by_signal(self.stop, self.supervisor)
        os.write(self.ready, b".")

    def stop(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # before uvicorn does: its own close frame would come first and the sockets' tasks would still want to send
        hub.close_all()
        await asyncio.sleep(0.05)
        await super().shutdown(sockets)


def stop_by_signal(stop: Callable[[], None], supervisor: int) -> None:
    """Call `stop` at SIGTERM, and when the other end of the pipe `supervisor` closes: then nobody is left to send it."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)

    def orphaned() -> None:
        loop.remove_reader(supervisor)
        stop()

    loop.add_reader(supervisor, orphaned)


def run_web(settings: Settings, listener: socket.socket, ready: int, supervisor: int) -> int:
    """Serve requests off the shared socket until told to stop; returns the exit status."""
    config = uvicorn.Config(
        make_app(settings, lambda _router: web_lifespan(settings)),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=FRAME_MOST,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=GRACE,
    )
    server = Server(config, ready, supervisor)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve([listener]))
    return 0 if server.started else 1


@asynccontextmanager
async def mail_door(settings: Settings) -> AsyncIterator[None]:
    """Mail is taken by the worker, where the operator wants it; a door that cannot be opened stops no job."""
    async with contextlib.AsyncExitStack() as stack:
        if settings.smtp_listen not in ("", "pipe"):
            try:
                await stack.enter_async_context(late("forum.mail.arriving.smtp:listening")(settings))
            except (OSError, ValueError) as error:
                log.error("mail cannot be taken", at=settings.smtp_listen, error=str(error))
        if settings.imap:
            try:
                await stack.enter_async_context(late("forum.mail.arriving.fetching:fetching")(settings))
            except ValueError as error:
                log.error("mail cannot be fetched", error=str(error))
        yield


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Do jobs until `stop` is set, also across a database that goes away and comes back."""
    # the queue's library is the worker's alone, and takes as long to import as half of the application
    do_jobs = late("forum.worker:work")
    pause, clock = RETRY, asyncio.get_running_loop().time
    while not stop.is_set():
        began = clock()
        try:
            async with pool(settings), mail_door(settings):
                await do_jobs(settings.database_url, stop)
        except Exception as error:
            log.warning("worker lost its database, trying again", error=str(error))
            pause = RETRY if clock() - began > RETRY_MOST else min(2 * pause, RETRY_MOST)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)


def run_worker(settings: Settings, supervisor: int | None = None) -> int:
    """Do jobs until told to stop (SIGTERM; by itself also SIGINT); jobs in hand are finished, others stay waiting.

    Nothing here cancels a job: the queue would mark it as done with. One that is cut off (SIGKILL) is taken up again
    by another worker once its heartbeat is missed. It is nice to the web processes: people wait for pages.
    """
    with contextlib.suppress(OSError):
        os.nice(NICENESS)

    async def run() -> None:
        stop = asyncio.Event()
        if supervisor is None:
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
        else:
            stop_by_signal(stop.set, supervisor)
        await work(settings, stop)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())
    return 0
