"""What is asked at the same moment is one statement, and everybody gets the answer that they would have got alone."""

import asyncio

import asyncpg
import pytest

from forum.database.engine import Row, execute, fetch_value, transaction
from forum.database.together import Together, asked
from tests.conftest import Statements

SQL = f"select asked.n, p.name from {asked(username='text')} join person p on p.username = asked.username"


@pytest.fixture
async def names_of(database: str) -> Together:
    """A question for the names of people."""
    for n in range(20):
        await execute("insert into person (username, name) values ($1, $2)", f"asked{n}", f"Name {n}")
    return Together(SQL)


def names(answers: list[list[Row]]) -> list[list[str]]:
    return [[row["name"] for row in rows] for rows in answers]


async def test_those_who_ask_at_once_share_a_statement_and_get_their_own_answers(
    names_of: Together, statements: Statements
) -> None:
    statements.clear()
    wanted = [f"asked{n}" for n in (3, 1, 19, 3)] + ["nobody"]
    answers = await asyncio.gather(*(names_of.fetch(name) for name in wanted))
    assert names(answers) == [["Name 3"], ["Name 1"], ["Name 19"], ["Name 3"], []]
    await asyncio.sleep(0)
    assert statements.count == 1
    # what one of those who share an answer does to it is nothing to the others
    answers[0].clear()
    assert names([answers[3]]) == [["Name 3"]]
    assert await names_of.fetch_one("nobody") is None


async def test_who_asks_after_a_write_is_told_of_it_while_an_older_question_is_under_way(names_of: Together) -> None:
    before = asyncio.create_task(names_of.fetch("asked1"))
    for _turn_of_the_loop in range(3):
        await asyncio.sleep(0)
    assert names_of.turn is None and not before.done(), "it is under way"
    await execute("update person set name = 'Changed' where username = 'asked1'")
    assert names([await names_of.fetch("asked1")]) == [["Changed"]]
    assert names([await before]) in ([["Name 1"]], [["Changed"]])


async def test_a_question_that_cannot_be_asked_fails_alone(names_of: Together) -> None:
    bad: object = 5
    good, fault = await asyncio.gather(names_of.fetch("asked4"), names_of.fetch(bad), return_exceptions=True)
    assert isinstance(good, list) and names([good]) == [["Name 4"]]
    assert isinstance(fault, asyncpg.DataError)


async def test_everybody_hears_what_is_wrong_with_all(database: str) -> None:
    broken = Together(f"select asked.n, 1 / (asked.x - asked.x) from {asked(x='bigint')}")
    faults = await asyncio.gather(*(broken.fetch(n) for n in range(5)), return_exceptions=True)
    assert [type(fault) for fault in faults] == [asyncpg.DivisionByZeroError] * 5
    with pytest.raises(asyncpg.DivisionByZeroError):
        await broken.fetch(1)


async def test_who_does_not_wait_any_more_holds_nobody_up(names_of: Together) -> None:
    gone, stays = (asyncio.create_task(names_of.fetch("asked2")) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert names([await stays]) == [["Name 2"]]
    assert gone.cancelled()


async def test_a_statement_that_is_given_up_leaves_nobody_without_an_answer(names_of: Together) -> None:
    waiting = asyncio.create_task(names_of.fetch("asked2"))
    await asyncio.sleep(0)
    assert names_of.task is not None
    names_of.task.cancel()
    assert names([await waiting]) == [["Name 2"]]
    assert names([await names_of.fetch("asked5")]) == [["Name 5"]]


async def test_inside_a_transaction_it_sees_the_transaction_and_nobody_else_does(names_of: Together) -> None:
    inside, told = asyncio.Event(), asyncio.Event()

    async def write() -> list[Row]:
        async with transaction():
            await execute("update person set name = 'Changed' where username = 'asked1'")
            seen = await names_of.fetch("asked1")
            inside.set()
            await told.wait()
        return seen

    writer = asyncio.create_task(write())
    await inside.wait()
    assert names([await names_of.fetch("asked1")]) == [["Name 1"]]
    told.set()
    assert names([await writer]) == [["Changed"]]


def test_another_loop_finds_nothing_that_an_ended_one_left(database_url: str) -> None:
    together = Together(f"select asked.n, asked.x from {asked(x='bigint')}")

    async def leave() -> None:
        asyncio.get_running_loop().create_task(together.fetch(1))
        await asyncio.sleep(0)

    asyncio.run(leave())

    async def ask() -> object:
        waiting = asyncio.create_task(together.fetch(2))
        await asyncio.sleep(0)
        found = together.turn is None or together.turn.loop is asyncio.get_running_loop()
        waiting.cancel()
        return found

    assert asyncio.run(ask())


async def test_the_planner_keeps_one_plan_for_any_number(names_of: Together, database: str) -> None:
    link = await asyncpg.connect(database)
    try:
        statement = await link.prepare(SQL)
        for n in range(12):
            await statement.fetch([f"asked{m}" for m in range(1 + n % 3)])
        kept = await link.fetchrow(
            "select generic_plans, custom_plans from pg_prepared_statements where statement = $1", SQL
        )
        assert kept is not None and kept["generic_plans"] >= 6
    finally:
        await link.close()
    assert await fetch_value("select count(*) from person where username like 'asked%'") == 20
