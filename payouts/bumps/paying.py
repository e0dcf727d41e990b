"""What Stripe says of the page on which a bump is paid, and what that means for the bump (pure)."""

from enum import StrEnum
from typing import Final

from forum.outside.stripe import Checkout


class Paying(StrEnum):
    """Where a bump's page is in its life; the value is what the database keeps."""

    ASKED = "asked"  # we wanted one, and do not know yet whether there is
    OPEN = "open"
    WAITING = "waiting"  # the payer did their part, their bank takes days
    PAID = "paid"
    EXPIRED = "expired"  # nobody paid in time
    FAILED = "failed"  # the payer's bank said no in the end
    CLOSED = "closed"  # the payer took the bump back before


# Never back: what was read before something happened may be written after it.
STEPS: Final = {
    Paying.ASKED: 0,
    Paying.OPEN: 1,
    Paying.WAITING: 2,
    Paying.EXPIRED: 3,
    Paying.FAILED: 3,
    Paying.CLOSED: 3,
    Paying.PAID: 4,
}
OVER: Final = (Paying.EXPIRED, Paying.FAILED)
# What becomes of a dispute once it is under way, and how it ends (docs.stripe.com, "The Dispute object").
UNDER_WAY: Final = ("under_review", "warning_under_review")
ENDED: Final = ("won", "lost", "warning_closed", "prevented", "charge_refunded")


def paying_of(found: Checkout) -> Paying:
    """A session as it is now."""
    if found.is_paid:
        return Paying.PAID
    if found.status == "expired":
        return Paying.EXPIRED
    if found.status != "complete":
        return Paying.OPEN
    return Paying.FAILED if found.intent_status in ("requires_payment_method", "canceled") else Paying.WAITING


def further(was: Paying, now: Paying) -> Paying:
    """The later of two, in whichever order they are heard of."""
    return now if STEPS[now] > STEPS[was] else was


def later_dispute(was: str, now: str) -> str:
    """The later of two states of a dispute, in whichever order they are heard of; "" is none."""
    return now if step_of(now) >= step_of(was) else was


def step_of(dispute: str) -> int:
    if not dispute:
        return 0
    return 3 if dispute in ENDED else 2 if dispute in UNDER_WAY else 1
