"""Reads much of one repository from GitHub: pages with their ETags, GraphQL, both rate limits obeyed.

Sources: docs.github.com, "Using pagination in the REST API", "Best practices for using the REST API" (conditional
requests), "Rate limits for the REST API", "Forming calls with GraphQL".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from forum.outside.github import (
    SILENCE,
    VERSION,
    WRITE_ISSUES,
    Limited,
    Permissions,
    Refused,
    Unsure,
    app_of,
    is_configured,
    limited_until,
    token_for,
    words_of,
)
from forum.outside.trust import trust
from forum.settings import Settings

REDIRECTS = 3
READ_ALL: Permissions = (("issues", "read"), ("discussions", "read"))
# No page of a hundred rows is larger (bytes); bodies hold 65,536 characters each.
MOST = 60_000_000
_LINK = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="(next|last)"')


@dataclass(frozen=True)
class Page:
    """A page of a list. `rows` None: it is as it was under this ETag. `onward`: the address of the next page, "" where
    this is the last one; `pages`: how many there are, as far as that is told."""

    rows: list[Any] | None
    etag: str
    onward: str
    pages: int | None


class Reading:
    """Asks about one repository: as the App where it is installed there, else as the site's OAuth app (which counts its
    requests apart), else as anybody."""

    def __init__(self, settings: Settings, repository: str) -> None:
        self.settings = settings
        self.base = settings.github_api_base
        self.repository = repository
        self.rest_until: datetime | None = None
        self.permissions: tuple[Permissions, ...] = (READ_ALL, WRITE_ISSUES)
        self.client = httpx.AsyncClient(trust_env=False, verify=trust(), timeout=SILENCE)

    async def __aenter__(self) -> "Reading":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()

    async def token(self) -> str:
        """A token of the App's installation there, "" where there is none. Raises Limited, Unsure."""
        if not is_configured(self.settings):
            return ""
        while self.permissions:
            try:
                return await token_for(app_of(self.settings), self.repository, datetime.now(UTC), self.permissions[0])
            except Refused:
                # not granted there, or not installed: with less, at last as anybody
                self.permissions = self.permissions[1:]
        return ""

    async def send(
        self, method: str, url: str, etag: str = "", body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        """An answer of 200 or 304. Raises Limited, Refused, Unsure."""
        now = datetime.now(UTC)
        if self.rest_until is not None and now < self.rest_until:
            raise Limited(self.rest_until)
        headers = {"accept": "application/vnd.github+json", "x-github-api-version": VERSION, "user-agent": "haas"}
        auth = None
        if token := await self.token():
            headers["authorization"] = f"Bearer {token}"
        elif self.settings.github_client_id and self.settings.github_client_secret and body is None:
            auth = (self.settings.github_client_id, self.settings.github_client_secret)
        if etag:
            headers["if-none-match"] = etag
        try:
            for _hop in range(REDIRECTS + 1):
                answer = await self.client.request(method, url, headers=headers, json=body, auth=auth)
                onward = urljoin(url, answer.headers.get("location", "")) if answer.has_redirect_location else ""
                # a repository that was renamed answers with its new address; one outside the API is not followed
                if not onward.startswith(self.base + "/") or method != "GET":
                    break
                url = onward
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Unsure(f"no answer ({type(error).__name__})") from None
        self.note_limit(answer, now)
        if answer.status_code in (200, 304):
            if len(answer.content) > MOST:
                raise Unsure("the answer is too large")
            return answer
        if answer.status_code >= 500:
            raise Unsure(f"status {answer.status_code}")
        message = words_of(answer)
        if until := limited_until(answer.status_code, answer.headers, message, now):
            raise Limited(until)
        raise Refused(answer.status_code, message)

    def note_limit(self, answer: httpx.Response, now: datetime) -> None:
        """The last request that the primary limit allows has been made: rest until it is reset."""
        if answer.headers.get("x-ratelimit-remaining") == "0":
            self.rest_until = limited_until(429, answer.headers, "", now)

    async def page(self, address: str, etag: str = "") -> Page:
        """The page of a list at an address below the API's. Raises Limited, Refused, Unsure."""
        answer = await self.send("GET", self.base + address, etag)
        links = {rel: url for url, rel in _LINK.findall(answer.headers.get("link", ""))}
        onward = links.get("next", "")
        onward = onward.removeprefix(self.base) if onward.startswith(self.base + "/") else ""
        last = parse_qs(urlsplit(links.get("last", "")).query).get("page", [""])[-1]
        pages = int(last) if last.isascii() and last.isdigit() and len(last) < 8 else None
        if answer.status_code == 304:
            return Page(None, etag, onward, pages)
        rows = value_of(answer)
        if not isinstance(rows, list):
            raise Unsure("the answer is no list")
        return Page(rows, answer.headers.get("etag", ""), onward, pages)

    async def value(self, address: str) -> dict[str, Any]:
        """The object at an address below the API's. Raises Limited, Refused, Unsure."""
        told = value_of(await self.send("GET", self.base + address))
        if not isinstance(told, dict):
            raise Unsure("the answer is no object")
        return told

    async def rows(self, address: str) -> list[Any]:
        """All rows of a list, page by page. Raises Limited, Refused, Unsure."""
        found: list[Any] = []
        while address:
            page = await self.page(address)
            found += page.rows or []
            address = page.onward
        return found

    async def query(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """What GraphQL tells (`data`). Raises Limited, Refused (also without a token: it tells nobody anything), Unsure.

        GitHub Enterprise has it beside its REST API: /api/graphql by /api/v3.
        """
        if not await self.token():
            raise Refused(401, "GraphQL is for the App alone")
        url = f"{self.base.removesuffix('/v3')}/graphql"
        told = value_of(await self.send("POST", url, body={"query": query, "variables": dict(variables)}))
        faults = told.get("errors") if isinstance(told, dict) else None
        if faults:
            first = faults[0] if isinstance(faults, list) and isinstance(faults[0], dict) else {}
            if first.get("type") == "RATE_LIMITED":
                raise Limited(self.rest_until or limited_until(429, {}, "", datetime.now(UTC)) or datetime.now(UTC))
            raise Refused(200, " ".join(str(first.get("message", "no reason")).split())[:300])
        if not isinstance(told, dict) or not isinstance(told.get("data"), dict):
            raise Unsure("the answer has no data")
        return dict(told["data"])


def value_of(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        raise Unsure("the answer is not JSON") from None
