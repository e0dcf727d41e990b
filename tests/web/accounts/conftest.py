"""What the tests of accounts share."""

from collections.abc import Iterator

import pytest

from forum import events
from forum.accounts.events import SignedIn
from tests.helpers.elsewhere import doors, github, github_process, openid, openid_process

__all__ = ["doors", "github", "github_process", "openid", "openid_process"]


@pytest.fixture
def signed_in() -> Iterator[list[SignedIn]]:
    """Every SignedIn that is published during the test."""
    heard: list[SignedIn] = []

    async def hear(event: SignedIn) -> None:
        heard.append(event)

    events.subscribe(SignedIn, hear)
    yield heard
    events._subscribers[SignedIn].remove(hear)
