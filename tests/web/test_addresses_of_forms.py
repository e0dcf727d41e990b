"""Who comes to an address that only takes a form (by reloading its answer, say) is led to the page that it belongs to."""

import pytest

from tests.helpers.site import Site
from tests.helpers.tickets import asked
from tests.helpers.world import World


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def test_the_address_of_a_form_leads_to_the_page_above_it(world: World) -> None:
    one = await asked(world)
    thread, ticket, inbox = f"/t/{one.thread}", f"/tickets/{one.ticket}", f"/p/pelican/inbox/{one.ticket}"
    refused = await world.outsider.post(f"{thread}/replies", {"markdown": " "})
    assert refused.status_code == 422
    for path, there in {
        f"{thread}/replies": thread,
        f"{thread}/acceptance/delete": thread,
        f"{ticket}/claim": ticket,
        f"{ticket}/links/delete": ticket,
        f"/posts/{one.thread}/reactions/like": f"/posts/{one.thread}",
        f"{inbox}/answers?view=unassigned&page=2": f"{inbox}?view=unassigned&page=2",
        "/u/otto/notifications/read": "/u/otto/notifications",
        "/u/otto/availability": "/u/otto",
        "/login/with/nobody": "/login",
    }.items():
        for browser in (world.supporter, world.site.guest()):
            told = await browser.get(path)
            assert (told.status_code, told.headers["location"]) == (303, there), path
    assert (await world.outsider.get(ticket)).headers["location"] == thread
    assert (await world.outsider.get(f"/posts/{one.thread}")).headers["location"] == f"{one.url}/1#post_1"
    # it is still no page: a fragment was asked for, or nothing lies above
    assert (await world.supporter.http.get(f"{thread}/replies", headers={"hx-request": "true"})).status_code == 405
    told = await world.supporter.get("/preview")
    assert told.status_code == 405 and told.headers["allow"] == "POST"
    assert "only takes what a form sends" in told.text and 'href="/"' in told.text


async def test_where_it_leads_does_not_tell_what_is_there(world: World) -> None:
    hidden = await world.ask("The parser runs what it reads", category="security")
    ticket = await asked(world, "What do you make of it?", by="bob")
    told = []
    for thread in (hidden.posted.thread, 987_654):
        step = await world.outsider.get(f"/t/{thread}/replies")
        end = await world.outsider.get(step.headers["location"])
        told.append((step.status_code, step.headers["location"].replace(str(thread), "N"), end.status_code))
    assert told[0] == told[1] == (303, "/t/N", 404)
    for path in (f"/posts/{hidden.posted.post}", "/posts/987654", "/tickets/987654"):
        assert (await world.outsider.get(path)).status_code == 404, path
    assert (await world.outsider.get(f"/tickets/{ticket.ticket}")).status_code == 303


async def test_a_program_is_told_which_methods_there_are(world: World) -> None:
    one = await asked(world)
    told = await world.supporter.get(f"/api/v1/tickets/{one.ticket}/answers")
    assert told.status_code == 405 and told.headers["allow"] == "POST"
    assert told.headers["content-type"] == "application/problem+json" and told.json()["status"] == 405
    assert (await world.supporter.get("/post_actions.json")).status_code == 405
    asked_for = await world.supporter.http.request("OPTIONS", one.url)
    assert asked_for.status_code == 405 and "only takes what a form sends" not in asked_for.text
