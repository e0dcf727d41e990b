"""The request as handlers see it: its reader, its form, and what the client wants back."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

from starlette.requests import Request as StarletteRequest

from forum.settings import Settings
from forum.web import csrf
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.reader import Reader


class Form(Mapping[str, str]):
    """Fields as they were sent. Reading them notes faults; `check()` raises them all at once."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        # PostgreSQL keeps no NUL, and nobody means one
        self._fields = {name: [value.replace("\0", "") for value in values] for name, values in fields.items()}
        self.errors: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        return self._fields[name][-1]

    def __iter__(self) -> Any:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def all(self, name: str) -> list[str]:
        return self._fields.get(name, [])

    def fail(self, name: str, message: str) -> None:
        self.errors.setdefault(name, message)

    def text(self, name: str, *, limit: int, required: bool = True, least: int = 1) -> str:
        """A trimmed text of at most `limit` characters; line ends as \\n, without NUL."""
        value = self.get(name, "").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()
        if required and not value:
            self.fail(name, _("Fill this in."))
        elif value and len(value) < least:
            self.fail(name, _("At least %(least)d characters.") % {"least": least})
        elif len(value) > limit:
            self.fail(name, _("At most %(limit)d characters; these are %(n)d.") % {"limit": limit, "n": len(value)})
        return value

    def choice(self, name: str, choices: tuple[str, ...], *, default: str | None = None) -> str:
        """One of `choices`; `default` where nothing was sent."""
        value = self.get(name, "") or (default or "")
        if value not in choices:
            self.fail(name, _("Choose one of these."))
        return value

    def integer(self, name: str, *, least: int = 1, most: int = 2**62) -> int:
        """A whole number within bounds."""
        value = self.get(name, "").strip()
        if value.isascii() and value.isdigit() and len(value) < 20 and least <= int(value) <= most:
            return int(value)
        self.fail(name, _("A whole number from %(least)d is needed.") % {"least": least})
        return least

    def key(self, name: str = "key") -> UUID | None:
        """The client's own id of what it sends, so that sending it twice makes one row."""
        try:
            return UUID(self.get(name, ""))
        except ValueError:
            return None

    def check(self, more: Mapping[str, str] = MappingProxyType({})) -> None:
        """Raises Invalid with every fault noted so far and, where nothing was noted of a field, `more` found elsewhere."""
        for name, message in more.items():
            self.fail(name, message)
        if self.errors:
            raise Invalid(self.errors)


class Request(StarletteRequest):
    """Starlette's request with what the kernel found out about it."""

    @property
    def reader(self) -> Reader:
        return cast(Reader, self.scope["haas.reader"])

    @property
    def settings(self) -> Settings:
        """The site's. An App that was made since is looked for here, so that a kept page costs no look at a folder."""
        found = self.scope.get("haas.settings")
        if found is None:
            found = self.scope["haas.settings"] = self.scope["app"].current_settings()
        return cast(Settings, found)

    @property
    def fields(self) -> Form:
        """The body's form; the kernel has read it within its limits."""
        form = self.scope.get("haas.form")
        if form is None:
            form = self.scope["haas.form"] = Form({})
        return cast(Form, form)

    @property
    def bearer(self) -> str:
        """What the CSRF token is bound to."""
        return str(self.scope["haas.bearer"])

    @property
    def csrf_token(self) -> str:
        """The token for this page's forms; a guest who has none gets a cookie along with it."""
        token: str | None = self.scope.get("haas.token")
        if token is None:
            self.scope["haas.personal"] = True
            if not self.bearer:
                self.scope["haas.bearer"] = self.scope["haas.new_guest"] = csrf.new_guest()
            mark = csrf.OF_SESSION if self.reader.is_signed_in else ""
            token = self.scope["haas.token"] = mark + csrf.token_for(self.settings.secret_key, self.bearer)
        return token

    @property
    def wants_json(self) -> bool:
        path: str = self.scope["path"]
        return path.endswith(".json") or path.startswith(("/api/", "/webhooks/"))

    @property
    def is_write(self) -> bool:
        return self.method not in ("GET", "HEAD", "OPTIONS")

    @property
    def is_htmx(self) -> bool:
        return self.headers.get("hx-request") == "true"

    @property
    def client_address(self) -> str:
        return self.client.host if self.client else ""

    def page_number(self, name: str = "page", most: int = 100_000) -> int:
        """The page asked for in the query, from 1."""
        value = self.query_params.get(name, "")
        return min(max(int(value), 1), most) if value.isascii() and value.isdigit() and len(value) < 9 else 1

    async def json_object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Invalid."""
        try:
            value = await self.json()
        except (ValueError, RecursionError):
            raise Invalid(_("The body is not JSON.")) from None
        if not isinstance(value, dict):
            raise Invalid(_("The body must be a JSON object."))
        return value
