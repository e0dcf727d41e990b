"""The OpenAPI 3.1 description of `/api/v1`, written by hand; a test walks the routes and finds each one here."""

from categories.support.submitting import CAPACITIES
from forum.api import asking, described_money, described_payouts, described_templates, promotion
from forum.api.described import INTEGER, PROJECT, TIME, Json, answer, body, refused, thing
from forum.projects.roles import TEAM
from forum.threads.rules import PURPOSES, TITLE_LEAST, TITLE_MOST
from payouts.ledger.rules import CAUSES
from reputation.rules import PERIODS

CURRENCY: Json = {"type": "string", "pattern": "^[A-Z]{3}$"}
FIGURES: Json = {
    name: INTEGER | {"description": f"Minor units {words}."}
    for name, words in {
        "income": "sold, net of tax and less refunds",
        "fees": "that the site took of it",
        "tax": "received on top of it",
        "paid_out": "paid to people",
        "kept": "left with the project by payout runs",
        "pool": "in the pool at the end of the time",
        "owed": "given to people and not yet paid out at the end of the time",
    }.items()
}
PAGED: list[Json] = [
    {
        "name": "cursor",
        "in": "query",
        "schema": {"type": "string"},
        "description": "`next` of a page.",
    },
    {
        "name": "limit",
        "in": "query",
        "schema": INTEGER | {"minimum": 1, "maximum": 200, "default": 50},
    },
]
SCHEMAS: Json = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457.",
        "properties": {
            "type": {"type": "string", "description": "`/problems/` and the stable kind."},
            "title": {"type": "string"},
            "status": INTEGER,
            "errors": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["type", "title", "status"],
    },
    "Projects": thing(
        {
            "projects": {
                "type": "array",
                "items": thing({"slug": {"type": "string"}, "name": {"type": "string"}, "waiting": INTEGER}),
            }
        }
    ),
    "Money": thing(
        {
            "amount": INTEGER | {"description": "In the currency's minor unit."},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        }
    ),
    "Queue": thing(
        {
            "share": INTEGER | {"description": "The fair share in percent."},
            "credit": INTEGER | {"description": "In hundredths of a turn, -100 to 100."},
            "tickets": {"type": "array", "items": {"$ref": "#/components/schemas/QueuedTicket"}},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page."},
        }
    ),
    "QueuedTicket": thing(
        {
            "id": INTEGER,
            "position": INTEGER | {"description": "From 1; the first is to be answered next."},
            "line": {"enum": ["due", "paid", "unpaid"]},
            "rank_amount": {"$ref": "#/components/schemas/Money"},
            "waiting_since": TIME,
            "head_start_days": INTEGER
            | {
                "description": "Counts as waiting so many days longer: asked for a verified open-source project. Else 0."
            },
            "due_at": TIME,
            "thread_id": {
                "type": ["integer", "null"],
                "description": "null where the reader may not read it.",
            },
        }
    ),
    "Supporters": thing(
        {
            "period": {"type": "string", "description": "2026-07, 2026-Q3, 2026 or all: days in UTC."},
            "supporters": {"type": "array", "items": {"$ref": "#/components/schemas/Supporter"}},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page."},
        }
    ),
    "Supporter": thing(
        {
            "username": {"type": "string"},
            "name": {"type": "string"},
            "role": {"enum": [*TEAM, None], "description": "In the team; null for the community."},
            "points": INTEGER,
            "accepted": INTEGER | {"description": "Accepted answers that counted."},
        }
    ),
    "Ledger": thing(
        {
            "period": {"type": "string", "description": "2026-Q3, 2026 or all: whole months in UTC."},
            "detail": {
                "enum": ["months", "rows"],
                "description": "`rows` where single movements are shown to the caller; else `transactions` is empty.",
            },
            "totals": {"type": "array", "items": thing({"currency": CURRENCY, **FIGURES})},
            "months": {
                "type": "array",
                "items": thing(
                    {
                        "month": {
                            "type": "string",
                            "description": "2026-07; a year for a time of more than two years.",
                        },
                        "currency": CURRENCY,
                        **FIGURES,
                    }
                ),
            },
            "transactions": {"type": "array", "items": {"$ref": "#/components/schemas/Movement"}},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page of transactions."},
        },
        description="One object a currency; currencies are never added up.",
    ),
    "Movement": thing(
        {
            "id": INTEGER,
            "at": {"type": "string", "format": "date-time"},
            "kind": {"enum": list(CAUSES)},
            "thread": {"type": ["integer", "null"], "description": "Of the ticket, where the caller may see it."},
            "currency": CURRENCY,
            **{
                name: INTEGER | {"description": f"Minor units {words}."}
                for name, words in {
                    "net": "of income, below 0 for a refund",
                    "fee": "that the site keeps of it",
                    "tax": "on top of it",
                    "pool": "into the pool, below 0 out of it",
                    "kept": "that a run left with the project",
                    "paid_out": "paid to a person",
                }.items()
            },
        }
    ),
    "TicketMade": thing(
        {
            "ticket": INTEGER,
            "thread": INTEGER,
            "position": {"type": ["integer", "null"]},
            "expected": thing({"from": INTEGER, "to": INTEGER}, description="In workdays."),
        }
    ),
    "AnswerMade": thing(
        {
            "post": INTEGER,
            "number": INTEGER,
            "state": {"type": "string", "description": "Of the ticket, after it."},
        }
    ),
}
PATHS: Json = {
    "/api/v1/openapi.json": {
        "get": {
            "operationId": "describe",
            "summary": "This description",
            "security": [],
            "responses": {"200": {"description": "OpenAPI 3.1.", "content": {"application/json": {}}}},
        }
    },
    "/api/v1/projects": {
        "get": {
            "operationId": "listProjects",
            "summary": "Every project, and how many tickets wait there",
            "security": [{}, {"key": []}],
            "responses": {"200": answer("By name.", "Projects")},
        }
    },
    "/api/v1/projects/{project}/queue": {
        "get": {
            "operationId": "readQueue",
            "summary": "Who waits, in the order of the queue; for the project's team",
            "parameters": [PROJECT, *PAGED],
            "responses": {"200": answer("A page of the queue.", "Queue")} | refused(401, 403, 404, 422),
        }
    },
    "/api/v1/projects/{project}/supporters": {
        "get": {
            "operationId": "listSupporters",
            "summary": "Who earned most points in a period, as far as the caller may see it",
            "security": [{}, {"key": []}],
            "parameters": [
                PROJECT,
                {"name": "period", "in": "query", "schema": {"enum": list(PERIODS), "default": "month"}},
                *PAGED,
            ],
            "responses": {"200": answer("Most points first.", "Supporters")} | refused(404, 422),
        }
    },
    "/api/v1/projects/{project}/ledger": {
        "get": {
            "operationId": "readLedger",
            "summary": "What a project earned and paid, as far as it shows it to the caller",
            "security": [{}, {"key": []}],
            "parameters": [
                PROJECT,
                {
                    "name": "period",
                    "in": "query",
                    "schema": {"type": "string"},
                    "description": "A quarter (2026-Q3), a year (2026) or all; this quarter unless said.",
                },
                *PAGED,
            ],
            "responses": {"200": answer("Totals, months, and the latest movements first.", "Ledger")}
            | refused(404, 422),
        }
    },
    "/api/v1/projects/{project}/tickets": {
        "post": {
            "operationId": "createTicket",
            "summary": "Ask in support, accept the terms, and wait",
            "parameters": [PROJECT],
            "requestBody": body(
                {
                    "title": {"type": "string", "minLength": TITLE_LEAST, "maxLength": TITLE_MOST},
                    "markdown": {"type": "string", "minLength": 1, "maxLength": 100_000},
                    "capacity": {"enum": list(CAPACITIES)},
                    **asking.MORE,
                },
                ["title", "markdown", "capacity"],
            ),
            "responses": {"201": answer("It waits.", "TicketMade")}
            | refused(401, 403, 404, 409, 413, 415, 422, 429, 503),
        }
    },
    "/api/v1/tickets/{id}/answers": {
        "post": {
            "operationId": "answerTicket",
            "summary": "Reply in a ticket's home thread",
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": INTEGER}],
            "requestBody": body(
                {
                    "markdown": {"type": "string", "minLength": 1, "maxLength": 100_000},
                    "purpose": {
                        "enum": list(PURPOSES),
                        "default": "reply",
                        "description": "`facts`, `resolve` and `whisper` are the team's.",
                    },
                },
                ["markdown"],
            ),
            "responses": {"201": answer("It stands there.", "AnswerMade")}
            | refused(401, 403, 404, 409, 413, 415, 422, 429, 503),
        }
    },
}


def document(base_url: str) -> Json:
    """The whole description for a site at `base_url`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "HaaS",
            "version": "1",
            "description": "What Discourse's API has no word for. Discourse's own calls answer beside it, at `.json`.",
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": base_url}],
        "security": [{"key": []}],
        "paths": PATHS
        | described_money.PATHS
        | described_payouts.PATHS
        | described_templates.PATHS
        | asking.PATHS
        | promotion.PATHS,
        "components": {
            "schemas": SCHEMAS
            | described_money.SCHEMAS
            | described_payouts.SCHEMAS
            | described_templates.SCHEMAS
            | asking.SCHEMAS
            | promotion.SCHEMAS,
            "securitySchemes": {
                "key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Api-Key",
                    "description": "An admin's key acts for the person that the header `Api-Username` names.",
                }
            },
        },
    }
