"""Bring the schema up to date: Piccolo's migrations, one at a time, under a lock, each in one transaction."""

import contextlib
import io
import os

import asyncpg
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager

from forum.database.engine import connect, disconnect, engine
from forum.database.pending import APP_NAME, APP_ROLE, pending_migrations

LOCK = 0x48616153  # "HaaS", the advisory lock of whoever migrates
# A migration that waits longer than this for a lock would stop the site; it fails and is tried again instead.
TIMEOUTS = "set local lock_timeout = '4s'; set local statement_timeout = '30s';"
# What happened stays: the pool's role may add such rows, never change or remove them.
APPEND_ONLY = (
    "audit",
    "terms",
    "terms_acceptance",
    "thread_act",
    "post_revision",
    "reputation_event",
    "project_entity",
    "ticket_step",
    "rating",
    "guarantee_outcome",
)
# Money moves by `ledger_post` alone, which runs in the rights of the schema's owner.
LEDGER = ("ledger_account", "ledger_transaction", "ledger_entry")

GRANTS = f"""
grant usage on schema public to {APP_ROLE};
grant select, insert, update, delete, truncate on all tables in schema public to {APP_ROLE};
grant usage, select, update on all sequences in schema public to {APP_ROLE};
grant execute on all functions in schema public to {APP_ROLE};
""" + "".join(f"revoke update, delete, truncate on {table} from {APP_ROLE};\n" for table in APPEND_ONLY)
GRANTS += "".join(f"revoke insert, update, delete, truncate on {table} from {APP_ROLE};\n" for table in LEDGER)


def sql_migration(migration_id: str, description: str | None, sql: str) -> MigrationManager:
    """A migration that runs `sql`, several statements, in one transaction."""
    manager = MigrationManager(migration_id=migration_id, app_name=APP_NAME, description=description or "")

    async def run() -> None:
        transaction = engine.current_transaction.get()
        if transaction is None:
            raise RuntimeError("a migration runs in a transaction")
        await transaction.connection.execute(TIMEOUTS + sql)

    manager.add_raw(run)
    return manager


async def ensure_role(connection: asyncpg.Connection) -> None:
    """Make the role the pool runs as, and let the owner take it."""
    if not await connection.fetchval("select 1 from pg_roles where rolname = $1", APP_ROLE):
        with contextlib.suppress(asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
            await connection.execute(f"create role {APP_ROLE} nologin")
    await connection.execute(f"grant {APP_ROLE} to current_user")


async def migrate(url: str) -> list[str]:
    """Apply what is pending to the database at `url` (its owner's URL); returns the ids applied.

    Several processes may call it at once: one works, the others wait for it and find nothing left.
    """
    if not await pending_migrations(url):
        return []
    os.environ["PICCOLO_CONF"] = "forum.database.piccolo_conf"
    lock = await asyncpg.connect(url)
    try:
        await lock.execute("select pg_advisory_lock($1)", LOCK)
        pending = await pending_migrations(url)
        await ensure_role(lock)
        await connect(url, size=1, role=None)
        try:
            await run_forwards()
        finally:
            await disconnect()
        await lock.execute(GRANTS)
        return pending
    finally:
        await lock.close()


async def run_forwards() -> None:
    """Let Piccolo run its forward migrations, without its chatter."""
    with contextlib.redirect_stdout(io.StringIO()):
        result = await ForwardsMigrationManager(app_name=APP_NAME).run()
    if not result.success:
        raise RuntimeError(result.message)
