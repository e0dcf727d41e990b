"""Reading what a program sent: a JSON object or a form, field by field, by type; nothing is taken that was not asked for."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from forum.web.csrf import FIELD as CSRF_FIELD
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.requests import Form, Request
from forum.web.routing import BIGGEST

# What PostgreSQL and JSON's readers choke on: NUL, and halves of surrogate pairs that stand alone.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
NESTED = re.compile(r"([a-z_]+)\[([a-z_]*)\]")


class Body:
    """The fields of one call. Reading notes faults; `check()` raises them at once, unknown fields among them."""

    def __init__(self, fields: Mapping[str, Any], *, is_form: bool = False, inside: str = "") -> None:
        self.fields = fields
        self.is_form = is_form
        self.inside = inside
        self.asked: set[str] = set()
        self.errors: dict[str, str] = {}
        self.below: list[Body] = []

    def __contains__(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def fail(self, name: str, message: str) -> None:
        self.errors.setdefault(self.inside + name, message)

    def take(self, name: str, kind: str, required: bool) -> Any:
        """The field's value, None where it is missing (null counts as missing)."""
        self.asked.add(name)
        value = self.fields.get(name)
        if value is None and required:
            self.fail(name, _("This field is needed: %(kind)s.") % {"kind": kind})
        return value

    def text(self, name: str, *, most: int, required: bool = True, default: str = "") -> str:
        """A text of at most `most` characters, trimmed, with \\n line ends."""
        value = self.take(name, "string", required)
        if value is None:
            return default
        if not isinstance(value, str):
            self.fail(name, _("A string is needed."))
            return default
        value = value.replace("\r\n", "\n").replace("\r", "\n").strip()
        if UNSTORABLE.search(value):
            self.fail(name, _("This holds characters that no text may hold."))
        elif len(value) > most:
            self.fail(name, _("At most %(limit)d characters; these are %(n)d.") % {"limit": most, "n": len(value)})
        elif required and not value:
            self.fail(name, _("Fill this in."))
        else:
            return value
        return default

    def choice(self, name: str, choices: Collection[str], *, default: str | None = None) -> str:
        """One of `choices`; `default` where the field is missing."""
        value = self.text(name, most=100, required=default is None, default=default or "")
        if value not in choices and self.inside + name not in self.errors:
            self.fail(name, _("One of: %(choices)s.") % {"choices": ", ".join(sorted(choices))})
        return value

    def integer(self, name: str, *, required: bool = False, least: int = 1) -> int | None:
        """A whole number that a row's id can be; forms and Discourse's clients send digits as a string."""
        value = self.take(name, "integer", required)
        if value is None or (self.is_form and value == ""):
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            value = int(value)
        if type(value) is not int or not least <= value <= BIGGEST:
            self.fail(name, _("A whole number from %(least)d is needed.") % {"least": least})
            return None
        return value

    def flag(self, name: str, *, required: bool = False) -> bool:
        """True or false; forms and Discourse's clients send the words."""
        value = self.take(name, "boolean", required)
        if value is None:
            return False
        if isinstance(value, str) and value in ("true", "false"):
            return value == "true"
        if not isinstance(value, bool):
            self.fail(name, _("true or false is needed."))
        return value is True

    def texts(self, name: str, *, most: int, each: int) -> list[str] | None:
        """At most `most` texts of at most `each` characters; None where the field is missing. A form's single empty
        one is the empty list."""
        value = self.take(name, "array of strings", required=False)
        if value is None:
            return None
        if self.is_form and isinstance(value, str):
            value = [value] if value else []
        fits = isinstance(value, list) and len(value) <= most
        if not fits or any(not isinstance(v, str) or len(v) > each or UNSTORABLE.search(v) for v in value):
            self.fail(name, _("At most %(n)d strings are needed.") % {"n": most})
            return None
        return [v for v in value if v.strip()]

    def integers(self, name: str, *, most: int) -> list[int]:
        """At most `most` whole numbers that rows' ids can be; none where the field is missing. Forms send digits."""
        value = self.take(name, "array of integers", required=False)
        if value is None:
            return []
        if self.is_form and isinstance(value, str):
            value = [value] if value else []
        found = value if isinstance(value, list) else None
        if found is not None and self.is_form:
            found = [int(v) if isinstance(v, str) and v.isascii() and v.isdigit() and len(v) < 20 else v for v in found]
        if found is None or len(found) > most or any(type(v) is not int or not 1 <= v <= BIGGEST for v in found):
            self.fail(name, _("At most %(n)d whole numbers are needed.") % {"n": most})
            return []
        return found

    def object(self, name: str) -> "Body":
        """The fields of an object inside; none where it is missing."""
        value = self.take(name, "object", required=False)
        if value is not None and not isinstance(value, dict):
            self.fail(name, _("An object is needed."))
            value = None
        below = Body(value or {}, is_form=self.is_form, inside=f"{self.inside}{name}.")
        self.below.append(below)
        return below

    def check(self, *, ignoring: Collection[str] = ()) -> None:
        """Raises Invalid with every fault, and for each field that nobody asked for: nothing is set unsaid."""
        errors = self.faults(ignoring)
        if errors:
            raise Invalid(errors)

    def faults(self, ignoring: Collection[str] = ()) -> dict[str, str]:
        unknown = [name for name in self.fields if name not in self.asked and name not in ignoring]
        errors = dict(self.errors)
        for name in unknown[:20]:
            shown = UNSTORABLE.sub("\ufffd", name)[:60]
            errors.setdefault(self.inside + shown, _("%(name)s is not a field of this call.") % {"name": shown})
        for below in self.below:
            errors |= below.faults(ignoring)
        return errors


async def read_body(request: Request) -> Body:
    """The call's fields: a JSON object, or a form whose `post[raw]` and `tags[]` mean what they mean in Rails.

    Raises Invalid for what is neither.
    """
    if request.fields or "json" not in request.headers.get("content-type", ""):
        return Body(form_fields(request.fields), is_form=True)
    return Body(json_object(await request.body()))


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object (RFC 8259, UTF-8 alone) that these bytes are. Raises Invalid."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=not_json)
    except (ValueError, RecursionError):
        raise Invalid(_("The body is not JSON.")) from None
    if not isinstance(value, dict):
        raise Invalid(_("The body must be a JSON object."))
    return value


def not_json(constant: str) -> NoReturn:
    """Python reads NaN and Infinity; JSON has neither."""
    raise ValueError(constant)


def form_fields(form: Form) -> dict[str, Any]:
    """A flat form as nested fields: `post[raw]=x` is `{"post": {"raw": "x"}}`, `tags[]=a` is `{"tags": ["a"]}`."""
    fields: dict[str, Any] = {}
    for name in form:
        if name == CSRF_FIELD:
            continue
        nested = NESTED.fullmatch(name)
        if nested is None:
            fields[name] = form[name]
        elif not nested[2]:
            fields[nested[1]] = form.all(name)
        elif isinstance(inner := fields.setdefault(nested[1], {}), dict):
            inner[nested[2]] = form[name]
    return fields
