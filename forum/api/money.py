"""Our own JSON about money: what a project sells, ordering a bump, marking it received."""

from uuid import UUID, uuid5

from starlette.responses import JSONResponse, Response

from forum.api.reading import read_body
from forum.projects.queries import project_by_slug
from forum.threads.pages import asked_id
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.requests import Request
from forum.web.routing import route
from payouts.bumps import actions
from payouts.bumps.checkout import payment_page
from payouts.bumps.methods import offered, way
from payouts.bumps.queries import bump_for
from payouts.bumps.rules import State
from payouts.plans.queries import plans_of, selling_of

# Keys of clients become the ids that forms have for what they send (RFC 9562, name-based).
KEYS = UUID("7f2c1d0e-5c1b-4c3b-9d55-0f6a4b1c9e21")
KEY_MOST = 255


def idempotency_key(request: Request) -> UUID:
    """The client's own key of what it sends. Raises Invalid where it is missing: money moves once or not at all."""
    sent = request.headers.get("idempotency-key", "").strip()
    if not (0 < len(sent) <= KEY_MOST and sent.isascii() and sent.isprintable()):
        raise Invalid({"Idempotency-Key": _("This header is needed: a key of yours, 1 to 255 characters of ASCII.")})
    return uuid5(KEYS, sent)


async def plans(request: Request) -> Response:
    """`GET /api/v1/projects/{project}/plans`: the three plans with their least prices."""
    project = await project_by_slug(request.path_params["project"])
    selling = await selling_of(project["id"])
    rows = [
        {
            "kind": row["kind"],
            "minimum": {"amount": row["minimum"], "currency": selling["currency"]},
            "open": row["is_open"],
        }
        for row in await plans_of(project["id"])
    ]
    return JSONResponse({"plans": rows, "tax_rate": selling["tax_rate"], "methods": list(offered(request.settings))})


async def create_bump(request: Request) -> Response:
    """`POST /api/v1/tickets/{id}/bumps`: order a bump of one's own ticket, once for each `Idempotency-Key`."""
    key = idempotency_key(request)
    body = await read_body(request)
    amount = body.integer("amount", required=True)
    currency = body.text("currency", most=3)
    method = body.text("method", most=20)
    billed_to = body.text("billed_to", most=1000, required=False)
    tax_number = body.text("tax_number", most=50, required=False)
    body.check()
    bump = await actions.open_bump(
        request.reader,
        asked_id(request),
        amount or 0,
        currency=currency,
        method=method,
        key=key,
        billed_to=billed_to,
        tax_number=tax_number,
    )
    made = {"bump": bump["id"], "reference": bump["reference"]}
    if way(bump["method"]).leads_on:
        # "" for a bump that was paid or ran out since it was ordered under this key
        made["url"] = await payment_page(request.reader, bump["id"]) if bump["state"] == State.OPEN else ""
    return JSONResponse(made, 201)


async def received(request: Request) -> Response:
    """`POST /api/v1/bumps/{id}/received`: the owner has its money; said again, it is answered the same."""
    body = await read_body(request)
    body.check()
    bump = await bump_for(request.reader, asked_id(request))
    await actions.mark_received(request.reader, bump["id"])
    booked = await bump_for(request.reader, bump["id"])
    return JSONResponse({"bump": booked["id"], "state": booked["state"], "invoice": booked["invoice_label"]})


routes = [
    route("/api/v1/projects/{project}/plans", plans),
    route("/api/v1/tickets/{id}/bumps", create_bump, access="signed_in", methods=("POST",)),
    route("/api/v1/bumps/{id}/received", received, access="signed_in", methods=("POST",)),
]
