"""One project with a person in every role, and ways to start and read threads in one line."""

from collections.abc import Awaitable, Callable

import pytest

from forum.database.engine import execute, fetch_value
from tests.helpers.site import Browser, Site
from tests.helpers.world import World


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


@pytest.fixture
async def cast(world: World, site: Site) -> dict[str, Browser]:
    """A browser a role, by the role's name; `asker` asks all threads that tests begin by `world.ask`."""
    people = {
        "guest": site.guest(),
        "outsider": world.outsider,
        "asker": await world.person("ana"),
        "supporter": world.supporter,
        "triager": await site.member("tom"),
        "maintainer": await site.member("mia"),
        "owner": world.owner,
        "moderator": await site.member("mo"),
        "admin": await site.member("ada", admin=True),
    }
    await world.team(people["triager"], "triager")
    await world.team(people["maintainer"], "maintainer")
    await execute("update person set site_role = 'moderator' where username = 'mo'")
    return people


@pytest.fixture
def post_id() -> Callable[[int, int], Awaitable[int]]:
    """The id of a thread's post by its number."""

    async def find(thread: int, number: int) -> int:
        found: int = await fetch_value("select id from post where thread_id = $1 and number = $2", thread, number)
        return found

    return find
