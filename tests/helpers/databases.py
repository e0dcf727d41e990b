"""Databases for tests: one template for each state of the migrations, one database a test process, emptied in between.

Copying and dropping a database for each test costs a third of a second; deleting the rows of a test a hundredth of that.
"""

import hashlib
from pathlib import Path
from typing import Any

import asyncpg

from forum.database import embedded, migrate
from forum.database.piccolo_app import MIGRATIONS

# Rows that the migrations themselves bring, kept aside in the template and put back after each test.
SEEDED = ("handle", "site_switch", "site_stamp", "search_outside", "terms")
KEPT = ("migration",)

DIRTY = """
select format('public.%I', c.relname) as name, pg_relation_size(c.oid) > 4000000 as is_large from pg_class c
 where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and pg_relation_size(c.oid) > 0
   and c.relname <> all($1)
"""
# Deleting a few rows costs less than new files for every table and index; large tables are truncated.
RESTART = """
select setval(format('%I.%I', schemaname, sequencename), 1, false) from pg_sequences
 where schemaname = 'public' and last_value is not null
"""


def template_name() -> str:
    """Named by what makes it: the migrations, and this file."""
    digest = hashlib.sha256()
    for file in [*sorted(MIGRATIONS.glob("m*.py")), Path(migrate.__file__), Path(__file__)]:
        digest.update(file.read_bytes())
    return f"template_{digest.hexdigest()[:16]}"


async def make_template(server: Any) -> str:
    """The name of a migrated, empty database; the first process makes it, the others wait for it."""
    name = template_name()
    link = await asyncpg.connect(embedded.url(server, "postgres"))
    try:
        await link.execute("select pg_advisory_lock($1)", migrate.LOCK)
        if await link.fetchval("select 1 from pg_database where datname = $1", name):
            return name
        for old in await link.fetch("select datname from pg_database where datname ~ '^(template_[0-9a-f]{16}|test_)'"):
            # those of a run that goes on elsewhere are in use and stay
            if not await link.fetchval("select 1 from pg_stat_activity where datname = $1", old["datname"]):
                await link.execute(f'drop database if exists "{old["datname"]}"')
        await migrate.ensure_role(link)
        await link.execute(f'create database "{name}_new"')
        await migrate.migrate(embedded.url(server, f"{name}_new"))
        inside = await asyncpg.connect(embedded.url(server, f"{name}_new"))
        await inside.execute("create schema seed")
        for table in SEEDED:
            await inside.execute(f"create table seed.{table} as table public.{table}")
        await inside.close()
        await link.execute(f'alter database "{name}_new" rename to "{name}"')
        return name
    finally:
        await link.close()


async def create(server: Any, template: str, name: str) -> str:
    """A database of its own, a copy of the template; the answer is its URL."""
    link = await asyncpg.connect(embedded.url(server, "postgres"))
    try:
        await link.execute(f'drop database if exists "{name}" with (force)')
        await link.execute(f'create database "{name}" template "{template}"')
    finally:
        await link.close()
    return embedded.url(server, name)


async def drop(server: Any, name: str) -> None:
    link = await asyncpg.connect(embedded.url(server, "postgres"))
    try:
        await link.execute(f'drop database if exists "{name}" with (force)')
    finally:
        await link.close()


class Emptier:
    """Makes a database what the template was: tables that were written to are emptied, ids begin at 1, seeded rows are
    back. Its connection outlives a test, unless the test ended it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.link: Any = None

    async def close(self) -> None:
        if self.link is not None:
            await self.link.close()

    async def empty(self) -> None:
        if self.link is None or self.link.is_closed():
            # may do everything, unlike the site's own
            self.link = await asyncpg.connect(self.url)
            await self.link.execute("set lock_timeout = '5s'; set session_replication_role = replica")
        rows = await self.link.fetch(DIRTY, list(KEPT))
        dirty = [row["name"] for row in rows]
        if any(row["is_large"] for row in rows):
            statements = [f"truncate {', '.join(dirty)} cascade"]
        else:
            statements = [f"delete from {table}" for table in dirty]
        statements.append(RESTART)
        statements += [f"insert into public.{table} select * from seed.{table}" for table in SEEDED]
        statements.append("select setval(pg_get_serial_sequence('terms', 'id'), (select max(id) from terms))")
        await self.link.execute("; ".join(statements))
