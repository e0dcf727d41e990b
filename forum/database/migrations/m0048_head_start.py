"""Head starts for verified open-source projects, what of their words was found, and promises merged or asleep."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0048"

SQL = """
-- Days by which a ticket counts as waiting longer, fixed when it is submitted; its waiting_since and waits_from are set so
-- much earlier. Null: not asked for a verified open-source project. 0: for one, and the project gave nothing then.
alter table ticket add column head_start smallint check (head_start between 0 and 20);
alter table support_policy add column head_start smallint not null default 0 check (head_start between 0 and 20);
-- The target's own, from before any merge; who waited longer gives the target theirs.
alter table ticket_merge add column head_own smallint;

-- Which of the addresses that a project names were found when they were looked at last, and of the others why not.
alter table proof add column conduct_found text not null default '';
alter table proof add column guideline_found text not null default '';
alter table proof add column unfound jsonb not null default '{}';
-- What was called verified before is, until it is looked at again.
update proof f set conduct_found = coalesce(p.code_of_conduct, f.code_of_conduct), guideline_found = f.guideline
  from proof g left join project p on p.id = g.project_id where g.id = f.id and f.state = 'proven';

alter table project add column conduct_found text not null default '';
update project set conduct_found = code_of_conduct where proven_address <> '';
alter table project drop column is_verified;
alter table project add column is_verified boolean not null generated always as
    (proven_address <> '' and proven_address in (repository, website) and website <> ''
     and code_of_conduct <> '' and conduct_found = code_of_conduct and guideline <> '') stored;

-- A promise that came with another ticket and was missed there: that one's record tells of it.
alter table guarantee add column missed_with bigint references ticket;

-- What a merge did to a promise that rests: its round, and by how much the target's own had more left (null: it had none).
alter table ticket_merge add column rested jsonb;

-- A claim's clock rests while its ticket sleeps: since when, until when, and hundredths of a workday spent before.
alter table ticket add column slept_at timestamptz;
alter table ticket add column woke_at timestamptz;
alter table ticket add column claim_spent integer not null default 0;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
