"""The search inside PostgreSQL: full text over questions and replies, trigrams over titles and names."""

import asyncio
from collections.abc import Iterator, Sequence

from forum.database.engine import Row, connection, execute, fetch, fetch_value, transaction
from forum.markup import excerpt, plain
from forum.web.reader import Reader
from search.highlight import Marker
from search.interface import (
    MOST_THREADS,
    THREADS_A_PAGE,
    Condition,
    Found,
    FoundPerson,
    Results,
    Similar,
    Tell,
    no_tell,
)
from search.query import Query, clean, parse, telling_words
from search.statements import PEOPLE, Narrowing, find_statement, similar_statement

# Fewer titles than this, and what is being typed is looked for everywhere.
FEW = 3
# Threads are about equally near when their score is at least this part of the best one's.
NEAR = 0.6
PEOPLE_SHOWN = 6
# Posts that are indexed in one transaction of a rebuild.
CHUNK = 5000
# Above this many posts an empty index is filled first and its GIN indexes are made after.
MANY = 20_000


class PostgresSearch:
    """The search that needs nothing but the database; triggers keep its index (migration 0006)."""

    async def find(
        self,
        reader: Reader,
        query: str,
        *,
        project: int | None = None,
        tag: str | None = None,
        solved: bool | None = None,
        page: int = 1,
    ) -> Results:
        """As in `Search`; two statements, one more where nothing matched word by word."""
        asked = parse(query)
        narrowing = Narrowing(project, clean(tag, 100) if tag else None, solved)
        if asked.is_empty:
            return Results(page=page)
        offset = (page - 1) * THREADS_A_PAGE
        if offset >= MOST_THREADS:
            return Results(page=page)
        rows = await run_find(reader, asked, narrowing, limit=THREADS_A_PAGE, offset=offset)
        is_loose = page == 1 and not rows and bool(asked.words)
        if is_loose:
            rows = await run_find(reader, asked, narrowing, loose=True, limit=THREADS_A_PAGE)
        people = await find_people(asked, PEOPLE_SHOWN) if page == 1 and asked.is_plain else []
        total = 0 if not rows else len(rows) if is_loose else rows[0]["total"]
        return Results(shown(rows, asked), people, total, page, is_loose and bool(rows))

    async def suggest(self, reader: Reader, query: str, *, limit: int = 6) -> Results:
        """As in `Search`; titles first, everything where they are few: two or three statements."""
        asked = parse(query)
        if asked.is_empty:
            return Results()
        narrowing = Narrowing()
        rows = await run_find(reader, asked, narrowing, loose=True, titles_only=True, limit=limit)
        if len(rows) < FEW:
            seen = {row["id"] for row in rows}
            more = await run_find(reader, asked, narrowing, loose=bool(asked.words), limit=limit)
            rows = [*rows, *(row for row in more if row["id"] not in seen)][:limit]
        people = await find_people(asked, 3) if asked.is_plain or asked.people else []
        return Results(shown(rows, asked), people, len(rows), 1, True)

    async def similar(
        self,
        reader: Reader,
        title: str,
        body: str = "",
        *,
        project: int | None = None,
        exclude: int | None = None,
        limit: int = 5,
    ) -> list[Similar]:
        """As in `Search`; one statement."""
        words = telling_words(title, body)
        if not words:
            return []
        sql, values = similar_statement(
            reader.id, words, clean(title, 300), project=project, exclude=exclude, limit=limit * 3
        )
        rows = await fetch(sql, *values)
        best = rows[0]["score"] if rows else 0
        # solved first among those about equally near (product: "similar threads, solved first")
        rows.sort(key=lambda row: (row["score"] < NEAR * best, row["html"] is None))
        return [similar_of(row) for row in rows[:limit]]

    async def index_thread(self, thread: int) -> None:
        """As in `Search`. Triggers do it with every change; this repairs."""
        async with transaction():
            await execute("select search_keep_threads(array[$1::bigint])", thread)
            await execute("select search_keep_replies($1)", thread)

    async def rebuild(self, tell: Tell = no_tell) -> int:
        """As in `Search`: chunk by chunk, each in a transaction of its own, while it is searched.

        Into an empty index for many posts the GIN indexes come last: there was nothing to find anyway.
        """
        last, last_thread = await fetch_value("select search_reach()")
        is_bulk = last > MANY and not await fetch_value("select exists (select 1 from search_thread)")
        if is_bulk:
            await execute("select search_index(false)")
        try:
            starts = iter(range(1, last + 1, CHUNK))
            tell(0, last)
            await asyncio.gather(index_posts(starts), index_posts(starts))
            for first in range(1, last_thread + 1, CHUNK):
                await execute(
                    "select search_keep_threads(array(select generate_series($1::bigint, $2::bigint)))",
                    first,
                    first + CHUNK - 1,
                )
        finally:
            if is_bulk:
                async with connection() as c:
                    await c.execute("select search_index(true)", timeout=3600)
                    await c.execute("analyze search_thread; analyze search_post", timeout=600)
        tell(last, last)
        return int(await fetch_value("select count(*) from search_thread"))

    async def index_changes(self) -> None:
        """As in `Search`: nothing is kept outside, so nothing is noted any more."""
        await execute(
            "with off as (update search_outside set is_kept = false, built_at = null where is_kept returning 1)"
            " delete from search_change where exists (select 1 from off)"
        )

    async def close(self) -> None:
        """As in `Search`: the pool is not its own."""

    @property
    def trouble(self) -> str:
        """As in `Search`: none but the site's."""
        return ""

    async def condition(self) -> Condition:
        """As in `Search`."""
        return Condition(None, "PostgreSQL searches alone; MEILISEARCH_URL would have Meilisearch do it")


