"""Lists of threads: the home page, latest, new, unread, top, unanswered, by project, category and tag."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from starlette.responses import Response

from forum.database.engine import Row
from forum.projects.queries import categories_of, category_by_slug, project_by_slug
from forum.projects.rules import may_see_category, visible_categories
from forum.threads import queries
from forum.threads.kept import Kept
from forum.threads.queries import Cursor
from forum.threads.rules import THREADS_A_PAGE
from forum.web import parts
from forum.web.errors import NotFound
from forum.web.i18n import _
from forum.web.packed import is_personal, pack, packed_page
from forum.web.pages import FLASH, page, theme_of
from forum.web.requests import Request
from forum.web.routing import route

guest_lists = Kept(2_000_000)


def asked_cursor(request: Request) -> Cursor | None:
    """Where a list goes on, out of `?below=`; None for its beginning and for what is no cursor."""
    at, dash, thread = request.query_params.get("below", "").partition("-")
    if (
        dash
        and at.isascii()
        and at.isdigit()
        and len(at) < 17
        and thread.isascii()
        and thread.isdigit()
        and len(thread) < 19
    ):
        return Cursor(queries.EPOCH + int(at) * queries.MICROSECOND, int(thread))
    return None


async def list_context(request: Request, rows: list[Row], *, path: str, can_go_on: bool = True) -> dict[str, Any]:
    """What the list's template needs: rows, what upper packages mark them with, and the address of what is older."""
    older = ""
    if can_go_on and len(rows) == THREADS_A_PAGE:
        older = f"{path}?below={Cursor(rows[-1]['bumped_at'], rows[-1]['id'])}"
    since = datetime.now(UTC)
    marked = await parts.context("row_marks", request.reader, rows)
    return {"threads": rows, "older": older, "list_path": path, "since": since, "marks": marked.get("marks", {})}


def tabs_for(request: Request, here: str, new: int, unread: int) -> list[tuple[str, str, bool, int]]:
    """The tabs above the site's lists; those of the reader's own only when there is one."""
    items = [("/latest", _("Latest"), here == "latest", 0)]
    if request.reader.is_signed_in:
        items += [("/new", _("New"), here == "new", new), ("/unread", _("Unread"), here == "unread", unread)]
    return [
        *items,
        ("/top", _("Top"), here == "top", 0),
        ("/unanswered", _("Unanswered"), here == "unanswered", 0),
    ]


async def home(request: Request) -> Response:
    """`/`: the Ask box, the latest threads, and aside what is the reader's own."""
    if request.reader.is_signed_in or request.query_params or FLASH in request.scope["haas.cookies"]:
        return await fresh_home(request)
    stamp = await queries.latest_stamp()
    minute = int(datetime.now(UTC).timestamp()) // 60
    theme = theme_of(request)
    key = (request.scope["path"], stamp, minute, theme)
    kept = guest_lists.get(key)
    if kept is None:
        made = await fresh_home(request)
        if is_personal(request):
            return made
        kept = pack(bytes(made.body))
        guest_lists.put(key, kept, len(kept))
    return packed_page(request, kept)


async def fresh_home(request: Request) -> Response:
    is_front = request.scope["path"] == "/"
    rows = await queries.list_threads(request.reader, below=asked_cursor(request))
    return await list_page(
        request, rows, "latest", path="/latest", title="" if is_front else _("Latest"), front=is_front
    )


async def list_page(
    request: Request, rows: list[Row], here: str, *, path: str, title: str, front: bool = False, **more: Any
) -> Response:
    """One of the site's lists, with its tabs."""
    new, unread = await queries.count_new(request.reader) if request.reader.is_signed_in else (0, 0)
    context = await list_context(request, rows, path=path, can_go_on=here in ("latest", "unanswered"))
    return await page(
        request,
        "threads/home.html",
        **context,
        tabs=tabs_for(request, here, new, unread),
        unread=unread,
        title=title,
        front=front,
        ask=await parts.load("home_top", request) if front else Markup(""),
        aside=await parts.load("home_aside", request),
        streams="list:0",
        feed="/latest.rss" if here == "latest" else "",
        page_modules=("live.js",),
        **more,
    )


async def new(request: Request) -> Response:
    rows = await queries.new_threads(request.reader)
    return await list_page(request, rows, "new", path="/new", title=_("New"))


async def unread(request: Request) -> Response:
    rows = await queries.unread_threads(request.reader)
    return await list_page(request, rows, "unread", path="/unread", title=_("Unread"))


async def top(request: Request) -> Response:
    period = request.query_params.get("period", "month")
    if period not in queries.PERIODS:
        raise NotFound
    rows = await queries.top_threads(request.reader, period)
    periods = [("day", _("Day")), ("week", _("Week")), ("month", _("Month")), ("year", _("Year")), ("all", _("All"))]
    return await list_page(request, rows, "top", path="/top", title=_("Top"), period=period, periods=periods)


async def unanswered(request: Request) -> Response:
    rows = await queries.list_threads(request.reader, unanswered=True, below=asked_cursor(request))
    return await list_page(request, rows, "unanswered", path="/unanswered", title=_("Unanswered"))


async def project_threads(request: Request) -> Response:
    """`/c/{project}`: all threads of a project."""
    project = await project_by_slug(request.path_params["project"])
    rows = await queries.list_threads(request.reader, project=project["id"], below=asked_cursor(request))
    return await place_page(request, rows, project, None)


async def category_threads(request: Request) -> Response:
    """`/c/{project}/{category}`: the threads of one category; a private one is not there for others."""
    category = await category_by_slug(request.path_params["project"], request.path_params["category"])
    if not may_see_category(request.reader, category):
        raise NotFound
    project = await project_by_slug(request.path_params["project"])
    rows = await queries.list_threads(request.reader, category=category["id"], below=asked_cursor(request))
    return await place_page(request, rows, project, category)


async def place_page(request: Request, rows: list[Row], project: Row, category: Row | None) -> Response:
    path = f"/c/{project['slug']}" + (f"/{category['slug']}" if category else "")
    categories = visible_categories(request.reader, await categories_of(project["id"]))
    return await page(
        request,
        "threads/place.html",
        **await list_context(request, rows, path=path),
        project=project,
        category=category,
        categories=categories,
        streams=f"list:{project['id']}",
        feed=f"{path}.rss",
        page_modules=("live.js",),
    )


async def tag_threads(request: Request) -> Response:
    """`/tag/{tag}`: threads that carry a tag."""
    name = request.path_params["tag"]
    below = asked_cursor(request)
    rows = await queries.list_threads(request.reader, tag=name, below=below)
    # a tag that hidden threads alone carry is not there either
    if not rows and below is None:
        raise NotFound
    context = await list_context(request, rows, path=f"/tag/{quote(name)}")
    return await page(request, "threads/tag.html", **context, tag_name=name, feed=f"/tag/{quote(name)}.rss")


routes = [
    route("/", home),
    route("/latest", home),
    route("/new", new, access="signed_in"),
    route("/unread", unread, access="signed_in"),
    route("/top", top),
    route("/unanswered", unanswered),
    route("/c/{project}", project_threads),
    route("/c/{project}/{category}", category_threads),
    route("/tag/{tag}", tag_threads),
]
