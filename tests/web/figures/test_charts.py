"""The dashboard's charts: out of steps and ratings, each with its file, people unranked and told to whom it concerns."""

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from categories.figures.queries import backlog
from forum.database.engine import execute, fetch_value
from tests.conftest import Statements
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import asked, paid
from tests.helpers.world import World

PATH = "/p/pelican/dashboard"


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def rows(browser: Browser, chart: str, query: str = "") -> list[dict[str, str]]:
    answer = await browser.get(f"{PATH}/{chart}.csv{query}")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_what_is_over_what_came_back_and_what_was_said_is_counted_this_month(world: World) -> None:
    for n, face in enumerate((3, 3, 1, None)):
        one = await asked(world, f"Question {n} of this month")
        if n == 3:
            await paid(one)
        await one.says(world.supporter, "resolve")
        if face:
            await one.ana.post(f"/tickets/{one.ticket}/rating", {"face": str(face)})
        if n == 2:
            await one.says(one.ana)
    month = datetime.now(UTC).strftime("%Y-%m")
    said = (await rows(world.owner, "satisfaction"))[-1]
    assert [said[name] for name in ("Month", "Over", "Good", "So-so", "Bad", "Answer rate")] == [
        month, "4", "2", "0", "1", "75 %"
    ]  # fmt: skip
    back = (await rows(world.owner, "reopened"))[-1]
    assert (back["Over"], back["Opened again"], back["Share"]) == ("4", "1", "25 %")
    assert (await rows(world.owner, "resolution"))[-1]["Tickets"] == "4"
    assert (await rows(world.owner, "backlog"))[-1]["Waiting"] == "1", "the one that came back"
    lines = {row["Which"]: row["Tickets"] for row in await rows(world.owner, "groups") if row["By"] == "Line"}
    assert lines == {"Paid": "1", "Unpaid": "3"}


async def test_the_backlog_is_what_waited_then(world: World, database: str) -> None:
    for n in range(3):
        one = await asked(world, f"Question {n} of long ago")
        if n:
            await one.says(world.supporter)
    owner = await asyncpg.connect(database)
    await owner.execute("update ticket_step set at = now() - interval '20 days' where state_to <> 'answered'")
    await owner.execute("update ticket_step set at = now() - interval '10 days' where state_to = 'answered'")
    await owner.close()
    now = datetime.now(UTC)
    project = await fetch_value("select id from project where slug = 'pelican'")
    found = await backlog(project, now - timedelta(days=28), now)
    assert [count for _ends, count in found] == [0, 0, 3, 1, 1]


async def test_a_promise_that_was_missed_stays_missed(world: World) -> None:
    one, late = await asked(world, "One that is answered"), await asked(world, "One that is late")
    for each in (one, late):
        sent = await world.owner.post(f"/tickets/{each.ticket}/promise", {"workdays": "3"})
        assert sent.status_code == 303
    await execute("update guarantee set left_since = left_since - interval '30 days' where ticket_id = $1", late.ticket)
    for each in (one, late):
        await each.says(world.supporter)
    found = (await rows(world.supporter, "guarantee"))[-1]
    assert (found["Kept"], found["Missed"], found["Share"]) == ("1", "1", "50 %")


async def test_people_stand_by_name_with_their_kinds_of_work(world: World) -> None:
    one = await asked(world)
    number = await one.says(world.supporter)
    await one.says(world.supporter, "facts")
    await one.accept(number)
    await one.ana.post(f"/tickets/{one.ticket}/rating", {"face": "3"})
    found = await rows(world.owner, "people")
    assert [row["Person"] for row in found] == sorted((row["Person"] for row in found), key=str.lower)
    mine = [row for row in found if row["Answers"] != "0"]
    assert len(mine) == 1
    assert [mine[0][name] for name in ("Answers", "Accepted", "Asked for facts")] == ["1", "1", "1"]
    assert mine[0]["Good / so-so / bad"] == "1 / 0 / 0"
    assert "Closed" in mine[0], "the owner's to see"


async def test_others_of_the_team_see_their_own_row_and_no_closures(world: World) -> None:
    found = await rows(world.supporter, "people")
    assert len(found) == 1 and "Closed" not in found[0]


async def test_every_chart_and_file_is_of_what_is_chosen(world: World) -> None:
    for n, (by, cents) in enumerate(((world.supporter, 0), (world.owner, 700), (world.owner, 0))):
        one = await asked(world, f"Question {n} of three", by=f"asker{n}")
        if cents:
            await paid(one, cents)
        await one.says(by, "resolve")
        await one.ana.post(f"/tickets/{one.ticket}/rating", {"face": "3"})
    sam, olga = [(await each.reader()).username for each in (world.supporter, world.owner)]
    wanted = {"": 3, "?line=paid": 1, f"?person={sam}": 1, f"?person={olga}&line=unpaid": 1, "?category=bugs": 0}
    wanted |= {"?category=support&months=3": 3}
    for query, count in wanted.items():
        for chart, column in (("first-response", "Tickets"), ("resolution", "Tickets"), ("reopened", "Over")):
            assert (await rows(world.owner, chart, query))[-1][column] == str(count), (chart, query)
        assert (await rows(world.owner, "satisfaction", query))[-1]["Good"] == str(count), query
        told = await rows(world.owner, "people", query)
        assert sum(int(row["Answers"]) for row in told) == count, query
        page = (await world.owner.get(f"{PATH}{query}")).text
        link = page.split("people.csv?")[1].split('"')[0]
        assert set(query.lstrip("?").split("&")) <= {*link.split("&amp;"), ""}, "the file is of what the page shows"
    # another one's work is the owner's alone to look at
    assert len(await rows(world.supporter, "resolution", f"?person={sam}")) == 6
    for wrong in (f"?person={olga}", "?category=nowhere", "?line=free"):
        assert (await world.supporter.get(f"{PATH}/resolution.csv{wrong}")).status_code == 404, wrong


async def test_files_and_charts_are_the_teams(world: World) -> None:
    for path in (f"{PATH}/people.csv", f"{PATH}/backlog.csv"):
        assert (await world.outsider.get(path)).status_code == 404
        assert (await world.site.guest().get(path)).status_code in (303, 401)
    assert (await world.owner.get(f"{PATH}/no-such.csv")).status_code == 404


async def test_a_name_that_is_a_formula_stays_a_text(world: World) -> None:
    one = await asked(world)
    await one.says(world.supporter)
    await execute("update person set name = '=1+1'")
    text = (await world.owner.get(f"{PATH}/people.csv")).text
    assert "'=1+1" in text and "\n=1+1" not in text


async def test_the_dashboard_costs_the_same_whatever_there_is(world: World, statements: Statements) -> None:
    async def cost() -> int:
        # the last statement of what was asked before is told a turn later
        await asyncio.sleep(0)
        statements.clear()
        assert (await world.owner.get(f"{PATH}?months=12")).status_code == 200
        return statements.count

    await (await asked(world)).says(world.supporter, "resolve")
    await cost()
    few = await cost()
    for n in range(6):
        one = await asked(world, f"Question {n} of many", by=f"asker{n}")
        await one.says(world.supporter, "resolve")
    assert await cost() == few
