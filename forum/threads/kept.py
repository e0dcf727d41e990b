"""What is kept of pages, in memory and in a file, and what says that it is still right."""

import os
import tempfile
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

import structlog

from forum.database.engine import Row
from forum.settings import settings
from forum.threads.stencils import stencil_of

log = structlog.get_logger()
_all: list["Kept | KeptInFile"] = []


def forget_kept() -> None:
    """Forget all that is kept: another application in this process may stand on another database."""
    for kept in _all:
        kept.forget()
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

    def forget(self) -> None:
        self.texts.clear()
        self.size = 0

    def get(self, key: Hashable) -> Any:
        found = self.texts.get(key)
        if found is None:
            return None
        self.texts.move_to_end(key)
        return found[0]

    def drop(self, key: Hashable) -> None:
        found = self.texts.pop(key, None)
        self.size -= found[1] if found else 0

    def put(self, key: Hashable, value: Any, size: int) -> None:
        self.drop(key)
        size += ENTRY
        if size > self.most:
            return
        self.size += size
        self.texts[key] = (value, size)
        while self.size > self.most:
            self.size -= self.texts.popitem(last=False)[1][1]


class KeptInFile:
    """The texts kept last, up to a number of bytes in all, in a file of this process alone; what they were made of stays
    in memory, and so do the texts used last, up to `hot` bytes.

    The file has no name and ends with the process. What the system has memory left for, it reads from there. It is written
    round and round: a new text takes the place of the oldest ones. Where the disk refuses, nothing is kept.
    """

    def __init__(self, most: int, hot: int) -> None:
        self.most = most
        self.hot = Kept(hot)
        self.file = -1
        self.end = 0
        # where each text lies, how long it is, its stamp and its slots; the oldest first
        self.places: OrderedDict[Hashable, tuple[int, int, Hashable, tuple[int, ...]]] = OrderedDict()
        _all.append(self)

    def __contains__(self, key: Hashable) -> bool:
        return key in self.places

    def forget(self) -> None:
        self.places.clear()
        self.hot.forget()
        self.end = 0
        if self.file >= 0:
            os.close(self.file)
        self.file = -1

    def get(self, key: Hashable, stamp: Hashable) -> tuple[bytes, tuple[int, ...]] | None:
        """The text kept under `key` and its slots, where it was made of what has this stamp."""
        found = self.places.get(key)
        if found is None or found[2] != stamp:
            return None
        at, length, _stamp, slots = found
        text = self.hot.get(key)
        if text is None:
            try:
                text = os.pread(self.file, length, at)
            except OSError as error:
                log.warning("a kept page cannot be read", error=str(error))
                return None
            if len(text) != length:
                return None
            self.hot.put(key, text, length)
        return text, slots

    def put(self, key: Hashable, stamp: Hashable, text: bytes, slots: tuple[int, ...] = ()) -> None:
        self.places.pop(key, None)
        self.hot.drop(key)
        length = len(text)
        if length > self.most:
            return
        if self.end + length > self.most:
            # whatever lies between here and the end is older than all that lies before
            self.make_room(self.end, self.most + 1)
            self.end = 0
        self.make_room(self.end, self.end + length)
        try:
            if self.file < 0:
                self.file = new_file()
            written = os.pwrite(self.file, text, self.end)
        except OSError as error:
            log.warning("a page cannot be kept", error=str(error))
            return
        if written == length:
            self.places[key] = self.end, length, stamp, slots
            self.hot.put(key, text, length)
            self.end += length

    def make_room(self, first: int, last: int) -> None:
        """Forget the texts that lie in these bytes; the oldest of all is the next one there."""
        while self.places:
            key, (at, length, _stamp, _slots) = next(iter(self.places.items()))
            # an empty text lies in the byte that would be its first, or it would stay the oldest for ever
            if not (at < last and at + max(length, 1) > first):
                return
            del self.places[key]


def new_file() -> int:
    """A file without a name in the data folder. OSError where there can be none."""
    folder = settings().data
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder, buffering=0) as made:
        return os.dup(made.fileno())


def stamp_of(head: Row) -> tuple[int, ...]:
    """The versions that say whether anything on a thread's pages has changed."""
    return head["version"], head["project_version"], head["site_version"]
