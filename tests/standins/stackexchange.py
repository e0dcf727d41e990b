"""The Stack Exchange API 2.3, as far as questions with a tag are read: pages, filters, backoff, quota, errors, gzip.

Rules are those of https://api.stackexchange.com/docs: whatever they refuse is refused here, every answer is gzip, errors
have status 400. Tests set: `questions` (whole, as `/questions` gives them with every field), `site`, `key`, `quota`,
`backoff` (said with each page, and kept: who comes too early is refused), `nests` (False: answers and comments are left
out), `fails` (answers to the next requests, as [status, object]), `deny_filters`.
"""

import gzip
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.standins.state import State

Json = dict[str, Any]
FIRST_QUOTA = 300
state = State(questions=[], site="stackoverflow", key="", quota=FIRST_QUOTA, backoff=0, nests=True, fails=[])
# What the default filter leaves out.
EXTRA = {
    "body",
    "body_markdown",
    "answers",
    "comments",
    "comment_count",
    "up_vote_count",
    "down_vote_count",
    "closed_details",
}
KNOWN_FILTERS: dict[str, set[str]] = {"default": set(), "withbody": {"body"}}
kept_back: dict[str, float] = {}


class Refusal(Exception):
    """An error of the API: id, name, message."""


def said(told: Json, status: int = 200) -> Response:
    """Gzip, whatever was asked for."""
    return Response(
        gzip.compress(json.dumps(told).encode()),
        status,
        {"content-encoding": "gzip"},
        "application/json; charset=utf-8",
    )


def answering(
    handler: Callable[[Request, dict[str, str]], Awaitable[Json]],
) -> Callable[[Request], Awaitable[Response]]:
    """What holds for every method: the next failure that was set, quota, keys, sites, backoff."""

    async def answer(request: Request) -> Response:
        fields = await state.note(request)
        if state["fails"]:
            status, told = state["fails"].pop(0)
            return said(told, status)
        try:
            return said(wrapped(handler.__name__, await checked(handler, request, fields)))
        except Refusal as refusal:
            id_, name, message = refusal.args
            return said({"error_id": id_, "error_name": name, "error_message": message}, 400)

    return answer


async def checked(
    handler: Callable[[Request, dict[str, str]], Awaitable[Json]], request: Request, fields: Json
) -> Json:
    if request.method != "GET":
        raise Refusal(404, "no_method", "simulated method not found")
    if state["quota"] <= 0:
        raise Refusal(
            502, "throttle_violation", "too many requests from this IP, more requests available in 61234 seconds"
        )
    if fields.get("key") and fields["key"] != state["key"]:
        raise Refusal(400, "bad_parameter", "`key` doesn't match a known application")
    if handler.__name__ != "create_filter" and not fields.get("site"):
        raise Refusal(400, "bad_parameter", "site is required")
    if handler.__name__ != "create_filter" and fields["site"] not in (state["site"], f"{state['site']}.com"):
        raise Refusal(400, "bad_parameter", f"No site found for name `{fields['site']}`")
    if time.monotonic() < kept_back.get(handler.__name__, 0):
        raise Refusal(502, "throttle_violation", "backoff was not kept")
    state["quota"] -= 1
    return await handler(request, fields)


def wrapped(method: str, told: Json) -> Json:
    whole = {"has_more": False, **told, "quota_max": FIRST_QUOTA, "quota_remaining": state["quota"]}
    if state["backoff"] and method != "create_filter":
        kept_back[method] = time.monotonic() + state["backoff"]
        whole["backoff"] = state["backoff"]
    return whole


def number(fields: Json, name: str, default: int, most: int) -> int:
    told = fields.get(name, str(default))
    if not told.isdigit() or not 1 <= int(told) <= most:
        raise Refusal(400, "bad_parameter", name)
    return int(told)


