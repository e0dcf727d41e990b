"""A site with a project, GitHub's stand-in, and a web server of somebody's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from forum.database.engine import Row, execute, fetch_one
from forum.settings import Settings
from tests.helpers.elsewhere import github, github_process, with_github
from tests.helpers.site import Site
from tests.helpers.website import PLACE, Website
from tests.helpers.world import World
from tests.standins.process import Standin

__all__ = ["github", "github_process"]


@dataclass
class Proving:
    """A world, who vouches, and a website that people of it may name."""

    world: World
    github: Standin
    website: Website

    async def row(self, proof: int | None = None) -> Row:
        """A proof; the project's own unless said."""
        found = await fetch_one(
            "select * from proof where case when $1::bigint is null then project_id = $2 else id = $1 end",
            proof,
            self.world.project,
        )
        assert found is not None
        return found

    async def names(self, **words: str) -> None:
        """What the project says of itself, as its settings page would keep it."""
        for name, text in words.items():
            await execute(f"update project set {name} = $2 where id = $1", self.world.project, text)

    async def prove_by_website(self) -> int:
        """The project is proven, and verified, by a file on its website; the proof's id."""
        await self.names(website=self.website.url, code_of_conduct=f"{self.website.url}/coc", guideline="Say versions.")
        self.website.files["/coc"] = "Be kind."
        row = await self.row()
        self.website.files[PLACE] = row["token"]
        answer = await self.world.owner.post(f"/proofs/{row['id']}/file", {"where": "website"})
        assert answer.status_code == 303, answer.text
        return int(row["id"])


@pytest.fixture
async def proving(database: str, settings: Settings, github: Standin) -> AsyncIterator[Proving]:
    async with Website.open() as website:
        chosen = replace(with_github(settings, github), internal_hosts=website.host)
        async with Site.open(chosen) as site:
            yield Proving(await World.make(site), github, website)
