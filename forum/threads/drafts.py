"""Drafts: what is being written, kept on the server and shown on every device of its author."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from forum.accounts.events import SignedIn
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.threads.visibility import visible_post, visible_thread
from forum.threads.writing import was_sent
from forum.web.errors import Conflict
from forum.web.i18n import _
from forum.web.reader import Reader

MARKDOWN_MOST = 100_000
# What a draft can be of: a new thread, a reply, a change of a post.
KEY = re.compile(r"new-thread(?::[1-9][0-9]?)?|(?:thread|post):[1-9][0-9]{0,17}")
# What a guest chose, and told a project's form, beside the words; of a change of a post, what was said of it.
CARRIED = frozenset(
    {"project", "category", "private", "capacity", "only_team", "verbatim", "upon", "tags", "reason", "purpose"}
)
ANSWER = re.compile(r"field-[1-9][0-9]{0,17}")
# The key of what somebody is about to ask; what stepped aside for it is `new-thread:2` to `new-thread:99`.
NEW_THREAD = "new-thread"


def is_behind() -> Conflict:
    return Conflict(_("A newer draft was kept on another device. Reload to see it; this text stays here."))


@action
async def keep_draft(
    reader: Reader,
    key: str,
    *,
    title: str = "",
    markdown: str = "",
    data: Mapping[str, Any] | None = None,
    version: int | None = None,
    sent_as: UUID | None = None,
) -> int:
    """Keep a draft under a key (`new-thread`, `thread:12`, `post:12`); an empty one is dropped. Returns its version, 0 where
    nothing is kept: also where its form, whose key is `sent_as`, was sent already or is being stored.

    `version` is the one this was written upon, 0 where there was none. Conflict is raised when another device kept a
    newer one, sent it or dropped it since; without `version` nothing is compared, and the same
    text is never refused: it may have been sent twice.
    """
    key = key[:100]
    if sent_as is not None and await was_sent(reader.person, sent_as):
        return 0
    if not title.strip() and not markdown.strip():
        if not await drop_draft(reader, key, version=version):
            raise is_behind()
        return 0
    kept: int | None = await fetch_value(
        "insert into draft (person_id, key, title, markdown, data) select $1, $2, $3, $4, $5"
        " where $6::bigint is null or $6 = 0 or exists (select 1 from draft where person_id = $1 and key = $2)"
        " on conflict (person_id, key) do update set title = excluded.title, markdown = excluded.markdown,"
        " data = excluded.data, version = excluded.version, saved_at = now()"
        " where $6::bigint is null or draft.version = $6 or (draft.title, draft.markdown, draft.data) ="
        " (excluded.title, excluded.markdown, excluded.data) returning version",
        reader.person,
        key,
        title[:300],
        markdown[:100_000],
        dict(data or {}),
        version,
    )
    if kept is None:
        raise is_behind()
    return kept


def data_of_reply(purpose: str | None) -> dict[str, str]:
    """What the draft of a reply keeps beside its words: that it is for the team alone."""
    return {"purpose": purpose} if purpose == "whisper" else {}


async def draft_of(reader: Reader, key: str) -> Row | None:
    """The reader's draft under a key: (title, markdown, data, version, saved_at)."""
    return await fetch_one(
        "select title, markdown, data, version, saved_at from draft where person_id = $1 and key = $2",
        reader.person,
        key[:100],
    )


def numbered_key(number: str) -> str:
    """The key of the draft with a number ("2" to "99"); anything else means the first one, which has none."""
    found = number.isascii() and number.isdigit() and len(number) < 3 and int(number) > 1
    return f"{NEW_THREAD}:{int(number)}" if found else NEW_THREAD


async def draft_to_ask(reader: Reader, title: str, markdown: str, number: str = "") -> tuple[str, Row | None]:
    """The key for what a reader is about to ask, and the draft under it, if there is one.

    `number` asks for one of the drafts that stepped aside. Where title or text are given already, the draft that they
    began is taken, else a free key, so that no other draft is overwritten.
    """
    if number or not (title or markdown):
        key = numbered_key(number)
        return key, await draft_of(reader, key)
    rows = await fetch(
        "select key, title, markdown, data, version, saved_at from draft"
        " where person_id = $1 and (key = $2 or key like $2 || ':%') order by saved_at desc",
        reader.person,
        NEW_THREAD,
    )
    for row in rows:
        if row["title"] == title and markdown in ("", row["markdown"]):
            return row["key"], row
    taken = {row["key"] for row in rows}
    return next(key for key in (NEW_THREAD, *(f"{NEW_THREAD}:{n}" for n in range(2, 100))) if key not in taken), None


