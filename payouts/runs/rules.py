"""How a pool is divided: fixed lines first, a part that stays with the project, the rest equally (pure, whole numbers).

Source: product.md, "Money out". Amounts are minor units of one currency, shares hundredths of a percent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from payouts.bumps.rules import WHOLE, part_of

Kind = Literal["fixed", "equal", "kept"]
# So many fixed lines a policy may have.
FIXED_MOST: Final = 20
LABEL_MOST: Final = 100
REFERENCE_MOST: Final = 100
# How somebody got their money.
WAYS: Final = ("transfer", "service", "cash")


@dataclass(frozen=True)
class Fixed:
    """What a person gets of every run before anything else, and for what."""

    person: int
    label: str
    amount: int


@dataclass(frozen=True)
class Sharer:
    """Somebody whose work made money that no run has divided yet: through how many bumps, of what sum net of tax, and
    since when."""

    person: int
    since: datetime
    bumps: int = 1
    made: int = 0


@dataclass(frozen=True)
class Policy:
    """How a project divides: `kept` of each pool stays with it, in hundredths of a percent."""

    kept: int = 0
    fixed: Sequence[Fixed] = ()


@dataclass(frozen=True)
class Line:
    """One line of a run: to a person, or None for the project, with what explains it: the words of a fixed line and what
    it should have been (`wanted`), the bumps of an equal one."""

    kind: Kind
    person: int | None
    amount: int
    label: str = ""
    wanted: int = 0
    bumps: int = 0
    made: int = 0


def divide(pool: int, policy: Policy, sharers: Iterable[Sharer]) -> list[Line]:
    """The lines of a run over a pool; they add up to it exactly.

    Fixed lines come first, in their order; the one that finds too little gets what is left, those behind it nothing. Then
    the project keeps its share of the whole pool, as far as that is left. The rest is shared equally; what cannot be is
    handed out a minor unit each, to those first whose work made money first. Where nobody shares, it stays with the project.
    Raises ValueError for a pool below 0, or a share that is none.
    """
    if pool < 0 or not 0 <= policy.kept <= WHOLE:
        raise ValueError(f"a pool of {pool} of which {policy.kept} are kept cannot be divided")
    left = pool
    lines: list[Line] = []
    for fixed in policy.fixed:
        amount = min(fixed.amount, left)
        lines.append(Line("fixed", fixed.person, amount, label=fixed.label, wanted=fixed.amount))
        left -= amount
    among = sorted(sharers, key=lambda sharer: (sharer.since, sharer.person))
    kept = min(part_of(pool, policy.kept), left) if among else left
    left -= kept
    for n, sharer in enumerate(among):
        each, over = divmod(left, len(among))
        lines.append(Line("equal", sharer.person, each + (n < over), bumps=sharer.bumps, made=sharer.made))
    if kept or policy.kept:
        lines.append(Line("kept", None, kept, wanted=part_of(pool, policy.kept)))
    return lines


def percent(share: int) -> str:
    """Hundredths of a percent as they are written: 30, 12.5."""
    whole, part = divmod(share, 100)
    return f"{whole}.{part:02}".rstrip("0") if part else str(whole)


def hundredths(text: str) -> int | None:
    """What a person typed as a percentage, in hundredths; None for what is none, or above 100."""
    whole, _mark, part = text.strip().removesuffix("%").strip().replace(",", ".").partition(".")
    digits = whole + part
    if not (whole and digits.isascii() and digits.isdigit() and len(whole) <= 3 and len(part) <= 2):
        return None
    share = int(whole) * 100 + int(part.ljust(2, "0"))
    return share if share <= WHOLE else None
