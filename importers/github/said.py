"""What was last heard of each comment there: what is older than that is no news, and what was deleted stays deleted."""

from collections.abc import Sequence
from datetime import datetime

from forum.database.engine import execute, fetch, fetch_one
from forum.events import hint, publish
from forum.threads.events import ThreadChanged
from importers.github.place import Place
from importers.github.records import Comment, Issue


async def news(comments: Sequence[Comment]) -> tuple[Comment, ...]:
    """Those that are neither deleted there nor older than what was heard of them already."""
    rows = await fetch(
        "select foreign_id, updated_at, is_gone from github_said where foreign_id = any($1)",
        [comment.key for comment in comments],
    )
    known = {row["foreign_id"]: row for row in rows}

    def is_news(comment: Comment) -> bool:
        before = known.get(comment.key)
        if before is None:
            return True
        return not before["is_gone"] and (comment.updated_at or comment.created_at) >= before["updated_at"]

    return tuple(comment for comment in comments if is_news(comment))


async def is_gone(foreign_id: str) -> bool:
    """Whether this was deleted there."""
    row = await fetch_one("select is_gone from github_said where foreign_id = $1", foreign_id)
    return row is not None and row["is_gone"]


NOTE = """
with n as (select * from unnest($2::text[], $3::text[], $4::timestamptz[], $5::jsonb[]) n(foreign_id, kind, at, counted)),
found as (
select n.foreign_id, n.at, n.counted, p.id as post_id from n join origin_alias a on a.source = 'github' and a.kind = 'post'
   and a.foreign_id = n.foreign_id join post p on p.id = a.row_id where n.kind = 'post'
 union all
select n.foreign_id, n.at, n.counted, p.id from n join origin_alias a on a.source = 'github' and a.kind = 'thread'
   and a.foreign_id = n.foreign_id join post p on p.thread_id = a.row_id and p.number = 1 where n.kind = 'thread')
insert into github_said as s (foreign_id, name, post_id, updated_at, counted)
select foreign_id, $1, post_id, at, coalesce(counted, '{}') from found
on conflict (foreign_id) do update set post_id = excluded.post_id, updated_at = greatest(s.updated_at, excluded.updated_at),
  counted = case when excluded.updated_at < s.updated_at then s.counted else excluded.counted end
 where not s.is_gone
"""


async def note(place: Place, issue: Issue | None, comments: Sequence[Comment]) -> None:
    """Remember when an issue and comments that stand here were last changed there, and how often they were reacted to."""
    rows = [(c.key, "post", c.updated_at or c.created_at, dict(c.counted)) for c in comments if c.key]
    if issue is not None:
        rows.append((place.thread_id(issue.number), "thread", issue.updated_at, dict(issue.counted)))
    if rows:
        ids, kinds, times, counted = zip(*rows, strict=True)
        await execute(NOTE, place.name, list(ids), list(kinds), list(times), list(counted))


async def bury(place: Place, foreign_id: str, at: datetime) -> int | None:
    """Remember that something was deleted there, whether or not it ever came here; its post, where it has one."""
    row = await fetch_one(
        "insert into github_said (foreign_id, name, updated_at, is_gone) values ($1, $2, $3, true)"
        " on conflict (foreign_id) do update set is_gone = true returning post_id",
        foreign_id,
        place.name,
        at,
    )
    return row and row["post_id"]


async def remove_post(post: int) -> None:
    """Take a post away that was taken away there, its words with it: who deleted them had a reason."""
    row = await fetch_one(
        "with p as (update post set deleted_at = now(), markdown = '', html = '' where id = $1 and deleted_at is null"
        " and number > 1 returning thread_id)"
        " update thread set version = version + 1, reply_count = reply_count - 1,"
        " accepted_number = case when accepted_number = (select number from post where id = $1) then null"
        " else accepted_number end from p where thread.id = p.thread_id returning thread.id, thread.version",
        post,
    )
    if row is not None:
        await execute("update post set version = $2 where id = $1", post, row["version"])
        await publish(ThreadChanged(row["id"]))
        hint("thread", row["id"])
