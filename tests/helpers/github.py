"""Invented GitHub issues, as the archive and as REST tell them, and what an import made of them."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from forum.database.engine import Row, fetch, fetch_value
from forum.projects.actions import NewProject, create_project
from importers.github.archive import MAGIC, Source
from importers.github.importing import import_github
from importers.summary import Summary
from tests.helpers.site import Site

REPOSITORY = "heron/Pond"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Json = dict[str, Any]


def comment(author: str, body: str, at: str = "2024-05-02T08:00:00Z", **more: Any) -> Json:
    """A comment as the archive has it."""
    return {"author": author, "authorAssociation": "NONE", "body": body, "createdAt": at, "updatedAt": at} | more


def issue(number: int, title: str = "The pump stops at night", **more: Any) -> Json:
    """An issue as the archive has it: open, by `wader`, of 1 May 2024."""
    at = more.pop("at", "2024-05-01T08:00:00Z")
    return {
        "number": number,
        "id": f"I_invented{number}",
        "title": title,
        "url": f"https://github.com/{REPOSITORY}/issues/{number}",
        "state": "OPEN",
        "author": "wader",
        "authorAssociation": "NONE",
        "assignees": [],
        "labels": [],
        "body": "It ran all day.\r\n\r\nThen it *stopped*.",
        "createdAt": at,
        "updatedAt": at,
        "closedAt": None,
        "comments": [],
    } | more


def archive(*issues: Any, pulls: Any = (), repo: str = REPOSITORY, **more: Any) -> Json:
    """A whole archive."""
    stamp = "2024-06-01T00:00:00.000001+00:00"
    head = {"magic": MAGIC, "timestamp": stamp, "repo": repo, "labels": []}
    return head | {"issues": list(issues), "pulls": list(pulls)} | more


def user(login: str, number: int | None = None) -> Json:
    """A REST user; the number follows from the login unless given."""
    return {"login": login, "id": number or crc32(login.encode()), "type": "User"}


def rest(of: Json, repository: str = REPOSITORY, **more: Any) -> Json:
    """The REST row of an archive's issue: other keys, numbers for people, a count in place of comments."""
    api = f"https://api.github.com/repos/{repository}"
    return {
        "url": f"{api}/issues/{of['number']}",
        "repository_url": api,
        "html_url": of["url"],
        "id": 5_000_000 + of["number"],
        "node_id": of["id"],
        "number": of["number"],
        "title": of["title"],
        "user": user(of["author"]),
        "labels": [{"id": 1, "name": name, "color": "fc2929"} for name in of["labels"]],
        "state": of["state"].lower(),
        "comments": len(of["comments"]),
        "created_at": of["createdAt"],
        "updated_at": of["updatedAt"],
        "closed_at": of["closedAt"],
        "pull_request": None,
        "body": of["body"].replace("\r\n", "\n") or None,
        "closed_by": None,
        "state_reason": None,
    } | more


def rest_comment(number: int, of: Json, id: int, repository: str = REPOSITORY, **more: Any) -> Json:
    """The REST row of an archive's comment."""
    return {
        "id": id,
        "issue_url": f"https://api.github.com/repos/{repository}/issues/{number}",
        "user": user(of["author"]),
        "body": of["body"],
        "created_at": of["createdAt"],
        "updated_at": of["updatedAt"],
    } | more


def write(folder: Path, content: Any, name: str = "archive.json") -> Path:
    """A file with an archive (a dictionary), lines (a list), or these very bytes."""
    file = folder / name
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif isinstance(content, list):
        file.write_text("".join(json.dumps(row) + "\n" for row in content))
    else:
        file.write_text(json.dumps(content, indent=1))
    return file


async def make_project(site: Site, slug: str = "pond", **more: Any) -> int:
    """A project with the four categories."""
    known = await fetch_value("select id from person where username = 'olga'")
    return await create_project(known or await site.person("olga"), NewProject(slug, "Pond", "Heron e.V.", **more))


