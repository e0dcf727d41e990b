"""Starting a thread: one action, wherever the words came from."""

from collections.abc import Sequence
from uuid import UUID

from forum.database.engine import action, execute, fetch_one, fetch_value
from forum.events import hint, publish
from forum.markup import COOK_VERSION
from forum.origins import LOCAL, Origin
from forum.projects.actions import tag_ids, tag_name
from forum.threads.events import ThreadChanged, ThreadCreated
from forum.threads.rules import TAGS_MOST, TITLE_LEAST, TITLE_MOST, clean_title, slug_of
from forum.threads.writing import POSTS_A_MINUTE, TURN, Posted, check_seen, cook_for, require_writer
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.reader import Reader


async def start_thread(
    reader: Reader,
    category: int,
    title: str,
    markdown: str,
    *,
    tags: Sequence[str] = (),
    is_draft: bool = False,
    is_private: bool = False,
    key: UUID | None = None,
) -> Posted:
    """Ask, report or propose: a new thread in a category. A draft is visible to its author alone; a private one to the
    project's team besides, until its requesters agree to publish it.

    Sent twice with one `key`, it is one thread. Raises Invalid, NotFound, Forbidden, TooMany.
    """
    author = require_writer(reader)
    await limit(f"post:{author}", most=POSTS_A_MINUTE, seconds=60)
    return await store_thread(
        author, category, title, markdown, tags=tags, is_draft=is_draft, is_private=is_private, key=key
    )


@action
async def store_thread(
    author: int,
    category: int,
    title: str,
    markdown: str,
    *,
    tags: Sequence[str] = (),
    is_draft: bool = False,
    is_private: bool = False,
    key: UUID | None = None,
    origin: Origin = LOCAL,
) -> Posted:
    """The rows of a new thread and its first post, by anybody, from anywhere; importers call this."""
    title = clean_title(title)
    faults = {}
    if not TITLE_LEAST <= len(title) <= (TITLE_MOST if origin.is_local else 300):
        faults["title"] = _("One line of %(least)d to %(most)d characters.") % {
            "least": TITLE_LEAST,
            "most": TITLE_MOST,
        }
    if origin.is_local and not markdown.strip():
        faults["markdown"] = _("Write something first.")
    if faults:
        raise Invalid(faults)
    if key is not None and (before := await sent_before_thread(author, key)):
        return before
    place = await fetch_one(
        "select c.kind, c.visibility, c.project_id, p.slug, p.repository <> '' as has_issues,"
        f" {TURN.format('$2')} as turn from category c join project p on p.id = c.project_id where c.id = $1",
        category,
        key,
    )
    if place is None:
        raise NotFound
    cooked = await cook_for(
        markdown, place["slug"], place["has_issues"] or origin.source == "github", is_local=origin.is_local
    )
    if origin.is_local:
        check_seen(cooked)
    slug = slug_of(title)
    row = await fetch_one(
        "with t as (insert into thread (project_id, category_id, author_id, title, slug, visibility, last_number,"
        " last_post_at, last_poster_id, people, origin, origin_url, created_at, bumped_at, client_key, is_private)"
        " values ($1, $2, $3, $4, $5, $6, 1, coalesce($7, now()), $3, array[$3::bigint], $8, $9,"
        " coalesce($7, now()), coalesce($7, now()), $10, $14) returning id, version),"
        " p as (insert into post (thread_id, number, author_id, markdown, html, cook_version, version, origin,"
        " origin_url, created_at, client_key) select t.id, 1, $3, $11, $12, $13, t.version, $8, $9,"
        " coalesce($7, now()), $10 from t returning id)"
        " select t.id as thread, t.version, p.id as post from t, p",
        place["project_id"],
        category,
        author,
        title,
        slug,
        "author" if is_draft else "private" if is_private else place["visibility"],
        origin.at,
        origin.source,
        origin.url,
        key,
        markdown,
        cooked.html,
        COOK_VERSION,
        is_private,
    )
    assert row is not None
    thread: int = row["thread"]
    if names := sorted({name for tag in tags if (name := tag_name(tag))}):
        await tag_thread(thread, names if not origin.is_local else names[:TAGS_MOST])
    if not is_draft and not is_private:
        await execute("update category set thread_count = thread_count + 1 where id = $1", category)
    await publish(
        ThreadCreated(thread, place["project_id"], category, place["kind"], author, is_native=origin.is_local)
    )
    await publish(ThreadChanged(thread))
    hint("list", place["project_id"])
    return Posted(thread, slug, row["post"], 1, row["version"])


async def sent_before_thread(author: int, key: UUID) -> Posted | None:
    row = await fetch_one(
        "select t.id, t.slug, t.version, p.id as post from thread t join post p on p.thread_id = t.id and p.number = 1"
        " where t.author_id = $1 and t.client_key = $2",
        author,
        key,
    )
    return Posted(row["id"], row["slug"], row["post"], 1, row["version"], is_new=False) if row else None


async def key_of_same_words(
    author: int, category: int, title: str, markdown: str, *, is_private: bool = False
) -> UUID | None:
    """The key of the form by which this author sent the very same words to the same place within the last ten minutes."""
    found: UUID | None = await fetch_value(
        "select t.client_key from thread t join post p on p.thread_id = t.id and p.number = 1"
        " where t.author_id = $1 and t.category_id = $2 and t.title = $3 and p.markdown = $4 and t.is_private = $5"
        " and t.client_key is not null and t.created_at > now() - interval '10 minutes' order by t.id desc limit 1",
        author,
        category,
        clean_title(title),
        markdown,
        is_private,
    )
    return found


async def tag_thread(thread: int, names: Sequence[str]) -> None:
    """Set the tags of a thread to these folded names, and keep the tags' counts."""
    ids = list((await tag_ids(names)).values())
    await execute(
        "with gone as (delete from thread_tag where thread_id = $1 and tag_id <> all($2::bigint[]) returning tag_id),"
        " come as (insert into thread_tag (thread_id, tag_id) select $1, unnest($2::bigint[])"
        " on conflict do nothing returning tag_id)"
        " update tag set thread_count = thread_count + (case when id in (select tag_id from come) then 1 else -1 end)"
        " where id in (select tag_id from come union all select tag_id from gone)",
        thread,
        ids,
    )
