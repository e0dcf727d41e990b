"""The index outside follows every change by jobs, is built anew without an outage, and loses nothing on the way."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from forum.database.engine import execute, fetch_value, transaction
from forum.threads.actions import accept_answer, close_thread
from forum.threads.editing import edit_post, store_edit
from forum.threads.writing import Posted
from forum.web.reader import GUEST
from search import interface
from search.meili import keeping
from search.meili.engine import MeiliSearch
from search.meili.link import Link, Unreachable
from search.postgres import PostgresSearch
from tests.helpers.board import Board
from tests.standins.process import Standin

ALL = "whisper = false OR whisper = true"


@pytest.fixture
async def search(link: Link) -> MeiliSearch:
    made = MeiliSearch(link)
    interface.use(made)
    await made.rebuild()
    return made


async def hits(link: Link, word: str, filters: str = ALL) -> set[int]:
    """The posts that the index itself names."""
    return {hit.post for hit in await link.search(f'"{word}"', filters, limit=100)}


async def edited(board: Board, asked: Posted) -> None:
    await edit_post(await board.reader("ana"), asked.post, "about balloon", title="A balloon", tags=["basket"])


async def accepted(board: Board, asked: Posted) -> None:
    await accept_answer(await board.reader("ana"), asked.thread, 2)


async def closed(board: Board, asked: Posted) -> None:
    await close_thread(await board.world.owner.reader(), asked.thread)


def by_sql(sql: str) -> Callable[[Board, Posted], Awaitable[object]]:
    return lambda board, asked: execute(sql.replace("SAM", str(board.world.supporter.person)))


# A change, what of the index it changes: the word, the filter, and which of (question, reply) are named before, after.
CHANGES: dict[str, tuple[Callable[[Board, Posted], Awaitable[object]], str, str, tuple[bool, bool], tuple[bool, bool]]] = {
    "an edit takes words away": (edited, "zeppelin", ALL, (True, False), (False, False)),
    "and brings others": (edited, "balloon", ALL, (False, False), (True, False)),
    "tags come to all posts": (edited, "helium", "tags = basket", (False, False), (False, True)),
    "and go": (edited, "helium", "tags = hangar", (False, True), (False, False)),
    "a reply is deleted": (
        by_sql("update post set deleted_at = now() where number = 2"),
        "helium", ALL, (False, True), (False, False),
    ),
    "a question is deleted, its title stays": (
        by_sql("update post set deleted_at = now() where number = 1"),
        "mast", ALL, (True, False), (False, False),
    ),
    "a thread is accepted": (accepted, "helium", "state = solved", (False, False), (False, True)),
    "a thread is closed": (closed, "helium", "state = open", (False, True), (False, False)),
    "a thread becomes private": (
        by_sql("update thread set visibility = 'private'"),
        "helium", "readers = all", (False, True), (False, False),
    ),
    "a thread becomes a draft": (
        by_sql("update thread set visibility = 'author'"), "zeppelin", ALL, (True, False), (False, False),
    ),
    "a thread moves to another project": (
        by_sql("update thread set project_id = (select id from project where slug = 'heron')"),
        "helium", "project = 1", (False, True), (False, False),
    ),
    "a reply becomes a whisper": (
        by_sql("update post set purpose = 'whisper' where number = 2"),
        "helium", "whisper = false", (False, True), (False, False),
    ),
    "somebody is let in": (
        by_sql("update thread set visibility = 'private'; insert into thread_participant (thread_id, person_id, kind)"
               " select id, SAM, 'invited' from thread"),
        "helium", "readers = pSAM", (False, False), (False, True),
    ),
    "a category names other readers": (
        by_sql("update thread set visibility = 'private'; update category set readers = '{triager}'"),
        "helium", "readers = r1-triager", (False, False), (False, True),
    ),
    "a tag is called otherwise": (
        by_sql("update tag set name = 'shed' where name = 'hangar'"),
        "helium", "tags = shed", (False, False), (False, True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
async def test_a_change_reaches_the_index_by_a_job(search: MeiliSearch, link: Link, board: Board, what: str) -> None:
    change, word, filters, before, after = CHANGES[what]
    filters = filters.replace("SAM", str(board.world.supporter.person))
    await board.other_project()
    asked = await board.asked("A zeppelin", "at the mast", tags=["hangar"])
    reply = await board.replied(asked, "use helium")

    def named(which: tuple[bool, bool]) -> set[int]:
        return {post for post, is_named in zip((asked.post, reply.post), which, strict=True) if is_named}

    await board.site.jobs()
    assert await hits(link, word, filters) == named(before)
    await change(board, asked)
    await board.site.jobs()
    assert await hits(link, word, filters) == named(after)
    assert not await fetch_value("select count(*) from search_change")
    assert not await fetch_value("select count(*) from pgqueuer where status = 'failed'")


async def test_a_change_that_is_rolled_back_leaves_no_job(search: MeiliSearch, board: Board) -> None:
    asked = await board.asked("A zeppelin")
    await board.site.jobs()
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await execute("update thread set title = 'Another' where id = $1", asked.thread)
            assert await keeping.waiting()
            raise ZeroDivisionError
    assert not await keeping.waiting()
    assert not await fetch_value("select count(*) from pgqueuer where entrypoint = 'index_changes'")


async def test_one_job_takes_up_all_that_waits(
    search: MeiliSearch, link: Link, board: Board, meilisearch: Standin
) -> None:
    before = len(meilisearch.heard())
    for n in range(30):
        await board.asked(f"Zeppelin number {n}")
    await search.index_changes()
    written = [call for call in meilisearch.heard()[before:] if call["path"].endswith("/documents")]
    assert len(written) == 1 and len(await hits(link, "zeppelin")) == 30
    # one job for each thread, however often it changes; the others find nothing to do
    await execute("update post set markdown = markdown || '!'")
    await execute("update post set markdown = markdown || '!'")
    assert await fetch_value("select count(*) from pgqueuer where entrypoint = 'index_changes'") == 30


async def test_nothing_is_noted_where_nothing_outside_is_kept(board: Board) -> None:
    await board.replied(await board.asked("A zeppelin"), "use helium")
    assert not await fetch_value("select count(*) from search_change")
    assert not await fetch_value("select count(*) from pgqueuer where entrypoint = 'index_changes'")


async def test_noting_ends_when_the_server_is_taken_out_of_the_settings(search: MeiliSearch, board: Board) -> None:
    await board.asked("A zeppelin")
    interface.use(PostgresSearch())
    await board.site.jobs()
    assert not await fetch_value("select count(*) from search_change")
    await board.asked("Another zeppelin")
    assert not await fetch_value("select count(*) from search_change")
    # set up again, it is built anew
    interface.use(search)
    await search.index_changes()
    assert len(await hits(search.link, "zeppelin")) == 2


async def test_what_was_loaded_in_bulk_is_built_anew(search: MeiliSearch, link: Link, board: Board) -> None:
    async with transaction():
        await execute("set local haas.search = 'later'")
        await board.asked("A zeppelin")
    assert not await keeping.is_built(link)
    await search.index_changes()
    assert len(await hits(link, "zeppelin")) == 1


async def test_a_server_that_is_away_loses_no_change(
    search: MeiliSearch, link: Link, board: Board, meilisearch: Standin
) -> None:
    meilisearch.tell(broken=True)
    await board.asked("A zeppelin")
    await board.site.jobs()
    assert await keeping.waiting()
    assert not await fetch_value("select count(*) from pgqueuer where status = 'failed'"), "an outage fails no job"
    meilisearch.tell(broken=False, fail="documentAdditionOrUpdate")
    with pytest.raises(Unreachable, match="the disk is full"):
        await keeping.keep(link)
    assert await keeping.waiting()
    meilisearch.tell(fail="")
    await search.index_changes()
    assert len(await hits(link, "zeppelin")) == 1 and not await keeping.waiting()


async def test_an_index_that_somebody_took_away_is_built_again(search: MeiliSearch, link: Link, board: Board) -> None:
    await board.asked("A zeppelin")
    await link.client.delete_index_if_exists(link.name)
    await search.index_changes()
    assert len(await hits(link, "zeppelin")) == 1
    # one that the server made by itself lacks our settings
    await link.client.delete_index_if_exists(link.name)
    await link.settle(await link.write([{"id": 5, "title": "x", "words": "x"}]))
    await search.index_changes()
    assert len(await hits(link, "zeppelin")) == 1


# --- building anew -------------------------------------------------------------------------------------------------


async def test_a_rebuild_is_no_outage_and_loses_no_change(
    search: MeiliSearch, link: Link, board: Board, meilisearch: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "CHUNK", 2)
    threads = [await board.asked(f"Zeppelin number {n}", f"word{n}") for n in range(6)]
    await board.site.jobs()
    meilisearch.tell(pause=0.05)
    ana = await board.reader("ana")
    progress: list[tuple[int, int]] = []
    building = asyncio.create_task(keeping.build(link, lambda done, of: progress.append((done, of))))
    rounds = 0
    while not building.done():
        # posts that the new index has read already, and posts that it has not; now and then a worker comes by
        for asked in (threads[0], threads[-1]):
            await store_edit(ana, asked.post, f"round {rounds} for {asked.thread}")
        if rounds % 2:
            await keeping.keep(link)
        found = await link.search('"zeppelin"', 'readers IN ["all"] AND whisper = false', limit=100)
        assert len(found) == 6, "the search went out"
        rounds += 1
    assert await building == 6 and rounds > 2
    assert progress[-1][0] == progress[-1][1] and len(progress) > 1
    await keeping.keep(link)
    meilisearch.tell(pause=0.001)
    for asked in (threads[0], threads[-1]):
        last = await fetch_value("select markdown from post where id = $1", asked.post)
        assert asked.post in await hits(link, str(rounds - 1)), last
    assert not await fetch_value("select count(*) from search_change")
    assert await link.count() == 6
    assert not await link.is_there(link.next_name)


async def test_a_site_that_never_rests_has_its_index_built_all_the_same(
    search: MeiliSearch, link: Link, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ana = await board.asked("A zeppelin"), await board.reader("ana")
    write, written = keeping.write_changes, []

    async def while_somebody_writes(link: Link, changes: list[int], *, to_next: bool = False) -> None:
        await write(link, changes, to_next=to_next)
        written.append(to_next)
        assert len(written) < 20, "it runs after the changes for ever"
        await edit_post(ana, asked.post, f"balloon{len(written)}")

    monkeypatch.setattr(keeping, "write_changes", while_somebody_writes)
    assert await keeping.build(link) == 1
    monkeypatch.undo()
    assert True in written
    await keeping.keep(link)
    assert await hits(link, f"balloon{len(written)}") == {asked.post}
    assert not await fetch_value("select count(*) from search_change")


async def test_what_is_written_just_before_the_exchange_is_in_the_new_index(
    search: MeiliSearch, link: Link, board: Board
) -> None:
    asked = await board.asked("A zeppelin")
    async with keeping.turn("keeper") as mine:
        assert mine is not None
        building = asyncio.create_task(keeping.build(link))
        async with asyncio.timeout(20):
            while True:
                if await fetch_value("select bool_and(in_next) from search_change"):
                    break
                await asyncio.sleep(0.01)
        # the new index has all there is, and the exchange waits for us
        await edit_post(await board.reader("ana"), asked.post, "about balloons")
        await keeping.write_waiting(link, mine)
    assert await building == 1
    assert await hits(link, "balloon") == {asked.post}
    await keeping.keep(link)
    assert not await fetch_value("select count(*) from search_change")


async def test_a_rebuild_that_broke_off_harms_nothing_and_is_done_again(
    search: MeiliSearch, link: Link, board: Board, meilisearch: Standin
) -> None:
    asked = await board.asked("A zeppelin")
    await board.site.jobs()
    meilisearch.tell(hold=True)
    building = asyncio.create_task(keeping.build(link))
    async with asyncio.timeout(20):
        while True:
            if await fetch_value("select builder is not null from search_outside"):
                break
            await asyncio.sleep(0.01)
    await edit_post(await board.reader("ana"), asked.post, "about balloons")
    building.cancel()
    await asyncio.gather(building, return_exceptions=True)
    # as after a kill -9: nobody gave the turn back
    await execute("update search_outside set builder = gen_random_uuid(), builder_until = now() + interval '1 hour'")
    meilisearch.tell(hold=False)
    with pytest.raises(keeping.Busy):
        await keeping.build(link)
    await keeping.keep(link)
    assert await hits(link, "balloon") == {asked.post}
    assert await fetch_value("select count(*) from search_change where in_index") >= 1, "kept for the one being built"
    await execute("update search_outside set builder_until = now() - interval '1 second'")
    assert await keeping.build(link) == 1
    await keeping.keep(link)
    assert await hits(link, "balloon") == {asked.post}
    assert not await fetch_value("select count(*) from search_change")


async def test_one_writes_at_a_time_and_who_was_killed_blocks_nobody_for_long(
    search: MeiliSearch, link: Link, board: Board
) -> None:
    await board.asked("A zeppelin")
    await execute("update search_outside set keeper = gen_random_uuid(), keeper_until = now() + interval '1 minute'")
    await keeping.keep(link)
    assert await keeping.waiting() and not await hits(link, "zeppelin")
    await execute("update search_outside set keeper_until = now() - interval '1 second'")
    await keeping.keep(link)
    assert not await keeping.waiting() and await hits(link, "zeppelin")


async def test_many_writers_at_once_leave_the_index_as_the_rows_are(
    search: MeiliSearch, link: Link, board: Board
) -> None:
    asked = await board.asked("A zeppelin")
    ana = await board.reader("ana")

    async def change(n: int) -> None:
        await edit_post(ana, asked.post, f"word{n}")
        await keeping.keep(link)

    for n in range(0, 12, 3):
        await asyncio.gather(*(change(n + m) for m in range(3)))
    await keeping.keep(link)
    last = await fetch_value("select markdown from post where id = $1", asked.post)
    stem = await fetch_value("select search_in_order(to_tsvector('public.haas', $1))", last)
    for n in range(12):
        assert (await hits(link, f"word{n}") == {asked.post}) is (f"word{n}" == stem), (n, last)


async def test_documents_are_sent_in_batches_that_the_server_takes(
    search: MeiliSearch, link: Link, board: Board, meilisearch: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.meili.link.BATCH_SIZE", 500)
    meilisearch.tell(limit=3000)
    for n in range(12):
        await board.asked(f"Zeppelin number {n}", "word " * 60)
    await keeping.keep(link)
    assert len(await hits(link, "zeppelin")) == 12
    assert (await search.find(GUEST, "zeppelin")).total == 12
