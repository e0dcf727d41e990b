"""The rows of the digests: seconds in which one worker sends ten thousand, and what readers of pages feel of it."""

import asyncio
import random
import sys
import time
from dataclasses import replace
from pathlib import Path

from forum.bench.load import BadAnswer, fetch
from forum.bench.rows import Row, percentile, row
from forum.bench.servers import QUIET, environment, haas
from forum.bench.site import SEED, Site
from forum.database.engine import execute, fetch_value
from forum.jobs import enqueue

DIGESTS = 10_000
# Somebody opens a page so often (seconds).
PACE = 0.03
ALONE = 15.0
PATIENCE = 600.0

# People with five things each to be told, posts of others and mentions, in threads all over the site; one in fifty is on a
# team, and gets the head of its queue besides.
FILL = """
with made as (
    insert into person (username, email, email_confirmed_at)
    select 'digest' || n, 'digest' || n || '@example.org', now() from generate_series(1, $1) n returning id),
numbered as (select id, row_number() over (order by id) as n from made),
teams as (
    insert into project_member (project_id, person_id, role)
    select (select id from project order by id offset (n / 50) % (select least(count(*), 5) from project) limit 1), id,
           'supporter' from numbered where n % 50 = 0),
threads as materialized (select array_agg(id) as ids, array_agg(last_number) as numbers from thread
             where visibility = 'public' and last_public_number is null),
told as (
    insert into notice (person_id, kind, key, project_id, thread_id, post_number)
    select p.id, case when k = 5 then 'mention' else 'reply' end, 'bench:' || k, null,
           t.ids[1 + (p.n * 7919 + k * 104729) % cardinality(t.ids)],
           t.numbers[1 + (p.n * 7919 + k * 104729) % cardinality(t.ids)]
      from numbered p, generate_series(1, 5) k, threads t)
insert into mail_preference (person_id, next_at) select id, now() - interval '1 minute' from numbered
"""


async def page_times(site: Site, dice: random.Random, until: asyncio.Event | None = None) -> list[float]:
    """Seconds of pages that signed-in people open one after the other, at an even pace: for a while, or until then."""
    times: list[float] = []
    began = time.perf_counter()
    while time.perf_counter() - began < ALONE if until is None else not until.is_set():
        place, person = dice.choice(site.places), dice.choice(site.people)
        asked = time.perf_counter()
        status, _body = await fetch(site.port, place.path, person.cookie)
        if status != 200:
            raise BadAnswer(f"{place.path}: {status}")
        times.append(time.perf_counter() - asked)
        await asyncio.sleep(PACE)
    return times


async def all_sent(wanted: int, done: asyncio.Event) -> float:
    """Seconds until so many digests have left. Raises TimeoutError."""
    began = time.perf_counter()
    try:
        while await fetch_value("select count(*) from mail where sent_at is not null") < wanted:
            if time.perf_counter() - began > PATIENCE:
                raise TimeoutError("the digests do not end")
            await asyncio.sleep(0.25)
        return time.perf_counter() - began
    finally:
        done.set()


async def digest_rows(site: Site, url: str, data: Path) -> dict[str, Row]:
    """Both rows, out of one run: readers open pages before, while and after one worker claims, composes and sends.

    Nobody opens the same page twice but by chance: what was read a moment ago is quicker, whatever a worker does.
    """
    wanted = DIGESTS * site.scale.threads // 20_000
    site = replace(site, people=site.people[:100])
    await execute("delete from notice")
    await execute("update mail_preference set next_at = now() + interval '1 day'")
    await execute(FILL, wanted)
    await execute("analyze")
    worker = haas("worker", env=environment(data, url), folder=data, out=QUIET)
    try:
        dice = random.Random(SEED)
        await page_times(site, dice)
        alone = await page_times(site, dice)
        done = asyncio.Event()
        await enqueue("send_digests")
        took, meanwhile = await asyncio.gather(all_sent(wanted, done), page_times(site, dice, done))
        alone += await page_times(site, dice)
    finally:
        worker.terminate()
        await asyncio.to_thread(worker.wait)
    halves = [1e3 * percentile(times, 0.5) for times in (meanwhile, alone)]
    tails = [1e3 * percentile(times, 0.95) for times in (meanwhile, alone)]
    sys.stderr.write(f"{'':10}digests: pages {halves} ms, p95 {tails} ms, {len(meanwhile)} pages meanwhile\n")
    return {
        "digests_10k_s": row("digests_10k_s", took),
        "digests_page_ratio": row("digests_page_ratio", *halves),
    }
