"""The kernel around the routes: reader, CSRF, body limits, errors as pages or problem details, headers."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from urllib.parse import parse_qs, quote

import asyncpg
import structlog
from starlette.datastructures import Headers, MutableHeaders, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forum.settings import Settings, with_new_app
from forum.web import csrf, i18n, sessions
from forum.web.errors import (
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    ReadOnly,
    SignedOut,
    SignInFirst,
    TooLarge,
    TooMany,
    WrongType,
)
from forum.web.keys import read_api_key
from forum.web.reader import GUEST, Reader
from forum.web.requests import Form, Request
from forum.web.routing import page_above

log = structlog.get_logger()
BODY_LIMIT = 1_000_000
# Where other services write, whose requests are signed over their bytes, and where mail programs do, whose address is the
# secret: no cookie or key of a person counts there, so no form token is needed, and no type of body is refused before its
# signature is seen.
SIGNED = ("/webhooks/", "/unsubscribe/")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# theme.js writes this one as well, which it could not do to a hidden cookie
SCRIPTED = frozenset({"haas_theme"})
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
RAW_HEADERS = [(k.encode(), v.encode()) for k, v in HEADERS.items()]
ErrorPage = Callable[[Request, Problem], Awaitable[Response]]


def cookies_of(scope: Scope) -> dict[str, str]:
    for name, value in scope["headers"]:
        if name == b"cookie":
            return cookie_parser(value.decode("latin-1"))
    return {}


class Kernel:
    """Pure ASGI; everything inside may rely on the reader and on a body that is there and not too large."""

    def __init__(self, app: ASGIApp, settings: Settings, error_page: ErrorPage) -> None:
        self.app = app
        self.settings = settings
        self.error_page = error_page

    def current_settings(self) -> Settings:
        """The settings, with an App that was made since they were read."""
        if not self.settings.github_app_id:
            self.settings = with_new_app(self.settings)
        return self.settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/static/"):
            scope["haas.settings"] = self.settings
            await self.app(scope, receive, send)
            return
        began = False

        async def send_with_headers(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                self.finish(scope, message)
            await send(message)

        scope["haas.reader"] = GUEST
        scope["haas.bearer"] = ""
        # the router then raises what it cannot answer, and it is told like everything else
        scope["app"] = self
        try:
            receive = await self.prepare(scope, receive)
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            if began:
                raise
            response = await self.answer(Request(scope), error)
            await response(scope, receive, send_with_headers)

    async def prepare(self, scope: Scope, receive: Receive) -> Receive:
        """Find the reader, read the body of a write within its limit, refuse it without its token."""
        cookies = cookies_of(scope)
        scope["haas.cookies"] = cookies
        if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
            # no row has a NUL in it, and PostgreSQL refuses the question
            raise NotFound
        headers = dict(scope["headers"])
        if scope["path"].startswith(SIGNED):
            return replay(await read_body(scope, headers, receive))
        by_key = b"api-key" in headers
        if by_key:
            scope["haas.reader"] = await read_api_key(
                headers[b"api-key"].decode("latin-1"),
                headers.get(b"api-username", b"").decode("latin-1"),
                may_act_for=scope["method"] not in SAFE,
            )
        elif token := cookies.get(sessions.COOKIE):
            scope["haas.reader"] = await sessions.read_session(token)
            scope["haas.bearer"] = token if scope["haas.reader"].is_signed_in else ""
            if scope["haas.reader"].is_renewed:
                set_cookie(Request(scope), sessions.COOKIE, token, int(sessions.LIFETIME.total_seconds()))
        if not scope["haas.bearer"]:
            scope["haas.bearer"] = cookies.get(csrf.GUEST_COOKIE, "")
        reader: Reader = scope["haas.reader"]
        i18n.current.set(reader.locale or "en")
        if scope["method"] in SAFE:
            return receive
        body = await read_body(scope, headers, receive)
        kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        fields: dict[str, list[str]] = {}
        if kind == b"application/x-www-form-urlencoded":
            try:
                fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=200)
            except ValueError:
                raise Invalid("The form cannot be read.") from None
        elif kind == b"multipart/form-data":
            fields = await read_parts(headers[b"content-type"].decode("latin-1"), body)
        elif body and kind != b"application/json":
            raise WrongType
        scope["haas.form"] = Form(fields)
        if not by_key:
            sent = headers.get(csrf.HEADER, b"").decode("latin-1") or (fields.get(csrf.FIELD) or [""])[-1]
            if not csrf.matches(self.settings.secret_key, scope["haas.bearer"], sent):
                if reader.is_signed_in or not sent.startswith(csrf.OF_SESSION) or not self.is_from_here(headers):
                    told = i18n.gettext("This page was open too long. Your text is kept: reload and send again.")
                    raise Forbidden(told)
                if scope["path"] not in csrf.SO_ALREADY:
                    raise SignedOut
        return replay(body)

    def is_from_here(self, headers: dict[bytes, bytes]) -> bool:
        """Whether no other site sent this: its words are not to be taken for the reader's own."""
        base = self.settings.base_url.encode()
        own = (base, base.partition(b"//")[0] + b"//" + headers.get(b"host", b""))
        return headers.get(b"sec-fetch-site") != b"cross-site" and headers.get(b"origin", own[0]) in own

    def finish(self, scope: Scope, message: Message) -> None:
        """Add the headers every answer has; personal and failed answers are never kept by anybody."""
        headers = message.setdefault("headers", [])
        names = {name for name, _value in headers}
        # an answer may have a stricter policy, or a page one for what it frames
        headers.extend(RAW_HEADERS[b"content-security-policy" in names :])
        raw = MutableHeaders(raw=headers)
        if "haas.form_leads_to" in scope:
            raw["content-security-policy"] = CSP.replace("form-action", f"form-action {scope['haas.form_leads_to']}")
        personal = "haas.personal" in scope or "haas.set_cookies" in scope
        if personal or scope["haas.reader"].is_signed_in or message["status"] >= 400:
            raw["cache-control"] = "private, no-store"
        elif b"cache-control" not in names:
            headers.append((b"cache-control", b"no-cache"))
        if message["status"] == 503 and "retry-after" not in raw:
            # a page that comes back with what was typed says it as well
            raw["retry-after"] = str(ReadOnly.retry_after)
        if "haas.new_guest" in scope:
            raw.append("set-cookie", self.cookie(csrf.GUEST_COOKIE, scope["haas.new_guest"], None))
        for cookie in scope.get("haas.set_cookies", ()):
            raw.append("set-cookie", self.cookie(*cookie))

    def cookie(self, name: str, value: str, seconds: int | None) -> str:
        age = "" if seconds is None else f"; Max-Age={seconds}"
        secure = "; Secure" if self.settings.is_https else ""
        hidden = "" if name in SCRIPTED else "; HttpOnly"
        return f"{name}={value}; Path=/{hidden}; SameSite=Lax{age}{secure}"

    async def answer(self, request: Request, error: Exception) -> Response:
        """Turn what was raised into what the person, or the program, is told."""
        headers: dict[str, str] = {}
        if isinstance(error, asyncpg.DataError):
            # a number or a character that no column can hold: nothing has it as its id, no form may hold it
            error = NotFound() if request.method in SAFE else Invalid(i18n.gettext("Something in it cannot be kept."))
        if isinstance(error, HTTPException):
            if (
                error.status_code == 405
                and request.method in ("GET", "HEAD")
                and not (request.wants_json or request.is_htmx)
            ):
                # whoever reloads what a form was answered with has the address that the form was sent to
                if above := page_above(request.scope):
                    query = f"?{request.url.query}" if request.url.query else ""
                    return RedirectResponse(quote(above) + query, 303)
                error.detail = i18n.gettext("This address only takes what a form sends.")
            headers.update(error.headers or {})
            told = NotFound() if error.status_code == 404 else Problem(error.detail)
            told.status = error.status_code
            error = told
        if not isinstance(error, Problem):
            log.error("unhandled", path=request.scope["path"], exc_info=error)
            error = Problem(i18n.gettext("Something broke on our side. Nothing you wrote is lost; try again."))
            error.status, error.kind = 500, "broken"
        if isinstance(error, TooMany | ReadOnly):
            headers["retry-after"] = str(error.retry_after)
        if request.wants_json:
            return problem_details(request, error, headers)
        if isinstance(error, SignInFirst) and request.method in SAFE and not request.is_htmx:
            path = request.scope["path"] + ("?" + request.url.query if request.url.query else "")
            return RedirectResponse("/login?next=" + quote(path), 303)
        response = await self.error_page(request, error)
        response.headers.update(headers)
        return response


