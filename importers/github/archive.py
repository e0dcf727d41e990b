"""Reads issues out of a file: the `archive.json` that IETF repositories publish, or REST objects as JSON.

The archive's format is that of https://github.com/martinthomson/i-d-template; REST objects come one a line, as a list,
or as lists one after another (`gh api --paginate`). Plain or gzip, told by the content. Nothing is loaded that is not
needed: one record at a time.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from importers.faults import Malformed, Unreadable, one_line
from importers.github.records import Reading, Record
from importers.github.splitting import PIECE, BreaksOff, Bytes, Element, Text, elements, lines

MAGIC = "E!vIA5L86J2I"
Form = Literal["archive", "list", "lines"]
_ARCHIVE_KEYS = ("magic", "timestamp", "repo", "labels", "issues", "pulls")
_ARCHIVE_START = re.compile(r'\{\s*"(?:' + "|".join(_ARCHIVE_KEYS) + r')"\s*:')
# Bigger files are not walked over beforehand only to know how far the import is.
COUNT_MOST = 50_000_000


class NotAnArchive(Exception):
    """There is nothing in the file to import, or it is of something else; the message says so in one line."""


@dataclass
class Source:
    """A file of issues. `broken` says where and why it could not be read to its end, once it was read."""

    path: Path
    broken: Malformed | None = None
    has_magic: bool = False

    def count(self) -> int | None:
        """How many records the file lists, pulls of an archive left out; None where counting would take long.

        Raises NotAnArchive.
        """
        with open_bytes(self.path) as raw:
            if self.path.stat().st_size > COUNT_MOST:
                return None
            text = Text(cast(Bytes, raw))
            form, first = recognise(text)
            try:
                if form == "lines":
                    return sum(1 for _ in lines(text, first))
                return sum(e.index is not None and e.name in ("", "issues") for e in elements(text, first))
            except BreaksOff:
                return None

    def records(self, reading: Reading, *, with_pulls: bool = False) -> Iterator[Record]:
        """Every issue, loose comment and fault, in the file's order; pull requests only where asked for.

        Raises NotAnArchive, before the first record where that can be known. Where the file breaks off, what came
        before is given, and then the fault.
        """
        with open_bytes(self.path) as raw:
            text = Text(cast(Bytes, raw))
            form, first = recognise(text)
            where = "the beginning"
            found = 0
            self.has_magic = False
            faults: Counter[str] = Counter()
            first_of: dict[str, str] = {}
            try:
                for value, where, is_pull in self.values(form, text, first, reading, with_pulls):
                    for record in reading.records(value, where, is_pull=is_pull):
                        if isinstance(record, Malformed):
                            faults[record.why] += 1
                            first_of.setdefault(record.why, record.where)
                        else:
                            found += 1
                        if with_pulls or not getattr(record, "is_pull", False):
                            yield record
            except BreaksOff as error:
                self.broken = Malformed(f"after {where}", str(error))
                faults, first_of = Counter([self.broken.why]), {self.broken.why: self.broken.where}
                yield self.broken
            if not found and not self.has_magic:
                # what most of them lack says more than what the first one lacks
                for why, _times in faults.most_common(1):
                    raise NotAnArchive(f"no issue in it can be read ({first_of[why]}: {why})")
                if form == "archive":
                    raise NotAnArchive("it has no issues")

    def values(
        self, form: Form, text: Text, first: str, reading: Reading, with_pulls: bool
    ) -> Iterator[tuple[object, str, bool | None]]:
        """The JSON values that should be records, where they stand, and whether they are pulls (None: they know)."""
        if form == "lines":
            for number, line in lines(text, first):
                yield (Unreadable("this is too long") if line is None else parse(line)), f"line {number}", None
            return
        for element in elements(text, first):
            if form == "list":
                if element.index is None or element.name:
                    raise BreaksOff("the brackets do not match")
                yield parse(element.text), f"item {element.index + 1}", None
            elif element.index is None:
                yield from self.member(element, reading)
            elif element.name == "issues" or (element.name == "pulls" and with_pulls):
                yield parse(element.text), element.where, element.name == "pulls"

    def member(self, element: Element, reading: Reading) -> Iterator[tuple[object, str, bool | None]]:
        """What an archive says of itself. Raises NotAnArchive where it is of something else."""
        value = parse(element.text)
        if element.name == "magic":
            if value != MAGIC:
                raise NotAnArchive("it has another mark than issue archives have")
            self.has_magic = True
        if element.name == "repo" and isinstance(value, str) and value.casefold() != reading.folded:
            raise NotAnArchive(f"it is an archive of {one_line(value, 80)}, not of {reading.repository}")
        if element.name in ("issues", "pulls"):
            yield Unreadable("this is not a list"), element.name, element.name == "pulls"


def parse(text: str) -> Any:
    """A JSON value; control characters within strings are forgiven. Where it is none, why; never raises."""
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        return Unreadable("this is nested too deeply")
    except ValueError as error:
        return Unreadable(f"this is not JSON ({one_line(str(error), 100)})")


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked where they are gzip. Raises NotAnArchive where there is no such file."""
    try:
        if path.exists() and not path.is_file():
            raise NotAnArchive("it is not a file")
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
        return cast(BinaryIO, gzip.open(path)) if packed else path.open("rb")
    except OSError as error:
        raise NotAnArchive((error.strerror or "it cannot be read").lower()) from None


def recognise(text: Text) -> tuple[Form, str]:
    """Which form the text has, and its first piece. Raises NotAnArchive."""
    first = text.read(PIECE)
    while first.isspace():
        first = text.read(PIECE)
    start = first.lstrip()
    if not start:
        raise NotAnArchive(text.fault or "it is empty")
    if start[0] == "[":
        return "list", first
    if start[0] != "{":
        # the first of many lines may be the one that is broken
        if "\n{" not in first:
            raise NotAnArchive("it is not JSON")
        return "lines", first
    whole = parse(start.partition("\n")[0])
    if isinstance(whole, dict):
        is_archive = "number" not in whole and (
            "magic" in whole or any(isinstance(whole.get(k), list) for k in ("issues", "pulls"))
        )
        return ("archive" if is_archive else "lines"), first
    return ("archive" if _ARCHIVE_START.match(start) else "lines"), first
