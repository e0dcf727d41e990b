"""What the bot does on GitHub: each move, offer, warning and pointer once an issue, and how far it is."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0034"

SQL = """
alter table github_repository add column is_private boolean not null default false;
create table github_move (
    id bigint generated always as identity primary key,
    repository_id bigint not null references github_repository on delete cascade,
    issue integer not null check (issue > 0),
    purpose text not null check (purpose in ('move', 'security', 'offer', 'pointer')),
    -- of a move: the kind of category it goes to
    kind text check (kind in ('support', 'bugs', 'features')),
    state text not null default 'wanted' check (state in ('wanted', 'doing', 'done', 'failed')),
    -- who wanted it there, and by which comment (null: an offer's rule)
    login text not null default '',
    comment_id bigint,
    thread_id bigint references thread on delete set null,
    -- stands in the bot's comment, so that it is known again
    key uuid not null default gen_random_uuid(),
    -- since when the comment may be there; null: nothing was sent, or it is known
    sent_at timestamptz,
    reply_id bigint,
    -- the steps after the comment that are done: closed, labelled, locked
    steps text[] not null default '{}',
    tries integer not null default 0,
    next_at timestamptz,
    problem text not null default '',
    created_at timestamptz not null default now(),
    done_at timestamptz,
    unique (repository_id, issue, purpose),
    check ((purpose = 'move') = (kind is not null))
);
create index github_move_thread on github_move (thread_id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
