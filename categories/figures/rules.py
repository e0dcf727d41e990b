"""What figures come to, out of one row a ticket (pure). Durations are workdays, exact."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Final, TypeVar

from categories.support.promises.workdays import Calendar, Responses, responses, workdays_between

K = TypeVar("K", bound=Hashable)
# Of fewer ratings no share is drawn: it would tell of single people.
ENOUGH_RATINGS: Final = 3


@dataclass(frozen=True)
class Fact:
    """One native ticket: where it belongs, when what happened to it first (aware UTC), whether it came back after it was
    over, and what was said of it last (1 to 3)."""

    category: str
    line: str
    submitted_at: datetime
    first_response_at: datetime | None = None
    over_at: datetime | None = None
    reopened: bool = False
    face: int | None = None


@dataclass(frozen=True)
class Overs:
    """Tickets that came to an end: how many, and how many of them were opened again."""

    over: int = 0
    reopened: int = 0


@dataclass(frozen=True)
class Said:
    """Of tickets that came to an end: how many, and how many requesters said good, so-so, bad."""

    over: int = 0
    good: int = 0
    fair: int = 0
    bad: int = 0

    @property
    def rated(self) -> int:
        return self.good + self.fair + self.bad

    @property
    def answer_rate(self) -> Fraction | None:
        """Which part of the tickets was rated at all; None of none."""
        return Fraction(self.rated, self.over) if self.over else None

    @property
    def satisfied(self) -> Fraction | None:
        """Which part of those who said something said good; None where too few did."""
        return Fraction(self.good, self.rated) if self.rated >= ENOUGH_RATINGS else None


def months_back(now: datetime, count: int) -> list[date]:
    """The first days of the last `count` months in UTC, this one last."""
    this = now.year * 12 + now.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(this - count + 1, this + 1)]


def month_of(moment: datetime) -> date:
    return moment.date().replace(day=1)


def durations(
    facts: Iterable[Fact], key: Callable[[Fact], K | None], end: str, calendar: Calendar
) -> dict[K, Responses]:
    """Median and p90 of the workdays from submission to `first_response_at` or `over_at`, by a key of each fact."""
    found: dict[K, list[Fraction]] = defaultdict(list)
    for fact in facts:
        ended = getattr(fact, end)
        group = key(fact)
        if ended is not None and group is not None:
            found[group].append(workdays_between(fact.submitted_at, ended, calendar))
    return {group: responses(each) for group, each in found.items()}


def ends(facts: Iterable[Fact], key: Callable[[Fact], K | None]) -> dict[K, Overs]:
    """Of those that are over, how many came back."""
    over: Counter[K] = Counter()
    back: Counter[K] = Counter()
    for fact in facts:
        group = key(fact)
        if fact.over_at is not None and group is not None:
            over[group] += 1
            back[group] += fact.reopened
    return {group: Overs(count, back[group]) for group, count in over.items()}


def satisfaction(facts: Iterable[Fact], key: Callable[[Fact], K | None]) -> dict[K, Said]:
    """What was said of those that are over."""
    over: Counter[K] = Counter()
    faces: Counter[tuple[K, int]] = Counter()
    for fact in facts:
        group = key(fact)
        if fact.over_at is not None and group is not None:
            over[group] += 1
            if fact.face is not None:
                faces[group, fact.face] += 1
    return {group: Said(n, faces[group, 3], faces[group, 2], faces[group, 1]) for group, n in over.items()}


def ended_in(fact: Fact) -> date | None:
    return month_of(fact.over_at) if fact.over_at else None


def answered_in(fact: Fact) -> date | None:
    return month_of(fact.first_response_at) if fact.first_response_at else None


# --- drawing --------------------------------------------------------------------------------------------------------

# The drawing of a chart: its width in units of its own, since it is as wide as its place, its height in pixels, so that
# its words are as large as all others.
WIDTH, HEIGHT, FLOOR = 720, 110, 128


@dataclass(frozen=True)
class Column:
    """One column: where it stands, how high its parts are, whether its label is written below it, and whether that is
    left out where there is little room."""

    x: int
    width: int
    heights: tuple[int, ...]
    labelled: bool
    is_spare: bool = False

    @property
    def wide(self) -> str:
        """How wide each part is, in percent; a gap stays beside it."""
        return percents(self.width - 1 if self.width > 2 else self.width)

    @property
    def middle(self) -> str:
        return percents(self.x + self.width * len(self.heights) / 2)

    def left(self, part: int) -> str:
        """Where a part (counted from 0) begins, in percent."""
        return percents(self.x + part * self.width)


def percents(units: float) -> str:
    return f"{100 * units / WIDTH:.2f}"


def columns(values: Sequence[Sequence[Fraction | int | None]]) -> tuple[list[Column], Fraction]:
    """Where the columns of a chart stand: `values` are the parts of each group, beside each other; None: nothing is
    drawn. Returns them with the value of the highest."""
    top = max([Fraction(part) for group in values for part in group if part is not None], default=Fraction(0))
    if not values or top <= 0:
        return [], Fraction(0)
    room = WIDTH // len(values)
    parts = max(len(group) for group in values)
    width = max(1, min(26, room * 3 // 5 // parts))
    every = -(-len(values) // 13)
    few = len(values) <= 7
    drawn = [
        Column(
            n * room + (room - parts * width) // 2,
            width,
            tuple(0 if part is None else int(Fraction(part) * HEIGHT / top) for part in group),
            (len(values) - 1 - n) % every == 0,
            not few and (len(values) - 1 - n) % (2 * every) != 0,
        )
        for n, group in enumerate(values)
    ]
    return drawn, top
