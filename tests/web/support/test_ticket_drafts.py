"""From a draft to a ticket: capacity, terms, forms that are sent twice."""

import asyncio

from categories.support.queries import place_of, queue_state
from forum.database.engine import execute, fetch_one, fetch_value
from tests.helpers.site import Site
from tests.helpers.tickets import ASK, asked, credit, paid
from tests.helpers.world import World


async def test_what_is_asked_is_a_draft_of_its_author_until_capacity_and_terms_are_given(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    sent = await ana.post("/new-thread", ASK | {"category": "support", "then": "draft"})
    url = sent.headers["location"]
    ticket = await fetch_value("select id from ticket where state = 'draft'")
    assert "nobody on the team sees it yet" in (await ana.get(url)).text

    for browser in (world.supporter, world.owner, world.outsider, site.guest()):
        assert (await browser.get(url)).status_code == 404
        for path in ("/", "/latest", "/c/pelican", "/c/pelican/support", "/unanswered", "/p/pelican"):
            assert ASK["title"] not in (await browser.get(path)).text, path
    for path in ("/p/pelican/inbox", "/p/pelican/inbox?view=mine", "/new", "/unread"):
        assert ASK["title"] not in (await world.supporter.get(path)).text, path
    assert (await world.supporter.get(f"/p/pelican/inbox/{ticket}")).status_code == 404
    assert (await world.supporter.post(f"/tickets/{ticket}/claim")).status_code == 404
    assert "Draft: not submitted yet" in (await ana.get("/")).text
    assert await place_of(ticket) is None

    for missing in ({"terms": "1"}, {"capacity": "personal"}, {"capacity": "king", "terms": "1"}):
        refused = await ana.post(f"/tickets/{ticket}/submission", missing)
        assert refused.status_code == 422
        assert "to correct; all you typed is kept" in refused.text
        assert ('id="capacity-error"' in refused.text) == (missing.get("capacity") != "personal"), "beside the choice"
        assert ('id="terms-error"' in refused.text) == ("terms" not in missing), "beside the box"
    done = await ana.post(f"/tickets/{ticket}/submission", {"capacity": "personal", "terms": "1"})
    assert done.status_code == 303
    row = await fetch_one("select * from ticket where id = $1", ticket)
    assert row is not None and (row["state"], row["capacity"]) == ("waiting", "personal")
    assert row["waiting_since"] is not None and row["submitted_at"] is not None
    assert ASK["title"] in (await world.supporter.get("/p/pelican/inbox")).text
    assert ASK["title"] in (await site.guest().get("/latest")).text


async def test_only_a_requester_submits_a_draft(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world, capacity="")
    form = {"capacity": "personal", "terms": "1"}
    for browser in (world.outsider, world.supporter, world.owner):
        assert (await browser.post(f"/tickets/{one.ticket}/submission", form)).status_code == 404
    assert await one.state() == "draft"


async def test_accepted_versions_of_terms_are_recorded_and_new_ones_are_asked_for_again(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    await execute("insert into terms (project_id, body) values ($1, 'Be patient with pelicans.')", world.project)
    first = await asked(world, capacity="")
    shown = (await ana.get(first.url)).text
    assert "Be patient with pelicans." in shown and "Be kind." in shown
    await ana.post(f"/tickets/{first.ticket}/submission", {"capacity": "personal", "terms": "1"})
    accepted = await fetch_value(
        "select array_agg(array[coalesce(t.project_id, 0), t.version] order by 1) from terms_acceptance a"
        " join terms t on t.id = a.terms_id where a.person_id = $1",
        ana.person,
    )
    assert accepted == [[0, 1], [world.project, 1]]

    again = await asked(world, "How do I write a file?", accepts_terms=False)
    assert await again.state() == "waiting", "what was accepted is not asked for again"

    await execute("insert into terms (project_id, version, body) values ($1, 2, 'Feed them.')", world.project)
    third = await asked(world, "How do I close a file?", accepts_terms=False)
    assert await third.state() == "draft"
    shown = (await ana.get(third.url)).text
    assert "Feed them." in shown and "Be kind." not in shown and "Be patient" not in shown


async def test_a_draft_that_left_support_is_not_submitted(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world, capacity="")
    await execute("update thread set category_id = $2 where id = $1", one.thread, await world.category("bugs"))
    sent = await one.ana.post(f"/tickets/{one.ticket}/submission", {"capacity": "personal", "terms": "1"})
    assert sent.status_code == 409
    assert await one.state() == "draft"


# Sent twice


async def test_a_question_sent_twice_is_one_thread_and_one_ticket(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    form = ASK | {"capacity": "personal", "terms": "1", "key": "8a4ffd0e-7f2d-4d43-8e1f-3f2b53f0c9a1"}
    one, again = await asyncio.gather(ana.post("/new-thread", form), ana.post("/new-thread", form))
    assert one.status_code == again.status_code == 303
    assert one.headers["location"] == again.headers["location"]
    assert await fetch_value("select count(*) from thread") == await fetch_value("select count(*) from ticket") == 1
    assert await fetch_value("select count(*) from thread_act where kind = 'submit'") == 1


async def test_an_answer_sent_twice_is_one_post_and_moves_the_credit_once(site: Site) -> None:
    world = await World.make(site)
    one, other = await asked(world), await asked(world, "How do I write a file?", by="ben")
    await paid(other)
    form = {"markdown": "Use the reader.", "key": "8a4ffd0e-7f2d-4d43-8e1f-3f2b53f0c9a2"}
    for _sent in range(2):
        assert (await world.supporter.post(f"/t/{other.thread}/replies", form)).status_code == 303
    assert await fetch_value("select last_number from thread where id = $1", other.thread) == 2
    assert await credit(world) == 20
    assert await one.state() == "waiting"


async def test_a_submission_sent_twice_at_once_is_one(site: Site) -> None:
    one = await asked(await World.make(site), capacity="")
    form = {"capacity": "personal", "terms": "1"}
    sent = await asyncio.gather(*(one.ana.post(f"/tickets/{one.ticket}/submission", form) for _ in range(3)))
    assert [each.status_code for each in sent] == [303, 303, 303]
    assert await fetch_value("select count(*) from thread_act where kind = 'submit'") == 1
    assert (await queue_state(one.world.project)).total == 1


async def test_a_draft_shows_the_place_that_submitting_it_without_paying_would_bring(site: Site) -> None:
    one = await asked(await World.make(site))
    await paid(one, 5000)
    bea = await one.world.person("bea")
    sent = await bea.post("/new-thread", ASK | {"category": "support", "then": "draft"})
    page = (await bea.get(sent.headers["location"])).text
    free = page.partition("Without paying")[2].partition("Submit without paying")[0]
    assert "It would stand at place 2 of 2" in free and "free" in free
    ticket = await fetch_value("select id from ticket where state = 'draft'")
    await bea.post(f"/tickets/{ticket}/submission", {"capacity": "personal", "terms": "1"})
    assert "Place 2 of 2 in the queue" in (await bea.get(sent.headers["location"])).text
