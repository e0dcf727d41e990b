"""Links that confirm the address somebody changes to."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0044"

SQL = """
-- `email` of such a token is the new address; the person's own stays until it is followed
alter table token drop constraint token_purpose_check,
    add constraint token_purpose_check check (purpose in ('confirm', 'reset', 'address'));
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
