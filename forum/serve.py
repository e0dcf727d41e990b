"""`haas serve`: a supervisor that owns the database, the listening socket, N web processes and one worker."""

import contextlib
import gc
import os
import random
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import structlog

from forum import log as logs
from forum.database import embedded
from forum.database.ready import ready_database
from forum.late import late
from forum.settings import Settings, use

log = structlog.get_logger()
# A child that ends by itself is started again at once, then after twice as long each time (seconds).
PAUSE, PAUSE_MOST = 0.25, 30.0
# Children have GRACE (forum/processes.py) to finish; then so long again before they are killed (seconds).
STOP = 30.0
HURRY = 2.0
# One that lived this long did well (seconds).
WELL = 10.0
BACKLOG = 2048
TICK = 1.0


class CannotServe(RuntimeError):
    """The site cannot be served; the message, one line, says why."""


@dataclass(eq=False)
class Child:
    """One process under the supervisor, restarted when it ends."""

    kind: str
    run: Callable[[], int]
    pid: int = 0
    born: float = 0.0
    pause: float = PAUSE
    due: float = 0.0


@dataclass
class Wishes:
    """What the operator asked for since the last look."""

    stops: int = 0
    heard: float = -1.0

    def hear(self, _number: int, _frame: object) -> None:
        # whoever stops a whole group of processes (systemd, timeout) may tell the supervisor twice
        if time.monotonic() - self.heard > 0.5:
            self.stops += 1
        self.heard = time.monotonic()


@dataclass(frozen=True)
class Pipes:
    """How the supervisor is woken, how children say that they answer, how they learn that it is gone (it closes)."""

    wake_out: int
    wake_in: int
    ready_out: int
    ready_in: int
    alive_out: int
    alive_in: int

    @classmethod
    def open(cls) -> "Pipes":
        pipes = cls(*os.pipe(), *os.pipe(), *os.pipe())
        for end_of_pipe in (pipes.wake_out, pipes.wake_in, pipes.ready_out):
            os.set_blocking(end_of_pipe, False)
        return pipes

    def close_supervisors(self) -> None:
        """In a child: let go of the ends that are not its own."""
        for end_of_pipe in (self.wake_out, self.wake_in, self.ready_out, self.alive_in):
            os.close(end_of_pipe)

    def close(self) -> None:
        self.close_supervisors()
        os.close(self.ready_in)
        os.close(self.alive_out)


def listen(host: str, port: int) -> socket.socket:
    """The listening socket, bound once and shared by all web processes. Raises CannotServe."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise CannotServe(f"--host: {host} is not an address of this machine") from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise CannotServe(
            f"cannot listen on {host} port {port}: {(error.strerror or str(error)).lower()};"
            " choose another with --port (make run: PORT=)"
        ) from None
    return listener


def address_of(listener: socket.socket) -> str:
    """The URL at which a browser on this machine reaches the socket."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def serve(
    settings: Settings,
    host: str,
    port: int,
    workers: int,
    with_worker: bool,
    first: Callable[[Settings], list[str]] = lambda _settings: [],
) -> int:
    """Serve the site until SIGINT or SIGTERM; returns the exit status.

    `first` runs once the database is ready, before the first request; what it returns is printed with the address.
    Raises CannotServe, NotReady.
    """
    logs.configure(settings.log)
    wishes = Wishes()
    with listen(host, port) as listener, collected_once(), ThreadPoolExecutor(1) as reader:
        here = address_of(listener)
        if settings.base_url == Settings.base_url:
            settings = replace(settings, base_url=here)
        # the application is read while the database starts; the thread is gone before the first fork
        reading = reader.submit(late, "forum.processes")
        with ready_database(settings) as ready, stopping(wishes):
            use(ready.settings)
            site = reading.result()
            reader.shutdown()
            site.load()
            said = [f"HaaS answers at {here}", *first(ready.settings)]
            listener.listen(BACKLOG)
            pipes = Pipes.open()
            web = partial(site.run_web, ready.settings, listener, pipes.ready_in, pipes.alive_out)
            children = [Child(f"web {n + 1}", web) for n in range(workers)]
            if with_worker:
                children.append(Child("worker", partial(site.run_worker, ready.settings, pipes.alive_out)))
            # what is there now is shared with the children; the collector would touch, and so copy, all of it
            gc.collect()
            gc.freeze()
            gc.enable()
            try:
                supervise(children, pipes, ready.server, wishes, said)
            finally:
                pipes.close()
    return 0


