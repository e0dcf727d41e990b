"""How many paid tickets would stand before one of an amount that it does not have yet."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0025"

SQL = """
-- How many of a project's paid tickets stand before the key (p_neg_amount below 0, p_since, p_ticket), those that are due
-- at the horizon left out: whole blocks by their counts, as queue_place does it.
create function queue_before(
    p_project bigint, p_horizon timestamptz, p_neg_amount bigint, p_since timestamptz, p_ticket bigint
) returns integer language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    b queue_block;
    v_whole integer;
    v_within integer;
    v_due integer;
begin
    select * into b from queue_block as o
    where o.project_id = p_project
      and (o.neg_amount, o.waiting_since, o.ticket_id) <= (p_neg_amount, p_since, p_ticket)
    order by o.neg_amount desc, o.waiting_since desc, o.ticket_id desc limit 1;
    if not found then
        return 0;
    end if;
    select coalesce(sum(o.count), 0) into v_whole from queue_block as o
    where o.project_id = p_project
      and (o.neg_amount, o.waiting_since, o.ticket_id) < (b.neg_amount, b.waiting_since, b.ticket_id);
    select count(*) into v_within from queue_entry as e
    where e.project_id = p_project
      and (e.neg_amount, e.waiting_since, e.ticket_id) >= (b.neg_amount, b.waiting_since, b.ticket_id)
      and (e.neg_amount, e.waiting_since, e.ticket_id) < (p_neg_amount, p_since, p_ticket);
    select count(*) into v_due from queue_entry as d
    where d.project_id = p_project and d.due_at <= p_horizon
      and (d.neg_amount, d.waiting_since, d.ticket_id) < (p_neg_amount, p_since, p_ticket);
    return v_whole + v_within - v_due;
end $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
