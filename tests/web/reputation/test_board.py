"""The board of supporters, the rows behind each figure, a person's panel and the JSON: each reader what they may see."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from forum.database.engine import execute, fetch_value
from forum.threads.actions import accept_answer, move_thread
from forum.threads.starting import start_thread
from reputation.actions import happening_at
from reputation.rules import POINTS
from tests.conftest import Statements
from tests.helpers.points import like, reply
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import imported
from tests.helpers.world import World

ANSWER, LIKE, ACCEPTED = (POINTS[kind].points for kind in ("answer", "like", "accepted"))
BOARD = "/p/pelican/supporters"


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def board(browser: Browser, period: str = "month") -> list[tuple[str, int]]:
    """Username and points of each row of the page."""
    page = await browser.get(f"{BOARD}?period={period}")
    assert page.status_code == 200
    found = re.findall(r'supporters/([\w@.-]+)\?period=\w+"><strong>([\d,]+)', page.text)
    return [(name, int(figure.replace(",", ""))) for name, figure in found]


async def rows(browser: Browser, username: str, period: str = "month") -> tuple[int, list[int], str]:
    """The figure of somebody's page, the points of its rows that count, and the page."""
    page = await browser.get(f"{BOARD}/{username}?period={period}")
    assert page.status_code == 200, page.text
    figure = re.search(r"<dd><b>([\d,]+)</b>", page.text)
    assert figure
    listed = [int(n) for n in re.findall(r'<td class="n"><strong>([+-]?\d+)</strong>', page.text)]
    return int(figure[1].replace(",", "")), listed, page.text


async def earn(world: World, *, answerer: Browser, accepted: bool = False, title: str = "How do I read it?") -> int:
    """A question that somebody answered; returns the thread."""
    asked = await world.ask(title)
    _post, number = await reply(answerer, asked.posted.thread)
    if accepted:
        await accept_answer(await (await world.person("ana")).reader(), asked.posted.thread, number)
    return asked.posted.thread


async def test_team_and_community_stand_on_one_board_with_their_roles(world: World) -> None:
    await earn(world, answerer=world.outsider, accepted=True)
    await earn(world, answerer=world.supporter)
    guest = world.site.guest()
    assert await board(guest) == [("otto", ANSWER + ACCEPTED), ("sam", ANSWER)]
    page = (await guest.get(BOARD)).text
    assert re.search(r'/u/otto">Otto</a> <span class="role">Community', page)
    assert re.search(r'/u/sam">Sam Supporter</a> <span class="role role--team">Supporter', page)
    assert f'href="{BOARD}" aria-current="page"' in page, "a tab of the project's bar"
    assert f'href="{BOARD}"' in (await guest.get("/p/pelican")).text


async def test_equal_points_have_equal_places(world: World) -> None:
    await earn(world, answerer=world.outsider)
    await earn(world, answerer=world.supporter)
    await earn(world, answerer=world.owner, accepted=True)
    page = (await world.site.guest().get(BOARD)).text
    assert re.findall(r'<tr><td class="n">(\d+)</td>', page) == ["1", "2", "2"]


async def test_every_figure_is_the_sum_of_the_rows_behind_it(world: World) -> None:
    thread = await earn(world, answerer=world.outsider, accepted=True)
    ana = await world.person("ana")
    post, _number = await reply(world.outsider, thread)
    await like(ana, post)
    await like(world.supporter, post, "thanks")
    await like(ana, post, on=False)
    for browser in (world.site.guest(), world.outsider, world.owner):
        for name, figure in await board(browser):
            told, listed, text = await rows(browser, name)
            assert told == figure == sum(listed)
            assert "How do I read it?" in text and f"/{thread}/" in text
    assert "Like taken back" in (await rows(ana, "otto"))[2]


async def test_each_period_counts_its_own_days(world: World) -> None:
    await earn(world, answerer=world.outsider)
    with happening_at(datetime.now(UTC) - timedelta(days=800)):
        await earn(world, answerer=world.supporter, accepted=True)
    guest = world.site.guest()
    for period in ("month", "quarter", "year"):
        assert await board(guest, period) == [("otto", ANSWER)]
    assert await board(guest, "all") == [("sam", ANSWER + ACCEPTED), ("otto", ANSWER)]
    assert (await rows(guest, "sam"))[:2] == (0, [])
    assert (await rows(guest, "sam", "all"))[:2] == (ANSWER + ACCEPTED, [ACCEPTED, ANSWER])
    for wrong in ("week", "2026", "x" * 300):
        assert (await guest.get(f"{BOARD}?period={wrong}")).status_code == 404
        assert (await guest.get(f"{BOARD}/otto?period={wrong}")).status_code == 404


