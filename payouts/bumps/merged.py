"""Amounts follow tickets that are merged: what was paid for one counts where it stands now; no money moves."""

from categories.support.actions import set_rank
from categories.support.events import TicketsMerged, TicketsUnmerged
from forum.database.engine import fetch, fetch_value
from payouts.bumps.actions import RANK, RANK_MOST


async def ranks_follow(event: TicketsMerged | TicketsUnmerged) -> None:
    """Count both tickets' bumps anew; both are locked by whoever tells this."""
    for ticket in await fetch("select * from ticket where id = any($1) order by id", [event.source, event.target]):
        amount: int = await fetch_value(RANK, ticket["id"], RANK_MOST)
        if amount != ticket["rank_amount"]:
            await set_rank(ticket, amount)
