"""No two drafts of a key ever have the same version, also where one was dropped or sent in between."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0051"

SQL = """
create sequence draft_version owned by draft.version;
select setval('draft_version', (select coalesce(max(version), 0) + 1 from draft), false);
alter table draft alter column version set default nextval('draft_version');
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
