"""`/t/{id}/split`: which posts become a thread of their own, under which title, in which category."""

from collections.abc import Mapping

from starlette.responses import RedirectResponse, Response

from forum.database.engine import Row, fetch
from forum.markup import plain
from forum.projects.queries import categories_of
from forum.projects.rules import visible_categories
from forum.threads.actions import require_on_thread
from forum.threads.pages import asked_id, back_to_thread
from forum.threads.queries import thread_head
from forum.threads.splitting import moved_post, split
from forum.threads.visibility import visible_post, visible_thread
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.pages import asked_back, page, redirect
from forum.web.requests import Request
from forum.web.routing import route

# So many posts are shown to choose from, from a number on.
A_PAGE = 100


def number_of(text: str) -> int:
    """A post's number as it was sent; 0, which none has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


async def posts_from(request: Request, head: Row, first: int) -> list[Row]:
    """The posts that could be split off, from a number on, with the beginning of each."""
    return await fetch(
        "select p.number, p.is_whisper, left(p.html, 4000) as html, p.created_at,"
        " coalesce(nullif(a.name, ''), a.username) as name from post p join thread t on t.id = p.thread_id"
        " join person w on w.id = p.author_id join person a on a.id = coalesce(w.same_as, w.id)"
        f" where t.id = $1 and p.number >= $2 and p.deleted_at is null and {visible_thread('t', '$3')}"
        f" and {visible_post('p', 't', '$3')} order by p.number limit $4",
        head["id"],
        first,
        request.reader.id,
        A_PAGE,
    )


async def split_form(request: Request) -> Response:
    """The form; with `?from=` that post and all after it are chosen."""
    head = await thread_head(request.reader, asked_id(request))
    require_on_thread(request.reader, "split", head)
    first = number_of(request.query_params.get("from", ""))
    return await form(request, head, {"title": "", "category": str(head["category_id"])}, chosen=None, first=first)


async def form(
    request: Request,
    head: Row,
    values: Mapping[str, str],
    *,
    chosen: set[int] | None,
    first: int = 0,
    faults: Mapping[str, str] | None = None,
) -> Response:
    posts = await posts_from(request, head, max(2, first - 5 if first else 2))
    picked = {row["number"] for row in posts if row["number"] >= first} if chosen is None and first else chosen or set()
    return await page(
        request,
        "threads/split.html",
        422 if faults else 200,
        thread=head,
        back=asked_back(request),
        posts=[
            {"number": r["number"], "name": r["name"], "is_whisper": r["is_whisper"], "text": plain(r["html"])[:140]}
            for r in posts
        ],
        picked=picked,
        values=values,
        faults=faults or {},
        categories=[
            (str(c["id"]), c["name"])
            for c in visible_categories(request.reader, await categories_of(head["project_id"]))
        ],
    )


async def split_off(request: Request) -> Response:
    """Split, and on to the new thread, or back to where the form says."""
    head = await thread_head(request.reader, asked_id(request))
    require_on_thread(request.reader, "split", head)
    fields = request.fields
    numbers = [n for text in fields.all("numbers") if (n := number_of(text))]
    category = fields.get("category", "")
    try:
        made = await split(
            request.reader,
            head["id"],
            numbers,
            fields.get("title", "")[:400],
            number_of(category),
        )
    except Invalid as invalid:
        values = {"title": fields.get("title", "")[:400], "category": category[:20]}
        return await form(request, head, values, chosen=set(numbers), faults=invalid.errors)
    notice = _("These posts are a thread of their own now.")
    if not asked_back(request) and request.reader.id is not None and await is_there(request, made.thread):
        return redirect(request, made.url, notice)
    return await back_to_thread(request, head["id"], notice=notice)


async def moved(request: Request) -> Response:
    """From the line that a post left behind to where it stands now."""
    thread, slug, number = await moved_post(request.reader, asked_id(request))
    return RedirectResponse(f"/t/{slug}/{thread}" + (f"/{number}#post_{number}" if number > 1 else ""), 303)


async def is_there(request: Request, thread: int) -> bool:
    """Whether whoever split may read the new thread, too."""
    rows = await fetch(
        f"select 1 from thread t where t.id = $1 and {visible_thread('t', '$2')}", thread, request.reader.id
    )
    return bool(rows)


routes = [
    route("/posts/{id}/moved", moved),
    route("/t/{id}/split", split_form, access="signed_in"),
    route("/t/{id}/split", split_off, access="signed_in", methods=("POST",)),
]
