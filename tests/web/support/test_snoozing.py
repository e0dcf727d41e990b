"""Snoozing: out of the lists, not out of the queue; what wakes a ticket and what does not; who may."""

from datetime import UTC, datetime, timedelta

import pytest

from categories.support.digest import queues_for
from categories.support.inbox.buckets import counts_of
from categories.support.inbox.live import buckets_since
from categories.support.promises.workdays import MONDAY_TO_FRIDAY
from categories.support.queries import place_of, queue_state
from categories.support.snoozing.actions import snooze, wake, wake_ticket
from categories.support.snoozing.rules import presets
from forum.database.engine import execute, fetch, fetch_value
from forum.notifications.sections import Recipient
from forum.web.errors import Conflict, Forbidden, Invalid
from forum.web.look import ago
from tests.helpers.site import Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World

INBOX = "/p/pelican/inbox"


def later(days: int = 3) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


async def snoozed(site: Site) -> tuple[Asked, datetime]:
    """A ticket that Sam has snoozed for three days."""
    one = await asked(await World.make(site))
    until = later()
    await snooze(await one.world.supporter.reader(), one.ticket, until)
    return one, until


async def rows(one: Asked, view: str = "") -> str:
    """The middle pane of the inbox."""
    page = (await one.world.supporter.get(INBOX + view)).text
    return page.split('id="inbox_queue"')[1].split('<section class="ticket"')[0]


async def tag(thread: int, name: str) -> None:
    await execute("insert into tag (name) values ($1) on conflict do nothing", name)
    await execute("insert into thread_tag (thread_id, tag_id) select $1, id from tag where name = $2", thread, name)


async def notices() -> list[tuple[int, str, str]]:
    found = await fetch("select person_id, kind, said ->> 'why' as why from notice order by id")
    return [tuple(row) for row in found]


async def test_a_snoozed_ticket_leaves_the_lists_and_keeps_its_place(site: Site) -> None:
    one, _until = await snoozed(site)
    other = await asked(one.world, "How do I write a file?", by="ben")
    assert "How do I read a file?" not in await rows(one)
    assert "How do I read a file?" in await rows(one, "?view=snoozed")
    assert "How do I write a file?" not in await rows(one, "?view=snoozed")
    place, behind = await place_of(one.ticket), await place_of(other.ticket)
    assert place is not None and behind is not None
    assert (place.position, behind.position) == (1, 2)


@pytest.mark.parametrize("purpose", ["thanks", "whisper"])
async def test_thanks_and_whispers_keep_the_snooze(site: Site, purpose: str) -> None:
    one, until = await snoozed(site)
    await one.says(one.ana if purpose == "thanks" else one.world.owner, purpose)
    assert (await one.row())["snoozed_until"] == until
    assert await notices() == []


@pytest.mark.parametrize("by", ["ana", "otto"])
async def test_any_other_reply_wakes_it_and_one_click_snoozes_it_to_the_same_time(site: Site, by: str) -> None:
    one, until = await snoozed(site)
    await one.says(one.ana if by == "ana" else one.world.outsider)
    row = await one.row()
    assert (row["snoozed_until"], row["snooze_again"], row["state"]) == (None, until, "waiting")
    assert await notices() == [(one.world.supporter.person, "snooze_over", "reply")]
    assert "Snooze again until" in (await one.world.supporter.get(f"{INBOX}/{one.ticket}")).text
    sent = await one.world.supporter.post(f"/tickets/{one.ticket}/snooze", {"when": "again", "back": "inbox"})
    assert sent.headers["location"] == f"{INBOX}/{one.ticket}"
    assert (await one.row())["snoozed_until"] == until


async def test_its_time_wakes_it_once_and_tells_whoever_snoozed_it(site: Site) -> None:
    one, until = await snoozed(site)
    await execute("update ticket set snoozed_until = $2 where id = $1", one.ticket, until + timedelta(days=1))
    await wake_ticket(one.ticket, until.isoformat())
    assert (await one.row())["snoozed_until"] is not None, "it was snoozed to another time meanwhile"
    await wake_ticket(one.ticket, (until + timedelta(days=1)).isoformat())
    await wake_ticket(one.ticket, (until + timedelta(days=1)).isoformat())
    assert (await one.row())["snoozed_until"] is None
    assert await notices() == [(one.world.supporter.person, "snooze_over", "time")]
    assert "How do I read a file?" in await rows(one)


async def test_the_job_waits_for_its_time(site: Site) -> None:
    one, until = await snoozed(site)
    found = await fetch_value("select execute_after from pgqueuer where entrypoint = 'wake_ticket'")
    assert abs(found - until) < timedelta(seconds=5)
    await site.jobs()
    assert (await one.row())["snoozed_until"] == until


