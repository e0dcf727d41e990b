"""Deliveries of GitHub's about the pond: signed, through the door, and their job."""

import hashlib
import hmac
import json
from typing import Any
from uuid import uuid4

from forum.database.engine import execute, fetch_value
from tests.helpers.github import REPOSITORY, issue, rest, rest_comment, user
from tests.helpers.github import comment as said
from tests.helpers.history import Pond

SECRET = "a secret of the hook"
Json = dict[str, Any]


def repository(**more: Any) -> Json:
    return {"id": 990, "full_name": REPOSITORY, "private": False, **more}


async def tell(pond: Pond, event: str, act: str, *, jobs: bool = True, **payload: Any) -> None:
    """A signed delivery through the door, and its job."""
    told = {"action": act, "repository": repository(), "sender": user("egret"), **payload}
    body = json.dumps(told).encode()
    signed = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": signed, "x-github-event": event, "x-github-delivery": str(uuid4())}
    sent = await pond.site.guest().http.post("/webhooks/github", content=body, headers=headers)
    assert sent.status_code == 200, sent.text
    if jobs:
        await pond.site.jobs()
        assert not await fetch_value("select failure from incoming where failure <> '' limit 1")


async def mapped(pond: Pond, **more: Any) -> None:
    """The repository is the project's, by the App."""
    columns = {"id": 990, "name": REPOSITORY, "project_id": pond.project} | more
    names = ", ".join(columns)
    values = ", ".join(f"${k}" for k in range(1, len(columns) + 1))
    await execute(f"insert into github_repository ({names}) values ({values})", *columns.values())


def row(number: int = 7, at: str = "2024-05-01T08:00:00Z", title: str = "The pump stops at night", **more: Any) -> Json:
    told = {"labels": more.pop("labels", []), "state": more.pop("state", "OPEN")}
    return rest(issue(number, title, **told), updated_at=at, locked=False, **more)


def remark(number: int, id: int, body: str, at: str, made: str = "2024-05-02T08:00:00Z", by: str = "egret") -> Json:
    return rest_comment(number, said(by, body, made), id, updated_at=at)


def discussion(at: str = "2024-05-01T08:00:00Z", **more: Any) -> Json:
    return {
        "number": 21, "id": 900, "node_id": "D_21", "title": "How deep is it?", "body": "In metres.", "user": user("coot"),
        "state": "open", "locked": False, "comments": 1, "created_at": "2024-05-01T08:00:00Z", "updated_at": at,
        "category": {"name": "Q&A", "slug": "q-a", "is_answerable": True}, "answer_html_url": None, **more,
    }  # fmt: skip