async def index_posts(starts: Iterator[int]) -> None:
    """Index one chunk of posts after the other, for as long as `starts` gives the first id of one."""
    for first in starts:
        await execute("select search_keep_posts($1, $2)", first, first + CHUNK - 1)


async def index_later() -> None:
    """Have the triggers leave the running transaction alone: for bulk loads, which call `rebuild` afterwards."""
    await execute("set local haas.search = 'later'")


async def run_find(
    reader: Reader,
    query: Query,
    narrowing: Narrowing,
    *,
    loose: bool = False,
    titles_only: bool = False,
    limit: int,
    offset: int = 0,
) -> list[Row]:
    """One page of threads, best first, with their best matching posts."""
    sql, values = find_statement(
        reader.id, query, narrowing, loose=loose, titles_only=titles_only, limit=limit, offset=offset
    )
    return await fetch(sql, *values)


def shown(rows: Sequence[Row], query: Query) -> list[Found]:
    """Rows as they are shown: marked where they match."""
    markers: dict[str, Marker] = {}
    found = []
    for row in rows:
        marker = markers.get(row["asked"])
        if marker is None:
            marker = markers[row["asked"]] = Marker(row["asked"], query.words)
        found.append(
            Found(
                thread=row["id"],
                slug=row["slug"],
                title=marker.mark(row["title"]),
                number=row["number"],
                excerpt=marker.excerpt(plain(row["html"])),
                author=row["author"],
                username=row["username"],
                at=row["at"],
                project_id=row["project_id"],
                project_slug=row["project_slug"],
                project_name=row["project_name"],
                category_slug=row["category_slug"],
                category_name=row["category_name"],
                visibility=row["visibility"],
                tags=row["tags"],
                reply_count=row["reply_count"],
                accepted_number=row["accepted_number"],
                is_closed=row["is_closed"],
            )
        )
    return found


def similar_of(row: Row) -> Similar:
    is_solved = row["html"] is not None
    return Similar(
        thread=row["id"],
        slug=row["slug"],
        title=row["title"],
        project_id=row["project_id"],
        project_name=row["project_name"],
        reply_count=row["reply_count"],
        bumped_at=row["bumped_at"],
        accepted_number=row["accepted_number"] if is_solved else None,
        answer=excerpt(row["html"], 160) if is_solved else "",
        solver=row["solver"],
        solved_at=row["solved_at"] if is_solved else None,
    )


async def find_people(query: Query, most: int) -> list[FoundPerson]:
    """People who may be meant: every word stands in their username or name, or it is their username."""
    words = [word.lstrip("@") for word in " ".join([*query.words, *query.people]).lower().split()]
    longest = max(words, key=len, default="")
    # trigrams need three letters: a shorter word is a username or nothing
    pattern = f"%{like(longest)}%" if len(longest) > 2 else None
    patterns = [f"%{like(word)}%" for word in words]
    rows = await fetch(PEOPLE, words[:1] if len(words) == 1 else [], pattern, patterns, " ".join(words), most)
    return [FoundPerson(row["id"], row["username"], row["name"]) for row in rows]


def like(word: str) -> str:
    """A word inside a LIKE pattern, where it means itself."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
