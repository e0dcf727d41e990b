"""Making true here what Stripe says of a payment: paid, not paid, given back, disputed; whoever tells of it, in any order."""

from forum.database.engine import Row, action, execute, fetch_one, fetch_value
from forum.outside.stripe import (
    Checkout,
    Event,
    Refund,
    access_of,
    dispute_of,
    find_checkout,
    list_refunds,
    retrieve_checkout,
)
from forum.settings import settings
from payouts.bumps.actions import book, cancel, locked_bump
from payouts.bumps.paying import OVER, Paying, further, later_dispute, paying_of
from payouts.bumps.refunds import book_refund
from payouts.bumps.rules import State

# What is heard; the endpoint at Stripe's is set to these (docs/operators.md).
EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "charge.refunded",
    "charge.refund.updated",
    # refunds that take days tell by these how they ended, whichever way it was paid
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.closed",
)


class NotBooked(Exception):
    """Money that fits nothing that was ordered: somebody has to look. One line, for admins."""


async def handle(event: Event) -> None:
    """An event of Stripe's. It only says where to look: what is believed is what Stripe answers when it is asked now, so
    copies, delays and any order come to the same end."""
    # what happens on a connected account is not ours to book
    if event.type not in EVENTS or event.account:
        return
    session = await session_of(event)
    if session:
        await settle(session)


async def session_of(event: Event) -> str:
    """The session that an event is about, "" where it is about none."""
    if event.type.startswith("checkout.session."):
        return str(event.object.get("id") or "")
    intent = event.object.get("payment_intent")
    if not isinstance(intent, str) or not intent:
        return ""
    known: str | None = await fetch_value("select session from checkout where payment_intent = $1", intent)
    return known or await find_checkout(access_of(settings()), intent)


async def settle(session: str) -> Checkout:
    """Ask Stripe how it stands with a session, and make it so here; returns the answer. Asked again, nothing happens
    twice. Raises Refused, Unsure, NotBooked."""
    access = access_of(settings())
    found = await retrieve_checkout(access, session)
    # one that failed counts as refunded no more, and may be booked here
    has_refunds = found.refunded or await fetch_value(
        "select 1 from checkout c join refund r on r.bump_id = c.bump_id where c.session = $1 limit 1", session
    )
    refunds = await list_refunds(access, found.payment_intent) if has_refunds else []
    dispute = await dispute_of(access, found.payment_intent) if found.is_disputed else ""
    bump = await bump_of(found)
    if bump is not None:
        await note(bump, found, refunds, dispute)
    return found


async def bump_of(found: Checkout) -> int | None:
    """The bump that a session was made for; None for one of another program, or another site, with the same account."""
    number = found.metadata.get("bump", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    row = await fetch_one("select id, reference from bump where id = $1", int(number))
    return row["id"] if row is not None and row["reference"] == found.metadata.get("reference") else None


@action
async def note(bump: int, found: Checkout, refunds: list[Refund], dispute: str) -> None:
    """Write down what Stripe said of a bump's session, with all that follows, in one transaction. Raises NotBooked."""
    row, _ticket = await locked_bump(bump)
    kept = await fetch_one("select * from checkout where bump_id = $1", bump)
    is_its_own = kept is None or kept["session"] in (None, found.id)
    state = paying_of(found)
    if state is Paying.PAID:
        check_money(row, found)
        if not is_its_own and row["state"] == State.PAID:
            raise NotBooked(f"bump {bump} was paid twice, also by {found.id}; that one is to be given back at Stripe")
        await book(bump)
    elif state in OVER and is_its_own and row["state"] == State.OPEN:
        await cancel(row)
    if not is_its_own and state is not Paying.PAID:
        return
    if state in OVER and row["state"] == State.CANCELLED:
        state = Paying.CLOSED
    await keep(bump, found, kept, state, dispute)
    for each in refunds:
        await note_refund(bump, each)


def check_money(bump: Row, found: Checkout) -> None:
    """Raises NotBooked where what was paid is not what the bump costs."""
    costs = bump["amount"] + bump["tax"]
    if (found.amount, found.currency) != (costs, bump["currency"]):
        raise NotBooked(
            f"bump {bump['id']} costs {costs} {bump['currency']} (minor units), {found.id} took {found.amount}"
            f" {found.currency}; give it back at Stripe"
        )


async def keep(bump: int, found: Checkout, kept: Row | None, state: Paying, dispute: str) -> None:
    """The row of the session, on from what it says already; made where the answer that told of it was lost."""
    disputed = dispute
    if kept is not None:
        state = further(Paying(kept["state"]), state)
        disputed = later_dispute(kept["dispute"], dispute)
    await execute(
        "insert into checkout as c (bump_id, description, return_to, session, state, payment_intent, charge, kept,"
        " kept_currency, dispute) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (bump_id) do update set"
        " session = excluded.session, state = excluded.state, dispute = excluded.dispute, changed_at = now(),"
        " payment_intent = coalesce(excluded.payment_intent, c.payment_intent),"
        " charge = coalesce(excluded.charge, c.charge), kept = coalesce(excluded.kept, c.kept),"
        " kept_currency = coalesce(excluded.kept_currency, c.kept_currency)",
        bump,
        found.metadata["reference"],
        settings().base_url,
        found.id,
        str(state),
        found.payment_intent or None,
        found.charge or None,
        found.fee,
        found.fee_currency or None,
        disputed,
    )


async def note_refund(bump: int, refund: Refund) -> None:
    """A refund is booked once it has succeeded; one that fails after that needs a person."""
    if refund.status == "succeeded":
        await book_refund(bump, refund.id, refund.amount)
    elif refund.status in ("failed", "canceled") and await fetch_value(
        "select 1 from refund where provider_id = $1", refund.id
    ):
        raise NotBooked(f"refund {refund.id} of bump {bump} is booked, and did not reach the payer in the end")
