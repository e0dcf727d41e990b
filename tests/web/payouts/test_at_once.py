"""Two hundred bumps at once on twenty tickets: the sums are right, the order is right, no invoice number is lost."""

import asyncio
import random
from uuid import uuid4

import pytest

from categories.support.queries import queue_slice, queue_state
from forum.database.engine import execute, fetch, fetch_value
from forum.web.reader import Reader
from payouts.bumps.actions import mark_received, open_bump
from tests.helpers.money import balances
from tests.helpers.site import Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World

TICKETS, BUMPS = 20, 200


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def test_two_hundred_bumps_at_once_on_twenty_tickets(world: World) -> None:
    dice = random.Random(4)
    owner = await world.owner.reader()
    tickets: list[tuple[Asked, Reader]] = []
    for n in range(TICKETS):
        one = await asked(world, f"How do I do thing {n}?", by=f"asker{n % 5}")
        tickets.append((one, await one.ana.reader()))
        await execute("delete from rate")
    amounts = [5000 + 100 * dice.randrange(100) for _n in range(BUMPS)]

    async def pay(n: int) -> None:
        one, reader = tickets[n % TICKETS]
        made = await open_bump(reader, one.ticket, amounts[n], currency="EUR", method="offline", key=uuid4())
        await mark_received(owner, made["id"])

    await asyncio.gather(*(pay(n) for n in range(BUMPS)))
    sums = {one.ticket: sum(amounts[n::TICKETS]) for n, (one, _reader) in enumerate(tickets)}
    rows = await fetch("select id, rank_amount, waiting_since from ticket")
    assert {row["id"]: row["rank_amount"] for row in rows} == sums
    held = await balances()
    total = sum(amounts)
    assert (held["entity", "income"], held["entity", "cash"]) == (-total, total)
    assert held["site", "fee_income"] == -sum((amount * 500 + 5000) // 10_000 for amount in amounts)
    assert await fetch_value("select sum(amount)::bigint from ledger_entry") == 0
    assert [row["number"] for row in await fetch("select number from invoice order by number")] == list(
        range(1, BUMPS + 1)
    )
    state = await queue_state(world.project)
    shown = [each.ticket for each in await queue_slice(world.project, state, 1, state.total)]
    right = sorted(rows, key=lambda row: (-row["rank_amount"], row["waiting_since"], row["id"]))
    assert shown == [row["id"] for row in right]
    assert await fetch("select 1 from queue_faults($1)", world.project) == []
