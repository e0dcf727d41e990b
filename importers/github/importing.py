"""Imports a repository's issues as threads: idempotent, resumable, and told record by record what became of each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg

from forum.database.engine import fetch
from forum.events import flush_hints
from forum.web.errors import Problem
from importers.github.archive import Source
from importers.github.people import SOURCE
from importers.github.place import Place, find_place, tags_of, take_place
from importers.github.records import Issue, LooseComment, Malformed, Reading, Record, Unreadable, one_line
from importers.github.storing import Outcome, store_comment, store_issue

# Records after which open browsers hear of what came.
HINT_EVERY = 25

# How many records are done, of how many where that is known.
Progress = Callable[[int, int | None], None]


def no_progress(done: int, total: int | None) -> None:
    """Tells nobody."""


@dataclass
class Summary:
    """What became of a source (interfaces.md). The first four count what it held and now stands on the site: threads,
    their posts (first ones included), who wrote them, their tags. Then issues, by what had to be done for them.
    `broken`: where and why the source could not be read to its end, else None.
    """

    threads: int = 0
    posts: int = 0
    people: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: list[Malformed] = field(default_factory=list)
    broken: Malformed | None = None

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return {
            "threads": self.threads,
            "posts": self.posts,
            "people": len(self.people),
            "tags": len(self.tags),
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "skipped": [{"where": fault.where, "why": fault.why} for fault in self.skipped],
        }

    def count_issue(self, issue: Issue, outcome: Outcome, posts: int) -> None:
        self.threads += 1
        self.posts += posts
        self.people |= {issue.author.key, *(comment.author.key for comment in issue.comments or ())}
        self.tags |= set(tags_of(issue))
        setattr(self, outcome, getattr(self, outcome) + 1)


async def import_github(
    repository: str,
    project_slug: str,
    source: Source,
    *,
    with_pulls: bool = False,
    progress: Progress = no_progress,
    now: datetime | None = None,
) -> Summary:
    """Bring the issues of `source` into a project; what stands there already is brought up to date.

    Each issue is one transaction. Records that cannot be read are skipped and told. Dates later than `now` become
    `now`. Raises NoPlace and NotAnArchive, both before anything is written.
    """
    place = await find_place(repository, project_slug)
    now = now or datetime.now(UTC)
    known = await known_digests(place)
    total = source.count()
    summary = Summary()
    numbers: set[int] = set()
    is_placed = False
    for done, record in enumerate(source.records(Reading(repository), with_pulls=with_pulls), 1):
        if not is_placed and not isinstance(record, Malformed):
            await take_place(place)
            is_placed = True
        if isinstance(record, Issue) and record.number in numbers:
            record = Malformed(record.where, "this number occurs twice; the first one counts")
        elif isinstance(record, Issue):
            numbers.add(record.number)
        await do_record(place, record, known, now, summary)
        progress(done, max(total, done) if total is not None else None)
        if done % HINT_EVERY == 0:
            await flush_hints()
    await flush_hints()
    summary.broken = source.broken
    return summary


async def known_digests(place: Place) -> dict[str, str]:
    """What stands here as it was last seen: an issue with the same digest needs no look at the database."""
    rows = await fetch(
        "select foreign_id, digest from import_record where source = $1 and starts_with(foreign_id, $2)",
        SOURCE,
        place.name + "#",
    )
    return {row["foreign_id"]: row["digest"] for row in rows}


async def do_record(place: Place, record: Record, known: dict[str, str], now: datetime, summary: Summary) -> None:
    """Store one record and count it; one that the database refuses is skipped like one that cannot be read."""
    if isinstance(record, Malformed):
        summary.skipped.append(record)
        return
    try:
        if isinstance(record, LooseComment):
            await store_comment(place, record, now)
            summary.posts += 1
            summary.people.add(record.comment.author.key)
        elif known.get(place.thread_id(record.number)) == record.digest:
            summary.count_issue(record, "unchanged", 1 + len(record.comments or ()))
        else:
            outcome, posts = await store_issue(place, record, now)
            summary.count_issue(record, outcome, posts)
        place.people.keep()
    except (Unreadable, Problem, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        summary.skipped.append(Malformed(record.where, one_line(str(error), 200)))
