"""What stand-ins have in common: a state that tests set, and a note of what was asked."""

import base64
import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route


class State(dict[str, Any]):
    """The state of one stand-in; whatever a test tells replaces the values of the same names."""

    def __init__(self, **fresh: Any) -> None:
        super().__init__(fresh)
        self.fresh = dict(fresh)
        self.heard: list[dict[str, Any]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, Any] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/_/state", self.told, methods=["POST"]),
            Route("/_/state", self.forget, methods=["DELETE"]),
            Route("/_/heard", self.tell_heard),
        ]

    async def told(self, request: Request) -> Response:
        self.update(await request.json())
        return Response(status_code=204)

    async def forget(self, _request: Request) -> Response:
        self.clear()
        self.update(self.fresh)
        self.heard.clear()
        self.codes.clear()
        self.tokens.clear()
        return Response(status_code=204)

    async def tell_heard(self, _request: Request) -> Response:
        return JSONResponse(self.heard)

    async def note(self, request: Request) -> dict[str, str]:
        """Write down what was asked; returns its fields, of query or form."""
        fields = dict(request.query_params) | {k: str(v) for k, v in (await request.form()).items()}
        self.heard.append(
            {"path": request.url.path, "fields": fields, "authorization": request.headers.get("authorization", "")}
        )
        return fields

    def approve(self, fields: dict[str, str], code: str, **more: str) -> Response:
        """Send the browser back with a code; `answer` of the state changes what is said, null takes it away."""
        self.codes[code] = fields
        said = {"code": code, "state": fields.get("state", ""), **more} | (self.get("answer") or {})
        query = "&".join(f"{name}={value}" for name, value in said.items() if value is not None)
        return RedirectResponse(f"{self.get('redirect_to') or fields['redirect_uri']}?{query}", 302)

    def spend(self, fields: dict[str, str]) -> str:
        """Why a code is refused, "" when it is good: once, for who began (PKCE), back to the same address."""
        begun = self.codes.pop(fields.get("code", ""), None)
        if begun is None:
            return "no such code"
        digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != begun.get("code_challenge"):
            return "another code_verifier"
        if begun.get("code_challenge_method") != "S256" or begun["redirect_uri"] != fields.get("redirect_uri"):
            return "another redirect_uri"
        return "" if begun["client_id"] == self["client_id"] else "another client"
