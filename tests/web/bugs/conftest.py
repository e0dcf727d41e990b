"""A project with a repository, a bug somebody reported, and the stand-in that its issues go to."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from categories.bugs.jobs import promote_thread
from forum.database.engine import Row, execute, fetch_one
from forum.outside import github as client
from forum.settings import Settings, use
from tests.helpers.site import Browser, Site
from tests.helpers.world import World
from tests.standins.github import Description, GitHub

ROOT = Path(__file__).parents[3]
DESCRIPTION = (ROOT / os.environ.get("HAAS_TEST_DATA", "../shared")).resolve() / "specs" / "github-openapi.json"
TEXT = "The pump stops at night, says @wader. Same as #3?\n\nVersion: 2.4.1\nOS: Debian 12"


@pytest.fixture(scope="session")
def description() -> Description | None:
    """The official description of the API, where it is at hand; tests/outside insists on it."""
    return Description.read(DESCRIPTION) if DESCRIPTION.is_file() else None


@pytest.fixture
async def github(description: Description | None) -> AsyncIterator[GitHub]:
    client.forget_tokens()
    async with GitHub.open(description=description) as opened:
        yield opened
    assert not opened.wrong, "\n".join(opened.wrong)


@pytest.fixture
def settings(settings: Settings, github: GitHub) -> Settings:
    return replace(
        settings,
        github_app_id=github.app_id,
        github_app_private_key=github.private_key.replace("\n", "\\n"),
        github_api_base=github.url,
    )


@dataclass
class Bug:
    """A reported bug, and `mia`, a maintainer; `now` is moved on by the tests."""

    world: World
    github: GitHub
    thread: int
    url: str
    mia: Browser
    now: datetime

    async def promote(self, browser: Browser | None = None, **typed: str) -> int:
        """Press the button; returns the status."""
        words = {"title": "The pump stops", "body": "It ran all day."} | typed
        sent = await (browser or self.mia).post(f"/t/{self.thread}/promotion", words)
        return sent.status_code

    async def job(self, minutes: float = 0) -> None:
        """So many minutes later, the job."""
        self.now += timedelta(minutes=minutes)
        self.github.now = self.now
        await promote_thread(self.thread, self.now)

    async def row(self) -> Row:
        found = await fetch_one("select * from promotion where thread_id = $1", self.thread)
        assert found is not None
        return found

    async def state(self) -> str:
        return str((await self.row())["state"])

    async def page(self, browser: Browser | None = None) -> str:
        return (await (browser or self.mia).get(self.url)).text


@pytest.fixture
async def bug(site: Site, github: GitHub) -> Bug:
    use(site.settings)
    world = await World.make(site)
    await execute("update project set repository = 'https://github.com/Heron/pond' where id = $1", world.project)
    mia = await world.person("mia")
    await world.team(mia, "maintainer")
    asked = await world.ask("The pump stops at night", category="bugs", markdown=TEXT)
    return Bug(world, github, asked.posted.thread, asked.posted.url, mia, datetime.now(UTC))
