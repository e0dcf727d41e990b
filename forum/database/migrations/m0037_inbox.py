"""The team's inbox: kept counts of its buckets, saved views, who is there to be given tickets, and since when one is held."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0037"

SQL = """
alter table ticket
    -- when it came into its state; when its assignee got it; when the assignee last said something in it
    add column state_since timestamptz not null default now(),
    add column claimed_at timestamptz,
    add column spoke_at timestamptz;
update ticket set state_since = coalesce(waiting_since, created_at),
    claimed_at = case when assignee_id is not null then now() end;
create index ticket_recent on ticket (project_id, state, state_since desc, id desc);
create index ticket_held on ticket (project_id, assignee_id)
    where assignee_id is not null and state in ('waiting', 'needs_facts', 'answered');

create function ticket_dated() returns trigger language plpgsql as $$
begin
    new.state_since := now();
    return new;
end $$;
create trigger ticket_dated before update of state on ticket for each row
    when (old.state is distinct from new.state) execute function ticket_dated();

-- How many tickets lie in a bucket of a project's inbox: `what` is a state, `unassigned` (waiting, nobody has it) or
-- `tag` (waiting, by the tag of its thread; private ones are not counted, for a tag would tell of them).
-- How many wait at all, paid and unpaid, the queue knows (table queue).
create table ticket_tally (
    project_id bigint not null references project on delete cascade,
    what text not null,
    tag_id bigint not null default 0,
    tickets integer not null check (tickets >= 0),
    primary key (project_id, what, tag_id)
) with (fillfactor = 50);

-- What the counts should be.
create view ticket_counted as
select project_id, what, tag_id, count(*)::integer as tickets from (
    select k.project_id, k.state as what, 0::bigint as tag_id from ticket k
    where k.state in ('needs_facts', 'answered', 'resolved', 'closed')
    union all
    select k.project_id, 'unassigned', 0 from ticket k where k.state = 'waiting' and k.assignee_id is null
    union all
    select k.project_id, 'tag', x.tag_id from ticket k join thread t on t.id = k.thread_id
    join thread_tag x on x.thread_id = t.id where k.state = 'waiting' and t.visibility <> 'private'
) as counted group by 1, 2, 3;
insert into ticket_tally select * from ticket_counted;

-- Adds to the counts. The queue is locked first, as by everybody who changes a ticket: one order, no deadlock.
create function ticket_tally_add(p_project bigint[], p_what text[], p_tag bigint[], p_by integer[])
returns void language plpgsql as $$
begin
    if p_project is null then
        return;
    end if;
    perform 1 from queue where project_id = any(p_project) order by project_id for update;
    insert into ticket_tally as t (project_id, what, tag_id, tickets)
    select a.project, a.what, a.tag, a.by from unnest(p_project, p_what, p_tag, p_by) as a(project, what, tag, by)
    where a.by > 0 order by 1, 2, 3
    on conflict (project_id, what, tag_id) do update set tickets = t.tickets + excluded.tickets;
    update ticket_tally t set tickets = t.tickets + a.by
    from unnest(p_project, p_what, p_tag, p_by) as a(project, what, tag, by)
    where a.by < 0 and t.project_id = a.project and t.what = a.what and t.tag_id = a.tag;
end $$;

-- A statement on tickets: what it adds (`come`) less what it takes away (`gone`).
create function ticket_tally_come() returns trigger language plpgsql as $$
begin
    perform ticket_tally_of(array_agg(project_id), array_agg(thread_id), array_agg(state),
        array_agg(assignee_id is null), array_agg(1)) from come where state not in ('draft', 'merged', 'suspended');
    return null;
end $$;
create function ticket_tally_gone() returns trigger language plpgsql as $$
begin
    perform ticket_tally_of(array_agg(project_id), array_agg(thread_id), array_agg(state),
        array_agg(assignee_id is null), array_agg(-1)) from gone where state not in ('draft', 'merged', 'suspended');
    return null;
end $$;
create function ticket_tally_changed() returns trigger language plpgsql as $$
begin
    perform ticket_tally_of(array_agg(project_id), array_agg(thread_id), array_agg(state),
        array_agg(is_free), array_agg(by))
    from (
        select x.project_id, x.thread_id, x.state, x.assignee_id is null as is_free, x.by from (
            select c.*, 1 as by from come c union all select g.*, -1 from gone g
        ) as x
        join gone g on g.id = x.id join come c on c.id = x.id
        where (g.project_id, g.state, g.assignee_id is null) is distinct from (c.project_id, c.state, c.assignee_id is null)
    ) as changed where state not in ('draft', 'merged', 'suspended');
    return null;
