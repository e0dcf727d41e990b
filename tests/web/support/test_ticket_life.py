"""A ticket's life through the ordinary doors: each row of product.md's table, and what the answers cost."""

import pytest

from categories.support.queries import place_of
from forum.database.engine import fetch_one, fetch_value
from tests.helpers.site import Site
from tests.helpers.tickets import asked, credit, paid
from tests.helpers.world import World

# The rows of the table


async def test_a_team_answer_answers_and_is_the_first_response(site: Site) -> None:
    one = await asked(await World.make(site))
    await one.says(one.world.supporter)
    row = await one.row()
    assert row["state"] == "answered"
    first = row["first_response_at"]
    assert first is not None
    await one.says(one.world.owner)
    assert (await one.row())["first_response_at"] == first
    assert await place_of(one.ticket) is None


async def test_asking_for_facts_is_no_answer_and_the_reply_finds_its_old_place(site: Site) -> None:
    one = await asked(await World.make(site))
    later = await asked(one.world, "How do I write a file?", by="ben")
    since = await one.since()
    await one.says(one.world.supporter, "facts")
    row = await one.row()
    assert (row["state"], row["first_response_at"]) == ("needs_facts", None)
    assert await place_of(one.ticket) is None
    await one.says(one.ana)
    assert (await one.state(), await one.since()) == ("waiting", since)
    places = [await place_of(one.ticket), await place_of(later.ticket)]
    assert [place.position if place else None for place in places] == [1, 2]


async def test_a_reply_after_an_answer_waits_anew_behind_the_others(site: Site) -> None:
    one = await asked(await World.make(site))
    later = await asked(one.world, "How do I write a file?", by="ben")
    since = await one.since()
    await one.says(one.world.supporter)
    await one.says(one.ana)
    assert await one.state() == "waiting"
    assert await one.since() > since
    places = [await place_of(one.ticket), await place_of(later.ticket)]
    assert [place.position if place else None for place in places] == [2, 1]


@pytest.mark.parametrize("before", ["waiting", "needs_facts", "answered"])
async def test_thanks_outsiders_and_whispers_change_nothing(site: Site, before: str) -> None:
    one = await asked(await World.make(site))
    if before != "waiting":
        await one.says(one.world.supporter, "facts" if before == "needs_facts" else "reply")
    was = dict(await one.row())
    await one.says(one.ana, "thanks")
    await one.says(one.world.outsider)
    await one.says(one.world.supporter, "whisper")
    assert dict(await one.row()) == was


async def test_more_words_of_the_requester_send_nobody_back(site: Site) -> None:
    one = await asked(await World.make(site))
    since = await one.since()
    await one.says(one.ana)
    assert (await one.state(), await one.since()) == ("waiting", since)


@pytest.mark.parametrize("before", ["waiting", "needs_facts", "answered"])
async def test_an_accepted_answer_resolves_and_taking_it_back_restores(site: Site, before: str) -> None:
    one = await asked(await World.make(site))
    number = await one.says(one.world.outsider)
    if before != "waiting":
        await one.says(one.world.supporter, "facts" if before == "needs_facts" else "reply")
    since = await one.since()
    assert await one.accept(number) == 303
    assert await one.state() == "resolved"
    assert await place_of(one.ticket) is None
    await one.ana.post(f"/t/{one.thread}/acceptance/delete")
    assert (await one.state(), await one.since()) == (before, since)
    assert (await place_of(one.ticket) is not None) is (before == "waiting")


async def test_others_than_the_asker_and_triagers_accept_nothing(site: Site) -> None:
    one = await asked(await World.make(site))
    number = await one.says(one.world.outsider)
    assert await one.accept(number, one.world.outsider) == 403
    assert await one.accept(number, one.world.supporter) == 403
    assert await one.state() == "waiting"
    assert await one.accept(number, one.world.owner) == 303


async def test_answer_and_resolve_is_both_and_a_reply_brings_it_back(site: Site) -> None:
    one = await asked(await World.make(site))
    since = await one.since()
    sent = await one.world.supporter.post(
        f"/p/pelican/inbox/{one.ticket}/answers", {"markdown": "Use the reader.", "then": "resolve"}
    )
    assert sent.status_code == 303
    row = await one.row()
    assert (row["state"], row["first_response_at"] is not None) == ("resolved", True)
    await one.says(one.ana)
    assert await one.state() == "waiting"
    assert await one.since() > since


async def test_answer_and_resolve_is_never_refused_because_of_a_resting_ticket(site: Site) -> None:
    one = await asked(await World.make(site))
    await one.ana.post(f"/t/{one.thread}/closure")
    await one.move("bugs")
    assert (await one.row())["state_under"] == ["closed"]
    await one.says(one.world.supporter, "resolve")
    assert (await one.row())["state_under"] == ["closed"]


@pytest.mark.parametrize("closer", ["requester", "team"])
async def test_closed_by_either_and_reopened_by_the_requester(site: Site, closer: str) -> None:
    one = await asked(await World.make(site))
    since = await one.since()
    browser = one.ana if closer == "requester" else one.world.supporter
    assert (await browser.post(f"/t/{one.thread}/closure")).status_code == 303
    assert await one.state() == "closed"
    assert (await one.world.outsider.post(f"/t/{one.thread}/closure/delete")).status_code == 403
    assert (await one.ana.post(f"/tickets/{one.ticket}/reopening")).status_code == 303
    assert await one.state() == "waiting"
    assert await one.since() > since
    assert await fetch_value("select is_closed from thread where id = $1", one.thread) is False


