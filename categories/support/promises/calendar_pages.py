"""`/p/{project}/settings/calendar`: when a team works, drawn for the next days before it is saved."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from starlette.responses import Response

from categories.support.promises.calendars import (
    CLOSINGS_MOST,
    DEED,
    calendar_of,
    clock,
    days_ahead,
    faults_in,
    save_calendar,
    short_day,
    with_closings,
    written,
)
from categories.support.promises.workdays import DAY, MIDNIGHT, Calendar, Closing, add_workdays
from forum.free_days import countries, country_names, parts_of
from forum.projects.queries import project_by_slug
from forum.projects.roles import require
from forum.projects.settings_links import Link
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.i18n import current as locale
from forum.web.pages import page, redirect
from forum.web.requests import Form, Request
from forum.web.routing import route

SHOWN = 14  # days
EXAMPLE = 3  # workdays of the guarantee that is shown
OPENS, CLOSES = 9 * 60, 17 * 60  # what a free day's hours begin with


def weekdays() -> list[str]:
    return [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]


@lru_cache(maxsize=1)
def zones() -> list[tuple[str, str]]:
    """The zones to choose from: places, and UTC."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return [(name, name.replace("_", " ")) for name in ["UTC", *names]]


def typed_of(calendar: Calendar) -> dict[str, Any]:
    """The fields of the form for a calendar."""
    rows = []
    for day in range(7):
        works = day in calendar.weekdays
        hours = calendar.hours_on(day)
        is_whole = hours == (0, MIDNIGHT)
        # what unticking the whole day begins with
        opens, closes = (OPENS, CLOSES) if is_whole else hours
        # a field for times knows no 24:00: midnight as an end is the end of the day
        times = {"opens": clock(opens), "closes": clock(closes % MIDNIGHT)}
        rows.append({"works": works, "is_whole": is_whole and works, **times})
    closings = [
        {"first": each.first.isoformat(), "last": each.last.isoformat(), "note": each.note}
        for each in calendar.closings
    ]
    return {
        "days": rows,
        "zone": calendar.zone,
        "country": calendar.country,
        "subdivision": calendar.subdivision,
        "closings": closings,
    }


def typed_in(form: Form) -> dict[str, Any]:
    """The fields as they were sent, for a form that is shown again."""
    closings = zip(form.all("closing_first"), form.all("closing_last"), form.all("closing_note"), strict=False)
    return {
        "days": [
            {
                "works": f"works_{d}" in form,
                "is_whole": f"whole_{d}" in form,
                "opens": form.get(f"opens_{d}", ""),
                "closes": form.get(f"closes_{d}", ""),
            }
            for d in range(7)
        ],
        "zone": form.get("zone", ""),
        "country": form.get("country", ""),
        "subdivision": form.get("subdivision", ""),
        "closings": [{"first": f, "last": t, "note": n} for f, t, n in closings if f or t or n],
    }


def minutes(text: str) -> int | None:
    """`09:30` in minutes after midnight; None where it is no time."""
    hours, colon, rest = text.strip()[:5].partition(":")
    if not (colon and hours.isascii() and hours.isdigit() and rest.isascii() and rest.isdigit() and len(rest) == 2):
        return None
    minute = int(hours) * 60 + int(rest)
    return minute if int(rest) < 60 and minute <= MIDNIGHT else None


def read_calendar(form: Form) -> Calendar:
    """What was typed. Raises Invalid with every fault of reading."""
    by_day: dict[int, tuple[int, int]] = {}
    works = frozenset(day for day in range(7) if f"works_{day}" in form)
    for day in sorted(works):
        opens, closes = minutes(form.get(f"opens_{day}", "")), minutes(form.get(f"closes_{day}", ""))
        if f"whole_{day}" in form:
            opens, closes = 0, MIDNIGHT
        if opens is None or closes is None or opens >= (closes or MIDNIGHT):
            form.fail(f"opens_{day}", _("Times such as 09:00 and 17:00, the end after the beginning."))
        else:
            by_day[day] = (opens, closes or MIDNIGHT)
    if not works:
        form.fail("works_0", _("Choose at least one weekday."))
    closings = read_closings(form)
    zone, country = form.get("zone", ""), form.get("country", "")
    if zone not in available_timezones():
        form.fail("zone", _("Choose one of these."))
    if country and country not in countries():
        form.fail("country", _("Choose one of these."))
    form.check()
    usual = Counter(by_day.values()).most_common(1)[0][0]
    subdivision = form.get("subdivision", "") if country else ""
    # after another country was chosen, the part of the old one is still in the form
    if country and subdivision not in countries()[country]:
        subdivision = ""
    calendar = Calendar(
        works,
        usual,
        frozenset((day, hours) for day, hours in by_day.items() if hours != usual),
        zone,
        country,
        subdivision,
    )
    return with_closings(calendar, closings)


