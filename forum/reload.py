"""`haas serve --reload`: serves in a process of its own, and starts that again whenever a source file changes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WATCHED = ("forum", "categories", "reputation", "payouts", "importers", "search", "static")
KINDS = {".py", ".html", ".txt", ".css", ".js", ".svg"}
EVERY = 0.7


def state() -> dict[str, int]:
    """When each source file was changed last."""
    found = {}
    for room in WATCHED:
        for file in (ROOT / room).rglob("*"):
            if file.suffix in KINDS and "dist" not in file.parts:
                found[str(file)] = file.stat().st_mtime_ns
    return found


def serve_again(arguments: list[str]) -> int:
    """Serve as `haas` was asked to, less `--reload`, until the server ends by itself or a signal ends both."""
    command = [sys.executable, "-P", "-m", "forum.cli", *(a for a in arguments if a != "--reload")]
    # wherever this was started: a folder called `forum` there is not ours
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    }
    while True:
        seen = state()
        server = subprocess.Popen(command, env=environment)
        try:
            while server.poll() is None and state() == seen:
                time.sleep(EVERY)
            if server.poll() == 0:
                return 0
            while server.poll() is not None and state() == seen:
                # it failed and said why; the next change may mend it
                time.sleep(EVERY)
        except KeyboardInterrupt:
            return ended(server)
        ended(server)


def ended(server: "subprocess.Popen[bytes]") -> int:
    """Stop the server gently; its exit status."""
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
    return server.wait()
