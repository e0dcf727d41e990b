"""The door of live updates: pages of this site alone, and frames that break nothing (trust.md B37, C57)."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from forum.database.engine import execute, fetch_one
from forum.live.socket import NO_FRAME
from forum.web import sessions
from tests.helpers.live import until
from tests.helpers.site import Browser, Site
from tests.helpers.world import World


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
            with pytest.raises(ConnectionClosed) as ended:
                await asyncio.wait_for(socket.recv(), 20)
            assert ended.value.rcvd is not None
            assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (1008, NO_FRAME)
        socket = await open_socket(address, world.supporter)
        await socket.send(json.dumps({"have": {f"thread:{thread}": 0, "unknown:1": 5, "thread:999999": 0}}))
        told = [json.loads(await asyncio.wait_for(socket.recv(), 20)) for _message in range(2)]
        assert {message["stream"] for message in told} == {f"thread:{thread}", "thread:999999"}
        await socket.close()


async def test_a_flood_of_frames_ends_its_socket(site: Site) -> None:
    await World.make(site)
    async with served(site) as address:
        socket = await open_socket(address)
        with pytest.raises(ConnectionClosed) as ended:
            for _frame in range(500):
                await socket.send('{"have": {}}')
                await asyncio.sleep(0)
            await asyncio.wait_for(socket.recv(), 20)
        assert ended.value.rcvd is not None
        assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (1008, "more than 120 frames a minute")


async def test_an_open_socket_alone_is_no_visit(site: Site) -> None:
    world = await World.make(site)
    thread = (await world.ask("How do I read a file?")).posted.thread
    member = await site.member("eve")
    await execute("update session set seen_at = now() - interval '2 hours', expires_at = now() + interval '3 days'")
    ends = "select seen_at, expires_at from session where person_id = $1"
    before = await fetch_one(ends, member.person)
    async with served(site) as address:
        socket = await open_socket(address, member)
        for frame in ({"have": {f"thread:{thread}": 0}}, {"writing": thread}, {"have": {"thread:999999": 0}}):
            await socket.send(json.dumps(frame, separators=(",", ":")))
        told = [json.loads(await asyncio.wait_for(socket.recv(), 20)) for _message in range(2)]
        assert {message["stream"] for message in told} == {f"thread:{thread}", "thread:999999"}
        await socket.close()
        assert await fetch_one(ends, member.person) == before
        # a page is one
        await member.get("/about")
        assert await fetch_one(ends, member.person) != before
