"""`/search`, what drops down under the search field while one types, and threads about the same as a question."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from forum.database.engine import Row, fetch, fetch_value
from forum.markup import plain
from forum.threads.pages import asked_id, thread_url
from forum.threads.post_queries import posts_between
from forum.threads.queries import thread_head
from forum.web.pages import page, swap
from forum.web.parts import Part
from forum.web.requests import Request
from forum.web.routing import route
from search.interface import Results, Similar, current
from search.query import LONGEST, clean

# A question has so many letters before anything is looked for.
LEAST = 4
# Of a first post, what says enough about the rest.
BODY = 4000
SOLVED = {"yes": True, "no": False}


def asked_text(request: Request, *names: str, limit: int = LONGEST) -> str:
    """The first of these parameters that was sent with something in it, trimmed."""
    return next((text for name in names if (text := clean(request.query_params.get(name, ""), limit).strip())), "")


async def project_by_handle(slug: str) -> int | None:
    """The id of a project; 0, which none has, where there is no such project; None where none was named."""
    if not slug:
        return None
    return int(await fetch_value("select id from project where slug = $1", slug.lower()) or 0)


async def find(request: Request) -> Response:
    """`/search?q=`: threads with the post that matches best, and people. The form narrows by project and solved."""
    text = asked_text(request, "q", "title")
    chosen = {"project": asked_text(request, "project", limit=60), "solved": asked_text(request, "solved", limit=3)}
    number = request.page_number()
    found = Results()
    if text:
        found = await current().find(
            request.reader,
            text,
            project=await project_by_handle(chosen["project"]),
            solved=SOLVED.get(chosen["solved"]),
            page=number,
        )
    projects = await fetch("select slug, name from project order by lower(name) limit 300")

    def address(to: int) -> str:
        kept = {"q": text, **{name: value for name, value in chosen.items() if value}}
        return "/search?" + urlencode(kept | ({"page": str(to)} if to > 1 else {}))

    return await page(
        request,
        "search/search.html",
        text=text,
        chosen=chosen,
        found=found,
        trouble=current().trouble if request.reader.is_admin else "",
        projects=[(row["slug"], row["name"]) for row in projects],
        newer=address(number - 1) if number > 1 else "",
        older=address(number + 1) if number < found.pages else "",
    )


async def live(request: Request) -> Response:
    """For htmx: a few threads and people under the field; nothing until there are two letters."""
    text = asked_text(request, "q")
    found = await current().suggest(request.reader, text) if len(text) > 1 else Results()
    return await swap(request, "search/live.html", text=text, found=found)


async def similar(request: Request) -> Response:
    """For htmx: `/similar?title=&body=&project=`, the list of "Solved before?" beside a question being written; with
    `drop=1` the short one that drops down under the Ask box."""
    title = asked_text(request, "title")
    threads: list[Similar] = []
    if len(title) >= LEAST:
        project = await project_by_handle(asked_text(request, "project", limit=60))
        body = asked_text(request, "body", "markdown", limit=BODY)
        threads = await current().similar(request.reader, title, body, project=project)
    template = "search/alike_drop.html" if request.query_params.get("drop") else "search/similar.html"
    return await swap(request, template, title=title if len(title) >= LEAST else "", threads=threads)


async def similar_to_thread(request: Request) -> Response:
    """`/t/{id}/similar`: a fragment for the thread's page, or without script a page of its own."""
    head = await thread_head(request.reader, asked_id(request))
    first = await posts_between(request.reader, head["id"], 1, 1)
    body = plain(first[0]["html"])[:BODY] if first and not first[0]["deleted_at"] else ""
    threads = await current().similar(
        request.reader, head["title"], body, project=head["project_id"], exclude=head["id"]
    )
    context: dict[str, Any] = {"thread": head, "thread_url": thread_url(head), "threads": threads}
    if request.is_htmx:
        return await swap(request, "search/alike.html", **context)
    return await page(request, "search/alike_page.html", **context)


async def below_thread(_request: Request, head: Row) -> dict[str, Any]:
    """What stands below a thread until it comes into sight: a link, which costs the page no statement."""
    return {"thread": head}


BELOW_THREAD = Part(below_thread, "search/below_thread.html", alike=True)

routes = [
    route("/search", find),
    route("/search/live", live),
    route("/similar", similar),
    route("/t/{id}/similar", similar_to_thread),
]
