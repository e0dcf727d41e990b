"""The repositories of the site's GitHub App, each in a project, and where the App is installed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0032"

SQL = """
create table github_installation (
    id bigint primary key,
    account text not null,
    permissions jsonb not null default '{}',
    is_suspended boolean not null default false,
    seen_at timestamptz not null default now()
);
create table github_repository (
    -- GitHub's own number: a repository keeps it when it is renamed
    id bigint primary key,
    name text not null,
    installation_id bigint references github_installation on delete set null,
    project_id bigint references project,
    -- where what the bot brings in goes; unset: the project's first category of the kind
    category_id bigint references category,
    locks_moved boolean not null default false,
    -- whether later comments on a moved issue become posts, or are answered once with a pointer
    comments_follow boolean not null default true,
    offers_labels text[] not null default '{}',
    offers_by_triage boolean not null default false,
    -- the project's own words of the bot's comment, Markdown with {variables}; empty: the site's
    bot_text text not null default '' check (length(bot_text) <= 10000),
    created_at timestamptz not null default now()
);
create unique index github_repository_name on github_repository (lower(name));
create index github_repository_project on github_repository (project_id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
