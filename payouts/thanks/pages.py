"""`/u/{username}/thanks`: what one's answers made, for oneself alone."""

from starlette.responses import Response

from forum.web.errors import NotFound
from forum.web.pages import page
from forum.web.requests import Request
from forum.web.routing import route
from payouts.thanks.queries import A_PAGE, thanks_of, totals_of


def require_self(request: Request) -> None:
    """Raises NotFound on somebody else's page."""
    if request.path_params["username"].lower() != request.reader.username.lower():
        raise NotFound


async def thanks(request: Request) -> Response:
    """The list, the latest bumps first; `?below=` goes on below a bump."""
    require_self(request)
    asked = request.query_params.get("below", "")
    below = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    rows = await thanks_of(request.reader, below=below)
    return await page(
        request,
        "thanks/thanks.html",
        rows=rows[:A_PAGE],
        totals=await totals_of(request.reader.person) if rows else [],
        older=rows[A_PAGE - 1]["id"] if len(rows) > A_PAGE else 0,
        here="thanks",
    )


routes = [route("/u/{username}/thanks", thanks, access="signed_in")]
