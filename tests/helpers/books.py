"""Projects with nothing but books, and money moving in them, for tests of the ledger."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from forum.database.engine import execute, fetch, fetch_value, transaction
from payouts.bumps.rules import METHODS, Price, entries_of, price_of
from payouts.ledger.actions import Posted, post_transaction
from payouts.ledger.rules import SITE, Cause, Entry, Kind

_numbers = count(1)


@dataclass
class Books:
    """A project and the legal entity it belongs to; `people` may be paid."""

    project: int
    entity: int
    people: list[int]

    @classmethod
    async def make(cls, people: int = 2) -> "Books":
        n = next(_numbers)
        entity = await fetch_value("insert into legal_entity (name) values ($1) returning id", f"Entity {n}")
        project = await fetch_value(
            "insert into project (slug, name, legal_entity_id) values ($1, 'P', $2) returning id", f"books{n}", entity
        )
        paid = [
            await fetch_value("insert into person (username) values ($1) returning id", f"payee{n}x{k}")
            for k in range(people)
        ]
        return cls(project, entity, paid)

    async def post(
        self,
        key: str,
        entries: list[Entry],
        *,
        kind: Cause = "bump",
        cause: int = 1,
        currency: str = "EUR",
        at: datetime | None = None,
    ) -> Posted:
        """One transaction of this project, in a database transaction of its own."""
        async with transaction():
            return await post_transaction(
                f"{self.project}:{key}",
                project=self.project,
                cause=(kind, cause),
                currency=currency,
                entries=entries,
                at=at,
            )

    async def bump(self, key: str, net: int, *, tax_rate: int = 0, method: str = "offline", **more: Any) -> Price:
        price = price_of(net, tax_rate)
        await self.post(key, entries_of(price, METHODS[method], self.entity), **more)
        return price

    def run(self, given: dict[int, int], kept: int = 0) -> list[Entry]:
        """A payout run: what each person gets, and what stays."""
        total = sum(given.values()) + kept
        lines = [Entry(self.entity, "payable", -amount, person) for person, amount in given.items()]
        return [Entry(self.entity, "pool", total), Entry(self.entity, "kept", -kept), *lines]

    def payout(self, person: int, amount: int) -> list[Entry]:
        return [Entry(self.entity, "payable", amount, person), Entry(self.entity, "cash", -amount)]

    def settlement(self, amount: int) -> list[Entry]:
        """The entity pays fees that it owes the site."""
        return [
            Entry(self.entity, "due_to_site", amount),
            Entry(self.entity, "cash", -amount),
            Entry(SITE, "cash", amount),
            Entry(SITE, "due_from_entity", -amount),
        ]

    async def balances(self) -> dict[tuple[int | None, Kind, int | None], int]:
        """Every account of the project that is not at 0: (holder, kind, person) → minor units, debits above 0."""
        rows = await fetch(
            "select entity_id, kind, person_id, balance from ledger_account where project_id = $1 and balance <> 0",
            self.project,
        )
        return {(row["entity_id"], row["kind"], row["person_id"]): row["balance"] for row in rows}


def negated(entries: list[Entry]) -> list[Entry]:
    """What takes these back, as a refund books it."""
    return [Entry(entry.holder, entry.kind, -entry.amount, entry.person) for entry in entries]


async def snapshot() -> None:
    """Make the running transaction see one moment."""
    await execute("set transaction isolation level repeatable read, read only")
