"""A program that has everything loaded and begins `haas` commands as processes of their own, which may then be killed.

`python -m tests.faults.warm`: each line of standard input is JSON (`words`, `env`, `cwd`); the process's id is a line of
standard output, its exit status (negative: the signal) the next one.
"""

import importlib
import json
import os
import sys

LOADED = ("forum.commands", "forum.app", "forum.wiring", "forum.processes", "forum.worker", "importers.github.commands")


def main() -> None:
    for name in LOADED:
        importlib.import_module(name)
    cli = importlib.import_module("forum.cli")
    print("ready", flush=True)
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if child == 0:
            os.environ.clear()
            os.environ.update(told["env"])
            os.chdir(told["cwd"])
            out = os.open("said.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(out, 1)
            os.dup2(out, 2)
            sys.argv = ["haas", *told["words"]]
            try:
                cli.main()
            except SystemExit as end:
                sys.stdout.flush()
                os._exit(end.code if isinstance(end.code, int) else 1)
            os._exit(0)
        print(child, flush=True)
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
