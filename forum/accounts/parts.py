"""What accounts put on everybody else's pages: the banners of an address that is not confirmed, and of a site that can
only be read."""

from typing import Any

from forum.accounts.queries import email_of
from forum.web.i18n import _
from forum.web.parts import Part
from forum.web.requests import Request


def mail_lies(request: Request) -> str:
    """A sentence that says where a mail lies instead of going out, and who reads it here; "" where it goes out."""
    folder = request.settings.mail_folder
    lies = _(
        "This site has no mail server yet: the mail lies in %(folder)s, and an admin reads it at /admin/mail"
        " (with the demo community: demo-admin)."
    )
    return lies % {"folder": folder} if folder else ""


async def unconfirmed(request: Request) -> dict[str, Any] | None:
    """Where the mail with the link went; nothing for guests and for those who have followed it."""
    reader = request.reader
    if not reader.is_signed_in or reader.is_confirmed:
        return None
    return {
        "email": await email_of(reader),
        "csrf": request.csrf_token,
        "lies": mail_lies(request),
        "is_admin": reader.is_admin,
    }


async def read_only(request: Request) -> dict[str, Any] | None:
    """That nothing can be written for a while, to those who write: whoever is signed in."""
    reader = request.reader
    return {"is_admin": reader.is_admin} if "read_only" in reader.switches else None


READ_ONLY_BANNER = Part(read_only, "accounts/read_only.html", alike=True)
TOP_BANNER = Part(unconfirmed, "accounts/unconfirmed.html", alike=True)