async def test_a_claimed_placeholder_is_whoever_claimed_it(world: World) -> None:
    thread = await imported(world)
    octavia = await fetch_value("select id from person where username = 'octavia@github.com'")
    post = await fetch_value("select id from post where thread_id = $1", thread)
    await like(world.supporter, post)
    await earn(world, answerer=world.owner, accepted=True)
    await earn(world, answerer=world.outsider)
    guest = world.site.guest()
    assert await board(guest) == [
        ("olga", ANSWER + ACCEPTED),
        ("octavia@github.com", LIKE),
        ("otto", ANSWER),
    ]
    assert '<span class="role">github.com' in (await guest.get(BOARD)).text
    await execute("update person set same_as = $1 where id = $2", world.outsider.person, octavia)
    assert await board(guest) == [("olga", ANSWER + ACCEPTED), ("otto", ANSWER + LIKE)]
    assert (await rows(guest, "otto"))[:2] == (ANSWER + LIKE, [ANSWER, LIKE])
    moved = await guest.get(f"{BOARD}/octavia@github.com?period=year")
    assert moved.status_code == 302 and moved.headers["location"] == f"{BOARD}/otto?period=year"


async def test_who_has_nothing_but_a_claimed_placeholders_points_stands_there_too(world: World) -> None:
    thread = await imported(world)
    await like(world.supporter, await fetch_value("select id from post where thread_id = $1", thread))
    await execute("update person set same_as = $1 where username = 'octavia@github.com'", world.outsider.person)
    assert await board(world.site.guest()) == [("otto", LIKE)]
    panel = (await world.site.guest().get("/u/otto")).text
    assert f'{BOARD}/otto?period=all"><strong>{LIKE}' in panel


async def test_disabled_people_are_left_out(world: World) -> None:
    await earn(world, answerer=world.outsider)
    await earn(world, answerer=world.supporter)
    await execute("update person set disabled_at = now() where id = $1", world.outsider.person)
    guest = world.site.guest()
    assert await board(guest) == [("sam", ANSWER)]
    assert (await guest.get(f"{BOARD}/otto")).status_code == 404
    assert (await guest.get(f"{BOARD}/nobody")).status_code == 404
    assert (await guest.get("/p/nowhere/supporters")).status_code == 404


async def test_what_few_may_read_is_seen_by_them_alone_and_in_nobodys_figure(world: World) -> None:
    ana = await world.person("ana")
    secret = await start_thread(await ana.reader(), await world.category("security"), "A hidden way in", "Look.")
    await reply(world.owner, secret.thread)
    for browser in (world.site.guest(), world.outsider, world.supporter):
        assert await board(browser) == []
        figure, listed, text = await rows(browser, "olga")
        assert (figure, listed) == (0, []) and "Answered" not in text and "private" not in text
    for browser in (world.owner, ana):
        figure, listed, text = await rows(browser, "olga")
        assert (figure, listed) == (0, []) and "A hidden way in" in text and "not in the figure" in text


async def test_what_has_become_private_counts_on_without_its_name(world: World) -> None:
    asked = await world.ask("A way into the server", category="bugs")
    await reply(world.outsider, asked.posted.thread)
    await move_thread(await world.owner.reader(), asked.posted.thread, await world.category("security"))
    for browser in (world.site.guest(), world.outsider, world.supporter):
        figure, listed, text = await rows(browser, "otto")
        assert figure == sum(listed) == ANSWER
        assert "something private" in text and "A way into" not in text and f"/{asked.posted.thread}/" not in text
    assert "A way into" in (await rows(world.owner, "otto"))[2]


async def test_members_see_members_points_and_guests_do_not(world: World) -> None:
    await execute("update category set visibility = 'members' where project_id = $1 and slug = 'bugs'", world.project)
    asked = await world.ask("It crashes at night", category="bugs")
    await reply(world.outsider, asked.posted.thread)
    guest, member = world.site.guest(), await world.person("ben")
    assert await board(guest) == [] and await board(member) == [("otto", ANSWER)]
    assert (await rows(guest, "otto"))[:2] == (0, [])
    assert (await rows(member, "otto"))[:2] == (ANSWER, [ANSWER])
    assert "Points" not in (await guest.get("/u/otto")).text
    assert f"{BOARD}/otto?period=all" in (await member.get("/u/otto")).text