async def bring(
    folder: Path, content: Any, *, repository: str = REPOSITORY, project: str = "pond", **more: Any
) -> Summary:
    """Import `content` into the project."""
    source = Source(content if isinstance(content, Path) else write(folder, deepcopy(content)))
    return await import_github(repository, project, source, **{"now": NOW} | more)


def counts(summary: Summary) -> tuple[int, int, int]:
    """created, updated, unchanged"""
    return summary.created, summary.updated, summary.unchanged


def rows_of(issues: list[Json], repository: str = REPOSITORY) -> list[Json]:
    """The REST rows of an archive's issues and of their comments."""
    found = [rest(of, repository) for of in issues]
    for of in issues:
        found += [
            rest_comment(of["number"], c, 10_000 * of["number"] + n, repository) for n, c in enumerate(of["comments"])
        ]
    return found


async def thread_of(number: int, repository: str = REPOSITORY) -> Row:
    """The thread of an issue, with its category and tags. Fails where there is none."""
    rows = await fetch(
        "select t.*, c.slug as category, a.username, array(select g.name from thread_tag x join tag g on g.id = x.tag_id"
        " where x.thread_id = t.id order by 1) as tags from origin_alias o join thread t on t.id = o.row_id"
        " join category c on c.id = t.category_id join person a on a.id = t.author_id"
        " where o.kind = 'thread' and o.foreign_id = $1",
        f"{repository.casefold()}#{number}",
    )
    assert len(rows) == 1
    return rows[0]


async def posts_of(number: int, repository: str = REPOSITORY) -> list[tuple[str, str, str]]:
    """Who wrote what when in the thread of an issue, in order."""
    thread = await thread_of(number, repository)
    rows = await fetch(
        "select a.username, p.markdown, p.created_at from post p join person a on a.id = p.author_id"
        " where p.thread_id = $1 order by p.number",
        thread["id"],
    )
    return [(row["username"], row["markdown"], row["created_at"].strftime("%Y-%m-%dT%H:%M:%SZ")) for row in rows]


TABLES = {
    "thread": "select t.title, t.slug, t.visibility, t.version, t.last_number, t.reply_count, t.last_post_at,"
    " t.is_closed, t.origin, t.origin_url, t.created_at, t.bumped_at, c.slug as category, a.username,"
    " array(select x.username from unnest(t.people) with ordinality f(id, n) join person x on x.id = f.id order by n)"
    " from thread t join category c on c.id = t.category_id join person a on a.id = t.author_id order by origin_url",
    "post": "select t.origin_url, p.number, a.username, p.purpose, p.markdown, p.html, p.version, p.created_at,"
    " p.edited_at, p.revision_count, p.origin_url from post p join thread t on t.id = p.thread_id"
    " join person a on a.id = p.author_id order by t.origin_url, p.number",
    "thread_act": "select t.origin_url, e.kind, a.username, e.after_number, e.version, e.data, e.at from thread_act e"
    " join thread t on t.id = e.thread_id left join person a on a.id = e.actor_id order by t.origin_url, e.version",
    "tags": "select t.origin_url, g.name from thread_tag x join thread t on t.id = x.thread_id"
    " join tag g on g.id = x.tag_id order by 1, 2",
    "tag": "select name, thread_count from tag order by 1",
    "person": "select kind, username, name, origin, origin_url from person order by lower(username)",
    "origin_alias": "select o.source, o.kind, o.foreign_id, coalesce(a.username, t.origin_url, p.origin_url) from"
    " origin_alias o left join person a on o.kind = 'person' and a.id = o.row_id left join thread t on"
    " o.kind = 'thread' and t.id = o.row_id left join post p on o.kind = 'post' and p.id = o.row_id order by 1, 2, 3",
    "category": "select slug, thread_count from category order by 1",
    "import_record": "select foreign_id, digest, updated_at from import_record order by 1",
    "post_revision": "select number, markdown, title from post_revision order by post_id, number",
}


async def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All that an import writes, told without row numbers, so that two databases can be compared."""
    return {name: [tuple(row) for row in await fetch(sql)] for name, sql in TABLES.items()}
