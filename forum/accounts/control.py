"""Whether somebody administers a repository or an organisation on GitHub: asked with a token that is then given back.

Sources: docs.github.com, "Get a repository" (`permissions`), "Get an organization membership for the authenticated user",
"Delete an app token", "Scopes for OAuth apps".
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

import httpx2
import structlog

from forum.accounts.providers import (
    MOST,
    SECONDS,
    UNREADABLE,
    GitHub,
    NotProven,
    Secrets,
    code_for_token,
    silent,
    text_of,
    untrue,
)
from forum.outside.trust import trust
from forum.web.i18n import _

log = structlog.get_logger()
What = Literal["repository", "organisation"]
# What everybody may read of a public repository says what its reader may do there; memberships are told with `read:org`.
SCOPES: Mapping[What, str] = {"repository": "", "organisation": "read:org"}
HEADERS = {"accept": "application/vnd.github+json", "x-github-api-version": "2022-11-28", "user-agent": "haas"}
# Not there, not any more, or not for who asks.
ABSENT = (301, 302, 307, 308, 403, 404, 410, 451)


@dataclass(frozen=True)
class Control:
    """What GitHub says of somebody and a place: who (`login`), and the unchanging numbers of the place and its owner."""

    login: str
    place: int
    owner: int


class Gone(Exception):
    """The place is not there any more, or is another one by now."""


class Silent(Exception):
    """GitHub did not answer, or not so that it says anything."""


async def read(speaker: Any, url: str) -> tuple[int, Any]:
    """Status and JSON (None for an absence) at an address. Raises ValueError where there is neither."""
    answer = await speaker.get(url, headers=HEADERS)
    if answer.status_code in ABSENT and answer.headers.get("x-ratelimit-remaining") != "0":
        return answer.status_code, None
    if answer.status_code != 200:
        raise ValueError(f"status {answer.status_code}")
    if len(answer.content) > MOST:
        raise ValueError("the answer is too large")
    told = answer.json()
    if not isinstance(told, dict):
        raise ValueError("the answer is no object")
    return 200, told


def number_in(told: Any, *names: str) -> int:
    """The number under these names, one within the other. Raises ValueError."""
    for name in names:
        told = told.get(name) if isinstance(told, dict) else None
    if type(told) is not int or told <= 0:
        raise ValueError("there is no number")
    return told


async def ask_control(github: GitHub, made: Secrets, redirect_uri: str, code: str, what: What, place: str) -> Control:
    """That who brings the code is an administrator of `place` (OWNER/REPO, or an organisation's login).

    Raises NotProven: not an administrator, not there, or GitHub did not say.
    """
    try:
        async with asyncio.timeout(SECONDS), github.speaker() as speaker:
            url = f"{github.web}/login/oauth/access_token"
            await code_for_token(speaker, url, made, redirect_uri, code, github.label)
            try:
                _status, user = await read(speaker, f"{github.api}/user")
                login = text_of((user or {}).get("login"), 100)
                number_in(user, "id")
                if what == "repository":
                    return await administers_repository(speaker, github, place, login)
                return await administers_organisation(speaker, github, place, login)
            finally:
                await give_back(github, str(speaker.token.get("access_token", "")))
    except UNREADABLE as error:
        raise silent(github.label, type(error).__name__) from None


async def administers_repository(speaker: Any, github: GitHub, place: str, login: str) -> Control:
    status, told = await read(speaker, f"{github.api}/repos/{quote(place, safe='/')}")
    if told is None:
        message = _("GitHub shows no repository %(place)s to %(login)s. If it was renamed, write its present address.")
        raise NotProven(message % {"place": place, "login": login}, f"repository: status {status}", 422)
    if str(told.get("full_name", "")).casefold() != place.casefold():
        raise untrue(github.label, "it is another repository")
    if told.get("private") is not False:
        message = _("%(place)s is not public on GitHub. An open-source project has a public repository.")
        raise NotProven(message % {"place": place}, "repository is private", 422)
    permissions = told.get("permissions")
    if not isinstance(permissions, dict) or permissions.get("admin") is not True:
        message = _("%(login)s is signed in at GitHub, and does not administer %(place)s. Who does can show it here.")
        raise NotProven(message % {"place": place, "login": login}, "no admin permission", 422)
    return Control(login, number_in(told, "id"), number_in(told, "owner", "id"))


async def administers_organisation(speaker: Any, github: GitHub, place: str, login: str) -> Control:
    status, told = await read(speaker, f"{github.api}/user/memberships/orgs/{quote(place, safe='')}")
    if told is None:
        message = _(
            "GitHub does not say that %(login)s is a member of %(place)s. An organisation can refuse to tell this site:"
            " its settings list it under third-party access."
        )
        raise NotProven(message % {"place": place, "login": login}, f"membership: status {status}", 422)
    organisation = told.get("organization")
    named = organisation.get("login") if isinstance(organisation, dict) else None
    if str(named or "").casefold() != place.casefold():
        raise untrue(github.label, "it is another organisation")
    if told.get("state") != "active" or told.get("role") != "admin":
        message = _(
            "%(login)s is signed in at GitHub, and does not own the organisation %(place)s. Who does can show it."
        )
        raise NotProven(message % {"place": place, "login": login}, "no admin role", 422)
    number = number_in(told, "organization", "id")
    return Control(login, number, number)


async def give_back(github: GitHub, token: str) -> None:
    """Have the token forgotten at GitHub, too; it is not kept here, whether that works or not."""
    try:
        async with plain(github) as client:
            await client.request(
                "DELETE", f"{github.api}/applications/{github.client_id}/token", json={"access_token": token}
            )
    except UNREADABLE as error:
        log.info("a token was not given back", why=type(error).__name__)


def plain(github: GitHub) -> httpx2.AsyncClient:
    """A client that asks as this site's OAuth app, and as nobody in particular."""
    auth = (github.client_id, github.client_secret) if github.client_id and github.client_secret else None
    return httpx2.AsyncClient(
        auth=auth, headers=HEADERS, timeout=SECONDS, trust_env=False, verify=trust(), follow_redirects=False
    )


async def still_there(github: GitHub, what: What, place: str, number: int, owner: int) -> None:
    """That a place is public still, under this name, and has the numbers it had, its owner's too: without a token that is
    all that GitHub tells. Raises Gone, Silent."""
    path = f"/repos/{quote(place, safe='/')}" if what == "repository" else f"/orgs/{quote(place, safe='')}"
    try:
        async with asyncio.timeout(SECONDS), plain(github) as client:
            status, told = await read(client, github.api + path)
            if status == 403:
                # a limit that says nothing of the place
                raise ValueError("status 403")
            if told is None:
                raise Gone
            owned_by = number_in(told, "owner", "id") if what == "repository" else number
            if (number_in(told, "id"), owned_by) != (number, owner) or told.get("private") is True:
                raise Gone
    except UNREADABLE as error:
        raise Silent(type(error).__name__) from None
