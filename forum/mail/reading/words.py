"""Bytes and header values of mails as clean text, whatever they claim to be in."""

import codecs
import re
from email.errors import MessageError
from email.header import decode_header
from typing import Any, Final

# Codecs that are no character set of a mail: slow on hostile input, or meant for something else.
NOT_FOR_MAIL: Final = frozenset(
    ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape", "undefined")
)
# What a text may not hold: PostgreSQL keeps no NUL, and the other controls draw nothing.
CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")
SPACES: Final = re.compile(r"\s+")


def decoded(raw: bytes, charset: str) -> str:
    """Text of bytes that are said to be in `charset`; where that is not so, as UTF-8, else as Western European."""
    name = charset.strip().strip("\"'").lower().removesuffix("-i")
    for each in (name, "utf-8"):
        try:
            if each and codecs.lookup(each).name not in NOT_FOR_MAIL:
                return raw.decode(each)
        except (LookupError, UnicodeError, ValueError):
            continue
    if name in ("", "us-ascii", "ascii", "utf-8", "iso-8859-1", "latin1", "unknown-8bit", "default", "x-unknown"):
        return raw.decode("cp1252", "replace")
    try:
        if codecs.lookup(name).name not in NOT_FOR_MAIL:
            return raw.decode(name, "replace")
    except (LookupError, UnicodeError, ValueError):
        pass
    return raw.decode("cp1252", "replace")


def clean(text: str) -> str:
    """The text with lines that end in `\\n`, without what draws nothing."""
    return CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def surrogates_gone(value: str) -> str:
    """A header whose raw bytes the parser has hidden in surrogates, read as UTF-8 or else Western European."""
    if value.isascii():
        return value
    try:
        return decoded(value.encode("ascii", "surrogateescape"), "utf-8")
    except UnicodeError:
        return value


def header_text(value: Any, most: int = 2000) -> str:
    """A header as one clean line (RFC 2047 undone); at most `most` characters of it are looked at."""
    raw = surrogates_gone(str(value))[: 4 * most]
    if "=?" in raw:
        try:
            pieces = decode_header(raw)
        except (MessageError, ValueError, LookupError, AttributeError, TypeError):
            pieces = [(raw, None)]
        raw = "".join(
            decoded(piece, charset or "utf-8") if isinstance(piece, bytes) else piece for piece, charset in pieces
        )
    return SPACES.sub(" ", CONTROLS.sub("", raw.replace("\n", " ").replace("\r", " "))).strip()[:most]
