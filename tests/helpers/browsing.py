"""Real browsers for the tests: pages that write down whatever goes wrong in them."""

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser as Chromium
from playwright.async_api import ConsoleMessage, Locator, Page, Request, Response, ViewportSize

from forum.web import sessions
from tests.helpers import site as sites

ROOT = Path(__file__).parents[2]
# the first is the same browser without what nobody sees, and takes three quarters of the time
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
LOOKS: dict[str, tuple[ViewportSize, Literal["light", "dark"]]] = {
    "desktop": (DESKTOP, "light"),
    "phone": (PHONE, "light"),
    "dark": (DESKTOP, "dark"),
}
# A loaded machine may take this long to show something (milliseconds).
TIMEOUT = 10_000
# A page that breaks its own Content-Security-Policy says so, inline scripts and styles above all.
REPORT_VIOLATIONS = (
    'document.addEventListener("securitypolicyviolation",'
    " (e) => console.error(`CSP: ${e.effectiveDirective} refused ${e.blockedURI} (${e.sample})`));"
)


def chromium() -> str | None:
    """The system's browser; none is ever downloaded."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


async def drag_taller(page: Page, field: Locator) -> None:
    """Drag a field's corner down with the mouse, as far as a few lines."""
    # the list behind it may still be on its way to the row that is shown
    await field.scroll_into_view_if_needed()
    box = await field.bounding_box()
    assert box
    corner = box["x"] + box["width"] - 5, box["y"] + box["height"] - 5
    await page.mouse.move(*corner)
    await page.mouse.down()
    await page.mouse.move(corner[0], corner[1] + 80, steps=4)
    await page.mouse.up()
    after = await field.bounding_box()
    assert after and after["height"] > box["height"] + 40


@dataclass
class Windows:
    """Opens windows of people on the site under test; each is a browser profile of its own."""

    chromium: Chromium
    url: str
    troubles: list[str] = field(default_factory=list)
    # a page that is left before its socket was open says so
    expected: list[str] = field(default_factory=lambda: ["closed before the connection is established"])
    closing: list[Callable[[], Any]] = field(default_factory=list)

    async def open(self, path: str = "", person: "sites.Browser | None" = None, **options: Any) -> Page:
        """A page in a new profile, signed in as `person` or nobody; `options` are those of a browser context."""
        options = {"viewport": DESKTOP, "base_url": self.url, "reduced_motion": "reduce"} | options
        context = await self.chromium.new_context(**options)
        self.closing.append(context.close)
        context.set_default_timeout(TIMEOUT)
        await context.add_init_script(REPORT_VIOLATIONS)
        if person is not None:
            cookie = person.http.cookies[sessions.COOKIE]
            await context.add_cookies([{"name": sessions.COOKIE, "value": cookie, "url": self.url}])
        context.on("console", self.hear_console)
        context.on(
            "weberror",
            lambda error: self.troubles.append(f"uncaught in {error.page and error.page.url}: {error.error}"),
        )
        context.on("request", self.hear_request)
        context.on("response", self.hear_response)
        page = await context.new_page()
        if path:
            await page.goto(path)
        return page

    def hear_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            page = message.page
            # where it was said: of a request that was refused, its address
            said = f"{message.text} ({message.location['url']})"
            self.troubles.append(f"{message.type} on {page.url if page else '?'}: {said}")

    def hear_request(self, request: Request) -> None:
        host = urlsplit(request.url).hostname
        if host and host != "127.0.0.1":
            self.troubles.append(f"asked {host} for {request.url}")

    def hear_response(self, response: Response) -> None:
        if response.status >= 500:
            self.troubles.append(f"{response.status} from {response.request.method} {response.url}")

    def expect(self, pattern: str) -> None:
        """What matches this (a regular expression) may go wrong in this test."""
        self.expected.append(pattern)

    def unexpected(self) -> list[str]:
        """All that went wrong and was not declared by `expect`."""
        return [t for t in self.troubles if not any(re.search(pattern, t) for pattern in self.expected)]

    async def close(self) -> None:
        for close in self.closing:
            await close()


@dataclass
class Cable:
    """A connection to the site that can be cut and mended: a port that passes on what comes, both ways."""

    port: int
    site_port: int
    listening: asyncio.Server | None = None
    ends: set[asyncio.StreamWriter] = field(default_factory=set)
    taken: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    @asynccontextmanager
    async def plugged(cls, url: str) -> AsyncIterator["Cable"]:
        """A mended cable to the site at `url`; `self.url` is its other end."""
        made = cls(0, int(url.rpartition(":")[2]))
        await made.mend()
        yield made
        await made.cut()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def mend(self) -> None:
        self.listening = await asyncio.start_server(self.take, "127.0.0.1", self.port)
        self.port = self.listening.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Everything that is open breaks, nothing new gets through."""
        assert self.listening is not None
        self.listening.close()
        while self.taken:
            for end in self.ends:
                end.transport.abort()
            await asyncio.wait(self.taken, timeout=0.1)
        # from Python 3.12 on this waits for open connections, too
        await self.listening.wait_closed()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.taken.add(task)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.site_port)
        ends = {writer, there_writer}
        self.ends |= ends
        await asyncio.gather(pass_on(reader, there_writer), pass_on(there_reader, writer))
        self.ends -= ends
        self.taken.discard(task)


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Bytes as they come, until an end closes or breaks; then the other one closes too."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def mailed_link(site: sites.Site) -> str:
    """The address that confirms, in the first mail that brings one into the outbox folder."""
    for _ in range(200):
        found = [link for text in site.mails() for link in sites.links(text) if "/confirm/" in link]
        if found:
            return found[0]
        await asyncio.sleep(0.05)
    raise AssertionError("no mail came within 10 s")


async def shoot(page: Page, name: str) -> None:
    """A picture of the whole page in var/shots, for looking at, when HAAS_SHOTS is set."""
    if os.environ.get("HAAS_SHOTS"):
        await page.screenshot(path=ROOT / "var" / "shots" / f"{name}.png", full_page=True)


async def looks(page: Page, name: str) -> None:
    """The same on a desktop, on a phone and in the dark; the page is as before afterwards."""
    if not os.environ.get("HAAS_SHOTS"):
        return
    before = page.viewport_size
    for look, (size, scheme) in LOOKS.items():
        await page.set_viewport_size(size)
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await shoot(page, f"{name}-{look}")
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    if before is not None:
        await page.set_viewport_size(before)
