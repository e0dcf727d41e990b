"""What bumps put on other rooms' pages: "Move up" in the strip, one's own payments beside the thread, the paid way of asking."""

from typing import Any

from forum.database.engine import Row
from forum.web.requests import Request
from forum.web.templates import fragment
from payouts.bumps.offers import offers
from payouts.bumps.queries import own_bumps

# Where the strip offers to move up; an answered ticket asks first whether it is solved.
OFFERED_IN = ("waiting", "needs_facts", "suspended")


async def strip_act(ticket: Row) -> dict[str, Any] | None:
    """To a requester: the way to move up, and what the least amount that moves the ticket would do. One statement."""
    if ticket["state"] not in OFFERED_IN:
        return None
    found = await offers(ticket, first=False)
    return {"ticket": ticket, "offers": found} if found.is_open else None


async def thread_bumps(request: Request, head: Row, _errors: object = None) -> dict[str, Any]:
    """To whoever asked: what they ordered for this ticket. One statement, for nobody else's page."""
    if not head["is_own"]:
        return {}
    bumps = await own_bumps(request.reader, thread=head["id"], limit=10)
    return {"aside": fragment("bumps/aside.html", bumps=bumps)} if bumps else {}
