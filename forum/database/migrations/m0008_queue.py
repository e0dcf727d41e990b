"""The queue's kept counts: entries, sorted blocks, and the functions that keep and ask them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0008"

SQL = """
-- One row a project: the lock, the version for live pages, the policy, and the kept totals (due ones included).
create table queue (
    project_id bigint primary key references project on delete cascade,
    version bigint not null default 0,
    share smallint not null default 20 check (share between 0 and 100),
    credit smallint not null default 0 check (credit between -100 and 100),
    paid integer not null default 0 check (paid >= 0),
    unpaid integer not null default 0 check (unpaid >= 0),
    -- the expected ranges of workdays measured from the last 90 days; null while too few were answered
    paid_from integer,
    paid_to integer,
    unpaid_from integer,
    unpaid_to integer
) with (fillfactor = 50);

-- One narrow row for each ticket that holds a place; the key (neg_amount, waiting_since, ticket_id) is rule 3's
-- order, paid ones (below 0) before unpaid ones (0). Written by queue_enter, queue_leave, queue_rebuild alone.
create table queue_entry (
    ticket_id bigint primary key references ticket,  -- no cascade: a ticket leaves the queue before it is deleted
    project_id bigint not null references queue on delete cascade,
    neg_amount bigint not null check (neg_amount <= 0),
    waiting_since timestamptz not null,
    due_at timestamptz
);
create unique index queue_entry_order on queue_entry (project_id, neg_amount, waiting_since, ticket_id)
    include (due_at);
create index queue_entry_due on queue_entry (project_id, due_at) include (neg_amount, waiting_since, ticket_id)
    where due_at is not null;

-- Sorted blocks of at most queue_block_size() entries, by lower bound (inclusive); none lies across both lines: each line's
-- first block has the bound (-2^63 or 0, -infinity, 0) and stays, even empty.
create table queue_block (
    project_id bigint not null references queue on delete cascade,
    neg_amount bigint not null,
    waiting_since timestamptz not null,
    ticket_id bigint not null,
    count integer not null check (count >= 0),
    primary key (project_id, neg_amount, waiting_since, ticket_id)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 200);

-- Entries a block may hold at most; a function so that tests can make it 8 and see blocks split and join.
create function queue_block_size() returns integer language sql immutable as 'select 512';

-- Which tickets hold a place: the one statement that knows the ticket's columns (states.py: in_queue).
create view queue_member as
select id as ticket_id, project_id, -rank_amount as neg_amount, waiting_since, due_at
from ticket
where state = 'waiting'
   or (state = 'suspended' and rank_amount > 0 and state_under[cardinality(state_under)] = 'waiting');

-- Locks the project's queue (made on first use) and raises its version.
create function queue_lock(p_project bigint) returns bigint language plpgsql as $$
declare
    v_version bigint;
begin
    update queue set version = version + 1 where project_id = p_project returning version into v_version;
    if not found then
        insert into queue (project_id) values (p_project) on conflict do nothing;
        insert into queue_block (project_id, neg_amount, waiting_since, ticket_id, count)
        values (p_project, -9223372036854775808, '-infinity', 0, 0), (p_project, 0, '-infinity', 0, 0)
        on conflict do nothing;
        update queue set version = version + 1 where project_id = p_project returning version into v_version;
    end if;
    return v_version;
end $$;

-- Takes the ticket out of the queue; true when it stood there.
create function queue_leave(p_ticket bigint) returns boolean language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    e queue_entry;
    b queue_block;
    n queue_block;
begin
    select * into e from queue_entry where ticket_id = p_ticket;
    if not found then
        return false;
    end if;
    perform queue_lock(e.project_id);
    delete from queue_entry where ticket_id = p_ticket returning * into e;  -- as it is now that we hold the lock
    if not found then
        return false;
    end if;
    update queue set paid = paid - (e.neg_amount < 0)::int, unpaid = unpaid - (e.neg_amount = 0)::int
    where project_id = e.project_id;
    select * into b from queue_block
    where project_id = e.project_id
      and (neg_amount, waiting_since, ticket_id) <= (e.neg_amount, e.waiting_since, e.ticket_id)
    order by neg_amount desc, waiting_since desc, ticket_id desc limit 1;
    b.count := b.count - 1;
    if b.count < queue_block_size() / 4 then  -- take the next block of the same line in, so that blocks stay few
        select * into n from queue_block
        where project_id = b.project_id
          and (neg_amount, waiting_since, ticket_id) > (b.neg_amount, b.waiting_since, b.ticket_id)
        order by neg_amount, waiting_since, ticket_id limit 1;
        if found and (n.neg_amount < 0) = (b.neg_amount < 0) and n.count + b.count <= queue_block_size() * 3 / 4 then
            delete from queue_block
            where (project_id, neg_amount, waiting_since, ticket_id)
                = (n.project_id, n.neg_amount, n.waiting_since, n.ticket_id);
            b.count := b.count + n.count;
        end if;
    end if;
    update queue_block set count = b.count
    where (project_id, neg_amount, waiting_since, ticket_id)
        = (b.project_id, b.neg_amount, b.waiting_since, b.ticket_id);
    return true;
