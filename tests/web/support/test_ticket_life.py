"""A ticket's life through the ordinary doors: each row of product.md's table, who may, and what is kept."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from categories.support import actions
from categories.support.queries import place_of, queue_state
from forum.database.engine import Row, execute, fetch_one, fetch_value
from forum.origins import Origin
from forum.threads.writing import store_thread
from forum.web.errors import Conflict, Forbidden, Invalid
from tests.helpers.site import Browser, Site
from tests.helpers.world import World


@dataclass
class Asked:
    """A ticket with the browser of who asked."""

    world: World
    ticket: int
    thread: int
    url: str
    ana: Browser

    async def row(self) -> Row:
        found = await fetch_one("select * from ticket where id = $1", self.ticket)
        assert found is not None
        return found

    async def state(self) -> str:
        return str((await self.row())["state"])

    async def since(self) -> datetime:
        found: datetime = (await self.row())["waiting_since"]
        return found

    async def says(self, browser: Browser, purpose: str = "reply") -> int:
        """A reply by the ordinary form; returns the post's number."""
        sent = await browser.post(f"/t/{self.thread}/replies", {"markdown": "A word about this.", "purpose": purpose})
        assert sent.status_code == 303, sent.text
        return int(sent.headers["location"].rpartition("_")[2])

    async def accept(self, number: int, browser: Browser | None = None) -> int:
        sent = await (browser or self.ana).post(f"/t/{self.thread}/acceptance", {"number": str(number)})
        return sent.status_code

    async def move(self, kind: str, browser: Browser | None = None) -> int:
        sent = await (browser or self.world.owner).post(f"/t/{self.thread}/bucket/{kind}")
        return sent.status_code


async def asked(world: World, title: str = "How do I read a file?", by: str = "ana", **kwargs: Any) -> Asked:
    made = await world.ask(title, by=by, **kwargs)
    assert made.ticket is not None
    return Asked(world, made.ticket, made.posted.thread, made.posted.url, await world.person(by))


async def paid(one: Asked, amount: int = 500) -> None:
    """What a payment does to a ticket."""
    await execute("update ticket set rank_amount = $2 where id = $1", one.ticket, amount)
    await execute("select queue_enter($1)", one.ticket)


async def credit(world: World) -> int:
    return (await queue_state(world.project)).credit


# Drafts, terms, capacity


ASK = {"title": "How do I read a file?", "markdown": "I tried for an hour.", "project": "pelican"}


async def test_what_is_asked_is_a_draft_of_its_author_until_capacity_and_terms_are_given(site: Site) -> None:
    world = await World.make(site)
    ana = await world.person("ana")
    sent = await ana.post("/new-thread", ASK | {"category": "support"})
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


# Imported threads


async def imported(world: World) -> int:
    octavia = await fetch_value(
        "insert into person (username, name, kind, origin) values ('octavia@github.com', 'Octavia', 'placeholder',"
        " 'github') returning id"
    )
    posted = await store_thread(
        octavia,
        await world.category("support"),
        "Cannot read a file",
        "It fails.",
        origin=Origin("github", "https://github.com/pelican/pelican/issues/1", datetime(2024, 1, 1, tzinfo=UTC)),
    )
    return posted.thread


async def test_an_imported_thread_has_no_ticket_until_a_triager_takes_it_in(site: Site) -> None:
    world = await World.make(site)
    thread = await imported(world)
    tilda = await world.person("tilda")
    await world.team(tilda, "triager")
    assert await fetch_value("select count(*) from ticket") == 0
    for browser in (world.supporter, world.outsider):
        assert (await browser.post(f"/t/{thread}/ticket")).status_code == 403
    assert (await site.guest().post(f"/t/{thread}/ticket")).status_code in (401, 403)
    assert await fetch_value("select count(*) from ticket") == 0
    assert (await tilda.post(f"/t/{thread}/ticket")).status_code == 303
    row = await fetch_one("select state, is_native, waiting_since from ticket where thread_id = $1", thread)
    assert row is not None and (row["state"], row["is_native"]) == ("waiting", False)
    assert row["waiting_since"] > datetime(2024, 1, 2, tzinfo=UTC)
    assert (await tilda.post(f"/t/{thread}/ticket")).status_code == 409


async def test_only_support_takes_imported_threads_in(site: Site) -> None:
    world = await World.make(site)
    thread = await imported(world)
    await world.owner.post(f"/t/{thread}/bucket/bugs")
    with pytest.raises(Invalid):
        await actions.take_in(await world.owner.reader(), thread)
    await world.owner.post(f"/t/{thread}/bucket/support")
    assert await fetch_value("select count(*) from ticket") == 0, "moving alone takes nothing imported in"


# Claim, assign, release


async def test_the_team_claims_and_nobody_else(site: Site) -> None:
    one = await asked(await World.make(site))
    for browser in (one.world.outsider, one.ana):
        assert (await browser.post(f"/tickets/{one.ticket}/claim")).status_code == 403
    assert (await one.row())["assignee_id"] is None
    assert (await one.world.supporter.post(f"/tickets/{one.ticket}/claim")).status_code == 303
    assert (await one.row())["assignee_id"] == one.world.supporter.person
    assert (await one.world.supporter.post(f"/tickets/{one.ticket}/claim")).status_code == 303, "again is no error"
    assert await fetch_value("select count(*) from thread_act where kind = 'claim'") == 1


