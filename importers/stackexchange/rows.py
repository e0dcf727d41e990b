"""Rows of a data dump's XML file with their lines, one after another; what is no plain list of rows is refused.

expat reads it (in C, piece by piece). A document type is refused where it begins, so no entity is ever declared, let
alone expanded or fetched.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

from importers.faults import one_line

PIECE = 65_536
# Bytes of one row; the longest post there may be is a thirtieth of it.
ROW_MOST = 4_000_000


class BadDump(Exception):
    """The dump cannot be imported; the message says which file, which line and why, in one line."""


@dataclass(frozen=True)
class XmlRow:
    """A row's attributes, and where it stands; `why`: it is none, for this reason."""

    line: int
    told: dict[str, str]
    why: str = ""


class _Reader:
    def __init__(self, name: str, root: str) -> None:
        self.name, self.root = name, root
        self.depth = self.quiet = 0
        self.found: list[XmlRow] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.opened
        self.parser.EndElementHandler = self.closed
        self.parser.StartDoctypeDeclHandler = self.refused_doctype
        self.parser.EntityDeclHandler = self.refused_doctype

    def fault(self, why: str, line: int | None = None) -> BadDump:
        return BadDump(f"{self.name}, line {line or self.parser.CurrentLineNumber}: {why}")

    def opened(self, tag: str, told: dict[str, str]) -> None:
        self.quiet = 0
        self.depth += 1
        line = self.parser.CurrentLineNumber
        if self.depth == 1:
            if tag.lower() != self.root:
                raise self.fault(f"it holds <{one_line(tag, 40)}>, not <{self.root}>")
        elif self.depth == 2:
            self.found.append(XmlRow(line, told, "" if tag == "row" else f"<{one_line(tag, 40)}> is no row"))
        elif self.depth == 3:
            self.found[-1:] = [XmlRow(line, {}, "a row holds no other elements")]

    def closed(self, _tag: str) -> None:
        self.quiet = 0
        self.depth -= 1

    def refused_doctype(self, *_said: object) -> None:
        raise self.fault("it declares a document type or entities, which no dump does")

    def fed(self, piece: bytes, *, is_last: bool = False) -> list[XmlRow]:
        """The rows that begin in a piece. Raises BadDump."""
        self.quiet += len(piece)
        try:
            self.parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            if is_last and error.code == expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]:
                raise self.fault("the file breaks off", error.lineno) from None
            raise self.fault(expat.ErrorString(error.code), error.lineno) from None
        except (ValueError, LookupError) as error:
            # an encoding that nobody knows
            raise self.fault(one_line(str(error), 100)) from None
        if self.quiet > ROW_MOST:
            raise self.fault(f"one row holds more than {ROW_MOST // 1_000_000} MB")
        found, self.found = self.found, []
        return found


def rows(file: Path, root: str) -> Iterator[XmlRow]:
    """The rows of `<root>`, in order. Raises BadDump where the file cannot be read to its end."""
    reader = _Reader(file.name, root)
    try:
        with file.open("rb") as raw:
            while piece := raw.read(PIECE):
                yield from reader.fed(piece)
    except OSError as error:
        raise BadDump(f"{file.name}: {(error.strerror or 'it cannot be read').lower()}") from None
    yield from reader.fed(b"", is_last=True)