end $$;

-- Puts the ticket where its amount and its wait say; call it after every change of either, or of due_at.
-- A ticket that holds no place (see queue_member) leaves. True when it stands in the queue afterwards.
create function queue_enter(p_ticket bigint) returns boolean language plpgsql set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    m queue_member;
    e queue_entry;
    b queue_block;
    k queue_entry;
begin
    select * into m from queue_member where ticket_id = p_ticket;
    if not found then
        perform queue_leave(p_ticket);
        return false;
    end if;
    perform queue_lock(m.project_id);
    select * into e from queue_entry where ticket_id = p_ticket;
    if found then
        if (e.project_id, e.neg_amount, e.waiting_since) = (m.project_id, m.neg_amount, m.waiting_since) then
            update queue_entry set due_at = m.due_at
            where ticket_id = p_ticket and due_at is distinct from m.due_at;
            return true;
        end if;
        perform queue_leave(p_ticket);
    end if;
    insert into queue_entry (ticket_id, project_id, neg_amount, waiting_since, due_at)
    values (m.ticket_id, m.project_id, m.neg_amount, m.waiting_since, m.due_at);
    update queue set paid = paid + (m.neg_amount < 0)::int, unpaid = unpaid + (m.neg_amount = 0)::int
    where project_id = m.project_id;
    select * into b from queue_block
    where project_id = m.project_id
      and (neg_amount, waiting_since, ticket_id) <= (m.neg_amount, m.waiting_since, m.ticket_id)
    order by neg_amount desc, waiting_since desc, ticket_id desc limit 1;
    b.count := b.count + 1;
    if b.count > queue_block_size() then  -- the entry in the middle begins a block of its own
        select * into k from queue_entry
        where project_id = b.project_id
          and (neg_amount, waiting_since, ticket_id) >= (b.neg_amount, b.waiting_since, b.ticket_id)
        order by neg_amount, waiting_since, ticket_id offset queue_block_size() / 2 limit 1;
        insert into queue_block (project_id, neg_amount, waiting_since, ticket_id, count)
        values (k.project_id, k.neg_amount, k.waiting_since, k.ticket_id, b.count - queue_block_size() / 2);
        b.count := queue_block_size() / 2;
    end if;
    update queue_block set count = b.count
    where (project_id, neg_amount, waiting_since, ticket_id)
        = (b.project_id, b.neg_amount, b.waiting_since, b.ticket_id);
    return true;
end $$;

-- The bulk path, and the repair: entries, blocks and totals of a project anew from its tickets; how many wait.
create function queue_rebuild(p_project bigint) returns integer language plpgsql as $$
begin
    perform queue_lock(p_project);
    delete from queue_block where project_id = p_project;
    delete from queue_entry where project_id = p_project;
    insert into queue_entry (ticket_id, project_id, neg_amount, waiting_since, due_at)
    select ticket_id, project_id, neg_amount, waiting_since, due_at from queue_member
    where project_id = p_project order by neg_amount, waiting_since, ticket_id;
    insert into queue_block (project_id, neg_amount, waiting_since, ticket_id, count)
    with ranked as (
        select *, (row_number() over (partition by neg_amount < 0 order by neg_amount, waiting_since, ticket_id) - 1)
            / (queue_block_size() / 2) as block
        from queue_entry where project_id = p_project
    ), firsts as (
        select distinct on (neg_amount < 0, block) neg_amount, waiting_since, ticket_id, block,
            count(*) over (partition by neg_amount < 0, block) as count
        from ranked order by neg_amount < 0, block, neg_amount, waiting_since, ticket_id
    ), bounds as (
        select case when block > 0 then neg_amount when neg_amount < 0 then -9223372036854775808 else 0 end as neg_amount,
            case when block > 0 then waiting_since else '-infinity' end as waiting_since,
            case when block > 0 then ticket_id else 0 end as ticket_id, count
        from firsts
    )
    select p_project, neg_amount, waiting_since, ticket_id, sum(count) from (
        select * from bounds
        union all values (-9223372036854775808, '-infinity'::timestamptz, 0::bigint, 0::bigint), (0, '-infinity', 0, 0)
    ) as both_lines group by neg_amount, waiting_since, ticket_id;
    update queue set
        paid = (select coalesce(sum(count), 0) from queue_block where project_id = p_project and neg_amount < 0),
        unpaid = (select coalesce(sum(count), 0) from queue_block where project_id = p_project and neg_amount = 0)
    where project_id = p_project;
    return (select paid + unpaid from queue where project_id = p_project);
