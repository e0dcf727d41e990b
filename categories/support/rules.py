"""The queue: who is answered next, and where a ticket stands, by counting alone (pure; integers only).

Source of every rule: product.md, "The queue". Two lines, paid and unpaid, are merged by a credit in
hundredths; tickets that are due stand before both. All counts of `paid` and `unpaid` below leave the due
ones out.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import gcd

SHARE_DEFAULT = 20  # percent of the answers that must go to unpaid tickets; each project can change it
CREDIT_LIMIT = 100  # hundredths: nobody is owed more than one turn


class Line(StrEnum):
    """The three places a waiting ticket can stand in; the value is what the JSON says."""

    DUE = "due"
    PAID = "paid"
    UNPAID = "unpaid"


@dataclass(frozen=True)
class Waiting:
    """What the order of the queue looks at: amount in minor units of the project's currency, times aware; a head start is
    counted into `waiting_since` (`counts_from`)."""

    id: int
    rank_amount: int
    waiting_since: datetime
    due_at: datetime | None = None


@dataclass(frozen=True)
class Reason:
    """Why a ticket stands where it stands; the template finds the words.

    Due: `due_at`. Paid: `rank_amount`, minor units. Unpaid: `turns` of each `out_of` answers are unpaid ones
    (1 of 5 at a share of 20 %; 0 of 1 when paid ones always go first).
    """

    line: Line
    due_at: datetime | None = None
    rank_amount: int = 0
    turns: int = 0
    out_of: int = 1


@dataclass(frozen=True)
class Window:
    """The ranks, from 1 and inclusive, that each line gives to a stretch of positions (first > last: none)."""

    due: tuple[int, int]
    paid: tuple[int, int]
    unpaid: tuple[int, int]


def counts_from(began: datetime, head_start: int) -> datetime:
    """Since when a ticket counts as waiting that began to wait then, with a head start in days. Plain days, each of 24
    hours: of two with the same head start who was first stays first, and nobody is passed by who came more than the longest
    head start after them."""
    return began - head_start * timedelta(days=1)


def line_of(ticket: Waiting, horizon: datetime) -> Line:
    """Rule 1: due when the guarantee ends by `horizon` (`workdays.end_of_workday_horizon`), else by amount."""
    if ticket.due_at is not None and ticket.due_at <= horizon:
        return Line.DUE
    return Line.PAID if ticket.rank_amount > 0 else Line.UNPAID


def order(tickets: Iterable[Waiting], share: int, credit: int, horizon: datetime) -> list[Waiting]:
    """The whole queue in the order in which it is to be answered (rules 1, 3 and 4); the first is at position 1.

    `share` in percent (0 to 100), `credit` in hundredths (-100 to 100). Due ones that fall due together: the
    longest waiting first, then by id.
    """
    lines: dict[Line, list[Waiting]] = {line: [] for line in Line}
    for ticket in tickets:
        lines[line_of(ticket, horizon)].append(ticket)
    paid = sorted(lines[Line.PAID], key=lambda t: (-t.rank_amount, t.waiting_since, t.id))
    unpaid = sorted(lines[Line.UNPAID], key=lambda t: (t.waiting_since, t.id))
    queue = sorted(lines[Line.DUE], key=lambda t: (t.due_at, t.waiting_since, t.id))
    served = 0
    for j, ticket in enumerate(unpaid, start=1):
        ahead = position_unpaid(j, 0, len(paid), share, credit) - j  # paid ones before this one
        queue += paid[served:ahead]
        queue.append(ticket)
        served = ahead
    return queue + paid[served:]


def position(line: Line, rank: int, due: int, paid: int, unpaid: int, share: int, credit: int) -> int:
    """The one position of the ticket that is `rank`-th (from 1) in its line, from the three lines' counts."""
    match line:
        case Line.DUE:
            return position_due(rank)
        case Line.PAID:
            return position_paid(rank, due, unpaid, share, credit)
        case Line.UNPAID:
            return position_unpaid(rank, due, paid, share, credit)


def position_due(k: int) -> int:
    """Due ones stand before slot 1."""
    return k


