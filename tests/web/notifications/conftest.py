"""One project and its people, and what somebody was told."""

from collections.abc import Awaitable, Callable

import pytest

from forum.database.engine import fetch
from tests.helpers.site import Browser, Site
from tests.helpers.world import World

Told = Callable[[Browser], Awaitable[list[str]]]


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


@pytest.fixture
def told() -> Told:
    """The kinds of notices of a person, oldest first."""

    async def find(browser: Browser) -> list[str]:
        rows = await fetch("select kind from notice where person_id = $1 order by id", browser.person)
        return [row["kind"] for row in rows]

    return find
