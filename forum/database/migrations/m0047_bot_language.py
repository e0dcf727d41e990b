"""The language that the bot speaks in a repository."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0047"

SQL = """
-- empty: English, the language of the source
alter table github_repository add column locale text not null default '' check (length(locale) <= 20);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
