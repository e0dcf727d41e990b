"""The bell looks at a person's newest unread notices, however many there are."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0049"

SQL = """
create index notice_unread_newest on notice (person_id, id desc) where read_at is null;
drop index notice_unread;

-- Most people have two unread notices, so the planner would read all of them and sort: of somebody's 20,000, too.
create function newest_unread(p_person bigint, p_most integer) returns setof notice language plpgsql stable rows 3
    set enable_sort = off set enable_bitmapscan = off as $$
begin
    return query select n.* from notice n where n.person_id = p_person and n.read_at is null order by n.id desc limit p_most;
end
$$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
