"""The real database for every test that wants one: a copy of a migrated template on an embedded server."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from forum.database import embedded, engine
from forum.settings import Settings
from forum.web import limits
from tests.helpers import databases
from tests.helpers.site import Site, close_idle

ROOT = Path(__file__).parent.parent
# how long an example takes says how busy the machine is
hypothesis.settings.register_profile("haas", deadline=None)
hypothesis.settings.load_profile("haas")
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


@pytest.fixture(scope="session")
def template(server: Any) -> str:
    """The name of a migrated, empty database, made once for each state of the migrations."""
    return asyncio.run(databases.make_template(server))


@pytest.fixture(scope="session")
def process_database(server: Any, template: str) -> Iterator[str]:
    """The database of this test process."""
    name = f"test_{os.getpid()}"
    yield asyncio.run(databases.create(server, template, name))
    asyncio.run(databases.drop(server, name))


@pytest.fixture(scope="session")
async def emptier(process_database: str) -> AsyncIterator[databases.Emptier]:
    """Empties the database of this test process."""
    made = databases.Emptier(process_database)
    yield made
    await made.close()


@pytest.fixture
async def database_url(process_database: str, emptier: databases.Emptier) -> AsyncIterator[str]:
    """A database with nothing in it but what the migrations bring; emptied again afterwards."""
    yield process_database
    await emptier.empty()


class Statements(list[str]):
    """Every SQL statement since the last `clear()`, transaction control left out."""

    def hear(self, statement: str) -> None:
        # what a connection asks once about types is not the page's
        own = "typeinfo_tree" not in statement and "current_setting('jit')" not in statement
        control = ("BEGIN", "COMMIT", "ROLLBACK", "SELECT pg_advisory_unlock_all", "select t.oid")
        if own and not statement.startswith(control):
            self.append(statement)

    @property
    def count(self) -> int:
        return len(self)


# The pool outlives a test, so that its connections stay warm; it tells the statements to whichever test runs.
_statements = Statements()


@pytest.fixture
def statements() -> Statements:
    """Counts the SQL statements of this process's pool since the test began."""
    _statements.clear()
    return _statements


@pytest.fixture(scope="session")
async def pool(process_database: str) -> AsyncIterator[None]:
    """Closes what `database` and `Site.jobs` opened."""
    yield
    await engine.disconnect()
    await close_idle()


@pytest.fixture
async def database(database_url: str, pool: None, statements: Statements) -> str:
    """The pool, open on a database of the test's own; a test may have closed it, or left it open on another one."""
    if engine.engine.pool is None or engine.engine.config != {"dsn": database_url}:
        await engine.disconnect()
        await engine.connect(database_url, size=5, on_statement=_statements.hear)
    return database_url


@pytest.fixture
async def no_pool() -> None:
    """Nothing of this process is connected: a command that is called in it connects by itself, in its own loop."""
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
def windows_of_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No window of a rate limit ends while a test counts in it."""
    moment = time.time()
    monkeypatch.setattr(limits, "time", lambda: moment)


@pytest.fixture(autouse=True)
def no_outside_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets lead to this machine alone."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test wanted to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
