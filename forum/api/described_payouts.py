"""The description of the calls about payouts."""

from forum.api.described import INTEGER, PROJECT, TIME, Json, answer, refused, thing
from payouts.runs.rules import WAYS
from payouts.runs.states import State

MONEY: Json = {"$ref": "#/components/schemas/Money"}
SCHEMAS: Json = {
    "Payouts": thing(
        {
            "pool": MONEY | {"description": "What the next run would divide."},
            "owed": MONEY | {"description": "Booked to people and not paid out yet."},
            "kept": MONEY | {"description": "What all runs left with the project."},
            "paid_out": MONEY | {"description": "What all runs paid out."},
            "runs": {"type": "array", "items": {"$ref": "#/components/schemas/PayoutRun"}},
            "next": {"type": ["string", "null"], "description": "The cursor of the next page."},
        }
    ),
    "PayoutRun": thing(
        {
            "id": INTEGER,
            "state": {"enum": [str(state) for state in State]},
            "pool": MONEY | {"description": "The sum of its lines."},
            "drafted_at": TIME,
            "approved_at": TIME,
            "booked_at": TIME,
            "cancelled_at": TIME,
            "lines": {"type": "array", "items": {"$ref": "#/components/schemas/PayoutLine"}},
        }
    ),
    "PayoutLine": thing(
        {
            "id": INTEGER,
            "kind": {"enum": ["fixed", "equal", "kept"]},
            "username": {"type": ["string", "null"], "description": "Whose it is; null: the project's."},
            "amount": MONEY,
            "why": {"type": "string", "description": "A sentence, in the caller's language."},
            "paid_at": TIME,
            "how": {"enum": [*WAYS, None]},
            "reference": {"type": "string"},
        }
    ),
}
PATHS: Json = {
    "/api/v1/projects/{project}/payouts": {
        "get": {
            "operationId": "listPayouts",
            "summary": "A project's pool and its payout runs, the latest first, line by line; for its owners",
            "parameters": [
                PROJECT,
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
            ],
            "responses": {"200": answer("A page of runs.", "Payouts")} | refused(401, 403, 404, 422),
        }
    }
}