def position_paid(k: int, due: int, unpaid: int, share: int, credit: int) -> int:
    """Where the k-th paid ticket stands: behind k - 1 paid ones and the unpaid ones whose turn comes before.

    The j-th unpaid one is ahead of it when its slot is at most k - 1 + j: 100 j - c <= share (k - 1 + j).
    """
    _check(share, credit)
    if share in (0, 100):
        return due + k + (unpaid if share else 0)
    return due + k + min(max((share * (k - 1) + credit) // (100 - share), 0), unpaid)


def position_unpaid(j: int, due: int, paid: int, share: int, credit: int) -> int:
    """Where the j-th unpaid ticket stands: slot ceil((100 j - c) / share), earlier when the paid line runs dry.

    `previous + 1` of rule 4 comes to j here, because the slots of neighbours lie at least one apart.
    """
    _check(share, credit)
    if share in (0, 100):
        return due + j + (0 if share else paid)
    return due + min(max(-((credit - 100 * j) // share), j), paid + j)


def last_paid(due: int, paid: int, unpaid: int, share: int, credit: int) -> int:
    """Where the last paid ticket stands, 0 where none waits: an unpaid one before it has its place out of the unpaid ones'
    share, one behind it by its age alone."""
    return position_paid(paid, due, unpaid, share, credit) if paid else 0


def turns_of(share: int) -> tuple[int, int]:
    """How many of how many answers out of both lines are unpaid ones, in the smallest figures: 1 of 5 at 20 %."""
    part = gcd(share, 100)
    return share // part, 100 // part


def unpaid_within(slots: int, paid: int, unpaid: int, share: int, credit: int) -> int:
    """How many of the first `slots` places behind the due ones are unpaid (inverse of `position_unpaid`)."""
    _check(share, credit)
    turns = (share * slots + credit) // 100 if 0 < share < 100 else slots * share // 100
    return min(max(turns, slots - paid, 0), slots, unpaid)


def position_raised(line: Line, at: int, before: int, due: int, unpaid: int, share: int, credit: int) -> int:
    """Where a ticket of that line, now at position `at`, would stand with `before` paid ones before it; a due one stays.

    `unpaid` counts itself where it is one of them.
    """
    if line is Line.DUE:
        return at
    return position_paid(before + 1, due, unpaid - (line is Line.UNPAID), share, credit)


def gaining_rank(line: Line, at: int, due: int, unpaid: int, share: int, credit: int) -> int:
    """The last rank of the paid line in which a ticket of that line, now at position `at`, would stand better; 0 where
    it stands in none. To pay for a place can cost one: an unpaid ticket whose turn is near may fall behind."""
    if line is Line.DUE:
        return 0
    left = unpaid - (line is Line.UNPAID)
    ranks = range(1, at - due)
    return bisect_left(ranks, at, key=lambda k: position_paid(k, due, left, share, credit))


def window(first: int, last: int, due: int, paid: int, unpaid: int, share: int, credit: int) -> Window:
    """Which ranks of each line stand at positions first..last (1-based, inclusive): a page needs no walk."""
    last = min(last, due + paid + unpaid)
    before, until = max(first - 1 - due, 0), max(last - due, 0)
    skipped = unpaid_within(before, paid, unpaid, share, credit)
    reached = unpaid_within(until, paid, unpaid, share, credit)
    return Window(
        due=(first, min(last, due)),
        paid=(before - skipped + 1, until - reached),
        unpaid=(skipped + 1, reached),
    )


def credit_after(credit: int, line: Line, both_waiting: bool, share: int) -> int:
    """The credit after the team answered a ticket of that line (rule 4).

    `both_waiting`: just before the answer, and counting it, both lines had somebody. Due ones, answers by
    people outside the team (do not call this for them) and quiet spells of a line change nothing.
    """
    _check(share, credit)
    if line is Line.DUE or not both_waiting:
        return credit
    moved = credit + share - (100 if line is Line.UNPAID else 0)
    return min(max(moved, -CREDIT_LIMIT), CREDIT_LIMIT)


def reason(ticket: Waiting, share: int, horizon: datetime) -> Reason:
    """Why the ticket stands where it does: the guarantee that ends, the amount, or the unpaid ones' turn."""
    match line := line_of(ticket, horizon):
        case Line.DUE:
            return Reason(line, due_at=ticket.due_at)
        case Line.PAID:
            return Reason(line, rank_amount=ticket.rank_amount)
        case Line.UNPAID:
            turns, out_of = turns_of(share)
            return Reason(line, turns=turns, out_of=out_of)


def _check(share: int, credit: int) -> None:
    if not (0 <= share <= 100 and -CREDIT_LIMIT <= credit <= CREDIT_LIMIT):
        raise ValueError(f"share {share} or credit {credit} is out of bounds")
