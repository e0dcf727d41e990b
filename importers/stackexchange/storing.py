"""Stores questions with their answers and comments, each within one transaction, so that a killed process leaves no half.

What was last seen of it is kept (`import_record`): only what changed there since is changed here, so that an edit, a tag
or an acceptance made here outlives the next import, and an older dump never turns a newer state back.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from forum.database.engine import Row, action, execute, fetch, fetch_one
from forum.events import publish
from forum.origins import find_all, remember_rows
from forum.threads.bringing import bring_posts
from forum.threads.events import ThreadChanged
from importers.changes import change_tags, change_text
from importers.faults import Unreadable, short_hash
from importers.kept import keep
from importers.stackexchange.creating import create
from importers.stackexchange.people import SOURCE
from importers.stackexchange.place import Numbers, Place, Seen, aliases, brought, seen_of
from importers.stackexchange.records import Entry, Question, markdown_of
from importers.stackexchange.state import change_state
from importers.summary import Outcome

FIND = """
select t.*, r.seen, r.updated_at from origin_alias a join thread t on t.id = a.row_id
  left join import_record r on r.source = a.source and r.foreign_id = a.foreign_id
 where a.source = $1 and a.kind = 'thread' and a.foreign_id = $2 for update of t
"""


KNOWN = """
select a.foreign_id, r.digest from origin_alias a join thread t on t.id = a.row_id and t.project_id = $3
  join import_record r on r.source = a.source and r.foreign_id = a.foreign_id
 where a.source = $1 and a.kind = 'thread' and a.foreign_id = any($2)
"""


async def known_digests(place: Place, questions: Sequence[Question]) -> dict[int, str]:
    """What of these questions stands in the project as it was last seen; the same digest needs no further look."""
    ids = {place.thread_id(question.id): question.id for question in questions}
    rows = await fetch(KNOWN, SOURCE, list(ids), place.home.project)
    return {ids[row["foreign_id"]]: row["digest"] for row in rows}


async def begin(place: Place) -> None:
    """Start afresh (the last attempt may have failed). Two imports of one site take turns."""
    place.people.forget()
    await execute("select pg_advisory_xact_lock(hashtextextended('import stackexchange ' || $1, 0))", place.host)


@action
async def store_new(place: Place, questions: Sequence[Question], now: datetime) -> list[Question]:
    """Bring in those of these questions that do not stand here, all or none; returns the others."""
    await begin(place)
    there = await find_all(SOURCE, "thread", [place.thread_id(question.id) for question in questions])
    new = [question for question in questions if place.thread_id(question.id) not in there]
    if new:
        await create(place, new, now)
    return [question for question in questions if place.thread_id(question.id) in there]


@action
async def store_question(place: Place, question: Question, now: datetime) -> Outcome:
    """Bring one question in, or bring what stands here up to date. Raises Unreadable, and what storing raises."""
    await begin(place)
    where = await fetch_one(FIND, SOURCE, place.thread_id(question.id))
    if where is None:
        await create(place, [question], now)
        return "created"
    if where["project_id"] != place.home.project:
        raise Unreadable("it stands in another project already")
    return await update(place, question, where, now)


POSTS = """
select a.foreign_id, p.id, p.number, p.attribution, p.deleted_at from post p
  join origin_alias a on a.kind = 'post' and a.row_id = p.id and a.source = $2 where p.thread_id = $1
