"""Discourse's write calls: start a thread, reply, edit, like, retitle and move, close and reopen."""

from html import escape

from starlette.responses import JSONResponse, Response

from categories.ask.actions import ask
from forum.api import queries, shapes
from forum.api.reading import read_body
from forum.api.shapes import LIKE, PROJECT_IDS, Json
from forum.api.topics import single_post
from forum.database.engine import action
from forum.projects.rules import may_see_category
from forum.threads import actions
from forum.threads.editing import edit_post
from forum.threads.pages import asked_id
from forum.threads.post_queries import posts_between
from forum.threads.queries import post_source, thread_head
from forum.threads.rules import TAGS_MOST, TITLE_MOST
from forum.threads.writing import Posted, post_reply
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader
from forum.web.requests import Request

TEXT_MOST = 100_000
TAG_MOST = 60
NUMBER_MOST = 2**31 - 1
# What Discourse's clients send along and what changes nothing of what is posted.
HARMLESS = frozenset(
    {
        "auto_track",
        "nested_post",
        "typing_duration_msecs",
        "composer_open_duration_msecs",
        "draft_key",
        "image_sizes",
        "bypass_bump",
    }
)


async def create_post(request: Request) -> Response:
    """`POST /posts.json`: a reply where `topic_id` is given, else a new thread.

    A thread in support is a ticket: waiting where its author accepted the terms before and has said in which capacity
    they ask; else a draft that they alone see. The header `X-Haas-Ticket` names its state.
    """
    body = await read_body(request)
    raw = body.text("raw", most=TEXT_MOST)
    topic_id = body.integer("topic_id")
    title = body.text("title", most=300, required=topic_id is None)
    category = body.integer("category")
    reply_to = body.integer("reply_to_post_number")
    tags = body.texts("tags", most=TAGS_MOST, each=TAG_MOST)
    is_whisper = body.flag("whisper")
    body.choice("archetype", ("regular",), default="regular")
    if topic_id is None and len(title) > TITLE_MOST:
        body.fail(
            "title",
            _("At most %(limit)d characters; these are %(n)d.") % {"limit": TITLE_MOST, "n": len(title)},
        )
    if topic_id is None and is_whisper:
        body.fail("whisper", _("Only a reply can be a whisper."))
    body.check(ignoring=HARMLESS)
    headers = {}
    if topic_id is not None:
        posted = await reply(request.reader, topic_id, raw, reply_to, is_whisper=is_whisper)
    else:
        posted, state = await start(request.reader, title, raw, category, tags or [])
        headers = {"x-haas-ticket": state} if state else {}
    shown, _row, _powers, _head = await single_post(request.reader, posted.post)
    return JSONResponse(shown | {"draft_sequence": 0}, headers=headers)


async def reply(reader: Reader, topic: int, raw: str, reply_to: int | None, *, is_whisper: bool) -> Posted:
    """Post a reply, to a post of the thread that the reader may see where one is named."""
    if reply_to is not None:
        await thread_head(reader, topic)
        if reply_to > NUMBER_MOST or not await posts_between(reader, topic, reply_to, reply_to):
            raise Invalid({"reply_to_post_number": _("This thread has no such post.")})
    return await post_reply(reader, topic, raw, purpose="whisper" if is_whisper else "reply", reply_to=reply_to)


async def start(reader: Reader, title: str, raw: str, category: int | None, tags: list[str]) -> tuple[Posted, str]:
    """Start a thread by the same action as the Ask page; also the state of its ticket, "" where it has none."""
    project, slug = await place_of(reader, category)
    capacity = await queries.last_capacity(reader)
    asked = await ask(reader, project, title, raw, category=slug, capacity=capacity, tags=tags)
    return asked.posted, await queries.state_of(asked.ticket) if asked.ticket else ""


async def place_of(reader: Reader, category: int | None) -> tuple[int, str]:
    """The project that a category's number means, and the category's slug; "" where the words are to choose it.

    Raises Invalid, NotFound.
    """
    projects = await queries.project_rows()
    if category is None:
        if len(projects) == 1:
            return projects[0]["id"], ""
        raise Invalid({"category": _("Choose the project that this is about.")})
    if category > PROJECT_IDS:
        if category - PROJECT_IDS in {row["id"] for row in projects}:
            return category - PROJECT_IDS, ""
        raise NotFound
    found = await queries.category_by_id(category)
    # private ones take reports from everybody
    if found is None or not (may_see_category(reader, found) or found["kind"] == "security"):
        raise NotFound
    return found["project_id"], found["slug"]


