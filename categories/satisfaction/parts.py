"""What ratings put on a thread: the question to its requester, what was said to the team."""

from datetime import UTC, datetime
from typing import Any

from categories.satisfaction.queries import rating_view
from categories.satisfaction.rules import face_name, faces, may_rate
from forum.database.engine import Row
from forum.web import parts
from forum.web.requests import Request
from forum.web.templates import fragment


async def thread_rating(request: Request, head: Row, _errors: object = None) -> dict[str, Any] | None:
    """Above the posts, for a requester; beside them, for the team. Nobody else costs or sees anything."""
    reader = request.reader
    if not reader.is_signed_in or head["category_kind"] != "support":
        return None
    is_team = reader.is_team(head["project_id"])
    if not (head["is_own"] or is_team):
        return None
    found = await rating_view(head["id"], reader.person, is_team=is_team)
    if found is None:
        return None
    shown: dict[str, Any] = {}
    said = found["own"]
    first_at = datetime.fromisoformat(said["first_at"]) if said and said["first_at"] else None
    # a ticket that is answered goes on; the question stands there once it is over
    is_asked = found["state"] in ("resolved", "closed") or said is not None
    if found["is_requester"] and is_asked and may_rate(found["state"], first_at, datetime.now(UTC)):
        shown["notes"] = fragment(
            "satisfaction/ask.html",
            ticket=found["id"],
            said=said,
            words=face_name(said["face"]) if said else "",
            faces=faces(),
            csrf=request.csrf_token,
        )
    if found["all_said"]:
        each = [s | {"words": face_name(s["face"]), "at": datetime.fromisoformat(s["at"])} for s in found["all_said"]]
        shown["aside"] = fragment("satisfaction/said.html", said=each)
    return shown or None


THREAD = parts.Part(thread_rating, "", alike=True)
