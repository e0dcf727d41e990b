"""Tickets whose asker owes the next word: told once in time, closed, open again by a word or a click."""

from datetime import UTC, datetime, timedelta

from categories.support.silence import close_silent
from forum.database.engine import Row, execute, fetch, fetch_value
from forum.notifications.kinds import kinds
from tests.helpers.site import Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World

DAY = timedelta(days=1)


async def answered(world: World, purpose: str = "reply", by: str = "ana") -> tuple[Asked, datetime]:
    """A ticket that the team answered, and when."""
    one = await asked(world, by=by)
    await one.says(world.supporter, purpose)
    return one, await last_word(one)


async def last_word(one: Asked) -> datetime:
    at: datetime = await fetch_value("select max(created_at) from post where thread_id = $1", one.thread)
    return at


async def notices(kind: str = "going_silent") -> list[Row]:
    return await fetch(
        "select p.username, n.said, n.thread_id from notice n join person p on p.id = n.person_id where n.kind = $1"
        " order by n.id",
        kind,
    )


async def test_a_silent_ticket_is_told_of_on_the_27th_day_and_closed_on_the_30th(site: Site) -> None:
    world = await World.make(site)
    one, word = await answered(world)
    seen = {}
    for day in range(1, 35):
        # twice a day: what was done once is not done again
        for _again in range(2):
            await close_silent(word + day * DAY)
        seen[day] = (await one.state(), len(await notices()))
    assert next(day for day in seen if seen[day][1]) == 27 and seen[34][1] == 1
    assert next(day for day in seen if seen[day][0] == "closed") == 30
    acts = await fetch(
        "select kind, actor_id, data from thread_act where thread_id = $1 and kind = 'silence'", one.thread
    )
    assert [(a["actor_id"], a["data"]["days"]) for a in acts] == [(None, 30)]
    assert not await fetch_value("select is_closed from thread where id = $1", one.thread), "a reply must be possible"
    assert "Closed after 30 days without a word" in (await site.guest().get(one.url)).text


async def test_the_notice_says_in_plain_words_what_happens_when(site: Site) -> None:
    world = await World.make(site)
    one, word = await answered(world)
    facts, _word = await answered(world, "facts", by="ben")
    await close_silent(word + 28 * DAY)
    rows = await notices()
    assert [(row["username"], row["thread_id"]) for row in rows] == [("ana", one.thread), ("ben", facts.thread)]
    said = [kinds["going_silent"].sentence({"title": "How?", **row["said"]}) for row in rows]
    closes = (word + 31 * DAY).date()
    assert said[0].startswith("Did the answer to “How?” help? Nobody has written for 28 days.")
    assert f"it closes on {closes.day} " in said[0] and "The team asked you something in “How?”" in said[1]
    assert rows[0]["said"]["link"] == f"/tickets/{one.ticket}/still-needed"


async def test_a_job_that_comes_late_still_leaves_three_days_after_telling(site: Site) -> None:
    world = await World.make(site)
    one, word = await answered(world)
    await close_silent(word + 80 * DAY)
    assert await one.state() == "answered" and len(await notices()) == 1
    await close_silent(word + 82.9 * DAY)
    assert await one.state() == "answered"
    await close_silent(word + 83 * DAY)
    assert await one.state() == "closed"


async def test_nothing_closes_while_the_team_owes_the_next_word(site: Site) -> None:
    world = await World.make(site)
    waiting = await asked(world)
    replied, word = await answered(world, by="ben")
    await replied.says(replied.ana)
    resolved, _word = await answered(world, by="carl")
    await world.supporter.post(f"/tickets/{resolved.ticket}/resolution")
    for day in (27, 30, 33, 60, 400):
        await close_silent(word + day * DAY)
    assert await notices() == []
    assert [await each.state() for each in (waiting, replied, resolved)] == ["waiting", "waiting", "resolved"]


async def test_a_word_of_asker_or_team_starts_the_silence_anew_and_a_strangers_or_a_whisper_does_not(
    site: Site,
) -> None:
    world = await World.make(site)
    one, word = await answered(world)
    other, _word = await answered(world, by="ben")
    await close_silent(word + 28 * DAY)
    assert len(await notices()) == 2
    for each, browser, purpose in (
        (one, world.supporter, "reply"),
        (other, world.outsider, "reply"),
        (other, world.supporter, "whisper"),
    ):
        number = await each.says(browser, purpose)
        await execute(
            "update post set created_at = $3 where thread_id = $1 and number = $2", each.thread, number, word + 29 * DAY
        )
    await close_silent(word + 31 * DAY)
    assert [await one.state(), await other.state()] == ["answered", "closed"]
    await close_silent(word + 57 * DAY)
    assert [row["username"] for row in await notices()] == ["ana", "ben", "ana"]


