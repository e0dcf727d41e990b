"""A site served by the real command, in processes of its own, for the tests of starting, stopping and dying."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
# A busy machine with two processors starts a site in a few seconds; one that has not by then does not (seconds).
PATIENCE = 90


def environment(data: Path, database_url: str = "") -> dict[str, str]:
    """What a command sees: a data folder, perhaps a database, nothing of what the tests were started with."""
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("HAAS_", "PYTEST_", "MEILI")) and "DATABASE_URL" not in k
    }
    return kept | {
        "HAAS_DATA": str(data),
        "PYTHONPATH": str(ROOT),
        **({"DATABASE_URL": database_url} if database_url else {}),
    }


def haas(data: Path, *arguments: str, database_url: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "forum.cli", *arguments],
        cwd=data,
        env=environment(data, database_url),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@dataclass
class Running:
    """`haas serve` on a free port; what it says goes to a file, so that it never waits for a reader."""

    process: "subprocess.Popen[bytes]"
    log: Path
    url: str = ""

    @classmethod
    def start(cls, data: Path, database_url: str = "", *arguments: str) -> "Running":
        """Start it and wait until it answers. Raises AssertionError with what it said when it does not."""
        log = data / f"serve-{time.monotonic_ns()}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "forum.cli", "serve", "--port", "0", *arguments],
                cwd=data,
                env=environment(data, database_url),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        running = cls(process, log)
        until = time.monotonic() + PATIENCE
        while not (found := re.search(r"^HaaS answers at (\S+)", running.said, re.MULTILINE)):
            if process.poll() is not None or time.monotonic() > until:
                running.kill()
                raise AssertionError(running.said)
            time.sleep(0.02)
        running.url = found[1]
        return running

    @property
    def said(self) -> str:
        return self.log.read_text()

    def children(self) -> list[psutil.Process]:
        """Its processes, oldest first: the web processes, then the worker."""
        return sorted(psutil.Process(self.process.pid).children(), key=lambda child: (child.create_time(), child.pid))

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def ended(self) -> int:
        """Wait for the end; the exit status."""
        return self.process.wait(PATIENCE)

    def stop(self) -> int:
        self.ask_to_stop()
        return self.ended()

    def kill(self) -> None:
        """End it, whatever state it is in."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
