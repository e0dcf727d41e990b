"""Acknowledged posts survive kill -9 of web, worker and database (trust.md H93), and every kept count stays true."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from pathlib import Path

import asyncpg
import httpx
import psutil

from tests.helpers.running import PATIENCE, Running, haas

# Each of them writes no more than a person may: 40 posts a minute.
WRITERS, PAUSE = 20, 1.6
# At least so many posts are acknowledged between one death and the next.
BETWEEN = 8


def did(data: Path, *arguments: str) -> str:
    done = haas(data, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def connect(data: Path) -> asyncpg.Connection:
    return await asyncpg.connect(user="postgres", database="haas", host=str(data / "postgres"))


async def write(url: str, key: str, name: str, thread: int, kept: list[str], stop: asyncio.Event) -> None:
    """Post replies one after the other; only what was acknowledged is kept."""
    async with httpx.AsyncClient(
        base_url=url, headers={"api-key": key, "api-username": name}, timeout=PATIENCE
    ) as client:
        for number in range(10_000):
            if stop.is_set():
                return
            text = f"reply {number} of {name}"
            try:
                sent = await client.post("/posts.json", json={"topic_id": thread, "raw": text})
            except httpx.HTTPError:
                await asyncio.sleep(0.05)
                continue
            if sent.status_code == 200:
                kept.append(text)
                await asyncio.sleep(PAUSE)
            else:
                # while the database is away a request fails, and says so
                assert sent.status_code >= 500, sent.text
                await asyncio.sleep(0.05)


async def more(kept: list[str], writers: list["asyncio.Task[None]"]) -> None:
    """Wait until more posts were acknowledged: the site is there again."""
    enough, until = len(kept) + BETWEEN, time.monotonic() + PATIENCE
    while len(kept) < enough:
        assert time.monotonic() < until, "no post is acknowledged any more"
        for writer in writers:
            if writer.done():
                writer.result()
        await asyncio.sleep(0.05)


async def test_acknowledged_posts_survive_kills(tmp_path: Path) -> None:
    site = Running.start(tmp_path)
    try:
        did(tmp_path, "user", "create", "rhea", "--email", "rhea@example.org", "--admin")
        key = did(tmp_path, "api-key", "create", "rhea")
        did(tmp_path, "project", "create", "pelican", "--name", "Pelican", "--owner", "rhea")
        link = await connect(tmp_path)
        names = [f"writer{n}" for n in range(WRITERS)]
        await link.execute(
            "insert into person (username, email, email_confirmed_at) select n, n || '@example.org', now()"
            " from unnest($1::text[]) n",
            names,
        )
        bugs = await link.fetchval("select id from category where kind = 'bugs'")
        await link.close()
        headers = {"api-key": key, "api-username": "rhea"}
        question = {"title": "What survives a crash?", "raw": "Everything that was said.", "category": bugs}
        async with httpx.AsyncClient(base_url=site.url, headers=headers, timeout=PATIENCE) as client:
            asked = await client.post("/posts.json", json=question)
        assert asked.status_code == 200, asked.text
        thread, kept, stop = int(asked.json()["topic_id"]), list[str](), asyncio.Event()
        writers = [asyncio.create_task(write(site.url, key, name, thread, kept, stop)) for name in names]
        await more(kept, writers)
        web, worker = site.children()
        web.kill()
        await more(kept, writers)
        postmaster(tmp_path).kill()
        await more(kept, writers)
        worker.kill()
        await more(kept, writers)
        # and all at once, as when the machine goes
        dying = [psutil.Process(site.process.pid), *site.children(), postmaster(tmp_path)]
        for process in dying:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        site.kill()
        stop.set()
        await asyncio.gather(*writers)
    finally:
        site.kill()

    site = Running.start(tmp_path)
    try:
        link = await connect(tmp_path)
        stored = Counter(row["markdown"] for row in await link.fetch("select markdown from post where number > 1"))
        await link.close()
        assert not [text for text in kept if text not in stored]
        assert max(stored.values()) == 1
        checks = {
            check["name"]: check for check in json.loads(did(tmp_path, "doctor", "--recount", "--json"))["checks"]
        }
        assert checks["counts"]["ok"], checks["counts"]["detail"]
        assert site.stop() == 0, site.said
    finally:
        site.kill()


def postmaster(data: Path) -> psutil.Process:
    return psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().split()[0]))
