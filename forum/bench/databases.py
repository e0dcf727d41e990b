"""The benchmark's own databases, on an embedded server of their own; filled once, copied for each run."""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from forum.bench.servers import ROOT, environment, haas
from forum.database import embedded
from forum.database.migrate import migrate

BASE, RUN, QUEUE, POINTS = "haas_bench_base", "haas_bench", "haas_bench_queue", "haas_bench_points"
BOOKS, BOOKS_RUN = "haas_bench_books", "haas_bench_books_run"
FILL_SECONDS = 1200
WAITING = 100_000
FEW = 1_000

# A project with a hundred thousand tickets that wait, and one with a thousand: one in ten is paid, one in a thousand due,
# half carry a tag. Each is a row of every table that an asked thread has rows in. `sam` is on both teams.
FILL_QUEUE = """
set haas.search = 'later';
insert into person (username, email_confirmed_at) values ('asker', now()), ('sam', now());
insert into legal_entity (name) values ('Bench');
insert into tag (name) select 'tag' || n from generate_series(1, 20) n;
""" + "".join(
    f"""
insert into project (slug, name, legal_entity_id) values ('{slug}', '{slug}', 1);
insert into project_member (project_id, person_id, role) values ({project}, 2, 'supporter');
insert into category (project_id, slug, name, kind) values ({project}, 'support', 'Support', 'support');
insert into thread (project_id, category_id, author_id, title, slug, visibility, last_number, last_poster_id, people,
    created_at, bumped_at, last_post_at)
select {project}, {project}, 1, 'Ticket ' || n, 'ticket-' || n, 'public', 1, 1, array[1], at, at, at
from generate_series(1, {waiting}) n, lateral (select now() - n * interval '1 minute' as at) a;
insert into post (thread_id, number, author_id, markdown, html, cook_version, version, created_at)
select id, 1, 1, 'It waits.', '<p>It waits.</p>', 1, 1, created_at from thread where project_id = {project};
insert into thread_tag (thread_id, tag_id) select id, 1 + id % 20 from thread where project_id = {project} and id % 2 = 0;
insert into ticket (project_id, thread_id, state, capacity, rank_amount, due_at, waiting_since, submitted_at, created_at)
select {project}, id, 'waiting', 'personal', case when id % 10 = 0 then 500 * (1 + id * 7919 % 40) else 0 end,
    case when id % 1000 = 1 then now() - interval '1 hour' end, created_at, created_at, created_at from thread
where project_id = {project};
insert into ticket_requester (ticket_id, person_id) select id, 1 from ticket where project_id = {project};
insert into ticket_thread (ticket_id, thread_id) select id, thread_id from ticket where project_id = {project};
update category set thread_count = {waiting} where id = {project};
select queue_lock({project}), queue_rebuild({project});
"""
    for project, slug, waiting in ((1, "bench", WAITING), (2, "small", FEW))
)


def digest(*more: object) -> str:
    """Of everything that decides what the databases hold: migrations, the demo, the cook, and what is given."""
    found = hashlib.sha256(repr(more).encode())
    root = Path(ROOT) / "forum"
    for folder in ("database/migrations", "demo", "demo/threads", "markup"):
        for file in sorted((root / folder).glob("*.*")):
            if file.suffix in (".py", ".txt"):
                found.update(file.read_bytes())
    return found.hexdigest()[:20]


class Databases:
    """The embedded server of the benchmark, whose files lie under `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = embedded.start(folder / "postgres")

    def close(self) -> None:
        embedded.release(self.server)

    def url(self, name: str) -> str:
        return embedded.url(self.server, name)

    async def run_sql(self, *statements: str, database: str = "postgres") -> None:
        link = await asyncpg.connect(self.url(database))
        try:
            for statement in statements:
                await link.execute(statement)
        finally:
            await link.close()

    async def ensure(self, name: str, mark: str, fill: Callable[[], Awaitable[None]]) -> bool:
        """Have a filled database: kept where it bears this mark, else made anew. Returns whether it was made."""
        link = await asyncpg.connect(self.url("postgres"))
        try:
            kept = await link.fetchval(
                "select shobj_description(oid, 'pg_database') from pg_database where datname = $1", name
            )
            if kept == mark:
                return False
            await link.execute(f'drop database if exists "{name}" with (force)')
            await link.execute(f'create database "{name}"')
            await migrate(self.url(name))
            await fill()
            await self.run_sql("vacuum analyze", database=name)
            await link.execute(f"comment on database \"{name}\" is '{mark}'")
            return True
        finally:
            await link.close()

    async def ensure_site(self, threads: int) -> bool:
        """The site of so many threads, as `haas demo --threads` makes it."""

        async def fill() -> None:
            data = self.folder / "data"
            process = haas("demo", "--threads", str(threads), env=environment(data, self.url(BASE)), folder=data)
            if process.wait(FILL_SECONDS):
                raise RuntimeError("the demo could not be made")

        return await self.ensure(BASE, digest("site", threads), fill)

    async def ensure_queue(self) -> bool:
        """The project with a hundred thousand waiting tickets."""

        async def fill() -> None:
            await self.run_sql(FILL_QUEUE, database=QUEUE)

        return await self.ensure(QUEUE, digest("queue", FILL_QUEUE), fill)

    async def ensure_points(self, fill_sql: str) -> bool:
        """The database with a million reputation events."""

        async def fill() -> None:
            await self.run_sql(fill_sql, database=POINTS)

        return await self.ensure(POINTS, digest("points", fill_sql), fill)

    async def ensure_books(self, fill_sql: str) -> bool:
        """The database with a ledger of a million entries."""

        async def fill() -> None:
            await self.run_sql(fill_sql, database=BOOKS)

        return await self.ensure(BOOKS, digest("books", fill_sql), fill)

    async def copy_books(self) -> str:
        """A fresh copy of it, for whoever posts; its URL."""
        await self.drop_books()
        await self.run_sql(f'create database "{BOOKS_RUN}" template "{BOOKS}" strategy file_copy')
        return self.url(BOOKS_RUN)

    async def drop_books(self) -> None:
        await self.run_sql(f'drop database if exists "{BOOKS_RUN}" with (force)')

    async def copy_site(self) -> str:
        """A fresh copy of the site for one run, so that every run finds the same; its URL."""
        await self.run_sql(
            f'drop database if exists "{RUN}" with (force)',
            f'create database "{RUN}" template "{BASE}" strategy file_copy',
        )
        return self.url(RUN)

    async def drop_copy(self) -> None:
        await self.run_sql(f'drop database if exists "{RUN}" with (force)')
