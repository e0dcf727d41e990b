"""One's own notices, how one hears of a thread and by mail, and the way out of mails that needs no signing in."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from forum.free_days import country_names, is_known, parts_of
from forum.notifications import actions, queries
from forum.notifications.parts import level_menu
from forum.notifications.rules import DAY, Rhythm, zones
from forum.notifications.unsubscribe import get_out, way_out
from forum.threads.pages import asked_id, thread_url
from forum.threads.queries import thread_head
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.i18n import current as locale
from forum.web.look import day_text
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route

A_PAGE = 30


def own(request: Request) -> None:
    """Raises NotFound on what is somebody else's."""
    if request.path_params["username"].lower() != request.reader.username.lower():
        raise NotFound


def own_page(request: Request, below: str) -> str:
    return f"/u/{request.reader.username}/{below}"


async def notices(request: Request) -> Response:
    """`/u/{username}/notifications`: newest first; `?below=12`: what came before that notice."""
    own(request)
    asked = request.query_params.get("below", "")
    below = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    rows = await queries.newest_notices(request.reader.person, below=below, limit=A_PAGE + 1)
    shown = [
        {"row": row, "sentence": sentence, "shown": queries.sentence_shown(row), "url": queries.address_of(row)}
        for row in rows[:A_PAGE]
        if (sentence := queries.sentence_of(row))
    ]
    return await page(
        request,
        "notifications/notices.html",
        notices=shown,
        older=own_page(request, f"notifications?below={rows[A_PAGE - 1]['id']}") if len(rows) > A_PAGE else "",
        unread=request.reader.unread,
        person=request.reader,
        is_self=True,
    )


async def read_notices(request: Request) -> Response:
    """Mark one (`id`) or all as read."""
    own(request)
    chosen = request.fields.integer("id") if request.fields.get("id") else None
    request.fields.check()
    await actions.mark_read(request.reader.person, chosen)
    return redirect(request, own_page(request, "notifications"))


async def choose_level(request: Request) -> Response:
    """How the reader hears of a thread; for htmx the menu itself, else the thread."""
    thread = asked_id(request)
    await actions.choose_level(request.reader, thread, request.fields.get("level", ""))
    head = await thread_head(request.reader, thread)
    if request.is_htmx:
        return HTMLResponse(level_menu(head, request.csrf_token, is_open=True))
    return redirect(request, thread_url(head), _("Kept: how you hear of this thread."))


WEEK: Final[tuple[tuple[int, Callable[[], str]], ...]] = (
    (1, lambda: _("Monday")),
    (2, lambda: _("Tuesday")),
    (3, lambda: _("Wednesday")),
    (4, lambda: _("Thursday")),
    (5, lambda: _("Friday")),
    (6, lambda: _("Saturday")),
    (7, lambda: _("Sunday")),
)


async def mail_preferences(request: Request) -> Response:
    """`/u/{username}/preferences/mail`: as things are; `?country=AT`: with that country chosen, and nothing kept."""
    own(request)
    row = await queries.preference_of(request.reader.person)
    rhythm = actions.rhythm_of(row) if row else Rhythm()
    values = {
        "digest": row is None or row["digest"],
        "hour": str(rhythm.hour),
        "zone": rhythm.zone,
        "weekdays": rhythm.weekdays,
        "country": rhythm.country,
        "subdivision": rhythm.subdivision,
        "answers": row is None or row["answers_at_once"],
        "next_at": row["next_at"] if row and row["digest"] else None,
        "is_new": row is None,
    }
    asked = request.query_params.get("country")
    if asked is not None and asked != rhythm.country and is_known(asked):
        values |= {"country": asked, "subdivision": ""}
    return await mail_page(request, values, {})


def coming(rhythm: Rhythm, today: date, count: int = 3) -> list[str]:
    """The next public holidays on which a digest would have come: "8 Dec 2026, Mariä Empfängnis"."""
    days = [day for day in (today + n * DAY for n in range(366)) if day.isoweekday() in rhythm.weekdays]
    named = [(day, name) for day in days if (name := rhythm.holidays(day.year).get(day))]
    return [f"{day_text(day.year, day.month, day.day, locale.get())}, {name}" for day, name in named[:count]]


