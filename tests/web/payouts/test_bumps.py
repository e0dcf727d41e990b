"""A bump from the price chosen to the money booked, the invoice, and the place in the queue."""

import pytest

from categories.support.queries import place_of
from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from payouts.bumps.actions import cancel_bump, mark_received
from tests.helpers.money import balances, bump, paid_bump
from tests.helpers.site import Site
from tests.helpers.tickets import asked
from tests.helpers.world import World


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def test_a_paid_bump_raises_its_ticket_and_is_booked_and_invoiced(world: World) -> None:
    first, second = await asked(world), await asked(world, "How do I write a file?", by="bob")
    made = await bump(second, 5000)
    assert (made["state"], made["fee"], made["tax"]) == ("open", 250, 0)
    assert (await second.row())["rank_amount"] == 0
    await mark_received(await world.owner.reader(), made["id"])
    assert (await second.row())["rank_amount"] == 5000
    places = [await place_of(one.ticket) for one in (first, second)]
    assert [place.position for place in places if place] == [2, 1]
    assert await balances() == {
        ("entity", "cash"): 5000,
        ("entity", "income"): -5000,
        ("entity", "fees"): 250,
        ("entity", "due_to_site"): -250,
        ("entity", "pooled"): 4750,
        ("entity", "pool"): -4750,
        ("site", "due_from_entity"): 250,
        ("site", "fee_income"): -250,
    }
    invoice = await fetch_one("select * from invoice")
    assert invoice is not None
    assert (invoice["number"], invoice["net"], invoice["total"], invoice["bump_id"]) == (1, 5000, 5000, made["id"])


async def test_received_twice_is_received_once(world: World) -> None:
    one = await asked(world)
    made = await bump(one)
    for _n in range(3):
        await mark_received(await world.owner.reader(), made["id"])
    assert (await one.row())["rank_amount"] == 5000
    assert await fetch_value("select count(*) from ledger_transaction") == 1
    assert await fetch_value("select count(*) from invoice") == 1
    assert await fetch_value("select count(*) from audit where action = 'bump-received'") == 1


async def test_bumps_of_one_ticket_add_up_and_are_numbered_without_a_gap(world: World) -> None:
    one = await asked(world)
    for amount in (5000, 7000, 6000):
        await paid_bump(one, amount)
    assert (await one.row())["rank_amount"] == 18000
    assert [row["number"] for row in await fetch("select number from invoice order by id")] == [1, 2, 3]


async def test_only_its_requester_bumps_a_ticket_and_only_the_owner_marks_it_received(world: World) -> None:
    one = await asked(world)
    made = await bump(one)
    for browser in (world.supporter, one.ana, world.outsider):
        with pytest.raises((Forbidden, NotFound)):
            await mark_received(await browser.reader(), made["id"])
    one.ana = world.outsider
    with pytest.raises(Forbidden):
        await bump(one)
    assert await fetch_value("select count(*) from ledger_transaction") == 0


async def test_less_than_the_minimum_is_refused(world: World) -> None:
    one = await asked(world)
    with pytest.raises(Invalid) as refused:
        await bump(one, 4999)
    assert "amount" in refused.value.errors


async def test_a_bump_taken_back_is_booked_all_the_same_when_its_money_comes(world: World) -> None:
    one = await asked(world)
    made = await bump(one)
    await cancel_bump(await one.ana.reader(), made["id"])
    await mark_received(await world.owner.reader(), made["id"])
    assert (await one.row())["rank_amount"] == 5000
    with pytest.raises(Conflict):
        await cancel_bump(await one.ana.reader(), made["id"])


async def test_tax_is_on_top_and_counts_neither_for_the_rank_nor_for_the_pool(world: World) -> None:
    await execute("update selling set tax_rate = 1900")
    one = await asked(world)
    await paid_bump(one, 5000)
    assert (await one.row())["rank_amount"] == 5000
    held = await balances()
    assert (held["entity", "cash"], held["entity", "tax"], held["entity", "pool"]) == (5950, -950, -4750)
