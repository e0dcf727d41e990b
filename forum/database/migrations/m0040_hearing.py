"""How each person hears of things: digest, levels of threads, ways out of mails, a project's own words in them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0040"

SQL = """
create table mail_preference (
    person_id bigint primary key references person,
    digest boolean not null default true,
    -- at this hour of the person's own clock, on these days of the week (1 is Monday)
    hour smallint not null default 8 check (hour between 0 and 23),
    zone text not null default 'UTC' check (length(zone) between 1 and 64),
    weekdays smallint[] not null default '{1,2,3,4,5}' check (weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]),
    -- whether a team's answer to one's own question is mailed when it is written
    answers_at_once boolean not null default true,
    -- when the next digest is due; unset: not reckoned yet
    next_at timestamptz
);
create index mail_preference_due on mail_preference (next_at) where digest;

-- One row a person and workday, whether there was anything to say or not: what is here is not begun again.
create table digest (
    person_id bigint not null references person,
    day date not null,
    claimed_at timestamptz not null default now(),
    primary key (person_id, day)
);
create index digest_claimed on digest (claimed_at);

create table thread_level (
    thread_id bigint not null references thread,
    person_id bigint not null references person,
    level text not null check (level in ('every', 'digest', 'mute')),
    at timestamptz not null default now(),
    primary key (thread_id, person_id)
);
create index thread_level_person on thread_level (person_id);

-- Who of a team wants to hear of every new ticket when it comes.
create table new_ticket_mail (
    project_id bigint not null references project,
    person_id bigint not null references person,
    at timestamptz not null default now(),
    primary key (project_id, person_id)
);
create index new_ticket_mail_person on new_ticket_mail (person_id);

-- Where the unsubscribe link of a mail leads: random, for one purpose, dead with the address it was sent to.
create table unsubscribe_address (
    token text primary key check (token ~ '^[a-z2-7]{26}$'),
    person_id bigint not null references person,
    purpose text not null check (purpose in ('thread', 'digest', 'new_tickets', 'answers')),
    thread_id bigint references thread,
    project_id bigint references project,
    email text not null,
    expires_at timestamptz not null,
    unique nulls not distinct (person_id, purpose, thread_id, project_id, email)
);

-- What a project says in its mails, Markdown with {variables}; without a row, the site's words.
create table mail_words (
    project_id bigint not null references project,
    name text not null check (length(name) between 1 and 40),
    words text not null check (length(words) between 1 and 4000),
    edited_by bigint references person,
    edited_at timestamptz not null default now(),
    primary key (project_id, name)
);

create index notice_unread on notice (person_id) where read_at is null;
alter table mail add column html text not null default '';
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
