"""The page of raising a ticket, and that of a bump: choose, see the sum, order, pay, take back."""

import re
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from categories.support.parts import track_of
from categories.support.queries import expected_of, place_of, queue_state
from forum.database.engine import Row
from forum.outside.stripe import Refused, Unsure
from forum.projects.roles import may
from forum.threads.pages import asked_id
from forum.threads.queries import thread_head
from forum.web.errors import Conflict, Invalid
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.money import minor_units, money, plain
from forum.web.pages import page, redirect, swap
from forum.web.requests import Request
from forum.web.routing import route
from payouts.bumps.actions import RAISABLE, cancel_bump, discount_for, mark_received
from payouts.bumps.checkout import Away, close, payment_page
from payouts.bumps.methods import dispute_text, way, ways
from payouts.bumps.offers import Offers, Quote, offers, quote_of
from payouts.bumps.ordering import Order, Stale, order, raisable
from payouts.bumps.queries import bump_for
from payouts.bumps.rules import FEE_RATE, State
from payouts.bumps.settling import NotBooked, settle
from payouts.plans.queries import selling_of
from payouts.plans.rules import MOST

FIELDS = ("amount", "method", "billed_to", "tax_number")
A_PERCENT = 100
SESSION = re.compile(r"cs_[A-Za-z0-9_]{1,200}")
# How often one person may have whoever takes payments asked, in so many seconds.
ASKS, ASKS_WITHIN = 40, 600


async def bump_form(request: Request) -> Response:
    """`/tickets/{id}/bump`: what an amount would do; GET shows it, POST shows the sum or (with what was shown) orders."""
    ticket = await raisable(request.reader, asked_id(request))
    fields = request.fields
    typed = {name: fields.get(name, "")[:2000] for name in FIELDS}
    typed["amount"] = typed["amount"] or request.query_params.get("amount", "")[:30]
    if request.method != "POST":
        return await form_page(request, ticket, typed)
    key = fields.key() or uuid4()
    try:
        wanted = Order(
            amount_of(typed["amount"], ticket["currency"]),
            fields.get("currency", "")[:3],
            fields.get("method", "")[:30],
            fields.text("billed_to", limit=1000, required=False),
            fields.text("tax_number", limit=50, required=False),
        )
        if not wanted.method:
            fields.fail("method", _("Choose how to pay."))
        fields.check()
        if fields.get("step") != "pay" or "seen" not in fields:
            return await form_page(request, ticket, typed, key=key)
        bump = await order(request.reader, ticket["id"], wanted, key=key, seen=fields["seen"])
    except Invalid as problem:
        return await form_page(request, ticket, typed, problem.status, key=key, errors=problem.errors)
    except Stale as problem:
        ticket = await raisable(request.reader, ticket["id"])
        return await form_page(request, ticket, typed, problem.status, key=key, stale=problem.message)
    return (
        await lead_on(request, bump["id"]) if way(bump["method"]).leads_on else redirect(request, bump_url(bump["id"]))
    )


def bump_url(bump: int) -> str:
    return f"/bumps/{bump}"


def amount_of(text: str, currency: str) -> int:
    """What was typed, in minor units. Raises Invalid."""
    amount = minor_units(text, currency)
    if amount is None or not 0 < amount <= MOST:
        raise Invalid({"amount": no_amount(currency)})
    return amount


def no_amount(currency: str) -> str:
    """What is said of something that is no amount."""
    return _("Type an amount such as %(amount)s.") % {"amount": plain(5000, currency)}


async def sum_of(request: Request) -> Response:
    """For htmx: the sum of the amount that is being typed."""
    ticket = await raisable(request.reader, asked_id(request))
    return await swap(
        request, "bumps/sum.html", **await sum_context(ticket, request.query_params.get("amount", "")[:30])
    )


async def sum_context(ticket: Row, typed: str) -> dict[str, Any]:
    """The offers with the amount that was typed among them, and what the sum shows of it; no quote for what cannot be
    ordered, but why."""
    selling = await selling_of(ticket["project_id"])
    amount = minor_units(typed, ticket["currency"])
    if amount is not None and amount > MOST:
        amount = None
    found = await offers(ticket, [amount] if amount else [])
    quote: Quote | None = None
    if amount is not None and amount >= found.minimum:
        quote = quote_of(amount, selling, found, await discount_for(ticket["id"], selling))
    return {
        "ticket": ticket,
        "selling": selling,
        "offers": found,
        "quote": quote,
        "too_little": amount is not None and quote is None,
        "fault": no_amount(ticket["currency"]) if typed.strip() and amount is None else "",
        "fee_percent": FEE_RATE // A_PERCENT,
        "sum_url": f"/tickets/{ticket['id']}/bump/sum",
    }


