"""One digest a workday, whatever the clocks do: two years of quarter hours with a clock that the test moves."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.notifications.rules import WORKDAYS, Rhythm, day_due, next_slot, rescheduled, zones

BEGAN, ENDS = datetime(2025, 12, 31, 22, 7, tzinfo=UTC), datetime(2028, 1, 3, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
# Without a change of clocks, with one in each half of the world, by half an hour, at midnight, and half a day ahead.
ZONES = (
    "UTC",
    "Europe/Vienna",
    "America/New_York",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Africa/Cairo",
    "America/Santiago",
    "Pacific/Apia",
    "Pacific/Kiritimati",
)


def lived(rhythm: Rhythm, step: timedelta = QUARTER, began: datetime = BEGAN) -> list[tuple[date, datetime]]:
    """The digests of two years, as claims make them: (day, moment)."""
    now, due, found = began, next_slot(began, rhythm), []
    while now < ENDS:
        if due is not None and due <= now:
            day = day_due(now, rhythm)
            assert day is not None
            found.append((day, now))
            due = next_slot(now, rhythm)
        now += step
    return found


def days_between(first: date, last: date, rhythm: Rhythm) -> list[date]:
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    return [day for day in days if rhythm.is_workday(day)]


@pytest.mark.parametrize("hour", [0, 2, 8, 23])
@pytest.mark.parametrize("zone", ZONES)
def test_each_workday_of_two_years_has_one_digest_within_a_quarter_of_its_hour(zone: str, hour: int) -> None:
    rhythm = Rhythm(hour, zone)
    found = lived(rhythm)
    days = [day for day, _at in found]
    assert days == days_between(days[0], days[-1], rhythm)
    assert days[0] <= date(2026, 1, 2) and days[-1] >= date(2027, 12, 30)
    for day, at in found:
        late = at - rhythm.slot(day)
        assert timedelta(0) <= late < QUARTER
        local = at.astimezone(rhythm.slot(day).astimezone().tzinfo)
        assert local.utcoffset() is not None


def test_an_hour_that_the_clock_skips_comes_when_it_has_skipped_it() -> None:
    vienna = Rhythm(2, "Europe/Vienna", frozenset({7}))
    assert vienna.slot(date(2026, 3, 29)) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    # struck twice in autumn: the first time, and only that
    assert vienna.slot(date(2026, 10, 25)) == datetime(2026, 10, 25, 0, tzinfo=UTC)
    assert next_slot(datetime(2026, 10, 25, 0, 0, tzinfo=UTC), vienna) == vienna.slot(date(2026, 11, 1))


def test_a_worker_that_was_away_for_days_sends_one_digest_and_then_goes_on() -> None:
    rhythm = Rhythm(8, "Europe/Vienna")
    back = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)  # a Friday
    assert day_due(back, rhythm) == date(2026, 3, 6)
    assert next_slot(back, rhythm) == rhythm.slot(date(2026, 3, 9))
    # back on a Saturday, it is Friday's that is missing
    assert day_due(back + timedelta(days=1), rhythm) == date(2026, 3, 6)


@given(st.lists(st.tuples(st.integers(0, 23), st.sampled_from(ZONES), st.integers(1, 400)), min_size=1, max_size=8))
def test_whoever_changes_hour_and_zone_never_gets_two_for_one_day(changes: list[tuple[int, str, int]]) -> None:
    now, rhythm = BEGAN, Rhythm()
    due, days = next_slot(now, rhythm), Counter[date]()
    for hour, zone, hours in changes:
        chosen = Rhythm(hour, zone)
        due = rescheduled(now, due, rhythm, chosen)
        rhythm = chosen
        for _hour in range(hours):
            if due is not None and due <= now:
                day = day_due(now, rhythm)
                assert day is not None
                # a day whose row is there already is not begun again
                days[day] |= 1
                due = next_slot(now, rhythm)
            now += timedelta(hours=1)
        assert due is None or due > now - timedelta(hours=1)
    assert set(days.values()) <= {1}


def test_a_day_that_was_still_to_come_is_not_lost_when_its_new_hour_has_passed() -> None:
    evening, morning = Rhythm(17, "Europe/Vienna"), Rhythm(8, "Europe/Vienna")
    noon = datetime(2026, 3, 4, 11, tzinfo=UTC)
    due = rescheduled(noon, evening.slot(date(2026, 3, 4)), evening, morning)
    assert due == morning.slot(date(2026, 3, 4)) <= noon
    # and one that was sent in the morning is not sent again in the evening: its row is there
    again = rescheduled(noon, morning.slot(date(2026, 3, 5)), morning, evening)
    assert again == evening.slot(date(2026, 3, 4))
    assert day_due(again or noon, evening) == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("country", "part", "zone", "hour"),
    [
        ("AT", "", "Europe/Vienna", 2),
        ("DE", "BY", "Europe/Berlin", 8),
        ("US", "CA", "America/Los_Angeles", 23),
        ("AU", "NSW", "Australia/Sydney", 0),
        ("IL", "", "Asia/Jerusalem", 7),
        ("JP", "", "Asia/Tokyo", 8),
    ],
)
def test_two_years_of_news_are_told_each_on_the_next_workday_and_none_on_a_holiday(
    country: str, part: str, zone: str, hour: int
) -> None:
    """News come every five hours, day and night, at weekends and on holidays; a worker comes every half hour."""
    week = frozenset({7, 1, 2, 3, 4}) if country == "IL" else WORKDAYS
    rhythm = Rhythm(hour, zone, week, country, part)
    free = holidays.country_holidays(country, subdiv=part or None, years=(2025, 2026, 2027, 2028))
    now, due = BEGAN, next_slot(BEGAN, rhythm)
    waiting, told = [BEGAN], dict[date, list[datetime]]()
    while now < ENDS:
        if due is not None and due <= now:
            day = day_due(now, rhythm)
            assert day is not None and day not in told
            told[day], waiting = waiting, []
            due = next_slot(now, rhythm)
        if (now - BEGAN) % timedelta(hours=5) < timedelta(minutes=30):
            waiting.append(now)
        now += timedelta(minutes=30)
    days = list(told)
    whole = [days[0] + timedelta(n) for n in range((days[-1] - days[0]).days + 1)]
    assert days == [day for day in whole if day.isoweekday() in week and day not in free]
    assert len(days) > 440 and all(told.values())
    for before, day in pairwise(days):
        # nothing is lost and nothing waits longer than for the next workday
        slots = rhythm.slot(before), rhythm.slot(day) + timedelta(minutes=30)
        assert all(slots[0] <= each <= slots[1] for each in told[day])
    assert (
        sum(map(len, told.values())) + len(waiting) == len(range(0, int((ENDS - BEGAN).total_seconds()), 5 * 3600)) + 1
    )


def test_the_news_of_a_chosen_countrys_holiday_wait_for_the_next_workday() -> None:
    vienna = Rhythm(8, "Europe/Vienna", country="AT")
    christmas_eve = vienna.slot(date(2026, 12, 24))
    # Friday and Saturday are holidays, then comes Sunday
    assert next_slot(christmas_eve, vienna) == vienna.slot(date(2026, 12, 28))
    # a worker that comes on the holiday, as by a rhythm of before, has nothing to do but what was missed
    assert day_due(vienna.slot(date(2026, 12, 25)), vienna) == date(2026, 12, 24)
    # chosen on the morning of a holiday whose digest was still to come: it comes the next workday
    boxing = datetime(2027, 1, 6, 5, tzinfo=UTC)
    bare = Rhythm(8, "Europe/Vienna")
    assert rescheduled(boxing, bare.slot(date(2027, 1, 6)), bare, vienna) == vienna.slot(date(2027, 1, 7))
    assert Rhythm(country="XX").is_workday(date(2026, 12, 24)), "another release knew that country"


def test_no_day_no_digest() -> None:
    never = Rhythm(8, "UTC", frozenset())
    assert next_slot(BEGAN, never) is None and day_due(BEGAN, never) is None
    assert {"UTC", "Europe/Vienna"} <= zones() and "Nowhere/Land" not in zones()
