"""Bumps and what they leave in the ledger, for tests of money."""

from uuid import uuid4

from forum.database.engine import Row, execute, fetch, fetch_one, fetch_value
from payouts.bumps.actions import mark_received, open_bump
from tests.helpers.tickets import Asked


async def bump(one: Asked, amount: int = 5000, *, method: str = "offline") -> Row:
    """A bump of somebody's ticket by whoever asked, not paid yet."""
    return await open_bump(await one.ana.reader(), one.ticket, amount, currency="EUR", method=method, key=uuid4())


async def by_stripe(like: Row, paying: str, *, dispute: str = "") -> int:
    """A bump as `like` (a row of bump), ordered by Stripe at a site that has the keys; its id."""
    made: int = await fetch_value(
        "insert into bump (ticket_id, project_id, payer_id, amount, tax_rate, tax, fee, currency, method, reference, key)"
        " select ticket_id, project_id, payer_id, amount, tax_rate, tax, fee, currency, 'stripe',"
        " 'PELICAN-CARD-' || (select max(id) from bump), gen_random_uuid() from bump where id = $1 returning id",
        like["id"],
    )
    await execute(
        "insert into checkout (bump_id, description, return_to, session, state, dispute)"
        " values ($1, 'A bump', 'http://testserver', 'cs_test_' || $1::bigint, $2, $3)",
        made,
        paying,
        dispute,
    )
    return made


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
