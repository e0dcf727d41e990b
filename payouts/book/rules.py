"""Periods of the book, its steps, and the figures that balances make (pure)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time
from typing import Final

from forum.web.i18n import _
from forum.web.look import month_text
from payouts.ledger.rules import Kind, shown_balance
from reputation.rules import month_start

NAMED: Final = re.compile(r"(2[01][0-9]{2})(?:-Q([1-4]))?")
# Months are shown up to here; a longer time by its years.
MONTHS_MOST: Final = 24
# The accounts of an entity that the figures are made of.
KINDS: Final[tuple[Kind, ...]] = ("income", "fees", "tax", "pooled", "pool", "kept", "payable")


@dataclass(frozen=True)
class Period:
    """A stretch of whole months (UTC): its name in addresses, and the months it begins with and ends before, counted
    from the year 0; both none for "all"."""

    name: str
    first: int | None = None
    end: int | None = None


def month_of(day: date) -> int:
    """A month as a number: months since the year 0."""
    return day.year * 12 + day.month - 1


def edge(month: int) -> datetime:
    """The moment with which a month begins."""
    return datetime.combine(month_start(month), time(), UTC)


def quarter(month: int) -> Period:
    """The quarter that a month lies in."""
    first = month // 3 * 3
    return Period(f"{first // 12}-Q{first % 12 // 3 + 1}", first, first + 3)


def year(number: int) -> Period:
    return Period(str(number), 12 * number, 12 * number + 12)


def period_of(name: str, today: date) -> Period:
    """`2026-Q3`, `2026` or `all`; this quarter where nothing is asked. Raises KeyError for another name."""
    if not name:
        return quarter(month_of(today))
    if name == "all":
        return Period("all")
    found = NAMED.fullmatch(name)
    if found is None:
        raise KeyError(name)
    return quarter(int(found[1]) * 12 + 3 * int(found[2]) - 3) if found[2] else year(int(found[1]))


def period_name(period: Period) -> str:
    """A period as links and headings show it."""
    if period.name == "all":
        return _("All time")
    number, _dash, part = period.name.partition("-")
    return _("%(quarter)s %(year)s") % {"quarter": part, "year": number} if part else number


def offered_periods(period: Period, today: date) -> list[Period]:
    """What the segments offer: the last quarter, this one, this year, all; and what is shown, where it is none of them."""
    this = month_of(today)
    offered = [quarter(this // 3 * 3 - 1), quarter(this), year(today.year), Period("all")]
    return offered if period in offered else [period, *offered]


@dataclass(frozen=True)
class Step:
    """A month or a year of a period: its name (`2026-07`, `2026`), from which month to before which."""

    name: str
    first: int
    end: int

    @property
    def is_year(self) -> bool:
        return self.end - self.first == 12

    @property
    def text(self) -> str:
        """As it is shown: "Jul 2026", "2026"."""
        return self.name if self.is_year else month_text(self.first % 12 + 1, self.first // 12)

    @property
    def short(self) -> str:
        """As it is shown under a bar: "Jul", "2026"."""
        return self.name if self.is_year else month_text(self.first % 12 + 1)


def steps_of(period: Period, since: date | None, today: date) -> list[Step]:
    """The months of a period, or for a long time its years, up to today; from the first movement on for "all"."""
    this = month_of(today)
    first = period.first if period.first is not None else month_of(since or today)
    last = min(this, this if period.end is None else period.end - 1)
    if last - first >= MONTHS_MOST:
        return [Step(str(n), 12 * n, 12 * n + 12) for n in range(first // 12, last // 12 + 1)]
    return [Step(f"{month_start(n):%Y-%m}", n, n + 1) for n in range(first, last + 1)]


@dataclass(frozen=True)
class Figures:
    """Minor units of one currency that moved in a time; `pool` and `owed` are what was there at its end."""

    income: int = 0
    fees: int = 0
    tax: int = 0
    paid_out: int = 0
    kept: int = 0
    pool: int = 0
    owed: int = 0

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


def figures_at(held: Mapping[str, int]) -> Figures:
    """The figures of all time before a moment, from the balances of that moment (debits above 0)."""
    at = {kind: shown_balance(kind, held.get(kind, 0)) for kind in KINDS}
    # what was put by and is neither in the pool nor kept nor owed to somebody has been paid out
    paid_out = at["pooled"] - at["pool"] - at["kept"] - at["payable"]
    return Figures(at["income"], at["fees"], at["tax"], paid_out, at["kept"], at["pool"], at["payable"])


def between(before: Figures, after: Figures) -> Figures:
    """What moved between two moments."""
    return Figures(
        after.income - before.income,
        after.fees - before.fees,
        after.tax - before.tax,
        after.paid_out - before.paid_out,
        after.kept - before.kept,
        after.pool,
        after.owed,
    )


@dataclass(frozen=True)
class Book:
    """One currency of a period: its figures, and those of each step, in the order of time."""

    currency: str
    total: Figures
    steps: list[tuple[Step, Figures]]


def books_of(steps: Sequence[Step], rows: Iterable[tuple[str, str, int, int]]) -> list[Book]:
    """The books of a period, one a currency that ever moved, from balances (currency, kind, n, balance) just before the
    beginning of each step (n from 1) and before the end of the last. Currencies are never added up."""
    held: dict[str, dict[int, dict[str, int]]] = {}
    for currency, kind, n, balance in rows:
        held.setdefault(currency, {}).setdefault(n, {})[kind] = balance
    books = []
    for currency, edges in sorted(held.items()):
        at = [figures_at(edges.get(n, {})) for n in range(1, len(steps) + 2)]
        moved = [(step, between(at[n], at[n + 1])) for n, step in enumerate(steps)]
        books.append(Book(currency, between(at[0], at[-1]), moved))
    return books


def kind_name(kind: str) -> str:
    """What a transaction is, as the book calls it."""
    names = {
        "bump": _("Bump"),
        "refund": _("Refund"),
        "payout_run": _("Payout run"),
        "payout": _("Payout"),
        "settlement": _("Settlement"),
    }
    return names[kind]
