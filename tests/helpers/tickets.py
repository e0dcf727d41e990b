"""Tickets with who asked them, what they say and do by the ordinary doors, and what payments do."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from categories.support.queries import queue_state
from forum.database.engine import Row, execute, fetch_one, fetch_value
from forum.origins import Origin
from forum.threads.starting import store_thread
from tests.helpers.site import Browser
from tests.helpers.world import World

ASK = {"title": "How do I read a file?", "markdown": "I tried for an hour.", "project": "pelican"}


@dataclass
class Asked:
    """A ticket with the browser of who asked."""

    world: World
    ticket: int
    thread: int
    url: str
    ana: Browser

    async def row(self) -> Row:
        found = await fetch_one("select * from ticket where id = $1", self.ticket)
        assert found is not None
        return found

    async def state(self) -> str:
        return str((await self.row())["state"])

    async def since(self) -> datetime:
        found: datetime = (await self.row())["waiting_since"]
        return found

    async def says(self, browser: Browser, purpose: str = "reply") -> int:
        """A reply by the ordinary form; returns the post's number."""
        sent = await browser.post(f"/t/{self.thread}/replies", {"markdown": "A word about this.", "purpose": purpose})
        assert sent.status_code == 303, sent.text
        return int(sent.headers["location"].rpartition("_")[2])

    async def accept(self, number: int, browser: Browser | None = None) -> int:
        sent = await (browser or self.ana).post(f"/t/{self.thread}/acceptance", {"number": str(number)})
        return sent.status_code

    async def move(self, kind: str, browser: Browser | None = None) -> int:
        sent = await (browser or self.world.owner).post(f"/t/{self.thread}/bucket/{kind}")
        return sent.status_code


async def asked(world: World, title: str = "How do I read a file?", by: str = "ana", **kwargs: Any) -> Asked:
    made = await world.ask(title, by=by, **kwargs)
    assert made.ticket is not None
    return Asked(world, made.ticket, made.posted.thread, made.posted.url, await world.person(by))


async def paid(one: Asked, amount: int = 500) -> None:
    """What a payment does to a ticket."""
    await execute("update ticket set rank_amount = $2 where id = $1", one.ticket, amount)
    await execute("select queue_enter($1)", one.ticket)


async def credit(world: World) -> int:
    return (await queue_state(world.project)).credit


async def imported(world: World) -> int:
    octavia = await fetch_value(
        "insert into person (username, name, kind, origin) values ('octavia@github.com', 'Octavia', 'placeholder',"
        " 'github') returning id"
    )
    posted = await store_thread(
        octavia,
        await world.category("support"),
        "Cannot read a file",
        "It fails.",
        origin=Origin("github", "https://github.com/pelican/pelican/issues/1", datetime(2024, 1, 1, tzinfo=UTC)),
    )
    return posted.thread
