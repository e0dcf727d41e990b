"""The thread page, and what is done from it."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from forum.database.engine import Row, fetch_one
from forum.threads import actions, drafts, shared, writing
from forum.threads.fragments import Powers, powers_in, render_post, render_posts
from forum.threads.kept import KeptInFile, stamp_of
from forum.threads.page_queries import guest_content, guest_stamp, page_head
from forum.threads.post_queries import Post, one_post, post_of, posts_between, quotable_post
from forum.threads.queries import thread_head
from forum.threads.reading import remember_read
from forum.threads.rules import numbers_on, page_of, pages_in, quote_of, with_quote
from forum.web import parts
from forum.web.error_pages import message_of
from forum.web.errors import NotFound, Problem
from forum.web.packed import is_personal, pack, packed_page
from forum.web.pages import FLASH, asked_back, page, redirect, swap, theme_of
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.routing import route
from forum.web.switches import check_writable

guest_pages = KeptInFile(256_000_000, hot=16_000_000)
# No thread has a post of a higher number: it would not fit its column.
NUMBER_MOST = 2**31 - 100
# The scripts of a page with a composer.
TOOLS: Mapping[str, Any] = {"page_modules": ("composer.js",)}


def asked_id(request: Request, name: str = "id") -> int:
    """A row's id out of the path. Raises NotFound for what no row can have."""
    value = str(request.path_params[name])
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise NotFound
    return int(value)


def thread_url(head: Row) -> str:
    return f"/t/{head['slug']}/{head['id']}"


async def thread_page(request: Request) -> Response:
    """`/t/{slug}/{id}[/{number}]`; a wrong slug redirects, and a number with zeros before it; guests get a kept page where
    nothing changed."""
    thread = asked_id(request)
    number = asked_id(request, "number") if "number" in request.path_params else 1
    if number > NUMBER_MOST:
        raise NotFound
    is_asked_more = bool(request.scope["query_string"])
    numbers = f"/{thread}" + (f"/{number}" if "number" in request.path_params else "")
    if not request.scope["path"].endswith(numbers):
        there = f"/t/{quote(request.path_params['slug'])}{numbers}"
        return RedirectResponse(f"{there}?{request.url.query}" if is_asked_more else there, 301)
    if is_asked_more and (jump := request.query_params.get("post")):
        at = f"/{int(jump)}" if jump.isascii() and jump.isdigit() and len(jump) < 9 else ""
        return RedirectResponse(f"/t/{request.path_params['slug']}/{thread}{at}", 303)
    if request.reader.is_signed_in:
        return await members_page(request, thread, number)
    if FLASH in request.scope["haas.cookies"] or is_asked_more:
        return await fresh_page(request, thread, number)
    return await guest_page(request, thread, number)


async def members_page(request: Request, thread: int, number: int) -> Response:
    """The page for somebody who is signed in; those who have no part in the thread share one."""
    here = page_of(number)
    head, acts = await page_head(request.reader, thread, *numbers_on(here))
    is_here = request.path_params["slug"] == head["slug"] and number <= head["last_number"]
    if not is_here or not shared.is_shared(request, head):
        return await fresh_page(request, thread, number, head=(head, acts))
    await remember_read(request.reader, head, here)
    body = shared.kept_page(request, head, here)
    if body is None:
        made = await fresh_page(shared.for_nobody(request), thread, number, head=(head, acts), key=shared.KEY)
        body = shared.keep_page(request, head, here, bytes(made.body))
    return HTMLResponse(body)


async def guest_page(request: Request, thread: int, number: int) -> Response:
    """The page as every guest gets it, kept as long as one cheap row says that nothing changed."""
    place = (thread, page_of(number), theme_of(request))
    numbers = numbers_on(page_of(number))
    content = None if place in guest_pages else await guest_content(thread, *numbers)
    head = content[0] if content else await guest_stamp(thread)
    if request.path_params["slug"] != head["slug"]:
        return RedirectResponse(f"/t/{head['slug']}/{thread}" + (f"/{number}" if number > 1 else ""), 301)
    if number > head["last_number"]:
        raise NotFound
    stamp = stamp_of(head)
    tag = f'W/"{"-".join(map(str, (*place[1:], *stamp)))}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag, "vary": "Cookie, Accept-Encoding"})
    if kept := guest_pages.get(place, stamp):
        return packed_page(request, kept[0], tag)
    # what is newer than its stamp is made again when it is asked for next
    head, acts, posts = content or await guest_content(thread, *numbers)
    page = await fresh_page(request, thread, number, head=(head, acts), posts=posts)
    # between the two looks the title may have changed, so that there is nothing but the way to the new address
    if is_personal(request) or page.status_code != 200:
        return page
    packed = pack(bytes(page.body))
    guest_pages.put(place, stamp, packed)
    return packed_page(request, packed, tag)