async def test_assigning_others_is_for_triagers_and_whoever_has_the_ticket(site: Site) -> None:
    one = await asked(await World.make(site))
    tilda, sven = await one.world.person("tilda"), await one.world.person("sven")
    await one.world.team(tilda, "triager")
    await one.world.team(sven, "supporter")
    to_sven = {"username": "sven"}
    for browser in (one.world.outsider, one.ana, one.world.supporter):
        assert (await browser.post(f"/tickets/{one.ticket}/assignment", to_sven)).status_code == 403
    assert (await tilda.post(f"/tickets/{one.ticket}/assignment", {"username": "otto"})).status_code == 422
    assert (await tilda.post(f"/tickets/{one.ticket}/assignment", {"username": "sam"})).status_code == 303
    assert (await one.row())["assignee_id"] == one.world.supporter.person
    # the one who has it hands it on, and may then do so no longer
    assert (await one.world.supporter.post(f"/tickets/{one.ticket}/assignment", to_sven)).status_code == 303
    assert (await one.row())["assignee_id"] == sven.person
    assert (await one.world.supporter.post(f"/tickets/{one.ticket}/assignment", to_sven)).status_code == 403


async def test_putting_back_is_for_whoever_has_the_ticket_and_for_triagers(site: Site) -> None:
    one = await asked(await World.make(site))
    sven, tilda = await one.world.person("sven"), await one.world.person("tilda")
    await one.world.team(sven, "supporter")
    await one.world.team(tilda, "triager")
    release = f"/tickets/{one.ticket}/claim/delete"
    await sven.post(f"/tickets/{one.ticket}/claim")
    for browser in (one.world.outsider, one.ana, one.world.supporter):
        assert (await browser.post(release)).status_code == 403
    assert (await sven.post(release)).status_code == 303
    assert (await one.row())["assignee_id"] is None
    await sven.post(f"/tickets/{one.ticket}/claim")
    assert (await tilda.post(release)).status_code == 303
    assert (await one.row())["assignee_id"] is None


async def test_a_supporter_moves_and_accepts_with_an_assigned_ticket_alone(site: Site) -> None:
    one = await asked(await World.make(site))
    number = await one.says(one.world.outsider)
    assert await one.move("bugs", one.world.supporter) == 403
    assert await one.accept(number, one.world.supporter) == 403
    await one.world.supporter.post(f"/tickets/{one.ticket}/claim")
    assert await one.accept(number, one.world.supporter) == 303
    assert await one.move("bugs", one.world.supporter) == 303
    assert await one.move("support", one.world.outsider) == 403


async def test_the_team_resolves_and_closes_and_nobody_else(site: Site) -> None:
    one = await asked(await World.make(site))
    for browser in (one.world.outsider, one.ana):
        assert (await browser.post(f"/tickets/{one.ticket}/resolution")).status_code == 403
    assert (await one.world.outsider.post(f"/t/{one.thread}/closure")).status_code == 403
    assert (await one.world.supporter.post(f"/tickets/{one.ticket}/resolution")).status_code == 303
    assert await one.state() == "resolved"
    for purpose in ("facts", "resolve", "whisper"):
        sent = await one.world.outsider.post(f"/t/{one.thread}/replies", {"markdown": "So.", "purpose": purpose})
        assert sent.status_code == 403, purpose


async def test_of_two_who_claim_at_once_one_wins_and_the_other_is_told_who(site: Site) -> None:
    one = await asked(await World.make(site))
    sam, olga = await one.world.supporter.reader(), await one.world.owner.reader()
    results = await asyncio.gather(
        actions.claim(sam, one.ticket), actions.claim(olga, one.ticket), return_exceptions=True
    )
    lost = [result for result in results if result is not None]
    assert len(lost) == 1 and isinstance(lost[0], Conflict)
    winner = await fetch_value("select name from person where id = $1", (await one.row())["assignee_id"])
    assert winner in str(lost[0])
    assert await fetch_value("select count(*) from thread_act where kind = 'claim'") == 1


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


# What is shown to whom


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
        assert "123" not in page.replace(str(one.thread), "")


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
    for path in (one.url, "/"):
        assert "10–10" in (await site.guest().get(path)).text, path
    assert "10–10 workdays" in (await one.ana.get(one.url)).text
    assert "10–10 workdays" in (await world.supporter.get("/p/pelican/inbox")).text
    assert "10–10 workdays" in (await one.ana.get("/new-thread?project=pelican&title=How")).text


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


async def test_a_reader_who_is_nobody_may_do_nothing_to_a_ticket(site: Site) -> None:
    one = await asked(await World.make(site))
    otto = await one.world.outsider.reader()
    for deed in (actions.claim, actions.resolve, actions.reopen_ticket):
        with pytest.raises(Forbidden):
            await deed(otto, one.ticket)
    with pytest.raises(Forbidden):
        await actions.assign(otto, one.ticket, "sam")
    assert await one.state() == "waiting"
