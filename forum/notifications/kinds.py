"""The kinds of notices: what each says, and whether it can wait for the digest. Registered in `forum/app.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

Said = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of notice. `sentence` makes one plain sentence out of what was said with it, and of the `title` of its
    thread; `at_once`: it does not wait for the digest."""

    name: str
    sentence: Callable[[Said], str]
    at_once: bool = False


_kinds: dict[str, Kind] = {}
kinds: Mapping[str, Kind] = MappingProxyType(_kinds)


def register(kind: Kind) -> None:
    """Let notices of this kind be told; `forum/app.py` alone does this."""
    _kinds[kind.name] = kind
