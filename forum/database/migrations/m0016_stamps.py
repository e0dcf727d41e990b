"""What kept pages of guests depend on beyond the thread itself: names of people, and what projects show of themselves."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0016"

SQL = """
-- One row: raised in the transaction that changes how somebody's name stands on other people's pages.
create table site_stamp (
    is_one boolean primary key default true check (is_one),
    version bigint not null default 1
);
insert into site_stamp default values;
create function site_stamp_raise() returns trigger language plpgsql as $$
begin
    update site_stamp set version = version + 1;
    return null;
end $$;
create trigger person_shown after update of username, name, same_as, disabled_at on person for each row
    when ((old.username, old.name, old.same_as, old.disabled_at)
        is distinct from (new.username, new.name, new.same_as, new.disabled_at))
    execute function site_stamp_raise();

-- A project's version is raised by whatever its pages show: its own words, its team's roles, its categories.
create function project_version_raise() returns trigger language plpgsql as $$
begin
    update project set version = version + 1 where id = coalesce(new.project_id, old.project_id);
    return null;
end $$;
create trigger project_member_shown after insert or delete or update of role on project_member
    for each row execute function project_version_raise();
create trigger category_shown after update of slug, name, kind on category for each row
    when ((old.slug, old.name, old.kind) is distinct from (new.slug, new.name, new.kind))
    execute function project_version_raise();
create function project_shown() returns trigger language plpgsql as $$
begin
    new.version := old.version + 1;
    return new;
end $$;
create trigger project_shown before update of slug, name, expected_from, expected_to on project for each row
    when (old.version = new.version and (old.slug, old.name, old.expected_from, old.expected_to)
        is distinct from (new.slug, new.name, new.expected_from, new.expected_to))
    execute function project_shown();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, SQL)