end $$;

-- Where a ticket stands at that horizon, as counts: rules.position() makes the place of them. No row: not in the queue.
-- `rank` counts from 1 within the line; paid and unpaid are without the due ones; total is all of them.
-- Plans are generic and never walk a table: planning costs more than counting, and a plan made while the tables
-- were small must not stay when they are large.
create function queue_place(p_ticket bigint, p_horizon timestamptz) returns table (
    project_id bigint, line text, rank integer, due integer, paid integer, unpaid integer, total integer,
    share smallint, credit smallint, version bigint, rank_amount bigint, waiting_since timestamptz, due_at timestamptz
) language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
#variable_conflict use_column
declare
    me queue_entry;
    q queue;
    b queue_block;
    v_due_paid integer;
    v_due_unpaid integer;
    v_due_ahead integer;
    v_rank integer;
    v_within integer;
begin
    select * into me from queue_entry where ticket_id = p_ticket;
    if not found then
        return;
    end if;
    select * into q from queue where project_id = me.project_id;
    select count(*) filter (where d.neg_amount < 0), count(*) filter (where d.neg_amount = 0),
        count(*) filter (where (d.neg_amount < 0) = (me.neg_amount < 0)
            and (d.neg_amount, d.waiting_since, d.ticket_id) < (me.neg_amount, me.waiting_since, me.ticket_id)),
        count(*) filter (where (d.due_at, d.waiting_since, d.ticket_id)
            <= (me.due_at, me.waiting_since, me.ticket_id))
    into v_due_paid, v_due_unpaid, v_due_ahead, v_rank
    from queue_entry as d where d.project_id = me.project_id and d.due_at <= p_horizon;
    project_id := me.project_id;
    due := v_due_paid + v_due_unpaid;
    paid := q.paid - v_due_paid;
    unpaid := q.unpaid - v_due_unpaid;
    total := q.paid + q.unpaid;
    share := q.share;
    credit := q.credit;
    version := q.version;
    rank_amount := -me.neg_amount;
    waiting_since := me.waiting_since;
    due_at := me.due_at;
    if me.due_at <= p_horizon then
        line := 'due';
        rank := v_rank;
        return next;
        return;
    end if;
    line := case when me.neg_amount < 0 then 'paid' else 'unpaid' end;
    select * into b from queue_block as o
    where o.project_id = me.project_id
      and (o.neg_amount, o.waiting_since, o.ticket_id) <= (me.neg_amount, me.waiting_since, me.ticket_id)
    order by o.neg_amount desc, o.waiting_since desc, o.ticket_id desc limit 1;
    select count(*) into v_within from queue_entry as e
    where e.project_id = me.project_id
      and (e.neg_amount, e.waiting_since, e.ticket_id) >= (b.neg_amount, b.waiting_since, b.ticket_id)
      and (e.neg_amount, e.waiting_since, e.ticket_id) <= (me.neg_amount, me.waiting_since, me.ticket_id);
    select coalesce(sum(o.count), 0) into v_rank from queue_block as o
    where o.project_id = me.project_id
      and (o.neg_amount, o.waiting_since, o.ticket_id) < (b.neg_amount, b.waiting_since, b.ticket_id)
      and o.neg_amount >= case when me.neg_amount < 0 then -9223372036854775808 else 0 end;
    rank := v_rank + v_within - v_due_ahead;
    return next;
end $$;

-- A project's counts at that horizon, as rules.position() and rules.window() want them. No row: no queue yet.
create function queue_counts(p_project bigint, p_horizon timestamptz) returns table (
    due integer, paid integer, unpaid integer, total integer, share smallint, credit smallint, version bigint
) language sql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
    select d.paid + d.unpaid, q.paid - d.paid, q.unpaid - d.unpaid, q.paid + q.unpaid, q.share, q.credit, q.version
    from queue as q cross join lateral (
        select (count(*) filter (where e.neg_amount < 0))::integer as paid,
            (count(*) filter (where e.neg_amount = 0))::integer as unpaid
        from queue_entry as e where e.project_id = p_project and e.due_at <= p_horizon
    ) as d
    where q.project_id = p_project
$$;

