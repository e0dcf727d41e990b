"""What bumps put on other rooms' pages: "Move up" in the strip, one's own payments beside the thread, the paid way of asking."""

from typing import Any

from categories.support.parts import letters, stroke_of
from categories.support.queries import expected_of, project_expected
from forum.database.engine import Row
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
    if not head["is_own"]:
        return {}
    bumps = await own_bumps(request.reader, thread=head["id"], limit=10)
    return {"aside": fragment("bumps/aside.html", bumps=bumps)} if bumps else {}
