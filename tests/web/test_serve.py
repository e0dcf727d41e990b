"""Serving: a start, a gentle stop, a killed process; each by the real command in processes of its own."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest
import websockets

from forum.events import CHANNEL
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


async def test_request_in_flight_is_answered_when_the_site_is_told_to_stop(tmp_path: Path, database_url: str) -> None:
    link = await asyncpg.connect(database_url)
    with served(tmp_path, database_url, "--no-worker") as site:
        async with httpx.AsyncClient(base_url=site.url, timeout=PATIENCE) as client, link.transaction():
            await link.execute("lock table thread in access exclusive mode")
            asked = asyncio.create_task(client.get("/latest"))
            while not await link.fetchval("select count(*) from pg_locks where not granted"):
                await asyncio.sleep(0.02)
            site.ask_to_stop()
            await asyncio.sleep(0.5)
            assert not asked.done()
            await link.execute("rollback; begin")
            assert (await asked).status_code == 200
        assert site.ended() == 0
    await link.close()


async def test_job_in_hand_is_finished_and_the_others_wait_when_the_site_is_told_to_stop(
    tmp_path: Path, database_url: str
) -> None:
    link = await asyncpg.connect(database_url)
    await link.execute(
        "insert into mail (message_id, recipient, subject, body) values ('<1@x>', 'a@example.org', 's', 'b')"
    )
    with served(tmp_path, database_url) as site:
        async with link.transaction():
            await link.execute("select * from mail for update")
            await link.execute(ENQUEUE, "send_mail", b'{"message_id": "<1@x>", "body": "b"}', None, None)
            await link.execute("commit; begin; select * from mail for update")
            while not await link.fetchval("select count(*) from pg_locks where not granted"):
                await asyncio.sleep(0.02)
            site.ask_to_stop()
            await asyncio.sleep(0.3)
            await link.execute("commit; begin")
        assert site.ended() == 0
    assert await link.fetchval("select sent_at is not null from mail")
    assert await link.fetchval("select count(*) from pgqueuer") == 0
    await link.close()


async def test_open_sockets_are_closed_when_the_site_is_told_to_stop(tmp_path: Path, database_url: str) -> None:
    with served(tmp_path, database_url, "--no-worker") as site:
        async with websockets.connect(site.url.replace("http", "ws") + "/live", origin=site.url) as socket:
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


async def test_changes_by_one_process_are_heard_by_another(tmp_path: Path, database_url: str) -> None:
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    link = await asyncpg.connect(database_url)
    await link.add_listener(CHANNEL, lambda *told: heard.done() or heard.set_result(told[3]))
    assert (
        haas(tmp_path, "user", "create", "olga", "--email", "o@example.org", database_url=database_url).returncode == 0
    )
    made = haas(tmp_path, "project", "create", "pelican", "--name", "P", "--owner", "olga", database_url=database_url)
    assert made.returncode == 0, made.stderr
    number = int(made.stdout)
    assert await link.fetchval("select slug from project where id = $1", number) == "pelican"
    await link.close()


def test_embedded_database_is_joined_by_commands_and_stops_with_the_site(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    postmaster = data / "postgres" / "postmaster.pid"
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
