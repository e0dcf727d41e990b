"""A search index outside PostgreSQL (Meilisearch): what changed and is to be indexed there, and who is at it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0021"

# Why triggers: as in 0006, no door (page, importer, mail, an operator's SQL) can forget it. What changed is a row of the
# change's own transaction, and so is the job that takes it up. Where nothing outside is kept, a change costs one look
# into a table of one row.
SQL = r"""
-- One row: which index is kept, since when it is whole, and whose turn it is to write into it.
create table search_outside (
    is_one boolean primary key default true check (is_one),
    is_kept boolean not null default false,
    uid text not null default '',
    built_at timestamptz,
    keeper uuid,
    keeper_until timestamptz not null default '-infinity',
    builder uuid,
    builder_until timestamptz not null default '-infinity'
);
insert into search_outside default values;

-- What is to be written there: a post, or (post_id null) everything of a thread. in_index: the index that is searched
-- has it; in_next: the one that is being built has it, too. No foreign keys: what is gone must be taken out there.
create table search_change (
    id bigserial primary key,
    thread_id bigint not null,
    post_id bigint,
    in_index boolean not null default false,
    in_next boolean not null default false,
    noted_at timestamptz not null default now()
);
create index search_change_waiting on search_change (id) where not in_index;
create index search_change_thread on search_change (thread_id) where not in_index;

-- The words of an index entry in the order of the text, as other engines want them.
create function search_in_order(words tsvector) returns text language sql immutable strict parallel safe as $$
    select coalesce(string_agg(u.lexeme, ' ' order by place), '')
      from unnest(words) u (lexeme, places, weights), unnest(u.places) place
$$;

-- Note that these changed (posts[n] null: everything of threads[n]), and have the job come that indexes them. The job's
-- row is what forum/jobs.py writes; its key is a thread's, which whoever changes the thread has locked already.
create function search_note(threads bigint[], posts bigint[]) returns void language plpgsql as $$
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
    with job as (
        insert into pgqueuer (priority, entrypoint, payload, dedupe_key, status)
        values (0, 'index_changes', '{}', 'index_changes:' || threads[1], 'queued')
            on conflict do nothing returning id, entrypoint, priority
    )
    insert into pgqueuer_log (job_id, status, entrypoint, priority) select id, 'queued', entrypoint, priority from job;
end $$;

create function search_note_posts() returns trigger language plpgsql as $$
begin
    perform search_note(array_agg(thread_id), array_agg(id)) from changed;
    return null;
end $$;
create trigger search_note_posts_came after insert on post
    referencing new table as changed for each statement execute function search_note_posts();
create trigger search_note_posts_went after delete on post
    referencing old table as changed for each statement execute function search_note_posts();

create function search_note_post() returns trigger language plpgsql as $$
begin
    perform search_note(array[new.thread_id], array[new.id]);
    return null;
end $$;
create trigger search_note_post after update of markdown, deleted_at, purpose, thread_id, number, author_id on post
    for each row when (old.markdown is distinct from new.markdown or old.purpose <> new.purpose
        or (old.deleted_at is null) <> (new.deleted_at is null)
        or (old.thread_id, old.number, old.author_id) <> (new.thread_id, new.number, new.author_id))
    execute function search_note_post();

create function search_note_thread() returns trigger language plpgsql as $$
begin
    perform search_note(array[new.id], array[null::bigint]);
    return null;
end $$;
create trigger search_note_thread
    after update of title, project_id, category_id, author_id, visibility, accepted_number, is_closed on thread
    for each row when ((old.title, old.project_id, old.category_id, old.author_id, old.visibility, old.is_closed)
        <> (new.title, new.project_id, new.category_id, new.author_id, new.visibility, new.is_closed)
        or (old.accepted_number is null) <> (new.accepted_number is null))
    execute function search_note_thread();

-- Tags and participants stand in every entry of a thread.
create function search_note_threads() returns trigger language plpgsql as $$
begin
    perform search_note(array_agg(thread_id), array_agg(null::bigint)) from (select distinct thread_id from changed) c;
    return null;
end $$;
create trigger search_note_tags_came after insert on thread_tag
    referencing new table as changed for each statement execute function search_note_threads();
create trigger search_note_tags_went after delete on thread_tag
    referencing old table as changed for each statement execute function search_note_threads();
create trigger search_note_people_came after insert on thread_participant
    referencing new table as changed for each statement execute function search_note_threads();
create trigger search_note_people_went after delete on thread_participant
    referencing old table as changed for each statement execute function search_note_threads();

create function search_note_category() returns trigger language plpgsql as $$
begin
    perform search_note(array_agg(id), array_agg(null::bigint)) from thread
      where category_id = new.id and visibility = 'private';
    return null;
end $$;
create trigger search_note_category after update of readers on category
    for each row when (old.readers <> new.readers) execute function search_note_category();

create function search_note_tag() returns trigger language plpgsql as $$
begin
    perform search_note(array_agg(thread_id), array_agg(null::bigint)) from thread_tag where tag_id = new.id;
    return null;
end $$;
create trigger search_note_tag after update of name on tag
    for each row when (old.name <> new.name) execute function search_note_tag();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
