"""What a promotion puts on its thread's page: the issue for everybody, how far it is for those who may promote."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from categories.bugs.queries import PROMOTED, facts_of, is_overdue, obstacle
from categories.bugs.states import State, sentence
from forum.database.engine import Row
from forum.projects.roles import may
from forum.settings import settings
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.templates import fragment

ABSENT = Markup('<section id="promotion" hidden></section>')


async def panel(reader: Reader, head: Row | Mapping[str, Any]) -> Markup | None:
    """The panel beside a thread in a category for bugs or feature requests, and beside one from GitHub, empty but there
    where nothing is to be said (live news find their place by it); None for every other thread, whose acts tell of an
    issue it once became. A page's head says whether there is an issue to ask for."""
    if head["category_kind"] not in PROMOTED and head["origin"] != "github":
        return None
    may_promote = may(reader, "promote", head["project_id"])
    if not may_promote and not head.get("has_issue", True):
        return ABSENT
    facts = await facts_of(reader, head["id"])
    reason = obstacle(facts, settings()) if may_promote and facts["state"] is None else ""
    return fragment(
        "bugs/panel.html",
        facts=facts,
        absent=ABSENT,
        may_promote=may_promote,
        is_linked=facts["state"] == State.LINKED,
        is_failed=facts["state"] == State.FAILED,
        is_overdue=is_overdue(facts, datetime.now(UTC)),
        # of these everybody who sees the thread can tell the reason from the page itself
        is_absent=not may_promote or reason in ("not-public", "imported") or head["category_kind"] not in PROMOTED,
        reason=sentence(reason, "") if reason else "",
        problem=sentence(facts["problem"], facts["repository"], facts["detail"]) if facts["problem"] else "",
    )


async def thread_promotion(request: Request, head: Row, _errors: object = None) -> dict[str, Any] | None:
    """Beside the thread."""
    shown = await panel(request.reader, head)
    return None if shown is None else {"aside": shown}


async def promotion_news(reader: Reader, head: Row) -> dict[str, Any] | None:
    """Among what changed in the thread."""
    shown = await panel(reader, head)
    return None if shown is None else {"items": [{"id": "promotion", "html": shown}]}


async def inbox_promote(request: Request, ticket: Row, head: Row) -> dict[str, Any] | None:
    """Among the actions of a ticket in the inbox, for who may promote; it leads back beside the same list."""
    if not may(request.reader, "promote", ticket["project_id"]) or head["visibility"] != "public":
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    return {"thread": head["id"], "back": f"/p/{head['project_slug']}/inbox/{ticket['id']}{query}"}
