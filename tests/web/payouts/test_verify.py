"""`haas ledger verify` finds each kind of fault that is planted behind the triggers' back, and says it in one line."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from forum.database.engine import execute, fetch_value
from forum.recount import recount
from payouts.bumps.refunds import book_refund
from payouts.bumps.rules import METHODS, entries_of, price_of
from payouts.runs.actions import mark_paid
from payouts.runs.checks import CHECKS as RUNS
from payouts.verify import CHECKS, TOLD, told, verify
from tests.helpers.books import Books, negated
from tests.helpers.money import paid_bump
from tests.helpers.payouts import booked, earned
from tests.helpers.site import Site
from tests.helpers.tickets import asked
from tests.helpers.world import World
from tests.web.test_cli import Haas, haas

__all__ = ["haas"]

ENTRY = "(select min(id) from ledger_entry)"
INCOME = "(select id from ledger_account where kind = 'income')"
POOL = "(select id from ledger_account where kind = 'pool')"
# What somebody did with the triggers off, and what of it is told.
FAULTS = {
    f"update ledger_entry set balance = balance + 1 where id = {ENTRY}": "entry 1 of account 1: its balance is",
    "update ledger_account set balance = balance - 7 where id = 1": "account 1: its balance is",
    "update ledger_account set last_at = last_at + interval '1 s' where id = 1": "account 1: its last entry is of",
    f"update ledger_entry set amount = amount + 1 where id = {ENTRY}": "transaction 1 does not balance: 1 EUR for entity 1",
    "delete from ledger_entry where transaction_id = 2": "transaction 2 (bump:2) has no entries",
    "delete from ledger_transaction where id = 2": "belongs to transaction 2, which is not there",
    f"delete from ledger_account where id = {POOL}": "which is not there",
    "update ledger_entry set currency = 'CHF' where id = 1": "entry 1 is of another currency than its account",
    "update ledger_entry set at = at + interval '1 s' where id = 1": "entry 1 is of another time than its transaction",
    "update ledger_entry set at = at - interval '1 day' where transaction_id = 3": "is older than entry",
    "insert into project (slug, name, legal_entity_id) values ('other', 'O', 1); update ledger_account set project_id = 2"
    " where id = 1": "is of another project than its account",
    f"update ledger_entry set amount = -amount where account_id = {POOL} and transaction_id = 1; update ledger_entry"
    f" set balance = -balance where account_id = {POOL}": "overdraws account",
    "insert into legal_entity (name) values ('Other'); update ledger_account set entity_id = 2 where id = 1": (
        "account 1 is in the books of entity 2, to which project 1 never belonged"
    ),
    "insert into legal_entity (name) values ('Other'); update project set legal_entity_id = 2": (
        "project 1 belongs to entity 2, its dated rows say 1"
    ),
    "update bump set state = 'paid', paid_at = now() where id = 4": "bump 4 is paid and not booked",
    "update bump set state = 'open', paid_at = null where id = 2": "transaction 2 books bump 2, which is open",
    "delete from bump where id = 2": "transaction 2 books bump 2, which is not there",
    "update ledger_transaction set cause_id = 1 where id = 2": "bump 1 is booked 2 times",
    "update bump set fee = fee + 1 where id = 1": "transaction 1 books bump 1 with other figures",
    "update bump set method = 'stripe' where id = 1": "transaction 1 books bump 1 with other figures",
    "update bump set currency = 'CHF' where id = 1": "transaction 1 books bump 1 as one of project 1 in EUR, it is of",
    "delete from invoice where id = 3": "bump 3 is paid and has no invoice",
    "update bump set state = 'cancelled', paid_at = null where id = 3": "is for bump 3, which is cancelled",
    "update invoice set net = net + 1, total = total + 1 where id = 1": "has other figures",
    "update invoice set number = 9 where id = 3": "invoices of entity 1 are numbered to 9, there are 3, the counter says 3",
    "update invoice_counter set last = 5": "invoices of entity 1 are numbered to 3, there are 3, the counter says 5",
    "delete from invoice where id = 2": "invoices of entity 1 are numbered to 3, there are 2",
    "delete from refund": "transaction 4 (refund:re_1) gives back what no refund tells of",
    "update refund set bump_id = 1": "refund re_1 of bump 1 is not booked",
    "update refund set tax = tax + 1": "transaction 4 books refund re_1 with other figures (net, tax, fee, cash): (840,160,",
    "update bump set state = 'cancelled', paid_at = null where id = 2": "bump 2 gave back 1000 of 0 that were paid",
    "update ticket set rank_amount = rank_amount + 1 where id = 1": "ticket 1: rank_amount is 12001, its paid bumps less",
}


@asynccontextmanager
async def planting(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody for whom no trigger runs."""
    link = await asyncpg.connect(url)
    await link.execute("set session_replication_role = replica")
    yield link
    await link.close()


async def plant(url: str, sql: str) -> None:
    async with planting(url) as link:
        await link.execute(sql)


