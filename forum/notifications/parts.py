"""What notices put on other rooms' pages: the bell, how one hears of a thread, the way to one's mail preferences."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from markupsafe import Markup

from forum.database.engine import Row
from forum.web.i18n import _
from forum.web.parts import Part
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.templates import fragment

# A choice, its name on the button, what it means.
CHOICES: Final[tuple[tuple[str, Callable[[], str], Callable[[], str]], ...]] = (
    ("", lambda: _("As usual"), lambda: _("In the digest if you ask or write here, and whenever you are mentioned.")),
    ("every", lambda: _("Every message"), lambda: _("A mail for each, when it is written.")),
    ("digest", lambda: _("In the digest"), lambda: _("Whatever happens here, once a workday.")),
    ("mute", lambda: _("Nothing"), lambda: _("Not even when you are mentioned.")),
)


async def bell(reader: Reader) -> dict[str, Any] | None:
    """In the top bar. The count is the reader's own, which shared pages leave a slot for (forum/threads/shared.py)."""
    return {"reader": reader} if reader.is_signed_in else None


def level_menu(head: Row | Mapping[str, Any], csrf: str, *, is_open: bool = False) -> Markup:
    """The choices for a thread, with the one that holds."""
    level = head["level"] or ""
    choices = [(name, text(), hint(), name == level) for name, text, hint in CHOICES]
    return fragment("notifications/level.html", head=head, csrf=csrf, choices=choices, level=level, is_open=is_open)


async def thread_level(request: Request, head: Row, _errors: object = None) -> dict[str, Any] | None:
    """Aside a thread, for who is signed in; the head says what they chose, and who chose shares no page."""
    if not request.reader.is_signed_in:
        return None
    return {"aside": level_menu(head, request.csrf_token)}


async def preferences(request: Request) -> dict[str, Any]:
    return {"username": request.reader.username}


BELL: Final = Part(bell, "notifications/bell.html", alike=True)
THREAD: Final = Part(thread_level, "", alike=True)
PREFERENCES: Final = Part(preferences, "notifications/preferences.html")
