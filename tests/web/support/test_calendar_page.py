"""The page of a project's calendar: who may, what it draws before saving, and what a saved one changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from categories.support.promises.calendars import calendar_of, horizon_of, keep_all_ends
from categories.support.promises.workdays import MONDAY_TO_FRIDAY, end_of_workday_horizon
from forum.database.engine import fetch, fetch_value
from tests.helpers.site import Site
from tests.helpers.world import World

PATH = "/p/pelican/settings/calendar"
VIENNA = {
    **{f"works_{day}": "on" for day in range(5)},
    **{f"opens_{day}": "09:00" for day in range(7)},
    **{f"closes_{day}": "17:00" for day in range(7)},
    "closes_4": "13:00",
    "zone": "Europe/Vienna",
    "country": "AT",
    "subdivision": "",
    "closing_first": "2026-12-24",
    "closing_last": "2027-01-05",
    "closing_note": "Together in the snow",
}


async def saved(world: World, **changed: str) -> None:
    sent = await world.owner.post(PATH, VIENNA | changed)
    assert sent.status_code == 303, sent.text


async def test_maintainers_and_owners_alone_see_and_change_it(site: Site) -> None:
    world = await World.make(site)
    maintainer = await site.member("mia")
    await world.team(maintainer, "maintainer")
    for browser in (world.supporter, world.outsider):
        assert (await browser.get(PATH)).status_code == 403
        assert (await browser.post(PATH, VIENNA)).status_code == 403
    assert (await site.guest().get(PATH)).status_code == 303
    assert await calendar_of(world.project) == MONDAY_TO_FRIDAY
    assert (await maintainer.post(PATH, VIENNA)).status_code == 303
    calendar = await calendar_of(world.project)
    assert (calendar.zone, calendar.country, calendar.hours) == ("Europe/Vienna", "AT", (540, 1020))
    assert calendar.other_hours == {(4, (540, 780))} and calendar.closings[0].note == "Together in the snow"
    page = (await maintainer.get(PATH)).text
    assert 'value="Together in the snow"' in page and 'value="13:00"' in page


async def test_the_next_days_are_drawn_before_anything_is_saved(site: Site) -> None:
    world = await World.make(site)
    query = "&".join(f"{name}={value}" for name, value in VIENNA.items())
    for shown in (
        await world.owner.get(f"{PATH}?{query}"),
        await world.owner.post(PATH, VIENNA | {"preview": "1"}),
    ):
        assert shown.status_code == 200
        assert "not saved yet" in shown.text and "3-workday guarantee" in shown.text
        assert "(Europe/Vienna)" in shown.text and "09:00–17:00" in shown.text
    assert await calendar_of(world.project) == MONDAY_TO_FRIDAY
    assert await fetch_value("select count(*) from workday_end") == 0


async def test_what_is_typed_wrong_is_told_by_field(site: Site) -> None:
    world = await World.make(site)
    for name, value, field in (
        ("zone", "Europe/Atlantis", "zone"),
        ("country", "XX", "country"),
        ("opens_1", "18:00", "opens_1"),
        ("opens_2", "soon", "opens_2"),
        ("closing_last", "2026-12-01", "closing_first"),
        ("closing_first", "Christmas", "closing_first"),
        ("closing_last", "2099-01-01", "closing_first"),
    ):
        sent = await world.owner.post(PATH, VIENNA | {name: value})
        assert sent.status_code == 422 and f'href="#{field}"' in sent.text, (name, value)
    nobody = {name: value for name, value in VIENNA.items() if not name.startswith("works_")}
    assert (await world.owner.post(PATH, nobody)).status_code == 422
    assert await calendar_of(world.project) == MONDAY_TO_FRIDAY


async def test_a_part_of_another_country_is_dropped_and_one_of_the_same_kept(site: Site) -> None:
    world = await World.make(site)
    await saved(world, country="DE", subdivision="BY")
    assert (await calendar_of(world.project)).subdivision == "BY"
    await saved(world, country="AT", subdivision="BY")
    assert (await calendar_of(world.project)).subdivision == ""


async def test_a_closing_with_one_day_is_that_day_and_an_emptied_row_is_none(site: Site) -> None:
    world = await World.make(site)
    await saved(world, closing_last="")
    closing = (await calendar_of(world.project)).closings[0]
    assert closing.first == closing.last
    await saved(world, closing_first="", closing_last="")
    assert (await calendar_of(world.project)).closings == ()


async def test_the_database_knows_the_end_of_the_workday_as_the_calendar_does(site: Site) -> None:
    world = await World.make(site)
    now = datetime.now(UTC).replace(microsecond=0)
    hours = [now + n * timedelta(hours=5) for n in range(24 * 6)]
    assert all([await horizon_of(world.project, at) == end_of_workday_horizon(at) for at in hours])
    await saved(world)
    calendar = await calendar_of(world.project)
    for at in hours:
        assert await horizon_of(world.project, at) == end_of_workday_horizon(at, calendar)


async def test_every_night_the_ends_of_workdays_reach_a_year_ahead_for_two_years(site: Site) -> None:
    """A worker that runs once a week, over both changes of the clocks and every holiday."""
    world = await World.make(site)
    await saved(world)
    calendar, start = await calendar_of(world.project), datetime.now(UTC).replace(microsecond=0)
    for week in range(105):
        now = start + timedelta(days=7 * week, hours=week % 24)
        await keep_all_ends(now)
        assert await horizon_of(world.project, now) == end_of_workday_horizon(now, calendar)
    ends = [r["ends_at"] for r in await fetch("select ends_at from workday_end order by ends_at")]
    local = [end.astimezone(ZoneInfo("Europe/Vienna")) for end in ends]
    assert {(end.hour, end.weekday() == 4) for end in local} == {(17, False), (13, True)}
    assert 240 < len(ends) < 300 and ends[-1] > now + timedelta(days=395)


async def test_a_whole_day_is_a_tick_and_reads_so(site: Site) -> None:
    world = await World.make(site)
    page = (await world.owner.get(PATH)).text
    assert 'name="whole_0" value="on" checked' in page and 'name="whole_6" value="on" checked' not in page
    assert "all day</span><" in page.replace("\n", "") and "00:00–24:00" not in page
    await saved(world, whole_0="on")
    calendar = await calendar_of(world.project)
    assert calendar.hours_on(0) == (0, 24 * 60) and calendar.hours_on(1) == (540, 1020)
