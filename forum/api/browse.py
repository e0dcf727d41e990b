"""Discourse's lists as JSON: latest and top threads, categories, tags, search, and what the site is like."""

from typing import Any

from starlette.responses import JSONResponse, Response

from forum.api import queries, shapes
from forum.api.constants import SITE
from forum.api.queries import NEWEST, ORDERS
from forum.api.shapes import PROJECT_IDS, Json
from forum.database.engine import Row
from forum.projects.queries import category_by_slug, project_by_slug
from forum.projects.roles import may
from forum.projects.rules import may_see_category, visible_categories
from forum.threads.pages import asked_id
from forum.threads.rules import THREADS_A_PAGE
from forum.web.errors import NotFound
from forum.web.reader import Reader
from forum.web.requests import Request
from search import interface as search

MOST_A_PAGE = 100
# Discourse's periods and those of our own pages, in days.
PERIODS = {
    "daily": 1,
    "weekly": 7,
    "monthly": 30,
    "quarterly": 91,
    "yearly": 365,
    "all": 36500,
    "day": 1,
    "week": 7,
    "month": 30,
    "year": 365,
}
TOP = "t.reply_count desc, t.bumped_at desc, t.id desc"


def asked_number(request: Request, name: str, default: int, most: int) -> int:
    """A number of the query from 0 to `most`; `default` for what is none."""
    value = request.query_params.get(name, "")
    return min(int(value), most) if value.isascii() and value.isdigit() and len(value) < 9 else default


async def topic_list(
    request: Request,
    which: list[str],
    values: list[object],
    *,
    order: str = NEWEST,
    closed_shape: bool = False,
) -> Json:
    """One page (`?page=` from 0, `?per_page=`) of a list of threads, with the people in it."""
    per_page = max(1, asked_number(request, "per_page", THREADS_A_PAGE, MOST_A_PAGE))
    at = asked_number(request, "page", 0, 10_000)
    rows = await queries.topics(request.reader, which, values, order=order, first=at * per_page, limit=per_page + 1)
    shown = rows[:per_page]
    unpinned = False if order == TOP else None
    listed: Json = {
        "can_create_topic": request.reader.is_confirmed,
        "per_page": per_page,
        "topics": [shapes.topic(row, request.reader, is_closed_shape=closed_shape, unpinned=unpinned) for row in shown],
    }
    if not closed_shape:
        listed |= {"draft": None, "draft_key": "new_topic", "draft_sequence": 0}
        if len(rows) > per_page:
            path = request.scope["path"].removesuffix(".json")
            listed["more_topics_url"] = f"{path}?page={at + 1}&per_page={per_page}"
    return {"users": shapes.users_of(shown), "primary_groups": [], "topic_list": listed}


async def latest(request: Request) -> Response:
    """`/latest.json`: threads by their last activity, or by `?order=` (created, activity, posts) `&ascending=`."""
    column = ORDERS.get(request.query_params.get("order", ""))
    order = NEWEST
    if column is not None:
        way = "asc" if request.query_params.get("ascending") == "true" else "desc"
        order = f"{column} {way}, t.id {way}"
    return JSONResponse(await topic_list(request, [], [], order=order))


async def unanswered(request: Request) -> Response:
    """`/unanswered.json`: open threads without a reply."""
    return JSONResponse(await topic_list(request, ["t.reply_count = 0 and not t.is_closed"], []))


async def tag(request: Request) -> Response:
    """`/tag/{tag}.json`: threads that carry a tag."""
    name = request.path_params["tag"]
    which = "t.id in (select tt.thread_id from thread_tag tt join tag g on g.id = tt.tag_id where g.name = $4)"
    found = await topic_list(request, [which], [name])
    if not found["topic_list"]["topics"] and not asked_number(request, "page", 0, 1):
        raise NotFound
    return JSONResponse(found)


async def top(request: Request) -> Response:
    """`/top.json`: the threads active within `?period=` that drew most replies."""
    period = request.query_params.get("period", "monthly")
    if period not in PERIODS:
        raise NotFound
    which = "t.bumped_at > now() - make_interval(days => $4)"
    found = await topic_list(request, [which], [PERIODS[period]], order=TOP)
    found["topic_list"]["for_period"] = period
    return JSONResponse(found)


async def category(request: Request) -> Response:
    """`/c/{slug}/{id}.json`: by Discourse's number of a category or project, or (`/c/{project}/{category}.json`) by
    their names, as the pages."""
    asked = request.path_params["id"]
    if not asked.isascii() or not asked.isdigit():
        found: Row | None = await category_by_slug(request.path_params["slug"], asked)
    else:
        number = asked_id(request)
        if number > PROJECT_IDS:
            which = ["t.project_id = $4"]
            if number - PROJECT_IDS not in {row["id"] for row in await queries.project_rows()}:
                raise NotFound
            return JSONResponse(await topic_list(request, which, [number - PROJECT_IDS], closed_shape=True))
        found = await queries.category_by_id(number)
    if found is None or not may_see_category(request.reader, found):
        raise NotFound
    return JSONResponse(await topic_list(request, ["t.category_id = $4"], [found["id"]], closed_shape=True))


async def project(request: Request) -> Response:
    """`/c/{project}.json`: a project's threads."""
    found = await project_by_slug(request.path_params["project"])
    return JSONResponse(await topic_list(request, ["t.project_id = $4"], [found["id"]], closed_shape=True))


