"""Loads a room, or a heavy library, when it is first needed: whatever starts must start before all of it is read."""

import importlib
from typing import Any


def late(name: str) -> Any:
    """What `room.file:name` stands for, such as `forum.demo:make_demo`, or the module itself; it is imported now.

    For `haas` (`haas --help` in a tenth of the time it takes to import the application), for `forum/wiring.py` where a
    setting decides what stands behind an interface, and for a library that few processes ever need and that takes long
    to import (Stripe's); everywhere else imports stand at the top of the file.
    """
    path, _, attribute = name.partition(":")
    module = importlib.import_module(path)
    return getattr(module, attribute) if attribute else module
