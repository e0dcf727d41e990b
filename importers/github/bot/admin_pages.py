"""`/admin/github`: making the App, what it may do and where it is, whose repository is whose, what was delivered."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import Response

from forum import audit
from forum.database.engine import fetch
from forum.incoming.queries import latest_of
from forum.outside.github import Limited, Refused, Unsure, app_of, is_configured, web_address
from forum.outside.github_app import (
    PERMISSIONS,
    Known,
    Made,
    convert,
    deliveries,
    know,
    lacking,
    manifest,
    redeliver,
)
from forum.settings import APP_FILE, Settings, keep_app
from forum.web.errors import Conflict, Invalid
from forum.web.i18n import _
from forum.web.middleware import let_form_lead_to
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route
from importers.github.bot import installing, repositories
from importers.github.bot.repository_pages import form_page, save
from importers.github.records import REPOSITORY, read_time

PATH: Final = "/admin/github"
# A page does not wait longer for GitHub (seconds).
PATIENCE: Final = 5.0
# GitHub takes the code of a manifest for an hour.
STATE_FOR: Final = 3600
SHOWN: Final = 15
CODE_MOST: Final = 200


def state_for(settings: Settings, bearer: str, at: int) -> str:
    """What comes back from GitHub unchanged: good in this session alone, and for an hour."""
    signed = hmac.new(settings.secret_key.encode(), f"github-manifest:{at}:{bearer}".encode(), hashlib.sha256)
    return f"{at}.{signed.hexdigest()[:40]}"


def is_ours(settings: Settings, bearer: str, state: str, now: float) -> bool:
    at, _dot, _signed = state.partition(".")
    if not (bearer and at.isascii() and at.isdigit() and len(at) < 12 and 0 <= now - int(at) <= STATE_FOR):
        return False
    return hmac.compare_digest(state_for(settings, bearer, int(at)).encode(), state.encode())


@dataclass
class Told:
    """What GitHub told of the App just now; `problem` where it did not."""

    known: Known | None = None
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""


async def ask(settings: Settings) -> Told:
    """Ask GitHub about the App, without keeping a page waiting."""
    told = Told()
    try:
        async with asyncio.timeout(PATIENCE):
            app, now = app_of(settings), datetime.now(UTC)
            told.known = await know(app, now)
            told.deliveries = [
                one | {"at": read_time(one, "delivered_at")} for one in await deliveries(app, now, SHOWN)
            ]
    except (Refused, Limited, Unsure, TimeoutError) as error:
        told.problem = str(error) or _("no answer")
    return told


async def github(request: Request) -> Response:
    """The App as it stands, or the way to one."""
    settings = request.settings
    if not is_configured(settings):
        return await new_app(request)
    told = await ask(settings)
    guids = [str(one.get("guid") or "") for one in told.deliveries]
    arrived = await fetch("select foreign_id from incoming where source = 'github' and foreign_id = any($1)", guids)
    found = await repositories.all_installations()
    return await page(
        request,
        "github/admin_github.html",
        told=told,
        needed=PERMISSIONS,
        web=web_address(settings.github_api_base),
        app_id=settings.github_app_id,
        is_kept=(settings.data / APP_FILE).exists(),
        kept_at=settings.data / APP_FILE,
        door=f"{settings.base_url}/webhooks/github" if settings.github_webhook_secret else "",
        is_loopback=settings.is_loopback,
        installations=[(row, lacking(row["permissions"])) for row in found],
        repositories=await repositories.all_repositories(),
        incoming=await latest_of("github", SHOWN),
        arrived={row["foreign_id"] for row in arrived},
    )


async def new_app(request: Request) -> Response:
    """The form that GitHub makes an App of; it is sent there, so this page's forms may lead there."""
    settings = request.settings
    owner = request.query_params.get("owner", "").strip()[:100]
    faults = {}
    if owner and not REPOSITORY.fullmatch(f"{owner}/x"):
        faults["owner"] = _("This is no name of an organisation.")
    is_public = request.query_params.get("for", "all") != "own"
    web = web_address(settings.github_api_base)
    let_form_lead_to(request, web)
    place = f"/organizations/{owner}" if owner and not faults else ""
    state = state_for(settings, request.bearer, int(time.time()))
    wanted = manifest(settings.site_name, settings.base_url, is_public=is_public)
    return await page(
        request,
        "github/new_app.html",
        422 if faults else 200,
        address=f"{web}{place}/settings/apps/new?state={state}",
        manifest=json.dumps(wanted),
        wanted=wanted,
        needed=PERMISSIONS,
        reasons=reasons(),
        owner=owner,
        is_public=is_public,
        faults=faults,
        is_loopback=settings.is_loopback,
        kept_at=settings.data / APP_FILE,
    )


