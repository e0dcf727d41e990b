"""Counts of rate limits are not written ahead, and a job that waits is not logged: a reply writes less."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0050"

SQL = """
-- They may be lost when the machine stops, and no window of theirs is longer than a day.
alter table rate set unlogged;

-- As before, without a line in the queue's log, as forum/jobs.py has it.
create or replace function search_note(threads bigint[], posts bigint[]) returns void language plpgsql as $$
begin
    if coalesce(cardinality(threads), 0) = 0 or not exists (select 1 from search_outside where is_kept) then
        return;
    end if;
    if current_setting('haas.search', true) = 'later' then
        -- a bulk load: the whole index is made anew
        update search_outside set built_at = null where built_at is not null;
        return;
    end if;
    insert into search_change (thread_id, post_id) select * from unnest(threads, posts);
    insert into pgqueuer (priority, entrypoint, payload, dedupe_key, status)
    values (0, 'index_changes', '{}', 'index_changes:' || threads[1], 'queued') on conflict do nothing;
end $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
