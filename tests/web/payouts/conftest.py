"""A world whose payments go through the stand-in for Stripe."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from forum.outside import stripe as client
from forum.settings import Settings
from tests.helpers.paying import Till
from tests.helpers.site import Site
from tests.helpers.stripe import SECRET, Stripe, stripe, stripe_process
from tests.helpers.world import World
from tests.standins.stripe import KEY

__all__ = ["stripe", "stripe_process"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's pauses between tries, shortened; its tries are its own."""
    monkeypatch.setattr(client.library().HTTPXClient, "INITIAL_DELAY", 0.01)
    monkeypatch.setattr(client.library().HTTPXClient, "MAX_DELAY", 0.05)


@pytest.fixture
async def till(database: str, settings: Settings, stripe: Stripe, quick: None) -> AsyncIterator[Till]:
    """A site with a world that takes payments by Stripe."""
    chosen = replace(settings, stripe_secret_key=KEY, stripe_webhook_secret=SECRET, stripe_api_base=stripe.url)
    async with Site.open(chosen) as site:
        yield Till(await World.make(site), stripe)
