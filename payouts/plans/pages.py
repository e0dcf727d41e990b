"""`/p/{project}/plans`: what a project sells; `/p/{project}/settings/selling`: what its owner decides about it."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from categories.support.queries import expected_of, own_tickets_in, place_in, project_expected, queue_state
from forum.projects.queries import project_by_slug
from forum.projects.roles import require
from forum.projects.settings_links import Link
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.money import minor_units, money, plain
from forum.web.pages import page, redirect
from forum.web.requests import Form, Request
from forum.web.routing import route
from payouts.plans.actions import Entity, Selling, edit_selling, faults_of_selling
from payouts.plans.queries import plans_of, selling_of
from payouts.plans.rules import BOOKS, CURRENCIES, DISCOUNT_MOST, KINDS, discount_of

TEXTS: Final = {"payment_details": 2000, "entity": 200, "address": 1000, "country": 2, "tax_number": 50}
# A rate is typed and shown as an amount with two decimals is: 19.00, 7.7.
AS_TYPED: Final = "EUR"


async def plans(request: Request) -> Response:
    """The three plans; what can be bought now leads to asking, or to the reader's own tickets."""
    project = await project_by_slug(request.path_params["project"])
    reader = request.reader
    own = await own_tickets_in(reader, project["id"]) if reader.is_signed_in else []
    expected = await project_expected(project["id"])
    return await page(
        request,
        "plans/plans.html",
        project=project,
        active="plans",
        selling=await selling_of(project["id"]),
        plans={row["kind"]: row for row in await plans_of(project["id"])},
        mine=[{"ticket": row, "place": place_in(row)} for row in own],
        paid=expected_of(expected, 1),
        unpaid=expected_of(expected),
        share=(await queue_state(project["id"])).share,
    )


async def selling(request: Request) -> Response:
    """The form of the owner: prices, currency, tax, payment details, the book, and the entity on invoices."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "sell", project["id"])
    now = await selling_of(project["id"])
    currency = now["currency"]
    values = {row["kind"]: plain(row["minimum"], currency) for row in await plans_of(project["id"])}
    values |= {
        "currency": currency,
        "tax_rate": plain(now["tax_rate"], AS_TYPED),
        "payment_details": now["payment_details"],
        "open": "on" if now["is_open"] else "",
        "book": now["book"],
        "discount_rate": str(now["discount_rate"]),
        "entity": now["entity_name"],
        "address": now["entity_address"],
        "country": now["entity_country"],
        "tax_number": now["entity_tax_number"],
    }
    faults: Mapping[str, str] = {}
    if request.method == "POST":
        form = request.fields
        try:
            wanted, entity = read_selling(form)
            form.check(await faults_of_selling(project["id"], wanted, entity))
            await edit_selling(request.reader, project["id"], wanted, entity)
            return redirect(request, f"/p/{project['slug']}/settings/selling", _("Saved."))
        except Invalid as invalid:
            faults = invalid.errors
            values = {name: form.get(name, "") for name in values}
    return await page(
        request,
        "plans/selling.html",
        422 if faults else 200,
        project=project,
        active="settings",
        values=values,
        faults=faults,
        example=example_of(values),
        currencies=[(code, code) for code in sorted({*CURRENCIES, currency})],
    )


def example_of(values: Mapping[str, str]) -> tuple[str, str, str, str] | None:
    """What the least bump would cost a verified project with the discount as typed: discount in percent, price, discount,
    what is left to pay before tax; None where there is none, or it cannot be read."""
    currency, rate = values["currency"], values["discount_rate"].strip()
    least = minor_units(values["pay_as_you_go"].strip(), currency) if currency in CURRENCIES else None
    if not least or not rate.isdecimal() or not 0 < int(rate[:4]) <= DISCOUNT_MOST:
        return None
    discount = discount_of(least, int(rate))
    return rate, money(least, currency), money(discount, currency), money(least - discount, currency)


def read_selling(form: Form) -> tuple[Selling, Entity]:
    """What was typed; faults of reading are noted in the form."""
    texts = {name: form.text(name, limit=most, required=name == "entity") for name, most in TEXTS.items()}
    currency = form.choice("currency", CURRENCIES)
    minimums = {}
    for kind in KINDS:
        amount = minor_units(form.get(kind, "").strip(), currency) if currency in CURRENCIES else 1
        if amount is None:
            form.fail(kind, _("Type an amount such as %(amount)s.") % {"amount": plain(5000, currency)})
        minimums[kind] = amount or 0
    rate = minor_units(form.get("tax_rate", "").strip().removesuffix("%").strip(), AS_TYPED)
    if rate is None:
        form.fail("tax_rate", _("A percentage from 0 to 50 is needed, such as 19 or 7.7."))
    book = form.choice("book", BOOKS)
    discount = form.integer("discount_rate", least=0, most=DISCOUNT_MOST) if "discount_rate" in form else 0
    return (
        Selling(minimums, currency, rate or 0, texts["payment_details"], "open" in form, book, discount),
        Entity(texts["entity"], texts["address"], texts["country"].upper(), texts["tax_number"]),
    )


SETTINGS = Link("selling", lambda: _("Selling"), "sell")

routes = [
    route("/p/{project}/plans", plans),
    route("/p/{project}/settings/selling", selling, access="signed_in", methods=("GET", "POST")),
]
