"""Ordering a bump: what was seen is held against what is true now, and nothing is ordered that somebody did not see."""

from dataclasses import dataclass
from uuid import UUID

from categories.support.queries import ticket_by_id
from forum.database.engine import Row, action, fetch_value
from forum.projects.roles import require
from forum.web.errors import Conflict, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader
from payouts.bumps.actions import RAISABLE, open_bump, raisable_ticket
from payouts.bumps.offers import offers, quote_of
from payouts.plans.queries import selling_of


class Stale(Conflict):
    """Price or place are not any more what was shown."""

    def default(self) -> str:
        return _("Price or place changed while you were reading. Nothing is ordered. Here is how it is now.")


@dataclass(frozen=True)
class Order:
    """What is ordered: amount before tax and discount, in minor units; `billed_to` and `tax_number` as they shall stand on the invoice."""

    amount: int
    currency: str
    method: str
    billed_to: str = ""
    tax_number: str = ""


async def raisable(reader: Reader, ticket: int) -> Row:
    """A ticket that the reader may raise, with its place (`ticket_of_thread`). Raises NotFound, Forbidden, Conflict."""
    row = await ticket_by_id(reader, ticket, is_team=False)
    if row["state"] == "draft" and not row["is_requester"]:
        raise NotFound
    require(reader, "bump", row["project_id"], own=row["is_requester"])
    if row["state"] not in RAISABLE:
        if row["state"] == "draft":
            raise Conflict(_("This is a draft. Submit it first; it can be raised then."))
        raise Conflict(_("This ticket does not wait for an answer, so it cannot be raised."))
    return row


@action
async def order(reader: Reader, ticket: int, wanted: Order, *, key: UUID, seen: str) -> Row:
    """Open a bump as it was shown (`seen`, of the quote); sent twice it is ordered once. Returns its row.

    Raises Stale, and what `open_bump` raises.
    """
    # locks the ticket, so that of two copies one sees what the other did
    await raisable_ticket(reader, ticket)
    is_copy = await was_sent(reader, key)
    bump = await open_bump(
        reader,
        ticket,
        wanted.amount,
        currency=wanted.currency,
        method=wanted.method,
        key=key,
        billed_to=wanted.billed_to,
        tax_number=wanted.tax_number,
    )
    if not is_copy:
        row = await raisable(reader, ticket)
        selling = await selling_of(row["project_id"])
        found = await offers(row, [wanted.amount])
        # what the bump was just given, so that nothing is ordered at another price than was shown
        quote = quote_of(wanted.amount, selling, found, bump["discount_rate"])
        if quote.seen != seen:
            is_other = seen.partition("-")[0] != str(wanted.amount)
            raise Stale(
                _("The sum was for another amount. Nothing is ordered yet; this is what yours costs.")
                if is_other
                else ""
            )
    return bump


async def was_sent(reader: Reader, key: UUID) -> bool:
    """Whether the reader sent a bump under this key before."""
    return bool(await fetch_value("select 1 from bump where payer_id = $1 and key = $2", reader.person, key))
