"""What a mail says and what hangs on it: the text chosen among its parts, and its files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Final

from forum.mail.reading.html import light, without_quotes
from forum.mail.reading.words import clean, decoded, header_text
from forum.markup.from_html import to_markdown

Part = Message
PARTS_MOST: Final = 300
DEPTH_MOST: Final = 40
# Characters of a text that are read; a post holds a tenth of it.
TEXT_MOST: Final = 1_000_000
HTML_MOST: Final = 2_000_000
FILES_MOST: Final = 20
FILE_MOST: Final = 10_000_000
SMIME: Final = frozenset(
    ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature", "application/ms-tnef")
)


@dataclass(frozen=True)
class File:
    """Something that hangs on a mail: the name its sender gave it ("" for none), and its bytes."""

    name: str
    content: bytes = field(repr=False)
    content_id: str = ""


@dataclass(frozen=True)
class Body:
    """`text` as written (`is_html`: Markdown of what was HTML alone, and `quoted` what was cut from that HTML) · `files`
    that were kept, `lost` how many were not: too large or too many."""

    text: str
    is_html: bool = False
    quoted: str = ""
    files: tuple[File, ...] = ()
    lost: int = 0


def kind_of(part: Part) -> str:
    """The type a part claims, in lower case; `text/plain` where that is nonsense."""
    return part.get_content_type().lower()


def parameter(part: Part, name: str, header: str = "content-type") -> str:
    """A parameter of a header, decoded; "" where there is none."""
    try:
        found: Any = part.get_param(name, "", header)
    except (ValueError, LookupError, AttributeError, TypeError):
        return ""
    if isinstance(found, tuple):
        charset, _language, value = (found + ("", ""))[:3]
        return header_text(decoded(str(value).encode("latin-1", "replace"), charset or "utf-8"), 300)
    return header_text(found, 300)


def disposition(part: Part) -> str:
    return str(part.get("content-disposition") or "").split(";")[0].strip().lower()


def name_of(part: Part) -> str:
    return parameter(part, "filename", "content-disposition") or parameter(part, "name")


def payload(part: Part) -> bytes:
    """The bytes of a part, its transfer encoding undone; b"" for one that has parts itself."""
    try:
        found: Any = part.get_payload(decode=True)
    except (ValueError, LookupError, AttributeError, TypeError, AssertionError):
        found = part.get_payload()
    if isinstance(found, str):
        found = found.encode(
            "utf-8", "surrogateescape" if "\udc80" <= max(found, default="") <= "\udcff" else "replace"
        )
    return found if isinstance(found, bytes) else b""


def text_of(part: Part, most: int = TEXT_MOST) -> str:
    """The text of a part, clean."""
    text = clean(decoded(payload(part)[: 4 * most], parameter(part, "charset")))[:most]
    if parameter(part, "format").lower() == "flowed":
        return unflowed(text, deletes_space=parameter(part, "delsp").lower() == "yes")
    return text


def unflowed(text: str, *, deletes_space: bool) -> str:
    """Paragraphs as they were before they were broken into lines for the way (RFC 3676)."""
    made: list[str] = []
    flows, before = False, ""
    for line in text.split("\n"):
        quotes = line[: len(line) - len(line.lstrip(">"))]
        words = line[len(quotes) :].removeprefix(" ")
        is_signature = words == "-- "
        if flows and quotes == before and not is_signature:
            made[-1] += words
        else:
            made.append(f"{quotes} {words}" if quotes else words)
        flows, before = words.endswith(" ") and not is_signature, quotes
        if flows and deletes_space:
            made[-1] = made[-1][:-1]
    return "\n".join(line if line.endswith("-- ") else line.rstrip(" ") for line in made)


def leaves(message: Part) -> Iterator[tuple[Part, tuple[tuple[int, str], ...]]]:
    """Every part that has no parts, in order, with the multiparts around it as (which, its subtype); what a mail carries
    as a mail is one part."""
    waiting: list[tuple[Part, tuple[tuple[int, str], ...]]] = [(message, ())]
    seen = 0
    while waiting and seen < PARTS_MOST:
        part, around = waiting.pop()
        seen += 1
        inner: Any = part.get_payload()
        if part.is_multipart() and isinstance(inner, list) and not kind_of(part).startswith("message/"):
            if len(around) < DEPTH_MOST:
                within = (*around, (id(part), kind_of(part).partition("/")[2]))
                waiting += [(each, within) for each in reversed(inner)]
        else:
            yield part, around


def body_of(message: Part) -> Body:
    """The text chosen: plain where there is some, else what the HTML says; and the files."""
    plain: list[str] = []
    pages: list[str] = []
    enriched: list[str] = []
    files: list[File] = []
    lost = 0
    for part, _around in leaves(message):
        kind, name, placed = kind_of(part), name_of(part), disposition(part)
        is_shown = placed != "attachment" and (not name or placed == "inline" or not files)
        if kind.startswith("multipart/"):
            # without its boundary it is one piece
            plain.append(text_of(part))
        elif kind == "text/plain" and is_shown and not (name and placed):
            plain.append(text_of(part))
        elif kind == "text/html" and is_shown and not (name and placed == "attachment"):
            pages.append(text_of(part, HTML_MOST))
        elif kind in SMIME or kind == "message/delivery-status":
            continue
        elif kind in ("text/enriched", "text/richtext") and is_shown and not name:
            enriched.append(unenriched(text_of(part)))
        elif file := file_of(part, kind, name):
            if len(files) < FILES_MOST and len(file.content) <= FILE_MOST:
                files.append(file)
            else:
                lost += 1
    text = joined(plain)
    if not text.strip() and not pages:
        text = joined(enriched)
    if text.strip() or not pages:
        return Body(text, files=tuple(files), lost=lost)
    kept, quoted = without_quotes(light("\n".join(pages)))
    return Body(to_markdown(kept), is_html=True, quoted=to_markdown(quoted), files=tuple(files), lost=lost)


def unenriched(text: str) -> str:
    """Text of text/enriched (RFC 1896): its commands gone, one line end a space and several one less."""
    plain = re.sub(r"(?is)<param>[^<]{0,200}</param>|</?[a-z][a-z0-9-]{0,60}>", "", text).replace("<<", "<")
    return re.sub(r"\n+", lambda ends: " " if len(ends[0]) == 1 else ends[0][1:], plain)


def joined(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else "\n\n".join(text.strip("\n") for text in texts if text.strip())


def file_of(part: Part, kind: str, name: str) -> File | None:
    """A part as a file; None where it is empty."""
    if kind.startswith("message/"):
        inner: Any = part.get_payload()
        try:
            content = inner[0].as_bytes() if isinstance(inner, list) and inner else payload(part)
        except Exception:
            # the library writes some of what it reads in no way at all
            content = b""
        name = name or ("message.eml" if kind in ("message/rfc822", "message/global") else "")
    else:
        content = payload(part)
    said = re.sub(r"[<>\s]", "", header_text(part.get("content-id") or "", 250))
    return File(name, content, said) if content.strip() else None
