"""Until when a ticket can be snoozed (pure)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from categories.support.promises.workdays import DAY, Calendar
from forum.web.i18n import _

# When somebody begins to look at what has woken up.
MORNING = time(8)
LONGEST = timedelta(days=366)
PRESETS = ("tomorrow", "workdays", "monday")
MONDAY = 0


@dataclass(frozen=True)
class Preset:
    """A choice: its key, what it says, and the aware time it means."""

    key: str
    text: str
    until: datetime


def zone_of(calendar: Calendar) -> ZoneInfo:
    """The time zone a team's days are counted in."""
    return ZoneInfo(calendar.zone)


def next_workday(day: date, calendar: Calendar) -> date:
    """The first workday after a day."""
    day += DAY
    while not calendar.is_workday(day):
        day += DAY
    return day


def morning_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, MORNING, zone)


def presets(now: datetime, calendar: Calendar, zone: tzinfo) -> list[Preset]:
    """The choices at a moment, in the days of a project's calendar and the time of `zone`: the next workday (tomorrow,
    or after a weekend), in three workdays, next Monday (or the first workday from it on)."""
    today = now.astimezone(zone).date()
    tomorrow = next_workday(today, calendar)
    third = next_workday(next_workday(tomorrow, calendar), calendar)
    monday = today + DAY * (7 - (today.weekday() - MONDAY) % 7)
    while not calendar.is_workday(monday):
        monday += DAY
    first = _("Tomorrow morning") if tomorrow == today + DAY else _("Next workday")
    days = {
        "tomorrow": (first, tomorrow),
        "workdays": (_("In 3 workdays"), third),
        "monday": (_("Next Monday"), monday),
    }
    return [Preset(key, text, morning_of(day, zone)) for key, (text, day) in days.items()]


def day_of(text: str) -> date | None:
    """A day as a date field sends it; None for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
