"""A real site and a real browser: one server process and one Chromium a worker, one database a test."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import async_playwright, expect

from forum.events import flush_hints
from forum.settings import Settings
from tests.helpers.browsing import ARGUMENTS, NAMES, TIMEOUT, Windows, chromium
from tests.helpers.serving import Served
from tests.helpers.site import Site
from tests.helpers.world import World

HERE = Path(__file__).parent
expect.set_options(timeout=TIMEOUT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them need the browser."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Chromium]:
    """The system's Chromium. Without one the tests skip, or fail where HAAS_BROWSER=required."""
    found = chromium()
    if found is None:
        reason = f"no browser on the PATH ({', '.join(NAMES)})"
        if os.environ.get("HAAS_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield opened
        await opened.close()


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """The process that serves sites."""
    process = Served.begin()
    yield process
    process.end()


@pytest.fixture
def more_settings() -> dict[str, str]:
    """What else is set for the site of a test; a file of tests may say."""
    return {}


@pytest.fixture
def settings(
    browser: Chromium, served: Served, tmp_path: Path, database_url: str, more_settings: dict[str, str]
) -> Iterator[Settings]:
    """The settings of the site that is served; `base_url` is where."""
    chosen = Settings(data=tmp_path, secret_key="a key of the tests", database_url=database_url, site_name="Test Help")
    yield served.serve(replace(chosen, **more_settings))  # type: ignore[arg-type]
    served.stop()


@pytest.fixture
async def site(database: str, settings: Settings) -> AsyncIterator[Site]:
    """The same site in this process, whose builders make its world in one line each."""
    hints = asyncio.create_task(send_hints())
    async with Site.open(settings) as opened:
        yield opened
    hints.cancel()


async def send_hints() -> None:
    """Let the site's open browsers hear of what is done in this process."""
    while True:
        await flush_hints()
        await asyncio.sleep(0.02)


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


@pytest.fixture
async def windows(browser: Chromium, settings: Settings) -> AsyncIterator[Windows]:
    """Opens windows on the site; whatever goes wrong in one of them, and was not expected, fails the test."""
    opened = Windows(browser, settings.base_url)
    yield opened
    await opened.close()
    assert opened.unexpected() == []
