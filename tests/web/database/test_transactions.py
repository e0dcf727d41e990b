"""What the database refuses at the commit itself: nothing is kept, and the connection comes back."""

import asyncio

import asyncpg
import pytest

from forum.database.engine import (
    after_commit,
    execute,
    fetch_value,
    in_transaction,
    open_pool,
    transaction,
    undone_alone,
)

# Checked when the transaction ends, not when the row is written.
DEFERRED = """
create temporary table kept_to_the_end (n integer unique deferrable initially deferred) on commit drop;
insert into kept_to_the_end values (1), (1)
"""


@pytest.mark.usefixtures("database")
async def test_a_commit_that_is_refused_gives_its_connection_back_and_leaves_nothing_running() -> None:
    told: list[str] = []
    async with asyncio.timeout(20):
        for _n in range(open_pool().get_max_size() + 2):
            with pytest.raises(asyncpg.UniqueViolationError):
                async with transaction():
                    after_commit(lambda: told.append("committed"))
                    await execute("insert into site_switch (name) values ('not kept')")
                    for statement in DEFERRED.split(";"):
                        await execute(statement)
            assert not in_transaction()
    assert await fetch_value("select count(*) from site_switch where name = 'not kept'") == 0
    assert told == []


async def test_a_part_that_fails_is_undone_alone_with_what_it_would_have_told(database: str) -> None:
    told: list[str] = []
    async with transaction():
        await execute("insert into tag (name) values ('before')")
        after_commit(lambda: told.append("before"))
        with pytest.raises(asyncpg.NotNullViolationError):
            async with undone_alone():
                await execute("insert into tag (name) values ('within')")
                after_commit(lambda: told.append("within"))
                await execute("insert into tag (name) values (null)")
        async with undone_alone():
            await execute("insert into tag (name) values ('again')")
            after_commit(lambda: told.append("again"))
    assert told == ["before", "again"]
    assert await fetch_value("select array_agg(name order by id) from tag") == ["before", "again"]


async def test_no_part_stands_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError):
        async with undone_alone():
            pass
