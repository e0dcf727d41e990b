"""A whole site in this process: builders that make the world in one line each, and browsers of its people."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx

from forum.accounts.passwords import hash_password
from forum.app import make_app
from forum.database.engine import execute, fetch_value
from forum.settings import Settings, use
from forum.web import csrf, sessions
from forum.web.reader import Reader
from forum.web.sessions import reader_of_person
from forum.wiring import wire
from forum.worker import drain

PASSWORD = "a long pass phrase"


@dataclass
class Browser:
    """An HTTP client with the cookies of one person (or nobody) that sends the CSRF token with what it posts."""

    http: httpx.AsyncClient
    secret_key: str
    person: int | None = None

    async def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return await self.http.get(path, **kwargs)

    async def post(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> httpx.Response:
        headers = {"x-csrf-token": self.token(), **kwargs.pop("headers", {})}
        return await self.http.post(path, data=data or {}, headers=headers, **kwargs)

    async def htmx(self, path: str, data: dict[str, Any] | None = None) -> httpx.Response:
        return await self.post(path, data, headers={"hx-request": "true"})

    def token(self) -> str:
        bearer = self.http.cookies.get(sessions.COOKIE) or self.http.cookies.get(csrf.GUEST_COOKIE) or ""
        return csrf.token_for(self.secret_key, bearer) if bearer else ""

    async def reader(self) -> Reader:
        return await reader_of_person(self.person or 0)


@dataclass
class Site:
    """The site under test."""

    app: Any
    settings: Settings
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["Site"]:
        use(settings)
        wire()
        site = cls(make_app(settings), settings)
        yield site
        for client in site.clients:
            await client.aclose()

    def guest(self) -> Browser:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app), base_url=self.settings.base_url, follow_redirects=False
        )
        self.clients.append(client)
        return Browser(client, self.settings.secret_key)

    async def person(self, username: str, *, admin: bool = False, confirmed: bool = True, name: str = "") -> int:
        """A new member of the site; returns the id."""
        person: int = await fetch_value(
            "insert into person (username, name, email, password, site_role, email_confirmed_at)"
            " values ($1, $2, $3, $4, $5, case when $6 then now() end) returning id",
            username,
            name or username.title(),
            f"{username.lower()}@example.org",
            await a_hash(),
            "admin" if admin else "member",
            confirmed,
        )
        await execute("insert into handle (name, person_id) values (lower($1), $2)", username, person)
        return person

    async def browser(self, person: int) -> Browser:
        """A browser in which `person` is signed in."""
        browser = self.guest()
        token = await sessions.start_session(person, "test")
        browser.http.cookies.set(sessions.COOKIE, token)
        browser.person = person
        return browser

    async def member(self, username: str, **kwargs: Any) -> Browser:
        """A new person, signed in."""
        return await self.browser(await self.person(username, **kwargs))

    async def jobs(self) -> None:
        """Do all jobs that wait."""
        await work_off(self.settings.database_url)

    def mails(self) -> list[str]:
        """The mails written to the outbox folder, oldest first."""
        return [file.read_text() for file in sorted((self.settings.data / "mail").glob("*.eml"))]


# Connections over which jobs were done, by address. They outlive a test: over a new one the library of the queue looks at
# all of its tables and types anew, which takes longer than most jobs do.
_idle: dict[str, list[Any]] = defaultdict(list)


async def work_off(url: str) -> None:
    """Do the jobs that are due; several may do so at once."""
    idle = _idle[url]
    while idle and idle[-1].is_closed():
        idle.pop()
    link = idle.pop() if idle else await asyncpg.connect(url)
    try:
        await drain(link)
    except BaseException:
        link.terminate()
        raise
    idle.append(link)


async def close_idle() -> None:
    """Let go of the connections that `work_off` made."""
    for open_there in _idle.values():
        while open_there:
            await open_there.pop().close()


_hash: str | None = None


async def a_hash() -> str:
    """The hash of PASSWORD, made once a process: argon2id is slow on purpose."""
    global _hash
    if _hash is None:
        _hash = await hash_password(PASSWORD)
    return _hash


def faulty(page: str) -> list[str]:
    """The fields that the summary above a form leads to, in its order."""
    return re.findall(r'<a href="#([^"]+)">', page.partition('id="errors"')[2].partition("</ul>")[0])


def links(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"https?://[^\s\"<>]+", text)))
