"""A repository with the App on it, and GitHub's deliveries about it, signed as GitHub signs them."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from forum.database.engine import Row, execute, fetch, fetch_one
from tests.helpers.site import Browser, Site
from tests.helpers.world import World
from tests.standins.github import GitHub
from tests.standins.github_issues import id_of

SECRET = "a webhook secret of the tests"
REPOSITORY = 4242
Json = dict[str, Any]


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass
class Pond:
    """The project `pelican` with the repository heron/pond; `mia` may write there and is a maintainer here."""

    world: World
    github: GitHub
    mia: Browser

    @classmethod
    async def make(cls, site: Site, github: GitHub) -> "Pond":
        world = await World.make(site)
        mia = await world.person("mia")
        await world.team(mia, "maintainer")
        github.bot_rows.roles |= {"mia": "write", "ada": "admin", "tara": "triage", "rob": "read"}
        pond = cls(world, github, mia)
        await pond.deliver("installation", pond.installation("created"))
        await site.jobs()
        await execute("update github_repository set project_id = $1", world.project)
        return pond

    @property
    def site(self) -> Site:
        return self.world.site

    # --- what GitHub tells ------------------------------------------------------------------------------------------

    def repository(self, **more: Any) -> Json:
        return {"id": REPOSITORY, "name": "Pond", "full_name": "heron/Pond", "private": False} | more

    def installation(self, act: str, **more: Any) -> Json:
        permissions = {"issues": "write", "metadata": "read"}
        about = {"id": 77, "account": {"login": "heron", "id": 9}, "permissions": permissions, "suspended_at": None}
        return {"action": act, "installation": about, "repositories": [self.repository()]} | more

    def about(self, number: int, act: str, **more: Any) -> Json:
        issue = self.github.bot_rows.rows[number]
        return {"action": act, "issue": issue, "repository": self.repository(), "sender": issue["user"]} | more

    async def deliver(self, event: str, payload: Json, *, id: str = "", secret: str = SECRET) -> httpx.Response:
        body = json.dumps(payload).encode()
        headers = {
            "x-github-event": event,
            "x-github-delivery": id or str(uuid4()),
            "x-hub-signature-256": signed(body, secret),
            "content-type": "application/json",
        }
        return await self.site.guest().http.post("/webhooks/github", content=body, headers=headers)

    async def opened(
        self, number: int, title: str, body: str = "It stops at night.", by: str = "wader", **more: Any
    ) -> Json:
        """Somebody opens an issue, and we are told."""
        row = self.github.open_issue(number, title, body, by, **more)
        await self.deliver("issues", self.about(number, "opened"))
        await self.site.jobs()
        return row

    async def comments(self, number: int, body: str, by: str = "mia", *, id: str = "", kind: str = "User") -> Json:
        """Somebody comments, and we are told."""
        row = self.github.write(number, body, by, kind)
        await self.told_of(number, row, id=id)
        return row

    async def told_of(self, number: int, comment: Json, act: str = "created", *, id: str = "", by: str = "") -> None:
        sender = self.github.user(by) if by else comment["user"]
        await self.deliver("issue_comment", self.about(number, act, comment=comment, sender=sender), id=id)
        await self.site.jobs()

    async def later(self, minutes: float = 2) -> None:
        """Time goes by, and what was put off is done."""
        await execute("update github_move set next_at = next_at - $1::interval", timedelta(minutes=minutes))
        await execute(
            "update pgqueuer set execute_after = execute_after - $1::interval where status = 'queued'",
            timedelta(minutes=minutes),
        )
        self.github.now = datetime.now(UTC)
        await self.site.jobs()

    # --- what became of it ------------------------------------------------------------------------------------------

    async def behaves(self, **columns: Any) -> None:
        """Set how the bot behaves."""
        for name, value in columns.items():
            await execute(f"update github_repository set {name} = $1", value)

    async def move(self, number: int, purpose: str = "move") -> Row | None:
        return await fetch_one("select * from github_move where issue = $1 and purpose = $2", number, purpose)

    async def thread(self, number: int) -> Row:
        """The thread of an issue with its ticket. Fails where there is not one."""
        rows = await fetch(
            "select t.*, c.kind, k.state, k.is_native, a.username from origin_alias o join thread t on t.id = o.row_id"
            " join category c on c.id = t.category_id join person a on a.id = t.author_id"
            " left join ticket k on k.thread_id = t.id where o.kind = 'thread' and o.foreign_id = $1",
            f"heron/pond#{number}",
        )
        assert len(rows) == 1, rows
        return rows[0]

    def row(self, number: int) -> Json:
        return self.github.bot_rows.rows[number]

    def said(self, number: int) -> list[str]:
        return self.github.said(number)

    def reactions(self, comment: Json) -> list[str]:
        return [content for id, content in self.github.bot_rows.reactions if id == comment["id"]]

    def writes(self) -> list[str]:
        """Everything that was asked of GitHub and is no question."""
        return [
            f"{one.method} {one.path}"
            for one in self.github.asked
            if one.method != "GET" and not one.path.endswith("access_tokens")
        ]


def number_of(login: str) -> int:
    return id_of(login)
