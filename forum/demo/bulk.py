"""A site of any size for benchmarks: rows made by seed and loaded by COPY, every kept counter as the actions keep it."""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from forum.database.engine import connection, execute, fetch, fetch_value, prepare_connection, transaction
from forum.demo.words import Writer
from forum.demo.world import PEOPLE
from forum.markup import COOK_VERSION
from forum.threads.rules import FACES, slug_of
from reputation.actions import backfill
from search.postgres import PostgresSearch, index_later

SEED = 20_000
YEARS = 3
TAGS = 200
CHUNK = 10_000
# how often each kind of category is asked in
KINDS = {"support": 55, "bugs": 25, "features": 18, "security": 2}
# (weight, fewest posts, most posts): 15 posts a thread on average, as many short ones as long ones
LENGTHS = ((25, 2, 5), (50, 6, 20), (25, 21, 40))
LAST_NAMES = ("Adler", "Berg", "Costa", "Dahl", "Engel", "Fuchs", "Gallo", "Horn", "Ilves", "Jansen", "Kraus", "Lopez")
SILENT = timedelta(hours=18)


@dataclass
class Load:
    """What the rows refer to, and the next free ids."""

    random: random.Random
    now: datetime
    people: list[int]
    categories: list[tuple[int, int, str, str]]
    tags: list[int]
    thread: int
    post: int


@dataclass
class BulkThread:
    """One thread of the load: who writes when; post `n` is `times[n - 1]` by `authors[n - 1]`."""

    id: int
    project: int
    category: int
    kind: str
    visibility: str
    title: str
    times: list[datetime]
    authors: list[int]
    accepted: int | None
    is_closed: bool
    tags: Sequence[int] = ()
    post_ids: list[int] = field(default_factory=list)

    @property
    def version(self) -> int:
        return len(self.times) + (self.accepted is not None) + self.is_closed

    @property
    def people(self) -> list[int]:
        """The faces of the list's row, as `store_reply` keeps them."""
        faces: list[int] = []
        for author in self.authors:
            if author not in faces:
                faces = [*(faces if len(faces) < FACES else faces[: FACES - 1]), author]
        return faces

    @property
    def state(self) -> str:
        """What became of the ticket, for a thread in support."""
        if self.is_closed:
            return "closed"
        if self.accepted:
            return "resolved"
        return "waiting" if self.id % 50 == 0 else "answered"