def read_closings(form: Form) -> list[Closing]:
    """Own closing days: a row without days is none, one with a single day is that day."""
    closings = []
    rows = zip(form.all("closing_first"), form.all("closing_last"), form.all("closing_note"), strict=False)
    for first, last, note in list(rows)[: CLOSINGS_MOST + 1]:
        if not (first.strip() or last.strip()):
            continue
        try:
            begins = date.fromisoformat((first or last).strip())
            ends = date.fromisoformat((last or first).strip())
        except ValueError:
            form.fail("closing_first", _("Days such as 2026-12-24."))
            continue
        if ends < begins:
            form.fail("closing_first", _("The last day is before the first."))
        elif len(note) > 100 or not note.isprintable():
            form.fail("closing_first", _("At most %(n)d characters.") % {"n": 100})
        else:
            closings.append(Closing(begins, ends, note.strip()))
    return closings


async def calendar(request: Request) -> Response:
    """The form, and beside it the next 14 days as they would be counted. With the fields in the address it shows what
    they would do, and saves nothing."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, DEED, project["id"])
    now = datetime.now(UTC)
    stands = tried = await calendar_of(project["id"])
    typed, faults = typed_of(stands), dict[str, str]()
    asked = {name: request.query_params.getlist(name) for name in request.query_params}
    if request.method == "POST" or "zone" in asked:
        form = request.fields if request.method == "POST" else Form(asked)
        typed = typed_in(form)
        try:
            tried = read_calendar(form)
            if found := faults_in(tried, now.date()):
                raise Invalid(found)
            if request.method == "POST" and "preview" not in form:
                await save_calendar(request.reader, project["id"], tried)
                return redirect(request, f"/p/{project['slug']}/settings/calendar", _("Saved."))
            typed = typed_of(tried)
        except Invalid as invalid:
            faults, tried = dict(invalid.errors), stands
    return await page(
        request,
        "support/calendar.html",
        422 if faults else 200,
        project=project,
        active="settings",
        typed=typed,
        faults=faults,
        weekdays=weekdays(),
        zones=zones(),
        countries=country_names(locale.get()),
        parts=parts_of(typed["country"]),
        is_tried=tried != stands,
        **effect(stands, tried, now),
    )


def effect(stands: Calendar, tried: Calendar, now: datetime) -> Mapping[str, Any]:
    """What a calendar does: the days ahead, when a promise made now would be due by it and by the one that stands."""
    today = now.astimezone(ZoneInfo(tried.zone)).date()
    return {
        "days": days_ahead(tried, today, SHOWN),
        "zone": tried.zone,
        "example": EXAMPLE,
        "due": written(add_workdays(now, EXAMPLE, tried), tried.zone),
        "due_before": written(add_workdays(now, EXAMPLE, stands), stands.zone),
        "coming": coming(tried, today),
    }


def coming(calendar: Calendar, today: date, count: int = 6) -> list[tuple[str, str]]:
    """The next public holidays that fall on days on which the team would work."""
    bare = replace(calendar, country="", subdivision="", closings=())
    days = (today + n * DAY for n in range(366))
    return [(short_day(day), name) for day in days if (name := calendar.holiday(day)) and bare.is_workday(day)][:count]


SETTINGS = Link("calendar", lambda: _("Calendar"), DEED)

routes = [route("/p/{project}/settings/calendar", calendar, access="signed_in", methods=("GET", "POST"))]
