"""Live updates: in order, none lost, and nobody holds up the others."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import asyncpg
import pytest

from forum.database.engine import execute, fetch_value, transaction
from forum.events import flush_hints
from forum.live import hub as hubs
from forum.live.hub import AT_ONCE, BACKLOG, SLICE_LEAST, Hub, Socket
from forum.live.streams import News, Stream, streams
from forum.threads.writing import post_reply
from forum.web import sessions
from forum.web.reader import GUEST, Reader
from tests.helpers.live import Listener, follower, html_of, listening, numbers, received, until, version_of
from tests.helpers.site import Browser, Site
from tests.helpers.world import World

# In order, none lost


async def test_what_came_since_is_sent_in_order_and_nothing_twice(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    thread = (await world.ask("How do I read a file?")).posted.thread
    before = await version_of(thread)
    socket = await follower(hub, GUEST, "thread", thread, before)
    assert received(socket) == []
    otto = await world.outsider.reader()
    for n in range(3):
        await post_reply(otto, thread, f"Word {n}.")
        await hub.settle()
    messages = received(socket)
    assert numbers(messages) == [2, 3, 4]
    versions = [message["version"] for message in messages]
    assert versions == sorted(set(versions)) and versions[-1] == await version_of(thread)
    late = await follower(hub, GUEST, "thread", thread, before)
    assert numbers(received(late)) == [2, 3, 4], "who comes back with an old version gets all of it"
    await hub.settle()
    assert received(socket) == received(late) == []


async def test_a_reader_between_two_changes_at_once_gets_both_in_order(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    thread = (await world.ask("How do I read a file?")).posted.thread
    otto, ben = await world.outsider.reader(), await (await world.person("ben")).reader()
    before = await version_of(thread)
    socket = await follower(hub, GUEST, "thread", thread, before)
    written, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with transaction():
            await post_reply(otto, thread, "The first, and slow to commit.")
            written.set()
            await go_on.wait()

    first = asyncio.create_task(slow())
    await written.wait()
    second = asyncio.create_task(post_reply(ben, thread, "The second."))
    await asyncio.sleep(0.05)
    assert not second.done(), "the thread's row orders its changes: the second waits for the first"
    between = await follower(hub, GUEST, "thread", thread, before)
    assert received(between) == [], "what is not committed is not told"
    go_on.set()
    await asyncio.gather(first, second)
    await hub.settle()
    for each in (socket, between):
        assert numbers(received(each)) == [2, 3]
        assert each.versions["thread", thread] == await version_of(thread)


async def test_a_list_loses_no_thread_whose_older_change_lands_later(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    one = (await world.ask("How do I read a file?")).posted.thread
    other = (await world.ask("How do I write a file?", by="ben")).posted.thread
    otto, ben = await world.outsider.reader(), await world.people["ben"].reader()
    shown = await fetch_value("select (extract(epoch from clock_timestamp()) * 1000)::bigint")
    socket = await follower(hub, GUEST, "list", 0, shown)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with transaction():
            await execute("select now()")  # the moment of this change, before the other one's
            begun.set()
            await go_on.wait()
            await post_reply(otto, one, "Begun first, landed last.")

    first = asyncio.create_task(slow())
    await begun.wait()
    await asyncio.sleep(0.01)
    await post_reply(ben, other, "Landed first.")
    await flush_hints()
    await until(lambda: not socket.outbox.empty())
    assert received(socket)[-1]["items"] == [{"moved": [other]}]
    go_on.set()
    await first
    await flush_hints()
    await until(lambda: not socket.outbox.empty())
    assert received(socket)[-1]["items"] == [{"moved": sorted([one, other])}]
    hub.leave(socket)


async def test_edits_reactions_and_acts_come_too(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    thread = asked.posted.thread
    ana, otto = world.people["ana"], world.outsider
    await otto.post(f"/t/{thread}/replies", {"markdown": "Use the reader."})
    post = await fetch_value("select id from post where thread_id = $1 and number = 2", thread)
    socket = await follower(hub, GUEST, "thread", thread, await version_of(thread))
    await otto.post(f"/posts/{post}/edit", {"markdown": "Use the *other* reader."})
    await hub.settle()
    assert "<em>other</em>" in html_of(received(socket))
    await ana.post(f"/posts/{post}/reactions/like", {"on": "1"})
    await hub.settle()
    assert numbers(received(socket)) == [2]
    await ana.post(f"/t/{thread}/acceptance", {"number": "2"})
    await hub.settle()
    messages = received(socket)
    assert "Accepted answer" in html_of(messages) and "accepted <a" in html_of(messages)


async def test_more_changes_than_a_page_takes_become_one_reload(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    thread = (await world.ask("How do I read a file?")).posted.thread
    before = await version_of(thread)
    otto = await world.outsider.reader()
    for n in range(41):
        await execute("delete from rate")
        await post_reply(otto, thread, f"Word {n}.")
    socket = await follower(hub, GUEST, "thread", thread, before)
    assert [message["items"] for message in received(socket)] == [[{"reload": True}]]


async def test_a_lost_hint_is_found_by_the_next_comparison(
    site: Site, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "COMPARE_EVERY", 0.05)
    world = await World.make(site)
    thread = (await world.ask("How do I read a file?")).posted.thread
    async with listening(database) as hub:
        socket = await follower(hub, GUEST, "thread", thread, await version_of(thread))
        await post_reply(await world.outsider.reader(), thread, "Nobody hears of this.")
        await until(lambda: not socket.outbox.empty())
        assert numbers(received(socket)) == [2]


async def test_a_broken_listener_comes_back_and_compares(
    site: Site, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "COMPARE_EVERY", 0.05)
    world = await World.make(site)
    thread = (await world.ask("How do I read a file?")).posted.thread
    async with listening(database) as hub:
        socket = await follower(hub, GUEST, "thread", thread, await version_of(thread))
        link = await asyncpg.connect(database)
        await link.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name <> 'haas' and pid <> pg_backend_pid()"
        )
        await link.close()
        await until(lambda: not hub.listening.is_set())
        await post_reply(await world.outsider.reader(), thread, "Said while nobody listened.")
        await flush_hints()
        await until(lambda: not socket.outbox.empty())
        assert hub.listening.is_set()
        assert numbers(received(socket)) == [2]


async def test_a_listener_outlives_whatever_its_connection_raises(
    site: Site, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, tries = asyncpg.connect, []

    async def at_first_in_vain(url: str) -> object:
        tries.append(url)
        if len(tries) == 1:
            raise asyncpg.InternalClientError("got result for unknown protocol state 0")
        return await connect(url)

    monkeypatch.setattr(asyncpg, "connect", at_first_in_vain)
    async with listening(database) as hub:
        await until(hub.listening.is_set)
    assert len(tries) == 2


# Many


class Counted:
    """A stream that notes how many of its kind are asked at the same moment, and which were asked at all."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.now = self.most = 0

    async def since(self, number: int, asked: Mapping[int, tuple[Reader, int]]) -> dict[int, News]:
        self.asked.append(number)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        return {n: News(version, ()) for n, (_reader, version) in asked.items()}


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    made = Counted()
    monkeypatch.setitem(streams, "counted", Stream(made.since))
    return made


