"""When a project's team works: its calendar, kept with the ends of the workdays to come."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from categories.support.promises.workdays import DAY, MIDNIGHT, MONDAY_TO_FRIDAY, Calendar, Closing, workday_ends
from forum import audit
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.events import hint
from forum.free_days import is_known
from forum.jobs import enqueue
from forum.projects.roles import require
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.i18n import current as locale
from forum.web.look import day_text, month_text
from forum.web.reader import Reader

DEED = "edit_project"
KEPT_BACK, KEPT_AHEAD = 7, 400  # days for which the ends of workdays are kept, from today
CLOSINGS_MOST = 100
CLOSING_MOST = 100  # days
PLANNED_MOST = 3 * 366  # days ahead
WORKDAYS_LEAST = 20  # in the year to come: fewer is a typing error, and promises would never fall due

CALENDAR = """
select c.*, coalesce((select jsonb_agg(jsonb_build_array(f.first_day, f.last_day, f.note) order by f.first_day, f.id)
                        from support_closing f where f.project_id = c.project_id), '[]') as closings
  from support_calendar c where c.project_id = $1
"""


async def calendar_of(project: int) -> Calendar:
    """The calendar that a project's workdays are counted by. One statement."""
    row = await fetch_one(CALENDAR, project)
    return calendar_in(row) if row else MONDAY_TO_FRIDAY


def calendar_in(row: Row) -> Calendar:
    """The calendar out of its row with `closings`."""
    return Calendar(
        weekdays=frozenset(row["weekdays"]),
        hours=(row["opens"], row["closes"]),
        other_hours=frozenset((int(day), (hours[0], hours[1])) for day, hours in row["other_hours"].items()),
        zone=row["zone"],
        country=row["country"],
        subdivision=row["subdivision"],
        closings=tuple(
            Closing(date.fromisoformat(first), date.fromisoformat(last), note) for first, last, note in row["closings"]
        ),
    )


async def horizon_of(project: int, now: datetime) -> datetime:
    """The end of a project's current workday, or outside of working hours of its next. One statement."""
    found: datetime = await fetch_value("select workday_horizon($1, $2)", project, now)
    return found


def faults_in(calendar: Calendar, today: date) -> dict[str, str]:
    """What is wrong with a calendar that somebody typed, by field."""
    faults = {}
    if calendar.zone not in available_timezones():
        faults["zone"] = _("Choose one of these.")
    if not is_known(calendar.country, calendar.subdivision):
        faults["country"] = _("No holidays are known of this part of this country.")
    for closing in calendar.closings:
        if (closing.last - closing.first).days >= CLOSING_MOST or closing.last > today + PLANNED_MOST * DAY:
            faults["closing_first"] = _("At most %(n)d days at a time, and three years ahead.") % {"n": CLOSING_MOST}
    if len(calendar.closings) > CLOSINGS_MOST:
        faults["closing_first"] = _("At most %(n)d closing days. Take old ones out.") % {"n": CLOSINGS_MOST}
    if not faults and len(workday_ends(today, today + 365 * DAY, calendar)) < WORKDAYS_LEAST:
        faults[""] = _("With this nobody would work on %(n)d days of the year to come.") % {"n": WORKDAYS_LEAST}
    return faults


@action
async def save_calendar(reader: Reader, project: int, calendar: Calendar, *, now: datetime | None = None) -> None:
    """Change when a team works. What was promised stays due when it was; what is promised from now on counts by this.

    Raises Forbidden, Invalid by field.
    """
    require(reader, DEED, project)
    now = now or datetime.now(UTC)
    if faults := faults_in(calendar, now.date()):
        raise Invalid(faults)
    await execute("select queue_lock($1)", project)
    if calendar == await calendar_of(project) and notes_of(calendar) == notes_of(await calendar_of(project)):
        return
    await execute(
        "insert into support_calendar (project_id, weekdays, opens, closes, other_hours, zone, country, subdivision)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (project_id) do update set weekdays = $2, opens = $3,"
        " closes = $4, other_hours = $5, zone = $6, country = $7, subdivision = $8",
        project,
        sorted(calendar.weekdays),
        *calendar.hours,
        {str(day): list(hours) for day, hours in sorted(calendar.other_hours)},
        calendar.zone,
        calendar.country,
        calendar.subdivision,
    )
    await execute("delete from support_closing where project_id = $1", project)
    for closing in calendar.closings:
        await execute(
            "insert into support_closing (project_id, first_day, last_day, note) values ($1, $2, $3, $4)",
            project,
            closing.first,
            closing.last,
            closing.note,
        )
    await keep_ends(project, calendar, now)
    await enqueue("measure_expected", once=f"measure_expected:{project}", project=project)
    await execute("update project set version = version + 1 where id = $1", project)
    await audit.record("calendar_edited", actor=reader.person, subject=("project", project), zone=calendar.zone)
    hint("queue", project)


