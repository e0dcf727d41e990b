"""The pages of words that every site has: about, terms, privacy, guidelines, keyboard."""

from markupsafe import Markup
from starlette.responses import Response

from forum.accounts.queries import site_terms
from forum.markup import cook
from forum.web.pages import page
from forum.web.requests import Request
from forum.web.routing import route


async def about(request: Request) -> Response:
    return await page(request, "accounts/about.html")


async def tos(request: Request) -> Response:
    """The site's terms in force."""
    terms = await site_terms()
    return await page(request, "accounts/tos.html", terms=terms, text=Markup(cook(terms["body"]).html))


async def privacy(request: Request) -> Response:
    return await page(request, "accounts/privacy.html")


async def guidelines(request: Request) -> Response:
    return await page(request, "accounts/guidelines.html")


async def keyboard(request: Request) -> Response:
    return await page(request, "keyboard.html")


routes = [
    route("/about", about),
    route("/tos", tos),
    route("/privacy", privacy),
    route("/guidelines", guidelines),
    route("/keyboard", keyboard),
]
