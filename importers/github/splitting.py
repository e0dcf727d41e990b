"""Cuts JSON text that need not fit into memory, nor be right everywhere, into the values it lists.

A streaming parser gives up at the first fault, and one that builds paths as it goes (ijson) needs memory that grows
with the square of the nesting: 100 kB of brackets took all of a machine. Here only strings, brackets and commas are
looked at; each listed value is parsed by itself afterwards, so that a fault costs one record and nesting nothing.
"""

import codecs
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

# Bytes read at once, and the most characters of one record: GitHub's longest issue with 2,500 comments, and more.
PIECE = 65_536
RECORD_MOST = 64_000_000
# Bytes of a source, unpacked.
SOURCE_MOST = 500_000_000

# A lone quotation mark begins a string that ends further on than was read.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)


class BreaksOff(Exception):
    """The source cannot be read further; what came before stands."""


class Bytes(Protocol):
    """What a source is read from: `read1` gives at most so many bytes, b"" at the end."""

    def read1(self, size: int, /) -> bytes: ...


class Text:
    """Text out of bytes: UTF-8 with or without its mark, wrong bytes replaced; read up to a fault if there is one."""

    def __init__(self, raw: Bytes) -> None:
        self.raw = raw
        self.decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self.size = 0
        self.ended = False
        self.fault = ""

    def read(self, wanted: int = PIECE) -> str:
        """About as many characters as are wanted, fewer at the end; "" when nothing is left (`fault` may say why)."""
        pieces: list[str] = []
        while wanted > 0 and not self.ended:
            try:
                piece = self.raw.read1(PIECE)
            except (EOFError, OSError, zlib.error) as error:
                self.fault, piece = f"the file breaks off ({error})", b""
            self.size += len(piece)
            if self.size > SOURCE_MOST:
                self.fault, piece = f"the file holds more than {SOURCE_MOST // 1_000_000} MB", b""
            self.ended = not piece
            pieces.append(self.decoder.decode(piece, final=self.ended))
            wanted -= len(pieces[-1])
        return "".join(pieces)


def lines(text: Text, buffer: str) -> Iterator[tuple[int, str | None]]:
    """Lines with their numbers from 1, empty ones left out; None stands for one that is too long.

    `buffer` is what was read already. Raises BreaksOff where the source cannot be read further.
    """
    number, is_too_long = 1, False
    while True:
        *complete, buffer = buffer.split("\n")
        for line in complete:
            if is_too_long or line.strip():
                yield number, None if is_too_long else line
            is_too_long = False
            number += 1
        if is_too_long or len(buffer) > RECORD_MOST:
            is_too_long, buffer = True, ""
        piece = text.read(max(PIECE, len(buffer)))
        if not piece:
            break
        buffer += piece
    if is_too_long or buffer.strip():
        yield number, None if is_too_long else buffer
    if text.fault:
        raise BreaksOff(text.fault)


@dataclass(frozen=True)
class Element:
    """One value as JSON text: at `index` of the list `name` ("": the list is the whole text), or, with `index` None,
    what the key `name` of the whole object has, unless that is a list."""

    name: str
    index: int | None
    text: str

    @property
    def where(self) -> str:
        return self.name if self.index is None else f"{self.name}[{self.index}]"


def elements(text: Text, buffer: str) -> Iterator[Element]:
    """The values of one list, of lists one after another, or of one object's lists and other values, in order.

    `buffer` is what was read already. Raises BreaksOff where the text ends too early, its brackets do not match, or
    it cannot be read further.
    """
    depth = position = start = index = 0
    top, key, is_listed = "", "", False  # is_listed: within a list that is the value of `key`; key "": it comes next
    while True:
        token = _TOKEN.search(buffer, position)
        if token is None or token[0] == '"':
            if len(buffer) - start > RECORD_MOST:
                raise BreaksOff(f"one record holds more than {RECORD_MOST // 1_000_000} MB")
            position = (token.start() if token else len(buffer)) - start
            # by as much again, so that a long value is not searched over and over
            piece = text.read(max(PIECE, len(buffer) - start))
            if not piece:
                if depth or text.fault:
                    raise BreaksOff(text.fault or "the file breaks off")
                return
            buffer, start = buffer[start:] + piece, 0
            continue
        mark, position = token[0], token.end()
        if mark in ("[", "{"):
            depth += 1
            if depth == 1:
                top, key, start = mark, "", position
            elif depth == 2 and mark == "[" and key and not buffer[start : token.start()].strip(" \t\r\n:"):
                is_listed, index, start = True, 0, position
        elif mark in ("]", "}", ","):
            if depth and depth == 1 + is_listed:
                value = buffer[start : token.start()].strip()
                if is_listed or top == "[":
                    if value or mark == ",":
                        yield Element(key, index, value)
                        index += 1
                elif key:
                    yield Element(key, None, value.removeprefix(":").strip())
                    key = ""
                start = position
            if mark != ",":
                depth -= 1
                if depth < 0:
                    raise BreaksOff("the brackets do not match")
                if depth == 1 and is_listed:
                    is_listed, key, start = False, "", position
            if not depth:
                start = position
        elif top == "{" and depth == 1 and not key:
            key, start = mark[1:-1], position
