"""GitHub's REST API as a GitHub App: who we are, tokens of its installations, issues; each answer is yes, no or unsure.

Sources: docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App", "Rate limits for the REST API", and the
official OpenAPI description.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from forum.outside.trust import trust
from forum.settings import Settings, settings

log = structlog.get_logger()
VERSION = "2022-11-28"
# Seconds without an answer.
SILENCE = 20.0
# What GitHub asks for where a secondary limit does not say when: at least a minute; and what we believe at most.
LEAST_WAIT, MOST_WAIT = timedelta(minutes=1), timedelta(days=1)
# A token is not used in its last minutes: what it began must end.
SPARE = timedelta(minutes=5)
A_PAGE, MOST_PAGES = 100, 30

REPOSITORY_URL = re.compile(
    r"https?://(?:www\.)?github\.com/([A-Za-z0-9][A-Za-z0-9-]*/(?!\.{1,2}/?$)[A-Za-z0-9_.-]+?)(?:\.git)?/?",
    re.IGNORECASE,
)


WEB: Final = "https://github.com"


def web_address(api_base: str) -> str:
    """Where people see the GitHub whose API this is (GitHub Enterprise Server: the host of its `/api/v3`)."""
    parts = urlsplit(api_base)
    return WEB if parts.hostname == "api.github.com" else f"{parts.scheme}://{parts.netloc}"


def web() -> str:
    """Where people see the GitHub that this site talks with."""
    return web_address(settings().github_api_base)


def repository_of(address: str) -> str:
    """OWNER/REPO out of a repository's address, "" where it is on neither github.com nor the GitHub of this site."""
    address = address.strip()
    if address.startswith(f"{web()}/"):
        address = WEB + address.removeprefix(web())
    found = REPOSITORY_URL.fullmatch(address)
    return found[1] if found else ""


class Refused(Exception):
    """GitHub said no, and did nothing: its status (0: it was not even asked) and its words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


class Limited(Exception):
    """Too many requests; nothing was done, and none is to be sent before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"limited until {until.isoformat(timespec='seconds')}")
        self.until = until


class Unsure(Exception):
    """No answer, or none that says: what was asked for may have been done."""


@dataclass(frozen=True)
class Issue:
    """An issue as GitHub names it."""

    number: int
    url: str
    id: int
    node_id: str


@dataclass(frozen=True)
class App:
    """The GitHub App of this site: its id (or client id), its private key, and the base address of the API."""

    id: str
    key: RSAKey
    base: str

    def proof(self, now: datetime) -> str:
        """A JWT that says who we are for nine minutes; issued a minute ago, since clocks differ."""
        claims = {"iat": int(now.timestamp()) - 60, "exp": int(now.timestamp()) + 540, "iss": self.id}
        return jwt.encode({"alg": "RS256"}, claims, self.key)


def is_configured(settings: Settings) -> bool:
    return bool(settings.github_app_id and settings.github_app_private_key)


@cache
def private_key(text: str) -> RSAKey:
    """The key out of its PEM, read once a process: checking one takes 50 ms. Raises JoseError, ValueError, TypeError."""
    key = RSAKey.import_key(text)
    if not key.is_private:
        raise ValueError("it is a public key")
    return key


def app_of(settings: Settings) -> App:
    """The App of these settings. Raises Refused where the key cannot be read."""
    text = settings.github_app_private_key.replace("\\n", "\n").strip() + "\n"
    try:
        key = private_key(text)
    except (JoseError, ValueError, TypeError) as error:
        log.warning("github app key unreadable", why=type(error).__name__)
        raise Refused(0, "GITHUB_APP_PRIVATE_KEY cannot be read: it must be the RSA private key in PEM") from None
    return App(settings.github_app_id, key, settings.github_api_base)


# Tokens by App, base and repository, until they expire. Each process asks for its own.
_tokens: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], tuple[str, datetime]] = {}


def forget_tokens() -> None:
    _tokens.clear()


def path_of(repository: str) -> str:
    return f"/repos/{quote(repository, safe='/')}"


WRITE_ISSUES: Final = (("issues", "write"),)
Permissions = tuple[tuple[str, str], ...]


async def token_for(app: App, repository: str, now: datetime, may: Permissions = WRITE_ISSUES) -> str:
    """A token that may do this in this repository and nothing else. Raises Refused, Limited, Unsure."""
    place = (app.base, app.id, repository.casefold(), may)
    kept = _tokens.get(place)
    if kept and kept[1] - SPARE > now:
        return kept[0]
    _tokens.pop(place, None)
    proof = app.proof(now)
    installation = member(await call(app, "GET", f"{path_of(repository)}/installation", proof, now), "id")
    wanted = {"repositories": [repository.partition("/")[2]], "permissions": dict(may)}
    path = f"/app/installations/{installation}/access_tokens"
    answer = await call(app, "POST", path, proof, now, body=wanted)
    token = str(member(answer, "token"))
    _tokens[place] = (token, moment(member(answer, "expires_at")))
    return token


async def with_token(
    app: App, repository: str, now: datetime, method: str, path: str, may: Permissions = WRITE_ISSUES, **sent: Any
) -> Any:
    """One call in the name of the installation; a kept token that is not taken any more is replaced, once."""
    place = (app.base, app.id, repository.casefold(), may)
    was_kept = place in _tokens
    token = await token_for(app, repository, now, may)
    try:
        return await call(app, method, path_of(repository) + path, token, now, **sent)
    except Refused as refused:
        _tokens.pop(place, None)
        if refused.status != 401 or not was_kept:
            raise
    token = await token_for(app, repository, now, may)
    return await call(app, method, path_of(repository) + path, token, now, **sent)


