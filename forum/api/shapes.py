"""Rows as Discourse's published API describes them; pure. Figures we do not keep (views, reads, scores) are 0."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

from forum.markup import excerpt
from forum.threads.attribution import with_attribution
from forum.threads.fragments import Powers
from forum.threads.rules import POSTS_A_PAGE
from forum.web.reader import Reader, hue_of, initials_of

Json = dict[str, Any]
Record = Mapping[str, Any]

# A project is a top-level category; its ids begin where no category's will ever be.
PROJECT_IDS = 1_000_000_000
LIKE = 2
REGULAR, WHISPER = 1, 4
KIND_COLORS = {"support": "3B5BDB", "bugs": "C92A2A", "features": "5F3DC4", "security": "B35C00"}


def moment(at: datetime | None) -> str | None:
    """A time as Discourse writes it: UTC, milliseconds, Z."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def avatar_template(person: int, name: str) -> str:
    """Where the picture of somebody's initials is; a client puts a number for `{size}`."""
    return f"/letter_avatar/{hue_of(person)}/{quote(initials_of(name), safe='')}/{{size}}.svg"


def basic_user(person: Record) -> Json:
    """(id, username, name) as a user inside something else."""
    return {
        "id": person["id"],
        "username": person["username"],
        "name": person["name"],
        "avatar_template": avatar_template(person["id"], person["name"] or person["username"]),
    }


def topic(row: Record, reader: Reader, *, is_closed_shape: bool, unpinned: bool | None) -> Json:
    """A row of `queries.topics` in a list. The shapes of the lists differ in small things, and one of them (a
    category's, `is_closed_shape`) allows no key more than it names."""
    people = {person["id"]: person for person in row["people"] or ()}
    first = row["first"] or {"html": "", "likes": 0, "mine": False}
    shown: Json = {
        "id": row["id"],
        "title": row["title"],
        "fancy_title": escape(row["title"], quote=False),
        "slug": row["slug"],
        "posts_count": row["reply_count"] + 1,
        "reply_count": row["reply_count"],
        "highest_post_number": row["last_number"],
        "created_at": moment(row["created_at"]),
        "last_posted_at": moment(row["last_post_at"]),
        "bumped": True,
        "bumped_at": moment(row["bumped_at"]),
        "archetype": "regular",
        "unseen": reader.is_signed_in and row["read_number"] is None,
        "pinned": row["is_pinned"],
        "unpinned": unpinned,
        "excerpt": escape(excerpt(first["html"], 220), quote=False),
        "visible": True,
        "closed": row["is_closed"],
        "archived": False,
        "views": 0,
        "like_count": row["likes"],
        "has_summary": False,
        "last_poster_username": people[row["last_poster"]]["username"] if row["last_poster"] in people else "",
        "category_id": row["category_id"],
        "pinned_globally": False,
        "featured_link": None,
        "posters": posters(row, people),
    }
    if is_closed_shape:
        return shown | {"image_url": None, "bookmarked": None, "liked": None}
    read = row["read_number"]
    return shown | {
        "bookmarked": False,
        "liked": first["mine"],
        "op_like_count": first["likes"],
        "last_read_post_number": read or 0,
        "unread_posts": max(0, row["last_number"] - read) if read else 0,
        "notification_level": 1,
        "tags": row["tags"] or [],
    }


def posters(row: Record, people: Mapping[int, Record]) -> list[Json]:
    """Who wrote in a thread: its author first, the last poster marked."""
    order = sorted(people, key=lambda person: (person != row["author"], person == row["last_poster"]))
    shown = []
    for person in order:
        said = ["Original Poster"] if person == row["author"] else []
        said += ["Most Recent Poster"] if person == row["last_poster"] else []
        shown.append(
            {
                "extras": "latest" if person == row["last_poster"] else "",
                "description": ", ".join(said) or "Frequent Poster",
                "user_id": person,
                "primary_group_id": None,
            }
        )
    return shown


def users_of(rows: Iterable[Record]) -> list[Json]:
    """Everybody who is named in these rows of a list, once."""
    people = {person["id"]: person for row in rows for person in row["people"] or ()}
    return [basic_user(person) for person in people.values()]