async def test_a_reply_to_a_closed_ticket_opens_thread_and_ticket(site: Site) -> None:
    one = await asked(await World.make(site))
    await one.world.supporter.post(f"/t/{one.thread}/closure")
    sent = await one.world.outsider.post(f"/t/{one.thread}/replies", {"markdown": "I have this too."})
    assert sent.status_code == 409 and "I have this too." in sent.text, "an outsider's text is kept, not posted"
    await one.says(one.ana)
    assert await one.state() == "waiting"
    assert await fetch_value("select is_closed from thread where id = $1", one.thread) is False


async def test_outsiders_reopen_nobodys_ticket(site: Site) -> None:
    one = await asked(await World.make(site))
    await one.says(one.world.supporter)
    for browser in (one.world.outsider, one.world.supporter):
        assert (await browser.post(f"/tickets/{one.ticket}/reopening")).status_code == 403
    assert await one.state() == "answered"


@pytest.mark.parametrize("before", ["waiting", "answered"])
async def test_moved_out_it_rests_and_moved_back_it_is_as_before(site: Site, before: str) -> None:
    one = await asked(await World.make(site))
    if before == "answered":
        await one.says(one.world.supporter)
    since = await one.since()
    assert await one.move("bugs") == 303
    assert await one.state() == "suspended"
    assert await place_of(one.ticket) is None
    url = await fetch_value("select '/t/' || slug || '/' || id from thread where id = $1", one.thread)
    assert url == one.url, "a moved thread keeps its address"
    assert await one.move("support") == 303
    assert (await one.state(), await one.since()) == (before, since)
    assert (await place_of(one.ticket) is not None) is (before == "waiting")


async def test_a_paid_ticket_keeps_its_place_when_its_thread_moves_until_it_is_answered(site: Site) -> None:
    one = await asked(await World.make(site))
    await paid(one)
    await one.move("security")
    place = await place_of(one.ticket)
    assert place is not None and place.position == 1
    inbox = (await one.world.supporter.get("/p/pelican/inbox")).text
    assert "Private ticket" in inbox and "How do I read a file?" not in inbox
    await one.says(one.world.owner)
    assert await place_of(one.ticket) is None
    row = await one.row()
    assert (row["state"], row["state_under"]) == ("suspended", ["answered"])


async def test_a_ticket_closed_and_reopened_elsewhere_rests_until_its_thread_is_back(site: Site) -> None:
    one = await asked(await World.make(site))
    await one.move("bugs")
    await one.ana.post(f"/t/{one.thread}/closure")
    assert await one.state() == "closed"
    await one.says(one.ana)
    row = await one.row()
    assert (row["state"], row["state_under"]) == ("suspended", ["waiting"])
    await one.move("support")
    assert await one.state() == "waiting"


async def test_moving_into_support_makes_a_ticket_and_asks_for_the_rest_at_the_next_visit(site: Site) -> None:
    world = await World.make(site)
    report = await world.ask("Reading crashes", by="ana", category="bugs")
    assert report.ticket is None
    await world.owner.post(f"/t/{report.posted.thread}/bucket/support")
    row = await fetch_one("select * from ticket where thread_id = $1", report.posted.thread)
    assert row is not None and (row["state"], row["capacity"], row["is_native"]) == ("waiting", None, True)
    ana = await world.person("ana")
    assert "Say how you ask" in (await ana.get(report.posted.url)).text
    for browser in (world.supporter, world.outsider, site.guest()):
        assert "Say how you ask" not in (await browser.get(report.posted.url)).text
    form = {"capacity": "professional", "terms": "1"}
    assert (await world.outsider.post(f"/tickets/{row['id']}/submission", form)).status_code == 403
    assert (await ana.post(f"/tickets/{row['id']}/submission", form)).status_code == 303
    said = await fetch_one("select capacity, waiting_since, state from ticket where id = $1", row["id"])
    assert said is not None and tuple(said) == ("professional", row["waiting_since"], "waiting")
    assert "Say how you ask" not in (await ana.get(report.posted.url)).text


# Credit: whose answers count


async def test_a_volunteers_accepted_answer_costs_the_unpaid_no_turn(site: Site) -> None:
    world = await World.make(site)
    one, other = await asked(world), await asked(world, "How do I write a file?", by="ben")
    await paid(other)
    await one.accept(await one.says(world.outsider))
    assert await one.state() == "resolved"
    assert await credit(world) == 0


async def test_a_team_answer_out_of_a_line_moves_the_credit_once(site: Site) -> None:
    world = await World.make(site)
    one, other = await asked(world), await asked(world, "How do I write a file?", by="ben")
    await paid(other)
    await other.says(world.supporter, "facts")
    assert await credit(world) == 0, "asking for facts is no answer"
    await other.says(await world.person("ben"))
    await other.says(world.supporter)
    assert await credit(world) == 20
    await other.says(world.supporter)
    await one.says(world.supporter)
    assert await credit(world) == 20, "neither a second answer nor one while a line was empty"
