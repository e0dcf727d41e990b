"""The stream of a thread (posts, edits, reactions, acts) and of the lists (that something moved)."""

from collections.abc import Mapping
from typing import Any

from forum.database.engine import fetch
from forum.live.streams import News
from forum.threads.fragments import powers_in, render_act, render_post
from forum.threads.post_queries import acts_since, posts_since
from forum.threads.queries import thread_head
from forum.threads.visibility import visible_thread
from forum.web import parts
from forum.web.errors import NotFound
from forum.web.reader import Reader
from forum.web.templates import fragment

# More changes than this at once, and the browser is told to load the page anew.
MOST = 40


async def thread_since(thread: int, asked: Mapping[int, tuple[Reader, int]]) -> dict[int, News]:
    """What changed in a thread since each reader's version, as far as each may see it.

    Readers who are the same to the thread (guests; strangers without reactions of their own) are asked for once.
    """
    answers: dict[int, News] = {}
    shared: dict[tuple[object, ...], News | None] = {}
    visible = await who_sees(thread, {reader.id for reader, _version in asked.values()})
    for n, (reader, version) in asked.items():
        if reader.id not in visible:
            continue
        plain = not reader.is_signed_in or (not visible[reader.id] and reader.site_role == "member")
        key = (reader.is_signed_in, version) if plain else (n,)
        if key not in shared:
            shared[key] = await thread_news(reader, thread, version)
        news = shared[key]
        if news is not None:
            answers[n] = news
    return answers


async def who_sees(thread: int, readers: set[int | None]) -> dict[int | None, bool]:
    """Of these readers, those who may see the thread; the value tells whether it shows anything of their own
    (their thread, posts, reactions, team)."""
    rows = await fetch(
        "select r.id, t.author_id = r.id or exists (select 1 from post p where p.thread_id = t.id and p.author_id = r.id)"
        " or exists (select 1 from reaction x join post p on p.id = x.post_id where p.thread_id = t.id"
        " and x.person_id = r.id)"
        " or exists (select 1 from project_member m where m.project_id = t.project_id and m.person_id = r.id)"
        " or exists (select 1 from thread_participant w where w.thread_id = t.id and w.person_id = r.id)"
        " or exists (select 1 from person s where s.same_as = r.id) as personal"
        " from unnest($2::bigint[]) r(id), thread t left join person a on a.id = t.author_id"
        f" where t.id = $1 and {visible_thread('t', 'r.id')}",
        thread,
        list(readers),
    )
    return {row["id"]: bool(row["personal"]) for row in rows}


async def thread_news(reader: Reader, thread: int, version: int) -> News | None:
    """What changed for one reader; None where they may not see the thread."""
    try:
        head = await thread_head(reader, thread)
    except NotFound:
        return None
    if head["version"] <= version:
        return News(head["version"], ())
    posts = await posts_since(reader, thread, version, MOST + 1)
    if len(posts) > MOST:
        return News(head["version"], ({"reload": True},))
    powers = powers_in(reader, head)
    items: list[dict[str, Any]] = [
        {"id": f"post_{row['number']}", "number": row["number"], "html": render_post(row, head, powers, reader)}
        for row in posts
    ]
    items += [
        {"id": f"act_{row['id']}", "after": row["after_number"], "html": render_act(row, head)}
        for row in await acts_since(reader, thread, version)
    ]
    items += (await parts.context("thread_news", reader, head)).get("items", [])
    items.append({"id": "threadhead", "inner": fragment("threads/head.html", thread=head)})
    items.append({"id": "lastnumber", "inner": str(head["last_number"])})
    return News(head["version"], items)


async def list_since(project: int, asked: Mapping[int, tuple[Reader, int]]) -> dict[int, News]:
    """Which threads moved in the lists since each reader's moment (milliseconds since 1970); ids alone, and of those
    only what the reader may see. Project 0: the whole site."""
    answers: dict[int, News] = {}
    versions = {version for _reader, version in asked.values()}
    readers = {reader.id for reader, _version in asked.values()}
    rows = await fetch(
        "select r.id as reader, m.id, m.at from unnest($1::bigint[]) r(id), lateral ("
        " select t.id, (extract(epoch from t.bumped_at) * 1000)::bigint as at from thread t"
        " where t.bumped_at > greatest(to_timestamp($2::float8 / 1000), now() - interval '1 day')"
        f" and t.visibility <> 'author' and ($3 = 0 or t.project_id = $3) and {visible_thread('t', 'r.id')}"
        " order by t.bumped_at desc limit 100) m order by m.at desc",
        list(readers),
        float(min(max(version, 0) for version in versions)),
        project,
    )
    moves: dict[int | None, list[tuple[int, int]]] = {}
    for row in rows:
        moves.setdefault(row["reader"], []).append((row["at"], row["id"]))
    for n, (reader, version) in asked.items():
        # the version stays the moment the list was shown: the count is of all that moved since; newest come first
        moved = set()
        for at, thread in moves.get(reader.id, ()):
            if at <= version:
                break
            moved.add(thread)
        answers[n] = News(version, ({"moved": sorted(moved)},) if moved else ())
    return answers