def post(row: Record, head: Record, powers: Powers, reader: Reader, replies: int) -> Json:
    """A row of `posts_between` in a thread (a row of `thread_head`): what all shapes of a post have. Posts that were
    removed are not told of."""
    is_own = row["person_id"] == reader.id
    may_edit = powers.signed_in and (is_own or powers.may_moderate)
    number = row["reply_to"]
    return {
        "id": row["id"],
        "name": row["name"],
        "username": row["username"],
        "avatar_template": avatar_template(row["person_id"], row["name"] or row["username"]),
        "created_at": moment(row["created_at"]),
        # whoever shows the text shows whose it is
        "cooked": with_attribution(row["html"], row),
        "post_number": row["number"],
        "post_type": WHISPER if row["is_whisper"] else REGULAR,
        "updated_at": moment(row["edited_at"] or row["created_at"]),
        "reply_count": replies,
        # a number, but a string in the published description
        "reply_to_post_number": None if number is None else str(number),
        "quote_count": 0,
        "incoming_link_count": 0,
        "reads": 0,
        "readers_count": 0,
        "score": 0,
        "yours": is_own,
        "topic_id": head["id"],
        "topic_slug": head["slug"],
        "display_username": row["name"],
        "primary_group_name": None,
        "flair_name": None,
        "flair_url": None,
        "flair_bg_color": None,
        "flair_color": None,
        "version": row["revision_count"] + 1,
        "can_edit": may_edit,
        "can_delete": False,
        "can_recover": False,
        "can_see_hidden_post": False,
        "can_wiki": False,
        "user_title": None,
        "bookmarked": False,
        "actions_summary": [{"id": LIKE, "can_act": True}] if may_like(row, powers, reader) else [],
        "moderator": row["role"] in ("triager", "maintainer", "owner"),
        "admin": False,
        "staff": row["role"] is not None,
        "user_id": row["person_id"],
        "hidden": False,
        "trust_level": 1,
        "deleted_at": None,
        "user_deleted": False,
        "edit_reason": None,
        "can_view_edit_history": row["revision_count"] > 0,
        "wiki": False,
        "reviewable_id": 0,
        "reviewable_score_count": 0,
        "reviewable_score_pending_count": 0,
        # only of what came so, as Discourse has it
        **({"via_email": True} if row["by_mail"] else {}),
    }


def may_like(row: Record, powers: Powers, reader: Reader) -> bool:
    return powers.signed_in and row["person_id"] != reader.id and "like" not in (row["mine"] or ())


def stream_post(row: Record, head: Record, powers: Powers, reader: Reader, replies: int) -> Json:
    """A post inside its thread."""
    is_read = not reader.is_signed_in or row["number"] <= (head["read_number"] or 0)
    return post(row, head, powers, reader, replies) | {"link_counts": [], "read": is_read}


def single_post(row: Record, head: Record, powers: Powers, reader: Reader, replies: int, markdown: str) -> Json:
    """A post by itself, with its Markdown."""
    url = f"/t/{head['slug']}/{head['id']}/{row['number']}"
    return post(row, head, powers, reader, replies) | {
        "raw": markdown,
        "posts_count": head["reply_count"] + 1,
        "flair_group_id": None,
        "post_url": url,
    }


def likes_of(row: Record, powers: Powers, reader: Reader) -> list[Json]:
    """How many liked a post, and whether the reader did."""
    count = row["reactions"].get("like", 0)
    mine = "like" in (row["mine"] or ())
    can = may_like(row, powers, reader)
    if not (count or mine or can):
        return []
    return [{"id": LIKE, "count": count, "acted": mine, "can_undo": mine, "can_act": can}]


def thread_draft(markdown: str | None) -> str | None:
    """A kept draft as Discourse's composer keeps it: JSON in a string."""
    return json.dumps({"reply": markdown, "action": "reply"}) if markdown else None


def category_common(row: Record, *, position: int, may_edit: bool) -> Json:
    """What categories.json and site.json both say of a category."""
    described = row["description"] or None
    return {
        "id": row["id"],
        "name": row["name"],
        "color": KIND_COLORS.get(row["kind"], "4A6572"),
        "text_color": "FFFFFF",
        "style_type": "square",
        "emoji": None,
        "icon": None,
        "slug": row["slug"],
        "position": position,
        "description": None if described is None else escape(described, quote=False),
        "description_text": described,
        "description_excerpt": None if described is None else escape(described, quote=False),
        "topic_url": f"/c/{row['path']}",
        "read_restricted": row["visibility"] != "public",
        "permission": 1,
        "notification_level": 1,
        "can_edit": may_edit,
        "topic_template": None,
        "topic_title_placeholder": None,
        "sort_order": None,
        "sort_ascending": None,
        "show_subcategory_list": False,
        "num_featured_topics": 3,
        "default_view": None,
        "subcategory_list_style": "rows_with_featured_topics",
        "default_top_period": "monthly",
        "default_list_filter": "all",
        "minimum_required_tags": 0,
        "navigate_to_first_post_after_read": False,
        "uploaded_logo": None,
        "uploaded_logo_dark": None,
        "uploaded_background": None,
        "uploaded_background_dark": None,
    }


CHUNK = POSTS_A_PAGE
