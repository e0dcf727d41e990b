"""Bumps and what they leave in the ledger, for tests of money."""

from uuid import uuid4

from forum.database.engine import Row, fetch, fetch_one
from payouts.bumps.actions import mark_received, open_bump
from tests.helpers.tickets import Asked


async def bump(one: Asked, amount: int = 5000, *, method: str = "offline") -> Row:
    """A bump of somebody's ticket by whoever asked, not paid yet."""
    return await open_bump(await one.ana.reader(), one.ticket, amount, currency="EUR", method=method, key=uuid4())


async def paid_bump(one: Asked, amount: int = 5000) -> Row:
    """A bump whose money the owner has received."""
    made = await bump(one, amount)
    await mark_received(await one.world.owner.reader(), made["id"])
    row = await fetch_one("select * from bump where id = $1", made["id"])
    assert row is not None
    return row


async def balances() -> dict[tuple[str, str], int]:
    """Every account that has ever moved: (entity or site, kind) → balance, debits above 0."""
    rows = await fetch(
        "select case when entity_id is null then 'site' else 'entity' end as holder, kind, sum(balance)::bigint as sum"
        " from ledger_account group by 1, 2"
    )
    return {(row["holder"], row["kind"]): row["sum"] for row in rows}