@contextlib.contextmanager
def collected_once() -> Iterator[None]:
    """Within it nothing is searched for garbage: while all is read there is none, and looking takes a tenth of it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextlib.contextmanager
def stopping(wishes: Wishes) -> Iterator[None]:
    """Within it SIGINT and SIGTERM are wishes, heard at the next look."""
    before = {number: signal.signal(number, wishes.hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def supervise(
    children: list[Child], pipes: Pipes, server: embedded.Server | None, wishes: Wishes, said: list[str]
) -> None:
    """Keep the children and the embedded database alive until a stop is wished for, then end them gently."""
    signal.set_wakeup_fd(pipes.wake_in, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        while not wishes.stops:
            for child in children:
                if not child.pid and time.monotonic() >= child.due:
                    start(child, pipes)
            select.select([pipes.wake_out, pipes.ready_out], [], [], TICK)
            drained(pipes.wake_out)
            if drained(pipes.ready_out) and said:
                print("\n".join(said), flush=True)
                said = []
            reap(children)
            keep_alive(server)
    finally:
        end(children, wishes, pipes)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def drained(pipe: int) -> bool:
    """Empty a pipe; whether there was anything in it."""
    try:
        return bool(os.read(pipe, 4096))
    except BlockingIOError:
        return False


def start(child: Child, pipes: Pipes) -> None:
    """Fork the child: it begins with everything imported, and shares that memory."""
    sys.stdout.flush()
    sys.stderr.flush()
    child.born = time.monotonic()
    child.pid = os.fork()
    if child.pid:
        return
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        # a terminal sends Ctrl-C to all; the supervisor passes it on in its own way
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        pipes.close_supervisors()
        random.seed()
        status = child.run()
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else 1
    except BaseException:
        log.error("process failed", process=child.kind, exc_info=True)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # not exit(): what the supervisor wants done at its end (stop the database) is not the child's to do
        os._exit(status)


def reap(children: list[Child]) -> None:
    """Notice children that ended, and when each is to be started again."""
    for child in children:
        if not child.pid:
            continue
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        if not pid:
            continue
        lived = time.monotonic() - child.born
        child.pause = PAUSE if lived > WELL else min(child.pause * 2, PAUSE_MOST)
        child.pid, child.due = 0, time.monotonic() + (0 if lived > WELL else child.pause)
        log.error("process ended, starting it again", process=child.kind, status=os.waitstatus_to_exitcode(status))


def keep_alive(server: embedded.Server | None) -> None:
    """Start the embedded database again when its process is gone."""
    if server is None or embedded.is_running(server):
        return
    log.error("the embedded PostgreSQL is gone, starting it again")
    try:
        embedded.revive(server)
    except (embedded.NotStarted, OSError) as error:
        log.error("the embedded PostgreSQL does not start", error=str(error))


def end(children: list[Child], wishes: Wishes, pipes: Pipes) -> None:
    """Let the children finish what they have in hand; a second wish hurries them, and so does time."""
    deadline = time.monotonic() + STOP
    tell(children, signal.SIGTERM)
    while any(child.pid for child in children):
        if wishes.stops > 1:
            deadline = min(deadline, time.monotonic() + HURRY)
        if time.monotonic() > deadline:
            tell(children, signal.SIGKILL)
        select.select([pipes.wake_out], [], [], 0.2)
        drained(pipes.wake_out)
        for child in children:
            if child.pid and os.waitpid(child.pid, os.WNOHANG)[0]:
                child.pid = 0


def tell(children: list[Child], number: signal.Signals) -> None:
    for child in children:
        if child.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, number)
