"""What GitHub tells us: its deliveries, verified, kept and handed to who listens for such an event."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from forum.incoming.signatures import check_github
from forum.incoming.sources import Delivery, Known, Source
from forum.settings import Settings
from forum.web.errors import Invalid
from forum.web.i18n import _

# What happened (`action`, "" where the event has none) and the payload, as in the official webhook payloads.
Listener = Callable[[str, dict[str, Any]], Awaitable[None]]

_listeners: dict[str, list[Listener]] = {}


def listen(event: str, listener: Listener) -> None:
    """Have a listener told of each delivery of an event (`issue_comment`), inside the transaction that notes it as
    handled; `forum/wiring.py` alone does this. What must talk to GitHub is a job that the listener enqueues."""
    if listener not in _listeners.setdefault(event, []):
        _listeners[event].append(listener)


def verify(raw: bytes, headers: Mapping[str, str], settings: Settings, now: datetime) -> Known:
    """Signed with our secret, and once by GitHub's id. What is said of one issue is handled in the order it came."""
    check_github(raw, headers.get("x-hub-signature-256", ""), settings.github_webhook_secret)
    event = headers.get("x-github-event", "")
    try:
        told = Delivery(0, "github", "", "", {}, raw, now).value
    except (ValueError, RecursionError):
        raise Invalid(_("This is not a delivery of GitHub's.")) from None
    about = told.get("issue") or told.get("pull_request") or told.get("discussion")
    number = about.get("number") if isinstance(about, dict) else None
    repository = told.get("repository")
    home = repository.get("id") if isinstance(repository, dict) else None
    lane = f"{home}#{number}" if isinstance(home, int) and isinstance(number, int) else ""
    return Known(headers.get("x-github-delivery", ""), event or "unknown", lane)


async def handle(delivery: Delivery) -> None:
    """Tell everybody who listens for this event; an event nobody listens for is kept and nothing else."""
    told = delivery.value
    act = told.get("action")
    for listener in _listeners.get(delivery.kind, ()):
        await listener(act if isinstance(act, str) else "", told)


SOURCE = Source(
    "github",
    lambda settings: bool(settings.github_webhook_secret),
    verify,
    handle,
    keeps=("x-github-event", "x-github-delivery", "x-github-hook-installation-target-id"),
)
