"""What became of a source, and how far the import is: the same for every importer (interfaces.md)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from importers.faults import Malformed

Outcome = Literal["created", "updated", "unchanged"]

# Records after which open browsers hear of what came.
HINT_EVERY = 25

# How many records are done, of how many where that is known.
Progress = Callable[[int, int | None], None]


def no_progress(done: int, total: int | None) -> None:
    """Tells nobody."""


@dataclass
class Summary:
    """What became of a source (interfaces.md). The first four count what it held and now stands on the site: threads,
    their posts (first ones included), who wrote them, their tags. Then threads, by what had to be done for them.
    `broken`: where and why the source could not be read to its end, else None.
    """

    threads: int = 0
    posts: int = 0
    people: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: list[Malformed] = field(default_factory=list)
    broken: Malformed | None = None

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        return {
            "threads": self.threads,
            "posts": self.posts,
            "people": len(self.people),
            "tags": len(self.tags),
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "skipped": [{"where": fault.where, "why": fault.why} for fault in self.skipped],
        }

    def count(self, outcome: Outcome, *, posts: int, people: Iterable[str], tags: Iterable[str]) -> None:
        """One thread more, with so many posts, by these people (by key), under these tags."""
        self.threads += 1
        self.posts += posts
        self.people.update(people)
        self.tags.update(tags)
        setattr(self, outcome, getattr(self, outcome) + 1)
