"""What machines ask: is the process up, is it ready, what may robots read, how is the site installed on a phone."""

import asyncpg
import structlog
from starlette.responses import JSONResponse, PlainTextResponse, Response

from forum.database.engine import fetch
from forum.database.pending import APP_NAME, known_migrations
from forum.web.assets import Assets
from forum.web.requests import Request
from forum.web.routing import route

log = structlog.get_logger()
UNREACHABLE = (OSError, RuntimeError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
# Doors and forms: nothing a search engine could find there.
CLOSED_TO_ROBOTS = ("/admin/", "/login", "/signup", "/logout", "/reset", "/confirm", "/preferences", "/search", "/api/")


async def healthz(request: Request) -> Response:
    """The process is up; asks nobody else."""
    return PlainTextResponse("up\n")


async def readyz(request: Request) -> Response:
    """200 when the database answers and has every migration this code brings, else 503 with what is missing."""
    try:
        done = {row["name"] for row in await fetch("select name from migration where app_name = $1", APP_NAME)}
    except UNREACHABLE as error:
        log.warning("database not reachable", error=str(error))
        return PlainTextResponse("The database does not answer.\n", 503)
    missing = sorted(set(known_migrations()) - done)
    if missing:
        return PlainTextResponse(f"Migrations missing: {', '.join(missing)}\n", 503)
    return PlainTextResponse("ready\n")


async def robots(request: Request) -> Response:
    """What crawlers should leave alone."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED_TO_ROBOTS)]
    lines.append(f"Sitemap: {request.settings.base_url}/sitemap.xml")
    return PlainTextResponse("\n".join(lines) + "\n", headers={"cache-control": "public, max-age=86400"})


async def manifest(request: Request) -> Response:
    """The web app manifest (W3C), for putting the site on a home screen."""
    name = request.settings.site_name
    body = {
        "name": name,
        "short_name": name[:12],
        "start_url": "/",
        "display": "minimal-ui",
        "icons": [{"src": Assets.current().url("favicon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    headers = {"content-type": "application/manifest+json", "cache-control": "public, max-age=86400"}
    return JSONResponse(body, headers=headers)


routes = [
    route("/healthz", healthz),
    route("/readyz", readyz),
    route("/robots.txt", robots),
    route("/manifest.webmanifest", manifest),
]
