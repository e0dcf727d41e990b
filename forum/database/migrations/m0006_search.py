"""The search index: the words of questions and replies, kept by triggers, titles for what is nearly right, people."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0006"

# Why triggers: a reply pays no round trip for being found, and no door (page, importer, mail) can forget it.
# Whoever loads in bulk says `set local haas.search = 'later'` and has search/postgres.py rebuild afterwards.
SQL = r"""
create extension if not exists btree_gin;

-- One configuration for every language: words lose their accents before they come here, and their English endings
-- here. Nothing is a stop word, since "no", "in" and "is" are words of code.
create text search dictionary haas_stem (template = snowball, language = english);
create text search configuration haas (copy = simple);
alter text search configuration haas alter mapping for asciiword, word, numword with haas_stem;

create function search_fold(line text) returns text language sql immutable strict parallel safe
    as $$ select lower(public.unaccent('public.unaccent'::regdictionary, line)) $$;

-- A text as single words: what - and _ join becomes one (no-cache, no_cache and noCache find each other), what . / :
-- join become words that follow each other. Queries go through it as texts do.
create function search_plain(body text) returns text language sql immutable strict parallel safe as $$
    select regexp_replace(regexp_replace(public.unaccent('public.unaccent'::regdictionary, body),
        '[-_]+', '', 'g'), '[./@:+&<~=#%]', ' ', 'g')
$$;

-- The words of a text, and the parts of those that - and _ and capitals join. Past 60,000 characters stand only logs.
create function search_words(body text) returns tsvector language sql immutable strict parallel safe as $$
    select to_tsvector('public.haas', public.search_plain(begin) || ' ' || coalesce((
        select string_agg(regexp_replace(regexp_replace(found[1], '([a-z0-9])([A-Z])', '\1 \2', 'g'),
                '[-_]+', ' ', 'g'), ' ')
          from regexp_matches(public.unaccent('public.unaccent'::regdictionary, begin),
                '([[:alnum:]]+(?:[-_]+[[:alnum:]]+)+|[[:alnum:]]*[a-z][A-Z][[:alnum:]]*)', 'g') as found), ''))
      from (select left(body, 60000) as begin) as cut
$$;

-- What is looked for: every one of these words, in any order; where `begun`, words of three letters and more may go
-- on. What is no word (punctuation) asks for nothing. Never raises.
create function search_query(every text[], begun boolean default false) returns tsquery
    language plpgsql stable parallel safe as $$
declare
    asked tsquery := ''::tsquery;
    part tsquery;
    word text;
begin
    foreach word in array every loop
        part := plainto_tsquery('public.haas', public.search_plain(word));
        if begun and numnode(part) > 0 and length(word) > 2 then
            part := (part::text || ':*')::tsquery;
        end if;
        asked := asked && part;
    end loop;
    return asked;
end $$;

-- Texts whose words follow each other: all of them, or any. No index knows it, so it is asked of few rows.
create function search_phrase(phrases text[], any_of boolean default false) returns tsquery
    language plpgsql stable parallel safe as $$
declare
    asked tsquery := ''::tsquery;
    part tsquery;
    words text;
begin
    foreach words in array phrases loop
        part := phraseto_tsquery('public.haas', public.search_plain(words));
        asked := case when any_of then asked || part else asked && part end;
    end loop;
    return asked;
end $$;

-- A thread as it was asked: its title (A), tags (B) and first post (D).
create table search_thread (
    thread_id bigint primary key references thread on delete cascade,
    project_id bigint not null,
    title text not null,
    title_words tsvector not null,
    words tsvector not null
);

-- The replies. is_whisper is the post's own, so that the rule of visibility can be asked of this row.
create table search_post (
    post_id bigint primary key references post on delete cascade,
    thread_id bigint not null,
    project_id bigint not null,
    is_whisper boolean not null,
    words tsvector not null
);

-- Slices of 4096 rows let a search take the newest matches of a common word without looking at all of them.
-- The owner's right, lent for one thing: a bulk load drops the indexes and makes them again.
create function search_index(present boolean) returns void language plpgsql security definer
    set search_path = public as $$
begin
    if present then
        create index if not exists search_thread_words on search_thread
            using gin (project_id, (thread_id / 4096), title_words, words) with (gin_pending_list_limit = 256);
        create index if not exists search_thread_title on search_thread using gin (title gin_trgm_ops);
        create index if not exists search_post_words on search_post
            using gin (project_id, (post_id / 4096), words) with (gin_pending_list_limit = 256);
    else
        drop index if exists search_thread_words, search_thread_title, search_post_words;
    end if;
end $$;
select search_index(true);

create index person_search on person using gin (search_fold(username || ' ' || name) gin_trgm_ops)
    where disabled_at is null and same_as is null;

