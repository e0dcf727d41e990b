"""Editing posts: the new text is cooked, what stood there before stays as a revision."""

from collections.abc import Sequence

from forum.database.engine import action, fetch_one, fetch_value
from forum.events import hint, publish
from forum.markup import COOK_VERSION
from forum.projects.actions import tag_name
from forum.projects.roles import may
from forum.threads.events import PostEdited, ThreadChanged
from forum.threads.rules import TAGS_MOST, TITLE_LEAST, TITLE_MOST, clean_title, slug_of
from forum.threads.starting import tag_thread
from forum.threads.visibility import visible_post
from forum.threads.writing import (
    Posted,
    check_markdown,
    check_seen,
    cook_for,
    locked_thread,
    require_writer,
)
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.reader import Reader

EDITS_A_MINUTE = 40


async def edit_post(
    reader: Reader,
    post: int,
    markdown: str,
    *,
    title: str | None = None,
    tags: Sequence[str] | None = None,
    reason: str = "",
    upon: int | None = None,
) -> Posted:
    """Change a post's text (its author, or the team's moderators), and of a first post the title and tags.

    What stood there before is kept as a revision. `upon`: how many revisions the text had that this was written upon,
    None where nobody knows. Raises NotFound, Forbidden, Invalid, TooMany, Conflict (it was changed meanwhile).
    """
    person = require_writer(reader)
    check_markdown(markdown)
    await limit(f"edit:{person}", most=EDITS_A_MINUTE, seconds=60)
    return await store_edit(reader, post, markdown, title=title, tags=tags, reason=reason, upon=upon)


@action
async def store_edit(
    reader: Reader,
    post: int,
    markdown: str,
    *,
    title: str | None = None,
    tags: Sequence[str] | None = None,
    reason: str = "",
    upon: int | None = None,
) -> Posted:
    """The row of an edit, its revision, and what follows from it."""
    thread = await fetch_value("select thread_id from post where id = $1", post)
    where = await locked_thread(thread or 0, reader)
    row = await fetch_one(
        "select p.*, p.author_id = $2 or exists (select 1 from person me where me.id = p.author_id"
        " and me.same_as = $2) as is_own from post p join thread t on t.id = p.thread_id"
        f" where p.id = $1 and p.deleted_at is null and {visible_post('p', 't', '$2')}",
        post,
        reader.id,
    )
    if row is None:
        raise NotFound
    is_public = where["visibility"] == "public"
    if not row["is_own"] and not may(reader, "moderate", where["project_id"], public=is_public):
        raise Forbidden
    new_title = clean_title(title) if title is not None and row["number"] == 1 else where["title"]
    if not TITLE_LEAST <= len(new_title) <= 300:
        raise Invalid({"title": _("One line of %(least)d to %(most)d characters.") % {"least": 3, "most": TITLE_MOST}})
    same_text = markdown == row["markdown"] and new_title == where["title"]
    if same_text and tags is None:
        return Posted(where["id"], where["slug"], post, row["number"], where["version"], is_new=False)
    if not same_text and upon not in (None, row["revision_count"]):
        raise Conflict(_("This post was changed while you wrote. Nothing is saved yet, and your text is kept."))
    version = where["version"]
    slug = where["slug"]
    if not same_text:
        cooked = await cook_for(
            markdown,
            where["project_slug"],
            where["has_issues"] or row["origin"] == "github",
            is_local=row["origin"] == "local",
        )
        if markdown != row["markdown"]:
            check_seen(cooked)
        slug = slug_of(new_title)
        version = await fetch_value(
            "with t as (update thread set version = version + 1, title = $3, slug = $4 where id = $1 returning version),"
            " r as (insert into post_revision (post_id, number, editor_id, markdown, title, reason)"
            " select id, revision_count + 1, $5, markdown, $9, $6 from post where id = $2)"
            " update post set markdown = $7, html = $8, cook_version = $10, version = t.version, edited_at = now(),"
            " revision_count = revision_count + 1 from t where post.id = $2 returning t.version",
            where["id"],
            post,
            new_title,
            slug,
            reader.person,
            reason[:300],
            markdown,
            cooked.html,
            where["title"] if row["number"] == 1 else None,
            COOK_VERSION,
        )
    if tags is not None and row["number"] == 1:
        await tag_thread(where["id"], sorted({n for tag in tags if (n := tag_name(tag))})[:TAGS_MOST])
        version = await fetch_value(
            "update thread set version = version + 1 where id = $1 returning version", where["id"]
        )
    await publish(PostEdited(where["id"], post, reader.person))
    await publish(ThreadChanged(where["id"]))
    hint("thread", where["id"])
    return Posted(where["id"], slug, post, row["number"], version)
