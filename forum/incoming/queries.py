"""What an operator may read of what came in: never its text."""

from forum.database.engine import Row, fetch, fetch_one

PAGE = 50


async def deliveries(before: int | None, *, given_up: bool) -> list[Row]:
    """The newest (with a number: those before that id), one more than a page holds; `given_up`: those alone."""
    return await fetch(
        "select id, source, foreign_id, kind, received_at, tries, next_at, handled_at, failure,"
        " body is not null as is_kept, next_at is not null as waits from incoming"
        " where ($1::bigint is null or id < $1) and (not $2 or (next_at is null and handled_at is null))"
        " order by id desc limit $3",
        before,
        given_up,
        PAGE + 1,
    )


async def latest_of(source: str, most: int) -> list[Row]:
    """The newest that came from one sender, as `deliveries` tells them."""
    return await fetch(
        "select id, foreign_id, kind, received_at, tries, next_at, handled_at, failure, body is not null as is_kept,"
        " next_at is not null as waits from incoming where source = $1 order by id desc limit $2",
        source,
        most,
    )


async def state_of_incoming() -> tuple[int, int]:
    """How many were given up, and how many should have been handled ten minutes ago and were not."""
    row = await fetch_one(
        "select (select count(*) from incoming where next_at is null and handled_at is null) as given_up,"
        " (select count(*) from incoming where next_at < now() - interval '10 minutes') as late"
    )
    assert row is not None
    return row["given_up"], row["late"]
