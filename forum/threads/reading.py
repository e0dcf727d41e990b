"""Up to where people have read: written a moment after their page, those of a moment in one statement."""

import asyncio

from forum.database.engine import Row, fetch
from forum.events import hint
from forum.threads.rules import numbers_on
from forum.web.reader import Reader

# Nobody asks for the next page sooner than this (seconds); a process that is killed forgets a moment of reading.
MOMENT = 0.05
_waiting: dict[tuple[int, int], int] = {}
_wake = asyncio.Event()
_keepers = 0

# What a person has seen in its thread needs no mark any more; nor what is about the thread as a whole.
KEEP = """
with seen as (
    update notice n set read_at = now() from unnest($1::bigint[], $2::bigint[], $3::integer[]) x(person, thread, number)
     where n.person_id = x.person and n.thread_id = x.thread and n.read_at is null
       and (n.post_number is null or n.post_number <= x.number) returning n.person_id),
kept as (
insert into read_position (person_id, thread_id, number)
select * from unnest($1::bigint[], $2::bigint[], $3::integer[]) on conflict (person_id, thread_id) do update
   set number = excluded.number, at = now() where read_position.number < excluded.number)
select distinct person_id from seen
"""


async def read_up_to(person: int, thread: int, number: int) -> None:
    """Remember that a person was shown a thread up to the post of this number; never goes back.

    Written at once where no `keep_reading` runs (commands, tests).
    """
    place = (person, thread)
    _waiting[place] = max(number, _waiting.get(place, 0))
    if _keepers:
        _wake.set()
    else:
        await flush_reading()


async def remember_read(reader: Reader, head: Row, page: int) -> None:
    """Remember that a reader was shown a page of a thread; guests, and nobody in particular, read nothing.
    Nothing is written while the site can only be read."""
    read = min(numbers_on(page)[1], head["last_number"])
    if reader.id and read > (head["read_number"] or 0) and "read_only" not in reader.switches:
        await read_up_to(reader.id, head["id"], read)


async def flush_reading() -> None:
    """Write what waits."""
    if not _waiting:
        return
    # always in the same order, so that two processes wait for each other and never in a circle
    rows = sorted((person, thread, number) for (person, thread), number in _waiting.items())
    _waiting.clear()
    for row in await fetch(KEEP, *map(list, zip(*rows, strict=True))):
        hint("bell", row["person_id"])


async def keep_reading() -> None:
    """Write reading positions for as long as this process runs; a task of every web process."""
    global _keepers
    _keepers += 1
    try:
        while True:
            await _wake.wait()
            await asyncio.sleep(MOMENT)
            _wake.clear()
            await flush_reading()
    finally:
        _keepers -= 1
