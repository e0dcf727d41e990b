"""Feeds (RSS 2.0) of the latest threads, a place, a tag, a thread and a person; the sitemap. Each asks visibility."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from starlette.responses import Response

from forum.api import queries
from forum.database.engine import fetch, fetch_value
from forum.markup import excerpt
from forum.projects.queries import category_by_slug, project_by_slug
from forum.projects.rules import may_see_category
from forum.threads.attribution import with_attribution
from forum.threads.pages import asked_id
from forum.threads.post_queries import posts_between
from forum.threads.queries import posts_by, profile_of, thread_head
from forum.web.errors import NotFound
from forum.web.i18n import _
from forum.web.requests import Request
from forum.web.routing import route

ENTRIES = 30
URLS_A_PART = 10_000
# what XML 1.0 cannot hold at all
UNXML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LOCAL_LINK = re.compile(r'(href|src)="/(?!/)')


def xml(text: str) -> str:
    return escape(UNXML.sub("", text), {'"': "&quot;"})


def item(base: str, path: str, title: str, html: str, by: str, at: datetime, tags: Iterable[str] = ()) -> str:
    """One entry; `html` is what the reader of the feed shows, its links made whole."""
    whole = LOCAL_LINK.sub(rf'\1="{base}/', html)
    labels = "".join(f"<category>{xml(tag)}</category>" for tag in tags)
    return (
        f'<item><title>{xml(title)}</title><link>{base}{xml(path)}</link><guid isPermaLink="true">{base}{xml(path)}</guid>'
        f"<dc:creator>{xml(by)}</dc:creator><pubDate>{format_datetime(at.astimezone(UTC))}</pubDate>{labels}"
        f"<description>{xml(whole)}</description></item>"
    )


def feed(request: Request, title: str, path: str, items: list[str]) -> Response:
    """The channel of a page (`path`) with its entries."""
    base, here = request.settings.base_url, request.scope["path"]
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{xml(title)}</title><link>{base}{xml(path)}</link><description>{xml(title)}</description>"
        f'<atom:link href="{base}{xml(here)}" rel="self" type="application/rss+xml"/>{"".join(items)}</channel></rss>\n'
    )
    return Response(body, media_type="application/rss+xml")


async def threads(request: Request, title: str, path: str, which: list[str], values: list[object]) -> Response:
    """A list of threads, the newest first, each with the beginning of its question."""
    rows = await queries.topics(
        request.reader, which, values, order="t.created_at desc, t.id desc", first=0, limit=ENTRIES
    )
    return feed(request, title, path, [thread_item(request.settings.base_url, row) for row in rows])


def beginning(post: Mapping[str, Any]) -> str:
    """The beginning of a post's text, and whose it is."""
    return with_attribution(f"<p>{escape(excerpt(post['html']))}</p>", post)


def thread_item(base: str, row: Mapping[str, Any]) -> str:
    by = next((p["name"] or p["username"] for p in row["people"] or () if p["id"] == row["author"]), "")
    html = beginning(row["first"]) if row["first"] else ""
    path = f"/t/{row['slug']}/{row['id']}"
    return item(base, path, row["title"], html, by, row["created_at"], [tag["name"] for tag in row["tags"] or ()])


async def latest(request: Request) -> Response:
    """`/latest.rss`."""
    return await threads(request, f"{request.settings.site_name}: {_('Latest')}", "/latest", [], [])


async def project(request: Request) -> Response:
    """`/c/{project}.rss`."""
    found = await project_by_slug(request.path_params["project"])
    return await threads(request, found["name"], f"/c/{found['slug']}", ["t.project_id = $4"], [found["id"]])


async def category(request: Request) -> Response:
    """`/c/{project}/{category}.rss`."""
    found = await category_by_slug(request.path_params["project"], request.path_params["category"])
    if not may_see_category(request.reader, found):
        raise NotFound
    title, path = f"{found['project_name']}: {found['name']}", f"/c/{found['project_slug']}/{found['slug']}"
    return await threads(request, title, path, ["t.category_id = $4"], [found["id"]])


async def tag(request: Request) -> Response:
    """`/tag/{tag}.rss`; a tag that nothing visible carries is not there."""
    name = request.path_params["tag"]
    if name not in {row["name"] for row in await queries.tags_seen(request.reader)}:
        raise NotFound
    which = "t.id in (select tt.thread_id from thread_tag tt join tag g on g.id = tt.tag_id where g.name = $4)"
    return await threads(request, name, f"/tag/{name}", [which], [name])


async def thread(request: Request) -> Response:
    """`/t/{id}.rss` and `/t/{slug}/{id}.rss`: the latest posts of a thread."""
    head = await thread_head(request.reader, asked_id(request))
    last = head["last_number"]
    rows = await posts_between(request.reader, head["id"], max(1, last - ENTRIES + 1), last)
    base, path = request.settings.base_url, f"/t/{head['slug']}/{head['id']}"
    items = [
        item(
            base,
            f"{path}/{row['number']}",
            head["title"],
            with_attribution(row["html"], row),
            row["name"] or row["username"],
            row["created_at"],
        )
        for row in reversed(rows)
        if row["deleted_at"] is None
    ]
    return feed(request, head["title"], path, items)


async def person(request: Request) -> Response:
    """`/u/{username}.rss`: what somebody wrote last."""
    found = await profile_of(request.reader, request.path_params["username"])
    if found["claimed_by"] or found["disabled_at"] is not None:
        raise NotFound
    name = found["name"] or found["username"]
    rows = await posts_by(request.reader, found["id"], limit=ENTRIES)
    items = [
        item(
            request.settings.base_url,
            f"/t/{row['slug']}/{row['thread_id']}/{row['number']}",
            row["title"],
            beginning(row),
            name,
            row["created_at"],
        )
        for row in rows
    ]
    return feed(request, name, f"/u/{found['username']}", items)


async def sitemap(request: Request) -> Response:
    """`/sitemap.xml`: the index of the parts that hold public threads."""
    base = request.settings.base_url
    last = await fetch_value("select max(t.id) from thread t where t.visibility = 'public'")
    parts = "".join(
        f"<sitemap><loc>{base}/sitemap/{part}.xml</loc></sitemap>" for part in range(1, (last or 0) // URLS_A_PART + 2)
    )
    return site_file(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{parts}</sitemapindex>')


async def sitemap_part(request: Request) -> Response:
    """`/sitemap/{part}.xml`: public threads by their ids, ten thousand ids a part."""
    part = asked_id(request, "part")
    if not 1 <= part <= 1_000_000:
        raise NotFound
    rows = await fetch(
        "select t.id, t.slug, t.bumped_at from thread t where t.visibility = 'public' and t.id between $1 and $2"
        " order by t.id",
        (part - 1) * URLS_A_PART,
        part * URLS_A_PART - 1,
    )
    base = request.settings.base_url
    urls = "".join(
        f"<url><loc>{base}/t/{row['slug']}/{row['id']}</loc><lastmod>{row['bumped_at']:%Y-%m-%d}</lastmod></url>"
        for row in rows
    )
    return site_file(f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>')


def site_file(body: str) -> Response:
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n',
        media_type="application/xml",
        headers={"cache-control": "public, max-age=3600"},
    )


routes = [
    route("/latest.rss", latest),
    route("/c/{project}.rss", project),
    route("/c/{project}/{category}.rss", category),
    route("/tag/{tag}.rss", tag),
    route("/t/{id}.rss", thread),
    route("/t/{slug}/{id}.rss", thread),
    route("/u/{username}.rss", person),
    route("/sitemap.xml", sitemap),
    route("/sitemap/{part}.xml", sitemap_part),
]
