"""Counts of rate limits are not written ahead: nothing waits for the disk because of them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0050"

SQL = """
-- They may be lost when the machine stops, and no window of theirs is longer than a day.
alter table rate set unlogged;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
