"""Starts and stops the processes that are measured: the site's own `haas serve`, and the floor."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from forum.bench.load import fetch

READY = 60.0
SECRET = "the key of the benchmark, which signs nothing that matters"


@dataclass(frozen=True)
class Served:
    """A site being served: its port, and the one web process of it."""

    port: int
    web: int

    @property
    def cpu_seconds(self) -> float:
        """Processor time that the web process has used since it began."""
        times = psutil.Process(self.web).cpu_times()
        return float(times.user + times.system)

    @property
    def rss_mb(self) -> float:
        """Resident memory of the web process in MB (10^6 bytes), what it shares with its supervisor included."""
        return float(psutil.Process(self.web).memory_info().rss) / 1e6


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(data: Path, database: str | None, port: int = 0) -> dict[str, str]:
    """What a `haas` command of the benchmark reads instead of the site's settings."""
    own = {
        "HAAS_DATA": str(data),
        "HAAS_SECRET_KEY": SECRET,
        "HAAS_LOG": "json",
        "DATABASE_URL": database or "",
        "HAAS_BASE_URL": f"http://127.0.0.1:{port}",
    }
    foreign = ("HAAS_", "DATABASE_URL", "MIGRATE_DATABASE_URL", "SMTP_URL", "MAIL_DOMAIN")
    return {k: v for k, v in os.environ.items() if not k.startswith(foreign)} | {k: v for k, v in own.items() if v}


ROOT = str(Path(__file__).resolve().parents[2])


def haas(*words: str, env: Mapping[str, str], folder: Path, out: int | None = None) -> subprocess.Popen[bytes]:
    """Start a `haas` command in `folder` (made where missing), where no `.env` of the site's lies; `out` is a file
    number that hears what it prints."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "forum.cli", *words]
    return subprocess.Popen(
        command, env={**env, "PYTHONPATH": ROOT}, cwd=folder, stdout=out, stderr=None if out == QUIET else out
    )


QUIET = subprocess.DEVNULL


def start_floor(pages: Path, listener: socket.socket) -> subprocess.Popen[bytes]:
    number = listener.fileno()
    return subprocess.Popen(
        [sys.executable, "-m", "forum.bench.floor", str(pages), str(number)],
        pass_fds=(number,),
        env={**os.environ, "PYTHONPATH": ROOT},
    )


@asynccontextmanager
async def served(data: Path, database: str | None, log: Path, *words: str) -> AsyncIterator[Served]:
    """`haas serve` with one web process, from the first answered request to its clean end."""
    port = free_port()
    with log.open("ab") as out:
        process = haas(
            *("serve", "--port", str(port), "--workers", "1", *words),
            env=environment(data, database, port),
            folder=data,
            out=out.fileno(),
        )
    try:
        await answered(port, process, log)
        children = psutil.Process(process.pid).children()
        yield Served(port, min(child.pid for child in children if not child.name().startswith("postgres")))
    finally:
        await ended(process)


async def answered(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the first answered request. Raises RuntimeError when the process ends before."""
    until = time.monotonic() + READY
    while time.monotonic() < until:
        with contextlib.suppress(OSError, ValueError):
            status, _body = await fetch(port, "/")
            if status == 200:
                return
        if process.poll() is not None:
            raise RuntimeError(f"it ended with {process.returncode}; see {log}")
        await asyncio.sleep(0.005)
    raise RuntimeError(f"it did not answer within {READY:g} s; see {log}")


async def ended(process: subprocess.Popen[bytes]) -> None:
    """End a process gently, then not."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    for _ in range(600):
        if process.poll() is not None:
            return
        await asyncio.sleep(0.05)
    process.kill()
    process.wait()


@asynccontextmanager
async def floor(pages: Path, name: str) -> AsyncIterator[Served]:
    """The floor in a process of its own, answering with the files of a folder, of which `name` is one."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)
    port = int(listener.getsockname()[1])
    process = start_floor(pages, listener)
    listener.close()
    try:
        until = time.monotonic() + READY
        while time.monotonic() < until:
            with contextlib.suppress(OSError, ValueError):
                if (await fetch(port, f"/{name}"))[0] == 200:
                    break
            await asyncio.sleep(0.02)
        yield Served(port, process.pid)
    finally:
        await ended(process)
