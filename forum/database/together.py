"""What many requests ask at the same moment is asked of the database once: a statement costs more than its rows."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import cached_property
from typing import Any

from forum.database.engine import Row, fetch, in_transaction


def asked(**columns: str) -> str:
    """SQL: the questions as a table `asked`: its columns with their types as given, and `n`, the number of the question."""
    # behind a subquery the planner does not see how many are asked, so that it keeps one plan for any number of them
    arrays = ", ".join(f"(select ${place}::{kind}[])" for place, kind in enumerate(columns.values(), 1))
    return f"unnest({arrays}) with ordinality as asked({', '.join(columns)}, n)"


# While a statement is under way the next one gathers, but not longer than this (seconds): it may hang.
PATIENCE = 0.05


class Turn:
    """All that is asked within one turn of the event loop, who waits for each answer, and the answers, once known."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.waiting: dict[tuple[Any, ...], list[asyncio.Future[list[Row] | None]]] = {}
        self.answers: list[list[Row]] | None = None

    def tell(self) -> None:
        """Give everybody their answer; None, to ask alone, where there is none."""
        for n, waiting in enumerate(self.waiting.values()):
            for future in waiting:
                if not future.done():
                    future.set_result(self.answers[n] if self.answers else None)


class Together:
    """A statement over `asked(...)`; each row of its answer tells by `n` which question it belongs to.

    It is sent after everybody whom it answers has asked, so nobody gets what was true before. Inside a transaction it
    is part of that. Where it fails, everybody asks alone: nobody hears of somebody else's fault. SQL that is made by a
    function is made when somebody asks for the first time.
    """

    def __init__(self, sql: str | Callable[[], str]) -> None:
        self.given = sql
        self.turn: Turn | None = None
        self.task: asyncio.Task[None] | None = None

    @cached_property
    def sql(self) -> str:
        return self.given if isinstance(self.given, str) else self.given()

    async def fetch(self, *question: Any) -> list[Row]:
        """The rows for one question, a value for each column; equal questions share them."""
        if in_transaction():
            return await self.alone(question)
        turn = self.turn
        # a loop that ended in between (tests) answers nobody any more
        if turn is None or not turn.loop.is_running():
            loop = asyncio.get_running_loop()
            turn = self.turn = Turn(loop)
            self.task = loop.create_task(self.ask(turn, self.task))
            # also where it is cancelled before it has begun
            self.task.add_done_callback(lambda _task: self.end(turn))
        future = turn.loop.create_future()
        turn.waiting.setdefault(question, []).append(future)
        rows: list[Row] | None = await future
        return await self.alone(question) if rows is None else list(rows)

    async def fetch_one(self, *question: Any) -> Row | None:
        """The first row for one question, or None."""
        rows = await self.fetch(*question)
        return rows[0] if rows else None

    async def alone(self, question: tuple[Any, ...]) -> list[Row]:
        return await fetch(self.sql, *([value] for value in question))

    async def ask(self, turn: Turn, before: "asyncio.Task[None] | None") -> None:
        """Let this turn of the loop end, and who was asked before answer, then ask for all at once."""
        if before is not None and not before.done() and before.get_loop() is turn.loop:
            await asyncio.wait((before,), timeout=PATIENCE)
        else:
            await asyncio.sleep(0)
        self.turn = None
        # whoever then asks alone is told what is wrong
        with contextlib.suppress(Exception):
            rows = await fetch(self.sql, *map(list, zip(*turn.waiting, strict=True)))
            answers: list[list[Row]] = [[] for _ in turn.waiting]
            for row in rows:
                answers[row["n"] - 1].append(row)
            turn.answers = answers

    def end(self, turn: Turn) -> None:
        if self.turn is turn:
            self.turn = None
        turn.tell()
