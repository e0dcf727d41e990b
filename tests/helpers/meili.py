"""Meilisearch for tests: the stand-in always; the real program where there is one, or a server that is named."""

import itertools
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from forum.database.engine import Row, fetch_value
from forum.web.reader import Reader
from search.meili import keeping
from search.meili.engine import MeiliSearch
from search.meili.link import Link
from search.query import Query
from tests.standins.process import PATIENCE, Standin, free_port

STANDIN = "tests.standins.meilisearch:app"
PROGRAM = shutil.which("meilisearch")
SERVER = os.environ.get("MEILISEARCH_URL", "")
HAS_REAL = bool(PROGRAM or SERVER)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Server:
    url: str
    key: str


class Settled(MeiliSearch):
    """As it is once a worker has been round: before anything is asked, the job that waits for it is done."""

    async def scope(self, reader: Reader, asked: Query) -> Row:
        if await keeping.waiting():
            assert await fetch_value("select count(*) from pgqueuer where entrypoint = 'index_changes'"), "no job"
            await self.index_changes()
            assert not await keeping.waiting()
        return await super().scope(reader, asked)


@contextmanager
def real_server(folder: Path) -> Iterator[Server]:
    """The server that MEILISEARCH_URL names, or the program on a loopback port with a folder of its own."""
    if SERVER:
        yield Server(SERVER, os.environ.get("MEILISEARCH_KEY", ""))
        return
    assert PROGRAM
    port, key = free_port(), secrets.token_urlsafe(24)
    address = f"127.0.0.1:{port}"
    process = subprocess.Popen(
        [PROGRAM, "--http-addr", address, "--db-path", str(folder / "data"), "--no-analytics", "--master-key", key],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + PATIENCE
        while not is_healthy(f"http://{address}"):
            assert process.poll() is None and time.monotonic() < until, "meilisearch did not start"
            time.sleep(0.05)
        yield Server(f"http://{address}", key)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def standin_server() -> Iterator[tuple[Standin, Server]]:
    standin = Standin.serve(STANDIN)
    try:
        yield standin, Server(standin.url, "")
    finally:
        standin.stop()


@asynccontextmanager
async def link_to(server: Server) -> AsyncIterator[Link]:
    """A link to an index of its own, which is taken away afterwards."""
    link = Link(server.url, server.key, f"haas_test_{os.getpid()}_{next(_numbers)}", search_time=PATIENCE)
    try:
        yield link
        for name in (link.name, link.next_name):
            await link.client.delete_index_if_exists(name)
    finally:
        await link.close()


async def documents(link: Link, standin: Standin) -> list[dict[str, Any]]:
    """The documents of an index as the stand-in keeps them, in their order."""
    async with httpx.AsyncClient() as plain:
        found = (await plain.get(f"{standin.url}/_/documents/{link.name}")).raise_for_status().json()
    return sorted(found, key=lambda document: int(document["id"]))


async def shown(link: Link) -> list[dict[str, Any]]:
    """The documents of an index as whoever has a key is shown them."""
    return [dict(each) for each in (await link.client.index(link.name).get_documents()).results]
