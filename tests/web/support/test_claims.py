"""Claims: one of two wins, nobody holds too many, a claim without a word ends; tickets given in turn or suggested."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from categories.support.actions import claim
from categories.support.holding import Full, be_there, presence_of, require_room, team_at
from categories.support.inbox.claims import end_claims, give_turns, look_after_claims
from categories.support.snoozing.actions import snooze
from forum.database.engine import execute, fetch, fetch_value, transaction
from forum.recount import recount
from forum.web.errors import Conflict
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World

WEDNESDAY = datetime(2026, 11, 25, 12, tzinfo=UTC)


async def policy(world: World, **figures: Any) -> None:
    await execute("insert into support_policy (project_id) values ($1) on conflict do nothing", world.project)
    for name, value in figures.items():
        await execute(f"update support_policy set {name} = $2 where project_id = $1", world.project, value)


async def claimed_at(one: Asked, at: datetime) -> None:
    await execute(
        "update ticket set claimed_at = $2, state_since = $2, waiting_since = $2 where id = $1", one.ticket, at
    )


async def told(browser: Browser) -> list[str]:
    rows = await fetch("select kind from notice where person_id = $1 order by id", browser.person)
    return [row["kind"] for row in rows]


async def holder(one: Asked) -> int | None:
    found: int | None = (await one.row())["assignee_id"]
    return found


async def test_of_two_who_claim_at_once_over_two_connections_one_wins(site: Site) -> None:
    world = await World.make(site)
    sam, olga = await world.supporter.reader(), await world.owner.reader()
    for n in range(8):
        one = await asked(world, f"How do I read file {n}?")
        await execute("delete from rate")
        answers = await asyncio.gather(claim(sam, one.ticket), claim(olga, one.ticket), return_exceptions=True)
        lost = [answer for answer in answers if isinstance(answer, Conflict)]
        assert len(lost) == 1, answers
        winner = await holder(one)
        name = {sam.id: "Sam Supporter", olga.id: "Olga Owner"}[winner]
        assert str(lost[0]) == f"{name} claimed this ticket first."
        acts = await fetch_value("select count(*) from thread_act where kind = 'claim' and thread_id = $1", one.thread)
        assert acts == 1
        await execute("update ticket set assignee_id = null")


async def test_who_comes_second_is_told_who_has_it_with_a_link_to_look(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await world.supporter.post(f"/p/pelican/inbox/{one.ticket}/claim")
    sent = await world.owner.post(f"/p/pelican/inbox/{one.ticket}/claim")
    page = (await world.owner.get(sent.headers["location"])).text
    assert "Sam Supporter claimed this ticket first." in page
    assert f'href="/t/how-do-i-read-a-file/{one.thread}/1"' in page
    assert "claimed this ticket first" not in (await world.supporter.get(sent.headers["location"])).text
    assert (await world.outsider.post(f"/p/pelican/inbox/{one.ticket}/claim")).status_code == 404


async def test_nobody_holds_more_than_the_policy_says_and_is_told_so(site: Site) -> None:
    world = await World.make(site)
    await policy(world, claims_most=2)
    tickets = [await asked(world, f"How do I read file {n}?") for n in range(4)]
    for one in tickets[:2]:
        await world.supporter.post(f"/p/pelican/inbox/{one.ticket}/claim")
    refused = await world.supporter.post(f"/p/pelican/inbox/{tickets[2].ticket}/claim")
    assert refused.status_code == 409
    assert "You hold 2 tickets that wait for you" in refused.text
    assert await holder(tickets[2]) is None
    given = await world.owner.post(
        f"/p/pelican/inbox/{tickets[2].ticket}/assign", {"username": "sam", "note": "Yours, I think."}
    )
    assert given.status_code == 409
    assert "Sam Supporter holds 2 tickets that wait" in given.text
    assert "Yours, I think." in given.text, "what was typed is kept"
    # with the asker it does not count
    await tickets[0].says(world.supporter, "facts")
    assert (await world.supporter.post(f"/p/pelican/inbox/{tickets[2].ticket}/claim")).status_code == 303
    assert await holder(tickets[2]) == world.supporter.person
    assert (await world.supporter.post(f"/p/pelican/inbox/{tickets[3].ticket}/claim")).status_code == 409


async def test_two_claims_of_one_person_at_once_count_each_other(site: Site) -> None:
    world = await World.make(site)
    await policy(world, claims_most=1)
    sam = await world.supporter.reader()
    both = [await asked(world, f"How do I read file {n}?") for n in range(2)]
    answers = await asyncio.gather(*(claim(sam, one.ticket) for one in both), return_exceptions=True)
    assert sum(isinstance(answer, Full) for answer in answers) == 1, answers
    assert await fetch_value("select count(*) from ticket where assignee_id = $1", sam.id) == 1
    async with transaction():
        with pytest.raises(Full):
            await require_room(sam.person, world.project)


async def test_an_assignment_brings_its_note_as_a_whisper_and_is_told(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await world.owner.post(
        f"/p/pelican/inbox/{one.ticket}/assign", {"username": "sam", "note": "You wrote the reader."}
    )
    assert await holder(one) == world.supporter.person
    assert "You wrote the reader." in (await world.supporter.get(one.url)).text
    for browser in (one.ana, world.outsider, site.guest()):
        assert "You wrote the reader." not in (await browser.get(one.url)).text
    assert await told(world.supporter) == ["assigned"]
    said = await fetch_value("select said from notice")
    assert said == {"by": "Olga Owner"}, "the note is read in the thread, by who may"
    assert await fetch_value("select post_number from notice") == 2
    # who is away is given nothing by others
    other = await asked(world, "How do I write a file?", by="ben")
    await be_there(await world.supporter.reader(), range(7), is_away=True, away_until=None)
    refused = await world.owner.post(f"/p/pelican/inbox/{other.ticket}/assign", {"username": "sam"})
    assert (refused.status_code, await holder(other)) == (409, None)
    assert "Sam Supporter is away" in refused.text
    # to oneself: nobody needs to be told
    await world.owner.post(f"/p/pelican/inbox/{one.ticket}/assign", {"username": "olga"})
    assert await told(world.owner) == []


async def test_nothing_is_done_to_a_ticket_in_the_inbox_of_another_project(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await execute(
        "with p as (insert into project (slug, name, legal_entity_id)"
        " select 'heron', 'Heron', legal_entity_id from project returning id)"
        " insert into project_member (project_id, person_id, role) select id, $1, 'supporter' from p",
        world.supporter.person,
    )
    assert (await world.supporter.get("/p/heron/inbox")).status_code == 200
    for deed in ("claim", "resolve", "snooze", "answers"):
        refused = await world.supporter.post(f"/p/heron/inbox/{one.ticket}/{deed}", {"markdown": "A word."})
        assert refused.status_code == 404
    assert (await holder(one), await one.state()) == (None, "waiting")


async def test_who_is_away_until_a_day_and_who_just_does_not_work_today_are_told_apart(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    sam = await world.supporter.reader()
    day = (await presence_of(sam.person, world.project)).day_at(datetime.now(UTC))
    others = [weekday for weekday in range(7) if weekday != day.weekday()]
    here = f"/p/pelican/inbox/{one.ticket}"

    async def said_of_sam() -> str:
        page = (await world.owner.get(here)).text
        return page.split('value="sam">')[1].split("</button>")[0]

    await be_there(sam, range(7), is_away=False, away_until=None)
    assert "0 of 5" in await said_of_sam()
    await be_there(sam, others, is_away=False, away_until=None)
    assert "not working today" in await said_of_sam() and "away" not in await said_of_sam()
    assert "Not working today" in (await world.supporter.get(here)).text
    # away until a day that has gone by is not away
    await be_there(sam, others, is_away=True, away_until=day - timedelta(days=1))
    assert "not working today" in await said_of_sam()
    until = day + timedelta(days=3)
    await be_there(sam, others, is_away=True, away_until=until)
    assert f"away until {until.day} {until:%b}" in await said_of_sam()
    refused = await world.owner.post(f"{here}/assign", {"username": "sam"})
    assert f"Sam Supporter is away until {until.day} {until:%b}" in refused.text
    await be_there(sam, range(7), is_away=True, away_until=None)
    assert ">away<" in await said_of_sam()
    # a day off is no reason not to be given something for tomorrow
    await be_there(sam, others, is_away=False, away_until=None)
    await world.owner.post(f"{here}/assign", {"username": "sam"})
    assert await holder(one) == sam.person


async def test_a_claim_without_a_word_is_warned_and_then_goes_back(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await world.supporter.post(f"/p/pelican/inbox/{one.ticket}/claim")
    await claimed_at(one, WEDNESDAY)
    await end_claims(world.project, WEDNESDAY + timedelta(hours=23))
    assert await told(world.supporter) == []
    for hours in (24, 30):
        await end_claims(world.project, WEDNESDAY + timedelta(hours=hours))
    assert await told(world.supporter) == ["claim_ending"], "once, however often it is looked at"
    assert await holder(one) == world.supporter.person
    # Friday noon; a weekend would not count
    await end_claims(world.project, WEDNESDAY + timedelta(days=2))
    assert await holder(one) is None
    assert await told(world.supporter) == ["claim_ending", "claim_ended"]
    page = (await site.guest().get(one.url)).text
    assert "The claim ended after 2 workdays without a word" in page
    assert (await one.row())["waiting_since"] == WEDNESDAY, "the asker loses nothing by it"


async def test_a_weekend_ends_no_claim(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await world.supporter.post(f"/p/pelican/inbox/{one.ticket}/claim")
    friday = WEDNESDAY + timedelta(days=2)
    await claimed_at(one, friday)
    await end_claims(world.project, friday + timedelta(days=3))
    assert await holder(one) == world.supporter.person
    await end_claims(world.project, friday + timedelta(days=4))
    assert await holder(one) is None


@pytest.mark.parametrize("purpose", ["whisper", "facts", "reply"])
async def test_a_word_of_its_holder_keeps_a_claim_and_somebody_elses_does_not(site: Site, purpose: str) -> None:
    world = await World.make(site)
    spoken, silent = await asked(world), await asked(world, "How do I write a file?", by="ben")
    for one in (spoken, silent):
        await world.supporter.post(f"/p/pelican/inbox/{one.ticket}/claim")
    await spoken.says(world.supporter, purpose)
    await silent.says(world.owner, "whisper")
    long_ago = datetime.now(UTC) - timedelta(days=30)
    for one in (spoken, silent):
        await execute(
            "update ticket set claimed_at = $2, waiting_since = $2, state_since = $2 where id = $1",
            one.ticket,
            long_ago,
        )
    await end_claims(world.project)
    assert await holder(spoken) == world.supporter.person
    assert await holder(silent) is None


async def test_what_comes_back_from_the_asker_begins_anew(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await world.supporter.post(f"/p/pelican/inbox/{one.ticket}/claim")
    await one.says(world.supporter, "facts")
    long_ago = datetime.now(UTC) - timedelta(days=30)
    await execute("update ticket set claimed_at = $1, spoke_at = $1, state_since = $1", long_ago)
    await end_claims(world.project)
    assert await holder(one) == world.supporter.person, "the asker owes the next word"
    await one.says(one.ana)
    await end_claims(world.project)
    assert await holder(one) == world.supporter.person
    assert await one.state() == "waiting"


async def test_turns_are_given_to_who_is_there_and_has_room(site: Site) -> None:
    world = await World.make(site)
    await policy(world, assigning="round_robin", claims_most=2)
    tess = await site.member("tess", name="Tess Triager")
    await world.team(tess, "triager")
    everyday = range(7)
    for browser in (world.owner, world.supporter, tess):
        await be_there(await browser.reader(), everyday, is_away=browser is world.owner, away_until=None)
    tickets = [await asked(world, f"How do I read file {n}?") for n in range(5)]
    await site.jobs()
    holders = [await holder(one) for one in tickets]
    assert holders[:4] == [world.supporter.person, tess.person] * 2
    assert holders[4] is None, "two each, and Olga is away"
    assert await told(tess) == ["assigned", "assigned"]
    # an answer makes room, and the next turn is taken
    await tickets[1].says(tess)
    await site.jobs()
    assert await holder(tickets[4]) == tess.person
    assert "It was the turn of Tess Triager" in (await site.guest().get(tickets[4].url)).text
    assert await recount() == []


async def test_nothing_is_given_where_the_team_picks(site: Site) -> None:
    world = await World.make(site)
    await be_there(await world.supporter.reader(), range(7), is_away=False, away_until=None)
    one = await asked(world)
    await give_turns(world.project)
    await look_after_claims()
    await site.jobs()
    assert await holder(one) is None


async def test_a_turn_never_opens_a_private_ticket_to_who_may_not_see_it(site: Site) -> None:
    world = await World.make(site)
    await policy(world, assigning="round_robin")
    for browser in (world.owner, world.supporter):
        await be_there(await browser.reader(), range(7), is_away=False, away_until=None)
    one = await asked(world)
    await execute("update category set readers = '{owner}' where slug = 'support'")
    await execute("update thread set visibility = 'private' where id = $1", one.thread)
    await execute("delete from pgqueuer")
    await give_turns(world.project)
    assert await holder(one) == world.owner.person


async def test_what_is_yours_next_is_suggested_by_what_you_know(site: Site) -> None:
    world = await World.make(site)
    await policy(world, assigning="suggest")
    for browser in (world.owner, world.supporter):
        await be_there(await browser.reader(), range(7), is_away=False, away_until=None)
    solved = await asked(world, "How do I plot a line?")
    await execute(
        "with g as (insert into tag (name) values ('plots') returning id)"
        " insert into thread_tag (thread_id, tag_id) select $1, id from g",
        solved.thread,
    )
    await solved.accept(await solved.says(world.supporter))
    first = await asked(world, "How do I read a file?", by="ben")
    second = await asked(world, "How do I plot a circle?", by="carl")
    await execute("insert into thread_tag (thread_id, tag_id) select $1, id from tag", second.thread)
    sams, olgas = [(await each.get("/p/pelican/inbox")).text for each in (world.supporter, world.owner)]
    assert f'<a href="/p/pelican/inbox/{second.ticket}" data-key="y">' in sams
    assert f'<a href="/p/pelican/inbox/{first.ticket}" data-key="y">' in olgas
    await be_there(await world.supporter.reader(), range(7), is_away=True, away_until=None)
    assert "You are not available today" in (await world.supporter.get("/p/pelican/inbox")).text


async def test_everybody_says_for_themselves_when_they_are_there(site: Site) -> None:
    world = await World.make(site)
    form = {"day": ["0", "2"], "is_away": "1", "until": "2026-12-24"}
    assert (await world.owner.post("/u/sam/availability", form)).status_code == 404
    assert (await site.guest().post("/u/sam/availability", form)).status_code in (303, 401, 403)
    assert (await world.supporter.post("/u/sam/availability", form)).status_code == 303
    row = (await fetch("select weekdays, is_away, away_until::text from availability"))[0]
    assert (row["weekdays"], row["is_away"], row["away_until"]) == ([0, 2], True, "2026-12-24")
    page = (await world.supporter.get("/u/sam/preferences")).text
    assert 'value="2026-12-24"' in page
    assert "When you are there for your teams" not in (await world.outsider.get("/u/otto/preferences")).text
    for wrong in ({"is_away": "0"}, {"day": "1", "until": "tomorrow"}):
        assert (await world.supporter.post("/u/sam/availability", wrong)).status_code == 422


async def test_a_claim_rests_while_its_ticket_sleeps_and_goes_on_with_what_was_left(site: Site) -> None:
    world = await World.make(site)
    await execute(
        "insert into support_calendar (project_id, weekdays, opens, closes, zone)"
        " values ($1, '{0,1,2,3,4,5,6}', 0, 1440, 'UTC')",
        world.project,
    )
    sam, now = await world.supporter.reader(), datetime.now(UTC)
    sleeps, woken = await asked(world), await asked(world, "How do I write a file?", by="ben")
    for one in (sleeps, woken):
        await claim(sam, one.ticket)
        await claimed_at(one, now - timedelta(hours=36))
        await snooze(sam, one.ticket, now + timedelta(days=10))
    # one is snoozed once more while it sleeps, one is woken by a reply
    await snooze(sam, sleeps.ticket, now + timedelta(days=11))
    await woken.says(woken.ana)
    await end_claims(world.project, now + timedelta(hours=11))
    assert await holder(woken) == sam.id
    await end_claims(world.project, now + timedelta(hours=13))
    assert await holder(woken) is None and await holder(sleeps) == sam.id
    await end_claims(world.project, now + timedelta(days=10))
    await end_claims(world.project, now + timedelta(days=11, hours=11))
    assert await holder(sleeps) == sam.id
    await end_claims(world.project, now + timedelta(days=11, hours=13))
    assert await holder(sleeps) is None


async def test_who_is_there_is_asked_of_the_clock_where_they_are(site: Site) -> None:
    world = await World.make(site)
    sam = await world.supporter.reader()
    await be_there(sam, range(7), is_away=True, away_until=WEDNESDAY.date())
    night = datetime(2026, 11, 25, 20, tzinfo=UTC)

    async def there() -> bool:
        return next(each["is_there"] for each in await team_at(world.project, night) if each["person_id"] == sam.id)

    assert not await there()
    # the team's clock, where nobody said anything; then their own
    await execute(
        "insert into support_calendar (project_id, weekdays, opens, closes, zone)"
        " values ($1, '{0,1,2,3,4}', 0, 1440, 'Asia/Tokyo')",
        world.project,
    )
    assert await there(), "in Tokyo it is Thursday"
    await execute(
        "insert into mail_preference (person_id, zone) values ($1, 'America/New_York')"
        " on conflict (person_id) do update set zone = excluded.zone",
        sam.id,
    )
    assert not await there()
