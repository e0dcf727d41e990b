"""A small world for tests: one project with an owner, a supporter, askers made by name, and an outsider."""

from dataclasses import dataclass, field
from typing import Any

from categories.ask.actions import Asked, ask
from forum.database.engine import execute, fetch_value
from forum.projects.actions import NewProject, create_project
from tests.helpers.site import Browser, Site


@dataclass
class World:
    """`owner`, `supporter` and `outsider` are signed-in browsers; `person(name)` makes more, once each."""

    site: Site
    project: int
    owner: Browser
    supporter: Browser
    outsider: Browser
    people: dict[str, Browser] = field(default_factory=dict)

    @classmethod
    async def make(cls, site: Site, slug: str = "pelican") -> "World":
        owner = await site.member("olga", name="Olga Owner")
        project = await create_project(owner.person or 0, NewProject(slug, "Pelican Toolkit", "Pelican Foundation"))
        world = cls(site, project, owner, await site.member("sam", name="Sam Supporter"), await site.member("otto"))
        await world.team(world.supporter, "supporter")
        return world

    async def team(self, browser: Browser, role: str) -> None:
        await execute(
            "insert into project_member (project_id, person_id, role) values ($1, $2, $3)"
            " on conflict (project_id, person_id) do update set role = $3",
            self.project,
            browser.person,
            role,
        )

    async def person(self, name: str) -> Browser:
        if name not in self.people:
            self.people[name] = await self.site.member(name)
        return self.people[name]

    async def ask(self, title: str, *, by: str = "ana", category: str = "support", **kwargs: Any) -> Asked:
        """A submitted question (or a report in another category) by the person of that name."""
        browser = await self.person(by)
        given = {"capacity": "personal", "accepts_terms": True} | kwargs
        text = given.pop("markdown", f"{title} I tried for an hour.")
        return await ask(await browser.reader(), self.project, title, text, category=category, **given)

    async def category(self, slug: str) -> int:
        found: int = await fetch_value(
            "select id from category where project_id = $1 and slug = $2", self.project, slug
        )
        return found
