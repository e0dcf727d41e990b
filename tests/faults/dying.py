"""A program that does one thing again and again, and is killed (-9) a line further into it each time.

`python -m tests.faults.dying DATABASE_URL MODULE:FUNCTION ARGUMENTS(json) STEP [SETTING=VALUE...]`: forks a child that
connects and calls the coroutine with the arguments; the child kills itself at the n-th line of our own code that it runs,
n growing by STEP from child to child, until a child comes to its end. Prints how many died.
"""

import asyncio
import importlib
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from forum.database import engine
from forum.settings import Settings, use
from forum.wiring import wire

ROOT = str(Path(__file__).resolve().parents[2])
OURS = tuple(f"{ROOT}/{room}/" for room in ("forum", "categories", "reputation", "payouts"))


def kill_at(line: int) -> None:
    """End this process at the `line`-th line of ours from now on."""
    left = line

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


async def do(url: str, target: str, arguments: list[Any], line: int) -> None:
    """Connect, then call the coroutine under a death sentence."""
    module, name = target.split(":")
    function = getattr(importlib.import_module(module), name)
    await engine.connect(url, size=2)
    kill_at(line)
    await function(*arguments)
    sys.settrace(None)
    await engine.disconnect()


def main(url: str, target: str, arguments: str, step: str, *chosen: str) -> None:
    wire()
    use(Settings(database_url=url, secret_key="a key of the tests", **dict(each.split("=", 1) for each in chosen)))  # type: ignore[arg-type]
    importlib.import_module(target.split(":")[0])
    line = died = 0
    while True:
        line += int(step)
        child = os.fork()
        if child == 0:
            asyncio.run(do(url, target, json.loads(arguments), line))
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            break
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "it ended by an error"
        died += 1
    print(json.dumps({"died": died, "lines": line}))


if __name__ == "__main__":
    main(*sys.argv[1:])
