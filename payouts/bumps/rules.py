"""What a bump costs, how its money is booked, by which methods it is paid, and its life (pure)."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from payouts.ledger.rules import SITE, Entry
from payouts.plans.rules import discount_of

# In hundredths of a percent: what the site takes of the net amount (product.md, "Plans": 5 %).
FEE_RATE: Final = 500
WHOLE: Final = 10_000

Receiver = Literal["entity", "site"]
Fee = Literal["owed", "withheld"]


@dataclass(frozen=True)
class Method:
    """A way to pay: who receives the cash, and whether the site's fee is then withheld or owed."""

    name: str
    receiver: Receiver
    fee: Fee


METHODS: Final[dict[str, Method]] = {
    # a transfer to the entity's own bank account, marked received by the owner
    "offline": Method("offline", receiver="entity", fee="owed"),
    # Stripe Checkout with the site's keys: the site holds the entity's part for it
    "stripe": Method("stripe", receiver="site", fee="withheld"),
}


class State(StrEnum):
    """Where a bump is in its life; the value is what the database keeps."""

    OPEN = "open"  # chosen, not paid
    PAID = "paid"
    CANCELLED = "cancelled"  # the payer took it back, or the time to pay ran out


class Event(StrEnum):
    """What can happen to a bump."""

    RECEIVED = "received"  # the money is there
    CANCELLED = "cancelled"


TRANSITIONS: Final[dict[tuple[State, Event], State]] = {
    (State.OPEN, Event.RECEIVED): State.PAID,
    (State.OPEN, Event.CANCELLED): State.CANCELLED,
    # money that comes after all is booked: it is never lost
    (State.CANCELLED, Event.RECEIVED): State.PAID,
}


def after(state: State, event: Event) -> State | None:
    """The state after an event; None where it changes nothing."""
    return TRANSITIONS.get((state, event))


def part_of(amount: int, rate: int) -> int:
    """`rate` hundredths of a percent of an amount, half a minor unit rounded up."""
    return (amount * rate + WHOLE // 2) // WHOLE


@dataclass(frozen=True)
class Price:
    """One bump's figures in minor units: net (what is left to pay of it), tax on top of it, the site's fee out of it; and
    the discount that was taken off before. Net and discount together are its rank amount."""

    net: int
    tax: int
    fee: int
    discount: int = 0

    @property
    def listed(self) -> int:
        """The price without discount, by which the ticket is raised."""
        return self.net + self.discount

    @property
    def total(self) -> int:
        """What the payer pays."""
        return self.net + self.tax

    @property
    def pooled(self) -> int:
        """What the project has to divide of it."""
        return self.net - self.fee


def price_of(amount: int, tax_rate: int, fee_rate: int = FEE_RATE, discount_rate: int = 0) -> Price:
    """The figures of a bump of `amount`, less a discount in percent; tax and fee are of what is left. Computing them
    numbers no invoice and moves nothing."""
    discount = discount_of(amount, discount_rate)
    net = amount - discount
    return Price(net, part_of(net, tax_rate), part_of(net, fee_rate), discount)


def counts_as(price: Price, back: int) -> int:
    """What a paid bump counts for its ticket's rank once `back` of its net was given back: the discount goes with it in
    proportion, rounded down. `bump_counts` says the same in SQL."""
    left = price.net - back
    return left + price.discount * left // price.net


def back_of(price: Price, before: int, amount: int) -> Price:
    """What is given back with `amount` of what a payer paid (tax included), `before` of it having gone back already: net
    and tax in their proportion, the fee in proportion to net. All of it together gives back exactly what was paid, in
    however many parts. Raises ValueError for more than is left."""
    if not 0 < amount <= price.total - before:
        raise ValueError(f"{amount} of {price.total - before} cannot be given back")
    was, now = share_of(price, before), share_of(price, before + amount)
    return Price(now.net - was.net, now.tax - was.tax, now.fee - was.fee)


def share_of(price: Price, part: int) -> Price:
    """The figures in `part` of a price's total."""
    net = (price.net * part + price.total // 2) // price.total
    return Price(net, part - net, (price.fee * net + price.net // 2) // price.net)


def entries_of(price: Price, method: Method, entity: int) -> list[Entry]:
    """How a paid bump is booked, in the books of the entity and of the site."""
    entries = [
        Entry(entity, "income", -price.net),
        Entry(entity, "tax", -price.tax),
        Entry(entity, "fees", price.fee),
        Entry(entity, "pooled", price.pooled),
        Entry(entity, "pool", -price.pooled),
        Entry(SITE, "fee_income", -price.fee),
    ]
    if method.receiver == "entity":
        entries += [
            Entry(entity, "cash", price.total),
            Entry(entity, "due_to_site", -price.fee),
            Entry(SITE, "due_from_entity", price.fee),
        ]
    else:
        entries += [
            Entry(SITE, "cash", price.total),
            Entry(SITE, "due_to_entity", price.fee - price.total),
            Entry(entity, "due_from_site", price.total - price.fee),
        ]
    return entries


# No letters or digits that are taken for one another when a transfer is typed off.
LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def reference_of(slug: str, key: bytes) -> str:
    """What a payer writes on a transfer, such as `PELICAN-7KQM-2X9F`: the project and 8 letters of a hash of `key`."""
    digest = int.from_bytes(hashlib.sha256(key).digest()[:8])
    letters = ""
    for _n in range(8):
        digest, rest = divmod(digest, len(LETTERS))
        letters += LETTERS[rest]
    return f"{slug.upper()[:20]}-{letters[:4]}-{letters[4:]}"


def label_of(entity: str, year: int, number: int) -> str:
    """An invoice's number as it is printed: `PF-2026-0012`; the initials are the entity's, numbers run on over years."""
    initials = "".join(word[0] for word in entity.upper().split() if word[0].isalnum())[:4] or "INV"
    return f"{initials}-{year}-{number:04}"
