"""Discourse's published API description, and a small validator for what it uses of JSON Schema."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SPECS = Path(__file__).parents[2] / os.environ.get("HAAS_TEST_DATA", "../shared") / "specs"
needs_specs = pytest.mark.skipif(not SPECS.is_dir(), reason=f"no API descriptions at {SPECS} (set HAAS_TEST_DATA)")

KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def is_of(value: Any, kind: str) -> bool:
    """JSON Schema's types: true is no integer."""
    return isinstance(value, KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


def faults(value: Any, schema: dict[str, Any], where: str = "$") -> list[str]:
    """Where a value is not what a schema says; empty where it is."""
    kinds = schema.get("type")
    if kinds is not None:
        allowed = [kinds] if isinstance(kinds, str) else kinds
        if not any(is_of(value, kind) for kind in allowed):
            return [f"{where}: {value!r} is not {allowed}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is not one of {schema['enum']}")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{where}.{name}: missing" for name in schema.get("required", []) if name not in value]
        if schema.get("additionalProperties") is False:
            found += [f"{where}.{name}: not in the description" for name in value if name not in known]
        for name in value:
            if name in known:
                found += faults(value[name], known[name], f"{where}.{name}")
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        for i, item in enumerate(value):
            found += faults(item, schema["items"], f"{where}[{i}]")
    return found


@cache
def discourse() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SPECS / "discourse-openapi.json").read_text("utf-8"))
    return loaded


def wrong_in(answer: Any, method: str, path: str) -> list[str]:
    """Where an answer differs from what Discourse's description says of a call."""
    content = discourse()["paths"][path][method]["responses"]["200"]["content"]
    return faults(answer, content["application/json"]["schema"])
