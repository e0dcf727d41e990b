"""Posts from elsewhere say whose they are, where they stand, and under which licence."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0020"

SQL = """
-- As forum/threads/attribution.py writes it; null for what was written here. A revision has it where it was another
-- one until then (a licence is of one revision of a text).
alter table post add column attribution jsonb check (jsonb_typeof(attribution) = 'object');
alter table post_revision add column attribution jsonb check (jsonb_typeof(attribution) = 'object');
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