async def mail_page(request: Request, values: Mapping[str, Any], errors: Mapping[str, str]) -> Response:
    projects = await queries.projects_of_team(request.reader.person)
    chosen = values.get("new_tickets")
    return await page(
        request,
        "notifications/mail_preferences.html",
        422 if errors else 200,
        values=values,
        errors=errors,
        week=[(n, name()) for n, name in WEEK],
        hours=[(str(n), f"{n:02}:00") for n in range(24)],
        zones=[(name, name.replace("_", " ")) for name in sorted(zones())],
        countries=country_names(locale.get()),
        subdivisions=parts_of(values["country"]),
        coming=coming(
            Rhythm(weekdays=values["weekdays"], country=values["country"], subdivision=values["subdivision"]),
            datetime.now(UTC).date(),
        ),
        projects=[
            (row["id"], row["name"], row["hears"] if chosen is None else row["id"] in chosen) for row in projects
        ],
        page_modules=("zone.js",),
    )


async def prefer_mails(request: Request) -> Response:
    """Keep what was chosen."""
    own(request)
    form = request.fields
    hour = form.get("hour", "")
    if not (hour.isascii() and hour.isdigit() and len(hour) < 3 and int(hour) < 24):
        form.fail("hour", _("Choose one of these."))
    zone = form.get("zone", "")
    if zone not in zones():
        form.fail("zone", _("Choose one of these."))
    days = frozenset(int(day) for day in form.all("day") if day in set("1234567"))
    if not days and "digest" in form:
        form.fail("days", _("Choose a day, or switch the digest off."))
    country, subdivision = form.get("country", ""), form.get("subdivision", "")
    if not is_known(country):
        form.fail("country", _("Choose one of these."))
        country = ""
    if not is_known(country, subdivision):
        # after another country was chosen, the part of the old one is still in the form
        subdivision = ""
    projects = [int(n) for n in form.all("project") if n.isascii() and n.isdigit() and len(n) < 19]
    values = {
        "digest": "digest" in form,
        "hour": hour,
        "zone": zone,
        "weekdays": days,
        "country": country,
        "subdivision": subdivision,
        "answers": "answers" in form,
        "next_at": None,
        "is_new": False,
        "new_tickets": projects,
    }
    try:
        form.check()
    except Invalid as problem:
        return await mail_page(request, values, problem.errors)
    await actions.choose_mails(
        request.reader.person,
        digest="digest" in form,
        rhythm=Rhythm(int(hour), zone, days, country, subdivision),
        answers_at_once="answers" in form,
        new_tickets=projects,
    )
    return redirect(request, own_page(request, "preferences/mail"), _("Your preferences are kept."))


async def unsubscribe(request: Request) -> Response:
    """The link of a mail: says what it would do, with a button. Looking changes nothing (trust.md B26)."""
    found = await way_out(request.path_params["token"])
    if found is None:
        raise NotFound
    return await page(
        request, "notifications/unsubscribe.html", way=found, is_done=False, address=request.scope["path"]
    )


async def unsubscribe_now(request: Request) -> Response:
    """The button, or a mail program that presses it for its person (RFC 8058): the token is all it takes."""
    found = await get_out(request.path_params["token"])
    if found is None:
        raise NotFound
    return await page(request, "notifications/unsubscribe.html", way=found, is_done=True, address=request.scope["path"])


routes = [
    route("/u/{username}/notifications", notices, access="signed_in"),
    route("/u/{username}/notifications/read", read_notices, access="signed_in", methods=("POST",)),
    route("/u/{username}/preferences/mail", mail_preferences, access="signed_in"),
    route("/u/{username}/preferences/mail", prefer_mails, access="signed_in", methods=("POST",)),
    route("/t/{id}/level", choose_level, access="signed_in", methods=("POST",)),
    route("/unsubscribe/{token}", unsubscribe),
    route("/unsubscribe/{token}", unsubscribe_now, access="signed", methods=("POST",)),
]