async def test_just_thanks_is_a_word_but_asks_nothing(site: Site) -> None:
    world = await World.make(site)
    one, word = await answered(world)
    number = await one.says(one.ana, "thanks")
    await execute(
        "update post set created_at = $3 where thread_id = $1 and number = $2", one.thread, number, word + DAY
    )
    await close_silent(word + 27 * DAY)
    assert await notices() == [] and await one.state() == "answered"
    await close_silent(word + 28 * DAY)
    assert len(await notices()) == 1


async def test_one_click_reopens_and_looking_at_its_page_does_not(site: Site) -> None:
    world = await World.make(site)
    one, word = await answered(world)
    path = f"/tickets/{one.ticket}/still-needed"
    await close_silent(word + 28 * DAY)
    assert "I still need this" in (await one.ana.get(one.url)).text
    assert "I still need this" not in (await world.outsider.get(one.url)).text
    await close_silent(word + 31 * DAY)
    assert await one.state() == "closed"
    for _again in range(2):
        page = await one.ana.get(path)
        assert page.status_code == 200 and "I still need this" in page.text and await one.state() == "closed"
    assert (await world.outsider.get(path)).status_code == 404
    assert (await world.outsider.post(path)).status_code == 403
    assert (await site.guest().get(path)).status_code == 303
    for _again in range(2):
        assert (await one.ana.post(path)).status_code == 303
    assert await one.state() == "waiting"
    assert "still needs this" in (await one.ana.get(one.url)).text
    await close_silent(word + 400 * DAY)
    assert await one.state() == "waiting"


async def test_a_reply_reopens_what_closed_by_itself(site: Site) -> None:
    world = await World.make(site)
    one, word = await answered(world)
    await close_silent(word + 28 * DAY)
    await close_silent(word + 31 * DAY)
    await one.says(one.ana)
    assert await one.state() == "waiting"


async def test_each_project_has_its_own_days_and_longer_ones_are_told_of_again(site: Site) -> None:
    world = await World.make(site)
    one, word = await answered(world)
    await execute(
        "insert into support_policy (project_id, silence_days, silence_warning_days) values ($1, 10, 2)", world.project
    )
    await close_silent(word + 8 * DAY)
    assert len(await notices()) == 1
    await execute("update support_policy set silence_days = 40 where project_id = $1", world.project)
    await close_silent(word + 37.9 * DAY)
    assert await one.state() == "answered" and len(await notices()) == 1
    await close_silent(word + 38 * DAY)
    assert len(await notices()) == 2
    await close_silent(word + 40 * DAY)
    assert await one.state() == "closed"


async def test_over_two_years_of_days_each_silence_is_told_once_and_each_word_counts(site: Site) -> None:
    """Once a day at the job's hour over both changes of the clocks, a word every 50 days, some days left out."""
    world = await World.make(site)
    one, word = await answered(world)
    closed, told, said = 0, 0, 0
    number = int(await fetch_value("select max(number) from post where thread_id = $1", one.thread))
    start = datetime.now(UTC).replace(hour=7, minute=20)
    for day in range(1, 731):
        now = start + day * DAY
        if day % 11:
            await close_silent(now)
        state = await one.state()
        if state == "closed":
            closed += 1
            assert now - word >= 30 * DAY
            said += 1
            word = now
            # what the asker's reply and the team's answer to it do, at that day
            await execute("delete from rate")
            await one.says(one.ana)
            await one.says(world.supporter)
            await execute(
                "update post set created_at = $2 where thread_id = $1 and number > $3", one.thread, now, number
            )
            number += 2
            await execute("update ticket set waiting_since = $2 where id = $1", one.ticket, now)
        told = len(await notices())
    assert closed == told or told == closed + 1
    assert 20 <= closed <= 24
    assert (
        await fetch_value("select count(*) from thread_act where thread_id = $1 and kind = 'silence'", one.thread)
        == closed
    )