async def load_bulk(threads: int) -> None:
    """Load so many threads that the site has `threads`, one of them half as many posts long as there are threads.

    The site must have the small demo. Raises ValueError where `threads` are fewer than those.
    """
    present = await fetch_value("select count(*) from thread")
    if threads < present:
        raise ValueError(f"the small demo has {present} threads already")
    writer = Writer(SEED)
    async with transaction():
        await index_later()
        load = await begin(threads)
        made = list(make_threads(load, writer, threads - present, threads // 2))
        async with connection() as c:
            # binary COPY knows JSON as text alone
            await c.reset_type_codec("jsonb", schema="pg_catalog")
            try:
                await copy_all(c, load, writer, made)
            finally:
                await prepare_connection(c)
        await keep_counts()
        await execute("analyze thread, post, reaction, thread_act")
        await backfill(load.thread)
    await execute("truncate search_thread, search_post")
    await PostgresSearch().rebuild()
    async with connection() as c:
        await c.execute("analyze", timeout=600)


async def begin(threads: int) -> Load:
    """The people and tags of the load, and what is there already."""
    firsts = [name.split()[0] for _username, name in PEOPLE.values()]
    count = max(20, threads // 10)
    people = await fetch(
        "with made as (insert into person (username, name, email, email_confirmed_at, created_at)"
        " select 'bulk' || n, ($2::text[])[1 + n % cardinality($2)] || ' ' || ($3::text[])[1 + n / 7 % cardinality($3)],"
        " 'bulk' || n || '@example.org', now(), now() - make_interval(days => 1200) from generate_series(1, $1::int) n"
        " returning id, username),"
        " named as (insert into handle (name, person_id) select username, id from made) select id from made order by id",
        count,
        firsts,
        LAST_NAMES,
    )
    tags = await fetch(
        "insert into tag (name) select 'topic-' || n from generate_series(1, $1::int) n returning id", TAGS
    )
    categories = await fetch("select id, project_id, kind, visibility from category where kind <> 'other' order by id")
    return Load(
        random.Random(SEED),
        await fetch_value("select now()"),
        [row["id"] for row in people],
        [(row["id"], row["project_id"], row["kind"], row["visibility"]) for row in categories],
        [row["id"] for row in tags],
        await fetch_value("select max(id) + 1 from thread"),
        await fetch_value("select max(id) + 1 from post"),
    )


def make_threads(load: Load, writer: Writer, count: int, deep: int) -> Iterator[BulkThread]:
    """The threads of the load; the first is the deep one."""
    dice = load.random
    kinds = [kind for kind, weight in KINDS.items() for _ in range(weight)]
    lengths = [bounds for weight, *bounds in LENGTHS for _ in range(weight)]
    by_kind = {kind: [c for c in load.categories if c[2] == kind] for kind in KINDS}
    for n in range(count):
        category, project, kind, visibility = dice.choice(by_kind["features" if n == 0 else dice.choice(kinds)])
        length = deep if n == 0 else dice.randint(*dice.choice(lengths))
        writers = dice.sample(load.people, min(len(load.people), 300 if n == 0 else dice.randint(2, 7)))
        span = timedelta(days=YEARS * 365)
        start = load.now - span * dice.random()
        pace = min(SILENT, (load.now - start) / (length + 1) / 2)
        times = [start]
        for _ in range(length - 1):
            times.append(times[-1] + pace * (0.1 + dice.random() * 1.8))
        authors = [writers[0], *(dice.choice(writers) for _ in range(length - 1))]
        accepted = dice.randint(2, min(length, 8)) if kind != "features" and dice.random() < 0.45 else None
        yield BulkThread(
            load.thread + n,
            project,
            category,
            kind,
            visibility,
            writer.title(),
            times,
            authors,
            accepted,
            is_closed=n > 0 and dice.random() < 0.1,
            tags=dice.sample(load.tags, dice.choice((0, 1, 1, 2, 3))),
        )


async def copy_all(c: Any, load: Load, writer: Writer, threads: list[BulkThread]) -> None:
    """Load every table; posts in the order in which they were written, as on a site that grew."""
    await copy(
        c,
        "thread",
        "id project_id category_id author_id title slug visibility version last_number reply_count last_post_at"
        " last_poster_id people accepted_number is_closed created_at bumped_at",
        map(thread_row, threads),
    )
    await copy(c, "thread_tag", "thread_id tag_id", ((t.id, tag) for t in threads for tag in t.tags))
    written = sorted((at, t.id - load.thread, n) for t in threads for n, at in enumerate(t.times, start=1))
    await copy(
        c,
        "post",
        "id thread_id number author_id markdown html cook_version version reactions created_at",
        post_rows(load, writer, threads, written),
    )
    await copy(c, "reaction", "post_id person_id kind at", reaction_rows(load, threads, written))
    await copy(c, "thread_act", "thread_id kind actor_id after_number version data at", act_rows(threads))
    asked = [t for t in threads if t.kind == "support"]
    first = await c.fetchval("select coalesce(max(id), 0) + 1 from ticket")
    await copy(
        c,
        "ticket",
        "id project_id thread_id state state_under capacity waiting_since submitted_at first_response_at created_at",
        (ticket_row(number, t) for number, t in enumerate(asked, start=first)),
    )
    requests = [(number, t.authors[0], t.times[0], t.id) for number, t in enumerate(asked, start=first)]
    await copy(c, "ticket_requester", "ticket_id person_id since", (r[:3] for r in requests))
    await copy(c, "ticket_thread", "ticket_id thread_id", ((r[0], r[3]) for r in requests))
    await copy(
        c, "thread_participant", "thread_id person_id kind since", ((r[3], r[1], "requester", r[2]) for r in requests)
    )
    await c.execute("select ticket_steps_guess($1)", first)
    for table in ("thread", "post", "ticket"):
        await c.execute(f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))")


async def copy(c: Any, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY rows into a table, a chunk at a time, so that a trigger that sees them all sees not too many."""
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        await c.copy_records_to_table(table, records=chunk, columns=columns.split(), timeout=600)


def thread_row(t: BulkThread) -> tuple[Any, ...]:
    length = len(t.times)
    return (
        t.id,
        t.project,
        t.category,
        t.authors[0],
        t.title,
        slug_of(t.title),
        t.visibility,
        t.version,
        length,
        length - 1,
        t.times[-1],
        t.authors[-1],
        t.people,
        t.accepted,
        t.is_closed,
        t.times[0],
        t.times[-1],
    )


def likers(load: Load, post: int, author: int) -> list[int]:
    """Who likes a post; of most nobody does. From its id alone, for the post's counter and its rows of reactions."""
    if post % 5:
        return []
    start = post * 2_654_435_761 % len(load.people)
    some = (load.people[(start + i) % len(load.people)] for i in range(1 + post % 3))
    return [person for person in some if person != author]


def post_rows(
    load: Load, writer: Writer, threads: list[BulkThread], written: list[tuple[datetime, int, int]]
) -> Iterator[tuple[Any, ...]]:
    for number, (at, index, n) in enumerate(written, start=load.post):
        t = threads[index]
        text = writer.post()
        likes = len(likers(load, number, t.authors[n - 1]))
        yield (
            number,
            t.id,
            n,
            t.authors[n - 1],
            text.markdown,
            text.html,
            COOK_VERSION,
            # an acceptance is a change of the post
            len(t.times) + 1 if n == t.accepted else n,
            json.dumps({"like": likes} if likes else {}),
            at,
        )


def reaction_rows(
    load: Load, threads: list[BulkThread], written: list[tuple[datetime, int, int]]
) -> Iterator[tuple[Any, ...]]:
    for number, (at, index, n) in enumerate(written, start=load.post):
        for person in likers(load, number, threads[index].authors[n - 1]):
            yield (number, person, "like", at)


def act_rows(threads: list[BulkThread]) -> Iterator[tuple[Any, ...]]:
    for t in threads:
        length, asker, at = len(t.times), t.authors[0], t.times[-1]
        if t.accepted is not None:
            yield (t.id, "accept", asker, length, length + 1, json.dumps({"number": t.accepted}), at)
        if t.is_closed:
            yield (t.id, "close", asker, length, t.version, json.dumps({"reason": ""}), at)


def ticket_row(number: int, t: BulkThread) -> tuple[Any, ...]:
    under = ["answered"] if t.state == "resolved" else []
    answered = None if t.state == "waiting" else t.times[1]
    return (number, t.project, t.id, t.state, under, "personal", t.times[0], t.times[0], answered, t.times[0])


async def keep_counts() -> None:
    """Everything that is counted, or follows from the rows, once instead of row by row."""
    await execute(
        "update category set thread_count = n from (select category_id, count(*) as n from thread"
        " where visibility <> 'author' group by 1) t where id = category_id"
    )
    await execute(
        "update tag set thread_count = n from (select tag_id, count(*) as n from thread_tag group by 1) t where id = tag_id"
    )
    await execute(
        "insert into read_position (person_id, thread_id, number, at) select author_id, thread_id, max(number),"
        " max(created_at) from post group by 1, 2 on conflict (person_id, thread_id) do nothing"
    )
    await execute("select queue_lock(id), queue_rebuild(id) from project order by id")
