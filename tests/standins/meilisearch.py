"""A Meilisearch that speaks the HTTP API as far as the site uses it, keeps state, and refuses what the server refuses.

What it does not do it answers with 500, so that nobody comes to rely on a wrong answer. A test tells it, by `/_/state`:
`key` (the master key, "" for none), `pause` (seconds that a task takes), `hold` (tasks wait), `slow` (seconds that a
search takes), `broken` (answers as some proxy would), `fail` (a kind of task that fails), `limit` (largest payload).
"""

import asyncio
import gzip
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.standins import meilisearch_filters
from tests.standins.meilisearch_index import Index, Refused, checked_settings
from tests.standins.state import State

VERSION = "1.15.1"
UID = re.compile(r"[A-Za-z0-9_-]{1,400}")
state = State(key="", pause=0.001, hold=False, slow=0, broken=False, fail="", limit=100_000_000)
indexes: dict[str, Index] = {}
tasks: list[dict[str, Any]] = []
line = asyncio.Lock()
running: set["asyncio.Task[None]"] = set()
Work = Callable[[], None]


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def enqueue(kind: str, uid: str | None, work: Work, **details: Any) -> Response:
    """Take a task into the line: it is done after all that came before it."""
    task: dict[str, Any] = {
        "uid": len(tasks),
        "indexUid": uid,
        "status": "enqueued",
        "type": kind,
        "canceledBy": None,
        "details": details,
        "error": None,
        "duration": None,
        "enqueuedAt": now(),
        "startedAt": None,
        "finishedAt": None,
    }
    tasks.append(task)
    doing = asyncio.create_task(do(task, work))
    running.add(doing)
    doing.add_done_callback(running.discard)
    summary = {"taskUid": task["uid"], "indexUid": uid, "status": "enqueued", "type": kind}
    return JSONResponse({**summary, "enqueuedAt": task["enqueuedAt"]}, 202)


async def do(task: dict[str, Any], work: Work) -> None:
    async with line:
        while state["hold"]:  # noqa: ASYNC110 (a test sets it in this dict)
            await asyncio.sleep(0.01)
        task |= {"status": "processing", "startedAt": now()}
        await asyncio.sleep(state["pause"])
        try:
            if state["fail"] == task["type"]:
                raise Refused("internal", "the disk is full")
            work()
        except Refused as error:
            task |= {"status": "failed", "error": described(error)}
        else:
            task["status"] = "succeeded"
        task |= {"finishedAt": now(), "duration": "PT0.001S"}


def described(error: Refused) -> dict[str, str]:
    kind = "auth" if error.status in (401, 403) else "internal" if error.status == 500 else "invalid_request"
    link = f"https://docs.meilisearch.com/errors#{error.code}"
    return {"message": error.message, "code": error.code, "type": kind, "link": link}


def index_named(uid: str) -> Index:
    if uid not in indexes:
        raise Refused("index_not_found", f"Index `{uid}` not found.", 404)
    return indexes[uid]


async def body_of(request: Request) -> Any:
    raw = await request.body()
    if request.headers.get("content-encoding") == "gzip":
        raw = gzip.decompress(raw)
    if len(raw) > state["limit"]:
        raise Refused("payload_too_large", "The provided payload reached the size limit.", 413)
    if request.headers.get("content-type") != "application/json":
        raise Refused("invalid_content_type", "The Content-Type must be application/json.", 415)
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Refused("malformed_payload", f"The json payload provided is malformed. `{error}`.") from None


Handler = Callable[[Request], Awaitable[Response]]


def door(path: str, method: str, handler: Handler, *, is_open: bool = False) -> Route:
    """A route behind the key; whatever is refused is told as the server tells it."""

    async def answer(request: Request) -> Response:
        state.heard.append({"path": request.url.path, "method": method, "body": (await request.body()).decode()[:5000]})
        try:
            if state["broken"]:
                return HTMLResponse("<h1>Bad gateway</h1>", 502)
            given = request.headers.get("authorization", "")
            if state["key"] and not is_open:
                if not given:
                    raise Refused("missing_authorization_header", "The Authorization header is missing.", 401)
                if given != f"Bearer {state['key']}":
                    raise Refused("invalid_api_key", "The provided API key is invalid.", 403)
            return await handler(request)
        except Refused as error:
            return JSONResponse(described(error), error.status)

    return Route(path, answer, methods=[method])


async def health(_request: Request) -> Response:
    return JSONResponse({"status": "available"})


async def version(_request: Request) -> Response:
    return JSONResponse({"commitSha": "unknown", "commitDate": "unknown", "pkgVersion": VERSION})


async def create(request: Request) -> Response:
    body = await body_of(request)
    uid = str(body.get("uid"))
    if not UID.fullmatch(uid):
        raise Refused("invalid_index_uid", f"`{uid}` is not a valid index uid.")

    def work() -> None:
        if uid in indexes:
            raise Refused("index_already_exists", f"Index `{uid}` already exists.")
        indexes[uid] = Index(uid, body.get("primaryKey"))

    return enqueue("indexCreation", uid, work)