async def create_issue(
    app: App, repository: str, title: str, body: str, now: datetime, labels: Sequence[str] = ()
) -> Issue:
    """Make an issue. Raises Refused and Limited (there is none), Unsure (there may be one)."""
    sent = {"title": title, "body": body} | ({"labels": list(labels)} if labels else {})
    answer = await with_token(app, repository, now, "POST", "/issues", body=sent)
    return read_issue(answer)


async def find_issue(app: App, repository: str, marker: str, since: datetime, now: datetime) -> Issue | None:
    """The first issue, made since then, whose body holds `marker`. Raises Refused, Limited, Unsure."""
    found: Issue | None = None
    for page in range(1, MOST_PAGES + 1):
        asked = {"state": "all", "sort": "created", "direction": "desc", "per_page": A_PAGE, "page": page}
        rows = await with_token(app, repository, now, "GET", "/issues", params=asked)
        if not isinstance(rows, list):
            raise Unsure("the answer is no list")
        for row in rows:
            if "pull_request" not in row and marker in str(row.get("body") or ""):
                # newest first: whoever copied the text came later
                found = read_issue(row)
        if len(rows) < A_PAGE or moment(member(rows[-1], "created_at")) < since:
            return found
    raise Unsure("more issues were made meanwhile than can be looked through")


def member(told: Any, name: str) -> Any:
    """What an answer holds under this name. Raises Unsure where it does not."""
    if not isinstance(told, dict) or told.get(name) is None:
        raise Unsure(f"the answer has no {name}")
    return told[name]


def moment(text: Any) -> datetime:
    """A time as GitHub writes it, aware. Raises Unsure."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        raise Unsure("the answer holds a time that is none") from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def read_issue(row: Any) -> Issue:
    number, id_ = member(row, "number"), member(row, "id")
    if type(number) is not int or type(id_) is not int:
        raise Unsure("the answer is no issue")
    return Issue(number, str(member(row, "html_url")), id_, str(member(row, "node_id")))


async def about_app(app: App, now: datetime) -> str:
    """The App's name, as GitHub knows it by our key. Raises Refused, Limited, Unsure."""
    return str(member(await call(app, "GET", "/app", app.proof(now), now), "name"))


async def call(
    app: App,
    method: str,
    path: str,
    token: str,
    now: datetime,
    *,
    body: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
) -> Any:
    """One request; the JSON of a 2xx answer. Raises Refused (4xx, and redirects: nothing is sent after them), Limited,
    Unsure (5xx, no answer within the time, an answer that cannot be read)."""
    headers = {
        "accept": "application/vnd.github+json",
        "authorization": f"Bearer {token}",
        "x-github-api-version": VERSION,
        "user-agent": "haas",
    }
    try:
        # proxies and credentials of the environment are for other programs
        async with httpx.AsyncClient(trust_env=False, verify=trust(), timeout=SILENCE) as client:
            answer = await client.request(method, app.base + path, headers=headers, json=body, params=params)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Unsure(f"no answer ({type(error).__name__})") from None
    status = answer.status_code
    if status >= 500:
        raise Unsure(f"status {status}")
    if status >= 300:
        message = words_of(answer)
        if until := limited_until(status, answer.headers, message, now):
            raise Limited(until)
        raise Refused(status, message)
    if status == 204 or not answer.content:
        # done, and nothing to say about it
        return {}
    try:
        told = answer.json()
    except ValueError:
        raise Unsure("the answer is not JSON") from None
    if not isinstance(told, dict | list):
        raise Unsure("the answer is neither an object nor a list")
    return told


def words_of(answer: httpx.Response) -> str:
    """What GitHub says about a refusal: its message and what it holds against each field, in one line."""
    try:
        told = answer.json()
        parts = [str(told["message"])]
        for fault in told.get("errors") or ():
            named = isinstance(fault, dict) and [
                str(fault[key]) for key in ("field", "message", "code") if fault.get(key)
            ]
            parts.append(" ".join(named) if named else str(fault))
    except (ValueError, KeyError, TypeError, AttributeError):
        return answer.reason_phrase
    return " ".join(": ".join(part for part in parts if part).split())[:300]


def limited_until(status: int, headers: Mapping[str, str], message: str, now: datetime) -> datetime | None:
    """When to come back, where an answer is about a rate limit: `retry-after` first, then the reset of the primary
    limit, else a minute; None where it is about something else."""
    if status not in (403, 429):
        return None
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if after.isascii() and after.isdigit() and len(after) < 10:
        wait = timedelta(seconds=int(after))
    elif headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit() and len(reset) < 12:
        wait = datetime.fromtimestamp(int(reset), UTC) - their_time(headers, now)
    elif status == 429 or "rate limit" in message.lower():
        wait = LEAST_WAIT
    else:
        return None
    # whoever comes back a moment too early is held up the longer
    return now + min(max(wait, timedelta(0)) + timedelta(seconds=2), MOST_WAIT)


def their_time(headers: Mapping[str, str], now: datetime) -> datetime:
    """Their clock's time, which is what their times are told by."""
    try:
        return parsedate_to_datetime(headers["date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return now
