"""Asks GitHub's API for what everybody may read there."""

import asyncio
from types import TracebackType
from typing import Any
from urllib.parse import urljoin

import httpx

from forum.outside.trust import trust
from forum.settings import Settings

SECONDS = 20
REDIRECTS = 3
MOST = 5_000_000
# Not there any more, or not for everybody.
GONE = (301, 302, 307, 308, 404, 410, 451)


class Ask:
    """A client for a few questions, as this site's OAuth app where there is one (5,000 an hour instead of 60)."""

    def __init__(self, settings: Settings) -> None:
        self.base = settings.github_api_base
        known = bool(settings.github_client_id and settings.github_client_secret)
        self.client = httpx.AsyncClient(
            auth=(settings.github_client_id, settings.github_client_secret) if known else None,
            headers={
                "accept": "application/vnd.github+json",
                "x-github-api-version": "2022-11-28",
                "user-agent": "haas",
            },
            timeout=SECONDS,
            trust_env=False,
            verify=trust(),
        )

    async def __aenter__(self) -> "Ask":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()

    async def json(self, path: str) -> Any:
        """What the API says at `path`, None where there is nothing. A repository that was renamed answers with its new
        address; one outside the API is not followed. Raises httpx.HTTPError, TimeoutError, ValueError."""
        url = self.base + path
        async with asyncio.timeout(SECONDS):
            for _hop in range(REDIRECTS + 1):
                answer = await self.client.get(url)
                onward = urljoin(url, answer.headers.get("location", "")) if answer.has_redirect_location else ""
                if not onward.startswith(self.base + "/"):
                    break
                url = onward
        if answer.status_code in GONE:
            return None
        answer.raise_for_status()
        if len(answer.content) > MOST:
            raise ValueError("the answer is too large")
        return answer.json()
