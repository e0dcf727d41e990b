"""What is known of issues on GitHub, and how far the import of a repository's history is."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0035"

SQL = """
create table github_issue (
    -- the thread that came from it or became it
    thread_id bigint primary key references thread,
    repository text not null,
    number integer not null check (number > 0),
    state text not null check (state in ('open', 'closed', 'deleted')),
    -- why it was closed, as GitHub says it
    reason text not null default '',
    milestone text not null default '',
    labels text[] not null default '{}',
    is_locked boolean not null default false,
    -- of a discussion: the comment that is its answer there, and the one that was taken over
    answer bigint,
    answer_taken bigint,
    updated_at timestamptz not null
);
alter table promotion add column labels text[] not null default '{}';
alter table reaction add column origin text not null default 'local';

create table github_import (
    -- OWNER/REPO, casefolded; `repository` as it is written there
    name text primary key,
    repository text not null,
    repository_id bigint,
    project_id bigint not null references project,
    state text not null default 'waiting' check (state in ('waiting', 'running', 'limited', 'failed', 'done')),
    phase text not null default 'comments'
        check (phase in ('comments', 'issues', 'loose', 'reactions', 'discussions', 'done')),
    -- what to ask for next in this phase; empty: its beginning
    onward text not null default '',
    done integer not null default 0,
    total integer,
    created integer not null default 0,
    updated integer not null default 0,
    skipped jsonb not null default '[]',
    problem text not null default '',
    resume_at timestamptz,
    started_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    finished_at timestamptz,
    -- since when the whole history stands here: what is new there comes by webhook from then on
    whole_since timestamptz,
    -- discussions that changed no later than this stand here
    discussions_until timestamptz
);
create index github_import_project on github_import (project_id);
create table github_page (
    name text not null references github_import on delete cascade,
    address text not null,
    etag text not null,
    onward text not null default '',
    primary key (name, address)
);
create table github_staged (
    -- comments that were read and wait for their issue
    name text not null references github_import on delete cascade,
    comment_id bigint not null,
    number integer not null,
    said jsonb not null,
    primary key (name, comment_id)
);
create index github_staged_number on github_staged (name, number);
create table github_said (
    -- what somebody said there, by its id as origins have it
    foreign_id text primary key,
    name text not null,
    post_id bigint references post,
    updated_at timestamptz not null,
    is_gone boolean not null default false,
    -- reactions as they were counted there, and as they were when names were last read
    counted jsonb not null default '{}',
    taken jsonb not null default '{}'
);
create index github_said_reactions on github_said (name) where counted <> taken;
create index github_said_post on github_said (post_id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
