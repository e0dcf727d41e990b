"""How runs are shown: each line with its reason in words, and the bar above them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from forum.database.engine import Row
from forum.web.i18n import _, ngettext
from forum.web.money import money
from payouts.runs.rules import Line, percent
from payouts.runs.states import State

# The bar is drawn this wide; between two parts is a gap.
WIDTH: Final = 800
GAP: Final = 2
# Fixed lines take these colours in turn; the equal part and the project's have their own.
FIXED: Final = ("w4", "w3", "w2")
EQUAL: Final = "w1"
KEPT: Final = "w5"


def why(line: Line, currency: str, kept: int) -> str:
    """Why a line gives what it gives, in a sentence; `kept`: the policy's share for the project."""
    match line.kind:
        case "fixed" if line.amount < line.wanted:
            told = {"label": line.label, "wanted": money(line.wanted, currency)}
            return _("%(label)s, fixed at %(wanted)s and cut to what the pool had left") % told
        case "fixed":
            return _("%(label)s, fixed") % {"label": line.label}
        case "equal":
            return ngettext(
                "Equal share: answers that made %(made)s, through one bump",
                "Equal share: answers that made %(made)s, through %(n)d bumps",
                line.bumps,
            ) % {"made": money(line.made, currency), "n": line.bumps}
    if line.amount > line.wanted:
        return _("Stays with the project: nobody's answers have made money since the last run")
    share = {"share": percent(kept)}
    if line.amount < line.wanted:
        return _("%(share)s %% of the pool stays with the project; this was left of it") % share
    return _("%(share)s %% of the pool stays with the project") % share


def shown_lines(lines: Sequence[Line], people: Mapping[int, Row], currency: str, kept: int) -> list[dict[str, Any]]:
    """The lines as the table shows them: `person` (username, name) or None, `css` of the colour, share in percent, why."""
    pool = sum(line.amount for line in lines)
    fixed = 0
    shown = []
    for line in lines:
        css = {"equal": EQUAL, "kept": KEPT}.get(line.kind) or FIXED[fixed % len(FIXED)]
        fixed += line.kind == "fixed"
        shown.append(
            {
                "kind": line.kind,
                "person": people.get(line.person) if line.person else None,
                "css": css,
                "amount": line.amount,
                "share": share_of(line.amount, pool),
                "why": why(line, currency, kept),
            }
        )
    return shown


def share_of(amount: int, pool: int) -> str:
    """An amount's part of the pool in percent, with one decimal where it is small."""
    part = 100 * amount / pool if pool else 0
    return f"{part:.0f}" if part >= 10 or part == 0 else f"{part:.1f}"


def bar(lines: Iterable[Line]) -> list[tuple[int, int, str]]:
    """The parts of the bar as (x, width, class): each fixed line, all equal ones together, the project's."""
    parts: list[tuple[str, int]] = []
    fixed = equal = kept = 0
    for line in lines:
        if line.kind == "fixed":
            parts.append((FIXED[fixed % len(FIXED)], line.amount))
            fixed += 1
        elif line.kind == "equal":
            equal += line.amount
        else:
            kept += line.amount
    parts += [(EQUAL, equal), (KEPT, kept)]
    pool = sum(amount for _css, amount in parts)
    drawn, before = [], 0
    for css, amount in parts:
        start, end = WIDTH * before // (pool or 1), WIDTH * (before + amount) // (pool or 1)
        before += amount
        if end - start > GAP:
            drawn.append((start, end - start - (GAP if end < WIDTH else 0), css))
    return drawn


def bar_label(lines: Sequence[Line]) -> str:
    """The bar in words."""
    pool = sum(line.amount for line in lines)
    sums = {kind: sum(line.amount for line in lines if line.kind == kind) for kind in ("fixed", "equal", "kept")}
    return _("The pool: fixed lines %(fixed)s %%, equal shares %(equal)s %%, the project %(kept)s %%") % {
        kind: share_of(amount, pool) for kind, amount in sums.items()
    }


def state_of(run: Row) -> tuple[str, str]:
    """A run's state in a word, and the look of its chip."""
    if run["state"] == State.BOOKED:
        return (_("booked"), "paid") if run["owed"] else (_("paid out"), "good")
    words = {State.DRAFT: (_("draft"), "accent"), State.APPROVED: (_("approved"), "accent")}
    return words.get(run["state"], (_("cancelled"), ""))


def ways() -> list[tuple[str, str]]:
    """How somebody may have got their money, with words."""
    return [("transfer", _("Bank transfer")), ("service", _("Payment service")), ("cash", _("Cash"))]