@pytest.fixture
async def planter(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    async with planting(database_url) as link:
        yield link


@pytest.fixture
async def world(site: Site) -> World:
    """Two tickets with three paid bumps, taxed, and a fourth that nobody paid."""
    world = await World.make(site)
    await execute("update selling set tax_rate = 1900")
    one, two = await asked(world), await asked(world, "How do I write a file?", by="bob")
    for ticket, amount in ((one, 5000), (two, 6000), (one, 7000)):
        await paid_bump(ticket, amount)
    await execute(
        "insert into bump (ticket_id, project_id, payer_id, amount, tax_rate, tax, fee, currency, method, reference, key)"
        " select ticket_id, project_id, payer_id, amount, tax_rate, tax, fee, currency, method, 'X', gen_random_uuid()"
        " from bump where id = 1"
    )
    return world


@pytest.mark.usefixtures("world")
async def test_a_ledger_that_nobody_tampered_with_is_true() -> None:
    found = await verify()
    assert (found.transactions, found.entries, found.wrong) == (3, 27, [])
    assert found.accounts == await fetch_value("select count(*) from ledger_account") == 9
    assert await recount() == []


async def test_a_refund_counts_against_the_rank(world: World) -> None:
    await book_refund(1, "re_1", 5_950)
    assert (await verify()).wrong == []
    assert await fetch_value("select rank_amount from ticket where id = 1") == 7000
    await execute("update ticket set rank_amount = 12000 where id = 1")
    assert (await verify()).wrong == ["ticket 1: rank_amount is 12000, its paid bumps less refunds are 7000"]
    assert (await verify()).wrong[0] in await recount()


async def test_a_refund_that_no_row_tells_of_is_told(world: World) -> None:
    entity = await fetch_value("select id from legal_entity")
    back = negated(entries_of(price_of(5_000, 1_900), METHODS["offline"], entity))
    await Books(world.project, entity, []).post("of 1", back, kind="refund", cause=1)
    await execute("update ticket set rank_amount = 7000 where id = 1")
    assert (await verify()).wrong == ["transaction 4 (1:of 1) gives back what no refund tells of"]


async def check_faults(
    planter: asyncpg.Connection, faults: dict[str, str], checks: tuple[tuple[str, str], ...]
) -> None:
    """Each planted fault is told in one line, and each of these checks finds one of them."""
    useful = set()
    for sql, says in faults.items():
        undo = planter.transaction()
        await undo.start()
        await planter.execute(sql)
        lines = []
        for template, check in CHECKS:
            found = told(template, await planter.fetch(check))
            lines += found
            useful |= {template} if found else set()
        assert [line for line in lines if says in line], (sql, lines)
        assert not [line for line in lines if "\n" in line]
        await undo.rollback()
    assert not {template for template, _sql in checks} - useful


@pytest.mark.usefixtures("world")
async def test_each_planted_fault_is_told_in_one_line_and_each_check_finds_one(planter: asyncpg.Connection) -> None:
    await book_refund(2, "re_1", 1_000)
    await check_faults(planter, FAULTS, tuple(check for check in CHECKS if check not in RUNS))


async def test_payouts_are_held_against_what_was_booked(site: Site, planter: asyncpg.Connection) -> None:
    world = await World.make(site)
    await earned(world, 20_000, by=[world.outsider])
    run = await booked(world)
    line = await fetch_value("select min(id) from payout_line where person_id is not null")
    await mark_paid(await world.owner.reader(), line, how="transfer", reference="SEPA")
    assert (await verify()).wrong == []
    one = "(select min(id) from payout_line where person_id is not null)"
    other = "(select max(id) from payout_line where person_id is not null)"
    faults = {
        "delete from ledger_transaction where kind = 'payout_run'": f"payout run {run} is booked, 0 transactions say so",
        "update payout_run set state = 'approved', booked_at = null, booked_by = null": "which is approved",
        "update payout_run set pool = pool + 1": f"payout run {run} divides 19001",
        f"update payout_line set amount = amount + 1 where id = {other}": f"payout run {run} gives person",
        f"update payout_line set amount = amount + 1 where id = {one}": "is paid out, 0 transactions of its amount",
        "delete from ledger_transaction where kind = 'payout'": "is paid out, 0 transactions of its amount say so",
        f"update payout_line set paid_at = null, paid_by = null, how = null where id = {one}": "which is not paid",
    }
    await check_faults(planter, faults, RUNS)


@pytest.mark.usefixtures("world")
def test_what_is_wrong_is_found_by_the_command_and_by_the_doctor(database_url: str, haas: Haas) -> None:
    ended = haas("ledger", "verify", "--json", DATABASE_URL=database_url)
    assert ended.status == 0
    assert json.loads(ended.out) == {"transactions": 3, "entries": 27, "accounts": 9, "wrong": []}
    assert "all true" in haas("ledger", "verify", DATABASE_URL=database_url).out
    asyncio.run(plant(database_url, "update ledger_account set balance = balance - 7 where id = 1"))
    ended = haas("ledger", "verify", "--json", DATABASE_URL=database_url)
    line = "account 1: its balance is 21413, its entries sum to 21420"
    assert ended.status == 1
    assert json.loads(ended.out)["wrong"] == [line]
    assert ended.err == "haas: the ledger has 1 faults\n"
    ended = haas("ledger", "verify", DATABASE_URL=database_url)
    assert (ended.status, ended.out.splitlines()[0]) == (1, line)
    checks = json.loads(haas("doctor", "--recount", "--json", DATABASE_URL=database_url).out)["checks"]
    assert {check["detail"] for check in checks if check["name"] == "counts"} == {line}


@pytest.mark.usefixtures("world")
async def test_a_thousand_faults_of_a_kind_are_told_and_then_that_there_are_more() -> None:
    lines = told("fault {}", [(n,) for n in range(TOLD + 5)])
    assert (len(lines), lines[-1]) == (TOLD + 1, "and more of this kind: fault {}")
