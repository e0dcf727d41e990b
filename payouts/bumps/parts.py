"""What bumps put on other rooms' pages: "Move up" in the strip, one's own payments beside the thread, the paid way of asking."""

from typing import Any

from markupsafe import Markup

from categories.support.parts import letters, stroke_of
from categories.support.queries import expected_of, project_expected
from forum.database.engine import Row
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.templates import fragment
from payouts.bumps.offers import newcomer, offers
from payouts.bumps.queries import own_bumps

# Where the strip offers to move up; an answered ticket asks first whether it is solved.
OFFERED_IN = ("waiting", "needs_facts", "suspended")


async def strip_act(ticket: Row) -> dict[str, Any] | None:
    """To a requester: the way to move up, and what the least amount that moves the ticket would do. One statement."""
    if ticket["state"] not in OFFERED_IN:
        return None
    found = await offers(ticket, first=False)
    return {"ticket": ticket, "offers": found} if found.is_open else None


async def ask_offers(project: int) -> dict[str, Any] | None:
    """Beside submitting without paying, of the same weight: what the least amount would do for a ticket asked now."""
    found = await newcomer(project)
    if found is None:
        return None
    line, ends = letters(found.queue)
    expected = expected_of(await project_expected(project), found.minimum)
    return {"new": found, "expected": expected, "line": line, "stroke": stroke_of(found.position, ends)}


async def thread_bumps(request: Request, head: Row, _errors: object = None) -> dict[str, Any]:
    """To whoever asked: what they ordered for this ticket. One statement, for nobody else's page."""
    shown = await aside_of(request.reader, head) if head["is_own"] else None
    return {"aside": shown} if shown else {}


async def bump_news(reader: Reader, head: Row) -> dict[str, Any] | None:
    """Among what changed in the thread, to whoever asked: what they ordered says "paid" as soon as it is."""
    shown = await aside_of(reader, head) if reader.is_signed_in and head["is_own"] else None
    return {"items": [{"id": "bumps", "html": shown}]} if shown else None


async def aside_of(reader: Reader, head: Row) -> Markup | None:
    """What the reader ordered for a ticket, the latest first; None where that is nothing."""
    bumps = await own_bumps(reader, thread=head["id"], limit=10)
    return fragment("bumps/aside.html", bumps=bumps) if bumps else None