async def many(world: World, count: int) -> None:
    """So many people with points, some of them as many as others."""
    asked = await world.ask("How do I read a file?")
    await execute(
        "with made as (insert into person (username, name) select 'many' || n, '' from generate_series(1, $1::int) n"
        " returning id) insert into reputation_event (cause, turn, kind, person_id, project_id, thread_id, post_id,"
        " from_id, reach, points, stands, day) select 'many:' || id, 1, 'like', id, $2, $3, $4, $5, 'public', 5 + id % 7,"
        " true, (now() at time zone 'UTC')::date from made",
        count,
        world.project,
        asked.posted.thread,
        asked.posted.post,
        world.owner.person,
    )


async def test_a_long_board_goes_on_page_by_page_and_leaves_nobody_out(world: World) -> None:
    await many(world, 75)
    guest = world.site.guest()
    found, path = [], BOARD
    for _page in range(4):
        page = (await guest.get(path)).text
        found += re.findall(r"/supporters/(many\d+)\?", page)
        more = re.search(r'href="(\?period=month&amp;below=[\d-]+)"', page)
        if not more:
            break
        path = BOARD + more[1].replace("&amp;", "&")
    assert len(found) == len(set(found)) == 75
    for wrong in ("x", "1", "1-2-3", "1-2-3-x", f"{10**25}-1-1-1", "-1-2-3-4"):
        assert (await guest.get(f"{BOARD}?below={wrong}")).status_code == 404, wrong
    for wrong in ("x", "2026-01-01", "2026-01-01.", "2026-13-01.1", f"2026-01-01.{10**25}", ".1"):
        assert (await guest.get(f"{BOARD}/otto?below={wrong}")).status_code == 404, wrong


async def test_a_long_list_of_rows_goes_on_too(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    await execute(
        "insert into reputation_event (cause, turn, kind, person_id, project_id, thread_id, post_id, from_id, reach,"
        " points, stands, day) select 'many:' || n, 1, 'like', $1, $2, $3, $4, $5, 'public', n, true,"
        " (now() at time zone 'UTC')::date from generate_series(1, 70) n",
        world.outsider.person,
        world.project,
        asked.posted.thread,
        asked.posted.post,
        world.owner.person,
    )
    figure, first, text = await rows(world.site.guest(), "otto")
    more = re.search(r'href="\?period=month&amp;below=([\d.-]+)"', text)
    assert more
    _figure, second, _text = await rows(world.site.guest(), "otto", f"month&below={more[1]}")
    assert first + second == list(range(70, 0, -1)) and figure == sum(first + second)


async def cost(statements: Statements, browser: Browser, path: str) -> int:
    """What a page costs; the connection tells of a statement a moment later, so those of before are waited for."""
    await asyncio.sleep(0)
    statements.clear()
    assert (await browser.get(path)).status_code == 200
    await asyncio.sleep(0)
    return statements.count


async def test_the_board_costs_few_statements_however_many_stand_on_it(world: World, statements: Statements) -> None:
    await earn(world, answerer=world.outsider)
    guest = world.site.guest()
    few = [await cost(statements, guest, path) for path in (BOARD, f"{BOARD}/otto")]
    await many(world, 60)
    assert [await cost(statements, guest, path) for path in (BOARD, f"{BOARD}/otto")] == few
    assert max(few) <= 4


async def test_programs_read_the_board_page_by_page(world: World) -> None:
    await earn(world, answerer=world.outsider, accepted=True)
    await earn(world, answerer=world.supporter)
    await many(world, 5)
    guest, path = world.site.guest(), "/api/v1/projects/pelican/supporters"
    whole = (await guest.get(path)).json()
    assert whole["period"] == datetime.now(UTC).strftime("%Y-%m") and whole["next"] is None
    first = {"username": "otto", "name": "Otto", "role": None, "points": ANSWER + ACCEPTED, "accepted": 1}
    assert whole["supporters"][0] == first
    assert whole["supporters"][-1]["role"] == "supporter"
    seen, cursor = [], ""
    for _page in range(5):
        part = (await guest.get(f"{path}?limit=2{cursor}")).json()
        seen += part["supporters"]
        if part["next"] is None:
            break
        cursor = f"&cursor={part['next']}"
    assert seen == whole["supporters"] and len(seen) == 7
    for wrong in ("period=week", "limit=0", "limit=201", "cursor=x", "cursor=1-2"):
        assert (await guest.get(f"{path}?{wrong}")).status_code == 422, wrong
    assert (await guest.get("/api/v1/projects/nowhere/supporters")).status_code == 404
