"""What a thread shows beside it of what it is joined with, for the team and for whoever asked."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from categories.support.joining.queries import joined_of
from forum.database.engine import Row
from forum.projects.roles import may
from forum.web.requests import Request
from forum.web.templates import fragment


async def panel_of(request: Request, head: Row | Mapping[str, Any], ticket: Row | None) -> Markup:
    """The panel; a page where nothing is joined pays no statement for it, but for the team's of a thread without ticket."""
    reader = request.reader
    is_team = reader.is_team(head["project_id"])
    has_some = is_team if ticket is None else bool(ticket["joined"] or ticket["merged_into"])
    if not (is_team or head["is_own"]) or not has_some:
        return Markup("")
    joined = await joined_of(reader, head["id"])
    if not joined:
        return Markup("")
    return fragment(
        "support/joined.html",
        joined=joined,
        may_link=may(reader, "link", head["project_id"], assigned=head["is_assigned"]),
        may_merge=may(reader, "merge", head["project_id"], assigned=head["is_assigned"]),
        csrf=request.csrf_token,
    )
