"""Speaks to the Meilisearch server: one index, what it is set to, searching it, filling it, exchanging it for another."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2
from meilisearch_python_sdk import AsyncClient
from meilisearch_python_sdk.errors import MeilisearchApiError, MeilisearchError, PayloadTooLarge
from meilisearch_python_sdk.models.settings import Faceting, MeilisearchSettings, Pagination
from pydantic import ValidationError

from search.interface import MOST_THREADS
from search.meili.statements import Hit

# A search that takes longer is PostgreSQL's (seconds); the server itself gives up a little before (milliseconds).
SEARCH_TIME, CUTOFF = 1.0, 700
# A request that is no search may take so long, and so may the tasks it leads to (seconds).
REQUEST_TIME, TASK_TIME = 30, 600
TASK_LOOK = 20
# Documents are sent in batches of so many and of so many characters; the server's own limit is 100 MB.
BATCH, BATCH_SIZE = 1000, 4_000_000
# Raised with what documents or settings are: an index of another shape is made anew.
SHAPE = 1

SETTINGS = MeilisearchSettings(
    searchable_attributes=["title", "words"],
    # what comes back is the number of a post, whoever asks with whatever key
    displayed_attributes=["id"],
    filterable_attributes=["readers", "whisper", "project", "thread", "author", "tags", "state"],
    sortable_attributes=["at"],
    distinct_attribute="thread",
    ranking_rules=["words", "typo", "attribute", "proximity", "sort", "exactness", "at:desc"],
    pagination=Pagination(max_total_hits=MOST_THREADS),
    faceting=Faceting(max_values_per_facet=1),
    search_cutoff_ms=CUTOFF,
    facet_search=False,
)

# What the server, the way to it, an address or an answer that is none can make of a call.
FAULTS = (
    *(MeilisearchError, PayloadTooLarge, httpx2.HTTPError, httpx2.InvalidURL, ValidationError),
    *(OSError, ValueError, ExceptionGroup),
)


class Unreachable(Exception):
    """Meilisearch did not do what it was asked; the text says why, in one line. `is_missing`: there is no index."""

    def __init__(self, why: str, is_missing: bool = False) -> None:
        super().__init__(why)
        self.is_missing = is_missing


def fault(error: Exception) -> Unreachable:
    """What went wrong, in words for operators; never the key."""
    if isinstance(error, Unreachable):
        return error
    if isinstance(error, MeilisearchApiError):
        said = " ".join(error.message.removeprefix("Error message: ").split())
        return Unreachable(f"{error.code or error.status_code}: {said}"[:300], error.code == "index_not_found")
    if isinstance(error, TimeoutError | httpx2.TimeoutException):
        return Unreachable("no answer in time")
    if isinstance(error, ValidationError):
        return Unreachable("its answer is not Meilisearch's")
    why = error.message if isinstance(error, MeilisearchError) else str(error)
    return Unreachable(" ".join(why.split())[:300] or type(error).__name__)


def index_name(base_url: str) -> str:
    """The index of the site at this address, so that several may share a server: `haas_forum_example_org`."""
    return "haas_" + re.sub(r"[^a-z0-9]+", "_", urlsplit(base_url).netloc.lower()).strip("_")


class Link:
    """One index on one server. Every method raises Unreachable, and nothing else."""

    def __init__(self, url: str, key: str, name: str, search_time: float = SEARCH_TIME) -> None:
        self.url, self.key, self.name, self.search_time = url.rstrip("/"), key, name, search_time
        self._client: AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def next_name(self) -> str:
        """Where an index is built before it takes the place of the one that is searched."""
        return f"{self.name}_next"

    @property
    def uid(self) -> str:
        """Which index of which shape; what is written down about another one says nothing of this."""
        return f"{self.name}/{SHAPE}"

    @property
    def client(self) -> AsyncClient:
        """The client of the running loop."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            is_https = self.url.startswith("https:")
            made = AsyncClient(self.url, self.key or None, timeout=REQUEST_TIME, verify=is_https)
            self._client, self._loop = made, loop
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def search(self, query: str, filters: str, *, limit: int, titles_only: bool = False) -> list[Hit]:
        """The posts that match best, at most one of each thread."""
        try:
            async with asyncio.timeout(self.search_time):
                found = await self.client.index(self.name).search(
                    query,
                    filter=filters,
                    limit=limit,
                    attributes_to_retrieve=["id"],
                    attributes_to_search_on=["title"] if titles_only else None,
                    matching_strategy="all",
                    show_ranking_score=True,
                )
            return [Hit(int(hit["id"]), float(hit["_rankingScore"])) for hit in found.hits]
        except (*FAULTS, KeyError, TypeError) as error:
            raise fault(error) from error

    async def version(self) -> str:
        """What the server calls itself; it asks for the key as well."""
        try:
            async with asyncio.timeout(5):
                return (await self.client.get_version()).pkg_version
        except FAULTS as error:
            raise fault(error) from error

    async def count(self) -> int:
        """How many documents the index holds."""
        try:
            async with asyncio.timeout(5):
                return (await self.client.index(self.name).get_stats()).number_of_documents
        except FAULTS as error:
            raise fault(error) from error

    async def check(self) -> None:
        """Raises Unreachable, `is_missing` where the index is not there or is not set as ours are."""
        try:
            found = await self.client.index(self.name).get_settings()
        except FAULTS as error:
            raise fault(error) from error
        if not set(SETTINGS.filterable_attributes or ()) <= {str(name) for name in found.filterable_attributes or ()}:
            raise Unreachable(f"the index {self.name} is not set as this site sets it", is_missing=True)

    async def settle(self, tasks: Sequence[int]) -> None:
        """Wait until the server has done these tasks. Raises Unreachable when one failed."""
        try:
            for task in tasks:
                done = await self.client.wait_for_task(task, timeout_in_ms=TASK_TIME * 1000, interval_in_ms=TASK_LOOK)
                if done.status != "succeeded":
                    error = done.error or {}
                    raise Unreachable(
                        f"{error.get('code', done.status)}: {' '.join(str(error.get('message', '')).split())}"[:300],
                        error.get("code") == "index_not_found",
                    )
        except FAULTS as error:
            raise fault(error) from error

    async def write(
        self, documents: Sequence[dict[str, Any]], gone: Sequence[int] = (), *, to_next: bool = False
    ) -> list[int]:
        """Put documents in the place of those of the same id, take those of `gone` out; returns the tasks."""
        name = self.next_name if to_next else self.name
        try:
            index = self.client.index(name)
            tasks = [(await index.add_documents(list(batch), "id")).task_uid for batch in batches(documents)]
            if gone:
                tasks.append((await index.delete_documents([str(post) for post in gone])).task_uid)
            return tasks
        except FAULTS as error:
            raise fault(error) from error

    async def begin_next(self) -> None:
        """An empty index, set as ours are, beside the one that is searched."""
        try:
            if await self.is_there(self.next_name):
                await self.settle([(await self.client.index(self.next_name).delete()).task_uid])
            await self.make(self.next_name)
        except FAULTS as error:
            raise fault(error) from error

    async def is_there(self, name: str) -> bool:
        try:
            await self.client.get_index(name)
        except MeilisearchApiError as error:
            if error.code != "index_not_found":
                raise
            return False
        return True

    async def make(self, name: str) -> None:
        await self.client.create_index(name, "id", timeout_in_ms=TASK_TIME * 1000)
        await self.settle([(await self.client.index(name).update_settings(SETTINGS)).task_uid])

    async def exchange(self) -> None:
        """Let the index that was built be searched from now on, at one stroke, and forget the old one."""
        try:
            if not await self.is_there(self.name):
                # the first one: nothing is searched yet
                await self.make(self.name)
            swapped = await self.client.swap_indexes([(self.name, self.next_name)])
            await self.settle([swapped.task_uid])
            await self.settle([(await self.client.index(self.next_name).delete()).task_uid])
        except FAULTS as error:
            raise fault(error) from error


def batches(documents: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Documents in batches of at most BATCH and about BATCH_SIZE characters."""
    made: list[list[dict[str, Any]]] = []
    size = 0
    for document in documents:
        weight = len(document["words"]) + len(document["title"])
        if not made or len(made[-1]) >= BATCH or size + weight > BATCH_SIZE:
            made.append([])
            size = 0
        made[-1].append(document)
        size += weight
    return made
