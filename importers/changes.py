"""Changes of what was imported before: texts with their revisions, and tags."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forum.database.engine import execute, fetch, fetch_one
from forum.events import hint, publish
from forum.markup import COOK_VERSION
from forum.threads.events import PostEdited
from forum.threads.rules import slug_of
from forum.threads.starting import tag_thread
from forum.threads.writing import cook_for


@dataclass(frozen=True)
class Texts:
    """How a source's texts are cooked: in the project of this slug, `#123` a link or not; `reason` is said of edits."""

    slug: str
    has_issues: bool
    reason: str


async def change_text(
    texts: Texts,
    thread: int,
    post: int,
    body: str | None,
    at: datetime,
    *,
    title: str | None = None,
    was: dict[str, Any] | None = None,
) -> bool:
    """Let a post say `body`, and its thread be called `title` (None: as it is), and keep what stood there, under the
    attribution that it `was` under where that is another now.

    Says whether anything changed. A post that was deleted here stays as it is.
    """
    row = await fetch_one(
        "select p.markdown, p.number, p.author_id, t.title from post p join thread t on t.id = p.thread_id"
        " where p.id = $1 and p.deleted_at is null",
        post,
    )
    if row is None:
        return False
    body = row["markdown"] if body is None else body
    title = row["title"] if title is None else title
    if (body, title) == (row["markdown"], row["title"]):
        return False
    cooked = await cook_for(body, texts.slug, texts.has_issues, is_local=False)
    await execute(
        "with t as (update thread set version = version + 1, title = $3, slug = $4 where id = $1 returning version),"
        " r as (insert into post_revision (post_id, number, editor_id, markdown, title, reason, at, attribution)"
        " select id, revision_count + 1, author_id, markdown, $8, $10, $5, $11 from post where id = $2)"
        " update post set markdown = $6, html = $7, cook_version = $9, version = t.version, edited_at = $5,"
        " revision_count = revision_count + 1 from t where post.id = $2",
        thread,
        post,
        title,
        slug_of(title),
        at,
        body,
        cooked.html,
        row["title"] if row["number"] == 1 else None,
        COOK_VERSION,
        texts.reason,
        was,
    )
    await publish(PostEdited(thread, post, row["author_id"]))
    hint("thread", thread)
    return True


async def change_tags(thread: int, *, gone: set[str], come: set[str]) -> bool:
    """Take away and add the tags that went and came there; those set here stay. Says whether anything changed."""
    rows = await fetch(
        "select g.name from thread_tag tt join tag g on g.id = tt.tag_id where tt.thread_id = $1", thread
    )
    have = {row["name"] for row in rows}
    wanted = (have - gone) | come
    if wanted == have:
        return False
    await tag_thread(thread, sorted(wanted))
    await execute("update thread set version = version + 1 where id = $1", thread)
    hint("thread", thread)
    return True
