"""Paying a bump on a page of Stripe's: made once a bump whatever is retried, led to, and closed when it is not wanted."""

import structlog

from forum.database.engine import Row, action, execute, fetch_one
from forum.outside.stripe import Checkout, Refused, Unsure, access_of, create_checkout, expire_checkout
from forum.settings import settings
from forum.threads.writing import require_writer
from forum.web.errors import Conflict, NotFound, Problem
from forum.web.i18n import _
from forum.web.reader import Reader
from payouts.bumps.actions import RAISABLE, check_payments_on
from payouts.bumps.paying import paying_of
from payouts.bumps.rules import State
from payouts.bumps.settling import NotBooked, settle

log = structlog.get_logger()

ASKED = """
select c.*, b.amount + b.tax as total, b.currency, b.reference
  from checkout c join bump b on b.id = c.bump_id where c.bump_id = $1
"""


class Away(Problem):
    """Who takes the payment did not do it, or did not say whether they did; nothing is lost, and it can be asked again."""

    status = 503
    kind = "provider-away"

    def default(self) -> str:
        return _(
            "Stripe cannot be reached at the moment. Nothing is lost and nothing was charged: try again in a minute, or"
            " take this back and order by bank transfer."
        )


async def payment_page(reader: Reader, bump: int) -> str:
    """The address at which the payer of an open bump pays; "" where there is nothing left to pay by now.

    The page is made on first use, and is the same one however often, and from however many windows, it is asked for.
    Not to be called within a database transaction: it waits for Stripe. Raises NotFound, Conflict, Away.
    """
    asked = await ask(reader, bump)
    try:
        found = await settle(asked["session"]) if asked["session"] else await make(asked)
    except NotBooked as problem:
        log.error("a payment was not booked", bump=bump, why=str(problem))
        raise Conflict(_("What was paid does not fit what this costs. The site's admins see it.")) from None
    except Unsure as problem:
        log.warning("no page to pay on", bump=bump, why=str(problem))
        raise Away from None
    except Refused as problem:
        log.error("no page to pay on", bump=bump, why=str(problem))
        raise Away(
            _("Stripe does not take this payment. Nothing is lost: take this back and order by bank transfer.")
        ) from None
    return found.url if found.status == "open" else ""


@action
async def ask(reader: Reader, bump: int) -> Row:
    """Write down what Stripe is going to be asked for, before it is."""
    require_writer(reader)
    row = await fetch_one(
        "select b.method, b.state, b.reference, p.name, k.state as ticket_state from bump b"
        " join project p on p.id = b.project_id join ticket k on k.id = b.ticket_id where b.id = $1 and b.payer_id = $2 for update of b",
        bump,
        reader.person,
    )
    if row is None:
        raise NotFound
    if row["method"] != "stripe" or row["state"] != State.OPEN:
        raise Conflict(_("There is nothing to be paid here by card."))
    if row["ticket_state"] not in RAISABLE:
        raise Conflict(_("The ticket does not wait for an answer any more. Pay nothing: take this back."))
    await check_payments_on()
    # no words of the ticket's: it may be private
    description = _("An earlier place in the queue of %(project)s") % {"project": row["name"][:150]}
    await execute(
        "insert into checkout (bump_id, description, return_to) values ($1, $2, $3) on conflict (bump_id) do nothing",
        bump,
        f"{description[:200]} ({row['reference']})",
        settings().base_url,
    )
    asked = await fetch_one(ASKED, bump)
    assert asked is not None
    return asked


async def make(asked: Row) -> Checkout:
    """The session of a bump: by its key it is one, whoever asks, whatever answers were lost. Raises Refused, Unsure."""
    bump = asked["bump_id"]
    page = f"{asked['return_to']}/bumps/{bump}"
    made = await create_checkout(
        access_of(settings()),
        amount=asked["total"],
        currency=asked["currency"],
        description=asked["description"],
        success_url=f"{page}?checkout={{CHECKOUT_SESSION_ID}}",
        cancel_url=page,
        # the reference too: a database that begins anew numbers its bumps from 1 again
        key=f"bump:{bump}:{asked['reference']}",
        metadata={"bump": str(bump), "reference": asked["reference"]},
    )
    await execute(
        "update checkout set session = $2, state = $3, changed_at = now() where bump_id = $1 and session is null",
        bump,
        made.id,
        str(paying_of(made)),
    )
    return made


async def close(bump: int) -> None:
    """The payer does not want to pay any more: nobody shall by mistake. Where Stripe does not answer, the page runs out
    by itself; where it was paid meanwhile, that is booked."""
    asked = await fetch_one(ASKED, bump)
    if asked is None or asked["session"] is None:
        return
    access = access_of(settings())
    try:
        try:
            await expire_checkout(access, asked["session"], f"close:{bump}:{asked['reference']}")
        except Refused:
            log.info("the page was not open any more", bump=bump)
        await settle(asked["session"])
    except (Refused, Unsure, NotBooked) as problem:
        log.warning("the page was not closed", bump=bump, why=str(problem))
