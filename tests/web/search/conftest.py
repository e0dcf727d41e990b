"""Every search that can stand behind the interface, each on a site of its own, and a board to find things on."""

from collections.abc import AsyncIterator, Iterator

import pytest

from forum.database.engine import execute
from search import interface
from search.interface import Search
from search.meili.engine import MeiliSearch
from search.meili.link import Link
from search.postgres import PostgresSearch
from tests.helpers import meili
from tests.helpers.board import Board
from tests.helpers.site import Site
from tests.helpers.world import World
from tests.standins.process import Standin

# Each test of the contract runs on each of these. "behind": Meilisearch whose worker never came, so that everything
# waits to be indexed. "real": the program itself, where there is one (tests/helpers/meili.py).
SEARCHES = ["postgres", "meilisearch", "meilisearch-behind", *(["meilisearch-real"] if meili.HAS_REAL else [])]


@pytest.fixture
async def board(site: Site) -> Board:
    return Board(await World.make(site))


@pytest.fixture(scope="session")
def meilisearch_process() -> Iterator[Standin]:
    with meili.standin_server() as (standin, _server):
        yield standin


@pytest.fixture
def meilisearch(meilisearch_process: Standin) -> Standin:
    """The stand-in, in good health."""
    meilisearch_process.reset()
    return meilisearch_process


@pytest.fixture(scope="session")
def real_meilisearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[meili.Server]:
    with meili.real_server(tmp_path_factory.mktemp("meilisearch")) as server:
        yield server


@pytest.fixture
async def link(meilisearch: Standin, site: Site) -> AsyncIterator[Link]:
    """The way to an index of the test's own on the stand-in."""
    async with meili.link_to(meili.Server(meilisearch.url, "")) as made:
        yield made


@pytest.fixture(params=SEARCHES)
async def search(request: pytest.FixtureRequest, board: Board) -> AsyncIterator[Search]:
    """The search under test, which the pages of this process use as well."""
    if request.param == "postgres":
        interface.use(PostgresSearch())
        yield interface.current()
        return
    if request.param == "meilisearch-real":
        server = request.getfixturevalue("real_meilisearch")
    else:
        server = meili.Server(request.getfixturevalue("meilisearch").url, "")
    async with meili.link_to(server) as link:
        made = MeiliSearch(link) if request.param == "meilisearch-behind" else meili.Settled(link)
        interface.use(made)
        await made.rebuild()
        yield made
        assert not made.trouble, "PostgreSQL answered instead"


async def lose_index(search: Search) -> None:
    """Everything that the search has indexed is gone."""
    await execute("truncate search_post, search_thread, search_change")
    if isinstance(search, MeiliSearch):
        done = await search.link.client.index(search.link.name).delete_all_documents()
        await search.link.settle([done.task_uid])