-- The tickets of ranks p_first to p_last (from 1, inclusive) of one line, without walking the queue: whole blocks are
-- skipped by their counts. Rows come in rank order.
create function queue_slice(p_project bigint, p_horizon timestamptz, p_line text, p_first integer, p_last integer)
returns table (line text, rank bigint, ticket_id bigint, rank_amount bigint, waiting_since timestamptz, due_at timestamptz)
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_seqscan = off
set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
    b record;
    v_from bigint := case p_line when 'paid' then -9223372036854775808 else 0 end;
    v_to bigint := case p_line when 'paid' then -1 else 0 end;
begin
    if p_first > p_last then
        return;
    end if;
    if p_line = 'due' then
        return query select p_line, p_first - 1 + row_number() over (order by e.due_at, e.waiting_since, e.ticket_id),
            e.ticket_id, -e.neg_amount, e.waiting_since, e.due_at
        from (
            select * from queue_entry as e where e.project_id = p_project and e.due_at <= p_horizon
            order by e.due_at, e.waiting_since, e.ticket_id offset p_first - 1 limit p_last - p_first + 1
        ) as e order by 2;
        return;
    end if;
    -- the last block with fewer than p_first before it; a due one takes 1 off, for it holds no rank in its line
    select * into b from (
        select i.*, coalesce(sum(i.weight) over (
            order by i.neg_amount, i.waiting_since, i.ticket_id, i.is_due
            rows between unbounded preceding and 1 preceding
        ), 0) as before
        from (
            select o.neg_amount, o.waiting_since, o.ticket_id, o.count as weight, false as is_due
            from queue_block as o where o.project_id = p_project and o.neg_amount between v_from and v_to
            union all
            select e.neg_amount, e.waiting_since, e.ticket_id, -1, true
            from queue_entry as e
            where e.project_id = p_project and e.due_at <= p_horizon
              and (e.neg_amount < 0) = (p_line = 'paid')  -- not a range, which would make the other index look good
        ) as i
    ) as counted
    where not is_due and before < p_first
    order by neg_amount desc, waiting_since desc, ticket_id desc limit 1;
    if not found then
        return;
    end if;
    return query select p_line, p_first - 1 + row_number() over (order by e.neg_amount, e.waiting_since, e.ticket_id),
        e.ticket_id, -e.neg_amount, e.waiting_since, e.due_at
    from (
        select * from queue_entry as e
        where e.project_id = p_project and e.neg_amount <= v_to
          and (e.neg_amount, e.waiting_since, e.ticket_id) >= (b.neg_amount, b.waiting_since, b.ticket_id)
          and (e.due_at is null or e.due_at > p_horizon)
        order by e.neg_amount, e.waiting_since, e.ticket_id
        offset p_first - 1 - b.before limit p_last - p_first + 1
    ) as e order by 2;
end $$;

-- Whether the kept counts are true; one row a fault (for `haas doctor --recount`; queue_rebuild repairs all of them).
create function queue_faults(p_project bigint) returns table (fault text) language sql stable as $$
    select 'ticket ' || coalesce(e.ticket_id, m.ticket_id) || ' is not in the queue as it should be'
    from (select * from queue_entry where project_id = p_project) as e
    full join (select * from queue_member where project_id = p_project) as m on m.ticket_id = e.ticket_id
    where (e.ticket_id, e.neg_amount, e.waiting_since, e.due_at)
        is distinct from (m.ticket_id, m.neg_amount, m.waiting_since, m.due_at)
    union all
    select 'block ' || b.neg_amount || ', ' || b.waiting_since || ', ' || b.ticket_id || ' counts ' || b.count
        || ' and holds ' || held.count
    from (
        select *, lead(neg_amount) over block as next_amount, lead(waiting_since) over block as next_since,
            lead(ticket_id) over block as next_id
        from queue_block where project_id = p_project
        window block as (order by neg_amount, waiting_since, ticket_id)
    ) as b cross join lateral (
        select count(*) from queue_entry as e
        where e.project_id = p_project
          and (e.neg_amount, e.waiting_since, e.ticket_id) >= (b.neg_amount, b.waiting_since, b.ticket_id)
          and (b.next_amount is null
            or (e.neg_amount, e.waiting_since, e.ticket_id) < (b.next_amount, b.next_since, b.next_id))
    ) as held
    where held.count <> b.count or b.count > queue_block_size()
    union all
    select 'the totals say ' || q.paid || ' paid and ' || q.unpaid || ' unpaid'
    from queue as q cross join lateral (
        select count(*) filter (where neg_amount < 0) as paid, count(*) filter (where neg_amount = 0) as unpaid
        from queue_entry where project_id = p_project
    ) as e
    where q.project_id = p_project and (q.paid, q.unpaid) <> (e.paid, e.unpaid)
$$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
