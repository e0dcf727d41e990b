"""Threads that exist elsewhere brought in whole: many in a few statements, so that a site takes minutes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from forum.database.engine import execute, fetch, fetch_one
from forum.events import hint, publish
from forum.markup import COOK_VERSION
from forum.threads.events import ThreadChanged, ThreadCreated
from forum.threads.rules import FACES, slug_of


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


@dataclass(frozen=True)
class BroughtThread:
    """A thread as it stood there: its posts in order, what was done to it in order, its folded tags."""

    title: str
    posts: Sequence[BroughtPost]
    acts: Sequence[BroughtAct] = ()
    tags: Sequence[str] = ()
    accepted_number: int | None = None
    is_closed: bool = False


async def bring_threads(
    home: Home, source: str, threads: Sequence[BroughtThread], tags: Mapping[str, int]
) -> list[tuple[int, list[int]]]:
    """The rows of threads with their posts, numbered from 1 in their order; returns their ids in that order, and their
    posts'. `tags`: the ids of all their tags. No two may have the same address elsewhere.

    Nothing is asked and nobody is thanked for it: no ticket, no points (an acceptance there was no vote here).
    """
    rows = await fetch(INSERT_THREADS, home.project, home.category, home.visibility, source, *columns_of(threads))
    by_url = {row["origin_url"]: row["id"] for row in rows}
    stored = [(by_url[thread.posts[0].url], thread) for thread in threads]
    posts = await insert_posts(
        source, [PlacedPost(id_, n, 1, post) for id_, thread in stored for n, post in enumerate(thread.posts, 1)]
    )
    await insert_acts([(id_, version, act) for id_, thread in stored for version, act in enumerate(thread.acts, 2)])
    await insert_tags([(id_, tags[tag]) for id_, thread in stored for tag in thread.tags])
    await execute("update category set thread_count = thread_count + $2 where id = $1", home.category, len(stored))
    for id_, thread in stored:
        author = thread.posts[0].author
        await publish(ThreadCreated(id_, home.project, home.category, home.kind, author, is_native=False))
        await publish(ThreadChanged(id_))
    hint("list", home.project)
    return [(id_, [posts[id_, n + 1] for n in range(len(thread.posts))]) for id_, thread in stored]


INSERT_THREADS = """
insert into thread (project_id, category_id, author_id, title, slug, visibility, version, last_number, reply_count,
    last_post_at, last_poster_id, people, accepted_number, is_closed, origin, origin_url, created_at, bumped_at)
select $1, $2, t.author, t.title, t.slug, $3, t.version, t.posts, t.posts - 1, t.last_at, t.last_poster,
       t.people::bigint[], t.accepted, t.closed, $4, t.url, t.at, t.last_at
  from unnest($5::bigint[], $6::text[], $7::text[], $8::bigint[], $9::int[], $10::timestamptz[], $11::bigint[],
       $12::text[], $13::int[], $14::boolean[], $15::text[], $16::timestamptz[])
       with ordinality t(author, title, slug, version, posts, last_at, last_poster, people, accepted, closed, url, at, n)
 order by t.n
returning id, origin_url
"""


def columns_of(threads: Sequence[BroughtThread]) -> list[list[Any]]:
    """The values of INSERT_THREADS, a list for each column."""
    rows = []
    for thread in threads:
        first = thread.posts[0]
        people = faces([], [post.author for post in thread.posts])
        last_at = max(post.at for post in thread.posts)
        rows.append(
            (
                *(first.author, thread.title, slug_of(thread.title), 1 + len(thread.acts), len(thread.posts), last_at),
                *(thread.posts[-1].author, f"{{{','.join(map(str, people))}}}", thread.accepted_number),
                *(thread.is_closed, first.url, first.at),
            )
        )
    return [list(column) for column in zip(*rows, strict=True)]


def faces(people: Sequence[int], authors: Sequence[int]) -> list[int]:
    """The people of a thread after these authors wrote: its first ones, the newest last."""
    shown = list(people)
    for author in authors:
        if author not in shown:
            shown = [*shown[: FACES - 1], author]
    return shown


@dataclass(frozen=True)
class PlacedPost:
    """A post with its place: thread, number, and the version of the thread that it came with."""

    thread: int
    number: int
    version: int
    post: BroughtPost


async def insert_posts(source: str, placed: Sequence[PlacedPost]) -> dict[tuple[int, int], int]:
    """The rows of posts; returns their ids by thread and number. The threads' own counters are the caller's."""
    posts = [each.post for each in placed]
    rows = await fetch(
        "insert into post (thread_id, number, version, author_id, markdown, html, cook_version, reply_to, origin,"
        " origin_url, created_at, attribution) select p.thread, p.number, p.version, p.author, p.markdown, p.html, $1,"
        " p.reply_to, $2, p.url, p.at, p.attribution::jsonb from unnest($3::bigint[], $4::int[], $5::bigint[],"
        " $6::bigint[], $7::text[], $8::text[], $9::int[], $10::text[], $11::timestamptz[], $12::text[])"
        " with ordinality p(thread, number, version, author, markdown, html, reply_to, url, at, attribution, n)"
        " order by p.n returning id, thread_id, number",
        COOK_VERSION,
        source,
        [each.thread for each in placed],
        [each.number for each in placed],
        [each.version for each in placed],
        [post.author for post in posts],
        [post.markdown for post in posts],
        [post.html for post in posts],
        [post.reply_to for post in posts],
        [post.url for post in posts],
        [post.at for post in posts],
        [post.attribution and json.dumps(post.attribution) for post in posts],
    )
    return {(row["thread_id"], row["number"]): row["id"] for row in rows}


async def insert_acts(acts: Sequence[tuple[int, int, BroughtAct]]) -> None:
    """The rows of acts as (thread, version, act)."""
    if acts:
        await execute(
            "insert into thread_act (thread_id, version, kind, actor_id, after_number, data, at)"
            " select a.thread, a.version, a.kind, a.actor, a.after, a.data::jsonb, a.at from unnest($1::bigint[],"
            " $2::bigint[], $3::text[], $4::bigint[], $5::int[], $6::text[], $7::timestamptz[])"
            " with ordinality a(thread, version, kind, actor, after, data, at, n) order by n",
            [thread for thread, _version, _act in acts],
            [version for _thread, version, _act in acts],
            [act.kind for _thread, _version, act in acts],
            [act.actor for _thread, _version, act in acts],
            [act.after_number for _thread, _version, act in acts],
            [json.dumps(act.data) for _thread, _version, act in acts],
            [act.at for _thread, _version, act in acts],
        )


async def insert_tags(pairs: Sequence[tuple[int, int]]) -> None:
    """The tags of new threads as (thread, tag), and the tags' counts."""
    if pairs:
        await execute(
            "with come as (insert into thread_tag (thread_id, tag_id) select * from unnest($1::bigint[], $2::bigint[])"
            " on conflict do nothing returning tag_id)"
            " update tag set thread_count = thread_count + c.n from (select tag_id, count(*) as n from come group by 1) c"
            " where tag.id = c.tag_id",
            [thread for thread, _tag in pairs],
            [tag for _thread, tag in pairs],
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
    first = row["last_number"] + 1
    placed = [PlacedPost(thread, number, updated["version"], post) for number, post in enumerate(posts, first)]
    ids = await insert_posts(source, placed)
    hint("thread", thread)
    hint("list", row["project_id"])
    return [ids[thread, each.number] for each in placed]
