"""What stands above an imported thread until its author has confirmed the question in it."""

from typing import Any

from forum.database.engine import Row
from forum.settings import settings
from forum.web.parts import Part
from forum.web.requests import Request
from importers.github.people import SOURCE


async def imported_draft(request: Request, head: Row, is_requester: bool) -> dict[str, Any] | None:
    """To the asker: please confirm. To everybody else: how to show that one is the asker. No statement."""
    if head["origin"] != SOURCE:
        return None
    is_signed_in = request.reader.is_signed_in
    has_github = any(name == SOURCE for name, _label in settings().ways_in)
    return {
        "is_requester": is_requester,
        "is_signed_in": is_signed_in,
        "username": request.reader.username,
        "next": f"/t/{head['slug']}/{head['id']}",
        # a form's token makes a guest's page their own; it is asked for only where there is the form
        "csrf": request.csrf_token if has_github and not is_signed_in else "",
        "has_github": has_github,
    }


IMPORTED_DRAFT = Part(imported_draft, "github/draft_claim.html")
