"""When a person's digest is due: once a workday at their hour, whatever their clocks do. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final, Literal
from zoneinfo import ZoneInfo, available_timezones

from forum.free_days import holidays_of, is_known

Level = Literal["every", "digest", "mute"]
LEVELS: Final[tuple[Level, ...]] = ("every", "digest", "mute")
WORKDAYS: Final = frozenset({1, 2, 3, 4, 5})
DAY: Final = timedelta(days=1)
# Nobody is free for longer than this; whoever has no workday in so many days has none.
FREE_MOST: Final = 100


@dataclass(frozen=True)
class Rhythm:
    """At this hour (0 to 23) of the clock of `zone`, on these days of the week (1 is Monday), but not on the public
    holidays of a country or its subdivision ("" keeps none)."""

    hour: int = 8
    zone: str = "UTC"
    weekdays: frozenset[int] = WORKDAYS
    country: str = ""
    subdivision: str = ""

    def is_workday(self, day: date) -> bool:
        return day.isoweekday() in self.weekdays and day not in self.holidays(day.year)

    def holidays(self, year: int) -> Mapping[date, str]:
        """Those of a year, with their names; none of a country of which another release knew holidays."""
        if not is_known(self.country, self.subdivision):
            return {}
        return holidays_of(self.country, self.subdivision, year)

    def slot(self, day: date) -> datetime:
        """The moment of a day's digest (UTC). An hour that the clock skips comes when the clock has skipped it; of one
        that it strikes twice, the first."""
        return datetime.combine(day, time(self.hour), ZoneInfo(self.zone)).astimezone(UTC)

    def today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.zone)).date()


@cache
def zones() -> frozenset[str]:
    """The names of zones there are."""
    return frozenset(name for name in available_timezones() if name == "UTC" or "/" in name)


def workdays_from(rhythm: Rhythm, first: date, step: int) -> Iterator[date]:
    """A person's workdays from `first` on, forwards or backwards; none where no day of the week was chosen."""
    days = (first + n * step * DAY for n in range(FREE_MOST if rhythm.weekdays else 0))
    return (day for day in days if rhythm.is_workday(day))


def next_slot(after: datetime, rhythm: Rhythm) -> datetime | None:
    """The first digest after a moment; None where no day was chosen."""
    days = workdays_from(rhythm, rhythm.today(after) - DAY, 1)
    return next((at for day in days if (at := rhythm.slot(day)) > after), None)


def day_due(now: datetime, rhythm: Rhythm) -> date | None:
    """The day whose digest a worker that comes at `now` is to send: the latest whose moment has come, so that one who was
    away for long sends one digest, and not one for each day."""
    days = workdays_from(rhythm, rhythm.today(now) + DAY, -1)
    return next((day for day in days if rhythm.slot(day) <= now), None)


def rescheduled(now: datetime, pending: datetime | None, before: Rhythm, rhythm: Rhythm) -> datetime | None:
    """When the next digest is due after somebody chose another rhythm. `pending`: when it was due by the one `before`.

    A day whose digest was still to come is not lost when its new moment has passed: it is due at once.
    """
    if pending is None:
        return next_slot(now, rhythm)
    waiting, today = before.today(pending), rhythm.today(now)
    if waiting == today and rhythm.is_workday(today) and pending > now:
        return rhythm.slot(today)
    return next_slot(now, rhythm)
