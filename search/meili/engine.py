"""The search by Meilisearch: it names posts, PostgreSQL shows what of them this reader may see, and stands in for it."""

import asyncio
from collections.abc import Sequence

import structlog

from forum.database.engine import Row, execute, fetch, fetch_one
from forum.settings import Settings
from forum.web.i18n import _
from forum.web.reader import Reader
from search.interface import MOST_THREADS, THREADS_A_PAGE, Condition, Results, Similar, Tell, no_tell
from search.meili import asking, keeping
from search.meili.breaker import Breaker
from search.meili.link import Link, Unreachable, index_name
from search.meili.statements import BEHIND, SCOPE, Hit, shown_statement
from search.postgres import PEOPLE_SHOWN, PostgresSearch, find_people, shown
from search.query import Query, clean, parse
from search.statements import Narrowing

log = structlog.get_logger()

# Of titles and of texts, so many are looked at where words may be written nearly so.
LOOSE = 60


def search_of(settings: Settings) -> "MeiliSearch":
    """The search of a site whose settings name a server; `forum/wiring.py` alone calls this."""
    return MeiliSearch(Link(settings.meilisearch_url, settings.meilisearch_key, index_name(settings.base_url)))


class NotNow(Exception):
    """This search is PostgreSQL's."""


class MeiliSearch:
    """The search for sites that outgrow PostgreSQL's: typing errors and beginnings of words are found in texts, too.

    It answers as PostgreSQL does or not at all: what Meilisearch has no word for (filters without words, people,
    similar threads, more than ten words) and all there is while it is down, slow, behind or not built, is PostgreSQL's.
    """

    def __init__(self, link: Link, breaker: Breaker | None = None) -> None:
        self.link = link
        self.breaker = breaker or Breaker()
        self.postgres = PostgresSearch()
        # why the index was not asked last time, though its server answers
        self.unready = ""

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
        """As in `Search`; two statements, three where people may be meant or nothing matched word by word."""
        asked = parse(query)
        narrowing = Narrowing(project, clean(tag, 100) if tag else None, solved)
        try:
            return await self.found(reader, asked, narrowing, page)
        except NotNow:
            return await self.postgres.find(reader, query, project=project, tag=tag, solved=solved, page=page)

    async def found(self, reader: Reader, asked: Query, narrowing: Narrowing, page: int) -> Results:
        offset = (page - 1) * THREADS_A_PAGE
        if not asked.words or offset >= MOST_THREADS:
            raise NotNow
        scope = await self.scope(reader, asked)
        stems, filters = self.narrowed(reader, asked, narrowing, scope)
        text = asking.strict(stems)
        if text is None:
            raise NotNow
        hits = await self.ask(text, filters, MOST_THREADS)
        rows = await self.rows(reader, asked, narrowing, hits, scope, loose=False, limit=THREADS_A_PAGE, offset=offset)
        is_loose = page == 1 and not rows
        if is_loose:
            hits = await self.ask_loosely(stems, filters)
            rows = await self.rows(reader, asked, narrowing, hits, scope, loose=True, limit=THREADS_A_PAGE)
        people = await find_people(asked, PEOPLE_SHOWN) if page == 1 and asked.is_plain else []
        total = 0 if not rows else len(rows) if is_loose else rows[0]["total"]
        return Results(shown(rows, asked), people, total, page, is_loose and bool(rows))

    async def suggest(self, reader: Reader, query: str, *, limit: int = 6) -> Results:
        """As in `Search`; titles first; at most three statements."""
        asked = parse(query)
        try:
            if not asked.words:
                raise NotNow
            scope = await self.scope(reader, asked)
            stems, filters = self.narrowed(reader, asked, Narrowing(), scope)
            hits = await self.ask_loosely(stems, filters)
        except NotNow:
            return await self.postgres.suggest(reader, query, limit=limit)
        rows = await self.rows(reader, asked, Narrowing(), hits, scope, loose=True, limit=limit)
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
        """As in `Search`, by PostgreSQL: it weighs each word by how rare it is among what this reader may see, which
        Meilisearch has no word for, and needs one statement."""
        return await self.postgres.similar(reader, title, body, project=project, exclude=exclude, limit=limit)

    async def index_thread(self, thread: int) -> None:
        """As in `Search`; in both indexes."""
        await self.postgres.index_thread(thread)
        await execute("select search_note(array[$1::bigint], array[null::bigint])", thread)
        await keeping.keep(self.link)

    async def rebuild(self, tell: Tell = no_tell) -> int:
        """As in `Search`; PostgreSQL's index first, since it stands in and the other one is made of it."""
        threads = await self.postgres.rebuild()
        await keeping.build(self.link, tell)
        await keeping.keep(self.link)
        return threads

    async def index_changes(self) -> None:
        """The job: write what changed. While the server is away everything waits, and the next minute tries again."""
        try:
            await keeping.keep(self.link)
        except Unreachable as error:
            log.warning("changes wait to be indexed", meilisearch=self.link.url, why=str(error))

    async def close(self) -> None:
        """As in `Search`."""
        await self.link.close()

    # --- how it is -------------------------------------------------------------------------------------------------

    @property
    def trouble(self) -> str:
        """As in `Search`: as far as this process knows from its last searches."""
        if self.breaker.why:
            return _("Meilisearch does not answer (%(why)s).") % {"why": self.breaker.why}
        return self.unready

    async def condition(self) -> Condition:
        """As in `Search`."""
        try:
            version = await self.link.version()
            if not await keeping.is_built(self.link):
                return Condition(False, f"{self.link.url} answers; the index is not built: haas search rebuild")
            await self.link.check()
            count = await self.link.count()
        except Unreachable as error:
            return Condition(False, f"{self.link.url}: {error}; PostgreSQL searches meanwhile")
        row = await fetch_one(
            "select count(*) as waiting, coalesce(extract(epoch from now() - min(noted_at)), 0)::float8 as oldest"
            " from search_change where not in_index"
        )
        assert row is not None
        ok = row["oldest"] <= BEHIND
        behind = f"{row['waiting']} changes wait" + ("" if ok else f", for {row['oldest']:.0f} s: does a worker run?")
        return Condition(ok, f"Meilisearch {version} at {self.link.url}, {count} documents, {behind}")

    # --- asking ----------------------------------------------------------------------------------------------------

    async def scope(self, reader: Reader, asked: Query) -> Row:
        """What must be known before the server is asked. Raises NotNow where it need not be asked at all."""
        if not self.breaker.may_try():
            raise NotNow
        slug = asked.projects[0] if asked.projects else None
        words, phrases, without = list(asked.words), list(asked.phrases), list(asked.without)
        (row,) = await fetch(SCOPE, self.link.uid, words, phrases, without, list(asked.people), slug, reader.id)
        if not row["is_built"]:
            self.unready = _("The index in Meilisearch is not built yet.")
        elif row["is_behind"]:
            self.unready = _("The index in Meilisearch is behind: does a worker run?")
        else:
            self.unready = ""
            return row
        raise NotNow

    def narrowed(self, reader: Reader, asked: Query, narrowing: Narrowing, scope: Row) -> tuple[asking.Stems, str]:
        """The query as stems, and its filter. Raises NotNow where the filter cannot say it, or nothing can be found."""
        tags = [*asked.tags, *([narrowing.tag] if narrowing.tag else [])]
        projects = {narrowing.project, scope["project"] if asked.projects else narrowing.project} - {None}
        solved = {asked.solved, narrowing.solved} - {None}
        if (
            len(projects) > 1
            or len(solved) > 1
            or (asked.projects and scope["project"] is None)
            or (asked.people and not scope["people"])
            or not all(asking.PLAIN_TAG.fullmatch(tag) for tag in tags)
        ):
            raise NotNow
        narrowed = asking.Narrowed(
            project=next(iter(projects), None),
            tags=tags,
            solved=next(iter(solved), None),
            authors=scope["people"] if asked.people else None,
        )
        stems = asking.Stems(scope["words"], scope["phrases"], scope["without"], scope["typed"])
        return stems, asking.filters(reader, scope["mine"], narrowed)

    async def ask(self, text: str, filters: str, limit: int, *, titles_only: bool = False) -> list[Hit]:
        """Ask the server. Raises NotNow where it fails; then nobody asks it for a while."""
        try:
            hits = await self.link.search(text, filters, limit=limit, titles_only=titles_only)
        except Unreachable as error:
            if error.is_missing:
                self.unready = _("The index in Meilisearch is gone; it is built again.")
                await keeping.lost_index()
            elif self.breaker.failed(str(error)):
                log.warning("PostgreSQL searches", meilisearch=self.link.url, why=str(error))
            raise NotNow from error
        if self.breaker.worked():
            log.info("Meilisearch answers again", meilisearch=self.link.url)
        return hits

    async def ask_loosely(self, stems: asking.Stems, filters: str) -> list[Hit]:
        """Words written nearly so, or begun: titles as typed first, then everything."""
        typed, loose = asking.typed(stems), asking.loose(stems)
        if typed is None or loose is None:
            raise NotNow
        titles, texts = await asyncio.gather(
            self.ask(typed, filters, LOOSE, titles_only=True), self.ask(loose, filters, LOOSE)
        )
        seen = {hit.post for hit in titles}
        return [
            *(Hit(hit.post, 1 + hit.score) for hit in titles),
            *(hit for hit in texts if hit.post not in seen),
        ]

    async def rows(
        self,
        reader: Reader,
        asked: Query,
        narrowing: Narrowing,
        hits: Sequence[Hit],
        scope: Row,
        *,
        loose: bool,
        limit: int,
        offset: int = 0,
    ) -> list[Row]:
        """One page of threads out of what was named; nothing that this reader may not see, or that is gone by now."""
        if not hits and not scope["waiting"]:
            return []
        sql, values = shown_statement(
            reader.id,
            asked,
            narrowing,
            hits,
            is_waiting=bool(scope["waiting"]),
            loose=loose,
            limit=limit,
            offset=offset,
        )
        return await fetch(sql, *values)
