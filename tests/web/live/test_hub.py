"""Live updates: in order, none lost, each message only to those who may read it, and nobody breaks the process."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from forum.database.engine import execute, fetch_value, transaction
from forum.events import CHANNEL, flush_hints
from forum.live import hub as hubs
from forum.live.hub import BACKLOG, Hub, Socket
from forum.live.socket import FRAME_MOST, read_frame
from forum.threads.actions import move_thread
from forum.threads.writing import post_reply
from forum.web import sessions
from forum.web.reader import GUEST, Reader
from tests.helpers.site import Browser, Site
from tests.helpers.world import World

Message = dict[str, Any]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that other tasks bring about; a test that waits in vain fails in the end."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


class Listener(Hub):
    """A hub that remembers what it heard, so that a test knows when hints have arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def hear(self, _link: object, _pid: int, _channel: str, payload: str) -> None:
        super().hear(_link, _pid, _channel, payload)
        self.heard.append(payload)

    async def settle(self) -> None:
        """Hints that wait are sent, heard and answered."""
        await flush_hints()
        mark = f"mark:{len(self.heard)}"
        await execute("select pg_notify($1, $2)", CHANNEL, mark)
        await until(lambda: mark in self.heard and not self.running)


def received(socket: Socket) -> list[Message]:
    """Everything that was sent to a socket since this was asked last; a closed one ends with {"closed": True}."""
    messages = []
    while not socket.outbox.empty():
        text = socket.outbox.get_nowait()
        messages.append({"closed": True} if text is None else json.loads(text))
    return messages


def html_of(messages: list[Message]) -> str:
    return " ".join(item.get("html", "") for message in messages for item in message.get("items", ()))


def numbers(messages: list[Message]) -> list[int]:
    return [item["number"] for message in messages for item in message.get("items", ()) if "number" in item]


async def version_of(thread: int) -> int:
    found: int = await fetch_value("select version from thread where id = $1", thread)
    return found


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Listener]:
    """A hub that hears the hints of this test's database."""
    hub = Listener()
    task = asyncio.create_task(hub.listen(url))
    await until(hub.listening.is_set)
    try:
        yield hub
    finally:
        task.cancel()
        await asyncio.gather(task, *hub.tasks, return_exceptions=True)


@pytest.fixture
async def hub(database: str) -> AsyncIterator[Listener]:
    async with listening(database) as opened:
        yield opened


async def follower(hub: Listener, reader: Reader, stream: str, number: int, version: int) -> Socket:
    socket = Socket(reader)
    hub.join(socket)
    await hub.follow(socket, (stream, number), version)
    return socket


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


# Permission, for each message


