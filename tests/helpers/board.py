"""A board of threads for tests of the search: asked, answered, solved, hidden, in one line each."""

from dataclasses import dataclass

from forum.database.engine import execute, fetch_value
from forum.threads.actions import accept_answer
from forum.threads.starting import start_thread
from forum.threads.writing import Posted, post_reply
from forum.web.reader import GUEST, Reader
from search.interface import Search
from tests.helpers.site import Browser, Site
from tests.helpers.world import World


@dataclass
class Board:
    """A project's threads, made in one line each, past the Ask page."""

    world: World

    @property
    def site(self) -> Site:
        return self.world.site

    async def reader(self, name: str) -> Reader:
        browser = await self.world.person(name)
        return await browser.reader()

    async def team(self) -> Reader:
        return await self.world.supporter.reader()

    async def asked(
        self,
        title: str,
        text: str = "What am I doing wrong?",
        *,
        by: str = "ana",
        category: str = "support",
        visibility: str = "",
        **kwargs: object,
    ) -> Posted:
        """A thread in a category; `visibility` narrows it to another than the category's."""
        place = await self.world.category(category)
        posted = await start_thread(await self.reader(by), place, title, text, **kwargs)  # type: ignore[arg-type]
        if visibility:
            await execute("update thread set visibility = $2 where id = $1", posted.thread, visibility)
        return posted

    async def replied(self, thread: Posted, text: str, *, by: str = "ben", purpose: str = "reply") -> Posted:
        reader = await self.team() if by == "team" else await self.reader(by)
        return await post_reply(reader, thread.thread, text, purpose=purpose)

    async def solved(self, thread: Posted, text: str, *, asker: str = "ana", by: str = "ben") -> Posted:
        """An answer, accepted by who asked."""
        answer = await self.replied(thread, text, by=by)
        await accept_answer(await self.reader(asker), thread.thread, answer.number)
        return answer

    async def removed(self, post: Posted) -> None:
        await execute("update post set deleted_at = now() where id = $1", post.post)

    async def other_project(self, slug: str = "heron") -> int:
        owner = await self.world.person("hanna")
        project: int = await fetch_value(
            "insert into project (slug, name, legal_entity_id) select $1, initcap($1), legal_entity_id from project"
            " limit 1 returning id",
            slug,
        )
        await execute(
            "insert into category (project_id, slug, name, kind) values ($1, $2, 'Support', 'support')",
            project,
            f"{slug}-support",
        )
        await execute("insert into project_member values ($1, $2, 'owner')", project, owner.person)
        return project

    async def asked_elsewhere(self, project: int, title: str, text: str = "What now?") -> Posted:
        place = await fetch_value("select id from category where project_id = $1", project)
        return await start_thread(await self.reader("ana"), place, title, text)


async def titles(search: Search, query: str, reader: Reader = GUEST, **narrowing: object) -> list[str]:
    """The titles found, as plain text, best first."""
    found = await search.find(reader, query, **narrowing)  # type: ignore[arg-type]
    return [str(hit.title.striptags()) for hit in found.threads]


def guest_of(board: Board) -> Browser:
    return board.site.guest()
