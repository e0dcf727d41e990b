"""Threads that exist elsewhere brought in whole: all posts of a thread in one statement, so that a site takes minutes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from forum.database.engine import execute, fetch, fetch_one
from forum.events import hint, publish
from forum.markup import COOK_VERSION
from forum.threads.events import ThreadChanged, ThreadCreated
from forum.threads.rules import FACES, slug_of
from forum.threads.writing import tag_thread


@dataclass(frozen=True)
class Home:
    """The category that receives a thread."""

    project: int
    slug: str
    category: int
    kind: str
    visibility: str


@dataclass(frozen=True)
class BroughtPost:
    """A post as it stood there, cooked. `reply_to`: the number of the post it is about."""

    author: int
    markdown: str
    html: str
    at: datetime
    url: str
    attribution: dict[str, Any] | None = None
    reply_to: int | None = None


@dataclass(frozen=True)
class BroughtAct:
    """What was done there after a post; nobody, where who did it is not told."""

    kind: str
    actor: int | None
    after_number: int
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


async def bring_thread(
    home: Home,
    source: str,
    title: str,
    posts: Sequence[BroughtPost],
    *,
    acts: Sequence[BroughtAct] = (),
    tags: Sequence[str] = (),
    accepted_number: int | None = None,
    is_closed: bool = False,
) -> tuple[int, list[int]]:
    """The rows of a thread with its posts, numbered from 1 in their order; returns its id and theirs.

    Nothing is asked and nobody is thanked for it: no ticket, no points (an acceptance there was no vote here).
    """
    first, last = posts[0], max(post.at for post in posts)
    row = await fetch_one(
        "insert into thread (project_id, category_id, author_id, title, slug, visibility, version, last_number,"
        " reply_count, last_post_at, last_poster_id, people, accepted_number, is_closed, origin, origin_url,"
        " created_at, bumped_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $8 - 1, $9, $10, $11, $12, $13, $14, $15,"
        " $16, $9) returning id",
        home.project,
        home.category,
        first.author,
        title,
        slug_of(title),
        home.visibility,
        1 + len(acts),
        len(posts),
        last,
        posts[-1].author,
        faces([], [post.author for post in posts]),
        accepted_number,
        is_closed,
        source,
        first.url,
        first.at,
    )
    assert row is not None
    thread: int = row["id"]
    ids = await insert_posts(thread, source, posts, first_number=1, version=1)
    await insert_acts(thread, acts, first_version=2)
    if tags:
        await tag_thread(thread, tags)
    await execute("update category set thread_count = thread_count + 1 where id = $1", home.category)
    await publish(ThreadCreated(thread, home.project, home.category, home.kind, first.author, is_native=False))
    await publish(ThreadChanged(thread))
    hint("list", home.project)
    return thread, ids


def faces(people: Sequence[int], authors: Sequence[int]) -> list[int]:
    """The people of a thread after these authors wrote: its first ones, the newest last."""
    shown = list(people)
    for author in authors:
        if author not in shown:
            shown = [*shown[: FACES - 1], author]
    return shown


async def insert_posts(
    thread: int, source: str, posts: Sequence[BroughtPost], *, first_number: int, version: int
) -> list[int]:
    """The rows of posts, numbered on from `first_number`; the thread's own counters are the caller's."""
    rows = await fetch(
        "insert into post (thread_id, number, author_id, markdown, html, cook_version, version, reply_to, origin,"
        " origin_url, created_at, attribution) select $1, $2::int + n::int - 1, p.author, p.markdown, p.html, $3, $4,"
        " p.reply_to, $5, p.url, p.at, p.attribution::jsonb from unnest($6::bigint[], $7::text[], $8::text[],"
        " $9::int[], $10::text[], $11::timestamptz[], $12::text[])"
        " with ordinality p(author, markdown, html, reply_to, url, at, attribution, n) returning id, number",
        thread,
        first_number,
        COOK_VERSION,
        version,
        source,
        [post.author for post in posts],
        [post.markdown for post in posts],
        [post.html for post in posts],
        [post.reply_to for post in posts],
        [post.url for post in posts],
        [post.at for post in posts],
        [post.attribution and json.dumps(post.attribution) for post in posts],
    )
    return [row["id"] for row in sorted(rows, key=lambda row: int(row["number"]))]


async def insert_acts(thread: int, acts: Sequence[BroughtAct], *, first_version: int) -> None:
    """The rows of acts, each a version of the thread of its own."""
    if acts:
        await execute(
            "insert into thread_act (thread_id, kind, actor_id, after_number, version, data, at)"
            " select $1, a.kind, a.actor, a.after, $2::bigint + n - 1, a.data::jsonb, a.at from unnest($3::text[],"
            " $4::bigint[], $5::int[], $6::text[], $7::timestamptz[]) with ordinality a(kind, actor, after, data, at, n)"
            " order by n",
            thread,
            first_version,
            [act.kind for act in acts],
            [act.actor for act in acts],
            [act.after_number for act in acts],
            [json.dumps(act.data) for act in acts],
            [act.at for act in acts],
        )


async def bring_posts(thread: int, source: str, posts: Sequence[BroughtPost]) -> list[int]:
    """Posts behind those that a thread has, whose row is locked; returns their ids."""
    last = posts[-1]
    row = await fetch_one("select last_number, people, project_id from thread where id = $1", thread)
    assert row is not None
    updated = await fetch_one(
        "update thread set version = version + 1, last_number = last_number + $2, reply_count = reply_count + $2,"
        " last_public_number = null,"
        " last_post_at = greatest(last_post_at, $3), bumped_at = greatest(bumped_at, $3), last_poster_id = $4,"
        " people = $5 where id = $1 returning version",
        thread,
        len(posts),
        max(post.at for post in posts),
        last.author,
        faces(row["people"], [post.author for post in posts]),
    )
    assert updated is not None
    ids = await insert_posts(thread, source, posts, first_number=row["last_number"] + 1, version=updated["version"])
    hint("thread", thread)
    hint("list", row["project_id"])
    return ids