"""


async def update(place: Place, question: Question, where: Row, now: datetime) -> Outcome:
    """Bring a thread up to what its question says now, as far as that changed there."""
    thread: int = where["id"]
    seen, fresh = Seen(**where["seen"]) if where["seen"] else seen_of(question), seen_of(question)
    is_stale = where["updated_at"] is not None and question.updated_at < where["updated_at"]
    here = {row["foreign_id"]: row for row in await fetch(POSTS, thread, SOURCE)}
    changed = await place.people.bring((entry.owner for entry in question.entries), is_stale=is_stale)
    numbers, new = Numbers(question), []
    attributions: list[tuple[int, dict[str, Any]]] = []
    for entry in question.entries:
        row = here.get(place.post_id(entry))
        if row is None:
            new.append(entry)
            continue
        about, _number = numbers.about(entry)
        if entry.kind != "comment":
            numbers.by_id[entry.id] = row["number"]
        if is_stale or row["deleted_at"]:
            fresh.posts[entry.key] = seen.posts.get(entry.key, "")
            continue
        told = entry.attribution(place.host, about).as_json()
        said = await update_text(place, question, entry, row, thread, seen, told["licence"], now)
        changed |= said is not None
        fresh.posts[entry.key] = said or seen.posts[entry.key]
        if "up" not in told and told.get("score") == row["attribution"].get("score"):
            # another door told more
            told |= {name: row["attribution"][name] for name in ("up", "down") if name in row["attribution"]}
        if told != row["attribution"]:
            attributions.append((row["id"], told))
    if not is_stale:
        changed |= await update_head(place, question, thread, seen, fresh, now)
    if new:
        await add_posts(place, question, thread, new, numbers, fresh, where["last_number"], now)
    if attributions:
        await attribute(thread, attributions)
    if not is_stale:
        by_id = numbers.by_id if len(numbers.by_id) else {}
        changed |= await change_state(place.home, place.host, question, where, seen.closed, seen.accepted, by_id, now)
    changed |= bool(new or attributions)
    if changed:
        await publish(ThreadChanged(thread))
    if not is_stale:
        await keep(SOURCE, place.thread_id(question.id), question.digest, vars(fresh), question.updated_at)
    elif new:
        await execute(
            "update import_record set seen = jsonb_set(seen, '{posts}', (seen -> 'posts') || $3::jsonb), at = now()"
            " where source = $1 and foreign_id = $2",
            SOURCE,
            place.thread_id(question.id),
            {entry.key: fresh.posts[entry.key] for entry in new},
        )
    return "updated" if changed else "unchanged"


async def update_text(
    place: Place, question: Question, entry: Entry, row: Row, thread: int, seen: Seen, licence: str, now: datetime
) -> str | None:
    """Let a post say what it says there now; returns the hash of its text if it changed there, else None. The old
    text keeps the licence it had."""
    markdown = markdown_of(entry, place.host, entry.url(place.host, question.id))
    said = short_hash(markdown)
    if seen.posts.get(entry.key, said) == said:
        seen.posts[entry.key] = said
        return None
    at = min(question.updated_at, now)
    was = row["attribution"] if row["attribution"]["licence"] != licence else None
    await change_text(place.texts, thread, row["id"], markdown, at, was=was)
    return said


async def update_head(place: Place, question: Question, thread: int, seen: Seen, fresh: Seen, now: datetime) -> bool:
    """Title and tags, each where it changed there since it was last seen."""
    changed = False
    if fresh.title != seen.title:
        first = await fetch_one("select id from post where thread_id = $1 and number = 1", thread)
        assert first is not None
        at = min(question.updated_at, now)
        changed = await change_text(place.texts, thread, first["id"], None, at, title=fresh.title)
    if fresh.tags != seen.tags:
        gone, come = set(seen.tags) - set(fresh.tags), set(fresh.tags) - set(seen.tags)
        changed |= await change_tags(thread, gone=gone, come=come)
    return changed


async def add_posts(
    place: Place,
    question: Question,
    thread: int,
    new: list[Entry],
    numbers: Numbers,
    fresh: Seen,
    last: int,
    now: datetime,
) -> None:
    """Answers and comments that are new there, behind what stands here."""
    posts = []
    for number, entry in enumerate(new, last + 1):
        markdown = markdown_of(entry, place.host, entry.url(place.host, question.id))
        posts.append(await brought(place, question, entry, markdown, numbers, now))
        if entry.kind != "comment":
            numbers.by_id[entry.id] = number
        fresh.posts[entry.key] = short_hash(markdown)
    ids = await bring_posts(thread, SOURCE, posts)
    await remember_rows(SOURCE, aliases(place, question, new, ids))


async def attribute(thread: int, rows: list[tuple[int, dict[str, Any]]]) -> None:
    """Let posts say whose they are and how they were voted on now."""
    version = await fetch_one("update thread set version = version + 1 where id = $1 returning version", thread)
    assert version is not None
    await execute(
        "update post set attribution = w.told::jsonb, version = $1"
        " from unnest($2::bigint[], $3::text[]) w(id, told) where post.id = w.id",
        version["version"],
        [post for post, _told in rows],
        [json.dumps(told) for _post, told in rows],
    )
