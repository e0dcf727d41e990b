"""What a digest is made of: sections, each loaded for many people at once. Upper packages register theirs."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.accounts.rules import plain_name
from forum.database.engine import Row
from forum.markup import excerpt
from forum.notifications.kinds import POSTS, kinds
from forum.notifications.queries import address_of, notices_for_digests, sentence_of
from forum.web.i18n import _, ngettext

# What a section shows at most; the rest is a line that counts it.
MOST: Final = 15
EXCERPT: Final = 160


@dataclass(frozen=True)
class Line:
    """One line: its text, the path it leads to (or ""), a second smaller line, what stands before it in a ranked section,
    and how the second line looks ("", paid, due)."""

    text: str
    path: str = ""
    more: str = ""
    mark: str = ""
    look: str = ""


@dataclass(frozen=True)
class Recipient:
    """Whose digest it is, and up to which moment it tells."""

    id: int
    username: str
    locale: str
    until: datetime


# For all these people at once, in a fixed number of statements: the lines of each who has any. It is called in the
# language of all of them.
Load = Callable[[Sequence[Recipient]], Awaitable[Mapping[int, Sequence[Line]]]]


@dataclass(frozen=True)
class Section:
    """A part of every digest; people for whom it has no lines do not see it."""

    name: str
    title: Callable[[], str]
    load: Load
    is_ranked: bool = False


_sections: list[Section] = []
sections: Sequence[Section] = _sections


def register(section: Section) -> None:
    """Add a section behind the others; `forum/wiring.py` alone does this."""
    if section.name not in [each.name for each in _sections]:
        _sections.append(section)


def section_of(group: str) -> Load:
    """Loads the lines of a group of kinds of notices; the posts of one thread are one line."""

    async def load(people: Sequence[Recipient]) -> dict[int, list[Line]]:
        rows = await waiting_for(people)
        found: dict[int, list[Line]] = {}
        for person, own in by_person(
            [r for r in rows if r["kind"] in kinds and kinds[r["kind"]].group == group]
        ).items():
            lines = lines_of(own)
            found[person] = shortened(lines, next(p.username for p in people if p.id == person))
        return found

    return load


async def waiting_for(people: Sequence[Recipient]) -> list[Row]:
    return await notices_for_digests([p.id for p in people], [p.until for p in people])


def by_person(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["person_id"]].append(row)
    return found


def lines_of(rows: Sequence[Row]) -> list[Line]:
    """A line for each notice, but one for all posts of a thread, which leads to the first of them."""
    threads: dict[int, list[Row]] = defaultdict(list)
    lines: list[tuple[int, Line]] = []
    for row in rows:
        if row["kind"] in POSTS and row["post_id"] is not None:
            threads[row["thread_id"]].append(row)
        elif words := sentence_of(row, in_mail=True):
            more = row["project_name"] or ""
            lines.append((row["id"], Line(words, address_of(row), more)))
    for told in threads.values():
        # workers tell of several posts in any order
        posts = sorted(told, key=lambda row: int(row["post_number"]))
        last = posts[-1]
        n = ngettext("%(num)d new post", "%(num)d new posts", len(posts)) % {"num": len(posts)}
        words = excerpt(last["html"], EXCERPT)
        more = _("%(n)s, last by %(name)s: %(words)s") % {"n": n, "name": plain_name(last["name"]), "words": words}
        lines.append((last["id"], Line(last["title"], address_of(posts[0]), more)))
    return [line for _id, line in sorted(lines, key=lambda each: each[0], reverse=True)]


def shortened(lines: list[Line], username: str) -> list[Line]:
    """No more lines than anybody reads."""
    if len(lines) <= MOST:
        return lines
    left = len(lines) - MOST + 1
    more = ngettext("and %(num)d more", "and %(num)d more", left) % {"num": left}
    return [*lines[: MOST - 1], Line(more, f"/u/{username}/notifications")]


NEWS: Final = Section("news", lambda: _("Your threads and tickets"), section_of("news"))
ASSIGNED: Final = Section("assigned", lambda: _("Assigned to you"), section_of("assigned"))
MENTIONS: Final = Section("mentions", lambda: _("Mentions"), section_of("mention"))
