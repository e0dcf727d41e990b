"""A hub that hears the hints of the test's own database."""

from collections.abc import AsyncIterator

import pytest

from tests.helpers.live import Listener, listening


@pytest.fixture
async def hub(database: str) -> AsyncIterator[Listener]:
    async with listening(database) as opened:
        yield opened
