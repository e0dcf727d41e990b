"""What the App reads and writes of one repository's issues: rows, comments, labels, locks, reactions, who may write there.

Source: GitHub's REST description. Every function raises Refused, Limited and Unsure as `github.call` does; those that
change something may be repeated, except `add_comment`, which is why comments carry a marker (`find_comment`).
"""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from forum.outside.github import A_PAGE, MOST_PAGES, App, Refused, Unsure, member, moment, with_token

WRITERS: Final = ("admin", "write")


async def read_row(app: App, repository: str, number: int, now: datetime) -> dict[str, Any]:
    """An issue's row."""
    row = await with_token(app, repository, now, "GET", f"/issues/{number}")
    member(row, "number")
    return dict(row)


async def read_comments(
    app: App, repository: str, number: int, now: datetime, *, since: datetime | None = None
) -> list[dict[str, Any]]:
    """The rows of an issue's comments, oldest first; with `since` those changed from then on."""
    found: list[dict[str, Any]] = []
    for page in range(1, MOST_PAGES + 1):
        asked: dict[str, Any] = {"per_page": A_PAGE, "page": page}
        if since is not None:
            asked["since"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        rows = await with_token(app, repository, now, "GET", f"/issues/{number}/comments", params=asked)
        if not isinstance(rows, list):
            raise Unsure("the answer is no list")
        found += [row for row in rows if isinstance(row, dict)]
        if len(rows) < A_PAGE:
            return found
    raise Unsure("it has more comments than are read")


async def find_comment(
    app: App, repository: str, number: int, marker: str, since: datetime, now: datetime
) -> int | None:
    """The id of the first comment with this marker that a bot wrote since then; whoever copied it is a person."""
    for row in await read_comments(app, repository, number, now, since=since):
        user = row.get("user")
        if marker in str(row.get("body") or "") and isinstance(user, dict) and user.get("type") == "Bot":
            return number_in(row)
    return None


async def read_comment(app: App, repository: str, comment: int, now: datetime) -> dict[str, Any] | None:
    """A comment's row; None where it is gone."""
    try:
        row = await with_token(app, repository, now, "GET", f"/issues/comments/{comment}")
    except Refused as refused:
        if refused.status in (404, 410):
            return None
        raise
    member(row, "body")
    return dict(row)


async def add_comment(app: App, repository: str, number: int, body: str, now: datetime) -> int:
    """Write a comment; its id. After Unsure there may be one."""
    row = await with_token(app, repository, now, "POST", f"/issues/{number}/comments", body={"body": body})
    return number_in(row)


async def add_label(app: App, repository: str, number: int, label: str, look: dict[str, str], now: datetime) -> None:
    """Put a label on an issue; where the repository has none of this name it is made, looking so."""
    try:
        await with_token(app, repository, now, "GET", f"/labels/{quote(label, safe='')}")
    except Refused as refused:
        if refused.status != 404:
            raise
        try:
            await with_token(app, repository, now, "POST", "/labels", body={"name": label} | look)
        except Refused as made_meanwhile:
            if made_meanwhile.status != 422:
                raise
    await with_token(app, repository, now, "POST", f"/issues/{number}/labels", body={"labels": [label]})


async def close_issue(app: App, repository: str, number: int, now: datetime) -> None:
    """Close an issue as not planned; one that is closed stays as it is."""
    body = {"state": "closed", "state_reason": "not_planned"}
    await with_token(app, repository, now, "PATCH", f"/issues/{number}", body=body)


async def lock_issue(app: App, repository: str, number: int, now: datetime) -> None:
    """Let nobody but those who may write there comment on an issue any more."""
    await with_token(app, repository, now, "PUT", f"/issues/{number}/lock", body={"lock_reason": "resolved"})


async def react(app: App, repository: str, comment: int, content: str, now: datetime) -> None:
    """React to a comment; one that is there already stays one. Nothing happens where the comment is gone."""
    try:
        path = f"/issues/comments/{comment}/reactions"
        await with_token(app, repository, now, "POST", path, body={"content": content})
    except Refused as refused:
        if refused.status not in (404, 410, 422):
            raise


async def may_write(app: App, repository: str, login: str, number: int, now: datetime) -> bool:
    """Whether GitHub says that who is called `login`, and has this number, may write to the repository."""
    try:
        told = await with_token(app, repository, now, "GET", f"/collaborators/{quote(login, safe='')}/permission")
    except Refused as refused:
        if refused.status == 404:
            return False
        raise
    user = told.get("user") if isinstance(told, dict) else None
    is_them = isinstance(user, dict) and user.get("id") == number
    return is_them and member(told, "permission") in WRITERS


def number_in(row: Any) -> int:
    found = member(row, "id")
    if type(found) is not int:
        raise Unsure("the answer is no comment")
    return found


def made_at(row: dict[str, Any]) -> datetime:
    return moment(member(row, "created_at"))