def page_of(fields: Json, items: list[Json]) -> Json:
    page, size = number(fields, "page", 1, 10**6), number(fields, "pagesize", 30, 100)
    if page > 25 and not fields.get("key"):
        raise Refusal(403, "access_denied", "page above 25 requires access token or app key")
    wanted = fields.get("filter", "default")
    if wanted not in KNOWN_FILTERS:
        raise Refusal(400, "bad_parameter", f"Invalid filter specified: {wanted}")
    first = (page - 1) * size
    shown = [filtered(item, KNOWN_FILTERS[wanted]) for item in items[first : first + size]]
    more: Json = {"items": shown, "has_more": first + size < len(items)}
    return more | ({"total": len(items)} if "total" in KNOWN_FILTERS[wanted] else {})


def filtered(item: Json, fields: set[str]) -> Json:
    """An item with what its filter names; of what is below it too."""
    kept = {name: value for name, value in item.items() if name not in EXTRA or name in fields}
    for name in ("answers", "comments"):
        if isinstance(kept.get(name), list):
            kept[name] = [filtered(below, fields) if isinstance(below, dict) else below for below in kept[name]]
    if not state["nests"]:
        kept.pop("answers", None)
        kept.pop("comments", None)
    return kept


@answering
async def create_filter(_request: Request, fields: dict[str, str]) -> Json:
    if state.get("deny_filters"):
        raise Refusal(404, "no_method", "no such method")
    names = [name for name in fields.get("include", "").split(";") if name]
    if fields.get("base") not in ("none", "default", "withbody", "total") or any("." not in name for name in names):
        raise Refusal(400, "bad_parameter", "include")
    name = f"!filter{len(KNOWN_FILTERS)}"
    KNOWN_FILTERS[name] = {each.rpartition(".")[2] for each in names}
    return {"items": [{"filter": name, "included_fields": names, "filter_type": "safe"}]}


@answering
async def questions(_request: Request, fields: dict[str, str]) -> Json:
    if fields.get("sort", "activity") not in ("activity", "creation", "votes", "hot"):
        raise Refusal(400, "bad_parameter", "sort")
    tag, since = fields.get("tagged"), int(fields.get("fromdate", 0))
    found = [q for q in state["questions"] if (not tag or tag in q["tags"]) and q["creation_date"] >= since]
    found.sort(key=lambda q: q["creation_date"], reverse=fields.get("order", "desc") == "desc")
    return page_of(fields, found)


def ids_of(request: Request) -> set[int]:
    told = request.path_params["ids"].split(";")
    if len(told) > 100 or not all(each.isdigit() for each in told):
        raise Refusal(400, "bad_parameter", "ids")
    return {int(each) for each in told}


@answering
async def answers(request: Request, fields: dict[str, str]) -> Json:
    ids = ids_of(request)
    return page_of(fields, [a for q in state["questions"] if q["question_id"] in ids for a in q.get("answers", [])])


@answering
async def comments(request: Request, fields: dict[str, str]) -> Json:
    ids = ids_of(request)
    posts = [p for q in state["questions"] for p in (q, *q.get("answers", []))]
    return page_of(
        fields, [c for p in posts if p.get("answer_id", p["question_id"]) in ids for c in p.get("comments", [])]
    )


@answering
async def info(_request: Request, _fields: dict[str, str]) -> Json:
    return {"items": [{"api_revision": "2026.3.1.1", "total_questions": len(state["questions"])}]}


@answering
async def no_method(_request: Request, _fields: dict[str, str]) -> Json:
    raise Refusal(404, "no_method", "no method found with this name")


async def forget(request: Request) -> Response:
    kept_back.clear()
    return await state.forget(request)


app = Starlette(
    routes=[
        Route("/_/state", forget, methods=["DELETE"]),
        *state.routes(),
        Route("/2.3/filters/create", create_filter),
        Route("/2.3/info", info),
        Route("/2.3/questions", questions),
        Route("/2.3/questions/{ids}/answers", answers),
        Route("/2.3/posts/{ids}/comments", comments),
        Route("/{path:path}", no_method),
    ]
)
