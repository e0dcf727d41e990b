"""The description of the calls that are about money: plans, bumps."""

from forum.api.described import ID, INTEGER, PROJECT, Json, answer, body, refused, thing
from payouts.bumps.rules import METHODS
from payouts.plans.rules import KINDS, MOST, TAX_MOST

CURRENCY: Json = {"type": "string", "pattern": "^[A-Z]{3}$"}
KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Yours for this one payment, such as a UUID. Sent again with it, the call is answered as it was.",
}
SCHEMAS: Json = {
    "Plans": thing(
        {
            "plans": {"type": "array", "items": {"$ref": "#/components/schemas/Plan"}},
            "tax_rate": INTEGER | {"minimum": 0, "maximum": TAX_MOST, "description": "In hundredths of a percent."},
            "methods": {"type": "array", "items": {"enum": list(METHODS)}, "description": "Ways to pay now."},
        }
    ),
    "Plan": thing(
        {
            "kind": {"enum": list(KINDS)},
            "minimum": {"$ref": "#/components/schemas/Money"},
            "open": {"type": "boolean", "description": "Whether it can be bought now."},
        }
    ),
    "BumpMade": thing(
        {
            "bump": INTEGER,
            "reference": {"type": "string", "description": "What to write on a bank transfer."},
            "url": {
                "type": "string",
                "description": "By stripe: where the payer pays, for 24 hours; empty when nothing is to be paid any more.",
            },
        },
        required=["bump", "reference"],
    ),
    "BumpReceived": thing(
        {
            "bump": INTEGER,
            "state": {"enum": ["paid"]},
            "invoice": {"type": "string", "description": "The number of its invoice."},
        }
    ),
}
PATHS: Json = {
    "/api/v1/projects/{project}/plans": {
        "get": {
            "operationId": "listPlans",
            "summary": "What a project sells",
            "security": [{}, {"key": []}],
            "parameters": [PROJECT],
            "responses": {"200": answer("The cheapest first.", "Plans")} | refused(404),
        }
    },
    "/api/v1/tickets/{id}/bumps": {
        "post": {
            "operationId": "orderBump",
            "summary": "Order a bump of one's own ticket; the ticket moves when its money has arrived",
            "parameters": [ID, KEY],
            "requestBody": body(
                {
                    "amount": INTEGER
                    | {"minimum": 1, "maximum": MOST, "description": "Net, in the currency's minor unit."},
                    "currency": CURRENCY | {"description": "The project's."},
                    "method": {"enum": list(METHODS)},
                    "billed_to": {"type": "string", "maxLength": 1000, "description": "As on the invoice."},
                    "tax_number": {"type": "string", "maxLength": 50},
                },
                ["amount", "currency", "method"],
            ),
            "responses": {"201": answer("Ordered, once for its key.", "BumpMade")}
            | refused(401, 403, 404, 409, 413, 415, 422, 503),
        }
    },
    "/api/v1/bumps/{id}/received": {
        "post": {
            "operationId": "markReceived",
            "summary": "The money of a bump has arrived: booked, invoiced and raised once; for owners",
            "parameters": [ID],
            "requestBody": body({}, []) | {"required": False},
            "responses": {"200": answer("Booked, now or before.", "BumpReceived")}
            | refused(401, 403, 404, 409, 413, 415, 422, 503),
        }
    },
}