async def one(request: Request) -> Response:
    index = index_named(request.path_params["uid"])
    times = {"createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}
    return JSONResponse({"uid": index.uid, "primaryKey": index.primary_key, **times})


async def drop(request: Request) -> Response:
    uid = request.path_params["uid"]

    def work() -> None:
        index_named(uid)
        del indexes[uid]

    return enqueue("indexDeletion", uid, work)


async def stats(request: Request) -> Response:
    index = index_named(request.path_params["uid"])
    return JSONResponse({"numberOfDocuments": len(index.documents), "isIndexing": False, "fieldDistribution": {}})


async def settings(request: Request) -> Response:
    return JSONResponse(index_named(request.path_params["uid"]).settings)


async def change_settings(request: Request) -> Response:
    uid, changes = request.path_params["uid"], checked_settings(await body_of(request))

    def work() -> None:
        indexes.setdefault(uid, Index(uid)).set(changes)

    return enqueue("settingsUpdate", uid, work)


async def documents(request: Request) -> Response:
    """What anybody with a key reads of documents: the displayed attributes."""
    index = index_named(request.path_params["uid"])
    shown = [index.shown({}, document, 0) for document in index.documents.values()]
    return JSONResponse({"results": shown[:20], "offset": 0, "limit": 20, "total": len(shown)})


async def add(request: Request) -> Response:
    uid, given = request.path_params["uid"], await body_of(request)
    key = request.query_params.get("primaryKey")

    def work() -> None:
        # as the server does: an index that is not there is made, with the settings of a fresh one
        index = indexes.setdefault(uid, Index(uid))
        index.primary_key = index.primary_key or key or "id"
        index.add(given, is_update=request.method == "PUT")

    return enqueue("documentAdditionOrUpdate", uid, work, receivedDocuments=len(given))


async def remove(request: Request) -> Response:
    uid, ids = request.path_params["uid"], [str(each) for each in await body_of(request)]
    return enqueue("documentDeletion", uid, lambda: index_named(uid).remove(ids), providedIds=len(ids))


async def remove_all(request: Request) -> Response:
    uid = request.path_params["uid"]
    return enqueue("documentDeletion", uid, lambda: index_named(uid).remove(list(index_named(uid).documents)))


async def remove_where(request: Request) -> Response:
    uid, body = request.path_params["uid"], await body_of(request)

    def work() -> None:
        index = index_named(uid)
        try:
            test = meilisearch_filters.read(body["filter"], index.settings["filterableAttributes"])
        except meilisearch_filters.Invalid as error:
            raise Refused("invalid_document_filter", str(error)) from None
        index.remove([name for name, document in index.documents.items() if test(document)])

    return enqueue("documentDeletion", uid, work)


async def search(request: Request) -> Response:
    body = await body_of(request)
    await asyncio.sleep(state["slow"])
    return JSONResponse(index_named(request.path_params["uid"]).search(body))


async def swap(request: Request) -> Response:
    pairs = [pair["indexes"] for pair in await body_of(request)]
    names = [name for pair in pairs for name in pair]
    if len(set(names)) < len(names):
        raise Refused("invalid_swap_duplicate_index_found", "Indexes must be declared only once during a swap.")

    def work() -> None:
        missing = [name for name in names if name not in indexes]
        if missing:
            raise Refused("index_not_found", f"Indexes {', '.join(f'`{name}`' for name in missing)} not found.")
        for a, b in pairs:
            indexes[a], indexes[b] = indexes[b], indexes[a]
            indexes[a].uid, indexes[b].uid = a, b

    return enqueue("indexSwap", None, work, swaps=[{"indexes": pair} for pair in pairs])


async def inside(request: Request) -> Response:
    """For tests alone: the documents of an index, whole."""
    return JSONResponse(list(index_named(request.path_params["uid"]).documents.values()))


async def task_of(request: Request) -> Response:
    uid = int(request.path_params["task"])
    if uid >= len(tasks):
        raise Refused("task_not_found", f"Task `{uid}` not found.", 404)
    return JSONResponse(tasks[uid])


app = Starlette(
    routes=[
        *state.routes(),
        Route("/_/documents/{uid}", inside),
        door("/health", "GET", health, is_open=True),
        door("/version", "GET", version),
        door("/indexes", "POST", create),
        door("/swap-indexes", "POST", swap),
        door("/tasks/{task:int}", "GET", task_of),
        door("/indexes/{uid}", "GET", one),
        door("/indexes/{uid}", "DELETE", drop),
        door("/indexes/{uid}/stats", "GET", stats),
        door("/indexes/{uid}/settings", "GET", settings),
        door("/indexes/{uid}/settings", "PATCH", change_settings),
        door("/indexes/{uid}/documents", "GET", documents),
        door("/indexes/{uid}/documents", "POST", add),
        door("/indexes/{uid}/documents", "PUT", add),
        door("/indexes/{uid}/documents", "DELETE", remove_all),
        door("/indexes/{uid}/documents/delete-batch", "POST", remove),
        door("/indexes/{uid}/documents/delete", "POST", remove_where),
        door("/indexes/{uid}/search", "POST", search),
    ]
)
