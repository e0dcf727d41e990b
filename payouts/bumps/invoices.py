"""Invoices: one by itself, made to be printed, and the list of one's own."""

from starlette.responses import Response

from forum.threads.pages import asked_id
from forum.web.errors import NotFound
from forum.web.pages import page
from forum.web.requests import Request
from forum.web.routing import route
from payouts.bumps.methods import way
from payouts.bumps.owner_pages import below
from payouts.bumps.queries import A_PAGE, invoice_for, own_bumps, own_invoices


async def invoice_page(request: Request) -> Response:
    """`/invoices/{id}`: for its buyer and the project's owner alone."""
    invoice = await invoice_for(request.reader, asked_id(request))
    return await page(request, "bumps/invoice.html", invoice=invoice, way=way(invoice["method"]))


async def invoices(request: Request) -> Response:
    """`/u/{username}/invoices`: one's own, and what one ordered and did not pay yet."""
    reader = request.reader
    if request.path_params["username"].lower() != reader.username.lower():
        raise NotFound
    rows = await own_invoices(reader, below=below(request, "below"), limit=A_PAGE + 1)
    return await page(
        request,
        "bumps/invoices.html",
        person={"username": reader.username},
        is_self=True,
        open=await own_bumps(reader),
        invoices=rows[:A_PAGE],
        older=rows[A_PAGE - 1]["id"] if len(rows) > A_PAGE else 0,
    )


routes = [
    route("/invoices/{id}", invoice_page, access="signed_in"),
    route("/u/{username}/invoices", invoices, access="signed_in"),
]