async def fresh_page(
    request: Request,
    thread: int,
    number: int = 1,
    *,
    status: int = 200,
    head: tuple[Row, list[Any]] | None = None,
    posts: Sequence[Post] | None = None,
    ticket_errors: Mapping[str, str] | None = None,
    **reply: Any,
) -> Response:
    """The page as this reader gets it now. `head` with its acts and `posts` where they have been read; `reply` overrides
    what the composer shows (kept text, preview, errors)."""
    reader = request.reader
    here = page_of(number)
    first, last = numbers_on(here)
    head, acts = head or await page_head(reader, thread, first, last)
    if request.method in ("GET", "HEAD") and request.path_params.get("slug") != head["slug"]:
        return RedirectResponse(thread_url(head) + (f"/{number}" if number > 1 else ""), 301)
    if number > head["last_number"]:
        raise NotFound
    powers = powers_in(reader, head)
    if posts is None:
        posts = list(map(post_of, await posts_between(reader, thread, first, last)))
    body = render_posts(posts, acts, head, powers, reader)
    await remember_read(reader, head, here)
    if reader.is_signed_in and "draft" not in reply and (quoted := request.query_params.get("quote")):
        reply["draft"] = with_quote(head["draft"] or "", await quote_from(reader, thread, quoted))
    ticket = await parts.context("thread_ticket", request, head, ticket_errors)
    context = {
        "thread": head,
        "thread_url": thread_url(head),
        "body": body,
        "page": here,
        "pages": pages_in(head["last_number"]),
        "powers": powers,
        "strip": ticket.get("strip", Markup("")),
        "notes": ticket.get("notes", Markup("")),
        "aside": ticket.get("aside", Markup("")),
        "streams": " ".join([f"thread:{thread}@{head['version']}", *ticket.get("streams", ())]),
        "below": await parts.load("thread_below", request, head),
        "description": "",
        "feed": f"{thread_url(head)}.rss",
        "page_modules": ("live.js",),
    }
    if reader.is_signed_in:
        context |= await composer_context(request, head, **reply) | {"page_modules": ("live.js", "composer.js")}
    return await page(request, "threads/thread.html", status, **context)


async def composer_context(request: Request, head: Row, **kept: Any) -> dict[str, Any]:
    """What the reply form shows: a fresh key, the kept draft, whose reader this is."""
    return {
        "new_key": kept.get("key") or uuid4(),
        "draft": kept.get("draft", head["draft"] or ""),
        "draft_version": head["draft_version"] or 0,
        "preview": kept.get("preview"),
        "is_whisper": kept.get("is_whisper", head["draft_purpose"] == "whisper"),
        "errors": kept.get("errors", ()),
        "is_team": request.reader.is_team(head["project_id"]),
        "reply_actions": kept.get("reply_actions", ""),
        "tools": kept.get("tools") or await parts.load("composer", request, head),
        # which of the buttons is pressed first, where something has said
        "send": kept.get("send", ""),
    }


async def quote_from(reader: Reader, thread: int, number: str) -> str:
    """A whole post as a quote, without what it quotes itself; nothing where the reader may not see the post."""
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        return ""
    row = await quotable_post(reader, thread, int(number))
    return quote_of(row["username"], row["number"], thread, row["markdown"]) if row else ""


async def short_url(request: Request) -> Response:
    """`/t/{id}`: to the page with the words in its address."""
    head = await thread_head(request.reader, asked_id(request))
    return RedirectResponse(thread_url(head), 301)


async def reply(request: Request) -> Response:
    """Post a reply; without script it may also ask for a preview or keep the draft."""
    thread = asked_id(request)
    fields = request.fields
    markdown = fields.text("markdown", limit=100_000, required=False)
    # a box that is ticked outweighs the button that is pressed: a whisper never becomes a public answer
    purpose = "whisper" if "whisper" in fields.all("purpose") else fields.get("purpose") or "reply"
    if "preview" in fields:
        head = await thread_head(request.reader, thread)
        cooked = await writing.preview_of(markdown, head["project_slug"])
        return await fresh_page(
            request,
            thread,
            head["last_number"],
            draft=markdown,
            is_whisper=purpose == "whisper",
            preview=Markup(cooked.html),
            key=fields.key(),
        )
    if "save" in fields:
        await check_writable(request)
        head = await thread_head(request.reader, thread)
        await drafts.keep_draft(
            request.reader, f"thread:{thread}", markdown=markdown, data=drafts.data_of_reply(purpose)
        )
        return redirect(request, thread_url(head) + "#reply", "")
    try:
        await check_writable(request)
        fields.check()
        posted = await writing.post_reply(request.reader, thread, markdown, purpose=purpose, key=fields.key())
    except Problem as problem:
        if request.is_htmx or problem.status in (401, 404):
            raise
        head = await thread_head(request.reader, thread)
        if problem.status == 403:
            data = drafts.data_of_reply(purpose)
            await drafts.keep_draft(request.reader, f"thread:{thread}", markdown=markdown, data=data)
        return await fresh_page(
            request,
            thread,
            head["last_number"],
            status=problem.status,
            draft=markdown,
            is_whisper=purpose == "whisper",
            errors=[message_of(request, problem)],
            key=fields.key(),
        )
    if not request.is_htmx:
        return redirect(request, f"{posted.url}#post_{posted.number}")
    return await reply_swap(request, thread, posted)