async def test_a_whisper_reaches_the_team_alone(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    thread = (await world.ask("How do I read a file?")).posted.thread
    version = await version_of(thread)
    people: dict[str, Reader] = {
        "guest": GUEST,
        "outsider": await world.outsider.reader(),
        "requester": await world.people["ana"].reader(),
        "supporter": await world.supporter.reader(),
    }
    sockets = {name: await follower(hub, reader, "thread", thread, version) for name, reader in people.items()}
    await post_reply(await world.owner.reader(), thread, "Between us: ENTRE NOUS.", purpose="whisper")
    await hub.settle()
    told = {name for name, socket in sockets.items() if "ENTRE NOUS" in html_of(received(socket))}
    assert told == {"supporter"}
    for name, socket in sockets.items():
        assert socket.versions["thread", thread] == await version_of(thread), name


@pytest.mark.parametrize("kind", ["draft", "security"])
async def test_drafts_and_private_threads_are_not_there_for_others(site: Site, hub: Listener, kind: str) -> None:
    world = await World.make(site)
    asked = await (
        world.ask("How do I read a file?", capacity="")
        if kind == "draft"
        else world.ask("Anyone can read files", category="security")
    )
    thread = asked.posted.thread
    for reader in (GUEST, await world.outsider.reader(), await world.supporter.reader()):
        socket = await follower(hub, reader, "thread", thread, 0)
        assert received(socket) == [{"stream": f"thread:{thread}", "gone": True}]
        assert not socket.versions
    author = await follower(hub, await world.people["ana"].reader(), "thread", thread, 0)
    assert numbers(received(author)) == [1]
    if kind == "draft":
        for reader in (GUEST, await world.supporter.reader()):
            socket = await follower(hub, reader, "place", asked.ticket or 0, 0)
            assert received(socket) == [{"stream": f"place:{asked.ticket}", "gone": True}]


async def test_who_loses_the_right_is_told_that_it_is_gone_and_nothing_else(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    thread = (await world.ask("Anyone can read files", category="security")).posted.thread
    mara = await world.person("mara")
    await world.team(mara, "maintainer")
    socket = await follower(hub, await mara.reader(), "thread", thread, await version_of(thread))
    ana = await world.people["ana"].reader()
    await post_reply(ana, thread, "More about it.")
    await hub.settle()
    assert "More about it." in html_of(received(socket))
    await execute("delete from project_member where person_id = $1", mara.person)
    await post_reply(ana, thread, "The exploit is SECRET.")
    await hub.settle()
    assert received(socket) == [{"stream": f"thread:{thread}", "gone": True}]
    assert not socket.versions


async def test_a_thread_that_becomes_private_is_gone_from_open_pages(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    thread = asked.posted.thread
    sockets = [
        await follower(hub, reader, stream, number, 2**40)
        for reader in (GUEST, await world.outsider.reader())
        for stream, number in (("thread", thread), ("place", asked.ticket or 0))
    ]
    for socket in sockets:
        received(socket)
    await move_thread(await world.owner.reader(), thread, await world.category("security"))
    await hub.settle()
    assert [message.get("gone") for socket in sockets for message in received(socket)] == [True] * 4


async def test_the_place_is_sent_to_requester_and_team_and_the_range_to_others(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    first = await world.ask("How do I write a file?", by="ben")
    asked = await world.ask("How do I read a file?")
    people = {
        "guest": GUEST,
        "outsider": await world.outsider.reader(),
        "ben": await world.people["ben"].reader(),
        "ana": await world.people["ana"].reader(),
        "supporter": await world.supporter.reader(),
    }
    sockets = {name: await follower(hub, reader, "place", asked.ticket or 0, 0) for name, reader in people.items()}
    shown = {name: html_of(received(socket)) for name, socket in sockets.items()}
    assert {name for name, html in shown.items() if "Place 2 of 2" in html} == {"ana", "supporter"}
    assert all("7–10 workdays" in html for html in shown.values())
    await post_reply(await world.supporter.reader(), first.posted.thread, "Use the writer.")
    await hub.settle()
    shown = {name: html_of(received(socket)) for name, socket in sockets.items()}
    assert {name for name, html in shown.items() if "Place 1 of 1" in html} == {"ana", "supporter"}
    assert not [name for name in ("guest", "outsider", "ben") if "of 1" in shown[name]]
    await post_reply(await world.supporter.reader(), asked.posted.thread, "Use the reader.")
    await hub.settle()
    shown = {name: html_of(received(socket)) for name, socket in sockets.items()}
    assert {name for name, html in shown.items() if "The team has answered" in html} == {"ana", "supporter"}
    assert " hidden>" in shown["guest"], "a strip that says nothing any more goes away"


async def test_the_inbox_is_the_teams_for_as_long_as_they_are_on_it(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    await world.ask("How do I read a file?")
    for reader in (GUEST, await world.outsider.reader(), await world.people["ana"].reader()):
        socket = await follower(hub, reader, "inbox", world.project, 0)
        assert received(socket) == [{"stream": f"inbox:{world.project}", "gone": True}]
    socket = await follower(hub, await world.supporter.reader(), "inbox", world.project, 0)
    assert "How do I read a file?" in html_of(received(socket))
    await execute("delete from project_member where person_id = $1", world.supporter.person)
    await world.ask("How do I write a file?", by="ben")
    await hub.settle()
    assert received(socket) == [{"stream": f"inbox:{world.project}", "gone": True}]


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


# Frames

frames = st.text() | st.binary() | st.none() | st.integers()
names = (
    st.sampled_from(["thread:1", "list:0", "thread:", ":1", "thread:-1", "thread:¹", "t:" + "9" * 30, "ſ:1"])
    | st.text()
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(frames)
def test_no_frame_breaks_the_reader_of_frames(frame: object) -> None:
    assert read_frame(frame) is None or isinstance(read_frame(frame), dict)


@given(json_values | st.fixed_dictionaries({"have": st.dictionaries(names, json_values, max_size=30) | json_values}))
def test_what_a_frame_asks_for_is_sane(value: object) -> None:
    wanted = read_frame(json.dumps(value))
    for (name, number), version in (wanted or {}).items():
        assert name.isascii() and name.isalpha()
        assert 0 <= number < 2**63 and type(version) is int and 0 <= version < 2**63


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        "null",
        "1" * 3000,
        "[" * 3900,
        '{"have": []}',
        '{"have": {"thread:1": true}}',
        '{"have": {"thread:1": 1.0}}',
        '{"have": {"thread:1": NaN}}',
        '{"have": {"thread:1": 99999999999999999999}}',
        '{"have": {"\\ud800:1": 1}}',
        json.dumps({"have": {f"thread:{n}": 1 for n in range(21)}}),
        json.dumps({"have": {}, "more": "x" * FRAME_MOST}),
        b'{"have": {}}',
    ],
)
def test_malformed_frames_are_no_frames(frame: object) -> None:
    assert read_frame(frame) is None


def test_an_honest_frame_is_read() -> None:
    assert read_frame('{"have": {"thread:12": 57, "list:0": 0}}') == {("thread", 12): 57, ("list", 0): 0}


# The door


@asynccontextmanager
async def served(site: Site) -> AsyncIterator[str]:
    """The application behind a real server on a free port of this machine; yields host and port."""
    config = uvicorn.Config(
        site.app,
        "127.0.0.1",
        0,
        ws="websockets-sansio",
        lifespan="off",
        log_level="critical",
        ws_per_message_deflate=False,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    try:
        yield f"{host}:{port}"
    finally:
        server.should_exit = True
        await task


async def open_socket(address: str, browser: Browser | None = None, origin: str | None = "") -> ClientConnection:
    token = browser.http.cookies.get(sessions.COOKIE) if browser else None
    return await connect(
        f"ws://{address}/live",
        origin=(origin or f"http://{address}") if origin is not None else None,  # type: ignore[arg-type]
        additional_headers={"cookie": f"{sessions.COOKIE}={token}"} if token else {},
        compression=None,
    )


async def test_a_page_of_another_site_opens_no_socket(site: Site) -> None:
    member = await site.member("ana")
    async with served(site) as address:
        for origin in ("https://evil.example", "null", f"http://{address}.evil.example", "http://127.0.0.1", None):
            with pytest.raises(InvalidStatus) as refused:
                await open_socket(address, member, origin)
            assert refused.value.response.status_code == 403
        socket = await open_socket(address, member)
        await socket.close()


async def test_malformed_frames_end_their_socket_and_not_the_process(site: Site) -> None:
    world = await World.make(site)
    thread = (await world.ask("How do I read a file?")).posted.thread
    async with served(site) as address:
        for frame in ("not json", b"\x00\xff", "[" * 3000, '{"have": {"thread:1": "x"}}', "x" * 5000):
            socket = await open_socket(address)
            await socket.send(frame)
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 20)
        socket = await open_socket(address, world.supporter)
        await socket.send(json.dumps({"have": {f"thread:{thread}": 0, "unknown:1": 5, "thread:999999": 0}}))
        told = [json.loads(await asyncio.wait_for(socket.recv(), 20)) for _message in range(2)]
        assert {message["stream"] for message in told} == {f"thread:{thread}", "thread:999999"}
        await socket.close()


async def test_a_flood_of_frames_ends_its_socket(site: Site) -> None:
    await World.make(site)
    async with served(site) as address:
        socket = await open_socket(address)
        with pytest.raises(ConnectionClosed):
            for _frame in range(500):
                await socket.send('{"have": {}}')
                await asyncio.sleep(0)
            await asyncio.wait_for(socket.recv(), 20)
