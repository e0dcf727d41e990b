"""What of a source cannot be read, and how it is told: shared by all importers."""

import hashlib
from dataclasses import dataclass

from forum.threads.rules import clean_title


@dataclass(frozen=True)
class Malformed:
    """A record, or a part of one, that cannot be read: where it stands, and why it was left out."""

    where: str
    why: str


class Unreadable(ValueError):
    """Why a record cannot be read."""


def short_hash(text: str) -> str:
    """16 characters that tell texts apart."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def one_line(text: str, most: int) -> str:
    """A piece of hostile text that may stand in a message."""
    clean = clean_title(text)
    return clean if len(clean) <= most else clean[: most - 1] + "…"
