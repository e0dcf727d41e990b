"""Threads, posts and people as Discourse's JSON, each as far as the reader may see it."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from markupsafe import escape
from starlette.responses import JSONResponse, Response

from forum.api import queries, shapes
from forum.api.browse import asked_number
from forum.api.shapes import CHUNK, Json
from forum.api.users import user_json
from forum.database.engine import Row
from forum.projects.roles import may
from forum.threads.fragments import Powers, powers_in
from forum.threads.pages import asked_id
from forum.threads.post_queries import one_post, posts_between
from forum.threads.queries import post_source, profile_of, thread_head
from forum.web.errors import NotFound
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.routing import BIGGEST

MOST_POSTS = 200
PARTICIPANTS = 24


async def topic(request: Request) -> Response:
    """`/t/{id}.json` (`?page=` from 1): a thread with one chunk of its posts and the ids of all."""
    reader = request.reader
    head = await thread_head(reader, asked_id(request))
    stream = await queries.stream_of(reader, head["id"])
    at = max(1, asked_number(request, "page", 1, 1_000_000))
    chunk = stream[(at - 1) * CHUNK : at * CHUNK]
    if not chunk and at > 1:
        raise NotFound
    powers = powers_in(reader, head)
    rows = await posts_numbered(reader, head["id"], [row["number"] for row in chunk])
    return JSONResponse(await topic_json(reader, head, powers, stream, rows))


async def topic_json(reader: Reader, head: Row, powers: Powers, stream: list[Row], rows: list[Row]) -> Json:
    """A thread in the shape of the published description, which allows no key more."""
    replies = Counter(row["reply_to"] for row in stream)
    people = await queries.people_by_id(sorted({row["author_id"] for row in stream} | {head["author_id"]}))
    wrote = Counter(people[row["author_id"]]["id"] for row in stream)
    by_id = {person["id"]: person for person in people.values()}
    author = people[head["author_id"]]
    last = people[stream[-1]["author_id"]] if stream else author
    return {
        "post_stream": {
            "posts": [shapes.stream_post(row, head, powers, reader, replies[row["number"]]) for row in rows],
            "stream": [row["id"] for row in stream],
        },
        "timeline_lookup": timeline(stream, datetime.now(UTC)),
        "suggested_topics": [],
        "tags": await queries.tags_of(head["id"]),
        "tags_descriptions": {},
        "id": head["id"],
        "title": head["title"],
        "fancy_title": str(escape(head["title"])),
        "posts_count": head["reply_count"] + 1,
        "created_at": shapes.moment(head["created_at"]),
        "views": 0,
        "reply_count": head["reply_count"],
        "like_count": sum(row["likes"] for row in stream),
        "last_posted_at": shapes.moment(head["last_post_at"]),
        "visible": head["visibility"] != "author",
        "closed": head["is_closed"],
        "archived": False,
        "has_summary": False,
        "archetype": "regular",
        "slug": head["slug"],
        "category_id": head["category_id"],
        "word_count": None,
        "deleted_at": None,
        "user_id": author["id"],
        "featured_link": None,
        "pinned_globally": False,
        "pinned_at": None,
        "pinned_until": None,
        "image_url": None,
        "slow_mode_seconds": 0,
        "draft": shapes.thread_draft(head["draft"]),
        "draft_key": f"topic_{head['id']}",
        "draft_sequence": head["draft_version"] or 0,
        "unpinned": None,
        "pinned": head["is_pinned"],
        "highest_post_number": head["last_number"],
        "deleted_by": None,
        "has_deleted": False,
        "actions_summary": [],
        "chunk_size": CHUNK,
        "bookmarked": False,
        "bookmarks": [],
        "topic_timer": None,
        "message_bus_last_id": head["version"],
        "participant_count": len(wrote),
        "show_read_indicator": False,
        "thumbnails": None,
        "slow_mode_enabled_until": None,
        "details": details(reader, head, powers)
        | {
            "participants": [participant(by_id[person], count) for person, count in wrote.most_common(PARTICIPANTS)],
            "created_by": shapes.basic_user(author),
            "last_poster": shapes.basic_user(last),
        },
    }


def timeline(stream: list[Row], now: datetime) -> list[list[int]]:
    """Pairs of a place in the stream (from 1) and how many days ago it was, wherever the days change."""
    pairs: list[list[int]] = []
    for place, row in enumerate(stream, start=1):
        days = max(0, (now - row["created_at"]).days)
        if not pairs or pairs[-1][1] != days:
            pairs.append([place, days])
    return pairs


def details(reader: Reader, head: Row, powers: Powers) -> Json:
    """What the reader may do with a thread."""
    project, is_public = head["project_id"], head["visibility"] == "public"
    moves = may(reader, "move", project, assigned=head["is_assigned"], public=is_public)
    closes = (
        may(reader, "close", project)
        or may(reader, "close_own", project, own=head["is_own"])
        or may(reader, "moderate", project, public=is_public)
    )
    return {
        "can_edit": powers.signed_in and (head["is_own"] or powers.may_moderate),
        "notification_level": 1,
        "can_move_posts": False,
        "can_delete": False,
        "can_remove_allowed_users": False,
        "can_create_post": reader.is_confirmed and powers.is_open and head["visibility"] != "author",
        "can_reply_as_new_topic": reader.is_confirmed,
        "can_convert_topic": False,
        "can_review_topic": False,
        "can_close_topic": reader.is_signed_in and closes,
        "can_archive_topic": False,
        "can_split_merge_topic": False,
        "can_edit_staff_notes": False,
        "can_toggle_topic_visibility": False,
        "can_pin_unpin_topic": False,
        "can_moderate_category": reader.is_signed_in and moves,
        "can_remove_self_id": reader.id or 0,
    }


def participant(person: Row, posts: int) -> Json:
    return shapes.basic_user(person) | {
        "post_count": posts,
        "primary_group_name": None,
        "flair_name": None,
        "flair_url": None,
        "flair_color": None,
        "flair_bg_color": None,
        "admin": person["site_role"] == "admin",
        "moderator": person["site_role"] in ("moderator", "admin"),
        "trust_level": 1,
    }


async def topic_posts(request: Request) -> Response:
    """`/t/{id}/posts.json?post_ids[]=…`: these posts of a thread; without ids its first chunk."""
    reader = request.reader
    head = await thread_head(reader, asked_id(request))
    asked = request.query_params.getlist("post_ids[]") + request.query_params.getlist("post_ids")
    stream = await queries.stream_of(reader, head["id"])
    if asked:
        wanted = {int(value) for value in asked[:MOST_POSTS] if value.isascii() and value.isdigit() and len(value) < 19}
        chosen = [row for row in stream if row["id"] in wanted]
    else:
        chosen = stream[:CHUNK]
    rows = await posts_numbered(reader, head["id"], [row["number"] for row in chosen])
    replies = Counter(row["reply_to"] for row in stream)
    powers = powers_in(reader, head)
    posts = [shapes.stream_post(row, head, powers, reader, replies[row["number"]]) for row in rows]
    return JSONResponse({"post_stream": {"posts": posts}, "id": head["id"]})


async def posts_numbered(reader: Reader, thread: int, numbers: list[int]) -> list[Row]:
    """The posts of these ascending numbers; neighbours are read together."""
    rows: list[Row] = []
    start = 0
    for i, number in enumerate(numbers):
        if i + 1 == len(numbers) or numbers[i + 1] - number > CHUNK:
            rows += await posts_between(reader, thread, numbers[start], number)
            start = i + 1
    wanted = set(numbers)
    return [row for row in rows if row["number"] in wanted]


async def single_post(reader: Reader, post: int) -> tuple[Json, Row, Powers, Row]:
    """A post with its Markdown, and what it was made of: its row, powers, its thread's head. Raises NotFound."""
    if post > BIGGEST:
        raise NotFound
    source = await post_source(reader, post)
    head = await thread_head(reader, source["thread_id"])
    row = await one_post(reader, post)
    powers = powers_in(reader, head)
    replies = await queries.replies_to(reader, head["id"], row["number"])
    return shapes.single_post(row, head, powers, reader, replies, source["markdown"]), row, powers, head


async def post(request: Request) -> Response:
    """`/posts/{id}.json`: one post, its Markdown as `raw`."""
    shown, row, powers, _head = await single_post(request.reader, asked_id(request))
    return JSONResponse(shown | {"actions_summary": shapes.likes_of(row, powers, request.reader)})


async def user(request: Request) -> Response:
    """`/u/{username}.json`: a person; a claimed placeholder is whoever claimed it."""
    reader = request.reader
    person: Any = await profile_of(reader, request.path_params["username"])
    if person["claimed_by"]:
        person = await profile_of(reader, person["claimed_by"])
    if person["disabled_at"] is not None:
        raise NotFound
    last = await queries.last_posted(reader, person["id"])
    featured = await queries.topics(
        reader,
        ["t.author_id in (select w.id from person w where $4 in (w.id, w.same_as))"],
        [person["id"]],
        order="t.reply_count desc, t.id desc",
        first=0,
        limit=1,
    )
    return JSONResponse({"user_badges": [], "user": user_json(reader, person, last, featured)})
