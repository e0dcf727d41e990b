"""The rows of the benchmark: what was measured, against which floor, and whether the goal was met."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Goal:
    """What a row should reach: `of` is the field it is about, `at_least` tells the direction."""

    value: float
    of: str = "value"
    at_least: bool = False

    def met(self, measured: float) -> bool:
        return measured >= self.value if self.at_least else measured <= self.value

    def __str__(self) -> str:
        return f"{self.of} {'≥' if self.at_least else '≤'} {self.value:g}"


# every row there is, in the order in which they are measured and shown: (unit, goal); a goal of none is to be read beside
# the others
ROWS: dict[str, tuple[str, Goal | None]] = {
    "thread_anonymous_cold": ("requests/s", None),
    "thread_anonymous_zipf": ("requests/s", Goal(0.20, "ratio", at_least=True)),
    "thread_anonymous_uniform": ("requests/s", Goal(0.07, "ratio", at_least=True)),
    "latest_anonymous": ("requests/s", Goal(0.20, "ratio", at_least=True)),
    "thread_signed_in_zipf": ("requests/s", Goal(0.06, "ratio", at_least=True)),
    "thread_signed_in_uniform": ("requests/s", Goal(0.04, "ratio", at_least=True)),
    "thread_last_page_10k": ("ms", Goal(1.3, "ratio")),
    "reply_store": ("replies/s", Goal(300, at_least=True)),
    "reply_visible_p95_ms": ("ms", Goal(150)),
    "bump_concurrent_200": ("s", Goal(15)),
    "bump_seen_s": ("s", Goal(1)),
    "digests_10k_s": ("s", Goal(180)),
    "digests_page_ratio": ("ms", Goal(1.3, "ratio")),
    "bump_seen_inboxes_s": ("s", Goal(1)),
    "web_rss_mb": ("MB", Goal(250)),
    "queue_position_100k": ("µs", Goal(5, "ratio")),
    "inbox_100k": ("ms", Goal(1.5, "ratio")),
    "leaderboard_1m": ("ms", Goal(1.5, "ratio")),
    "ledger_verify_1m_s": ("s", Goal(30)),
    "ledger_post": ("posts/s", Goal(0.5, "ratio", at_least=True)),
    "import_archive_1000_s": ("s", Goal(60)),
    "import_live_issues_s": ("issues/s", Goal(17, at_least=True)),
    "import_stackexchange_posts_s": ("posts/s", Goal(300, at_least=True)),
    "mails_parsed_per_s": ("mails/s", Goal(200, at_least=True)),
    "start_second_s": ("s", Goal(3)),
    "page_weight_kb": ("kB", Goal(75)),
}


@dataclass(frozen=True)
class Row:
    """One line of the result; `ok` is null where nothing was measured, and `why` then says the reason."""

    name: str
    value: float | None
    unit: str
    floor: float | None
    ratio: float | None
    goal: float | None
    ok: bool | None


def row(name: str, value: float | None, floor: float | None = None, ratio: float | None = None) -> Row:
    """A row of a known name. The ratio is value to floor unless given."""
    unit, goal = ROWS[name]
    if ratio is None and value is not None and floor:
        ratio = value / floor
    measured = ratio if goal and goal.of == "ratio" else value
    ok = None if measured is None or goal is None else goal.met(measured)
    return Row(name, rounded(value), unit, rounded(floor), rounded(ratio), goal.value if goal else None, ok)


def rounded(value: float | None) -> float | None:
    """To four significant digits."""
    if value is None or not value:
        return value
    return round(value, max(0, 3 - math.floor(math.log10(abs(value)))))


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest of the values within which at least `part` (0 to 1) of them lie. ValueError for no values."""
    if not values:
        raise ValueError("no values")
    ranked = sorted(values)
    return ranked[max(0, math.ceil(part * len(ranked)) - 1)]


def write(rows: Sequence[Row], folder: Path, now: datetime) -> Path:
    """Keep the rows as `<time>.json`, a list of objects; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"
    file.write_text(json.dumps([asdict(r) for r in rows], indent=1) + "\n")
    return file


def show(rows: Sequence[Row]) -> None:
    """Print the rows as one table."""
    table = Table(title="haas bench")
    for head in ("row", "value", "unit", "floor", "ratio", "goal", ""):
        table.add_column(head, justify="left" if head in ("row", "unit", "goal") else "right", no_wrap=True)
    for r in rows:
        shown = (f"{v:g}" if v is not None else "" for v in (r.value, r.floor, r.ratio))
        value, floor, ratio = shown
        goal = ROWS[r.name][1]
        mark = {True: "[green]ok[/]", False: "[red]missed[/]", None: "not measured" if goal else ""}[r.ok]
        table.add_row(r.name, value, r.unit, floor, ratio, str(goal or ""), mark)
    # narrower than this figures would be cut off, in a file and a pipe most of all
    Console(width=max(Console().width, 120)).print(table)