async def form_page(
    request: Request,
    ticket: Row,
    typed: dict[str, str],
    status: int = 200,
    *,
    key: Any = None,
    errors: dict[str, str] | None = None,
    stale: str = "",
) -> Response:
    """The page, with the sum where an amount is typed that can be ordered."""
    shown = await sum_context(ticket, typed["amount"])
    found: Offers = shown["offers"]
    choices = ways(request.settings)
    typed["method"] = typed["method"] or choices[0].name
    place = found.place
    useful = {o.amount: o for o in (found.by_amount.get(found.minimum), found.gain, found.best) if o}
    return await page(
        request,
        "bumps/bump.html",
        status,
        head=await thread_head(request.reader, ticket["thread_id"]),
        typed=typed,
        key=key or uuid4(),
        errors=errors or {},
        stale=stale,
        ways=choices,
        useful=[(offer, plain(offer.amount, ticket["currency"])) for offer in useful.values()],
        expected=expected_of(ticket, 1),
        share=place.queue.share if place else (await queue_state(ticket["project_id"])).share,
        **(track_of(place.queue, place) if place else {}),
        **shown,
    )


async def bump_page(request: Request) -> Response:
    """`/bumps/{id}`: how to pay it, and where it stands; for its payer and the project's owner. Whoever comes back from
    paying (`?checkout=`, a session's id) has it asked whether it is paid, so that nobody waits for a webhook."""
    bump = await bump_for(request.reader, asked_id(request))
    session = request.query_params.get("checkout", "")
    if session and bump["payer_id"] == request.reader.person:
        return redirect(request, bump_url(bump["id"]), await came_back(request, bump, session))
    return await shown_bump(request, bump)


async def shown_bump(request: Request, bump: Row, status: int = 200, *, trouble: str = "") -> Response:
    """A bump's page; `trouble`: why what was tried did not work, in a sentence."""
    return await page(
        request,
        "bumps/bump_page.html",
        status,
        bump=bump,
        way=way(bump["method"]),
        trouble=trouble,
        dispute=dispute_text(bump["dispute"]),
        is_payer=bump["payer_id"] == request.reader.id,
        may_sell=may(request.reader, "sell", bump["project_id"]),
        is_over=bump["state"] == State.OPEN and bump["ticket_state"] not in RAISABLE,
        place=await place_of(bump["ticket_id"]),
    )


async def came_back(request: Request, bump: Row, session: str) -> str:
    """Have it asked whether a bump was paid; what there is to be said where it is not known. The session may be one whose
    making was never heard of here; one that is for another bump changes nothing of this one."""
    if bump["state"] == State.PAID or (bump["session"] or session) != session or not SESSION.fullmatch(session):
        return ""
    await limit(f"checkout:{request.reader.person}", most=ASKS, seconds=ASKS_WITHIN)
    try:
        await settle(session)
    except (Refused, Unsure, NotBooked):
        # its webhook tries again for a day, and tells admins if that does not help
        return _("Stripe has not confirmed it yet. Your ticket moves by itself as soon as it does.")
    return ""


async def pay(request: Request) -> Response:
    """The payer goes on to pay."""
    bump = await bump_for(request.reader, asked_id(request))
    return await lead_on(request, bump["id"])


async def lead_on(request: Request, bump: int) -> Response:
    """A page that leads on to where an open bump is paid. It is a page and no redirect, since the Content-Security-Policy
    lets a form lead to this site alone."""
    await limit(f"checkout:{request.reader.person}", most=ASKS, seconds=ASKS_WITHIN)
    try:
        address = await payment_page(request.reader, bump)
    except (Away, Conflict) as problem:
        row = await bump_for(request.reader, bump)
        return await shown_bump(request, row, problem.status, trouble=problem.message)
    if not address:
        return redirect(request, bump_url(bump))
    row = await bump_for(request.reader, bump)
    return await page(request, "bumps/onward.html", bump=row, address=address)


async def take_back(request: Request) -> Response:
    """The payer does not want to pay it after all."""
    bump = await bump_for(request.reader, asked_id(request))
    await cancel_bump(request.reader, bump["id"])
    if way(bump["method"]).leads_on:
        await close(bump["id"])
        bump = await bump_for(request.reader, bump["id"])
    was_paid = bump["state"] == State.PAID
    said = _("It was paid in the meantime, so it is booked.") if was_paid else _("Taken back. Nothing is owed.")
    return redirect(request, bump_url(bump["id"]), said)


async def received(request: Request) -> Response:
    """The owner has its money."""
    bump = await bump_for(request.reader, asked_id(request))
    await mark_received(request.reader, bump["id"])
    said = _("%(amount)s booked, and the invoice issued.") % {"amount": money(bump["total"], bump["currency"])}
    return redirect(request, f"/p/{bump['project_slug']}/bumps", said)


routes = [
    route("/tickets/{id}/bump", bump_form, access="signed_in", methods=("GET", "POST")),
    route("/tickets/{id}/bump/sum", sum_of, access="signed_in"),
    route("/bumps/{id}", bump_page, access="signed_in"),
    route("/bumps/{id}/payment", pay, access="signed_in", methods=("POST",)),
    route("/bumps/{id}/delete", take_back, access="signed_in", methods=("POST",)),
    route("/bumps/{id}/receipt", received, access="signed_in", methods=("POST",)),
]
