"""What earns how many points, how much of it counts a day, and the periods of the board (pure)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from forum.web.i18n import _


@dataclass(frozen=True)
class Worth:
    """What one cause of a kind earns, and the limits of a day (UTC) for one person in one project: how many count in
    all, and how many that came from the same person."""

    points: int
    a_day: int
    from_one: int


# Why these figures: docs/owners.md, "Points". The best first, as the page shows them.
POINTS: Final[dict[str, Worth]] = {
    "accepted": Worth(15, a_day=10, from_one=3),
    "like": Worth(5, a_day=10, from_one=3),
    "thanks": Worth(5, a_day=10, from_one=3),
    "answer": Worth(2, a_day=10, from_one=3),
}
# An answer is a reply to somebody else, sent as one of these.
ANSWERS: Final = ("reply", "resolve")
# Reactions that earn their post's author points; "same problem here" is no merit of whoever has it.
REACTIONS: Final = ("like", "thanks")
PERIODS: Final = ("month", "quarter", "year", "all")


def counted(givers: Iterable[int], worth: Worth) -> int:
    """How many causes of one day, kind and person count, by whom each came from; the order does not matter."""
    return min(worth.a_day, sum(min(worth.from_one, n) for n in Counter(givers).values()))


def earned(givers: Iterable[int], worth: Worth) -> int:
    """The points of all causes of one day, kind and person together."""
    return worth.points * counted(givers, worth)


@dataclass(frozen=True)
class Period:
    """A stretch of days (UTC): its name in addresses, its key in the totals, first day (none for "all"), first day
    after it."""

    name: str
    key: str
    first: date | None
    end: date | None

    def __contains__(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.end is None or day < self.end)


def period_of(name: str, today: date) -> Period:
    """This month, quarter or year, or everything. Raises KeyError for another name."""
    match name:
        case "month":
            months, key = 1, f"{today:%Y-%m}"
        case "quarter":
            months, key = 3, f"{today:%Y}-Q{(today.month + 2) // 3}"
        case "year":
            months, key = 12, f"{today:%Y}"
        case "all":
            return Period(name, "all", None, None)
        case _:
            raise KeyError(name)
    before = today.year * 12 + (today.month - 1) // months * months
    return Period(name, key, month_start(before), month_start(before + months))


def month_start(months: int) -> date:
    """The first day of a month, counted from the year 0."""
    return date(months // 12, months % 12 + 1, 1)


def last_months(today: date, count: int) -> list[str]:
    """The keys of the last months, this one last."""
    this = today.year * 12 + today.month - 1
    return [f"{month_start(n):%Y-%m}" for n in range(this - count + 1, this + 1)]


def period_names() -> list[tuple[str, str]]:
    """The periods of the board with their names, as its links show them."""
    names = {"month": _("This month"), "quarter": _("This quarter"), "year": _("This year"), "all": _("All time")}
    return [(name, names[name]) for name in PERIODS]


def kind_name(kind: str) -> str:
    """What earns points, as the rules are shown."""
    names = {
        "accepted": _("An accepted answer"),
        "like": _("A like for a post"),
        "thanks": _("Thanks for a post"),
        "answer": _("An answer in somebody's thread"),
    }
    return names.get(kind, kind)


def event_name(kind: str, *, stands: bool) -> str:
    """What a row says that happened."""
    given = {
        "accepted": _("Answer accepted"),
        "like": _("Post liked"),
        "thanks": _("Thanked for a post"),
        "answer": _("Answered"),
    }
    gone = {
        "accepted": _("Acceptance taken back"),
        "like": _("Like taken back"),
        "thanks": _("Thanks taken back"),
        "answer": _("Answer taken back"),
    }
    return (given if stands else gone).get(kind, kind)
