"""Merging duplicates and undoing it: who is attached, what was paid, how long it waited, who may, and two at once."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from categories.support.joining.merging import merge, undo_merge
from categories.support.queries import place_of
from categories.support.silence import close_silent
from categories.support.snoozing.actions import snooze
from forum.database.engine import execute, fetch, fetch_value
from forum.mail.arriving.replies import part_in
from forum.recount import recount
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from payouts.bumps.refunds import book_refund
from tests.helpers.money import balances, bump, paid_bump
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World


@dataclass
class Two:
    """Two tickets that ask the same, and a triager."""

    world: World
    one: Asked
    other: Asked
    tri: Browser

    @classmethod
    async def make(cls, site: Site) -> "Two":
        world = await World.make(site)
        tri = await world.person("tri")
        await world.team(tri, "triager")
        one = await asked(world, "How do I read a file?", by="ana")
        other = await asked(world, "How can I read files?", by="ben")
        return cls(world, one, other, tri)

    async def merge(self, **more: Any) -> int:
        return await merge(await self.tri.reader(), self.other.ticket, self.one.ticket, **more)

    async def undo(self) -> None:
        await undo_merge(await self.tri.reader(), self.other.ticket)


async def snapshot() -> dict[str, list[tuple[Any, ...]]]:
    """All that a merge changes and undoing restores."""
    asks = {
        "tickets": "select id, state, state_under, rank_amount, waiting_since, due_at, merged_into from ticket order by id",
        "requesters": "select ticket_id, person_id, since from ticket_requester order by 1, 2",
        "participants": "select thread_id, person_id, kind, since from thread_participant order by 1, 2, 3",
        "threads": "select id, is_closed, visibility from thread order by id",
        "entries": "select ticket_id, neg_amount, waiting_since, due_at from queue_entry order by 1",
        "bumps": "select id, ticket_id, amount, state from bump order by id",
    }
    return {name: [tuple(row) for row in await fetch(sql)] for name, sql in asks.items()}


async def test_a_merge_moves_who_asked_and_what_was_paid_and_undoing_it_restores_all(site: Site) -> None:
    two = await Two.make(site)
    await paid_bump(two.one, 5000)
    await paid_bump(two.other, 7000)
    await execute("update ticket set due_at = now() + interval '9 days' where id = $1", two.other.ticket)
    await execute("select queue_enter($1)", two.other.ticket)
    before, held = await snapshot(), await balances()
    older = min(await two.one.since(), await two.other.since())
    due = (await two.other.row())["due_at"]
    await two.merge()
    row, gone = await two.one.row(), await two.other.row()
    assert (row["rank_amount"], gone["rank_amount"]) == (12_000, 0)
    assert (row["waiting_since"], row["due_at"], row["state"]) == (older, due, "waiting")
    assert (gone["state"], gone["merged_into"]) == ("merged", two.one.ticket)
    assert await place_of(two.other.ticket) is None
    who = await fetch("select person_id from ticket_requester where ticket_id = $1", two.one.ticket)
    assert {each["person_id"] for each in who} == {two.one.ana.person, two.other.ana.person}
    assert await recount() == [] and await balances() == held
    await two.undo()
    assert await snapshot() == before
    assert await recount() == [] and await balances() == held


async def test_everybody_who_asked_is_told_once_and_the_strip_leads_on(site: Site) -> None:
    two = await Two.make(site)
    await two.merge()
    await two.merge()
    told = await fetch("select person_id, kind, thread_id from notice order by id")
    assert [tuple(row) for row in told] == [(two.other.ana.person, "merged", two.one.thread)]
    page = await two.other.ana.get(two.other.url)
    assert f"/t/{two.one.thread}" in page.text and "merged into another one" in page.text
    # whoever was merged into it asks there now: their reply counts
    await two.one.says(two.world.supporter)
    await two.one.says(two.other.ana)
    assert await two.one.state() == "waiting"


async def test_a_reply_in_the_old_thread_is_heard_where_it_goes_on(site: Site) -> None:
    two = await Two.make(site)
    await two.merge()
    await two.one.says(two.world.supporter)
    refused = await two.world.outsider.post(
        f"/t/{two.other.thread}/replies", {"markdown": "Me too.", "purpose": "reply"}
    )
    assert refused.status_code == 409, "a stranger goes on where it goes on"
    await two.other.says(two.world.owner)
    await site.jobs()
    assert await two.one.state() == "answered", "nobody who asks has said a word"
    number = await two.other.says(two.other.ana)
    await site.jobs()
    assert await two.one.state() == "waiting"
    page = (await two.tri.get(two.one.url)).text
    assert f"/t/thread/{two.other.thread}/{number}" in page
    await site.jobs()
    acts = await fetch("select 1 from thread_act where kind = 'replied_there'")
    assert len(acts) == 1


async def test_who_may_not_on_both_sides_may_not(site: Site) -> None:
    two = await Two.make(site)
    pair = (two.other.ticket, two.one.ticket)
    # otto is a stranger, sam a supporter to whom neither is assigned, ana asks
    for browser in (two.world.outsider, two.world.supporter, two.one.ana):
        with pytest.raises(Forbidden):
            await merge(await browser.reader(), *pair)
        assert (await browser.post(f"/tickets/{pair[0]}/merging", {"into": str(pair[1])})).status_code == 403
        assert (await browser.get(f"/tickets/{pair[0]}/joining")).status_code == 403
    await two.world.supporter.post(f"/tickets/{pair[0]}/claim")
    with pytest.raises(Forbidden):
        await merge(await two.world.supporter.reader(), *pair)
    await two.world.supporter.post(f"/tickets/{pair[1]}/claim")
    await merge(await two.world.supporter.reader(), *pair)
    with pytest.raises(Forbidden):
        await undo_merge(await two.world.outsider.reader(), pair[0])


async def test_a_private_target_is_opened_only_by_somebody_who_says_so(site: Site) -> None:
    two = await Two.make(site)
    place = await fetch_value(
        "insert into category (project_id, slug, name, kind, visibility, readers, position) values ($1, 'quiet', 'Quiet',"
        " 'support', 'private', '{supporter,triager,maintainer,owner}', 9) returning id",
        two.world.project,
    )
    await execute("update thread set visibility = 'private', category_id = $2 where id = $1", two.one.thread, place)
    ben = two.other.ana
    assert (await ben.get(two.one.url)).status_code == 404
    with pytest.raises(Conflict):
        await two.merge()
    page = await two.tri.get(f"/tickets/{two.other.ticket}/merging?into={two.one.ticket}")
    assert "1 person who asked here will read all of it" in page.text
    await two.merge(opens_private=True)
    assert (await ben.get(two.one.url)).status_code == 200
    assert (await two.world.outsider.get(two.one.url)).status_code == 404
    # the public thread does not tell strangers where the private one is
    assert f"/t/{two.one.thread}" not in (await two.world.outsider.get(two.other.url)).text
    await two.undo()
    assert (await ben.get(two.one.url)).status_code == 404


async def test_what_would_leak_or_make_no_sense_is_refused(site: Site) -> None:
    two = await Two.make(site)
    reader = await two.tri.reader()
    with pytest.raises(Invalid):
        await merge(reader, two.one.ticket, two.one.ticket)
    with pytest.raises(NotFound):
        await merge(reader, two.one.ticket, 999_999)
    draft = await two.world.ask("How do I keep a draft?", by="ana", as_draft=True)
    with pytest.raises(NotFound):
        await merge(reader, two.one.ticket, draft.ticket or 0)
    owner = await two.world.owner.reader()
    await two.one.move("security")
    with pytest.raises(Conflict):
        await merge(owner, two.other.ticket, two.one.ticket)
    with pytest.raises(NotFound):
        await merge(reader, two.other.ticket, two.one.ticket)


async def test_a_chain_is_undone_from_its_end(site: Site) -> None:
    two = await Two.make(site)
    third = await asked(two.world, "Reading a file, how?", by="cleo")
    reader = await two.tri.reader()
    await paid_bump(two.other, 7000)
    before = await snapshot()
    await two.merge()
    await merge(reader, two.one.ticket, third.ticket)
    assert (await third.row())["rank_amount"] == 7000
    assert await recount() == []
    with pytest.raises(Conflict):
        await two.undo()
    await undo_merge(reader, two.one.ticket)
    await two.undo()
    assert await snapshot() == before


async def test_a_bump_of_a_merged_ticket_counts_and_is_refunded_where_it_stands(site: Site) -> None:
    two = await Two.make(site)
    late = await bump(two.other, 6000)
    await two.merge()
    await paid_bump(two.one, 5000)
    # the money of what was ordered before the merge comes after it
    assert (await two.world.owner.post(f"/bumps/{late['id']}/receipt")).status_code == 303
    assert (await two.one.row())["rank_amount"] == 11_000
    await book_refund(late["id"], "re_1", 2000)
    assert (await two.one.row())["rank_amount"] == 9000
    assert await recount() == []
    # nobody learns who else paid: each finds their own bump alone
    for browser, own, foreign in ((two.one.ana, "50.00", "60.00"), (two.other.ana, "60.00", "50.00")):
        panel = (await browser.get(two.one.url)).text.split('id="bumps"')[1].split("</section>")[0]
        assert own in panel and foreign not in panel
    await two.undo()
    assert ((await two.one.row())["rank_amount"], (await two.other.row())["rank_amount"]) == (5000, 4000)
    assert await recount() == []


async def test_merging_both_ways_at_once_merges_once(site: Site) -> None:
    two = await Two.make(site)
    reader = await two.tri.reader()
    for _round in range(5):
        both = await asyncio.gather(
            merge(reader, two.one.ticket, two.other.ticket),
            merge(reader, two.other.ticket, two.one.ticket),
            return_exceptions=True,
        )
        assert sorted(type(each) for each in both if isinstance(each, Exception))[:1] == [Conflict]
        assert sum(isinstance(each, int) for each in both) == 1
        merged = await fetch("select id from ticket where merged_into is not null")
        assert len(merged) == 1
        await undo_merge(reader, merged[0]["id"])
    assert await recount() == []


async def test_paying_and_merging_at_once_lose_nothing(site: Site) -> None:
    two = await Two.make(site)
    orders = [await bump(one, 5000 + n) for n in range(4) for one in (two.one, two.other)]

    async def receive(order: int) -> int:
        return (await two.world.owner.post(f"/bumps/{order}/receipt")).status_code

    results = await asyncio.gather(two.merge(), *(receive(order["id"]) for order in orders))
    assert set(results[1:]) == {303}
    assert (await two.one.row())["rank_amount"] == sum(order["amount"] for order in orders)
    assert await recount() == []


async def test_the_pages_tell_what_would_happen_and_do_it(site: Site) -> None:
    two = await Two.make(site)
    await paid_bump(two.other, 7000)
    found = await two.tri.get(f"/tickets/{two.other.ticket}/joining?q={two.one.thread}")
    assert f"/tickets/{two.other.ticket}/merging?into={two.one.ticket}" in found.text
    shown = await two.tri.get(f"/tickets/{two.other.ticket}/merging?into={two.one.ticket}")
    assert "70.00" in shown.text and "Ana" in shown.text and "Ben" in shown.text
    done = await two.tri.post(f"/tickets/{two.other.ticket}/merging", {"into": str(two.one.ticket)})
    assert (done.status_code, done.headers["location"]) == (303, two.one.url)
    assert "Undo the merge" in (await two.tri.get(two.one.url)).text
    assert "Undo the merge" not in (await two.one.ana.get(two.one.url)).text
    undone = await two.tri.post(f"/tickets/{two.other.ticket}/merging/delete")
    assert undone.status_code == 303 and await two.other.state() == "waiting"


async def test_who_claimed_what_they_asked_elsewhere_stays_attached_too(site: Site) -> None:
    two = await Two.make(site)
    ben = two.other.ana
    # asked on GitHub, brought in under a name that ben has claimed since
    there = await fetch_value(
        "insert into person (kind, username, name, origin, origin_url, same_as)"
        " values ('placeholder', 'ben@github.com', 'ben', 'github', 'https://github.com/ben', $1) returning id",
        ben.person,
    )
    for table, column, key in (
        ("thread", "author_id", "id"),
        ("post", "author_id", "thread_id"),
        ("thread_participant", "person_id", "thread_id"),
    ):
        await execute(f"update {table} set {column} = $1 where {key} = $2", there, two.other.thread)
    await execute("update ticket_requester set person_id = $1 where ticket_id = $2", there, two.other.ticket)
    await execute("update thread set visibility = 'private', is_private = true where id = $1", two.one.thread)
    assert (await ben.get(two.one.url)).status_code == 404
    await two.merge(opens_private=True)
    page = await ben.get(two.one.url)
    assert page.status_code == 200 and (await two.world.outsider.get(two.one.url)).status_code == 404
    assert await part_in(await ben.reader(), two.one.thread) == "own"
    await execute("update thread set is_closed = true where id = $1", two.one.thread)
    assert await two.one.says(ben) > 1, "as who asks, also where it is closed"


@pytest.mark.parametrize("purpose", ["reply", "thanks"])
async def test_a_word_in_the_old_thread_wakes_counts_and_keeps_open_as_in_the_other_one(
    site: Site, purpose: str
) -> None:
    two = await Two.make(site)
    await execute(
        "insert into support_policy (project_id, waits_since) values ($1, 'last_word')"
        " on conflict (project_id) do update set waits_since = 'last_word'",
        two.world.project,
    )
    await two.merge()
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    await snooze(await two.tri.reader(), two.one.ticket, until)
    await execute("update ticket set waiting_since = now() - interval '5 days' where id = $1", two.one.ticket)
    await execute("select queue_enter($1)", two.one.ticket)
    await two.other.says(two.other.ana, purpose)
    await site.jobs()
    said = await fetch_value("select max(created_at) from post where thread_id = $1", two.other.thread)
    row = await two.one.row()
    assert row["waiting_since"] == said, "where the wait is counted from the last word, this is one"
    assert (row["snoozed_until"], row["snooze_again"]) == ((until, None) if purpose == "thanks" else (None, until))
    assert await recount() == []


async def test_thanks_in_the_old_thread_keep_the_other_ticket_from_falling_silent(site: Site) -> None:
    two = await Two.make(site)
    await two.merge()
    await two.one.says(two.world.supporter)
    answered = await fetch_value("select max(created_at) from post where thread_id = $1", two.one.thread)
    await two.other.says(two.other.ana, "thanks")
    await site.jobs()
    await close_silent(answered + timedelta(days=27))
    assert await fetch("select 1 from silence") == []


async def test_nobody_takes_on_what_was_merged(site: Site) -> None:
    two = await Two.make(site)
    await two.merge()
    page = f"/p/pelican/inbox/{two.other.ticket}"
    assert f"{page}/claim" not in (await two.tri.get(page)).text
    assert (await two.tri.post(f"{page}/claim")).status_code == 409
    sent = await two.tri.post(f"{page}/assign", {"username": "sam", "note": ""})
    assert sent.status_code == 409 and "go on there" in sent.text
    assert (await two.other.row())["assignee_id"] is None
    assert (await two.tri.post(f"/p/pelican/inbox/{two.one.ticket}/claim")).status_code == 303
