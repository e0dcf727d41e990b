"""The one engine: Piccolo's pool and transactions, and short calls for SQL written by hand."""

import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

import asyncpg
from piccolo.engine.postgres import PostgresEngine

P = ParamSpec("P")
T = TypeVar("T")


class Row(asyncpg.Record):  # type: ignore[misc]
    """A row whose columns are attributes too, as templates want them."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Engine(PostgresEngine):
    """Piccolo's engine, which does not call on a database that is not there yet when it is made."""

    async def check_version(self) -> None:
        """`haas doctor` checks the version."""


engine = Engine(config={}, extensions=())


def json_text(value: Any) -> str:
    """A value for a JSON column. A str is JSON already (libraries on our connections write theirs themselves)."""
    return value if isinstance(value, str) else json.dumps(value)


def json_value(text: str) -> Any:
    """The value of a JSON column; most are empty."""
    return {} if text == "{}" else json.loads(text)


async def prepare_connection(connection: Any) -> None:
    """JSON columns come and go as Python values."""
    await connection.set_type_codec("jsonb", encoder=json_text, decoder=json_value, schema="pg_catalog")


async def leave_as_it_is(_connection: Any) -> None:
    """Nothing to undo: whatever runs on the pool sets things for its transaction alone (`set local`), holds no advisory
    lock beyond it, and listens on connections of its own. asyncpg's own reset is a second round trip a statement."""


async def connect(
    url: str, *, size: int = 10, role: str | None = "haas_app", on_statement: Callable[[str], None] | None = None
) -> None:
    """Open the pool of this process at `url`; its connections run as `role`, which cannot alter history.

    `on_statement` hears every SQL statement (tests count them).
    """

    async def prepare(fresh: Any) -> None:
        await prepare_connection(fresh)
        if on_statement is not None:
            fresh.add_query_logger(lambda record: on_statement(record.query))

    settings = {"jit": "off", "application_name": "haas"} | ({"role": role} if role else {})
    engine.config = {"dsn": url}
    engine.pool = await asyncpg.create_pool(
        dsn=url,
        min_size=min(2, size),
        max_size=size,
        init=prepare,
        reset=leave_as_it_is,
        record_class=Row,
        server_settings=settings,
        command_timeout=60,
        # a new connection has nothing prepared, so there is no reason to want one
        max_queries=10_000_000,
        max_inactive_connection_lifetime=0,
        # the time the pool keeps nothing prepared is time spent parsing
        statement_cache_size=500,
    )


async def disconnect() -> None:
    """Close the pool; what runs is waited for."""
    if engine.pool is not None:
        while _kept:
            await engine.pool.release(_kept.pop())
        await engine.pool.close()
        engine.pool = None


def in_transaction() -> bool:
    return engine.current_transaction.get() is not None


def open_pool() -> Any:
    """The pool of this process. RuntimeError before `connect`."""
    if engine.pool is None:
        raise RuntimeError("the database is not connected")
    return engine.pool


@asynccontextmanager
async def connection() -> AsyncIterator[Any]:
    """The connection of the running transaction, else one of the pool."""
    running = engine.current_transaction.get()
    if running is not None:
        yield running.connection
        return
    async with open_pool().acquire() as fresh:
        yield fresh


# Connections between two single statements: handing each back to the pool and taking it again costs as much as a small
# statement does. At most half of the pool waits here, the rest is there for transactions.
_kept: list[Any] = []


def is_lost(kept: Any) -> bool:
    """Whether a connection has gone away (the database did); the pool has struck it off by then."""
    try:
        return bool(kept.is_closed())
    except asyncpg.InterfaceError:
        return True


async def run(method: str, sql: str, values: Sequence[Any]) -> Any:
    """One statement by that method of asyncpg's, in the running transaction or on a connection of the pool."""
    running = engine.current_transaction.get()
    if running is not None:
        return await getattr(running.connection, method)(sql, *values)
    pool = open_pool()
    while _kept and is_lost(_kept[-1]):
        _kept.pop()
    c = _kept.pop() if _kept else await pool.acquire()
    try:
        result = await getattr(c, method)(sql, *values)
    except BaseException:
        # whatever state it is in (cancelled, broken), the pool sees to it
        await pool.release(c)
        raise
    if len(_kept) < pool.get_max_size() // 2 and pool is engine.pool and not is_lost(c):
        _kept.append(c)
    else:
        await pool.release(c)
    return result


async def fetch(sql: str, *values: Any) -> list[Row]:
    """All rows of one statement; `$1`... stand for `values`."""
    rows: list[Row] = await run("fetch", sql, values)
    return rows


async def fetch_one(sql: str, *values: Any) -> Row | None:
    """The first row of one statement, or None."""
    row: Row | None = await run("fetchrow", sql, values)
    return row


async def fetch_value(sql: str, *values: Any) -> Any:
    """The first column of the first row of one statement, or None."""
    return await run("fetchval", sql, values)


async def execute(sql: str, *values: Any) -> str:
    """Run one statement; the answer is PostgreSQL's command tag, such as `UPDATE 1`."""
    tag: str = await run("execute", sql, values)
    return tag


async def execute_many(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run one statement for each row of values."""
    async with connection() as c:
        await c.executemany(sql, rows)


Hook = Callable[[], None]
_hooks: ContextVar[list[Hook] | None] = ContextVar("after_commit", default=None)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """One database transaction; inside another it is part of that one (the outer one alone commits)."""
    if in_transaction():
        yield
        return
    hooks: list[Hook] = []
    mark = _hooks.set(hooks)
    running = engine.transaction()
    try:
        async with running:
            yield
    finally:
        _hooks.reset(mark)
        if engine.current_transaction.get() is running:
            # a commit that the database refuses (what is checked at the end of it, a lost connection) leaves Piccolo's
            # transaction open: its connection would never come back, and this task would go on talking in it
            engine.current_transaction.reset(running.context)
            await open_pool().release(running.connection)
    for hook in hooks:
        hook()


@asynccontextmanager
async def undone_alone() -> AsyncIterator[None]:
    """A part of the running transaction: an error in it undoes what the part did, its hooks too, and leaves the rest and
    its locks as they are. The error is raised on. RuntimeError where no transaction runs."""
    hooks = _hooks.get()
    if hooks is None or not in_transaction():
        raise RuntimeError("no transaction runs")
    before = len(hooks)
    await execute("savepoint part")
    try:
        yield
    except Exception:
        await execute("rollback to savepoint part")
        del hooks[before:]
        raise


def after_commit(hook: Hook) -> None:
    """Call `hook` once the running transaction is committed (at once where none runs); never when it fails.

    For hints to open browsers alone: what must not be lost is a row of the transaction.
    """
    hooks = _hooks.get()
    if hooks is None:
        hook()
    else:
        hooks.append(hook)


CONFLICTS = (asyncpg.UniqueViolationError, asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


def action(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Make a function that writes one transaction, run once more from the start after a conflict with another one.

    Raises whatever the second run raises (house.md, "Retry").
    """

    @functools.wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if in_transaction():
            return await function(*args, **kwargs)
        try:
            async with transaction():
                return await function(*args, **kwargs)
        except CONFLICTS:
            async with transaction():
                return await function(*args, **kwargs)

    return run
