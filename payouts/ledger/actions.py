"""`post_transaction`: the one way in which money moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from forum.database.engine import fetch_one, in_transaction
from forum.web.errors import Conflict
from forum.web.i18n import _
from payouts.ledger.rules import Cause, Entry, joined, out_of_balance


@dataclass(frozen=True)
class Posted:
    """A transaction of the ledger; `is_new` is false where it stood there already."""

    id: int
    is_new: bool


class Overdrawn(Conflict):
    """More would be given out of a pool, or to a person, than is there."""


async def post_transaction(
    key: str,
    *,
    project: int,
    cause: tuple[Cause, int],
    currency: str,
    entries: Sequence[Entry],
    actor: int | None = None,
    at: datetime | None = None,
) -> Posted:
    """Write one balanced transaction, as part of the running database transaction, which it must be called in.

    `key` makes it one, whatever is retried; `cause` is (kind, id of the row that caused it); amounts are minor units of
    `currency` (ISO 4217). `at`, for histories made today, must not lie before an entry of the accounts it moves.
    Raises Overdrawn, Conflict (the key has posted something else), ValueError (it does not balance).
    """
    if not in_transaction():
        raise RuntimeError("money moves together with what it is for: open a transaction")
    lines = joined(entries)
    if not lines or out_of_balance(lines):
        raise ValueError(f"{key} does not balance: {out_of_balance(lines)}")
    kind, cause_id = cause
    try:
        row = await fetch_one(
            "select id, is_new from ledger_post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            key,
            project,
            kind,
            cause_id,
            actor,
            currency,
            at,
            [entry.holder for entry in lines],
            [entry.kind for entry in lines],
            [entry.person for entry in lines],
            [entry.amount for entry in lines],
        )
    except asyncpg.CheckViolationError as error:
        if error.constraint_name == "ledger_overdrawn":
            raise Overdrawn(_("There is not that much left to be given.")) from None
        raise
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "ledger_key":
            raise Conflict(_("This was booked already, with other figures.")) from None
        raise
    assert row is not None
    return Posted(row["id"], row["is_new"])