def notes_of(calendar: Calendar) -> list[str]:
    return [each.note for each in calendar.closings]


async def keep_ends(project: int, calendar: Calendar, now: datetime) -> None:
    """Write down when the workdays to come end."""
    today = now.astimezone(ZoneInfo(calendar.zone)).date()
    await execute("delete from workday_end where project_id = $1", project)
    await execute(
        "insert into workday_end (project_id, ends_at) select $1, e from unnest($2::timestamptz[]) e",
        project,
        workday_ends(today - KEPT_BACK * DAY, today + KEPT_AHEAD * DAY, calendar),
    )


async def keep_all_ends(now: datetime | None = None) -> None:
    """Every night: the ends of workdays a year ahead, of every project with a calendar of its own."""
    for row in await fetch("select project_id from support_calendar order by project_id"):
        await keep_ends_of(row["project_id"], now or datetime.now(UTC))


@action
async def keep_ends_of(project: int, now: datetime) -> None:
    await execute("select 1 from support_calendar where project_id = $1 for update", project)
    await keep_ends(project, await calendar_of(project), now)


def days_ahead(calendar: Calendar, today: date, count: int = 14) -> list[dict[str, Any]]:
    """The next days as they are counted: day, span (local, or None), and why a day is free."""
    zone = ZoneInfo(calendar.zone)
    drawn = []
    for day in (today + n * DAY for n in range(count)):
        span, closing = calendar.span(day), calendar.closing(day)
        why = (closing.note or _("closed")) if closing else calendar.holiday(day)
        hours = calendar.hours_on(day.weekday())
        drawn.append(
            {
                "day": day,
                "text": short_day(day),
                "works": span is not None,
                "why": "" if span else why or _("free"),
                "kind": "work" if span else "closed" if closing else "holiday" if why else "free",
                "opens": clock(hours[0]),
                "closes": clock(hours[1]),
                "is_whole": hours == (0, MIDNIGHT),
                "from": hours[0] / 14.4,
                "length": (hours[1] - hours[0]) / 14.4,
                "hours": (span[1] - span[0]) / timedelta(hours=1) if span else 0,
                "shifts": zone_shift(day, zone),
            }
        )
    return drawn


def short_day(day: date) -> str:
    """A day of the coming weeks: "Mon 30 Nov"."""
    name = _("Mon|Tue|Wed|Thu|Fri|Sat|Sun").split("|")[day.weekday()]
    return _("%(weekday)s %(day)s %(month)s") % {"weekday": name, "day": day.day, "month": month_text(day.month)}


def zone_shift(day: date, zone: ZoneInfo) -> bool:
    """Whether the clocks change on that day."""
    first, second = (datetime(each.year, each.month, each.day, tzinfo=zone) for each in (day, day + DAY))
    return first.utcoffset() != second.utcoffset()


def clock(minute: int) -> str:
    """A minute of the day as people read it: 09:30, 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def written(at: datetime, zone: str) -> str:
    """A moment as the team's clock shows it: "2 Dec 2026, 17:00 (Europe/Vienna)"."""
    local = at.astimezone(ZoneInfo(zone))
    day = day_text(local.year, local.month, local.day, locale.get())
    return f"{day}, {local:%H:%M} ({zone})"


def with_closings(calendar: Calendar, closings: Sequence[Closing]) -> Calendar:
    """The same calendar with these own free days, in order."""
    return replace(calendar, closings=tuple(sorted(closings, key=lambda each: (each.first, each.last))))