async def reply_swap(request: Request, thread: int, posted: writing.Posted) -> Response:
    """For htmx: the new post before a fresh form; or, from another page of the thread, the way to the last one."""
    if request.fields.get("page") not in (None, "", str(page_of(posted.number))):
        return Response(status_code=204, headers={"hx-redirect": f"{posted.url}#post_{posted.number}"})
    reader = request.reader
    head = await thread_head(reader, thread)
    row = await one_post(reader, posted.post)
    shown = render_post(row, head, powers_in(reader, head), reader)
    context = await composer_context(request, head, draft="")
    form = await swap(
        request,
        "threads/reply.html",
        thread=head,
        page=page_of(posted.number),
        powers=powers_in(reader, head),
        **context,
    )
    return HTMLResponse(shown + Markup(bytes(form.body).decode()))


async def preview(request: Request) -> Response:
    """The text as it will stand, by the very function that cooks it for good."""
    fields = request.fields
    markdown = fields.text("markdown", limit=100_000, required=False)
    fields.check()
    is_local = fields.get("origin") in (None, "", "local")
    cooked = await writing.preview_of(markdown, fields.get("project", "")[:60], is_local=is_local)
    return HTMLResponse(cooked.html)


async def reaction(request: Request) -> Response:
    """Add (`on` 1) or take back (`on` 0) a reaction to a post."""
    post = asked_id(request)
    await actions.react(request.reader, post, request.path_params["kind"], on=request.fields.get("on") != "0")
    row = await fetch_one("select thread_id, number from post where id = $1", post)
    assert row is not None
    head = await thread_head(request.reader, row["thread_id"])
    if not request.is_htmx:
        return redirect(request, f"{thread_url(head)}/{row['number']}#post_{row['number']}")
    reader = request.reader
    return HTMLResponse(render_post(await one_post(reader, post), head, powers_in(reader, head), reader))


async def back_to_thread(request: Request, thread: int, number: int = 0, notice: str = "") -> Response:
    """After an act: where its form says (`asked_back`), else the thread; the front page where this reader may not see
    the thread any more."""
    try:
        head = await thread_head(request.reader, thread)
    except NotFound:
        return redirect(request, "/", notice)
    here = thread_url(head) + (f"/{number}#post_{number}" if number else "")
    return redirect(request, asked_back(request) or here, notice)


async def accept(request: Request) -> Response:
    number = request.fields.integer("number", most=2**31 - 1)
    request.fields.check()
    await actions.accept_answer(request.reader, asked_id(request), number)
    return await back_to_thread(request, asked_id(request), number)


async def take_back(request: Request) -> Response:
    head = await thread_head(request.reader, asked_id(request))
    await actions.take_back_acceptance(request.reader, asked_id(request))
    return await back_to_thread(request, asked_id(request), head["accepted_number"] or 0)


async def close(request: Request) -> Response:
    await actions.close_thread(request.reader, asked_id(request), request.fields.get("reason", ""))
    return await back_to_thread(request, asked_id(request))


async def reopen(request: Request) -> Response:
    await actions.reopen_thread(request.reader, asked_id(request))
    return await back_to_thread(request, asked_id(request))


async def move(request: Request) -> Response:
    category = request.fields.integer("category")
    request.fields.check()
    await actions.move_thread(request.reader, asked_id(request), category)
    return await back_to_thread(request, asked_id(request))


routes = [
    route("/t/{slug}/{id:int}", thread_page),
    route("/t/{slug}/{id:int}/{number:int}", thread_page),
    route("/t/{id:int}", short_url),
    route("/t/{id}/replies", reply, access="signed_in", methods=("POST",), while_read_only=True),
    route("/preview", preview, access="signed_in", methods=("POST",), while_read_only=True),
    route("/posts/{id}/reactions/{kind}", reaction, access="signed_in", methods=("POST",)),
    route("/t/{id}/acceptance", accept, access="signed_in", methods=("POST",)),
    route("/t/{id}/acceptance/delete", take_back, access="signed_in", methods=("POST",)),
    route("/t/{id}/closure", close, access="signed_in", methods=("POST",)),
    route("/t/{id}/closure/delete", reopen, access="signed_in", methods=("POST",)),
    route("/t/{id}/move", move, access="signed_in", methods=("POST",)),
]

__all__ = ["Powers", "asked_id", "back_to_thread", "fresh_page", "routes", "thread_url"]
