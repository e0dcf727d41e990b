"""The Stack Exchange API 2.3, for reading: pages of items, within its quota and as slowly as it asks.

Sources: https://api.stackexchange.com/docs (throttle, error-handling, filters, paging). Every answer is gzip; an error is
`{"error_id", "error_name", "error_message"}` with status 400.
"""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from forum.outside.trust import trust
from forum.settings import Settings

VERSION = "/2.3"
# Seconds without a byte, of one try.
SILENCE = 60.0
ANSWER_MOST = 64_000_000
TRIES = 4
# What we wait for at most before we say that it is not to be had now (seconds).
WAIT_MOST = 120
PAGE_SIZE, IDS_MOST = 100, 100
# "page above 25 requires access token or app key"
PAGES = 25
THROTTLED, INTERNAL, UNAVAILABLE = 502, 500, 503
_IN_SECONDS = re.compile(r"available in (\d{1,7}) seconds")
_IDS = re.compile(r"/-?\d+(?:;-?\d+)*(?=/|$)")


class Refused(Exception):
    """The API said no: its error id, name and words."""

    def __init__(self, id_: int, name: str, message: str) -> None:
        super().__init__(f"{message} ({name})" if name else message)
        self.id = id_


class Exhausted(Exception):
    """The quota is used up, or the wait would be too long; nothing more is to be asked for now."""


class NoAnswer(Exception):
    """No answer, or none that can be read; asked again it was the same."""


@dataclass
class Client:
    """Who asks which site (`stackoverflow`). `wait` sleeps so many seconds; `quota`: requests left, once it was told;
    `tries`: of each request."""

    base: str
    site: str
    key: str = ""
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep
    quota: int | None = None
    tries: int = TRIES
    not_before: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, site: str) -> "Client":
        base = settings.stackexchange_api_base
        # the version may stand in the address already
        base = base if re.search(r"/\d+\.\d+$", base) else base + VERSION
        return cls(base, site, settings.stackexchange_key)

    async def pages(self, path: str, first: int = 1, **asked: Any) -> AsyncIterator[dict[str, Any]]:
        """The answers to one question, page by page, from this page on. Raises Refused, Exhausted, NoAnswer."""
        page = first
        while True:
            told = await self.ask(path, page=page, pagesize=PAGE_SIZE, **asked)
            yield told
            if not told.get("has_more"):
                return
            page += 1

    async def ask(self, path: str, **asked: Any) -> dict[str, Any]:
        """One answer, an object with the list `items`. Raises Refused, Exhausted, NoAnswer."""
        params = {name: str(value) for name, value in asked.items() if value is not None}
        params |= {"key": self.key} if self.key else {}
        if not path.startswith("/filters"):
            params["site"] = self.site
        method = _IDS.sub("/{ids}", path)
        why = "no answer"
        for attempt in range(self.tries):
            if attempt:
                await self.wait(2.0**attempt)
            if (pause := self.not_before.get(method, 0) - time.monotonic()) > 0:
                if pause > WAIT_MOST:
                    raise Exhausted(f"the API asks for a pause of {pause:.0f} seconds")
                await self.wait(pause)
            try:
                status, told = await self.fetch(path, params)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                why = str(error) or type(error).__name__
                continue
            if isinstance(slower := told.get("backoff"), int | float) and slower > 0:
                self.not_before[method] = time.monotonic() + slower
            if isinstance(left := told.get("quota_remaining"), int):
                self.quota = left
            if status == 200 and isinstance(told.get("items"), list):
                return told
            why = await self.refused(status, told)
        raise NoAnswer(why)

    async def refused(self, status: int, told: Mapping[str, Any]) -> str:
        """Why there is no answer, where it may be asked for again. Raises Refused, Exhausted."""
        id_ = told.get("error_id", status)
        message = " ".join(str(told.get("error_message", f"status {status}")).split())[:300]
        if id_ == THROTTLED:
            found = _IN_SECONDS.search(message)
            seconds = int(found[1]) if found else 0
            if self.quota == 0 or seconds > WAIT_MOST:
                raise Exhausted(message)
            await self.wait(float(seconds))
        elif id_ not in (INTERNAL, UNAVAILABLE) and status < 500 and status != 200:
            raise Refused(id_ if isinstance(id_, int) else status, str(told.get("error_name", ""))[:60], message)
        return message if status != 200 else "the answer has no items"

    async def fetch(self, path: str, params: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and object of one request, unpacked up to a limit. ValueError where it is no JSON object."""
        # proxies and credentials of the environment are for other programs
        async with (
            httpx.AsyncClient(trust_env=False, verify=trust(), timeout=SILENCE) as client,
            client.stream("GET", self.base + path, params=params, headers={"user-agent": "haas"}) as answer,
        ):
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > ANSWER_MOST:
                    raise ValueError(f"the answer is larger than {ANSWER_MOST // 1_000_000} MB")
        try:
            told = json.loads(bytes(body))
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            if answer.status_code >= 400:
                return answer.status_code, {}
            raise ValueError("the answer is no JSON object")
        return answer.status_code, told
