"""Serves sites for the browser tests: one process that has everything imported, and forks each site's own off it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from forum.log import configure
from forum.processes import run_web, run_worker
from forum.serve import address_of, listen
from forum.settings import OidcProvider, Settings, use
from forum.web.assets import Assets
from forum.web.templates import all_templates, environment
from forum.wiring import wire

ROOT = Path(__file__).parents[2]
# A site that has not gone by itself by then is ended (seconds); nothing of it is wanted any more.
GRACE = 2.0


@dataclass
class Served:
    """The process beside the tests; it serves one site at a time, each on its own database and port."""

    process: "subprocess.Popen[str]"

    @classmethod
    def begin(cls) -> "Served":
        """Start it; `serve` follows once a test wants a site."""
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return cls(process)

    def serve(self, settings: Settings) -> Settings:
        """Serve the site of these settings until `stop`; returns them with its address."""
        order: dict[str, Any] = {n: str(value) for n, value in vars(settings).items() if n not in ("base_url", "oidc")}
        return replace(settings, base_url=self.say(order | {"oidc": [asdict(each) for each in settings.oidc]}))

    def stop(self) -> None:
        """End the site that is served, so that its database can go."""
        self.say({})

    def end(self) -> None:
        """End everything."""
        self.process.communicate(timeout=20)

    def say(self, order: dict[str, Any]) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise RuntimeError("the site of the browser tests did not start; what it said stands above")
        return answer


@dataclass
class Server:
    """What runs in the process beside the tests: the children of the site that is served now."""

    children: list[int] = field(default_factory=list)
    # who holds the reading end knows when this process has gone
    alive: tuple[int, int] = field(default_factory=os.pipe)

    def obey(self) -> None:
        """Do what the tests say, a line an order, until they close the pipe."""
        wire()
        Assets.current()
        # each site's processes are forked off this one, and find them ready
        for name in all_templates():
            environment.get_template(name)
        for line in sys.stdin:
            self.stop()
            order = json.loads(line)
            print(self.start(order) if order else "stopped", flush=True)
        self.stop()

    def start(self, order: dict[str, Any]) -> str:
        """Serve a site by a web process and a worker; returns its address once it answers, "" if it does not."""
        listener = listen("127.0.0.1", 0)
        listener.listen(128)
        settings = Settings(
            **order
            | {
                "base_url": address_of(listener),
                "data": Path(order["data"]),
                "oidc": tuple(OidcProvider(**each) for each in order["oidc"]),
            }
        )
        configure(settings.log)
        use(settings)
        ready, tell = os.pipe()
        self.fork(lambda: run_web(settings, listener, tell, self.alive[0]))
        self.fork(lambda: run_worker(settings, self.alive[0]))
        os.close(tell)
        listener.close()
        answers = os.read(ready, 1)
        os.close(ready)
        return settings.base_url if answers else ""

    def fork(self, run: Callable[[], int]) -> None:
        child = os.fork()
        if child:
            self.children.append(child)
            return
        status = 1
        try:
            os.close(self.alive[1])
            # what it says belongs to what went wrong, not to the answers that the tests read
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
            status = run()
        finally:
            os._exit(status)

    def stop(self) -> None:
        for child in self.children:
            os.kill(child, signal.SIGTERM)
        until = time.monotonic() + GRACE
        while self.children:
            child = self.children[0]
            if os.waitpid(child, os.WNOHANG)[0]:
                self.children.remove(child)
            elif time.monotonic() > until:
                os.kill(child, signal.SIGKILL)
                until += GRACE
            else:
                time.sleep(0.01)


if __name__ == "__main__":
    Server().obey()
