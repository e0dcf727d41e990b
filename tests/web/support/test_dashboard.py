"""The dashboard: figures out of rows, nothing that too few answers cannot carry, the team's alone."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from categories.support.promises.workdays import responses
from forum.database.engine import execute
from forum.threads.actions import accept_answer
from tests.conftest import Statements
from tests.helpers.points import reply
from tests.helpers.site import Site
from tests.helpers.tickets import asked, paid
from tests.helpers.world import World

PATH = "/p/pelican/dashboard"


def last_month() -> tuple[datetime, datetime]:
    """The first two Mondays of last month: five workdays lie between them."""
    last = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    first = last.replace(day=1)
    monday = first + timedelta(days=-first.weekday() % 7)
    return monday, monday + timedelta(days=7)


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def shown(world: World) -> str:
    page = await world.supporter.get(PATH)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


async def answered(world: World, count: int, *, is_paid: bool = False) -> None:
    """So many tickets that the team answered this month, a workday or more after they were asked."""
    for n in range(count):
        one = await asked(world, f"Question {n} for the team", by="ben")
        if is_paid:
            await paid(one)
        await reply(world.supporter, one.thread)
        await execute("delete from rate")


async def test_the_dashboard_is_the_teams_and_not_there_for_anybody_else(world: World) -> None:
    assert (await world.outsider.get(PATH)).status_code == 404
    assert (await world.site.guest().get(PATH)).status_code == 303
    for browser in (world.supporter, world.owner):
        assert (await browser.get(PATH)).status_code == 200
        assert f'href="{PATH}"' in (await browser.get("/p/pelican")).text
    assert PATH not in (await world.outsider.get("/p/pelican")).text


async def test_an_empty_project_says_that_nothing_is_measured(world: World) -> None:
    text = await shown(world)
    assert "Nobody asked in this time." in text
    assert "The team has not answered a ticket" in text


async def test_few_answers_are_counted_and_not_summed_up(world: World) -> None:
    await answered(world, 4)
    month = datetime.now(UTC).strftime("%Y-%m")
    assert f"{month} 4 too few too few 0 – –" in await shown(world)


async def test_enough_answers_have_a_median_and_more_a_p90_in_each_line(world: World) -> None:
    await answered(world, 5)
    await answered(world, 10, is_paid=True)
    asked_at, answered_at = last_month()
    await execute(
        "update ticket set submitted_at = $1, first_response_at = $2 where rank_amount > 0", asked_at, answered_at
    )
    page = await shown(world)
    assert f"{datetime.now(UTC):%Y-%m} 5 0.0 too few 0 – –" in page
    assert f"{asked_at:%Y-%m} 0 – – 10 5.0 5.0" in page


async def test_open_tickets_and_who_answered_are_counted(world: World) -> None:
    waiting = await asked(world, "Somebody who paid", by="ben")
    await paid(waiting)
    await asked(world, "Somebody who did not", by="ben")
    by_team = await asked(world, "The team answers this")
    _post, number = await reply(world.supporter, by_team.thread)
    await reply(world.outsider, by_team.thread)
    by_others = await asked(world, "The community answers this")
    await reply(by_others.ana, by_others.thread)
    _post, other = await reply(world.outsider, by_others.thread)
    ana = await by_team.ana.reader()
    await accept_answer(ana, by_others.thread, other)
    page = await shown(world)
    assert re.search(r"Waiting 2 of them 1 paid", page)
    assert "Of 4 tickets Team Community Nobody yet First answer by 1 1 2 Accepted answer by 0 1 3" in page
    await accept_answer(ana, by_team.thread, number)
    assert "Accepted answer by 1 1 2" in await shown(world)


async def test_it_costs_the_same_with_many_tickets(world: World, statements: Statements) -> None:
    costs = []
    for count in (1, 12):
        await answered(world, count)
        statements.clear()
        assert (await world.supporter.get(PATH)).status_code == 200
        costs.append(statements.count)
    assert costs[0] == costs[1] <= 14


@pytest.mark.parametrize(
    ("durations", "median", "p90"),
    [
        ([], None, None),
        ([1, 2, 3, 4], None, None),
        ([5, 1, 3, 2, 4], 3, None),
        ([1, 2, 3, 4, 5, 6], Fraction(7, 2), None),
        (list(range(10, 0, -1)), Fraction(11, 2), 9),
        (list(range(1, 21)), Fraction(21, 2), 18),
    ],
)
def test_a_median_needs_five_and_a_p90_ten(durations: list[int], median: Fraction | None, p90: Fraction | None) -> None:
    said = responses([Fraction(n) for n in durations])
    assert (said.count, said.median, said.p90) == (len(durations), median, p90)
