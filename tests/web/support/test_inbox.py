"""The team's inbox, through its pages."""

from forum.database.engine import fetch_value
from tests.helpers.site import Site
from tests.helpers.world import World


async def test_queue_shows_in_strict_order_and_is_the_teams_alone(site: Site) -> None:
    world = await World.make(site)
    first = await world.ask("How do I read a file?", by="ana")
    second = await world.ask("How do I write a file?", by="ben")
    page = await world.supporter.get("/p/pelican/inbox")
    assert page.status_code == 200
    assert page.text.index("How do I read a file?") < page.text.index("How do I write a file?")
    assert (await world.outsider.get("/p/pelican/inbox")).status_code == 404
    assert (await site.guest().get("/p/pelican/inbox")).status_code == 303
    assert first.posted.thread != second.posted.thread


async def test_of_two_who_claim_one_wins_and_the_other_is_told_who(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?", by="ana")
    await world.supporter.post(f"/p/pelican/inbox/{asked.ticket}/claim")
    told = await world.owner.post(f"/p/pelican/inbox/{asked.ticket}/claim")
    page = await world.owner.get(told.headers["location"])
    assert "claimed this ticket first" in page.text
    assert await fetch_value("select assignee_id from ticket") == world.supporter.person


async def test_answering_from_the_inbox_takes_the_ticket_out_of_the_queue(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?", by="ana")
    sent = await world.supporter.post(
        f"/p/pelican/inbox/{asked.ticket}/answers", {"markdown": "With `open`.", "then": "next"}
    )
    assert sent.status_code == 303
    assert await fetch_value("select state from ticket") == "answered"
    assert await fetch_value("select unpaid from queue") == 0
    page = await world.supporter.get("/p/pelican/inbox")
    assert "Nobody waits" in page.text


async def test_a_row_brings_the_ticket_alone_and_is_the_teams_alone(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    here, swapping = f"/p/pelican/inbox/{asked.ticket}", {"HX-Request": "true"}
    pane = await world.supporter.http.get(here, headers=swapping)
    assert pane.status_code == 200 and pane.text.lstrip().startswith('<section class="ticket"')
    assert "How do I read a file?" in pane.text and 'id="inbox_queue"' not in pane.text
    whole = (await world.supporter.get(here)).text
    assert "<html" in whole and f'hx-get="{here}"' in whole and f'href="{here}"' in whole
    for other in (world.outsider, world.people["ana"]):
        denied = await other.http.get(here, headers=swapping)
        assert denied.status_code == 404 and "I tried" not in denied.text