-- Titles that look like a line, typing errors included; the operator's threshold is this function's own.
create function search_like(line text) returns table (thread_id bigint, likeness real) language sql stable
    set pg_trgm.word_similarity_threshold = 0.45 as $$
    select s.thread_id, word_similarity(line, s.title) from search_thread s where line <% s.title
$$;

create function search_keep_threads(ids bigint[]) returns void language plpgsql as $$
begin
    insert into search_thread (thread_id, project_id, title, title_words, words)
    select t.id, t.project_id, search_fold(t.title), search_words(t.title),
           setweight(search_words(t.title), 'A')
           || setweight(search_words(coalesce((select string_agg(g.name, ' ') from thread_tag tt
                join tag g on g.id = tt.tag_id where tt.thread_id = t.id), '')), 'B')
           || coalesce((select search_words(p.markdown) from post p
                where p.thread_id = t.id and p.number = 1 and p.deleted_at is null and not p.is_whisper), '')
      from thread t where t.id = any(ids)
        on conflict (thread_id) do update set project_id = excluded.project_id, title = excluded.title,
           title_words = excluded.title_words, words = excluded.words;
end $$;

create function search_keep_posts(first bigint, last bigint) returns void language plpgsql as $$
begin
    delete from search_post s using post p
     where s.post_id between first and last and p.id = s.post_id and (p.deleted_at is not null or p.number = 1);
    insert into search_post (post_id, thread_id, project_id, is_whisper, words)
    select p.id, p.thread_id, t.project_id, p.is_whisper, search_words(p.markdown)
      from post p join thread t on t.id = p.thread_id
     where p.id between first and last and p.number > 1 and p.deleted_at is null
        on conflict (post_id) do update set thread_id = excluded.thread_id, project_id = excluded.project_id,
           is_whisper = excluded.is_whisper, words = excluded.words
     where search_post.words is distinct from excluded.words
        or (search_post.thread_id, search_post.project_id, search_post.is_whisper)
           is distinct from (excluded.thread_id, excluded.project_id, excluded.is_whisper);
end $$;

-- The replies of one thread, for repairs.
create function search_keep_replies(thread bigint) returns void language sql as $$
    select search_keep_posts(p.id, p.id) from post p where p.thread_id = thread and p.number > 1
$$;

-- How far a rebuild has to go: the last post and the last thread.
create function search_reach() returns bigint[] language sql stable as $$
    select array[coalesce((select max(id) from post), 0), coalesce((select max(id) from thread), 0)]
$$;

create function search_posts_came() returns trigger language plpgsql as $$
begin
    if current_setting('haas.search', true) = 'later' then
        return null;
    end if;
    insert into search_post (post_id, thread_id, project_id, is_whisper, words)
    select p.id, p.thread_id, t.project_id, p.is_whisper, search_words(p.markdown)
      from fresh p join thread t on t.id = p.thread_id where p.number > 1 and p.deleted_at is null
        on conflict (post_id) do nothing;
    if exists (select 1 from fresh where number = 1) then
        perform search_keep_threads(array(select thread_id from fresh where number = 1));
    end if;
    return null;
end $$;
create trigger search_posts_came after insert on post
    referencing new table as fresh for each statement execute function search_posts_came();

create function search_post_changed() returns trigger language plpgsql as $$
begin
    perform search_keep_posts(new.id, new.id);
    if new.number = 1 then
        perform search_keep_threads(array[new.thread_id]);
    end if;
    return null;
end $$;
create trigger search_post_changed after update of markdown, deleted_at, purpose, thread_id, number on post
    for each row when (old.markdown is distinct from new.markdown or old.purpose <> new.purpose
        or (old.deleted_at is null) <> (new.deleted_at is null)
        or (old.thread_id, old.number) <> (new.thread_id, new.number))
    execute function search_post_changed();

create function search_thread_changed() returns trigger language plpgsql as $$
begin
    perform search_keep_threads(array[new.id]);
    if old.project_id <> new.project_id then
        update search_post set project_id = new.project_id where post_id in
            (select id from post where thread_id = new.id);
    end if;
    return null;
end $$;
create trigger search_thread_changed after update of title, project_id on thread
    for each row when (old.title <> new.title or old.project_id <> new.project_id)
    execute function search_thread_changed();

create function search_tags_changed() returns trigger language plpgsql as $$
begin
    if current_setting('haas.search', true) is distinct from 'later' then
        perform search_keep_threads(array(select distinct thread_id from changed));
    end if;
    return null;
end $$;
create trigger search_tags_came after insert on thread_tag
    referencing new table as changed for each statement execute function search_tags_changed();
create trigger search_tags_went after delete on thread_tag
    referencing old table as changed for each statement execute function search_tags_changed();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
