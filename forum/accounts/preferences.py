"""How the site looks and behaves for one person: name, theme, keyboard shortcuts."""

from collections.abc import Mapping

from starlette.responses import Response

from forum.accounts import actions
from forum.accounts.claims import claims_of
from forum.accounts.identities import has_password, identities_of
from forum.accounts.providers import known_providers
from forum.accounts.queries import accepted_terms, email_of
from forum.web import parts
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.middleware import set_cookie
from forum.web.pages import THEME, came_from, page, redirect
from forum.web.requests import Request
from forum.web.routing import route

THEMES = ("", "light", "dark")
YEAR = 365 * 24 * 3600


def remember_theme(request: Request, theme: str) -> None:
    """Keep the theme in the browser too, so that it stays after signing out."""
    set_cookie(request, THEME, theme, YEAR if theme else 0)


def own(request: Request) -> None:
    """Raises NotFound on the preferences of somebody else."""
    if request.path_params["username"].lower() != request.reader.username.lower():
        raise NotFound


async def preferences(request: Request) -> Response:
    """The form, as things are."""
    own(request)
    reader = request.reader
    values = {"name": reader.name, "theme": reader.theme, "shortcuts": reader.shortcuts}
    return await preferences_page(request, values, {})


async def preferences_page(request: Request, values: Mapping[str, object], errors: Mapping[str, str]) -> Response:
    person, settings = request.reader.person, request.settings
    known, rows = known_providers(settings), await identities_of(person)
    identities = [dict(row) | {"label": known.get(row["provider"], row["provider"])} for row in rows]
    has = {each["label"] for each in identities}
    return await page(
        request,
        "accounts/preferences.html",
        422 if errors else 200,
        values=values,
        errors=errors,
        email=await email_of(request.reader),
        identities=identities,
        has_password=await has_password(person),
        ways_in=[way for way in settings.ways_in if way[1] not in has],
        claims=await claims_of(person),
        accepted=await accepted_terms(person),
        more=await parts.load("preferences", request),
    )


async def prefer(request: Request) -> Response:
    """Keep what was chosen."""
    own(request)
    form = request.fields
    name = form.text("name", limit=1000, required=False)
    theme = form.choice("theme", THEMES)
    shortcuts = "shortcuts" in form
    try:
        form.check()
        await actions.prefer(request.reader, name=name, theme=theme, shortcuts=shortcuts)
    except Invalid as problem:
        return await preferences_page(request, {"name": name, "theme": theme, "shortcuts": shortcuts}, problem.errors)
    remember_theme(request, theme)
    return redirect(request, f"/u/{request.reader.username}/preferences", _("Your preferences are kept."))


async def switch_theme(request: Request) -> Response:
    """Light or dark for anybody, and with the account for who has one; back to the page, or 204 to a script."""
    theme = request.fields.choice("theme", THEMES)
    request.fields.check()
    remember_theme(request, theme)
    if request.reader.is_signed_in and "read_only" not in request.reader.switches:
        await actions.set_theme(request.reader, theme)
    by_script = request.is_htmx or "text/html" not in request.headers.get("accept", "")
    return Response(status_code=204) if by_script else redirect(request, came_from(request))


routes = [
    route("/u/{username}/preferences", preferences, access="signed_in"),
    route("/u/{username}/preferences", prefer, access="signed_in", methods=("POST",)),
    route("/preferences/theme", switch_theme, methods=("POST",), while_read_only=True),
]
