"""The door `/webhooks/{source}`, and `/admin/incoming`, where an admin sees what came through it and has it handled again."""

from datetime import UTC, datetime

from starlette.responses import JSONResponse, Response

from forum.incoming.actions import handle_again, keep
from forum.incoming.queries import PAGE, deliveries, state_of_incoming
from forum.incoming.sources import sources
from forum.web.errors import NotFound
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route

HEADER_MOST = 1000


async def webhook(request: Request) -> Response:
    """Take a delivery: verified on the bytes as they came, kept, and only then acknowledged."""
    source = sources.get(request.path_params["source"])
    if source is None or not source.is_open(request.settings):
        raise NotFound
    raw = await request.body()
    known = source.verify(raw, request.headers, request.settings, datetime.now(UTC))
    kept = {name: request.headers[name][:HEADER_MOST] for name in source.keeps if name in request.headers}
    await keep(source.name, known, raw, kept)
    return JSONResponse({"received": True})


async def incoming(request: Request) -> Response:
    """What came in, newest first."""
    before = request.query_params.get("before", "")
    given_up = request.query_params.get("state") == "given-up"
    cursor = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    found = await deliveries(cursor, given_up=given_up)
    path = "/admin/incoming" + ("?state=given-up" if given_up else "")
    older = f"{path}{'&' if given_up else '?'}before={found[PAGE - 1]['id']}" if len(found) > PAGE else ""
    open_doors = [source.name for source in sources.values() if source.is_open(request.settings)]
    return await page(
        request,
        "incoming/incoming.html",
        deliveries=found[:PAGE],
        given_up=given_up,
        n_given_up=(await state_of_incoming())[0],
        older=older,
        doors=[f"{request.settings.base_url}/webhooks/{name}" for name in sorted(open_doors)],
        handled_by=set(sources),
        request_csrf=request.csrf_token,
    )


async def again(request: Request) -> Response:
    """Have one handled again; audited."""
    await handle_again(request.reader, request.path_params["delivery"])
    return redirect(request, "/admin/incoming", _("It is being handled again."))


routes = [
    route("/webhooks/{source}", webhook, access="signed", methods=("POST",), while_read_only=True),
    route("/admin/incoming", incoming, access="admin"),
    route("/admin/incoming/{delivery:int}/again", again, access="admin", methods=("POST",)),
]
