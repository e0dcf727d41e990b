"""`/u/{username}`: who somebody is here, and what they wrote, as far as the reader may see it."""

from typing import Any

from starlette.responses import RedirectResponse, Response

from forum.database.engine import Row
from forum.markup import excerpt
from forum.threads.attribution import attribution_line
from forum.threads.fragments import PLACES
from forum.threads.queries import MOST_COUNTED, list_threads, posts_by, profile_of
from forum.web import parts
from forum.web.pages import page
from forum.web.requests import Request
from forum.web.routing import route

THREADS_SHOWN = 5
POSTS_SHOWN = 10
A_PAGE = 20
# Where people are found who come from elsewhere and have no account here.
ADDRESSES = {"github.com": "https://github.com/{}"}


def known_from(person: Row) -> tuple[str, str] | None:
    """The name of the place a person is known from, and their address there or ""; None for people of this site."""
    if person["kind"] == "local":
        return None
    login, _at, host = person["username"].partition("@")
    return PLACES.get(host, host), person["origin_url"] or ADDRESSES.get(host, "").format(login.partition("~")[0])


async def asked_person(request: Request, below: str = "") -> Row | Response:
    """The person in the path; a claimed placeholder leads to who claimed it. Raises NotFound."""
    person = await profile_of(request.reader, request.path_params["username"])
    if person["claimed_by"]:
        return RedirectResponse(f"/u/{person['claimed_by']}{below}", 302)
    return person


def shown(rows: list[Row]) -> list[dict[str, Any]]:
    """Posts with the beginning of their text and whose they are, as the list shows them."""
    return [
        dict(row)
        | {"excerpt": excerpt(row["html"], 240), "line": attribution_line(row["attribution"], row["origin_url"])}
        for row in rows
    ]


async def profile(request: Request) -> Response:
    """`/u/{username}`: the person, their latest threads and posts."""
    person = await asked_person(request)
    if isinstance(person, Response):
        return person
    reader = request.reader
    return await page(
        request,
        "threads/profile.html",
        person=person,
        feed=f"/u/{person['username']}.rss",
        known_from=known_from(person),
        most=MOST_COUNTED,
        threads=await list_threads(reader, author=person["id"], limit=THREADS_SHOWN),
        posts=shown(await posts_by(reader, person["id"], limit=POSTS_SHOWN)),
        panels=await parts.load("profile_panels", request, person),
        is_self=person["id"] == reader.id,
    )


async def activity(request: Request) -> Response:
    """`/u/{username}/activity`: all they wrote, latest first. `?below=12`: what came before that post."""
    person = await asked_person(request, "/activity")
    if isinstance(person, Response):
        return person
    asked = request.query_params.get("below", "")
    below = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    rows = await posts_by(request.reader, person["id"], below=below, limit=A_PAGE + 1)
    older = rows[A_PAGE - 1]["id"] if len(rows) > A_PAGE else 0
    return await page(
        request,
        "threads/activity.html",
        person=person,
        posts=shown(rows[:A_PAGE]),
        older=older,
        is_self=person["id"] == request.reader.id,
    )


routes = [
    route("/u/{username}", profile),
    route("/u/{username}/activity", activity),
]
