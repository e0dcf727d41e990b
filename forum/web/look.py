"""What the templates' macros need from Python: initials, hues, relative times, amounts, the strokes of a queue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final, Protocol

from jinja2 import Environment
from markupsafe import Markup, escape

from forum.web.assets import Assets
from forum.web.i18n import _, ngettext
from forum.web.i18n import current as locale
from forum.web.money import money, percent
from forum.web.reader import hue_of, initials_of

#: Past this many waiting, each stroke of the track stands for an equal part of the queue (ui.md, principle 4).
MOST_STROKES: Final = 60
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: The corners of an avatar and of a project's tile, of a square of 36.
ROUND: Final = 18
TILE: Final = 9
_CODE: Final = re.compile(r"(`+)([^`]+)\1")
_TOP: Final = {"d": 0, "p": 6, "f": 15, "y": 0}


class Named(Protocol):
    """A person or project as a row carries it."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


def install(env: Environment) -> None:
    """Give `macros.html` its functions; as globals, so that macros may be imported without context."""
    env.globals.update(
        draw_icon=draw_icon,
        draw_avatar=draw_avatar,
        draw_tile=draw_tile,
        draw_time=draw_time,
        draw_title=draw_title,
        strokes=strokes,
        sprite=sprite,
        initials=initials,
        hue_of=hue_of,
        ago=ago,
        full_date=full_date,
        money=money,
        percent=percent,
        days=days,
        span=span,
        workdays=workdays,
    )


initials = lru_cache(maxsize=8192)(initials_of)


def sprite() -> str:
    """Return the address of the icons' sprite, for templates that write their icons out."""
    return Assets.current().icons


@cache
def draw_icon(name: str) -> Markup:
    """Return a symbol of the sprite; its assets are loaded by the first page that draws, not by an import."""
    return Markup('<svg class="i" aria-hidden="true"><use href="{}#i-{}"/></svg>').format(Assets.current().icons, name)


def _of(thing: Any, name: str) -> Any:
    return thing[name] if isinstance(thing, dict) else getattr(thing, name)


def draw_avatar(person: Named, size: str = "") -> Markup:
    """Return a round with the initials of a person, in the hue of the id; `size` is "", s, m, l or xl."""
    return draw_disc(hue_of(_of(person, "id")), _of(person, "name"), size, ROUND)


def draw_tile(project: Named, size: str = "") -> Markup:
    """Return a tile with the first letter of a project, in the hue of the id; `size` as of an avatar."""
    return draw_disc(hue_of(_of(project, "id")), _of(project, "name"), size, TILE)


@lru_cache(maxsize=8192)
def draw_disc(hue: int, name: str, size: str, radius: int) -> Markup:
    """Return the avatar or tile of a name; `radius` is ROUND or TILE."""
    letters = initials_of(name) if radius == ROUND else name[:1].upper()
    return Markup(
        '<svg class="avatar h{}{}" viewBox="0 0 36 36" aria-hidden="true"><rect width="36" height="36" rx="{}"/>'
        '<text x="18" y="18.5">{}</text></svg>'
    ).format(hue, f" avatar--{size}" if size else "", radius, letters)


def draw_time(at: datetime, now: datetime | None = None, css: str = "") -> Markup:
    """Return a `time` element: short text, the full date as its title; both aware; `css` is its class."""
    title = _title(at, locale.get())
    shown = ago(at, now)
    styled = f' class="{escape(css)}"' if css else ""
    return Markup(
        f'<time{styled} datetime="{at.isoformat(timespec="seconds")}" title="{title}" data-ago>{escape(shown)}</time>'
    )


@lru_cache(maxsize=8192)
def _title(at: datetime, _locale: str) -> Markup:
    return escape(full_date(at))


