"""A repository with a history on GitHub's stand-in, the App installed there, and a project that brings it in."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forum.database.engine import fetch, fetch_value
from forum.outside import github as client
from forum.settings import Settings, use
from importers.github.live import import_history
from importers.summary import Summary
from tests.helpers.github import REPOSITORY, issue, make_project, rest, rest_comment, user
from tests.helpers.github import comment as said
from tests.helpers.site import Site
from tests.standins.github import Description, GitHub
from tests.standins.github_history import History

ROOT = Path(__file__).parents[2]
DESCRIPTION = (ROOT / os.environ.get("HAAS_TEST_DATA", "../shared")).resolve() / "specs" / "github-openapi.json"
Json = dict[str, Any]


@pytest.fixture(scope="session")
def described() -> Description | None:
    """The official description of the API, where it is at hand; tests/outside insists on it."""
    return Description.read(DESCRIPTION) if DESCRIPTION.is_file() else None


def as_app(settings: Settings, github: GitHub, secret: str = "a secret of the hook") -> Settings:
    """The settings of a site whose App is on the stand-in."""
    return replace(
        settings,
        github_app_id=github.app_id,
        github_app_private_key=github.private_key.replace("\n", "\\n"),
        github_api_base=github.url,
        github_webhook_secret=secret,
    )


@dataclass
class Pond:
    """`heron/Pond` there, the project `pond` here; `paused`: how long the import was asked to wait, each time."""

    site: Site
    github: GitHub
    history: History
    project: int
    paused: list[float] = field(default_factory=list)

    def issue(self, number: int, title: str = "The pump stops at night", **more: Any) -> Json:
        """An issue there, as REST tells it; keys beside the archive's are REST's."""
        told = {name: more.pop(name) for name in list(more) if name in ("at", "author", "labels", "state", "body")}
        row = rest(issue(number, title, **told), **more)
        row["user"] = row["user"] | more.get("user", {})
        self.history.issues.append(row)
        return row

    def comment(
        self, number: int, id: int, author: str, body: str, at: str = "2024-05-02T08:00:00Z", **more: Any
    ) -> Json:
        row = rest_comment(number, said(author, body, at), id, **more)
        row["html_url"] = f"https://github.com/{REPOSITORY}/issues/{number}#issuecomment-{id}"
        self.history.comments.append(row)
        return row

    async def bring(self, **more: Any) -> Summary:
        """Import all of it; when GitHub asks to wait, time passes there."""

        async def pause(until: datetime) -> None:
            self.paused.append((until - datetime.now(UTC)).total_seconds())
            self.history.left = None

        return await import_history(REPOSITORY, "pond", **{"pause": pause} | more)

    def asked(self) -> list[str]:
        """What was asked for, tokens left out."""
        return [one.path for one in self.github.asked if "installation" not in one.path]


@pytest.fixture
async def pond(site: Site, described: Description | None) -> AsyncIterator[Pond]:
    client.forget_tokens()
    async with GitHub.open(description=described) as github:
        github.history = History()
        use(as_app(site.settings, github))
        yield Pond(site, github, github.history, await make_project(site))
    assert not github.wrong, "\n".join(github.wrong)


def talk(number: int, title: str, section: str, *comments: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A discussion as GraphQL tells it."""
    slug = section.lower().replace("&", "").replace(" ", "-")
    return {
        "id": f"D_{number}", "number": number, "title": title, "body": "How?", "createdAt": f"2024-05-0{number % 9 + 1}T08:00:00Z",
        "updatedAt": f"2024-05-0{number % 9 + 1}T09:00:00Z", "closed": False, "closedAt": None, "locked": False, "stateReason": None,
        "author": {"login": "coot", "databaseId": user("coot")["id"]}, "labels": [], "answer": None, "comments": list(comments),
        "category": {"name": section, "slug": slug, "isAnswerable": section == "Q&A"},
    } | more  # fmt: skip


def word(id: int, body: str, *replies: dict[str, Any], at: str = "2024-05-09T08:00:00Z", **more: Any) -> dict[str, Any]:
    who = {"login": "egret", "databaseId": user("egret")["id"]}
    base = {"id": f"DC_{id}", "databaseId": id, "body": body, "createdAt": at, "updatedAt": at, "author": who}
    return base | ({"replies": list(replies)} if replies is not None else {}) | more


async def reactions_of(number: int) -> set[tuple[int, str, str]]:
    """(post number, who, kind) in the thread of an issue."""
    rows = await fetch(
        "select p.number, a.username, r.kind from reaction r join post p on p.id = r.post_id join person a on a.id = r.person_id"
        " join origin_alias o on o.row_id = p.thread_id and o.kind = 'thread' where o.foreign_id = $1",
        f"{REPOSITORY.casefold()}#{number}",
    )
    return {(row["number"], row["username"], row["kind"]) for row in rows}


async def n(table: str) -> int:
    found: int = await fetch_value(f"select count(*) from {table}")
    return found


__all__ = ["Pond", "as_app", "described", "n", "pond", "reactions_of", "talk", "user", "word"]
