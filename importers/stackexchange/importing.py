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
from importers.placing import check_free, find_project, take
from importers.stackexchange.people import SOURCE, People
from importers.stackexchange.place import Place, tags_of
from importers.stackexchange.records import Question
from importers.stackexchange.storing import known_digests, store_new, store_question
from importers.summary import Outcome, Progress, Summary, no_progress

# Questions whose digests are looked up together, and new ones that are stored in one transaction.
A_BATCH, TOGETHER = 200, 25
REFUSALS = (Unreadable, Problem, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)


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
    summary: Summary | None = None,
) -> Summary:
    """Bring questions into the place's project; what stands there already is brought up to date.

    A question is never stored in part. What cannot be read is skipped and told. Dates later than `now` become `now`.
    Raises whatever reading the source raises; a `summary` that was given has counted what came before.
    """
    now = now or datetime.now(UTC)
    summary = Summary() if summary is None else summary
    done = 0
    ids: set[int] = set()
    is_placed = False
    async for batch in batches:
        summary.skipped += batch.faults
        # a question that changed while its pages were turned comes twice
        fresh = [question for question in {q.id: q for q in batch.questions}.values() if question.id not in ids]
        ids.update(question.id for question in fresh)
        if fresh and not is_placed:
            await take(SOURCE, place.name, place.home.project)
            is_placed = True
        known = await known_digests(place, fresh)
        for at in range(0, len(fresh), TOGETHER):
            some = fresh[at : at + TOGETHER]
            await do_questions(place, some, known, now, summary)
            done += len(some)
            progress(done, None if batch.total is None else max(done, batch.total))
            await flush_hints()
    return summary


async def do_questions(
    place: Place, questions: Sequence[Question], known: dict[int, str], now: datetime, summary: Summary
) -> None:
    """Store questions and count them: new ones together, and those that are not new, or with which that fails, one by
    one, so that what the database refuses is skipped like what cannot be read."""
    wanted = [question for question in questions if known.get(question.id) != question.digest]
    others: Sequence[Question] = wanted
    outcomes: dict[int, Outcome] = {question.id: "unchanged" for question in questions}
    try:
        if wanted:
            others = await store_new(place, wanted, now)
            place.people.keep()
            outcomes |= {question.id: "created" for question in wanted}
    except REFUSALS:
        place.people.forget()
    for question in others:
        try:
            outcomes[question.id] = await store_question(place, question, now)
            place.people.keep()
        except REFUSALS as error:
            place.people.forget()
            del outcomes[question.id]
            summary.skipped.append(Malformed(question.where, one_line(str(error), 200)))
    for question in questions:
        if outcome := outcomes.get(question.id):
            people = (entry.owner.key for entry in question.entries)
            summary.count(outcome, posts=len(question.entries), people=people, tags=tags_of(question))