def draw_title(title: str) -> str:
    """Return a thread's title for a template: what stands between backticks is code, as on GitHub, and no more is markup.

    Without a backtick it is the title itself, which the template escapes as any other text: that costs nothing. A
    title that is safe already, as that of a search with its marks, stays safe: no mark goes over a backtick.
    """
    return Markup(_CODE.sub(r"<code>\2</code>", str(escape(title)))) if "`" in title else title


def ago(at: datetime, now: datetime | None = None) -> str:
    """Return how long ago `at` was, as short as a list needs: "now", "17 min", "2 h", "3 d", "16 Nov", "Nov 2024".

    Both aware. Without `now` (in fragments that are kept) the date alone; `time.js` makes it relative.
    """
    if now is not None and now - at < timedelta(days=7):
        minutes = max(0, int((now - at).total_seconds())) // 60
        just_now, in_minutes, in_hours, in_days = _("now|{n} min|{n} h|{n} d").split("|")
        if minutes < 1:
            return just_now
        if minutes < 60:
            return in_minutes.replace("{n}", str(minutes))
        if minutes < 24 * 60:
            return in_hours.replace("{n}", str(minutes // 60))
        return in_days.replace("{n}", str(minutes // 1440))
    at = at.astimezone(UTC)
    if now is None:
        return day_text(at.year, at.month, at.day, locale.get())
    if at.year == now.astimezone(UTC).year:
        return _("%(day)s %(month)s") % {"day": at.day, "month": month_text(at.month)}
    return month_text(at.month, at.year)


def month_text(month: int, year: int | None = None) -> str:
    """Return a month in words, "Nov", or of a year, "Nov 2024"."""
    word = _(_MONTHS[month - 1])
    return word if year is None else _("%(month)s %(year)s") % {"month": word, "year": year}


@lru_cache(maxsize=8192)
def day_text(year: int, month: int, day: int, _locale: str) -> str:
    """Return a day in words of the current language, which must be `_locale`: "16 Nov 2026"."""
    return _("%(day)s %(month)s %(year)s") % {"day": day, "month": _(_MONTHS[month - 1]), "year": year}


def full_date(at: datetime) -> str:
    """Return date and time in words and UTC, for a title: "16 Nov 2026, 09:12 UTC"."""
    return f"{ago(at)}, {at.astimezone(UTC):%H:%M} UTC"


def span(least: int, most: int) -> str:
    """Return a range of whole numbers as it is read: "3–4", and "3" where both ends are the same."""
    return str(least) if least == most else f"{least}–{most}"


def workdays(least: int, most: int) -> str:
    """Return a range of workdays in words: "3–4 workdays", "1 workday"."""
    return ngettext("%(span)s workday", "%(span)s workdays", most) % {"span": span(least, most)}


def days(least: int, most: int) -> str:
    """Return the same where there is little room: "3–4 days", "1 day"."""
    return ngettext("%(span)s day", "%(span)s days", most) % {"span": span(least, most)}


def strokes(line: Sequence[str], you: int | None = None) -> list[tuple[int, int, str]]:
    """Return the strokes of a queue as (x, top, class): classes `d` due, `p` paid, `f` unpaid, `y` you.

    `line` holds one letter a waiting ticket (`d`, `p`, `f`), in queue order; `you` is a place in it, from 1.
    Past 60 each stroke stands for an equal part: due when one in it is due, and tall and short in the
    proportion of the parts so far, so that one unpaid in five still shows as every fifth stroke.
    """
    count = min(len(line), MOST_STROKES)
    drawn = []
    owed = 0.0
    for index in range(count):
        start, end = index * len(line) // count, (index + 1) * len(line) // count
        part = line[start:end]
        free = part.count("f") / len(part)
        if you is not None and start < you <= end:
            kind = "y"
        elif "d" in part:
            kind = "d"
        else:
            owed += free
            kind = "f" if owed >= 0.5 + 1e-9 or free == 1 else "p"
            owed -= kind == "f"
        drawn.append((index * 8, _TOP[kind], kind))
    return drawn