def crowd(hub: Hub, count: int) -> None:
    """So many sockets, each on a stream of its own as bells are."""
    for n in range(count):
        socket = Socket(GUEST, {("counted", n): 0})
        hub.followers["counted", n].add(socket)


async def test_thousands_of_hints_at_once_are_told_a_few_at_a_time(counted: Counted) -> None:
    hub = Hub()
    crowd(hub, 1000)
    hub.hear(None, 0, "", ",".join(f"counted:{n}" for n in range(1000)))
    await until(lambda: not hub.running)
    assert sorted(counted.asked) == list(range(1000)) and 1 < counted.most <= AT_ONCE


async def test_versions_are_compared_in_slices_and_all_of_them_in_their_time(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, begun = Hub(), []
    crowd(hub, 10 * SLICE_LEAST)

    async def sleep(_seconds: float) -> None:
        begun.append(len(hub.running))
        await until(lambda: not hub.running)

    monkeypatch.setattr(hubs, "sleep", sleep)
    await hub.compare()
    assert begun == [SLICE_LEAST] * 10 + [0]
    assert sorted(counted.asked) == list(range(10 * SLICE_LEAST))


# Sockets


async def test_the_end_of_a_session_closes_its_sockets_and_no_others(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    thread = (await world.ask("How do I read a file?")).posted.thread
    version = await version_of(thread)
    cookie = world.outsider.http.cookies.get(sessions.COOKIE) or ""
    mine = await follower(hub, await sessions.read_session(cookie), "thread", thread, version)
    elsewhere = await site.browser(world.outsider.person or 0)
    other = await follower(hub, await session_of(elsewhere), "thread", thread, version)
    assert (await world.outsider.post("/logout")).status_code == 303
    await hub.settle()
    assert received(mine) == [{"closed": True}]
    assert received(other) == []


async def session_of(browser: Browser) -> Reader:
    return await sessions.read_session(browser.http.cookies.get(sessions.COOKIE) or "")


async def test_a_socket_that_reads_too_slowly_is_let_go() -> None:
    socket = Socket(GUEST)
    for n in range(BACKLOG + 1):
        socket.send(f'{{"n": {n}}}')
    assert received(socket) == [{"closed": True}]


async def test_who_leaves_leaves_nothing_behind(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    reader = replace(await world.outsider.reader(), session=7)
    socket = await follower(hub, reader, "thread", asked.posted.thread, 0)
    await hub.follow(socket, ("place", asked.ticket or 0), 0)
    await hub.follow(socket, ("nothing", 1), 0)
    hub.leave(socket)
    assert not hub.followers and not hub.sessions and not any(hub.wakes.values()) and not socket.versions