async def drop_draft(reader: Reader, key: str, *, version: int | None = None) -> bool:
    """Forget a draft, of a `version` only that one; whether none is left."""
    left = await fetch_value(
        "with gone as (delete from draft where person_id = $1 and key = $2"
        " and ($3::bigint is null or version = $3) returning 1)"
        " select 1 from draft where person_id = $1 and key = $2 and not exists (select 1 from gone)",
        reader.person,
        key[:100],
        version,
    )
    return left is None


@action
async def keep_carried(event: SignedIn) -> None:
    """Keep what somebody wrote as a guest, or in a session that was over, as their draft of what it was to be, in the
    transaction that signs them in.

    They look at it next. In another reply it goes on; any other draft that was there steps aside to the first free of
    `new-thread:2`, `new-thread:3`…, and so does a reply that would become too long.
    """
    title, markdown = event.draft.get("title", "")[:300], event.draft.get("body", "")[:MARKDOWN_MOST]
    if not title.strip() and not markdown.strip():
        return
    key = event.draft.get("for", "")
    if not KEY.fullmatch(key):
        key = NEW_THREAD
    await execute(
        "update draft set key = coalesce((select $5 || ':' || n from generate_series(2, 99) n where not exists"
        " (select 1 from draft d where d.person_id = $1 and d.key = $5 || ':' || n) order by n limit 1), key)"
        " where person_id = $1 and key = $2 and (title <> $3 or position(markdown in $4) = 0)"
        " and (key not like 'thread:%' or length(markdown) + length($4) + 2 > $6)",
        event.person,
        key,
        title,
        markdown,
        NEW_THREAD,
        MARKDOWN_MOST,
    )
    data = {
        name: value[: 400_000 if name.startswith("field-") else 300]
        for name, value in event.draft.items()
        if value and (name in CARRIED or ANSWER.fullmatch(name))
    }
    await execute(
        "insert into draft (person_id, key, title, markdown, data) values ($1, $2, $3, $4, $5)"
        " on conflict (person_id, key) do update set title = excluded.title, markdown = case"
        " when draft.key like 'thread:%' and position(draft.markdown in excluded.markdown) = 0"
        " then draft.markdown || e'\\n\\n' || excluded.markdown else excluded.markdown end,"
        " data = excluded.data, version = excluded.version, saved_at = now()",
        event.person,
        key,
        title,
        markdown,
        data,
    )


async def begun(reader: Reader) -> dict[str, str] | None:
    """Where somebody goes on with what they began: the new thread, else the newest reply; None where there is neither."""
    rows = await drafts_of(reader)
    if any(row["key"] == NEW_THREAD for row in rows):
        return {"path": "/new-thread"}
    for row in rows:
        if row["key"].startswith("thread:") and row["thread_id"] is not None:
            return {"path": f"/t/{row['slug']}/{row['thread_id']}#reply"}
    return None


async def drafts_of(reader: Reader) -> list[Row]:
    """All drafts of a reader, newest first, with the thread each belongs to, as far as they may still see it.

    The text is cut after 300 characters, unless there is no page left to read the rest on.
    """
    return await fetch(
        "select d.key, d.title, case when d.key not like 'new-thread%' and t.id is null then d.markdown"
        " else left(d.markdown, 300) end as markdown, d.version, d.saved_at, t.id as thread_id, t.slug, t.title as thread_title,"
        " p.id as post_id, p.number from draft d"
        " left join post p on p.id = substring(d.key from '^post:([0-9]+)$')::bigint and p.deleted_at is null"
        " left join thread t on t.id = coalesce(p.thread_id, substring(d.key from '^thread:([0-9]+)$')::bigint)"
        f" and {visible_thread('t', '$1')} and (p.id is null or {visible_post('p', 't', '$1')}) where d.person_id = $1 order by d.saved_at desc limit 200",
        reader.person,
    )
