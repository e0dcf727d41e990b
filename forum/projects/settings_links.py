"""The pages of a project's settings: each room registers its own, and all show the same row of tabs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from forum.projects.roles import may
from forum.web.reader import Reader


@dataclass(frozen=True)
class Link:
    """`/p/{project}/settings/{path}`, shown to who may do `deed`; `text` is called when shown, so that it is translated."""

    path: str
    text: Callable[[], str]
    deed: str


_links: list[Link] = []


def register(link: Link) -> None:
    """Add a page to the row; `forum/wiring.py` alone does this."""
    if link not in _links:
        _links.append(link)


def settings_tabs(reader: Reader, project: Any, path: str) -> list[tuple[str, str, bool, int]]:
    """The tabs over the settings of a project (id, slug) for a reader; `path` is the page's own."""
    base = f"/p/{project['slug']}/settings"
    shown = [link for link in _links if may(reader, link.deed, project["id"])]
    addresses = [(f"{base}/{link.path}".rstrip("/"), link) for link in shown]
    return [(address, link.text(), address == path, 0) for address, link in addresses]