async def category_tree(reader: Reader) -> list[tuple[dict[str, Any], list[Row]]]:
    """Each project as a top-level category with the categories that are named to this reader."""
    rows = visible_categories(reader, await queries.all_categories())
    by_project: dict[int, list[Row]] = {}
    for row in rows:
        by_project.setdefault(row["project_id"], []).append(row)
    return [
        (
            {
                "id": PROJECT_IDS + row["id"],
                "name": row["name"],
                "slug": row["slug"],
                "description": row["tagline"],
                "kind": "",
                "visibility": "public",
                "path": row["slug"],
                "project": row["id"],
            },
            by_project.get(row["id"], []),
        )
        for row in await queries.project_rows()
    ]


def figures(counts: list[Row]) -> Json:
    """The counts of one category, or of all of a project's."""
    total = {name: sum(row[name] for row in counts) for name in ("topics", "posts", "day", "week", "month", "year")}
    return {
        "topic_count": total["topics"],
        "post_count": total["posts"],
        "topics_day": total["day"],
        "topics_week": total["week"],
        "topics_month": total["month"],
        "topics_year": total["year"],
        "topics_all_time": total["topics"],
    }


async def categories(request: Request) -> Response:
    """`/categories.json`: projects, with their categories inside where `?include_subcategories=true`."""
    reader = request.reader
    deep = request.query_params.get("include_subcategories") == "true"
    counts = await queries.category_counts(reader)

    def one(row: Any, below: list[Row], position: int, of: list[Row], project: int) -> Json:
        shown = shapes.category_common(row, position=position, may_edit=may(reader, "edit_project", project))
        shown |= figures([counts[c["id"]] for c in of if c["id"] in counts])
        return shown | {
            "has_children": bool(below),
            "subcategory_count": len(below),
            "is_uncategorized": False,
            "subcategory_ids": [c["id"] for c in below],
        }

    listed = []
    for position, (top_level, below) in enumerate(await category_tree(reader)):
        number = top_level["project"]
        shown = one(top_level, below, position, below, number)
        if deep:
            shown["subcategory_list"] = [one(child(c), [], c["position"], [c], number) for c in below]
        listed.append(shown)
    return JSONResponse(
        {
            "category_list": {
                "can_create_category": False,
                "can_create_topic": reader.is_confirmed,
                "categories": listed,
            }
        }
    )


def child(row: Row) -> dict[str, Any]:
    return dict(row) | {"path": f"{row['project_slug']}/{row['slug']}"}


async def tags(request: Request) -> Response:
    """`/tags.json`: the tags of the threads one may see."""
    rows = await queries.tags_seen(request.reader)
    listed = [
        {
            "id": row["id"],
            "text": row["name"],
            "name": row["name"],
            "count": row["count"],
            "pm_count": 0,
            "target_tag": None,
        }
        for row in rows
    ]
    return JSONResponse({"tags": listed, "extras": {"categories": []}})


async def site(request: Request) -> Response:
    """`/site.json`: what clients ask first: categories, the numbers of kinds, tags."""
    reader = request.reader
    counts = await queries.category_counts(reader)
    listed: list[Json] = []
    for position, (top_level, below) in enumerate(await category_tree(reader)):
        edits = may(reader, "edit_project", top_level["project"])
        pairs = [(top_level, below, position), *((child(c), [c], c["position"]) for c in below)]
        for row, of, at in pairs:
            is_top = row is top_level
            shown = shapes.category_common(row, position=at, may_edit=edits)
            figured = figures([counts[c["id"]] for c in of if c["id"] in counts])
            shown |= {name: figured[name] for name in ("topic_count", "post_count")}
            shown |= {
                "has_children": is_top and bool(below),
                "subcategory_count": len(below) if is_top else 0,
                "allow_global_tags": True,
                "required_tag_groups": [],
                "read_only_banner": None,
            }
            if not is_top:
                shown["parent_category_id"] = top_level["id"]
            listed.append(shown)
    seen = sorted(await queries.tags_seen(reader), key=lambda row: -row["count"])[:20]
    top_tags = [{"id": row["id"], "name": row["name"], "slug": row["name"]} for row in seen]
    return JSONResponse(SITE | {"categories": listed, "top_tags": top_tags, "can_tag_topics": reader.is_confirmed})


async def find(request: Request) -> Response:
    """`/search.json?q=&page=` (from 1): posts with the thread they stand in, and people."""
    reader = request.reader
    term = request.query_params.get("q", "")[:500]
    page = max(1, asked_number(request, "page", 1, 1000))
    results = await search.current().find(reader, term, page=page)
    rows = await queries.found_posts(reader, [(found.thread, found.number) for found in results.threads])
    posts = []
    for found in results.threads:
        row = rows.get((found.thread, found.number))
        if row is None:
            continue
        posts.append(
            {
                "id": row["id"],
                "name": found.author,
                "username": found.username,
                "avatar_template": shapes.avatar_template(row["person_id"], found.author or found.username),
                "created_at": shapes.moment(row["created_at"]),
                "like_count": row["likes"],
                "blurb": str(found.excerpt),
                "post_number": found.number,
                "topic_id": found.thread,
                "topic_slug": found.slug,
                "topic_title_headline": str(found.title),
            }
        )
    users = [shapes.basic_user({"id": p.id, "username": p.username, "name": p.name}) for p in results.people]
    grouped = {
        "more_posts": None,
        "more_users": None,
        "more_categories": None,
        "term": term,
        "search_log_id": 0,
        "more_full_page_results": "true" if page < results.pages else None,
        "can_create_topic": reader.is_confirmed,
        "error": None,
        "post_ids": [found["id"] for found in posts],
        "user_ids": [user["id"] for user in users],
        "category_ids": [],
        "tag_ids": [],
        "group_ids": [],
    }
    return JSONResponse(
        {
            "posts": posts,
            "users": users,
            "categories": [],
            "tags": [],
            "groups": [],
            "grouped_search_result": grouped,
        }
    )
