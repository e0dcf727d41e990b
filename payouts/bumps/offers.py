"""What an amount would do: the place it gives, counted by the database, and the price with tax, before anybody pays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from categories.support.queries import Place, QueueState, place_in, queue_state
from categories.support.rules import gaining_rank, position_paid, position_raised
from forum.database.engine import Row, fetch, fetch_one
from forum.web.money import decimals_of
from payouts.bumps.rules import Price, price_of
from payouts.plans.rules import MOST

# $1 ticket, $2 now, $3 ranks of the paid line that are wanted, $4 more amounts, $5 what amounts are rounded up to.
# A row an amount: the minimum, those, and what each rank takes; `before` is how many paid ones would stand before it.
OFFERS = """
with k as (
    select k.id, k.project_id, k.rank_amount, k.waiting_since, n.minimum, n.is_open,
           workday_horizon(k.project_id, $2) as horizon
      from ticket k join plan n on n.project_id = k.project_id and n.kind = 'pay_as_you_go' where k.id = $1
), wanted as (
    select greatest(k.minimum, (s.rank_amount - k.rank_amount
               + ((s.waiting_since, s.ticket_id) < (k.waiting_since, k.id))::int + $5::bigint - 1) / $5 * $5) as amount
      from k cross join unnest($3::int[]) w(rank)
      left join lateral queue_slice(k.project_id, k.horizon, 'paid', w.rank, w.rank) s on true
    union select unnest($4::bigint[])
    union select minimum from k
)
select k.minimum, k.is_open, w.amount,
       queue_before(k.project_id, k.horizon, -(k.rank_amount + w.amount), k.waiting_since, k.id) as before
  from k cross join wanted w order by w.amount
"""


@dataclass(frozen=True)
class Offer:
    """An amount (net, minor units) and the position it would give; None where the ticket holds no place now."""

    amount: int
    position: int | None


@dataclass(frozen=True)
class Offers:
    """What can be bought for a ticket: the place it has, and by amount the one it would have, the least amount first."""

    place: Place | None
    minimum: int
    is_open: bool
    by_amount: dict[int, Offer]

    @property
    def gain(self) -> Offer | None:
        """The least of these amounts that moves the ticket; None where none of them does."""
        better = [o for o in self.by_amount.values() if self.place and o.position and o.position < self.place.position]
        return better[0] if better else None

    @property
    def best(self) -> Offer | None:
        """The least amount with the best position that any of them gives; None where nothing moves the ticket."""
        found = self.gain
        for offer in self.by_amount.values():
            if found and found.position and offer.position and offer.position < found.position:
                found = offer
        return found


async def offers(
    ticket: Row, amounts: Sequence[int] = (), *, first: bool = True, now: datetime | None = None
) -> Offers:
    """What the minimum, these amounts, one that moves the ticket up at all, and (`first`) one that makes it the first of
    the paid line would do. `ticket` is a row of `ticket_of_thread` with its place. One statement."""
    place = place_in(ticket)
    ranks = [1] if first else []
    if place is not None:
        queue = place.queue
        gains = gaining_rank(place.line, place.position, queue.due, queue.unpaid, queue.share, queue.credit)
        ranks += [gains] if gains else []
    rows = await fetch(
        OFFERS,
        ticket["id"],
        now or datetime.now(UTC),
        ranks,
        list(amounts),
        10 ** decimals_of(ticket["currency"]),
    )
    found = {row["amount"]: Offer(row["amount"], position_of(place, row["before"])) for row in rows}
    shown = {amount: offer for amount, offer in found.items() if amount <= MOST}
    return Offers(place, rows[0]["minimum"], rows[0]["is_open"], shown)


# $1 project, $2 now: the minimum of a bump, and how many paid tickets would stand before one that is asked now with it.
NEWCOMER = """
select n.minimum, n.is_open, p.currency,
       queue_before(p.id, workday_horizon(p.id, $2), -n.minimum, clock_timestamp(), 9223372036854775807) as before
  from project p join plan n on n.project_id = p.id and n.kind = 'pay_as_you_go' where p.id = $1
"""


@dataclass(frozen=True)
class Newcomer:
    """What a ticket asked now would be with the minimum paid: amount, currency, its position, and the queue with it."""

    minimum: int
    currency: str
    position: int
    queue: QueueState


async def newcomer(project: int, now: datetime | None = None) -> Newcomer | None:
    """Where somebody who asks now and pays the minimum would stand; None where the project sells no bumps."""
    now = now or datetime.now(UTC)
    row = await fetch_one(NEWCOMER, project, now)
    if row is None or not row["is_open"]:
        return None
    state = await queue_state(project, now)
    position = position_paid(row["before"] + 1, state.due, state.unpaid, state.share, state.credit)
    joined = replace(state, paid=state.paid + 1, total=state.total + 1)
    return Newcomer(row["minimum"], row["currency"], position, joined)


def position_of(place: Place | None, before: int | None) -> int | None:
    """The position with so many paid tickets before it."""
    if place is None or before is None:
        return None
    queue = place.queue
    return position_raised(place.line, place.position, before, queue.due, queue.unpaid, queue.share, queue.credit)


@dataclass(frozen=True)
class Quote:
    """What somebody is told before they order: the price, in which currency, with which tax, and the position."""

    price: Price
    currency: str
    tax_rate: int
    position: int | None
    discount_rate: int = 0

    @property
    def seen(self) -> str:
        """What of it a form sends back, to be held against what is true by then."""
        return f"{self.price.listed}-{self.price.total}-{self.currency}-{self.position or 0}"


def quote_of(amount: int, selling: Row, found: Offers, discount_rate: int = 0) -> Quote:
    """The quote for one of the amounts of `found`, with what the ticket is granted (percent)."""
    return Quote(
        price_of(amount, selling["tax_rate"], discount_rate=discount_rate),
        selling["currency"],
        selling["tax_rate"],
        found.by_amount[amount].position,
        discount_rate,
    )
