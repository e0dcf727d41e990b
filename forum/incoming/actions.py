"""Keeping what came in, handling it once, and handling it again when an admin wants that."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from forum import audit
from forum.database.engine import Row, action, execute, fetch_one, fetch_value, transaction, undone_alone
from forum.incoming.rules import HANDLE_FOR, KEEP_FOR, Hopeless, pause_after, told
from forum.incoming.sources import Delivery, Known, Source, sources
from forum.jobs import enqueue
from forum.web.errors import Conflict, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader

log = structlog.get_logger()
JOB = "handle_incoming"


@action
async def keep(source: str, known: Known, body: bytes, headers: Mapping[str, str]) -> bool:
    """Keep a verified delivery and have it handled; whether it is new. Copies of one, at once or later, are one."""
    lane = known.lane or known.foreign_id
    kept = await fetch_value(
        "insert into incoming (source, foreign_id, kind, lane, headers, body) values ($1, $2, $3, $4, $5, $6)"
        " on conflict (source, foreign_id) do nothing returning id",
        source,
        known.foreign_id,
        known.kind,
        lane,
        dict(headers),
        body,
    )
    if kept is None:
        return False
    await enqueue(JOB, source=source, lane=lane)
    return True


async def handle_incoming(source: str, lane: str) -> None:
    """The job: handle what waits in a lane, in order, until nothing of it is due.

    Whoever finds the lane taken leaves: who holds it looks again after each delivery. A delivery that fails holds up
    those behind it in its lane until it is handled or given up.
    """
    sender = sources.get(source)
    if sender is None:
        # its secret is still there, its code is not: the rows wait
        log.warning("nobody handles what came in", source=source)
        return
    while (taken := await handle_next(sender, lane)) is not None:
        if isinstance(taken, Later):
            # named by the try, so that the job that runs now is not taken for it
            await enqueue(
                JOB, once=f"incoming:{taken.name}", delay=taken.at - datetime.now(UTC), source=source, lane=lane
            )
            return


class Later:
    """Nothing of a lane is due before `at`."""

    def __init__(self, row: Row) -> None:
        self.at: datetime = row["next_at"]
        self.name = f"{row['id']}:{row['tries']}"


async def handle_next(sender: Source, lane: str) -> bool | Later | None:
    """Handle the oldest that waits in a lane, in one transaction with the note that it was. None: nothing is to be done;
    False: it failed."""
    row: Row | None = None
    try:
        async with transaction():
            if not await fetch_value(
                "select pg_try_advisory_xact_lock(hashtextextended($1, 0))", f"incoming:{sender.name}:{lane}"
            ):
                return None
            row = await fetch_one(
                "select *, next_at > now() as waits from incoming where source = $1 and lane = $2 and next_at is not null"
                " order by id limit 1 for update",
                sender.name,
                lane,
            )
            if row is None:
                return None
            if row["waits"]:
                return Later(row)
            try:
                async with undone_alone(), asyncio.timeout(HANDLE_FOR.total_seconds()):
                    await sender.handle(delivery_of(row))
            except Exception as error:
                # before the lane is free again, or whoever comes next would try at once
                await failed(sender, row, error)
                return False
            await execute(
                "update incoming set handled_at = now(), next_at = null, failure = '', tries = tries + 1 where id = $1",
                row["id"],
            )
    except Exception as error:
        if row is None:
            raise
        await failed(sender, row, error)
        return False
    return True


async def failed(sender: Source, row: Row, error: Exception) -> None:
    if not isinstance(error, Hopeless):
        log.warning("incoming not handled", source=sender.name, delivery=row["id"], exc_info=True)
    await note_failure(row, error)


def delivery_of(row: Row) -> Delivery:
    return Delivery(
        id=row["id"],
        source=row["source"],
        foreign_id=row["foreign_id"],
        kind=row["kind"],
        headers=row["headers"],
        body=bytes(row["body"]),
        received_at=row["received_at"],
    )


async def note_failure(row: Row, error: Exception) -> None:
    """Write down why, and when the next try is due; nothing when somebody else handled it meanwhile."""
    await execute(
        "update incoming set tries = tries + 1, next_at = now() + $3::interval, failure = $4"
        " where id = $1 and tries = $2 and next_at is not null",
        row["id"],
        row["tries"],
        None if isinstance(error, Hopeless) else pause_after(row["tries"] + 1),
        told(error),
    )


@action
async def handle_again(reader: Reader, delivery: int) -> None:
    """Have a delivery handled again, at once, whatever became of it; audited. One that waits for its first try stays as
    it is. Raises NotFound, Conflict."""
    row = await fetch_one(
        "select id, source, lane, foreign_id, tries, body is null as is_gone, handled_at from incoming"
        " where id = $1 for update",
        delivery,
    )
    if row is None or not reader.is_admin:
        raise NotFound
    if row["is_gone"]:
        raise Conflict(_("It was handled long ago, and what was sent is not kept any more."))
    if row["source"] not in sources:
        raise Conflict(_("Nothing here handles what comes from there."))
    if row["tries"] == 0 and row["handled_at"] is None:
        return
    await execute(
        "update incoming set handled_at = null, failure = '', tries = 0, next_at = now() where id = $1", delivery
    )
    await audit.record("incoming_again", actor=reader.person, subject=("incoming", delivery), source=row["source"])
    await enqueue(JOB, source=row["source"], lane=row["lane"])


async def forget_incoming() -> None:
    """The daily job: what was handled long ago keeps its row, so that no copy of it counts, and loses what it said."""
    await execute(
        "update incoming set body = null, headers = '{}' where body is not null and handled_at < now() - $1::interval",
        KEEP_FOR,
    )
