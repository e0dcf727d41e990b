"""The buttons that snooze a ticket and wake it, from the inbox and from its thread."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from categories.support import queries
from categories.support.promises.calendars import calendar_of
from categories.support.snoozing import actions
from categories.support.snoozing.rules import PRESETS, day_of, morning_of, presets, zone_of
from forum.database.engine import Row
from forum.threads.pages import asked_id, back_to_thread
from forum.web.errors import Conflict, Invalid
from forum.web.i18n import _
from forum.web.look import full_date
from forum.web.pages import redirect
from forum.web.requests import Request
from forum.web.routing import route


async def choices(project: int) -> dict[str, Any]:
    """What the menu offers: the presets, each with its time, and the days a date may be."""
    calendar = await calendar_of(project)
    zone, now = zone_of(calendar), datetime.now(UTC)
    offered = {preset.until: preset for preset in reversed(presets(now, calendar, zone))}
    # two that mean the same are offered once
    return {
        "presets": sorted(offered.values(), key=lambda preset: preset.until),
        "zone": str(zone),
        "today": now.astimezone(zone).date(),
    }


async def chosen_time(request: Request, ticket: Row) -> datetime:
    """The time that a form means: a preset, the time before a reply woke it, or a day. Raises Invalid, Conflict."""
    fields = request.fields
    when = fields.choice("when", (*PRESETS, "again", "day"), default="day")
    fields.check()
    if when == "again":
        if ticket["snooze_again"] is None:
            raise Conflict(_("This ticket was not woken by a reply."))
        again: datetime = ticket["snooze_again"]
        return again
    calendar = await calendar_of(ticket["project_id"])
    zone = zone_of(calendar)
    if when == "day":
        day = day_of(fields.get("day", ""))
        if day is None:
            raise Invalid({"day": _("Choose a day.")})
        return morning_of(day, zone)
    offered = {preset.key: preset.until for preset in presets(datetime.now(UTC), calendar, zone)}
    return offered[when]


async def back(request: Request, ticket: Row, notice: str) -> Response:
    """To where the button was: the ticket in the inbox, or the thread."""
    if request.fields.get("back") == "inbox":
        return redirect(request, f"/p/{ticket['project_slug']}/inbox/{ticket['id']}", notice)
    return await back_to_thread(request, ticket["thread_id"], notice=notice)


async def snooze(request: Request) -> Response:
    """Snooze: `when` is a preset, `again` or `day` (with the `day`)."""
    ticket = await queries.ticket_by_id(request.reader, asked_id(request))
    try:
        until = await chosen_time(request, ticket)
        await actions.snooze(request.reader, ticket["id"], until)
    except (Invalid, Conflict) as problem:
        if not request.reader.is_team(ticket["project_id"]):
            raise
        return await back(request, ticket, problem.message)
    return await back(request, ticket, _("Snoozed until %(when)s.") % {"when": full_date(until)})


async def wake(request: Request) -> Response:
    """Wake it now."""
    ticket = await queries.ticket_by_id(request.reader, asked_id(request))
    await actions.wake(request.reader, ticket["id"])
    return await back(request, ticket, _("It stands in the lists again."))


routes = [
    route("/tickets/{id}/snooze", snooze, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/snooze/delete", wake, access="signed_in", methods=("POST",)),
]