async def update_post(request: Request) -> Response:
    """`PUT /posts/{id}.json` `{"post": {"raw", "edit_reason"}}`: change a post's text."""
    body = await read_body(request)
    inner = body.object("post")
    raw = inner.text("raw", most=TEXT_MOST)
    reason = inner.text("edit_reason", most=300, required=False)
    body.check(ignoring=HARMLESS)
    posted = await edit_post(request.reader, asked_id(request), raw, reason=reason)
    shown, _row, _powers, _head = await single_post(request.reader, posted.post)
    if reason:
        shown["edit_reason"] = reason
    return JSONResponse({"post": shown | {"draft_sequence": 0}})


async def act_on_post(request: Request) -> Response:
    """`POST /post_actions.json` `{"id", "post_action_type_id": 2}`: like a post. Flags are not offered."""
    body = await read_body(request)
    post = body.integer("id", required=True) or 0
    kind = body.integer("post_action_type_id", required=True)
    if kind is not None and kind != LIKE:
        body.fail("post_action_type_id", _("Only 2, a like, is offered here."))
    if body.flag("flag_topic"):
        body.fail("flag_topic", _("Flags are not offered here."))
    body.check(ignoring=HARMLESS)
    await actions.react(request.reader, post, "like", on=True)
    shown, row, powers, _head = await single_post(request.reader, post)
    shown |= {"badges_granted": [], "actions_summary": shapes.likes_of(row, powers, request.reader)}
    return JSONResponse(shown)


async def update_topic(request: Request) -> Response:
    """`PUT /t/-/{id}.json` `{"topic": {"title", "category_id", "tags"}}`, or these at the top."""
    body = await read_body(request)
    inner = body.object("topic") if "topic" in body else body
    title = inner.text("title", most=TITLE_MOST, required=False)
    category = inner.integer("category_id")
    tags = inner.texts("tags", most=TAGS_MOST, each=TAG_MOST)
    # Ruby's client repeats what stands in the address
    repeated = body.integer("topic_id")
    thread = asked_id(request)
    if repeated is not None and repeated != thread:
        body.fail("topic_id", _("The address names another thread."))
    if "title" in inner and not title:
        inner.fail("title", _("Fill this in."))
    body.check(ignoring=HARMLESS)
    return JSONResponse({"basic_topic": await change_topic(request.reader, thread, title, category, tags)})


@action
async def change_topic(reader: Reader, thread: int, title: str, category: int | None, tags: list[str] | None) -> Json:
    """Retitle, tag and move a thread, all or nothing; what was not given stays. Raises NotFound, Forbidden, Invalid."""
    head = await thread_head(reader, thread)
    if title or tags is not None:
        first = await posts_between(reader, thread, 1, 1)
        if not first:
            raise NotFound
        source = await post_source(reader, first[0]["id"])
        await edit_post(reader, source["id"], source["markdown"], title=title or head["title"], tags=tags)
        head = await thread_head(reader, thread)
    # last, for whoever moves a thread may not see it there
    if category is not None and category != head["category_id"]:
        await actions.move_thread(reader, thread, category)
    return {
        "id": head["id"],
        "title": head["title"],
        "fancy_title": escape(head["title"], quote=False),
        "slug": head["slug"],
        "posts_count": head["reply_count"] + 1,
    }


async def set_status(request: Request) -> Response:
    """`PUT /t/{id}/status.json` `{"status": "closed", "enabled": "true"|"false"}`: close, reopen."""
    body = await read_body(request)
    body.choice("status", ("closed",))
    enabled = body.flag("enabled", required=True)
    body.check(ignoring=HARMLESS)
    change = actions.close_thread if enabled else actions.reopen_thread
    await change(request.reader, asked_id(request))
    return JSONResponse({"success": "OK", "topic_status_update": None})
