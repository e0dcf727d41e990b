"""Loads a room when it is first needed: the command line must start before all is read, and a room that a setting
brings in costs nobody else anything."""

import importlib
from typing import Any


def late(name: str) -> Any:
    """What `room.file:name` stands for, such as `forum.demo:make_demo`, or the module itself; it is imported now.

    For `haas` alone (`haas --help` in a tenth of the time it takes to import the application) and for `forum/app.py`,
    where a setting decides what stands behind an interface; everywhere else imports stand at the top of the file.
    """
    path, _, attribute = name.partition(":")
    module = importlib.import_module(path)
    return getattr(module, attribute) if attribute else module
