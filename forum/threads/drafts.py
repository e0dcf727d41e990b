"""Drafts: what is being written, kept on the server and shown on every device of its author."""

from collections.abc import Mapping
from typing import Any

from forum.database.engine import Row, execute, fetch, fetch_one, fetch_value
from forum.threads.visibility import visible_thread
from forum.web.errors import Conflict
from forum.web.i18n import _
from forum.web.reader import Reader


async def keep_draft(
    reader: Reader,
    key: str,
    *,
    title: str = "",
    markdown: str = "",
    data: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> int:
    """Keep a draft under a key (`new-thread`, `thread:12`); an empty one is dropped. Returns its version.

    With `version`, Conflict is raised when another device kept a newer one.
    """
    key = key[:100]
    if not title.strip() and not markdown.strip():
        await execute("delete from draft where person_id = $1 and key = $2", reader.person, key)
        return 0
    kept: int | None = await fetch_value(
        "insert into draft (person_id, key, title, markdown, data) values ($1, $2, $3, $4, $5)"
        " on conflict (person_id, key) do update set title = excluded.title, markdown = excluded.markdown,"
        " data = excluded.data, version = draft.version + 1, saved_at = now()"
        " where $6::bigint is null or draft.version = $6 returning version",
        reader.person,
        key,
        title[:300],
        markdown[:100_000],
        dict(data or {}),
        version,
    )
    if kept is None:
        raise Conflict(_("A newer draft was kept on another device. Reload to see it; this text stays here."))
    return kept


async def draft_of(reader: Reader, key: str) -> Row | None:
    """The reader's draft under a key: (title, markdown, data, version, saved_at)."""
    return await fetch_one(
        "select title, markdown, data, version, saved_at from draft where person_id = $1 and key = $2",
        reader.person,
        key[:100],
    )


async def drop_draft(reader: Reader, key: str) -> None:
    """Forget a draft."""
    await execute("delete from draft where person_id = $1 and key = $2", reader.person, key[:100])


async def drafts_of(reader: Reader) -> list[Row]:
    """All drafts of a reader, newest first, with the thread each belongs to, as far as they may still see it."""
    return await fetch(
        "select d.key, d.title, d.markdown, d.version, d.saved_at, t.id as thread_id, t.slug, t.title as thread_title"
        " from draft d left join thread t on d.key = 'thread:' || t.id"
        f" and {visible_thread('t', '$1')} where d.person_id = $1 order by d.saved_at desc limit 200",
        reader.person,
    )
