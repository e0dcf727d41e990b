"""While Meilisearch is down, slow, behind or not built PostgreSQL answers, and admins alone are told."""

import subprocess
import sys
import time

import pytest

from forum.database.engine import execute
from forum.web.reader import GUEST
from search import interface
from search.meili.breaker import Breaker
from search.meili.engine import MeiliSearch
from search.meili.link import Link, index_name
from tests.helpers import meili
from tests.helpers.board import Board, guest_of, titles
from tests.standins.process import ROOT, Standin, free_port

NOTE = "PostgreSQL searches meanwhile"


class Clock:
    """A clock that stands until it is set on."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def search(link: Link, board: Board, clock: Clock) -> MeiliSearch:
    made = meili.Settled(link, Breaker(10, clock))
    interface.use(made)
    await board.asked("Resampling drops the last window", "It happens with gazetteers.")
    await made.rebuild()
    return made


def searches(meilisearch: Standin) -> int:
    return sum(call["path"].endswith("/search") for call in meilisearch.heard())


WAYS = {
    "broken": {"broken": True},
    "slow": {"slow": 60},
    "another key": {"key": "changed since"},
}


@pytest.mark.parametrize("how", WAYS)
async def test_postgresql_answers_and_admins_alone_are_told(
    search: MeiliSearch, board: Board, meilisearch: Standin, clock: Clock, how: str
) -> None:
    admin = await board.site.member("adele", admin=True)
    meilisearch.tell(**WAYS[how])
    search.link.search_time = 0.5
    began = time.monotonic()
    assert await titles(search, "window") == ["Resampling drops the last window"]
    assert time.monotonic() - began < 30
    assert search.trouble
    asked = searches(meilisearch)
    # nobody waits again
    for path in ("/search?q=window", "/search/live?q=wind", "/search.json?q=window"):
        answer = await guest_of(board).get(path)
        assert answer.status_code == 200 and "window" in answer.text and NOTE not in answer.text
    assert NOTE in (await admin.get("/search?q=window")).text
    assert NOTE not in (await board.world.owner.get("/search?q=window")).text
    assert searches(meilisearch) == asked
    meilisearch.reset()
    search.link.search_time = 60
    clock.now += 11
    assert await titles(search, "gazeteers") == ["Resampling drops the last window"], "typing errors in texts again"
    assert not search.trouble and NOTE not in (await admin.get("/search?q=window")).text


async def test_a_server_that_is_not_there(board: Board) -> None:
    link = Link(f"http://127.0.0.1:{free_port()}", "", "haas_nowhere")
    search = MeiliSearch(link)
    interface.use(search)
    await execute("update search_outside set is_kept = true, built_at = now(), uid = $1", link.uid)
    await board.asked("A zeppelin")
    assert await titles(search, "zeppelin") == ["A zeppelin"] and search.trouble
    condition = await search.condition()
    assert condition.ok is False and link.url in condition.words
    # the job fails nothing, and what changed waits
    await board.site.jobs()
    assert await titles(search, "zeppelin") == ["A zeppelin"]
    await link.close()


async def test_an_address_that_is_none_breaks_nothing(board: Board) -> None:
    await board.asked("A zeppelin")
    for address in ("http://", "nonsense", "http://[::1", "ftp://127.0.0.1:1", "http://127.0.0.1:99999"):
        search = MeiliSearch(Link(address, "", "haas_nowhere"))
        await execute("update search_outside set is_kept = true, built_at = now(), uid = $1", search.link.uid)
        assert await titles(search, "zeppelin") == ["A zeppelin"], address
        assert (await search.condition()).ok is False
        await search.link.close()


async def test_an_index_that_is_not_built_is_not_asked(link: Link, board: Board, meilisearch: Standin) -> None:
    await board.asked("A zeppelin")
    search = MeiliSearch(link)
    assert await titles(search, "zeppelin") == ["A zeppelin"]
    assert "not built" in search.trouble and not searches(meilisearch)
    condition = await search.condition()
    assert condition.ok is False and "haas search rebuild" in condition.words
    # a worker builds it by itself
    await search.index_changes()
    assert await titles(search, "zeppelin") == ["A zeppelin"]
    assert not search.trouble and searches(meilisearch)
    condition = await search.condition()
    assert condition.ok and "1 documents, 0 changes wait" in condition.words


async def test_an_index_that_is_behind_is_not_asked(link: Link, board: Board, meilisearch: Standin) -> None:
    search = MeiliSearch(link)
    await search.rebuild()
    await board.asked("A zeppelin")
    assert await titles(search, "zeppelin") == ["A zeppelin"] and not search.trouble
    await execute("update search_change set noted_at = now() - interval '10 minutes'")
    before = searches(meilisearch)
    assert await titles(search, "zeppelin") == ["A zeppelin"]
    assert "behind" in search.trouble and searches(meilisearch) == before
    condition = await search.condition()
    assert condition.ok is False and "does a worker run?" in condition.words
    await search.index_changes()
    assert await titles(search, "zeppelin") == ["A zeppelin"] and not search.trouble
    await execute("insert into search_change (thread_id, post_id) select 1, n from generate_series(1, 501) n")
    assert await titles(search, "zeppelin") == ["A zeppelin"] and "behind" in search.trouble


async def test_an_index_that_is_gone_is_noticed_and_built_again(search: MeiliSearch, link: Link, board: Board) -> None:
    await link.client.delete_index_if_exists(link.name)
    assert await titles(search, "window") == ["Resampling drops the last window"] and "gone" in search.trouble
    await search.index_changes()
    assert await titles(search, "gazeteer") == ["Resampling drops the last window"] and not search.trouble


async def test_what_meilisearch_finds_that_postgresql_does_not(search: MeiliSearch, board: Board) -> None:
    asked = await board.asked("Slow queries")
    await board.replied(asked, "Rebuild the hyperspace index.")
    for typed in ("hyperspcae", "hiperspace index"):
        found = await search.find(GUEST, typed)
        assert [(hit.thread, hit.number) for hit in found.threads] == [(asked.thread, 2)] and found.is_loose
        assert not (await search.postgres.find(GUEST, typed)).threads


async def test_a_long_query_is_postgresqls(search: MeiliSearch, board: Board, meilisearch: Standin) -> None:
    words = [f"word{n}" for n in range(12)]
    await board.asked("All of them", " ".join(words))
    await board.asked("All but one", " ".join(words[:-1]))
    await search.find(GUEST, "settle")
    before = searches(meilisearch)
    assert await titles(search, " ".join(words)) == ["All of them"]
    assert searches(meilisearch) == before and not search.trouble


def test_each_site_has_an_index_of_its_own() -> None:
    assert index_name("https://forum.example.org") == "haas_forum_example_org"
    assert index_name("http://127.0.0.1:8000") == "haas_127_0_0_1_8000"


def test_who_does_not_use_it_does_not_load_it() -> None:
    code = (
        "import sys, forum.app, forum.wiring; forum.wiring.wire(); from search.interface import current;"
        " print(type(current()).__name__, 'meilisearch_python_sdk' in sys.modules)"
    )
    for address, said in (("", "PostgresSearch False"), ("http://127.0.0.1:1", "MeiliSearch True")):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env={"MEILISEARCH_URL": address}
        )
        assert done.stdout.strip() == said, done.stderr
