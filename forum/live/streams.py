"""The streams a browser can follow; upper packages register theirs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forum.web.reader import Reader


@dataclass(frozen=True)
class News:
    """What came since a version: the version it leads to, and items `{"id", "html", ...}` in order."""

    version: int
    items: Sequence[Mapping[str, Any]]


# (the stream's row id, reader and the version that each of them has) → what came since, for those who may see it;
# who is missing from the answer may not see the stream at all (any more)
Since = Callable[[int, Mapping[int, tuple[Reader, int]]], Awaitable[Mapping[int, News]]]
Wakes = Callable[[int], Awaitable[str | None]]


@dataclass(frozen=True)
class Stream:
    """How news of a stream are found, which hint wakes it where that is not its own name, and how many seconds it
    rests between two rounds (hints that come meanwhile are one)."""

    since: Since
    wakes_with: Wakes | None = None
    pause: float = 0.0


streams: dict[str, Stream] = {}


def register(name: str, since: Since, wakes_with: Wakes | None = None, *, pause: float = 0.0) -> None:
    """Let browsers follow `name:id`; `forum/wiring.py` alone does this."""
    streams[name] = Stream(since, wakes_with, pause)
