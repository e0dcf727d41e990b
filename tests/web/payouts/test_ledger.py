"""What the database itself refuses to have in the ledger: by the pool's role, and by direct SQL as the schema's owner."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from forum.database.engine import execute, fetch, fetch_value, transaction
from forum.web.errors import Conflict
from payouts.bumps.rules import METHODS, entries_of, price_of
from payouts.ledger.actions import Overdrawn, post_transaction
from payouts.ledger.rules import SITE, Entry
from tests.helpers.books import Books, negated

TABLES = ("ledger_account", "ledger_transaction", "ledger_entry", "project_entity")
COLUMN = {
    "ledger_account": "balance = balance",
    "ledger_transaction": "key = key",
    "ledger_entry": "amount = amount",
    "project_entity": "since = since",
}


@pytest.fixture
async def books(database: str) -> Books:
    return await Books.make()


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the schema's owner, for whom no right is missing."""
    link = await asyncpg.connect(database_url)
    yield link
    await link.close()


async def counted() -> tuple[Any, ...]:
    return tuple(
        (await fetch("select (select count(*) from ledger_transaction), (select count(*) from ledger_entry)"))[0]
    )


@pytest.mark.parametrize("table", TABLES[:3])
async def test_the_pools_role_reads_the_ledger_and_can_write_none_of_it(books: Books, table: str) -> None:
    await books.bump("one", 5000)
    assert await fetch_value(f"select count(*) from {table}") > 0
    for sql in (
        f"insert into {table} select * from {table} limit 1",
        f"update {table} set {COLUMN[table]}",
        f"delete from {table}",
        f"truncate {table} cascade",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(sql)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(f"alter table {table} disable trigger all")


async def test_the_pools_role_cannot_rewrite_whom_a_project_belonged_to(books: Books) -> None:
    for sql in ("update project_entity set since = since", "delete from project_entity", "truncate project_entity"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(sql)


@pytest.mark.parametrize("table", TABLES)
async def test_not_even_the_owner_changes_what_was_booked(books: Books, owner: asyncpg.Connection, table: str) -> None:
    await books.bump("one", 5000)
    for sql in (f"update {table} set {COLUMN[table]}", f"delete from {table}", f"truncate {table} cascade"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
            await owner.execute(sql)


def arrays(entries: list[Entry]) -> tuple[list[Any], ...]:
    return (
        [e.holder for e in entries],
        [e.kind for e in entries],
        [e.person for e in entries],
        [e.amount for e in entries],
    )


async def raw_post(books: Books, key: str, entries: list[Entry], *, currency: str = "EUR") -> None:
    """What `post_transaction` calls, without its own look at the entries."""
    await execute(
        "select ledger_post($1, $2, 'bump', 1, null, $3, null, $4, $5, $6, $7)",
        key,
        books.project,
        currency,
        *arrays(entries),
    )


async def test_what_does_not_balance_for_each_holder_is_refused(books: Books) -> None:
    fine = entries_of(price_of(5000, 1900), METHODS["stripe"], books.entity)
    uneven = {
        "a cent too many": [*fine[:-1], Entry(fine[-1].holder, fine[-1].kind, fine[-1].amount + 1)],
        "one entry": [Entry(books.entity, "income", -5000)],
        "even in all, not for each": [Entry(books.entity, "income", -5000), Entry(SITE, "cash", 5000)],
        "none": [],
    }
    for name, entries in uneven.items():
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            await raw_post(books, name, entries)
        assert refused.value.constraint_name == "ledger_balanced", name
        with pytest.raises(ValueError):
            await books.post(name, entries)
    assert await counted() == (0, 0)
    await raw_post(books, "fine", fine)
    assert await counted() == (1, 9)


class Direct:
    """Entries written by hand, as the owner; `book` writes a transaction's row."""

    def __init__(self, owner: asyncpg.Connection, books: Books) -> None:
        self.owner, self.books = owner, books

    async def account(
        self, kind: str, *, books: Books | None = None, currency: str = "EUR", holder: bool = True
    ) -> int:
        of = books or self.books
        found: int = await self.owner.fetchval(
            "with made as (insert into ledger_account (entity_id, project_id, kind, currency) values ($1, $2, $3, $4)"
            " on conflict do nothing returning id) select id from made union all select id from ledger_account"
            " where entity_id is not distinct from $1 and project_id = $2 and kind = $3 and currency = $4 limit 1",
            of.entity if holder else None,
            of.project,
            kind,
            currency,
        )
        return found

    async def transaction(self, key: str = "direct", at: str = "clock_timestamp()") -> Any:
        return await self.owner.fetchrow(
            f"insert into ledger_transaction (project_id, kind, cause_id, key, content, at)"
            f" values ($1, 'bump', 1, $2, '', {at}) returning id, at",
            self.books.project,
            key,
        )

    async def entries(
        self, of: Any, *lines: tuple[int, int], currency: str = "EUR", off: int = 0, at: Any = None
    ) -> None:
        """Each line an account and an amount; in one statement, with the balances that are right, or `off`."""
        accounts, amounts = zip(*lines, strict=True)
        await self.owner.execute(
            "insert into ledger_entry (transaction_id, account_id, currency, amount, balance, at)"
            " select $1, x.id, coalesce($6, a.currency), x.amount, a.balance + x.amount + $4, $5"
            " from unnest($2::bigint[], $3::bigint[]) x(id, amount) join ledger_account a on a.id = x.id",
            of["id"],
            accounts,
            amounts,
            off,
            at or of["at"],
            currency or None,
        )


@pytest.fixture
def direct(owner: asyncpg.Connection, books: Books) -> Direct:
    return Direct(owner, books)


async def test_the_owners_own_sql_may_add_what_balances(books: Books, direct: Direct) -> None:
    income, cash = await direct.account("income"), await direct.account("cash")
    async with direct.owner.transaction():
        await direct.entries(await direct.transaction(), (income, -700), (cash, 700))
    assert await books.balances() == {(books.entity, "income", None): -700, (books.entity, "cash", None): 700}


async def test_a_transaction_without_entries_is_refused_at_commit(books: Books, direct: Direct) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        async with direct.owner.transaction():
            await direct.transaction()
            assert await direct.owner.fetchval("select count(*) from ledger_transaction") == 1
    assert refused.value.constraint_name == "ledger_balanced"
    assert await counted() == (0, 0)


async def test_what_balances_in_all_but_not_in_each_currency_is_refused(books: Books, direct: Direct) -> None:
    euro, franc = await direct.account("income"), await direct.account("cash", currency="CHF")
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        async with direct.owner.transaction():
            await direct.entries(await direct.transaction(), (euro, -700), (franc, 700), currency="")
    assert refused.value.constraint_name == "ledger_balanced"


async def test_an_entry_in_another_currency_than_its_accounts_is_refused(books: Books, direct: Direct) -> None:
    income, cash = await direct.account("income"), await direct.account("cash")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with direct.owner.transaction():
            await direct.entries(await direct.transaction(), (income, -700), (cash, 700), currency="CHF")


async def test_nothing_is_added_to_a_transaction_later(books: Books, direct: Direct) -> None:
    income, cash, tax = [await direct.account(kind) for kind in ("income", "cash", "tax")]
    async with direct.owner.transaction():
        old = await direct.transaction()
        await direct.entries(old, (income, -700), (cash, 700))
    more = await direct.account("fees")
    with pytest.raises(asyncpg.RestrictViolationError) as refused:
        await direct.entries(old, (tax, -1), (more, 1))
    # nor in the very transaction that made it, where checks were called early
    with pytest.raises(asyncpg.RestrictViolationError) as early:
        async with direct.owner.transaction():
            young = await direct.transaction("young")
            await direct.entries(young, (income, -700), (cash, 700))
            await direct.owner.execute("set constraints all immediate")
            await direct.entries(young, (tax, -1), (more, 1))
    assert await counted() == (1, 2)
    assert refused.value.constraint_name == early.value.constraint_name == "ledger_together"


async def test_an_account_of_another_project_is_refused(books: Books, direct: Direct) -> None:
    other = await Books.make()
    income, cash = await direct.account("income"), await direct.account("cash", books=other)
    with pytest.raises(asyncpg.RestrictViolationError):
        async with direct.owner.transaction():
            await direct.entries(await direct.transaction(), (income, -700), (cash, 700))
    with pytest.raises(asyncpg.RestrictViolationError, match="never belonged"):
        await raw_post(books, "foreign", [Entry(other.entity, "income", -700), Entry(other.entity, "cash", 700)])
    assert await counted() == (0, 0)


async def test_what_a_project_sold_for_an_earlier_entity_stays_in_its_books(books: Books) -> None:
    await books.bump("before", 5000)
    later = await Books.make()
    await execute("update project set legal_entity_id = $2 where id = $1", books.project, later.entity)
    since = await fetch("select entity_id from project_entity where project_id = $1 order by since", books.project)
    assert [row["entity_id"] for row in since] == [books.entity, later.entity]
    await Books(books.project, later.entity, later.people).bump("after", 7000)
    held = await books.balances()
    assert (held[books.entity, "income", None], held[later.entity, "income", None]) == (-5000, -7000)


async def test_a_balance_that_does_not_go_on_from_the_last_is_refused(books: Books, direct: Direct) -> None:
    income, cash = await direct.account("income"), await direct.account("cash")
    with pytest.raises(asyncpg.RestrictViolationError) as refused:
        async with direct.owner.transaction():
            await direct.entries(await direct.transaction(), (income, -700), (cash, 700), off=1)
    assert refused.value.constraint_name == "ledger_goes_on"
    with pytest.raises(asyncpg.RestrictViolationError, match="begins with nothing"):
        await direct.owner.execute(
            "insert into ledger_account (entity_id, project_id, kind, currency, balance) values ($1, $2, 'tax', 'EUR', 1)",
            books.entity,
            books.project,
        )


@pytest.mark.parametrize("at", ["now() - interval '1 day'", "now() + interval '1 minute'"], ids=["past", "future"])
async def test_entries_stand_in_the_order_of_their_times(books: Books, direct: Direct, at: str) -> None:
    await books.bump("first", 5000)
    income, cash = await direct.account("income"), await direct.account("cash")
    with pytest.raises(asyncpg.RestrictViolationError) as refused:
        async with direct.owner.transaction():
            await direct.entries(await direct.transaction(at=at), (income, -700), (cash, 700))
    assert refused.value.constraint_name == "ledger_goes_on"
    with pytest.raises(asyncpg.RestrictViolationError):
        await books.bump("second", 5000, at=await fetch_value(f"select {at}"))
    times = await fetch("select at, lag(at) over (partition by account_id order by id) as before from ledger_entry")
    assert all(row["before"] is None or row["before"] <= row["at"] for row in times)


async def test_an_entry_of_another_time_than_its_transaction_is_refused(books: Books, direct: Direct) -> None:
    income, cash = await direct.account("income"), await direct.account("cash")
    before = await fetch_value("select now() - interval '1 day'")
    with pytest.raises(asyncpg.RestrictViolationError):
        async with direct.owner.transaction():
            await direct.entries(await direct.transaction(), (income, -700), (cash, 700), at=before)


async def test_nobody_is_given_more_than_there_is(books: Books) -> None:
    await books.bump("one", 10_000)
    ana, ben = books.people
    with pytest.raises(Overdrawn):
        await books.post("run", books.run({ana: 9_000, ben: 501}), kind="payout_run")
    await books.post("run", books.run({ana: 9_000}, kept=500), kind="payout_run")
    for entries in (books.payout(ana, 9_001), books.payout(ben, 1)):
        with pytest.raises(Overdrawn):
            await books.post("payout", entries, kind="payout")
    with pytest.raises(Overdrawn):
        await books.post("take", [Entry(books.entity, "kept", 501), Entry(books.entity, "cash", -501)], kind="payout")
    await books.post("payout", books.payout(ana, 9_000), kind="payout")
    held = await books.balances()
    assert ("pool" in {kind for _h, kind, _p in held}, held[books.entity, "kept", None]) == (False, -500)


async def test_a_refund_may_leave_the_pool_in_debt_until_more_comes_in(books: Books) -> None:
    price = await books.bump("one", 10_000)
    ana = books.people[0]
    await books.post("run", books.run({ana: 9_500}), kind="payout_run")
    await books.post("refund", negated(entries_of(price, METHODS["offline"], books.entity)), kind="refund")
    assert (await books.balances())[books.entity, "pool", None] == 9_500
    with pytest.raises(Overdrawn):
        await books.post("again", books.run({ana: 1}), kind="payout_run")
    await books.bump("two", 20_000)
    assert (await books.balances())[books.entity, "pool", None] == -9_500


async def test_posted_again_it_stands_once_and_with_other_figures_it_is_refused(books: Books) -> None:
    fine = entries_of(price_of(5000, 0), METHODS["offline"], books.entity)
    made = await books.post("one", fine)
    again = await books.post("one", fine)
    assert (made.is_new, again.is_new, made.id) == (True, False, again.id)
    other = entries_of(price_of(5001, 0), METHODS["offline"], books.entity)
    for entries, more in ((other, {}), (fine, {"cause": 2}), (fine, {"kind": "refund"}), (fine, {"currency": "CHF"})):
        with pytest.raises(Conflict) as refused:
            await books.post("one", entries, **more)
        assert refused.value.status == 409
    assert await counted() == (1, 8)


async def test_money_moves_only_together_with_what_it_is_for(books: Books) -> None:
    fine = entries_of(price_of(5000, 0), METHODS["offline"], books.entity)
    with pytest.raises(RuntimeError, match="open a transaction"):
        await post_transaction("k", project=books.project, cause=("bump", 1), currency="EUR", entries=fine)
    with pytest.raises(KeyError):
        async with transaction():
            await post_transaction("k", project=books.project, cause=("bump", 1), currency="EUR", entries=fine)
            raise KeyError
    assert await counted() == (0, 0)
    assert await books.balances() == {}


async def test_every_amount_of_the_database_is_a_whole_number(database: str) -> None:
    rows = await fetch(
        "select c.relname || '.' || a.attname as name, format_type(a.atttypid, null) as type from pg_attribute a"
        " join pg_class c on c.oid = a.attrelid where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'"
        " and a.attnum > 0 and not a.attisdropped and c.relname !~ 'pgqueuer'"
    )
    amounts = {row["name"]: row["type"] for row in rows if "amount" in row["name"] or row["name"].startswith("ledger_")}
    assert {amounts[f"ledger_entry.{name}"] for name in ("amount", "balance")} == {"bigint"}
    assert {row["name"] for row in rows if row["type"] in ("numeric", "real", "double precision", "money")} == set()