async def test_what_does_not_wait_is_neither_snoozed_nor_stays_so(site: Site) -> None:
    one, _until = await snoozed(site)
    await one.says(one.world.owner)
    row = await one.row()
    assert (row["state"], row["snoozed_until"]) == ("answered", None)
    with pytest.raises(Conflict):
        await snooze(await one.world.supporter.reader(), one.ticket, later())


async def test_times_gone_by_and_far_away_are_refused(site: Site) -> None:
    one = await asked(await World.make(site))
    sam = await one.world.supporter.reader()
    for until in (datetime.now(UTC) - timedelta(minutes=1), later(400)):
        with pytest.raises(Invalid):
            await snooze(sam, one.ticket, until)
    page = await one.world.supporter.post(f"/tickets/{one.ticket}/snooze", {"when": "day", "day": "soon"})
    assert page.status_code == 303 and (await one.row())["snoozed_until"] is None


@pytest.mark.parametrize("when", ["tomorrow", "workdays", "monday"])
async def test_the_menu_offers_mornings_to_come(site: Site, when: str) -> None:
    one = await asked(await World.make(site))
    shown = (await one.world.supporter.get(f"{INBOX}/{one.ticket}")).text
    times = {preset.key: preset.until for preset in presets(datetime.now(UTC), MONDAY_TO_FRIDAY, UTC)}
    first = next(key for key, until in times.items() if until == times[when])
    assert f'value="{first}"' in shown, "those that mean the same, as on a weekend, are offered once"
    await one.world.supporter.post(f"/tickets/{one.ticket}/snooze", {"when": when, "back": "inbox"})
    until = (await one.row())["snoozed_until"]
    assert until is not None and until > datetime.now(UTC) and until.hour == 8 and until.weekday() < 5


async def test_neither_askers_nor_strangers_snooze_or_hear_of_it(site: Site) -> None:
    one, _until = await snoozed(site)
    for browser in (one.ana, one.world.outsider):
        with pytest.raises(Forbidden):
            await snooze(await browser.reader(), one.ticket, later())
        for path in ("snooze", "snooze/delete"):
            assert (await browser.post(f"/tickets/{one.ticket}/{path}", {"when": "monday"})).status_code == 403
        assert "snooz" not in (await browser.get(one.url)).text.lower()
    assert "snoozed the ticket until" in (await one.world.owner.get(one.url)).text


async def test_counts_of_the_inbox_say_what_their_lists_show_also_to_open_ones(site: Site) -> None:
    one, _until = await snoozed(site)
    await tag(one.thread, "plots")
    sam, reader = one.world.supporter, await one.world.supporter.reader()
    await sam.post(f"{INBOX}/{one.ticket}/claim")
    free = await asked(one.world, "How do I write a file?", by="ben")
    await tag(free.thread, "plots")
    third = await asked(one.world, "How do I close a file?", by="ben")
    await snooze(reader, third.ticket, later())
    counts = await counts_of(one.world.project, reader.person, await queue_state(one.world.project))
    wanted = {"waiting": 3, "mine": 0, "unassigned": 1, "snoozed": 2}
    assert {name: counts[name] for name in wanted} == wanted and counts["tags"] == [("plots", 1)]
    news = await buckets_since(one.world.project, {0: (reader, 0)})
    told = {item["id"]: item["inner"] for item in news[0].items}
    assert (told["n_mine"], told["n_unassigned"], told["n_snoozed"], told["n_tag_plots"]) == ("", "1", "2", "1")
    await wake(reader, one.ticket)
    counts = await counts_of(one.world.project, reader.person, await queue_state(one.world.project))
    assert (counts["mine"], counts["snoozed"], counts["tags"]) == (1, 1, [("plots", 2)])


async def test_the_digest_is_silent_about_what_is_snoozed_and_names_those_behind_it(site: Site) -> None:
    one, _until = await snoozed(site)
    await asked(one.world, "How do I write a file?", by="ben")
    sam = Recipient(one.world.supporter.person, "sam", "en", datetime.now(UTC))
    lines = (await queues_for([sam]))[one.world.supporter.person]
    assert [(line.mark, line.text) for line in lines] == [("2", "How do I write a file?")]


async def test_a_queue_of_snoozed_tickets_does_not_say_that_nobody_waits(site: Site) -> None:
    one, until = await snoozed(site)
    page = (await one.world.supporter.get(INBOX)).text
    assert "1 snoozed ticket keeps its place here" in page and "Nobody waits" not in page
    assert f"until {ago(until)}" in await rows(one, "?view=snoozed")
    await wake(await one.world.supporter.reader(), one.ticket)
    assert "snoozed ticket keeps" not in (await one.world.supporter.get(INBOX)).text