end $$;

create function ticket_tally_of(p_project bigint[], p_thread bigint[], p_state text[], p_free boolean[], p_by integer[])
returns void language plpgsql as $$
begin
    if p_project is null then
        return;
    end if;
    perform ticket_tally_add(array_agg(project), array_agg(what), array_agg(tag), array_agg(by)) from (
        select project, what, tag, sum(by)::integer as by from (
            select a.project, a.state as what, 0::bigint as tag, a.by
            from unnest(p_project, p_state, p_by) as a(project, state, by) where a.state <> 'waiting'
            union all
            select a.project, 'unassigned', 0, a.by
            from unnest(p_project, p_state, p_free, p_by) as a(project, state, free, by)
            where a.state = 'waiting' and a.free
            union all
            select a.project, 'tag', x.tag_id, a.by
            from unnest(p_project, p_thread, p_state, p_by) as a(project, thread, state, by)
            join thread t on t.id = a.thread join thread_tag x on x.thread_id = t.id
            where a.state = 'waiting' and t.visibility <> 'private'
        ) as each_one group by 1, 2, 3 having sum(by) <> 0
    ) as summed;
end $$;

create trigger ticket_tally_come after insert on ticket referencing new table as come
    for each statement execute function ticket_tally_come();
create trigger ticket_tally_gone after delete on ticket referencing old table as gone
    for each statement execute function ticket_tally_gone();
create trigger ticket_tally_changed after update on ticket referencing old table as gone new table as come
    for each statement execute function ticket_tally_changed();

create function ticket_tally_tags() returns trigger language plpgsql as $$
begin
    perform ticket_tally_add(array_agg(project), array_agg(what), array_agg(tag), array_agg(by)) from (
        select k.project_id as project, 'tag' as what, x.tag_id as tag,
            (case when tg_op = 'INSERT' then 1 else -1 end * count(*))::integer as by
        from changed x join ticket k on k.thread_id = x.thread_id and k.state = 'waiting'
        join thread t on t.id = k.thread_id and t.visibility <> 'private'
        group by 1, 2, 3
    ) as summed;
    return null;
end $$;
create trigger ticket_tally_come after insert on thread_tag referencing new table as changed
    for each statement execute function ticket_tally_tags();
create trigger ticket_tally_gone after delete on thread_tag referencing old table as changed
    for each statement execute function ticket_tally_tags();

create function ticket_tally_shown() returns trigger language plpgsql as $$
begin
    perform ticket_tally_add(array_agg(project), array_agg(what), array_agg(tag), array_agg(by)) from (
        select k.project_id as project, 'tag' as what, x.tag_id as tag,
            case when new.visibility = 'private' then -1 else 1 end as by
        from ticket k join thread_tag x on x.thread_id = k.thread_id
        where k.thread_id = new.id and k.state = 'waiting'
    ) as summed;
    return null;
end $$;
create trigger ticket_tally_shown after update of visibility on thread for each row
    when ((old.visibility = 'private') <> (new.visibility = 'private')) execute function ticket_tally_shown();

-- A filter of the inbox under a name: somebody's own, or the whole team's (person_id null).
create table inbox_view (
    id bigint generated by default as identity primary key,
    project_id bigint not null references project on delete cascade,
    person_id bigint references person,
    name text not null check (length(name) between 1 and 40),
    bucket text not null,
    line text not null default '' check (line in ('', 'paid', 'unpaid')),
    tag text not null default '',
    place integer not null,
    made_by bigint not null references person,
    created_at timestamptz not null default now()
);
create index inbox_view_project on inbox_view (project_id, place, id);

-- Whether a person is there to be given tickets: on which weekdays (Monday is 0), and not while away. Who never said
-- anything is there from Monday to Friday.
create table availability (
    person_id bigint primary key references person,
    weekdays smallint[] not null default '{0,1,2,3,4}'
        check (weekdays <@ '{0,1,2,3,4,5,6}' and cardinality(weekdays) > 0),
    is_away boolean not null default false,
    -- the last day away; null: until they say otherwise
    away_until date,
    check (is_away or away_until is null)
);

-- Whose turn it was last, where tickets are given in turn.
create table queue_turn (
    project_id bigint not null references project on delete cascade,
    person_id bigint not null references person,
    given integer not null default 0,
    last_at timestamptz not null,
    primary key (project_id, person_id)
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
