"""What people's accounts put on everybody else's pages: the banner of an address that is not confirmed."""

from typing import Any

from forum.accounts.queries import email_of
from forum.web.parts import Part
from forum.web.requests import Request


async def unconfirmed(request: Request) -> dict[str, Any] | None:
    """Where the mail with the link went; nothing for guests and for those who have followed it."""
    reader, settings = request.reader, request.settings
    if not reader.is_signed_in or reader.is_confirmed:
        return None
    return {
        "email": await email_of(reader),
        "csrf": request.csrf_token,
        "folder": "" if settings.smtp_url or not settings.is_loopback else f"{settings.data.name}/mail/",
        "is_admin": reader.is_admin,
    }


TOP_BANNER = Part(unconfirmed, "accounts/unconfirmed.html", alike=True)
