"""Saying when one is there to be given tickets: on the preferences, and in the inbox."""

from datetime import date
from typing import Any

from starlette.responses import Response

from categories.support.holding import be_there, presence_of
from forum.web.errors import NotFound
from forum.web.i18n import _
from forum.web.pages import came_from, redirect
from forum.web.parts import Part
from forum.web.requests import Form, Request
from forum.web.routing import route


def weekday_names() -> list[tuple[int, str]]:
    """The days of the week, Monday first."""
    return list(enumerate((_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))))


async def preferences_panel(request: Request) -> dict[str, Any] | None:
    """On the preferences of who is on a team."""
    reader = request.reader
    if not reader.roles:
        return None
    return {
        "reader": reader,
        "csrf": request.csrf_token,
        "presence": await presence_of(reader.person),
        "weekdays": weekday_names(),
    }


PREFERENCES = Part(preferences_panel, "support/presence_panel.html")


def sent_date(form: Form) -> date | None:
    """The last day away, or none. Notes a fault for what is no date."""
    text = form.get("until", "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        form.fail("until", _("A day as 2026-12-31, or nothing."))
        return None


async def say_presence(request: Request) -> Response:
    """Keep it, and go back to where the form stood."""
    if request.path_params["username"].lower() != request.reader.username.lower():
        raise NotFound
    form = request.fields
    days = [int(day) for day in form.all("day") if day in ("0", "1", "2", "3", "4", "5", "6")]
    until, is_away = sent_date(form), form.get("is_away") == "1"
    if not days:
        form.fail("day", _("At least one day; to be left alone for a while, say that you are away."))
    form.check()
    await be_there(request.reader, days, is_away=is_away, away_until=until)
    said = _("You are away: nothing is given to you.") if is_away else _("You are there.")
    return redirect(request, came_from(request), said)


routes = [route("/u/{username}/availability", say_presence, access="signed_in", methods=("POST",))]
