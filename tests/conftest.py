"""The real database for every test that wants one: a copy of a migrated template on an embedded server."""

import asyncio
import hashlib
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from forum.database import embedded, engine
from forum.database.migrate import LOCK, ensure_role, migrate
from forum.database.piccolo_app import MIGRATIONS
from forum.settings import Settings
from tests.helpers.site import Site

ROOT = Path(__file__).parent.parent
# Tests may lose everything when the machine stops; nothing else may.
TUNING = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 300\njit = off\n"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data (`HAAS_TEST_DATA`); the test skips, visibly, where it is missing."""
    folder = (ROOT / os.environ.get("HAAS_TEST_DATA", "../shared")).resolve()
    if not (folder / "data").is_dir():
        pytest.skip(f"no real data: set HAAS_TEST_DATA (looked in {folder})")
    return folder / "data"


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    """The embedded server, shared by all test processes."""
    folder = ROOT / "var" / "test" / "postgres"
    running = embedded.start(folder, tuning=TUNING)
    yield running
    embedded.release(running)


def template_name() -> str:
    digest = hashlib.sha256()
    for file in sorted(MIGRATIONS.glob("m*.py")) + [ROOT / "forum/database/migrate.py"]:
        digest.update(file.read_bytes())
    return f"template_{digest.hexdigest()[:16]}"


@pytest.fixture(scope="session")
def template(server: Any) -> str:
    """The name of a migrated, empty database, made once for each state of the migrations."""
    async def make() -> str:
        name = template_name()
        link = await asyncpg.connect(embedded.url(server, "postgres"))
        try:
            await link.execute("select pg_advisory_lock($1)", LOCK)
            if not await link.fetchval("select 1 from pg_database where datname = $1", name):
                await ensure_role(link)
                await link.execute(f'create database "{name}_new"')
                await migrate(embedded.url(server, f"{name}_new"))
                await link.execute(f'alter database "{name}_new" rename to "{name}"')
            return name
        finally:
            await link.close()

    return asyncio.run(make())


@pytest.fixture
async def database_url(server: Any, template: str) -> AsyncIterator[str]:
    """A database of the test's own."""
    name = f"test_{uuid4().hex[:16]}"
    link = await asyncpg.connect(embedded.url(server, "postgres"))
    await link.execute(f'create database "{name}" template "{template}"')
    yield embedded.url(server, name)
    await link.execute(f'drop database "{name}" with (force)')
    await link.close()


class Statements(list[str]):
    """Every SQL statement since the last `clear()`, transaction control left out."""

    def hear(self, statement: str) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SELECT pg_advisory_unlock_all", "select t.oid")):
            self.append(statement)

    @property
    def count(self) -> int:
        return len(self)


@pytest.fixture
def statements() -> Statements:
    """Counts the SQL statements of the test's pool."""
    return Statements()


@pytest.fixture
async def database(database_url: str, statements: Statements) -> AsyncIterator[str]:
    """The pool, open on a database of the test's own."""
    await engine.connect(database_url, size=5, on_statement=statements.hear)
    yield database_url
    await engine.disconnect()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        base_url="http://testserver",
        data=tmp_path,
        secret_key="a key of the tests",
        database_url=database_url,
        site_name="Test Help",
    )


@pytest.fixture
async def site(database: str, settings: Settings) -> AsyncIterator[Site]:
    """The whole application in this process, and builders that make its world in one line each."""
    async with Site.open(settings) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_outside_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets lead to this machine alone."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test wanted to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
