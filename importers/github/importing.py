"""Imports a repository's issues as threads: idempotent, resumable, and told record by record what became of each."""

from datetime import UTC, datetime

import asyncpg

from forum.events import flush_hints
from forum.web.errors import Problem
from importers.faults import Malformed, Unreadable, one_line
from importers.github.archive import Source
from importers.github.people import SOURCE
from importers.github.place import Place, find_place, tags_of, take_place
from importers.github.records import Issue, LooseComment, Reading, Record
from importers.github.storing import store_comment, store_issue
from importers.kept import digests_from
from importers.summary import HINT_EVERY, Outcome, Progress, Summary, no_progress


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
    known = await digests_from(SOURCE, place.name + "#")
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
            count_issue(summary, record, "unchanged", 1 + len(record.comments or ()))
        else:
            outcome, posts = await store_issue(place, record, now)
            count_issue(summary, record, outcome, posts)
        place.people.keep()
    except (Unreadable, Problem, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        summary.skipped.append(Malformed(record.where, one_line(str(error), 200)))


def count_issue(summary: Summary, issue: Issue, outcome: Outcome, posts: int) -> None:
    people = {issue.author.key, *(comment.author.key for comment in issue.comments or ())}
    summary.count(outcome, posts=posts, people=people, tags=tags_of(issue))
