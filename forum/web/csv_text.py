"""Tables as CSV (RFC 4180, UTF-8), of which no spreadsheet takes a text for a formula (trust.md C52)."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
MEDIA_TYPE: Final = "text/csv; charset=utf-8"


def cell(value: Any) -> str:
    """A text for a spreadsheet, which takes none of them for a formula."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as CSV."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
