"""What is kept in memory of thread pages, and what says that it is still right."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from markupsafe import Markup

from forum.database.engine import Row
from forum.threads.fragments import Powers, render_posts
from forum.threads.queries import posts_between
from forum.threads.rules import numbers_on
from forum.threads.stencils import stencil_of
from forum.web import i18n
from forum.web.packed import pack, unpack
from forum.web.reader import Reader

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


shared_posts = Kept(24_000_000)


async def posts_on(reader: Reader, head: Row, acts: list[Any], number: int, powers: Powers) -> Markup:
    """The posts of a page; signed-in readers who may do the same and have nothing of their own there share them."""
    place = (head["id"], number, powers, reader.is_team(head["project_id"]), i18n.current.get())
    is_shared = reader.is_signed_in and head["is_plain"]
    kept: tuple[tuple[int, ...], bytes] | None = shared_posts.get(place) if is_shared else None
    # what is read below may be newer than the head, never older: then these versions do not come again
    stamp = stamp_of(head)
    if kept is not None and kept[0] == stamp:
        return Markup(unpack(kept[1]).decode())
    rows = await posts_between(reader, head["id"], *numbers_on(number))
    body = render_posts(rows, acts, head, powers, reader)
    if is_shared:
        packed = pack(body.encode())
        shared_posts.put(place, (stamp, packed), len(packed))
    return body


def stamp_of(head: Row) -> tuple[int, ...]:
    """The versions that say whether anything on a thread's pages has changed."""
    return head["version"], head["project_version"], head["site_version"]
