"""Stripe's official description and fixtures: what a request may say, and what an answer looks like."""

import copy
import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]
SPECS = (Path(__file__).parents[2] / os.environ.get("HAAS_TEST_DATA", "../shared") / "specs" / "stripe").resolve()
FORM = "application/x-www-form-urlencoded"
NESTED = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


class Refusal(Exception):
    """An error as Stripe tells it: HTTP status, type, code, the parameter it is about."""

    def __init__(
        self, message: str, *, status: int = 400, type: str = "invalid_request_error", code: str = "", param: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"type": type, "message": message} | {k: v for k, v in (("code", code), ("param", param)) if v}
        if code:
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"


@dataclass(frozen=True)
class Operation:
    """One call of the description: its path as a pattern, the schema of its parameters."""

    method: str
    path: str
    pattern: re.Pattern[str]
    schema: Json


@cache
def fixtures() -> Json:
    read: Json = json.loads((SPECS / "fixtures3.json").read_text("utf-8"))
    return read["resources"]  # type: ignore[no-any-return]


def shape(kind: str) -> Json:
    """A new object as the fixtures have it."""
    return copy.deepcopy(fixtures()[kind])  # type: ignore[no-any-return]


@cache
def operations() -> tuple[Operation, ...]:
    """Every call of the description; fixed words before parameters (`/charges/search` is no charge)."""
    read = json.loads(next(SPECS.glob("openapi-*.json")).read_text("utf-8"))
    found = []
    for path, methods in read["paths"].items():
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        for method, told in methods.items():
            if method == "post":
                schema = told.get("requestBody", {}).get("content", {}).get(FORM, {}).get("schema", {})
            else:
                asked = [each for each in told.get("parameters", []) if each["in"] == "query"]
                schema = {
                    "type": "object",
                    "properties": {each["name"]: each["schema"] for each in asked},
                    "required": [each["name"] for each in asked if each.get("required")],
                }
            found.append(Operation(method.upper(), path, pattern, schema))
    return tuple(sorted(found, key=lambda one: one.path.count("{")))


def operation(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """The call that a request is, and what its path names. Raises Refusal where there is none."""
    for each in operations():
        if each.method == method and (found := each.pattern.fullmatch(path)):
            return each, found.groupdict()
    raise Refusal(f"Unrecognized request URL ({method}: {path}).", status=404)


def nested(text: str) -> Json:
    """`a[b][0][c]=x&d[]=y` as nested dictionaries; what is a list is seen by the schema."""
    found: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=1000):
        said = NESTED.fullmatch(name)
        if said is None:
            raise Refusal(f"Invalid parameter name: {name}", param=name)
        words = [said[1], *re.findall(r"\[([^\[\]]*)\]", said[2])]
        at = found
        for word in words[:-1]:
            at = at.setdefault(word or str(len(at)), {})
            if not isinstance(at, dict):
                raise Refusal(f"Invalid parameter: {name}", param=name)
        last = words[-1] or str(len(at))
        if last in at:
            raise Refusal(f"Received the parameter {name} twice", param=name)
        at[last] = value
    return found


def read(value: Any, schema: Json, name: str = "") -> Any:
    """A decoded parameter as its schema means it: numbers as numbers, lists as lists. Raises Refusal for all else.

    Objects that list their properties take no others, nested ones included, as Stripe itself has it.
    """
    if "anyOf" in schema:
        refused: Refusal | None = None
        for each in schema["anyOf"]:
            try:
                return read(value, each, name)
            except Refusal as refusal:
                refused = refused or refusal
        assert refused is not None
        raise refused
    return READERS[schema["type"]](value, schema, name)


def read_object(value: Any, schema: Json, name: str) -> Json:
    if not isinstance(value, dict):
        raise Refusal("Invalid object", param=name)
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    inside = {key: f"{name}[{key}]" if name else key for key in [*value, *schema.get("required", [])]}
    for key in schema.get("required", []):
        if value.get(key, "") == "":
            raise Refusal(f"Missing required param: {inside[key]}.", code="parameter_missing", param=inside[key])
    found = {}
    for key, each in value.items():
        if key in known:
            found[key] = read(each, known[key], inside[key])
        elif isinstance(others, dict):
            found[key] = read(each, others, inside[key])
        else:
            raise Refusal(f"Received unknown parameter: {inside[key]}", code="parameter_unknown", param=inside[key])
    return found


def read_array(value: Any, schema: Json, name: str) -> list[Any]:
    if not isinstance(value, dict) or any(key != str(at) for at, key in enumerate(value)):
        raise Refusal("Invalid array", param=name)
    return [read(each, schema["items"], f"{name}[{at}]") for at, each in enumerate(value.values())]


def read_string(value: Any, schema: Json, name: str) -> str:
    if not isinstance(value, str):
        raise Refusal(f"Invalid string: {value}", param=name)
    if len(value) > schema.get("maxLength", 10**6):
        raise Refusal(f"Invalid string: it must be at most {schema['maxLength']} characters", param=name)
    if "enum" in schema and value not in schema["enum"]:
        raise Refusal(f"Invalid {name}: must be one of {', '.join(schema['enum'])}", param=name)
    return value


def read_integer(value: Any, _schema: Json, name: str) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise Refusal(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def read_number(value: Any, _schema: Json, name: str) -> float:
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]+)?", value):
        raise Refusal(f"Invalid number: {value}", param=name)
    return float(value)


def read_boolean(value: Any, _schema: Json, name: str) -> bool:
    if value not in ("true", "false"):
        raise Refusal(f"Invalid boolean: {value}", param=name)
    return bool(value == "true")


READERS = {
    "object": read_object,
    "array": read_array,
    "string": read_string,
    "integer": read_integer,
    "number": read_number,
    "boolean": read_boolean,
}
