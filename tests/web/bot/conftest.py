"""A project with a repository on GitHub, the App installed on it, and the stand-in that GitHub is."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from forum.outside import github as client
from forum.settings import Settings, use
from importers.github.bot.commands import forget_names
from tests.helpers.bot import SECRET, Pond
from tests.helpers.site import Site
from tests.standins.github import Description, GitHub

ROOT = Path(__file__).parents[3]
DESCRIPTION = (ROOT / os.environ.get("HAAS_TEST_DATA", "../shared")).resolve() / "specs" / "github-openapi.json"


@pytest.fixture(scope="session")
def description() -> Description | None:
    """The official description of the API, where it is at hand; tests/outside insists on it."""
    return Description.read(DESCRIPTION) if DESCRIPTION.is_file() else None


@pytest.fixture
async def github(description: Description | None) -> AsyncIterator[GitHub]:
    client.forget_tokens()
    forget_names()
    async with GitHub.open(description=description) as opened:
        yield opened
    assert not opened.wrong, "\n".join(opened.wrong)


@pytest.fixture
def settings(settings: Settings, github: GitHub) -> Settings:
    return replace(
        settings,
        github_app_id=github.app_id,
        github_app_private_key=github.private_key,
        github_webhook_secret=SECRET,
        github_api_base=github.url,
    )


@pytest.fixture
async def pond(site: Site, github: GitHub) -> Pond:
    use(site.settings)
    return await Pond.make(site, github)
