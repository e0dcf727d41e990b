"""What the bell costs: the same for whoever has thousands of notices that they may not see any more."""

from forum.database.engine import execute, fetch_value, transaction
from forum.jobs import enqueue
from forum.notifications.queries import BELL_LOOKS_AT, UNREAD
from forum.web.sessions import STATE, bell_of, reader_of_person
from tests.helpers.tickets import asked
from tests.helpers.world import World

MANY = 20_000
TOLD = (
    "insert into notice (person_id, kind, key, thread_id, post_number, read_at)"
    " select $1, 'mention', $2 || n, $3, 1, case when $5 then now() end from generate_series(1, $4) n"
)
READ = "select seq_tup_read + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables where relname = 'notice'"


async def looked_at(person: int) -> int:
    """How many rows of notices PostgreSQL reads to tell how the bell stands."""
    await execute("analyze notice")
    async with transaction():
        before: int = await fetch_value(READ)
        await fetch_value(
            f"select {STATE.format(unread=UNREAD.format(person='p.id'))} from person p where p.id = $1", person
        )
        after: int = await fetch_value(READ)
    return after - before


async def test_the_bell_looks_at_so_many_notices_however_many_may_not_be_seen_any_more(world: World) -> None:
    otto = world.outsider.person or 0
    gone, there = await asked(world), await asked(world)
    for name, thread, count, is_read in (
        ("read", there, MANY, True),
        ("gone", gone, MANY, False),
        ("there", there, 3, False),
    ):
        await execute(TOLD, otto, name, thread.thread, count, is_read)
    assert (await reader_of_person(otto)).unread == 100
    await execute("update thread set visibility = 'private' where id = $1", gone.thread)
    reader = await reader_of_person(otto)
    assert reader.unread == 3 and reader.bell == await bell_of(otto)
    assert await looked_at(otto) == BELL_LOOKS_AT
    # the same where everything was read, and where everything may be seen
    await execute("update notice set read_at = now() where person_id = $1", otto)
    assert await looked_at(otto) == 0 and await bell_of(otto) == 0
    await execute(TOLD, otto, "more", there.thread, MANY, False)
    assert await looked_at(otto) <= BELL_LOOKS_AT
    assert "99+" in (await reader_of_person(otto)).unread_shown


async def test_what_lies_below_much_that_may_not_be_seen_is_counted_from_the_next_day_on(world: World) -> None:
    otto, ana = world.outsider.person or 0, (await world.person("ana")).person or 0
    gone, there = await asked(world), await asked(world)
    await execute(TOLD, otto, "there", there.thread, 2, False)
    await execute(TOLD, otto, "gone", gone.thread, BELL_LOOKS_AT, False)
    await execute(TOLD, ana, "gone", gone.thread, BELL_LOOKS_AT + 1, False)
    await execute("update thread set visibility = 'private' where id = $1", gone.thread)
    assert (await reader_of_person(otto)).unread == 0
    await enqueue("forget_notices")
    await world.site.jobs()
    assert (await reader_of_person(otto)).unread == 2
    # nothing is read for who may see it: it is ana's own thread
    assert (await reader_of_person(ana)).unread == 100
