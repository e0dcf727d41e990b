"""What imports remember: which repository stands in which project, and what each record said when last seen."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0007"

SQL = """
-- One place elsewhere (a repository) stands in one project.
create table import_source (
    source text not null,
    name text not null check (name = lower(name) and length(name) between 1 and 200),
    project_id bigint not null references project,
    since timestamptz not null default now(),
    primary key (source, name)
);
create index import_source_project on import_source (project_id);

-- What a record elsewhere said when it was last read: what did not change there is passed over, and what was
-- changed here is not changed back.
create table import_record (
    source text not null,
    foreign_id text not null,
    digest text not null,
    seen jsonb not null,
    updated_at timestamptz not null,
    at timestamptz not null default now(),
    primary key (source, foreign_id)
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