def problem_details(request: Request, error: Problem, headers: dict[str, str]) -> Response:
    """RFC 9457 for our own JSON, Discourse's shape for the paths that are Discourse's."""
    if request.scope["path"].startswith(("/api/", "/webhooks/")):
        body: dict[str, object] = {"type": f"/problems/{error.kind}", "title": error.message, "status": error.status}
        if isinstance(error, Invalid):
            body["errors"] = error.errors
        return JSONResponse(body, error.status, {**headers, "content-type": "application/problem+json"})
    told = [error.message]
    if isinstance(error, Invalid):
        told = [f"{field}: {sentence}" if field else sentence for field, sentence in error.errors.items()]
    return JSONResponse({"errors": told, "error_type": error.kind}, error.status, headers)


def replay(body: bytes) -> Receive:
    """Hands on a body that was read."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def read_body(scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> bytes:
    """The whole body. Raises TooLarge."""
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > BODY_LIMIT:
        raise TooLarge
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_LIMIT:
            raise TooLarge
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def let_form_lead_to(request: Request, origin: str) -> None:
    """Let the one form of this answer be sent to another site (scheme and host); every other page's leads here alone."""
    request.scope["haas.form_leads_to"] = origin


def set_cookie(request: Request, name: str, value: str, seconds: int | None) -> None:
    """Have the answer set a cookie (seconds None: until the browser closes; 0: remove it)."""
    request.scope.setdefault("haas.set_cookies", []).append((name, value, seconds))


async def read_parts(kind: str, body: bytes) -> dict[str, list[str]]:
    """The fields of a form with files; a file is its text, whatever bytes it has, and none where none was chosen.
    Raises WrongType where it cannot be read."""

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        parser = MultiPartParser(
            Headers({"content-type": kind}), whole(), max_files=20, max_fields=200, max_part_size=BODY_LIMIT
        )
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        raise WrongType from None
    fields: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            value = (await value.read()).decode(errors="replace")
        fields.setdefault(name, []).append(value)
    await form.close()
    return fields
