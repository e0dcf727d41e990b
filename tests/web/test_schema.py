"""Every table class says what the migrated database says, and every database table has its class."""

import importlib
import re
from pathlib import Path

import pytest
from piccolo.columns import Array, Column, ForeignKey
from piccolo.table import Table

from forum.database.engine import fetch

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("forum", "categories", "reputation", "payouts", "importers", "search")

# Tables of the database that have no class, each with the reason.
WITHOUT_CLASS = {
    "migration": "Piccolo's own record of what was applied",
}
# The job library installs and reads its own tables.
FOREIGN = re.compile(r"pgqueuer")

# Piccolo's name of a type → PostgreSQL's
TYPES = {
    "TEXT": "text",
    "BIGINT": "bigint",
    "BIGSERIAL": "bigint",
    "SERIAL": "integer",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "BOOLEAN": "boolean",
    "TIMESTAMPTZ": "timestamp with time zone",
    "DATE": "date",
    "JSONB": "jsonb",
    "JSON": "json",
    "BYTEA": "bytea",
    "UUID": "uuid",
    "INTERVAL": "interval",
    "NUMERIC": "numeric",
    "DOUBLE PRECISION": "double precision",
    "REAL": "real",
    "TSVECTOR": "tsvector",
}

COLUMNS = """
select c.relname as table_name, a.attname as name, format_type(a.atttypid, null) as type, a.attnotnull as is_needed
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
 where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
 order by c.relname, a.attnum
"""


def table_classes() -> dict[str, type[Table]]:
    """Every Piccolo table in a room's `tables.py`, by the name of its table."""
    found: dict[str, type[Table]] = {}
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("tables.py")):
            module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
            for thing in vars(module).values():
                if isinstance(thing, type) and issubclass(thing, Table) and thing.__module__ == module.__name__:
                    name = thing._meta.tablename
                    assert name not in found, f"two classes for the table {name}"
                    found[name] = thing
    return found


def type_of(column: Column) -> str:
    if isinstance(column, ForeignKey):
        return type_of(column._foreign_key_meta.resolved_references._meta.primary_key)
    if isinstance(column, Array):
        return f"{type_of(column.base_column)}[]"
    return TYPES[column.column_type]


CLASSES = table_classes()


async def tables_of_the_database() -> dict[str, dict[str, tuple[str, bool]]]:
    tables: dict[str, dict[str, tuple[str, bool]]] = {}
    for row in await fetch(COLUMNS):
        tables.setdefault(row["table_name"], {})[row["name"]] = (row["type"], not row["is_needed"])
    return tables


@pytest.mark.usefixtures("database")
async def test_each_class_has_the_columns_of_its_table() -> None:
    tables = await tables_of_the_database()
    wrong = {}
    for name, table in CLASSES.items():
        said = {column._meta.name: (type_of(column), bool(column._meta.null)) for column in table._meta.columns}
        is_so = tables.get(name, {})
        if said != is_so:
            wrong[name] = {
                column: {"class": said.get(column), "database": is_so.get(column)}
                for column in said | is_so
                if said.get(column) != is_so.get(column)
            }
    assert not wrong, f"(type, may be null) differ: {wrong}"


@pytest.mark.usefixtures("database")
async def test_each_table_of_the_database_has_a_class() -> None:
    tables = await tables_of_the_database()
    lost = {name for name in tables if name not in CLASSES and name not in WITHOUT_CLASS and not FOREIGN.search(name)}
    assert not lost, f"no tables.py describes {sorted(lost)}"


@pytest.mark.usefixtures("database")
async def test_the_exceptions_are_tables_that_exist() -> None:
    assert set(WITHOUT_CLASS) <= set(await tables_of_the_database())
