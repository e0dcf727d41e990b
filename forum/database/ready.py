"""The site's database, ready to use: started where it is the embedded one, fit in version, migrated."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import asyncpg

from forum.database import embedded
from forum.database.pending import APP_ROLE, pending_migrations
from forum.late import late
from forum.settings import Settings

OLDEST = 15
TIMEOUT = 10


class NotReady(RuntimeError):
    """The database cannot be used; the message, one line, says why and what would help."""


@dataclass(frozen=True)
class Ready:
    """Settings that name the database, the embedded server where that is it, and the migrations just applied."""

    settings: Settings
    server: embedded.Server | None
    applied: list[str]


@contextlib.contextmanager
def ready_database(settings: Settings) -> Iterator[Ready]:
    """Start or join the embedded server when `DATABASE_URL` is unset, apply migrations; let go of it at the end.

    Raises NotReady. Not to be called where an event loop runs.
    """
    server = None
    if not settings.database_url:
        try:
            server = embedded.start(settings.data / "postgres")
        except embedded.NotStarted as error:
            raise NotReady(str(error)) from error
        settings = replace(settings, database_url=embedded.url(server))
    try:
        yield Ready(settings, server, asyncio.run(prepare(settings, server)))
    finally:
        if server is not None:
            embedded.release(server)


async def prepare(settings: Settings, server: embedded.Server | None) -> list[str]:
    """Make the database fit for this code; returns the ids of the migrations applied. Raises NotReady."""
    owner = settings.migrate_database_url or settings.database_url
    with told(owner, "MIGRATE_DATABASE_URL" if settings.migrate_database_url else "DATABASE_URL"):
        if server is not None:
            await ensure_database(embedded.url(server, "postgres"), embedded.DATABASE)
        else:
            await check_version(owner)
        # what migrates takes longer to import than the rest of a start
        applied = await late("forum.database.migrate:migrate")(owner) if await pending_migrations(owner) else []
    with told(settings.database_url, "DATABASE_URL"):
        await check_role(settings.database_url)
    return applied


async def ensure_database(server_url: str, name: str) -> None:
    """Create the database `name` on the embedded server where it is missing."""
    connection = await asyncpg.connect(server_url)
    try:
        if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
            with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                await connection.execute(f'create database "{name}"')
    finally:
        await connection.close()


async def check_version(url: str) -> None:
    """Raise NotReady for a PostgreSQL that is too old."""
    link = await asyncpg.connect(url, timeout=TIMEOUT)
    try:
        if link.get_server_version().major < OLDEST:
            version = await link.fetchval("show server_version")
            raise NotReady(f"PostgreSQL {OLDEST} or newer is needed; {where(url)} is {version}")
    finally:
        await link.close()


async def check_role(url: str) -> None:
    """Raise NotReady unless the pool's user may act as the role that cannot alter history."""
    try:
        link = await asyncpg.connect(url, timeout=TIMEOUT, server_settings={"role": APP_ROLE})
    except (
        asyncpg.InvalidParameterValueError,
        asyncpg.InsufficientPrivilegeError,
        asyncpg.CantChangeRuntimeParamError,
    ):
        user = urlsplit(url).username or "the user"
        raise NotReady(
            f"DATABASE_URL: {user} may not act as the role {APP_ROLE};"
            f" let the owner run: create role {APP_ROLE} nologin (where it is missing); grant {APP_ROLE} to {user}"
        ) from None
    await link.close()


@contextlib.contextmanager
def told(url: str, variable: str) -> Iterator[None]:
    """Turn what can be wrong with a database URL into one line that names the variable, never the password."""
    try:
        yield
    except NotReady:
        raise
    except asyncpg.InvalidCatalogNameError as error:
        raise NotReady(f"{variable}: {one_line(error)} at {where(url)}; create it first") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise NotReady(f"{variable}: {where(url)} refuses the sign-in: {one_line(error)}") from error
    except asyncpg.LockNotAvailableError as error:
        raise NotReady("a migration waited too long for a table in use; nothing was changed, try again") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise NotReady(f"{variable}: the user lacks a right: {one_line(error)}") from error
    except (ValueError, asyncpg.InterfaceError) as error:
        raise NotReady(f"{variable} is not a PostgreSQL address (postgresql://user:password@host/database)") from error
    except (OSError, TimeoutError) as error:
        raise NotReady(f"{variable}: no PostgreSQL answers at {where(url)}") from error
    except (asyncpg.PostgresError, RuntimeError) as error:
        raise NotReady(f"{variable}: {one_line(error)}") from error


def where(url: str) -> str:
    """Host and database of a URL, without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'this machine'}{f':{parts.port}' if parts.port else ''}{parts.path}"


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
