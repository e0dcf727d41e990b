"""Rating a ticket: on its thread, and by the link of the closing mail."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from categories.satisfaction.actions import rate, rate_by_link
from categories.satisfaction.queries import asked_by, own_rating
from categories.satisfaction.rules import FACES, face_name, faces, may_rate
from forum.database.engine import fetch_value
from forum.threads.pages import asked_id, back_to_thread
from forum.web.errors import Conflict, Invalid, NotFound
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.pages import page
from forum.web.requests import Form, Request
from forum.web.routing import route


def said_in(form: Form) -> tuple[int, str]:
    """Face and comment as they were sent; 0 for no face."""
    face = form.get("face", "")
    return int(face) if face in {str(each) for each in FACES} else 0, form.get("comment", "")


async def on_thread(request: Request) -> Response:
    """A face pressed, or a comment added, above one's own thread."""
    ticket = asked_id(request)
    await rate(request.reader, ticket, *said_in(request.fields))
    thread = await fetch_value("select thread_id from ticket where id = $1", ticket)
    return await back_to_thread(request, thread, notice=_("Thank you. You can change it for 14 days."))


async def by_link(request: Request) -> Response:
    """`/rate/{token}`: asked for (by a person or by whatever reads their mail) it changes nothing; sent, it counts."""
    token = request.path_params["token"]
    asked = await asked_by(token) if token.isascii() and len(token) == 32 else None
    if asked is None:
        raise NotFound
    said = await own_rating(asked["ticket_id"], asked["person_id"])
    face = request.query_params.get("face", "")
    shown: dict[str, Any] = {
        "face": int(face) if face in ("1", "2", "3") else said["face"] if said else 0,
        "comment": said["comment"] if said else "",
    }
    faults: dict[str, str] = {}
    done = False
    if request.method == "POST":
        await limit(f"rate:{token}", most=30, seconds=3600)
        shown["face"], shown["comment"] = said_in(request.fields)
        try:
            await rate_by_link(token, shown["face"], shown["comment"])
            done = True
        except Invalid as invalid:
            faults = dict(invalid.errors)
        except Conflict as conflict:
            faults = {"": conflict.message}
        said = await own_rating(asked["ticket_id"], asked["person_id"])
    return await page(
        request,
        "satisfaction/rate.html",
        422 if faults else 200,
        asked=asked,
        faces=faces(),
        faults=faults,
        is_done=done,
        request_csrf=request.csrf_token,
        words=face_name(said["face"]) if said else "",
        is_open=may_rate(asked["state"], said["first_at"] if said else None, datetime.now(UTC)),
        **shown,
    )


routes = [
    route("/tickets/{id}/rating", on_thread, access="signed_in", methods=("POST",)),
    route("/rate/{token}", by_link, methods=("GET", "POST")),
]
