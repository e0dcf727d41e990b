"""Money of a bump that went back to its payer: booked, and taken off the ticket's rank amount, in one transaction."""

from categories.support.actions import set_rank
from forum.database.engine import action, execute, fetch_one, fetch_value
from forum.events import hint
from forum.web.errors import Conflict
from forum.web.i18n import _
from payouts.bumps.actions import RANK_MOST, locked_bump
from payouts.bumps.rules import METHODS, Price, State, back_of, entries_of
from payouts.ledger.actions import post_transaction

# What a ticket's paid bumps come to, less what went back (product.md, "The queue", rule 2); a discount counts as if it had
# been paid, for as much of it as was not given back (`counts_as`).
RANK = """
select least(coalesce(sum(bump_counts(b.amount, b.discount, coalesce(r.net, 0))), 0), $2)::bigint
  from bump b left join (select bump_id, sum(net) as net from refund group by 1) r on r.bump_id = b.id
 where b.ticket_id = $1 and b.state = 'paid'
"""


@action
async def book_refund(bump: int, provider_id: str, amount: int) -> bool:
    """`amount` (minor units, tax included) of what was paid for a bump went back to its payer, as the provider's
    `provider_id`. Net and tax go back in their proportion, the fee's part with them; what runs divided already leaves
    the pool in debt. However often it is called it is booked once; returns whether it was this time.

    Raises NotFound, Conflict (nothing was paid, or less).
    """
    row, ticket = await locked_bump(bump)
    if await fetch_value("select 1 from refund where provider_id = $1", provider_id):
        return False
    paid = await fetch_one(
        "select i.entity_id, (select coalesce(sum(net + tax), 0)::bigint from refund where bump_id = $1) as back"
        " from invoice i where i.bump_id = $1",
        bump,
    )
    if row["state"] != State.PAID or paid is None:
        raise Conflict(_("Nothing was paid that could be given back."))
    try:
        back = back_of(Price(row["amount"], row["tax"], row["fee"]), paid["back"], amount)
    except ValueError:
        raise Conflict(_("That is more than was paid.")) from None
    # the queue before the ledger, as whoever books a payment has it: else the two could wait for each other
    await execute("select queue_lock($1)", row["project_id"])
    posted = await post_transaction(
        f"refund:{provider_id}",
        project=row["project_id"],
        cause=("refund", bump),
        currency=row["currency"],
        # out of the books of the entity that it was paid to
        entries=entries_of(Price(-back.net, -back.tax, -back.fee), METHODS[row["method"]], paid["entity_id"]),
    )
    await execute(
        "insert into refund (bump_id, provider_id, transaction_id, net, tax, fee) values ($1, $2, $3, $4, $5, $6)",
        bump,
        provider_id,
        posted.id,
        back.net,
        back.tax,
        back.fee,
    )
    await set_rank(ticket, await fetch_value(RANK, ticket["id"], RANK_MOST))
    # the page that guests share is kept by this version, and may not say "paid" any more
    await execute("update thread set version = version + 1 where id = $1", ticket["thread_id"])
    hint("thread", ticket["thread_id"])
    return True