def reasons() -> dict[str, str]:
    """What each permission is for, as whoever is asked for it wants to know."""
    return {
        "issues": _("to move, answer, label and close them, and to make one of a bug"),
        "metadata": _("GitHub asks it of every App"),
        "discussions": _("to bring them in"),
        "contents": _("for issue templates alone"),
    }


async def made(request: Request) -> Response:
    """GitHub sends the admin back here with a code: the App's credentials are fetched with it, and kept."""
    settings, query = request.settings, request.query_params
    if is_configured(settings):
        return redirect(request, PATH, _("There is an App already."))
    code = query.get("code", "")
    if not code or len(code) > CODE_MOST or not is_ours(settings, request.bearer, query.get("state", ""), time.time()):
        return await not_made(
            request, _("This answer belongs to no App that was begun in this session, or it came too late.")
        )
    try:
        new = await convert(settings.github_api_base, code)
    except Refused as refused:
        return await not_made(request, _("GitHub refused: %(why)s") % {"why": refused.message})
    except Unsure as unsure:
        return await not_made(request, _("GitHub did not answer (%(why)s). Load this page again.") % {"why": unsure})
    try:
        keep(settings, new)
    except OSError as error:
        return await not_made(
            request, _("The App is made, but its key cannot be kept: %(why)s") % {"why": error.strerror or ""}
        )
    await audit.record("github_app_made", actor=request.reader.person, app=new.slug)
    return redirect(request, PATH, _("The App %(name)s is there. Now install it on repositories.") % {"name": new.name})


def keep(settings: Settings, new: Made) -> None:
    """Keep a new App's credentials in the data folder, from where every process of this machine reads them at once."""
    keep_app(
        settings.data,
        {
            "github_app_id": new.id,
            "github_app_private_key": new.key,
            "github_webhook_secret": new.webhook_secret,
            "github_client_id": new.client_id,
            "github_client_secret": new.client_secret,
            "github_bot_name": new.slug,
        },
    )


async def not_made(request: Request, message: str) -> Response:
    return await page(request, "github/not_made.html", 400, message=message)


async def refresh(request: Request) -> Response:
    """Ask GitHub where the App is installed."""
    require_app(request)
    try:
        async with asyncio.timeout(PATIENCE * 4):
            n = await installing.refresh(request.reader, app_of(request.settings))
    except (Refused, Limited, Unsure, TimeoutError) as error:
        raise Conflict(_("GitHub did not tell: %(why)s") % {"why": str(error) or _("no answer")}) from None
    return redirect(request, f"{PATH}#repositories", _("GitHub told of %(n)d repositories.") % {"n": n})


async def again(request: Request) -> Response:
    """Have GitHub deliver something once more."""
    require_app(request)
    delivery: int = request.path_params["delivery"]
    try:
        async with asyncio.timeout(PATIENCE):
            await redeliver(app_of(request.settings), delivery, datetime.now(UTC))
    except (Refused, Limited, Unsure, TimeoutError) as error:
        raise Conflict(_("GitHub did not: %(why)s") % {"why": str(error) or _("no answer")}) from None
    await audit.record("github_redelivery", actor=request.reader.person, subject=("github_delivery", delivery))
    return redirect(request, f"{PATH}#deliveries", _("GitHub delivers it again in a moment."))


def require_app(request: Request) -> None:
    if not is_configured(request.settings):
        raise Conflict(_("This site has no GitHub App yet."))


async def repository(request: Request) -> Response:
    """`/admin/github/repositories/{repository}`: its project, and how the bot behaves there."""
    row = await repositories.repository_by_id(request.path_params["repository"])
    return await form_page(request, row, f"{PATH}/repositories/{row['id']}")


async def map_one(request: Request) -> Response:
    """Let a repository belong to a project, or to none."""
    number: int = request.path_params["repository"]
    row = await repositories.repository_by_id(number)
    path = f"{PATH}/repositories/{number}"
    try:
        slug = request.fields.text("project", limit=40, required=False)
        request.fields.check()
        await repositories.map_repository(request.reader, number, slug)
    except Invalid as invalid:
        return await form_page(request, row, path, faults=invalid.errors, status=422)
    return redirect(request, path, _("Saved."))


async def behave(request: Request) -> Response:
    """Save how the bot behaves in a repository, or show what that would look like."""
    row = await repositories.repository_by_id(request.path_params["repository"])
    return await save(request, row, f"{PATH}/repositories/{row['id']}")


routes = [
    route("/admin/github", github, access="admin"),
    route("/admin/github/made", made, access="admin"),
    route("/admin/github/refresh", refresh, access="admin", methods=("POST",)),
    route("/admin/github/deliveries/{delivery:int}/again", again, access="admin", methods=("POST",)),
    route("/admin/github/repositories/{repository:int}", repository, access="admin"),
    route("/admin/github/repositories/{repository:int}", behave, access="admin", methods=("POST",)),
    route("/admin/github/repositories/{repository:int}/project", map_one, access="admin", methods=("POST",)),
]
