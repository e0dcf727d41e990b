"""A mail as a value: who wrote it, what it says, what hangs on it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, Final

from forum.mail.reading.bodies import Body, body_of
from forum.mail.reading.words import header_text

# A mail of more parts, or of parts nested deeper, is no person's.
HEADERS_MOST: Final = 1000
HEAD_MOST: Final = 100_000
SPACED: Final = re.compile(rb"(?m)^([!-9;-~]{1,60})[ \t]{1,20}:")
ID: Final = re.compile(r"<([^<>\s]{1,250})>")
Parsed = Message


class Unreadable(ValueError):
    """These bytes are no mail that anybody could answer; the message says why and quotes nothing of it."""


@dataclass(frozen=True)
class Letter:
    """A mail. `sender`: the bare address in lower case, "" where From names none or several · `ids`: Message-IDs without
    their brackets, which this one answers, nearest first."""

    message_id: str
    sender: str
    sender_name: str
    subject: str
    date: datetime | None
    ids: tuple[str, ...]
    received: int
    body: Body
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    parsed: Parsed = field(repr=False, compare=False)

    def all(self, name: str) -> list[str]:
        """The values of a header (lower-case name), from the top down."""
        return [value for each, value in self.headers if each == name]

    def first(self, name: str) -> str:
        return next((value for each, value in self.headers if each == name), "")

    @property
    def in_answer(self) -> bool:
        """Whether it says that it answers some mail."""
        return bool(self.ids)

    def has(self, name: str) -> bool:
        return any(each == name for each, _value in self.headers)


def read_letter(raw: bytes) -> Letter:
    """A mail out of its bytes. Raises Unreadable, and nothing else."""
    try:
        return _read(raw)
    except Unreadable:
        raise
    except RecursionError:
        raise Unreadable("nested too deeply") from None
    except Exception as error:
        # the standard library's parser raises LookupError, ValueError, AttributeError, ... on hostile mail
        raise Unreadable(f"broken in a way that is not understood ({type(error).__name__})") from None


def _read(raw: bytes) -> Letter:
    if not raw.strip():
        raise Unreadable("empty")
    parsed: Parsed = message_from_bytes(raw, policy=policy.compat32)
    headers = tuple(_headers(parsed))
    if not headers:
        # RFC 822 allowed spaces before the colon
        parsed = message_from_bytes(SPACED.sub(rb"\1:", raw[:HEAD_MOST]) + raw[HEAD_MOST:], policy=policy.compat32)
        headers = tuple(_headers(parsed))
    if not headers:
        raise Unreadable("without a header")
    by_name: dict[str, list[str]] = {}
    for name, value in headers:
        by_name.setdefault(name, []).append(value)

    def first(name: str) -> str:
        return by_name.get(name, [""])[0]

    name, sender = _sender(by_name.get("from", []))
    return Letter(
        message_id=next(iter(ID.findall(first("message-id"))), first("message-id").strip("<> ")[:250]),
        sender=sender,
        sender_name=name,
        subject=first("subject")[:998],
        date=_date(first("date")),
        ids=tuple(dict.fromkeys([*ID.findall(first("in-reply-to")), *reversed(ID.findall(first("references")))]))[:50],
        received=len(by_name.get("received", [])),
        body=body_of(parsed),
        headers=headers,
        parsed=parsed,
    )


def _headers(parsed: Parsed) -> Iterator[tuple[str, str]]:
    raw: Any = parsed._headers  # type: ignore[attr-defined]
    for name, value in raw[:HEADERS_MOST]:
        yield str(name).lower(), header_text(value, 8000 if str(name).lower() == "references" else 2000)


def _sender(values: list[str]) -> tuple[str, str]:
    """The name and the bare address of who wrote; no address where From names several, which is how one hides behind
    another."""
    found = [(name, address) for name, address in getaddresses(values) if "@" in address]
    name = found[0][0] if found else (values[0] if values else "")
    addresses = {address.lower() for _name, address in found}
    whole = next(iter(addresses)) if len(addresses) == 1 and len(values) == 1 else ""
    return " ".join(name.split())[:200], whole if len(whole) <= 254 and " " not in whole else ""


def _date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None
