"""The monthly check: a daily job spreads what is due over the day, and one job a proof looks and writes down."""

from datetime import UTC, datetime, timedelta

from categories.proofs.actions import note_check, note_words
from categories.proofs.checks import Seen, look_again, look_at_words
from categories.proofs.queries import PROOF
from categories.proofs.rules import Found
from forum.database.engine import fetch, fetch_one
from forum.jobs import enqueue

DAILY, ONE = "check_proofs", "check_proof"
# Over how long the checks of one day are spread, so that no host is asked for all of its projects at once.
OVER = timedelta(hours=12)


async def check_proofs(now: datetime | None = None) -> None:
    """Have each proof that is due looked at, spread over the day. `now` is for tests; jobs take the time as it is."""
    due = await fetch(
        "select id from proof where due_at <= $1 order by due_at, id limit 5000", now or datetime.now(UTC)
    )
    for n, row in enumerate(due):
        await enqueue(ONE, once=f"{ONE}:{row['id']}", delay=OVER * n / len(due), proof=row["id"])


async def check_proof(proof: int, now: datetime | None = None) -> None:
    """Look at one proof that is due. Idempotent: what was looked at is not due any more."""
    now = now or datetime.now(UTC)
    row = await fetch_one(PROOF + " where f.id = $1 and f.due_at <= $2", proof, now)
    if row is None:
        return
    seen = await look_again(row) if row["is_proven"] else Seen(Found.FAILED)
    await note_check(proof, seen.found, names_it=row["is_proven"], seen=row, now=now)
    if seen.found is Found.HELD:
        await note_words(row, await look_at_words(row), now)
