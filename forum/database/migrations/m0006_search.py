"""The search index: words of questions and replies, titles for what is nearly right, people by name."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0006"

SQL = r"""
-- One configuration for every language: words lose their accents before they come here, and their English endings
-- here; nothing is a stop word, since "no", "in" and "is" are words of code.
create text search dictionary haas_stem (template = snowball, language = english);
create text search configuration haas (copy = simple);
alter text search configuration haas alter mapping for asciiword, word, numword with haas_stem;

create function search_fold(line text) returns text language sql immutable strict parallel safe
    as $$ select lower(public.unaccent('public.unaccent'::regdictionary, line)) $$;

-- The words of a text. What - and _ join is one word (no-cache, no_cache and noCache are found by each other) and its
-- parts as well; what . / : join are words that follow each other. Past 60,000 characters stand only logs.
create function search_vector(body text) returns tsvector language sql stable strict parallel safe as $$
    select to_tsvector('public.haas', regexp_replace(regexp_replace(plain, '[-_]+', '', 'g'), '[./@:+&<~=#%]', ' ', 'g')
           || ' ' || coalesce((select string_agg(regexp_replace(regexp_replace(
                found[1], '([a-z0-9])([A-Z])', '\1 \2', 'g'), '[-_]+', ' ', 'g'), ' ')
              from regexp_matches(plain,
                '([[:alnum:]]+(?:[-_]+[[:alnum:]]+)+|[[:alnum:]]*[a-z][A-Z][[:alnum:]]*)', 'g') as found), ''))
      from (select public.unaccent('public.unaccent'::regdictionary, left(body, 60000)) as plain offset 0) as folded
$$;

-- A thread as it was asked: its title (A), tags (B) and first post (D).
create table search_thread (
    thread_id bigint primary key references thread on delete cascade,
    title text not null,
    title_words tsvector not null,
    words tsvector not null
);

-- The replies. is_whisper is the post's own, so that visibility is asked of this row.
create table search_post (
    post_id bigint primary key references post on delete cascade,
    thread_id bigint not null,
    is_whisper boolean not null,
    words tsvector not null
);

-- What indexes need to be dropped and made again for a bulk load, by the owner's rights.
create function search_index(present boolean) returns void language plpgsql security definer
    set search_path = public as $$
begin
    if present then
        create index if not exists search_thread_title on search_thread using gin (title gin_trgm_ops);
        create index if not exists search_thread_title_words on search_thread using gin (title_words);
        create index if not exists search_thread_words on search_thread using gin (words);
        create index if not exists search_post_words on search_post using gin (words);
    else
        drop index if exists search_thread_title, search_thread_title_words, search_thread_words, search_post_words;
    end if;
end $$;
select search_index(true);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
