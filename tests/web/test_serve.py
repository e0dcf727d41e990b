"""Serving: a start, a gentle stop, a killed process; each by the real command in processes of its own."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
import websockets

from forum.jobs import ENQUEUE
from tests.helpers.running import PATIENCE, Running, haas


@contextmanager
def served(data: Path, database_url: str = "", *arguments: str) -> Iterator[Running]:
    running = Running.start(data, database_url, *arguments)
    try:
        yield running
    finally:
        running.kill()


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


@asynccontextmanager
async def held(database_url: str, lock: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Hold a lock by the statement `lock`; what it gives waits until somebody else waits for that."""
    link, watch = await asyncpg.connect(database_url), await asyncpg.connect(database_url)

    async def wanted() -> None:
        waiting = (
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        )
        for _ in range(PATIENCE * 20):
            if await watch.fetchval(waiting):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"nobody waits for: {lock}")

    try:
        async with link.transaction():
            await link.execute(lock)
            yield wanted
    finally:
        await link.close()
        await watch.close()


async def test_request_in_flight_is_answered_when_the_site_is_told_to_stop(tmp_path: Path, database_url: str) -> None:
    with served(tmp_path, database_url, "--no-worker") as site:
        async with httpx.AsyncClient(base_url=site.url, timeout=PATIENCE) as client:
            async with held(database_url, "lock table thread in access exclusive mode") as wanted:
                asked = asyncio.create_task(client.get("/latest"))
                await wanted()
                site.ask_to_stop()
                await asyncio.sleep(0.5)
                assert not asked.done()
            assert (await asked).status_code == 200
        assert site.ended() == 0


async def test_job_in_hand_is_finished_when_the_site_is_told_to_stop(tmp_path: Path, database_url: str) -> None:
    link = await asyncpg.connect(database_url)
    person = await link.fetchval(
        "insert into person (username, email) values ('nora', 'nora@example.org') returning id"
    )
    mail = {"template": "reset", "person": person, "token": "a-token"}
    with served(tmp_path, database_url) as site:
        async with held(database_url, "select * from person for update") as wanted:
            await link.execute(ENQUEUE, "send_mail", json.dumps(mail).encode(), None, None)
            await wanted()
            site.ask_to_stop()
            await asyncio.sleep(0.3)
        assert site.ended() == 0
    assert await link.fetchval("select sent_at is not null from mail")
    assert await link.fetchval("select count(*) from pgqueuer") == 0
    await link.close()


async def test_open_sockets_are_closed_when_the_site_is_told_to_stop(tmp_path: Path, database_url: str) -> None:
    with served(tmp_path, database_url, "--no-worker") as site:
        async with websockets.connect(
            site.url.replace("http", "ws") + "/live", origin=websockets.Origin(site.url)
        ) as socket:
            site.ask_to_stop()
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(socket.recv(), PATIENCE)
        assert site.ended() == 0


async def test_killed_web_process_and_worker_come_back_by_themselves(tmp_path: Path, database_url: str) -> None:
    with served(tmp_path, database_url) as site:
        before = site.children()
        for child in before:
            child.kill()
        async with httpx.AsyncClient(base_url=site.url, timeout=PATIENCE) as client:
            assert (await client.get("/readyz")).status_code == 200
        wait_until(lambda: len({child.pid for child in site.children()} - {child.pid for child in before}) == 2)
        assert site.stop() == 0


def test_embedded_database_is_joined_by_commands_and_stops_with_the_site(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    postmaster = data / "postgres" / "postmaster.pid"
    # somebody was stopped while they made it the first time
    postmaster.parent.mkdir()
    (postmaster.parent / "PG_VERSION").write_text("18")
    (data / ".postgres.unfinished").touch()
    with served(data) as site:
        command = haas(data, "migrate", "--json")
        assert (command.returncode, command.stdout) == (0, '{"applied": []}\n'), command.stderr
        assert httpx.get(site.url + "/readyz", timeout=PATIENCE).status_code == 200
        assert site.stop() == 0, site.said
    assert not postmaster.exists()

    with served(data) as site:
        database = psutil.Process(int(postmaster.read_text().split()[0]))
        children = site.children()
        site.kill()
        # nobody is left to stop the database; whoever serves next does
        psutil.wait_procs(children, timeout=PATIENCE)
        assert not any(child.is_running() for child in children)
        assert database.is_running()
    with served(data) as site:
        os.kill(database.pid, signal.SIGKILL)
        wait_until(lambda: answers(site.url + "/readyz"))
        assert site.stop() == 0, site.said
    assert not postmaster.exists()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
