"""What descriptions of calls are put together from: things, bodies, answers, refusals (OpenAPI 3.1)."""

from typing import Any

Json = dict[str, Any]

INTEGER: Json = {"type": "integer"}
TIME: Json = {"type": ["string", "null"], "format": "date-time"}


def thing(properties: Json, **more: Any) -> Json:
    """An object that has all of these, and nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }


def body(properties: Json, required: list[str]) -> Json:
    """What a call takes; a form of the same fields does as well."""
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    kinds = ("application/json", "application/x-www-form-urlencoded")
    return {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}


def answer(described: str, schema: str) -> Json:
    return {
        "description": described,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def refused(*statuses: int) -> Json:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(status): {"description": REFUSALS[status], "content": problem} for status in statuses}


REFUSALS = {
    401: "No key and no session.",
    403: "The key is not known, the address is not confirmed, or the role is not enough.",
    404: "Not there, or not for this reader.",
    409: "The state of things does not allow it now.",
    413: "The body is larger than 1 MB.",
    415: "The body is neither JSON nor a form.",
    422: "What was sent has faults; `errors` maps fields to sentences.",
    429: "Too often; `Retry-After` says when.",
    503: "The site can only be read for a while, or somebody else that is needed for it does not answer: send it again,"
    " with the same key, when `Retry-After` says.",
}
PROJECT: Json = {"name": "project", "in": "path", "required": True, "schema": {"type": "string"}}
ID: Json = {"name": "id", "in": "path", "required": True, "schema": INTEGER}
