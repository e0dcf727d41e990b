"""What is kept in memory of thread pages, and what says that it is still right."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from forum.database.engine import Row
from forum.threads.stencils import stencil_of

_all: list["Kept"] = []


def forget_kept() -> None:
    """Forget all that is kept: another application in this process may stand on another database."""
    for kept in _all:
        kept.texts.clear()
        kept.size = 0
    stencil_of.cache_clear()


# What an entry takes beside its text, in bytes.
ENTRY = 600


class Kept:
    """The most recently used texts, up to a number of bytes in all."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self.texts: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        _all.append(self)

    def get(self, key: Hashable) -> Any:
        found = self.texts.get(key)
        if found is None:
            return None
        self.texts.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: Any, size: int) -> None:
        size += ENTRY
        before = self.texts.pop(key, None)
        self.size += size - (before[1] if before else 0)
        self.texts[key] = (value, size)
        while self.size > self.most:
            self.size -= self.texts.popitem(last=False)[1][1]


def stamp_of(head: Row) -> tuple[int, ...]:
    """The versions that say whether anything on a thread's pages has changed."""
    return head["version"], head["project_version"], head["site_version"]
