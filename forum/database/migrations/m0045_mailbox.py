"""A mailbox that mail is fetched from, what had to be left in it, and which posts came by mail."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0045"

SQL = """
create table mailbox (
    -- user, host and folder; never the password
    name text primary key check (length(name) between 1 and 600),
    -- UIDs mean something only while this stays the same (RFC 3501 2.3.1.1)
    uidvalidity bigint not null default 0,
    -- what is older lay there before us: of that only what is unread is taken, or came since a day
    first_uid bigint not null default 1,
    since date,
    last_uid bigint not null default 0,
    checked_at timestamptz,
    failure text not null default '' check (length(failure) <= 300),
    failing_since timestamptz
);

-- Mails that could not be taken: tried again at `next_at`, or for good in the mailbox alone.
create table mailbox_left (
    name text not null references mailbox on delete cascade,
    uid bigint not null,
    why text not null check (length(why) <= 200),
    tries integer not null default 1,
    next_at timestamptz,
    at timestamptz not null default now(),
    primary key (name, uid)
);

alter table post add column by_mail boolean not null default false;
update post set by_mail = true where id in (select row_id from origin_alias where source = 'mail' and kind = 'post');
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
