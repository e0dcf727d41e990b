"""Imports questions as threads: idempotent, resumable, and told record by record what became of each."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from forum.database.engine import fetch_one
from forum.events import flush_hints
from forum.threads.bringing import Home
from forum.web.errors import Problem
from importers.faults import Malformed, Unreadable, one_line
from importers.kept import digests_of
from importers.placing import check_free, find_project, take
from importers.stackexchange.people import SOURCE, People
from importers.stackexchange.records import Question
from importers.stackexchange.storing import Place, store_question, tags_of
from importers.summary import HINT_EVERY, Progress, Summary, no_progress

# Questions whose digests are looked up together.
A_BATCH = 200


@dataclass(frozen=True)
class Batch:
    """Questions that came together, what of them could not be read, and how many there are in all, if that is known."""

    questions: Sequence[Question]
    faults: Sequence[Malformed] = ()
    total: int | None = None


async def find_place(host: str, name: str, project_slug: str) -> Place:
    """Where the questions of a source (`name`: a host, or one of its tags) go: the project's support category, else the
    first that others may read. Raises NoPlace."""
    project, categories = await find_project(project_slug)
    chosen = next((row["id"] for row in categories if row["kind"] == "support"), categories[0]["id"])
    await check_free(SOURCE, name, name, project)
    row = await fetch_one("select id, kind, visibility from category where id = $1", chosen)
    assert row is not None
    home = Home(project, project_slug.lower(), row["id"], row["kind"], row["visibility"])
    return Place(host, name, home, People(host))


async def import_questions(
    place: Place,
    batches: AsyncIterator[Batch],
    *,
    progress: Progress = no_progress,
    now: datetime | None = None,
) -> Summary:
    """Bring questions into the place's project; what stands there already is brought up to date.

    Each question is one transaction. What cannot be read is skipped and told. Dates later than `now` become `now`.
    Raises whatever reading the source raises.
    """
    now = now or datetime.now(UTC)
    summary = Summary()
    done = 0
    ids: set[int] = set()
    is_placed = False
    async for batch in batches:
        summary.skipped += batch.faults
        known = await digests_of(SOURCE, [place.thread_id(question.id) for question in batch.questions])
        for question in batch.questions:
            if not is_placed:
                await take(SOURCE, place.name, place.home.project)
                is_placed = True
            # a question that changed while its pages were turned comes twice
            if question.id not in ids:
                ids.add(question.id)
                await do_question(place, question, known.get(place.thread_id(question.id)), now, summary)
            done += 1
            progress(done, None if batch.total is None else max(done, batch.total))
            if done % HINT_EVERY == 0:
                await flush_hints()
    await flush_hints()
    return summary


async def do_question(place: Place, question: Question, digest: str | None, now: datetime, summary: Summary) -> None:
    """Store one question and count it; one that the database refuses is skipped like one that cannot be read."""
    try:
        outcome = "unchanged" if digest == question.digest else await store_question(place, question, now)
        place.people.keep()
    except (Unreadable, Problem, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        place.people.forget()
        summary.skipped.append(Malformed(question.where, one_line(str(error), 200)))
        return
    people = (entry.owner.key for entry in question.entries)
    summary.count(outcome, posts=len(question.entries), people=people, tags=tags_of(question))
