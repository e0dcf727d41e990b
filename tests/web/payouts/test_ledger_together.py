"""The ledger while many write at once: nothing overdrawn, nothing lost, one total in every snapshot, one history."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from random import Random
from uuid import UUID, uuid4

import pytest

from forum.database import engine
from forum.database.engine import fetch, fetch_one, fetch_value, transaction
from forum.web.errors import Conflict
from payouts.bumps.actions import mark_received, open_bump
from payouts.bumps.rules import METHODS, entries_of, price_of
from payouts.ledger.actions import Overdrawn
from payouts.ledger.queries import balances_before
from payouts.ledger.rules import KINDS
from payouts.verify import verify
from tests.helpers.books import Books, snapshot
from tests.helpers.site import Site
from tests.helpers.tickets import asked
from tests.helpers.world import World

AT_ONCE = 50


@pytest.fixture
async def many_connections(database: str) -> AsyncIterator[None]:
    """A pool in which fifty really run at once; the next test finds the ordinary one."""
    await engine.disconnect()
    await engine.connect(database, size=AT_ONCE)
    yield
    await engine.disconnect()


SUMS = """
select coalesce(sum(balance), 0)::bigint as all_books, coalesce(max(abs(holder)), 0)::bigint as worst_holder,
       coalesce(max(balance) filter (where kind in ('pool', 'kept', 'payable')), 0)::bigint as most_overdrawn,
       coalesce(-sum(balance) filter (where kind in ('pool', 'kept', 'payable')), 0)::bigint as given,
       coalesce(sum(balance) filter (where kind = 'cash' and entity_id is not null), 0)::bigint as cash
  from (select a.*, sum(balance) over (partition by entity_id) as holder from ledger_account a) b
"""


async def test_every_snapshot_has_the_same_total_and_nothing_is_overdrawn(many_connections: None) -> None:
    books, dice = await Books.make(people=4), Random(83)
    await books.bump("first", 100_000)  # 95,000 of it in the pool, 100,000 in cash
    done: Counter[str] = Counter()
    over = asyncio.Event()
    seen: list[tuple[int, ...]] = []

    async def move(n: int) -> None:
        person, amount = dice.choice(books.people), dice.randint(1, 6_000)
        kind, entries = (
            ("payout_run", books.run({person: amount}, kept=n % 7))
            if n % 2
            else ("payout", books.payout(person, amount // 2 + 1))
        )
        try:
            await books.post(f"move {n}", entries, kind=kind)  # type: ignore[arg-type]
            done[kind] += 1
        except Overdrawn:
            done[f"{kind} refused"] += 1

    async def watch() -> None:
        while not over.is_set():
            row = await fetch_one(SUMS)
            assert row is not None
            seen.append(tuple(row))

    watching = asyncio.create_task(watch())
    try:
        await asyncio.gather(*(move(n) for n in range(300)))
    finally:
        over.set()
        await watching
    assert min(done.values()) > 0 and set(done) == {"payout_run", "payout", "payout_run refused", "payout refused"}
    assert len(seen) > 5
    for all_books, worst_holder, most_overdrawn, given, cash in seen:
        assert (all_books, worst_holder) == (0, 0)
        assert most_overdrawn <= 0
        # what is still to be given falls as the cash does; what is left over belongs to fees and the site
        assert cash - given == 5_000
    wrong = (await verify()).wrong
    assert wrong, "its causes are made up, and that is told"
    assert not [line for line in wrong if not line.endswith(("which is not there", "by the ledger"))]


async def test_the_balance_of_any_time_is_the_replayed_log_while_others_write(many_connections: None) -> None:
    books, dice = await Books.make(people=3), Random(82)
    for n in range(10):
        await books.bump(f"before {n}", 5_000 + n)
    then: datetime = await fetch_value("select clock_timestamp()")
    settled = [tuple(row) for row in await balances_before(books.project, [then], KINDS)]  # type: ignore[arg-type]
    over, compared = asyncio.Event(), 0

    async def write(k: int) -> None:
        for n in range(20):
            await books.bump(f"{k} {n}", dice.randint(5_000, 9_000))
            if n % 3 == 0:
                await books.post(f"run {k} {n}", books.run({dice.choice(books.people): 100}), kind="payout_run")

    async def compare() -> None:
        nonlocal compared
        while not over.is_set():
            async with transaction():
                await snapshot()
                now: datetime = await fetch_value("select clock_timestamp()")
                edges = sorted(then + (now - then) * dice.random() for _n in range(4))
                asked_for = await balances_before(books.project, [then, *edges], KINDS)  # type: ignore[arg-type]
                replayed = await fetch(
                    "select e.currency, a.kind, m.n::integer as n, sum(e.amount)::bigint as balance"
                    " from unnest($2::timestamptz[]) with ordinality m(edge, n) join ledger_transaction t"
                    " on t.project_id = $1 and t.at < m.edge join ledger_entry e on e.transaction_id = t.id"
                    " join ledger_account a on a.id = e.account_id and a.entity_id is not null group by 1, 2, 3",
                    books.project,
                    [then, *edges],
                )
            assert {tuple(row) for row in asked_for} == {tuple(row) for row in replayed}
            assert [tuple(row) for row in asked_for if row["n"] == 1] == settled
            compared += 1

    comparing = asyncio.create_task(compare())
    try:
        await asyncio.gather(*(write(k) for k in range(8)))
    finally:
        over.set()
        await comparing
    assert compared > 3
    times = await fetch("select at, lag(at) over (partition by account_id order by id) as before from ledger_entry")
    assert all(row["before"] is None or row["before"] <= row["at"] for row in times)


async def test_fifty_posts_under_one_key_are_one(many_connections: None) -> None:
    books = await Books.make()
    fine = entries_of(price_of(5_000, 0), METHODS["offline"], books.entity)
    other = entries_of(price_of(6_000, 0), METHODS["offline"], books.entity)
    made = await asyncio.gather(*(books.post("one", fine) for _n in range(AT_ONCE)))
    assert sum(posted.is_new for posted in made) == 1
    assert len({posted.id for posted in made}) == 1
    mixed = await asyncio.gather(
        *(books.post("two", (fine, other)[n % 2]) for n in range(AT_ONCE)), return_exceptions=True
    )
    assert sum(isinstance(each, Conflict) for each in mixed) == AT_ONCE // 2
    assert await fetch_value("select count(*) from ledger_transaction") == 2


async def test_fifty_requests_for_a_bump_under_one_key_are_one_and_paid_once(
    many_connections: None, site: Site
) -> None:
    world = await World.make(site)
    one = await asked(world)
    ana, olga = await one.ana.reader(), await world.owner.reader()

    async def send(key: UUID, amount: int) -> int:
        made = await open_bump(ana, one.ticket, amount, currency="EUR", method="offline", key=key)
        return int(made["id"])

    key = uuid4()
    assert len(set(await asyncio.gather(*(send(key, 5_000) for _n in range(AT_ONCE))))) == 1
    with pytest.raises(Conflict) as refused:
        await send(key, 6_000)
    assert refused.value.status == 409
    bump = await fetch_value("select id from bump")
    await asyncio.gather(*(mark_received(olga, bump) for _n in range(AT_ONCE)))
    assert await fetch_value("select count(*) from bump") == 1
    assert await fetch_value("select count(*) from ledger_transaction") == 1
    assert await fetch_value("select count(*) from invoice") == 1
    assert (await one.row())["rank_amount"] == 5_000
    assert (await verify()).wrong == []
