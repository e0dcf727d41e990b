"""Entries and what makes a transaction of them (pure); the same rules stand in the database (migration 0017)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

Kind = Literal[
    "cash",
    "due_from_site",
    "due_to_entity",
    "due_to_site",
    "due_from_entity",
    "income",
    "tax",
    "fees",
    "fee_income",
    "pooled",
    "pool",
    "kept",
    "payable",
]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
# Of these an entity cannot give more than it has; only a refund may leave one in debt.
KEPT: Final = frozenset({"pool", "kept", "payable"})
# Those that grow by debits; the others grow by credits.
DEBIT: Final = frozenset({"cash", "due_from_site", "due_from_entity", "fees", "pooled"})

Cause = Literal["bump", "refund", "payout_run", "payout", "settlement"]
CAUSES: Final[tuple[str, ...]] = get_args(Cause)
SITE: Final = None


@dataclass(frozen=True)
class Entry:
    """One line of a transaction: whose books (a legal entity's id, or SITE), which account, minor units (debits above 0,
    credits below); `person` for `payable` alone."""

    holder: int | None
    kind: Kind
    amount: int
    person: int | None = None


def shown_balance(kind: str, balance: int) -> int:
    """A balance as its account's owner reads it: above 0 on the side on which such an account grows."""
    return balance if kind in DEBIT else -balance


def out_of_balance(entries: Iterable[Entry]) -> dict[int | None, int]:
    """By holder what its entries sum to, where that is not 0; empty for what may be posted."""
    sums: dict[int | None, int] = defaultdict(int)
    for entry in entries:
        sums[entry.holder] += entry.amount
    return {holder: total for holder, total in sums.items() if total}


def joined(entries: Iterable[Entry]) -> list[Entry]:
    """The entries with those of one account added up, and without those of nothing."""
    sums: dict[tuple[int | None, Kind, int | None], int] = defaultdict(int)
    for entry in entries:
        sums[entry.holder, entry.kind, entry.person] += entry.amount
    return [Entry(holder, kind, amount, person) for (holder, kind, person), amount in sums.items() if amount]
