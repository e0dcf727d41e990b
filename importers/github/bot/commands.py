"""The job that follows a comment with a command: who wrote it, may they, and what is to be done.

Everything is asked anew: the comment may have been changed or taken away since, and what a payload says of its writer is
no permission.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from forum.database.engine import Row, fetch_one, fetch_value
from forum.jobs import enqueue
from forum.outside.github import App, Limited, Refused, Unsure, app_of, is_configured
from forum.outside.github_app import know
from forum.outside.github_issues import may_write, react, read_comment, read_row
from forum.settings import settings
from importers.github.bot.installing import number_of
from importers.github.bot.listening import COMMAND_JOB, is_bot
from importers.github.bot.moves import TRY_FOR, next_try, point_if_moved, want
from importers.github.bot.words import Command, command_in
from importers.github.records import person_of

log = structlog.get_logger()
# To who may not, or where it cannot be; to whom it was done already.
NO, DONE = "confused", "+1"
_slugs: dict[tuple[str, str], str] = {}


async def names_of(app: App, now: datetime) -> set[str]:
    """What the bot is called: as GitHub knows the App (asked once a process), and as the operator says."""
    place = (app.base, app.id)
    if place not in _slugs:
        _slugs[place] = (await know(app, now)).slug
    return {_slugs[place], settings().github_bot_name.removeprefix("@")} - {""}


def forget_names() -> None:
    _slugs.clear()


async def github_command(
    repository: int, issue: int, comment: int, tries: int = 1, now: datetime | None = None
) -> None:
    """Follow the command in a comment, or have that done later. Idempotent."""
    started = now or datetime.now(UTC)
    home = await fetch_one("select * from github_repository where id = $1 and project_id is not null", repository)
    if home is None or not is_configured(settings()):
        return
    try:
        async with asyncio.timeout(TRY_FOR.total_seconds()):
            await follow(app_of(settings()), home, issue, comment, started)
        return
    except Refused as refused:
        log.warning("a command was not followed", repository=home["name"], issue=issue, why=str(refused))
        return
    except Limited as limited:
        again = next_try(tries, started) and limited.until
    except (Unsure, TimeoutError) as unsure:
        log.info("github did not answer", repository=home["name"], issue=issue, why=str(unsure) or "timeout")
        again = next_try(tries, started)
    if again is not None:
        more: dict[str, Any] = {"repository": repository, "issue": issue, "comment": comment, "tries": tries + 1}
        await enqueue(COMMAND_JOB, delay=max(again - datetime.now(UTC), timedelta(0)), **more)


async def follow(app: App, home: Row, issue: int, comment: int, now: datetime) -> None:
    """What a comment asks for, if it still does and its writer may. Raises Refused, Limited, Unsure."""
    row = await read_comment(app, home["name"], comment, now)
    if row is None or is_bot(row.get("user")) or not str(row.get("issue_url") or "").endswith(f"/issues/{issue}"):
        return
    command = command_in(str(row["body"]), await names_of(app, now))
    if command is None:
        await point_if_moved(home["id"], issue, comment)
        return
    who = person_of(row["user"])
    if who is None or who.id is None:
        return
    writer, login = who.id, who.login
    asked = await read_row(app, home["name"], issue, now)
    is_allowed = await may_write(app, home["name"], login, writer, now) or await may_accept(
        home, asked, writer, command
    )
    if not is_allowed or "pull_request" in asked or not await has_room(home, command):
        await react(app, home["name"], comment, NO, now)
        return
    if command == "security":
        is_news = await want(home["id"], issue, "security", login=login, comment=comment)
    else:
        is_news = await want(home["id"], issue, "move", kind=command, login=login, comment=comment)
    if not is_news and await is_another(home["id"], issue, comment):
        await react(app, home["name"], comment, DONE, now)


async def may_accept(home: Row, asked: dict[str, Any], writer: int, command: Command) -> bool:
    """Whether this is whom the bot offered the move of their own issue."""
    if command != "support" or number_of(asked.get("user")) != writer:
        return False
    return bool(
        await fetch_value(
            "select 1 from github_move where repository_id = $1 and issue = $2 and purpose = 'offer'"
            " and reply_id is not null",
            home["id"],
            asked["number"],
        )
    )


async def has_room(home: Row, command: Command) -> bool:
    """Whether what was said there may stand in the project's category: nothing private in one that others read."""
    if command == "security":
        return True
    return bool(
        await fetch_value(
            "select 1 from category where project_id = $1 and kind = $2 and"
            " (not $3 or visibility in ('team', 'private')) and visibility <> case when $3 then '' else 'private' end",
            home["project_id"],
            command,
            home["is_private"],
        )
    )


async def is_another(repository: int, issue: int, comment: int) -> bool:
    """Whether the issue was moved by another comment than this one, which is then only a repetition."""
    return bool(
        await fetch_value(
            "select 1 from github_move where repository_id = $1 and issue = $2 and purpose in ('move', 'security')"
            " and comment_id is distinct from $3",
            repository,
            issue,
            comment,
        )
    )
