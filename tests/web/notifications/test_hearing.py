"""Who hears of what happens in threads, and who does not (trust.md A1, A4)."""

import pytest

from forum.database.engine import execute, fetch_value
from forum.notifications.actions import tell
from forum.notifications.hearing import hear_post
from forum.threads.actions import accept_answer
from forum.threads.editing import edit_post
from forum.threads.writing import post_reply
from tests.helpers.site import Browser
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World
from tests.web.notifications.conftest import Told


@pytest.fixture
async def one(world: World) -> Asked:
    made = await asked(world)
    await world.site.jobs()
    return made


async def says(world: World, one: Asked, browser: Browser, text: str = "A word.", purpose: str = "reply") -> int:
    posted = await post_reply(await browser.reader(), one.thread, text, purpose=purpose)
    await world.site.jobs()
    return posted.post


async def test_who_asks_hears_the_team_answer_and_others_write(world: World, one: Asked, told: Told) -> None:
    await says(world, one, world.supporter)
    await says(world, one, world.supporter, purpose="facts")
    await says(world, one, world.outsider)
    assert await told(one.ana) == ["answer", "facts", "reply"]
    # who wrote hears what follows, and never of their own words
    assert await told(world.supporter) == ["reply"]
    assert await told(world.outsider) == [] and await told(world.owner) == []


async def test_a_whisper_is_heard_by_those_of_the_team_who_take_part_alone(
    world: World, one: Asked, told: Told
) -> None:
    await says(world, one, world.supporter)
    await says(world, one, world.outsider)
    before = await told(one.ana)
    await says(world, one, world.owner, "Between us, @ana and @sam: no.", purpose="whisper")
    assert await told(one.ana) == before and await told(world.outsider) == []
    assert await told(world.supporter) == ["reply", "mention"]


async def test_who_is_mentioned_hears_once_however_often_the_job_runs(world: World, one: Asked, told: Told) -> None:
    post = await says(world, one, world.outsider, "@SAM, @nobody and @otto, look.")
    await hear_post(post, is_new=True)
    assert await told(world.supporter) == ["mention"]
    assert await told(world.outsider) == [], "who mentions themselves is told nothing"
    assert await told(one.ana) == ["reply"]


async def test_a_mention_that_an_edit_adds_is_heard_and_nothing_else_is(world: World, one: Asked, told: Told) -> None:
    post = await says(world, one, world.outsider)
    await edit_post(await world.outsider.reader(), post, "A word for @olga.", reason="")
    await world.site.jobs()
    assert await told(world.owner) == ["mention"] and await told(one.ana) == ["reply"]


async def test_a_draft_mentions_nobody_before_it_is_submitted(world: World, told: Told) -> None:
    draft = await world.ask("Is this for Sam?", markdown="I ask @sam and @otto.", as_draft=True)
    await world.site.jobs()
    assert await told(world.supporter) == []
    form = {"capacity": "personal", "terms": "1"}
    sent = await world.people["ana"].post(f"/tickets/{draft.ticket}/submission", form)
    assert sent.status_code == 303
    await world.site.jobs()
    assert await told(world.supporter) == ["mention"] and await told(world.outsider) == ["mention"]


async def test_in_a_private_thread_a_mention_reaches_nobody_from_outside(world: World, told: Told) -> None:
    await world.ask("A hole", category="security", markdown="Dear @otto, @sam and @olga, a hole.")
    await world.site.jobs()
    assert await told(world.outsider) == [] and await told(world.supporter) == []
    assert await told(world.owner) == ["mention"]


async def test_who_mutes_a_thread_is_told_nothing_and_who_follows_everything(
    world: World, one: Asked, told: Told
) -> None:
    assert (await one.ana.post(f"/t/{one.thread}/level", {"level": "mute"})).status_code == 303
    assert (await world.outsider.post(f"/t/{one.thread}/level", {"level": "digest"})).status_code == 303
    await says(world, one, world.supporter, "@ana, here it is.")
    assert await told(one.ana) == [] and await told(world.outsider) == ["reply"]
    await tell(one.ana.person or 0, "accepted", key="x", thread=one.thread)
    assert await told(one.ana) == []
    await one.ana.post(f"/t/{one.thread}/level", {"level": ""})
    await says(world, one, world.supporter)
    assert await told(one.ana) == ["answer"]


async def test_nobody_chooses_how_to_hear_of_what_they_may_not_see(world: World) -> None:
    secret = await world.ask("A hole", category="security")
    thread = secret.posted.thread
    assert (await world.outsider.post(f"/t/{thread}/level", {"level": "every"})).status_code == 404
    assert (await world.owner.post(f"/t/{thread}/level", {"level": "every"})).status_code == 303
    assert (await world.owner.post(f"/t/{thread}/level", {"level": "all"})).status_code == 422
    assert await fetch_value("select count(*) from thread_level") == 1


async def test_an_acceptance_is_told_to_who_wrote_the_answer_and_not_to_who_accepted_it(
    world: World, one: Asked, told: Told
) -> None:
    await says(world, one, world.outsider)
    await accept_answer(await one.ana.reader(), one.thread, 2)
    assert await told(world.outsider) == ["accepted"]
    other = await asked(world, "Another one", by="bea")
    await post_reply(await other.ana.reader(), other.thread, "I found it myself.")
    await accept_answer(await other.ana.reader(), other.thread, 2)
    # that it is over, yes
    assert await told(other.ana) == ["ticket_over"]


async def test_an_assignment_is_told_to_whose_it_is_now(world: World, one: Asked, told: Told) -> None:
    await world.owner.post(f"/tickets/{one.ticket}/assignment", {"username": "sam"})
    assert await told(world.supporter) == ["assigned"] and await told(world.owner) == []
    await world.owner.post(f"/tickets/{one.ticket}/assignment", {"username": "olga"})
    assert await told(world.owner) == []


async def test_new_tickets_are_told_to_those_of_the_team_who_want_to_hear_of_each(world: World, told: Told) -> None:
    for browser in (world.supporter, world.outsider):
        form = {"hour": "8", "zone": "UTC", "day": "1", "digest": "on", "project": str(world.project)}
        name = (await browser.reader()).username
        assert (await browser.post(f"/u/{name}/preferences/mail", form)).status_code == 303
    await asked(world)
    await world.site.jobs()
    assert await told(world.supporter) == ["new_ticket"]
    assert await told(world.outsider) == [] and await told(world.owner) == []
    await execute("delete from project_member where person_id = $1", world.supporter.person)
    await asked(world, "Another one", by="bea")
    await world.site.jobs()
    assert await told(world.supporter) == ["new_ticket"], "who left the team hears no more"
