"""Whose public holidays a person keeps: no digest comes on them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0046"

SQL = """
alter table mail_preference
    -- codes of ISO 3166; "" keeps none
    add column country text not null default '' check (country = '' or country ~ '^[A-Z]{2}$'),
    add column subdivision text not null default '' check (length(subdivision) <= 40 and (subdivision = '' or country <> ''));
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
