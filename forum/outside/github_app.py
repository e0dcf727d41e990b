"""The App itself: making it from a manifest, what it may do and where it is installed, GitHub's list of its deliveries.

Sources: docs.github.com, "Registering a GitHub App from a manifest", "Handling failed webhook deliveries".
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import httpx

from forum.outside.github import A_PAGE, MOST_PAGES, SILENCE, VERSION, App, Refused, Unsure, call, member, words_of
from forum.outside.trust import trust

# What the bot, the import and the promotion (issue templates are files) need, and which events they hear of (installations
# are told unasked).
PERMISSIONS: Final[dict[str, str]] = {"issues": "write", "metadata": "read", "discussions": "read", "contents": "read"}
EVENTS: Final = ("issues", "issue_comment", "label", "milestone", "repository", "discussion", "discussion_comment")
RANKS: Final = ("none", "read", "write", "admin")


@dataclass(frozen=True)
class Known:
    """The App as GitHub knows it: `missing` permissions (name, what is needed) and events."""

    name: str
    slug: str
    page: str
    permissions: dict[str, str]
    events: tuple[str, ...]

    @property
    def missing(self) -> list[tuple[str, str]]:
        return lacking(self.permissions)

    @property
    def missing_events(self) -> list[str]:
        return [event for event in EVENTS if event not in self.events]


def lacking(granted: dict[str, Any]) -> list[tuple[str, str]]:
    """The permissions, of those needed, that are not granted: (name, least grant)."""

    def rank(told: Any) -> int:
        return RANKS.index(told) if told in RANKS else 0

    return [(name, least) for name, least in PERMISSIONS.items() if rank(granted.get(name)) < rank(least)]


@dataclass(frozen=True)
class Installed:
    """Where the App is installed: an account, and its repositories as (id, OWNER/REPO, whether private)."""

    id: int
    account: str
    permissions: dict[str, str]
    is_suspended: bool
    repositories: tuple[tuple[int, str, bool], ...]


async def know(app: App, now: datetime) -> Known:
    """The App as GitHub knows it by our key. Raises Refused, Limited, Unsure."""
    told = await call(app, "GET", "/app", app.proof(now), now)
    permissions, events = told.get("permissions"), told.get("events")
    return Known(
        str(member(told, "name")),
        str(told.get("slug") or ""),
        str(told.get("html_url") or ""),
        {str(k): str(v) for k, v in permissions.items()} if isinstance(permissions, dict) else {},
        tuple(str(event) for event in events) if isinstance(events, list) else (),
    )


async def installations(app: App, now: datetime) -> list[Installed]:
    """Where the App is installed, with the repositories it may see there. Raises Refused, Limited, Unsure."""
    found = []
    for row in await pages_of(app, "/app/installations", app.proof(now), now, ""):
        number, account = member(row, "id"), row.get("account")
        login = str(account.get("login") or "") if isinstance(account, dict) else ""
        granted = row.get("permissions")
        permissions = {str(k): str(v) for k, v in granted.items()} if isinstance(granted, dict) else {}
        is_suspended = row.get("suspended_at") is not None
        repositories: tuple[tuple[int, str, bool], ...] = ()
        if not is_suspended:
            wanted = {"permissions": {"metadata": "read"}}
            path = f"/app/installations/{number}/access_tokens"
            token = str(member(await call(app, "POST", path, app.proof(now), now, body=wanted), "token"))
            rows = await pages_of(app, "/installation/repositories", token, now, "repositories")
            repositories = tuple(named(each) for each in rows)
        found.append(Installed(number, login, permissions, is_suspended, repositories))
    return found


def named(row: Any) -> tuple[int, str, bool]:
    """A repository out of a row: its number, OWNER/REPO, whether it is private."""
    number = member(row, "id")
    if type(number) is not int:
        raise Unsure("the answer is no repository")
    return number, str(member(row, "full_name")), row.get("private") is not False


async def pages_of(app: App, path: str, token: str, now: datetime, key: str) -> list[Any]:
    """All rows of a list, or of the list that each page has under `key`."""
    found: list[Any] = []
    for page in range(1, MOST_PAGES + 1):
        told = await call(app, "GET", path, token, now, params={"per_page": A_PAGE, "page": page})
        rows = member(told, key) if key else told
        if not isinstance(rows, list):
            raise Unsure("the answer is no list")
        found += rows
        if len(rows) < A_PAGE:
            break
    return found


async def deliveries(app: App, now: datetime, most: int = 20) -> list[dict[str, Any]]:
    """GitHub's own list of what it delivered, newest first. Raises Refused, Limited, Unsure."""
    rows = await call(app, "GET", "/app/hook/deliveries", app.proof(now), now, params={"per_page": most})
    if not isinstance(rows, list):
        raise Unsure("the answer is no list")
    return [row for row in rows if isinstance(row, dict) and type(row.get("id")) is int]


async def redeliver(app: App, delivery: int, now: datetime) -> None:
    """Have GitHub deliver once more. Raises Refused, Limited, Unsure."""
    await call(app, "POST", f"/app/hook/deliveries/{delivery}/attempts", app.proof(now), now)


def manifest(site: str, base_url: str, *, is_public: bool) -> dict[str, Any]:
    """What GitHub is asked to make the App of; `site`: its name there, at most 34 characters."""
    return {
        "name": site[:34],
        "url": base_url,
        "hook_attributes": {"url": f"{base_url}/webhooks/github", "active": True},
        "redirect_url": f"{base_url}/admin/github/made",
        "callback_urls": [f"{base_url}/login/with/github/callback"],
        "public": is_public,
        "default_permissions": PERMISSIONS,
        "default_events": list(EVENTS),
    }


@dataclass(frozen=True)
class Made:
    """A new App's credentials, told once."""

    id: str
    slug: str
    name: str
    page: str
    client_id: str
    client_secret: str
    webhook_secret: str
    key: str


async def convert(api_base: str, code: str) -> Made:
    """Exchange the code of a manifest for the App's credentials, once and within an hour. Raises Refused, Unsure."""
    headers = {"accept": "application/vnd.github+json", "x-github-api-version": VERSION, "user-agent": "haas"}
    try:
        async with httpx.AsyncClient(trust_env=False, verify=trust(), timeout=SILENCE) as client:
            path = f"{api_base}/app-manifests/{quote(code, safe='')}/conversions"
            answer = await client.post(path, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Unsure(f"no answer ({type(error).__name__})") from None
    if answer.status_code >= 500:
        raise Unsure(f"status {answer.status_code}")
    if answer.status_code != 201:
        raise Refused(answer.status_code, words_of(answer))
    try:
        told = answer.json()
    except ValueError:
        raise Unsure("the answer is not JSON") from None
    return Made(
        str(member(told, "id")),
        str(member(told, "slug")),
        str(member(told, "name")),
        str(told.get("html_url") or ""),
        str(member(told, "client_id")),
        str(member(told, "client_secret")),
        str(member(told, "webhook_secret")),
        str(member(told, "pem")),
    )
