"""Routes with the access they give, so that one test can walk all of them in every role."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Lifespan, Receive, Scope, Send

from forum.web.errors import Forbidden, NotFound, SignInFirst
from forum.web.requests import Request
from forum.web.switches import check_writable

# anybody: no reader needed (what is shown still asks visibility) · signed_in · team: of the project in the path ·
# admin, moderator: of the site · signed: no person, but bytes signed by another service, which the handler verifies
Access = Literal["anybody", "signed_in", "team", "admin", "moderator", "signed"]
Handler = Callable[[Request], Awaitable[Response]]


# What PostgreSQL's bigint holds; a number in a path may be longer.
BIGGEST = 2**63 - 1


class Endpoint:
    """One handler behind its access check, as an ASGI application."""

    def __init__(self, handler: Handler, access: Access, while_read_only: bool = False) -> None:
        self.handler = handler
        self.access = access
        self.while_read_only = while_read_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        reader = request.reader
        if any(isinstance(value, int) and value > BIGGEST for value in request.path_params.values()):
            raise NotFound
        if self.access not in ("anybody", "signed"):
            if not reader.is_signed_in:
                raise SignInFirst
            if self.access == "admin" and not reader.is_admin:
                raise NotFound
            if self.access == "moderator" and not reader.is_moderator:
                raise NotFound
            if self.access == "team" and not reader.roles:
                raise NotFound
        if request.is_write and not self.while_read_only:
            await check_writable(request)
        response = await self.handler(request)
        await response(scope, receive, send)


class AccessRoute(Route):
    """A route that says who it is for."""

    access: Access
    handler: Handler
    # what every address of it ends with: the many paths of the JSON cost a page's request nothing
    ending: str = ""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if self.ending and scope["type"] == "http" and not scope["path"].endswith(self.ending):
            return Match.NONE, {}
        try:
            return super().matches(scope)
        except ValueError:
            # a number of thousands of digits, which Python does not convert
            return Match.NONE, {}


def route(
    path: str,
    handler: Handler,
    *,
    access: Access = "anybody",
    methods: tuple[str, ...] = ("GET",),
    while_read_only: bool = False,
) -> AccessRoute:
    """A route from `path` to `handler`, for those with `access`. `while_read_only`: what it writes is still written
    while the site can only be read, or the handler asks `check_writable` itself, since it can keep what was typed."""
    endpoint: Any = Endpoint(handler, access, while_read_only)
    made = AccessRoute(path, endpoint, methods=list(methods), name=handler.__name__)
    # Starlette leaves the methods of an ASGI endpoint open
    made.methods = {*methods, "HEAD"} if "GET" in methods else set(methods)
    # `$` also matches before a line's end, which would make a second address of every page
    made.path_regex = re.compile(made.path_regex.pattern.removesuffix("$") + r"\Z")
    made.access = access
    made.ending = path.rpartition("}")[2]
    made.handler = handler
    return made


class FirstWord:
    """Routes by the first word of the path, then as Starlette does, in their order: a site has two hundred of them, and
    asking each costs more than a kept page."""

    def __init__(self, routes: Sequence[BaseRoute], lifespan: Lifespan[Any] | None = None) -> None:
        def router(among: list[BaseRoute]) -> Router:
            return Router(among, redirect_slashes=False, lifespan=lifespan)

        said = [(first_word(each), each) for each in routes]
        words = {word for word, _route in said if word is not None}
        self.routers = {word: router([each for of, each in said if of in (word, None)]) for word in words}
        # what begins with another word, and what is no request (the lifespan)
        self.rest = router([each for of, each in said if of is None])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        word = scope.get("path", "").partition("/")[2].partition("/")[0]
        await self.routers.get(word, self.rest)(scope, receive, send)


def page_above(scope: Scope) -> str:
    """The nearest page above an address that only takes forms, such as a thread for `/t/12/replies`; "" where there is none.

    Addresses alone are looked at, so this says nothing of what is there for whom.
    """
    routes, path = scope["router"].routes, scope["path"].rpartition("/")[0]
    while path:
        asked = {**scope, "path": path, "method": "GET", "path_params": {}}
        if any(route.matches(asked)[0] is Match.FULL for route in routes):
            return str(path)
        path = path.rpartition("/")[0]
    return ""


def first_word(route: BaseRoute) -> str | None:
    """What every path of a route begins with; None where that differs."""
    word = getattr(route, "path", "/{").partition("/")[2].partition("/")[0]
    return None if "{" in word else word


def need(allowed: bool) -> None:
    """Raises Forbidden where the reader may see the thing but not do this to it."""
    if not allowed:
        raise Forbidden
