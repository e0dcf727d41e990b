"""Every search that can stand behind the interface, each on a site of its own, and a board to find things on."""

from collections.abc import Awaitable, Callable

import pytest

from search import interface
from search.interface import Search
from search.postgres import PostgresSearch
from tests.helpers.board import Board
from tests.helpers.site import Site
from tests.helpers.world import World

Made = Callable[[], Awaitable[Search]]


async def postgres() -> Search:
    return PostgresSearch()


# A second implementation is one more line here; every test of the contract then runs on it as well.
SEARCHES: dict[str, Made] = {"postgres": postgres}


@pytest.fixture
async def board(site: Site) -> Board:
    return Board(await World.make(site))


@pytest.fixture(params=sorted(SEARCHES))
async def search(request: pytest.FixtureRequest, board: Board) -> Search:
    """The search under test, which the pages of this process use as well."""
    made = await SEARCHES[request.param]()
    interface.use(made)
    return made
