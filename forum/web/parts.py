"""Places that pages leave for upper packages: each part brings one batch loader and one fragment."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from forum.web.templates import fragment

# top_bar top_banner home_top home_aside row_marks thread_strip thread_aside post_footer composer profile_panels
# project_home ledger_aside supporters_aside supporter_facts dashboard
Loader = Callable[..., Awaitable[dict[str, Any] | None]]
Hearer = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Part:
    """What fills a place: `load` reads what `template` shows; None leaves the place empty.

    `dock`: a second fragment of the same, for the phone's dock; it is told `path` too.

    `sent`: hears that the form which the place stands in was sent, once what it is for is done.

    `alike`: all readers who are signed in and have no part in what the page is about get the same, but for their name and
    their token (forum/threads/shared.py keeps such pages).
    """

    load: Loader
    template: str
    alike: bool = False
    sent: Hearer | None = None
    dock: str = ""


_parts: dict[str, list[Part]] = {}


def register(place: str, part: Part) -> None:
    """Put a part into a place; `forum/wiring.py` alone does this."""
    if part not in _parts.setdefault(place, []):
        _parts[place].append(part)


def are_alike(place: str) -> bool:
    """Whether all parts of a place are."""
    return all(part.alike for part in _parts.get(place, ()))


async def load(place: str, *subject: Any, **more: Any) -> Markup:
    """Everything registered for a place, read and rendered for `subject`."""
    shown = []
    for part in _parts.get(place, ()):
        context = await part.load(*subject, **more)
        if context is not None:
            shown.append(fragment(part.template, **context))
    return Markup("").join(shown)


async def load_bars(path: str, *subject: Any) -> tuple[Markup, Markup]:
    """Everything registered for the top bar, and what of it stands in the phone's dock too; read once for both."""
    top, dock = [], []
    for part in _parts.get("top_bar", ()):
        found = await part.load(*subject)
        if found is not None:
            top.append(fragment(part.template, **found))
            if part.dock:
                dock.append(fragment(part.dock, path=path, **found))
    return Markup("").join(top), Markup("").join(dock)


async def sent(place: str, *subject: Any) -> None:
    """Tell the parts of a place that the form which it stands in was sent, and is done with."""
    for part in _parts.get(place, ()):
        if part.sent is not None:
            await part.sent(*subject)


async def context(place: str, *subject: Any) -> dict[str, Any]:
    """What the parts of a place bring, unrendered, for a page that puts their pieces in several spots; pieces of one
    name (markup, lists) stand one after the other."""
    found: dict[str, Any] = {}
    for part in _parts.get(place, ()):
        for name, piece in (await part.load(*subject) or {}).items():
            found[name] = found[name] + piece if name in found else piece
    return found
