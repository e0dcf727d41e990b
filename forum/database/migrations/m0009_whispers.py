"""Where the latest posts of a thread are whispers: the number of the last post that everybody may see."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0009"

SQL = """
-- null where the last post is no whisper
alter table thread add column last_public_number integer;
update thread t set last_public_number = p.n
  from (select thread_id, max(number) filter (where not is_whisper) as n, max(number) as last from post group by 1) p
 where p.thread_id = t.id and p.n < p.last;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
