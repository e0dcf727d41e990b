"""Answering with a page: the layout's context, redirects, notices that outlive one redirect."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from forum.web import parts
from forum.web.assets import Assets
from forum.web.i18n import _
from forum.web.middleware import set_cookie
from forum.web.requests import Request
from forum.web.templates import environment

FLASH = "haas_flash"
THEME = "haas_theme"
# The first words of the pages that are about coming in and going out: nobody is headed there.
DOORS = frozenset({"login", "signup", "logout", "reset", "confirm", "address"})


def theme_of(request: Request) -> str:
    theme = request.reader.theme or request.scope["haas.cookies"].get(THEME, "")
    return theme if theme in ("light", "dark") else ""


async def layout_context(request: Request) -> dict[str, Any]:
    """What the layout of every page shows, read for this reader."""
    cookies = request.scope["haas.cookies"]
    flash = [("good", unquote(cookies[FLASH])[:600])] if FLASH in cookies else []
    if flash:
        set_cookie(request, FLASH, "", 0)
    top_bar, dock = await parts.load_bars(request.scope["path"], request.reader)
    return {
        "site": request.settings.site_name,
        "base_url": request.settings.base_url,
        "reader": request.reader,
        "csrf": request.csrf_token if request.reader.is_signed_in else "",
        "theme": theme_of(request),
        "path": request.scope["path"],
        # a page that is looked at is told by the browser, so that it stays the same for all guests
        "back_to": page_before(request) if request.is_write else "/",
        "assets": Assets.current(),
        "now": datetime.now(UTC),
        "flash": flash,
        "top_bar": top_bar,
        "dock_items": dock,
        "top_banner": await parts.load("top_banner", request),
        "page_modules": (),
        "account_links": account_links(request) if request.reader.is_signed_in else (),
        "footer_links": footer_links(),
    }


def account_links(request: Request) -> list[tuple[str, str, str]]:
    """The menu behind the avatar: address, icon, text."""
    links = [(f"/u/{request.reader.username}/preferences", "filter", _("Preferences"))]
    admins = [
        ("/admin/site", "globe", _("Site")),
        ("/admin/mail", "mail", _("Mail")),
        ("/admin/incoming", "download", _("Incoming")),
        ("/admin/claims", "claim", _("Claims")),
        ("/admin/github", "issue", _("GitHub App")),
        ("/admin/terms", "doc", _("Terms")),
    ]
    return links + (admins if request.reader.is_admin else [])


def footer_links() -> list[tuple[str, str]]:
    """What stands below every page: address, text."""
    return [
        ("/about", _("About")),
        ("/guidelines", _("Guidelines")),
        ("/tos", _("Terms")),
        ("/privacy", _("Privacy")),
    ]


async def page(request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """One page in the layout."""
    base = await layout_context(request)
    return HTMLResponse(environment.get_template(template).render({**base, **context}), status)


async def swap(request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """One fragment for htmx, out of the same file that the page includes."""
    base = {
        "reader": request.reader,
        "csrf": request.csrf_token if request.reader.is_signed_in else "",
        "assets": Assets.current(),
        "now": datetime.now(UTC),
        "path": request.scope["path"],
    }
    return HTMLResponse(environment.get_template(template).render({**base, **context}), status)


def redirect(request: Request, path: str, notice: str = "") -> Response:
    """After a write: 303 to a page of this site, with a notice shown there once."""
    if notice:
        set_cookie(request, FLASH, quote(notice), 60)
    return RedirectResponse(local_path(path), 303)


def came_from(request: Request) -> str:
    """The page of this site on which the form stood, as the browser says; else the front page."""
    try:
        referer = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    if referer.netloc != request.headers.get("host"):
        return "/"
    return local_path(referer.path + (f"?{referer.query}" if referer.query else ""))


def page_before(request: Request) -> str:
    """Where whoever signs in or up from this page comes back to: the page that led to it, unless it is one of the doors."""
    before = came_from(request)
    return "/" if before[1:].partition("?")[0].partition("/")[0] in DOORS else before


def asked_back(request: Request) -> str:
    """Where an act is to lead back to: the page of this site that its form or address names as `back`; "" for none."""
    named = request.fields.get("back", "") or request.query_params.get("back", "")
    return named if named.startswith("/") and local_path(named) == named else ""


def local_path(path: str) -> str:
    """`path` if it is one of this site, else the front page: redirects never leave the site (trust.md B40)."""
    plain = path.startswith("/") and not path.startswith("//") and len(path) <= 2000
    return path if plain and "\\" not in path and path.isprintable() else "/"
