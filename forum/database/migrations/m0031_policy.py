"""The figures of a project's desk; one without a row has the defaults of product.md."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0031"

SQL = """
create table support_policy (
    project_id bigint primary key references project,
    -- workdays without a word after which a claimed ticket goes back to the queue
    claim_workdays smallint not null default 2 check (claim_workdays between 1 and 30),
    claims_most smallint not null default 5 check (claims_most between 1 and 100),
    assigning text not null default 'pick' check (assigning in ('pick', 'suggest', 'round_robin')),
    -- days of silence after which a ticket closes by itself, and how long before that its asker is told
    silence_days smallint not null default 30 check (silence_days between 7 and 365),
    silence_warning_days smallint not null default 3 check (silence_warning_days between 1 and 6),
    -- the least expected response time that is told, in workdays
    expected_least smallint not null default 1 check (expected_least between 0 and 30),
    waits_since text not null default 'submission' check (waits_since in ('submission', 'last_word'))
);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
