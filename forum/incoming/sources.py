"""Who may send us something: how it is verified, and who handles it. Registered in `forum/wiring.py` alone."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from forum.settings import Settings
from forum.web.errors import Invalid
from forum.web.i18n import _

# As long as an id, a kind or the name of a lane may be (characters).
ID_MOST = 255


@dataclass(frozen=True)
class Known:
    """What a verified delivery is: the sender's id of it, its kind, and perhaps the lane it is to be handled in.

    Deliveries of one lane are handled one at a time, in the order they came; without a lane each goes by itself.
    Raises Invalid when made of what no row could hold, since a sender's JSON may hold anything.
    """

    foreign_id: str
    kind: str
    lane: str = ""

    def __post_init__(self) -> None:
        told: tuple[object, ...] = (self.foreign_id, self.kind, self.lane)
        if not self.foreign_id or any(not isinstance(each, str) or len(each) > ID_MOST for each in told):
            raise Invalid(_("It carries no id that could be kept."))


@dataclass(frozen=True)
class Delivery:
    """One delivery as its handler gets it; `body` are the bytes that were signed."""

    id: int
    source: str
    foreign_id: str
    kind: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime

    @property
    def value(self) -> dict[str, Any]:
        """The body as a JSON object. ValueError where it is none."""
        read = json.loads(self.body)
        if not isinstance(read, dict):
            raise ValueError("the body is not a JSON object")
        return read


# Raises Forbidden (not signed by whom it says, altered, stale) or Invalid (not what such a sender sends).
Verify = Callable[[bytes, Mapping[str, str], Settings, datetime], Known]
# Runs inside the transaction that notes the delivery as handled, so what it writes happens once; may run again after
# what it raises, and on an admin's wish, hence idempotent. Takes at most `HANDLE_FOR`.
Handle = Callable[[Delivery], Awaitable[None]]


@dataclass(frozen=True)
class Source:
    """Somebody who sends: `/webhooks/{name}` exists while `is_open`; of the headers those of `keeps` are kept."""

    name: str
    is_open: Callable[[Settings], bool]
    verify: Verify
    handle: Handle
    keeps: tuple[str, ...] = ()


_sources: dict[str, Source] = {}
sources: Mapping[str, Source] = MappingProxyType(_sources)


def register(source: Source) -> None:
    """Let this source send; `forum/wiring.py` alone does this."""
    _sources[source.name] = source


def forget(name: str) -> None:
    """Take a source away again, for tests."""
    _sources.pop(name, None)
