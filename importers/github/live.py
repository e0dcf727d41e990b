"""Imports a repository's whole history from GitHub's API: page by page, each stored before the next is asked for.

Comments are read first and wait (`github_staged`), so that each issue is stored with its own in one transaction. A page
that has not changed since it was stored costs one request that no limit counts (its ETag). Whenever the process ends, the
next run goes on at the page where this one was.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import structlog

from forum.database.engine import action, execute, execute_many, fetch, fetch_one
from forum.events import flush_hints
from forum.outside.github import Limited, Refused, web
from forum.outside.github_reading import Page
from forum.outside.github_reading import Reading as Asking
from forum.settings import settings
from forum.web.errors import Problem
from importers.faults import Malformed, Unreadable, one_line
from importers.github import progress as rows
from importers.github.discussions import Discussions
from importers.github.place import Place, find_place, take_place
from importers.github.reactions import pending, take
from importers.github.records import Issue, LooseComment
from importers.github.whole import store_said, store_whole
from importers.placing import NoPlace
from importers.summary import Progress, Summary, no_progress

log = structlog.get_logger()
PER_PAGE = 100
# Whoever waits for GitHub's permission to go on: until then.
Pause = Callable[[datetime], Awaitable[None]]


async def sleep_until(at: datetime) -> None:
    await asyncio.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))


async def import_history(
    repository: str,
    project_slug: str,
    *,
    progress: Progress = no_progress,
    pause: Pause | None = None,
    now: datetime | None = None,
) -> Summary:
    """Bring the whole history of a public repository into a project, or bring it up to date.

    Without `pause` a rate limit ends the run with Limited, to go on later. Raises NoPlace, rows.Taken, Refused, Unsure.
    """
    place = await find_place(repository, project_slug, web())
    async with Asking(settings(), repository) as asking:
        run = Run(place, asking, progress, pause, now or datetime.now(UTC))
        about = await run.patiently(lambda: about_repository(asking, repository))
        place.repository = asking.repository = about["full_name"]
        if place.name != repository.casefold():
            # it was renamed: what stands here under its old name is found by the ids that do not change
            place = run.place = await find_place(about["full_name"], project_slug, web())
        async with rows.alone(place.name):
            await take_place(place)
            row = await rows.want(place, about["id"])
            run.has_discussions = about.get("has_discussions") is True
            await run.all(row["phase"], row["onward"], row["done"], row["total"])
    return await summary_of(place)


async def about_repository(asking: Asking, repository: str) -> dict[str, Any]:
    """What GitHub says of it. Raises NoPlace: it is not there, or not for everybody to read."""
    try:
        about = await asking.value(f"/repos/{repository}")
    except Refused as refused:
        if refused.status in (404, 410, 451):
            raise NoPlace(f"GitHub shows no {repository} to this site") from None
        raise
    if about.get("private") is not False:
        raise NoPlace(f"{repository} is private, and what is imported everybody may read")
    if type(about.get("id")) is not int or not isinstance(about.get("full_name"), str):
        raise NoPlace(f"GitHub does not tell what {repository} is")
    return about


class Run:
    """One run over the phases of an import."""

    def __init__(self, place: Place, asking: Asking, progress: Progress, pause: Pause | None, now: datetime) -> None:
        self.place, self.asking, self.progress, self.pause, self.now = place, asking, progress, pause, now
        self.has_discussions = False

    async def patiently(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """What GitHub answers; where it asks us to wait, after that. Raises Limited where nobody waits here."""
        while True:
            try:
                return await ask()
            except Limited as limited:
                if self.pause is None:
                    raise
                log.info("github asks to wait", until=limited.until.isoformat(timespec="seconds"))
                await self.pause(limited.until)
                if self.asking.rest_until is not None and self.asking.rest_until <= limited.until:
                    self.asking.rest_until = None

    async def all(self, phase: str, onward: str, done: int, total: int | None) -> None:
        """Every phase from this one on."""
        name = self.place.name
        while phase != "done":
            match phase:
                case "comments" | "issues":
                    await self.pages(phase, onward, done, total)
                case "loose":
                    await self.loose()
                case "reactions":
                    await self.reactions()
                case "discussions" if self.has_discussions:
                    await Discussions(self.place, self.asking, self.patiently, self.progress, self.now).all(
                        onward, done
                    )
            phase, onward, done, total = await rows.next_phase(name, phase), "", 0, None
        await execute("update github_import set whole_since = coalesce(whole_since, now()) where name = $1", name)
        await rows.set_state(name, "done")
        await flush_hints()

    async def pages(self, phase: str, onward: str, done: int, total: int | None) -> None:
        """All pages of comments or issues, oldest first: what is new comes at the end, so that a page that is full
        changes only where one of its own does."""
        folder = "issues" if phase == "issues" else "issues/comments"
        state = "state=all&" if phase == "issues" else ""
        first = f"/repos/{self.place.repository}/{folder}?{state}sort=created&direction=asc&per_page={PER_PAGE}"
        known = await rows.etags(self.place.name)
        address = onward or first
        while address:
            etag, before = known.get(address, ("", ""))
            asked = address
            page: Page = await self.patiently(lambda a=asked, e=etag: self.asking.page(a, e))  # type: ignore[misc]
            # an answer of 304 may come without the addresses of its neighbours
            onward = page.onward or (before if page.rows is None else "")
            store = self.store_issues if phase == "issues" else self.stage
            if page.rows is not None:
                await store(page.rows, address)
            done += PER_PAGE if page.rows is None and onward else len(page.rows or ())
            total = max(page.pages * PER_PAGE if page.pages else 0, total or 0, done) if onward else done
            if page.rows is not None and page.etag:
                await rows.keep_page(self.place.name, address, page.etag, onward)
            if onward:
                await rows.advance(self.place.name, onward, done, total)
            self.progress(done, total)
            await flush_hints()
            address = onward

    async def stage(self, comments: list[Any], _address: str) -> None:
        """Let a page of comments wait for their issues; those of pull requests are not wanted."""
        staged = []
        for value in comments:
            if not isinstance(value, dict) or "/pull/" in str(value.get("html_url")):
                continue
            for record in self.place.reading.records(value, f"comment {value.get('id')}"):
                if isinstance(record, Malformed):
                    await rows.skip(self.place.name, record)
                elif isinstance(record, LooseComment) and record.comment.id is not None:
                    staged.append((self.place.name, record.comment.id, record.number, value))
        await execute_many(
            "insert into github_staged (name, comment_id, number, said) values ($1, $2, $3, $4)"
            " on conflict (name, comment_id) do update set number = $3, said = $4",
            staged,
        )

    async def store_issues(self, issues: list[Any], address: str) -> None:
        for n, value in enumerate(issues, 1):
            for record in self.place.reading.records(value, f"{address.partition('?')[0]}, row {n}"):
                if isinstance(record, Malformed):
                    await rows.skip(self.place.name, record)
                elif isinstance(record, Issue) and not record.is_pull:
                    await self.store(record.where, lambda v=value, r=record: self.store_issue(v, r))  # type: ignore[misc]

    async def store(self, where: str, do: Callable[[], Awaitable[None]]) -> None:
        """One transaction; a record that the database refuses is skipped like one that cannot be read."""
        try:
            await do()
            self.place.people.keep()
        except (Unreadable, Problem, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            await rows.skip(self.place.name, Malformed(where, one_line(str(error), 200)))

    async def store_issue(self, value: dict[str, Any], record: Issue) -> None:
        await store_with_staged(self.place, value, record, self.now)

    async def loose(self) -> None:
        """Comments whose issues have not changed; those of what is not here (pull requests) are let go."""
        while staged := await fetch(
            "select comment_id, number, said from github_staged where name = $1 order by number, comment_id limit 100",
            self.place.name,
        ):
            for row in staged:
                where = f"comment {row['comment_id']} of #{row['number']}"
                await self.store(where, lambda r=row: store_staged(self.place, r, self.now))  # type: ignore[misc]
                # also what was refused does not come again
                await execute(
                    "delete from github_staged where name = $1 and comment_id = $2", self.place.name, row["comment_id"]
                )
            await flush_hints()

    async def reactions(self) -> None:
        done = 0
        while waiting := await pending(self.place.name):
            for row in waiting:
                await self.patiently(lambda r=row: take(self.place, self.asking, r))  # type: ignore[misc]
                done += 1
                self.progress(done, None)
            await rows.advance(self.place.name, "", done, None)
            await flush_hints()


@action
async def store_with_staged(place: Place, value: dict[str, Any], record: Issue, now: datetime) -> None:
    """An issue with the comments that wait for it, counted: one transaction."""
    staged = await fetch(
        "delete from github_staged where name = $1 and number = $2 returning said, comment_id",
        place.name,
        record.number,
    )
    comments = [row["said"] for row in sorted(staged, key=lambda row: int(row["comment_id"]))]
    for whole in place.reading.records({**value, "comments": comments}, record.where):
        if isinstance(whole, Issue):
            outcome, _thread = await store_whole(place, whole, now)
            await rows.count(place.name, outcome)


@action
async def store_staged(place: Place, row: Any, now: datetime) -> None:
    """A comment whose issue was not told anew."""
    for record in place.reading.records(row["said"], f"comment {row['comment_id']}"):
        if isinstance(record, LooseComment) and await fetch_one(
            "select 1 from origin_alias where source = 'github' and kind = 'thread' and foreign_id = $1",
            place.thread_id(record.number),
        ):
            await rows.count(place.name, await store_said(place, record, now))


COUNTED = """
with t as (select distinct t.id from origin_alias a join thread t on t.id = a.row_id where a.source = 'github'
             and a.kind = 'thread' and starts_with(a.foreign_id, $1 || '#') and t.project_id = $2)
select (select count(*) from t) as threads,
       (select count(*) from post p join t on t.id = p.thread_id where p.deleted_at is null) as posts,
       array(select distinct p.author_id::text from post p join t on t.id = p.thread_id) as people,
       array(select distinct g.name from thread_tag x join t on t.id = x.thread_id join tag g on g.id = x.tag_id) as tags
"""


async def summary_of(place: Place) -> Summary:
    """What stands here of a repository, and what this import did for it."""
    row = await rows.row_of(place.name)
    counted = await fetch_one(COUNTED, place.name, place.project)
    assert counted is not None
    threads: int = counted["threads"]
    return Summary(
        threads=threads,
        posts=counted["posts"],
        people=set(counted["people"]),
        tags=set(counted["tags"]),
        created=row["created"],
        updated=row["updated"],
        unchanged=max(0, threads - row["created"] - row["updated"]),
        skipped=[Malformed(each["where"], each["why"]) for each in row["skipped"]],
    )
