"""The charts of a project: each is a table first, drawn beside it, and a file of the same rows."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from categories.figures import queries, rules
from categories.figures.queries import Chosen
from categories.figures.rules import Column, Fact, Overs, Said, columns
from categories.support.promises.calendars import calendar_of
from categories.support.promises.workdays import Calendar, Responses
from forum.web.i18n import _

PERIODS = (3, 6, 12)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Chart:
    """A named table: `head` and `rows` of texts; `drawn`: its columns; `series`: what each part of a column is; `top`: the
    value of the highest; `texts`: how many of the first columns are words, not figures."""

    name: str
    title: str
    told: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    drawn: list[Column] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    series: tuple[str, ...] = ()
    top: str = ""
    texts: int = 1


@dataclass(frozen=True)
class Figures:
    """All that is known of a period: facts, what waited at the ends of weeks, promises kept and missed."""

    months: list[date]
    facts: list[Fact]
    weeks: list[tuple[datetime, int]]
    promises: dict[date, tuple[int, int]]
    calendar: Calendar


def decimal(value: Fraction | int | None) -> str:
    """With one decimal; "" for what cannot be said."""
    return "" if value is None else f"{float(value):.1f}"


def percent(part: Fraction | None) -> str:
    return "" if part is None else f"{round(100 * part)} %"


async def read(
    project: int, months: int, now: datetime, chosen: Chosen = queries.ALL, calendar: Calendar | None = None
) -> Figures:
    """The figures of the last `months` months of a project. Three statements, and one for its calendar unless given."""
    shown = rules.months_back(now, months)
    since = datetime.combine(shown[0], datetime.min.time(), UTC)
    weeks = (now - since) // WEEK
    return Figures(
        shown,
        await queries.facts_since(project, since, chosen),
        await queries.backlog(project, now - weeks * WEEK, now, chosen),
        await queries.promises(project, since, chosen),
        calendar or await calendar_of(project),
    )


def charts_of(figures: Figures) -> list[Chart]:
    """Every chart, in the order of the page."""
    return [
        times(figures, "first-response", _("First response of the team"), rules.answered_in, "first_response_at"),
        times(figures, "resolution", _("Until it was over"), rules.ended_in, "over_at"),
        waiting(figures),
        came_back(figures),
        satisfied(figures),
        kept(figures),
    ]


def months_text(months: Sequence[date]) -> list[str]:
    return [month.strftime("%Y-%m") for month in months]


def drawn(
    values: Sequence[Sequence[Fraction | int | None]], labels: list[str], series: tuple[str, ...], unit: str
) -> dict[str, Any]:
    """What a chart needs for its drawing."""
    made, top = columns(values)
    shown = decimal(top) if top.denominator > 1 else str(int(top))
    return {"drawn": made, "labels": labels, "series": series, "top": f"{shown} {unit}".strip()}


def times(figures: Figures, name: str, title: str, key: Callable[[Fact], date | None], end: str) -> Chart:
    found = rules.durations(figures.facts, key, end, figures.calendar)
    each = [found.get(month, Responses()) for month in figures.months]
    texts = months_text(figures.months)
    return Chart(
        name,
        title,
        _(
            "Workdays from submission on. A median is given from 5 on, the time within which 9 of 10 were done from 10 on."
        ),
        (_("Month"), _("Tickets"), _("Median"), _("9 of 10")),
        [(t, str(r.count), decimal(r.median), decimal(r.p90)) for t, r in zip(texts, each, strict=True)],
        **drawn([(r.median, r.p90) for r in each], texts, (_("median"), _("9 of 10")), _("workdays")),
    )


def waiting(figures: Figures) -> Chart:
    texts = [ends.strftime("%Y-%m-%d") for ends, _count in figures.weeks]
    return Chart(
        "backlog",
        _("Waiting, week by week"),
        _("How many tickets waited for the team at the end of each week."),
        (_("Week until"), _("Waiting")),
        [(text, str(count)) for text, (_ends, count) in zip(texts, figures.weeks, strict=True)],
        **drawn([(count,) for _ends, count in figures.weeks], [text[5:] for text in texts], (_("waiting"),), ""),
    )


def came_back(figures: Figures) -> Chart:
    found = rules.ends(figures.facts, rules.ended_in)
    each = [found.get(month, Overs()) for month in figures.months]
    texts = months_text(figures.months)
    shares = [Fraction(o.reopened, o.over) if o.over else None for o in each]
    return Chart(
        "reopened",
        _("Opened again"),
        _("Of the tickets that were resolved or closed for the first time in a month, how many waited again later."),
        (_("Month"), _("Over"), _("Opened again"), _("Share")),
        [(t, str(o.over), str(o.reopened), percent(s)) for t, o, s in zip(texts, each, shares, strict=True)],
        **drawn([(None if s is None else round(100 * s),) for s in shares], texts, (_("opened again"),), "%"),
    )


def satisfied(figures: Figures) -> Chart:
    found = rules.satisfaction(figures.facts, rules.ended_in)
    each = [found.get(month, Said()) for month in figures.months]
    texts = months_text(figures.months)
    return Chart(
        "satisfaction",
        _("How it went"),
        _("What requesters said of tickets that were over in a month, and how many of them said anything."),
        (_("Month"), _("Over"), _("Good"), _("So-so"), _("Bad"), _("Answer rate"), _("Good, of those who said")),
        [
            (t, str(s.over), str(s.good), str(s.fair), str(s.bad), percent(s.answer_rate), percent(s.satisfied))
            for t, s in zip(texts, each, strict=True)
        ],
        **drawn([(s.good, s.fair, s.bad) for s in each], texts, (_("good"), _("so-so"), _("bad")), ""),
    )


def kept(figures: Figures) -> Chart:
    each = [figures.promises.get(month, (0, 0)) for month in figures.months]
    texts = months_text(figures.months)
    shares = [Fraction(good, good + missed) if good + missed else None for good, missed in each]
    return Chart(
        "guarantee",
        _("Promises kept"),
        _("Answers that were promised within workdays, in the month in which they were given or the promise ran out."),
        (_("Month"), _("Kept"), _("Missed"), _("Share")),
        [(t, str(g), str(m), percent(s)) for t, (g, m), s in zip(texts, each, shares, strict=True)],
        **drawn(each, texts, (_("kept"), _("missed")), ""),
    )


def groups_of(figures: Figures, named: Collection[str]) -> Chart:
    """The same figures by category and by line, as a table; of categories, those are `named` that the reader may know of."""
    rows = []
    names: dict[str, Callable[[Fact], str]] = {
        _("Category"): lambda fact: fact.category if fact.category in named else _("Others"),
        _("Line"): lambda fact: _("Paid") if fact.line == "paid" else _("Unpaid"),
    }
    for kind, key in names.items():
        first = rules.durations(figures.facts, key, "first_response_at", figures.calendar)
        over = rules.durations(figures.facts, key, "over_at", figures.calendar)
        back = rules.ends(figures.facts, key)
        said = rules.satisfaction(figures.facts, key)
        for name in sorted({key(fact) for fact in figures.facts}):
            asked = sum(key(fact) == name for fact in figures.facts)
            ended, rated = back.get(name, Overs()), said.get(name, Said())
            share = Fraction(ended.reopened, ended.over) if ended.over else None
            rows.append(
                (
                    kind,
                    name,
                    str(asked),
                    decimal(first.get(name, Responses()).median),
                    decimal(over.get(name, Responses()).median),
                    percent(share),
                    percent(rated.satisfied),
                    percent(rated.answer_rate),
                )
            )
    head = (
        _("By"),
        _("Which"),
        _("Tickets"),
        _("First response"),
        _("Until over"),
        _("Opened again"),
        _("Good"),
        _("Answer rate"),
    )
    return Chart(
        "groups",
        _("By category and line"),
        _("Medians in workdays; empty where there are too few to say."),
        head,
        rows,
        texts=2,
    )


def people_chart(rows: Sequence[Any], *, is_owner: bool) -> Chart:
    """Kinds of work beside each other. Closures are the owner's to see."""
    head = (
        _("Person"),
        _("Answers"),
        _("Accepted"),
        _("Asked for facts"),
        _("Triage"),
        _("Whispers on others' tickets"),
        _("Good / so-so / bad"),
    )
    made = []
    for row in rows:
        cells = [row["name"], *(str(row[name]) for name in ("answers", "accepted", "facts", "triage", "whispers"))]
        cells.append(f"{row['good']} / {row['fair']} / {row['bad']}")
        made.append(tuple(cells + ([str(row["closed"])] if is_owner else [])))
    return Chart(
        "people",
        _("Who did what"),
        _("Kinds of work beside each other, by name. None of them is a rank, and they are not added up.")
        + ("" if is_owner else " " + _("You see your own row; the owner sees all.")),
        (*head, _("Closed")) if is_owner else head,
        made,
    )
