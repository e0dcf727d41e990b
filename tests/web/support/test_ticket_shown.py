"""What a ticket shows to whom: place, amount, expected range, the numbers of the home page."""

import re
from datetime import UTC, datetime, timedelta

from forum.database.engine import execute
from tests.helpers.site import Site
from tests.helpers.tickets import asked, imported, paid
from tests.helpers.world import World


async def test_requester_and_team_see_the_place_and_everybody_else_the_range_alone(site: Site) -> None:
    world = await World.make(site)
    await asked(world, "How do I write a file?", by="ben")
    one = await asked(world)
    for browser in (one.ana, world.supporter, world.owner):
        assert "Place 2 of 2 in the queue" in (await browser.get(one.url)).text
    for browser in (world.outsider, await world.person("ben"), site.guest()):
        page = (await browser.get(one.url)).text
        assert "Place" not in page.replace('aria-label="Place in the queue"', "")
        assert "Expected in 7–10 workdays" in page and "place:" in page


async def test_others_are_told_that_it_is_paid_and_not_how_much(site: Site) -> None:
    one = await asked(await World.make(site))
    await paid(one, 123_456)
    for browser in (one.world.outsider, site.guest()):
        page = (await browser.get(one.url)).text
        assert "</svg>paid</span>" in page
        drawn = re.sub(r"[0-9a-f]{40}", "", page)  # what guards the forms may hold any figures
        assert "123" not in drawn.replace(str(one.thread), "")


async def test_a_claimed_placeholder_sees_the_place_of_its_ticket(site: Site) -> None:
    world = await World.make(site)
    thread = await imported(world)
    await world.owner.post(f"/t/{thread}/ticket")
    mona = await world.person("mona")
    await execute("update person set same_as = $1 where username = 'octavia@github.com'", mona.person)
    page = (await mona.get(f"/t/cannot-read-a-file/{thread}")).text
    assert "Place 1 of 1 in the queue" in page
    assert "Cannot read a file" in (await mona.get("/")).text


async def test_the_home_page_tells_own_places_and_what_waits_where(site: Site) -> None:
    world = await World.make(site)
    await asked(world, "How do I write a file?", by="ben")
    one = await asked(world)
    home = (await one.ana.get("/")).text
    aside = home[home.index("Your tickets") :]
    assert "<b>2</b> <small>of 2</small>" in aside and "Expected answer in 7–10 workdays" in aside
    guests = (await site.guest().get("/")).text
    assert "Your tickets" not in guests
    assert '<span class="wait">2<br>7–10 days</span>' in guests
    await one.says(world.supporter)
    assert '<span class="wait">1<br>' in (await site.guest().get("/")).text


# The expected range


async def answered_in(world: World, count: int, days: int) -> None:
    """So many native tickets of the last weeks, each answered after so many calendar days."""
    answered = datetime.now(UTC) - timedelta(days=7)
    for n in range(count):
        made = await world.ask(f"How do I do thing {n}?", by=f"asker{n % 3}")
        await execute(
            "update ticket set submitted_at = $2, first_response_at = $3, state = 'answered' where id = $1",
            made.ticket,
            answered - timedelta(days=days) + timedelta(minutes=1),
            answered,
        )
        await execute("select queue_enter($1)", made.ticket)


async def test_the_range_is_measured_from_the_twentieth_answer_on(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await answered_in(world, 18, days=14)
    await asked_and_answered(world)
    await site.jobs()
    assert "Expected in 7–10 workdays" in (await site.guest().get(one.url)).text
    await asked_and_answered(world)
    await site.jobs()
    # 18 of 20 within two weeks of workdays, two at once: the median and the ninth tenth are ten workdays
    for path, said in (
        (one.url, "Expected in 10 workdays"),
        ("/", "10 days"),
        ("/p/pelican", "<dd>10 workdays"),
        ("/projects", "10 workdays"),
    ):
        page = (await site.guest().get(path)).text
        assert said in page and "7–10" not in page, path
    for reader, path in (
        (one.ana, one.url),
        (world.supporter, "/p/pelican/inbox"),
        (one.ana, "/new-thread?project=pelican&title=How"),
    ):
        assert ">10 workdays</strong>" in (await reader.get(path)).text, path


async def test_one_day_is_one_day(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await execute("update project set expected_from = 1, expected_to = 1")
    assert "Expected in 1 workday," in (await site.guest().get(one.url)).text
    assert ">1 workday</strong>" in (await one.ana.get(one.url)).text
    assert "1 day<" in (await site.guest().get("/")).text


async def asked_and_answered(world: World) -> None:
    one = await asked(world, "How do I answer this?", by="ben")
    await one.says(world.supporter)


async def test_old_answers_imported_threads_and_the_other_line_do_not_count(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await answered_in(world, 20, days=14)
    await execute(
        "update ticket set is_native = false where id in (select id from ticket where state = 'answered' limit 1)"
    )
    await asked_and_answered(world)
    await execute(
        "update ticket set first_response_at = now() - interval '91 days' where id = (select max(id) from ticket)"
    )
    await execute("select queue_lock($1)", world.project)
    paid_one = await asked(world, "How do I pay?", by="cleo")
    await paid(paid_one)
    await paid_one.says(world.supporter)
    await site.jobs()
    assert "7–10 workdays" in (await site.guest().get(one.url)).text
