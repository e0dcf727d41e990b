"""An address is one person's once it is confirmed; before that, several may have typed it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0030"

SQL = """
create unique index person_email_confirmed on person (lower(email)) where email_confirmed_at is not null;
create index person_email_typed on person (lower(email)) where email is not null;
drop index person_email;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
