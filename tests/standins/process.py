"""Runs a stand-in (an ASGI application) as a process of its own on a free port, and tells it what to be like."""

import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

ROOT = Path(__file__).parents[2]
# A loaded machine may take this long to start one (seconds).
PATIENCE = 60
# On this machine nothing is encrypted, and reading certificates takes longer than most tests.
PLAIN: dict[str, Any] = {"verify": False, "trust_env": False, "timeout": PATIENCE}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Standin:
    """A third party on this machine; `tell` changes its state, `reset` makes it new, `heard` is what it was asked."""

    process: "subprocess.Popen[bytes]"
    url: str

    @classmethod
    def start(cls, *command: str) -> Self:
        """Start `python <command>`, in which `{port}` is its port, and wait until it takes connections."""
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, *(word.format(port=port) for word in command)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return cls(process, f"http://127.0.0.1:{port}")
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    process.kill()
                    raise AssertionError(f"{command} did not start") from None
                time.sleep(0.02)

    @classmethod
    def serve(cls, app: str) -> Self:
        """Start an application of this folder, such as `tests.standins.github:app`."""
        return cls.start("-m", "uvicorn", app, "--port", "{port}", "--log-level", "error")

    def tell(self, **state: Any) -> None:
        httpx.post(f"{self.url}/_/state", json=state, **PLAIN).raise_for_status()

    def reset(self) -> None:
        httpx.delete(f"{self.url}/_/state", **PLAIN).raise_for_status()

    def heard(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/_/heard", **PLAIN).raise_for_status().json()
        return found

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
