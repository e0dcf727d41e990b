"""The job behind what the bot does: each step once, whatever answers get lost and whenever it is killed."""

import asyncio
from datetime import UTC, datetime
from typing import Final

import structlog

from forum.database.engine import fetch
from forum.outside.github import App, Limited, Refused, Unsure, app_of, web
from forum.outside.github_issues import (
    add_comment,
    add_label,
    close_issue,
    find_comment,
    lock_issue,
    read_comments,
    read_row,
)
from forum.projects.rules import report_address
from forum.settings import settings
from forum.web.i18n import speaking
from importers.github.bot import texts
from importers.github.bot.bringing import bring, tell_team
from importers.github.bot.commands import names_of
from importers.github.bot.facts import facts_of
from importers.github.bot.moves import CLOCKS, TRY_FOR, Move, begin, finish, next_try, note, put_off
from importers.github.records import login_of

log = structlog.get_logger()
LABEL: Final = "support"
LABEL_LOOK: Final = {"color": "0b7285", "description": "Answered at the project's help desk"}


async def github_move(move: int, now: datetime | None = None) -> None:
    """Do what is left of a move, an offer, a warning or a pointer; see to a later try where that does not go now.
    Idempotent. `now` is for tests; jobs take the time as it is."""
    now = now or datetime.now(UTC)
    one = await begin(move, now)
    if one is None:
        return
    attempt = Attempt(one)
    again: datetime | None = None
    try:
        async with asyncio.timeout(TRY_FOR.total_seconds()):
            await attempt.run(now)
    except Refused as refused:
        problem = str(refused).removeprefix("0 ")
    except Limited as limited:
        problem, again = "limited", next_try(one.number, now) and limited.until
    except (Unsure, TimeoutError) as unsure:
        problem, again = str(unsure) or "timeout", next_try(one.number, now)
    else:
        await finish(one, attempt.problems)
        return
    log.info("the bot could not go on", repository=one.repository, issue=one.issue, why=problem)
    await put_off(one, problem, again)


class Attempt:
    """One try: what it knows on its way, and what of the last steps GitHub refused."""

    def __init__(self, one: Move) -> None:
        self.one = one
        self.thread = one.thread
        self.sent_at = one.sent_at
        self.author = one.login
        self.problems: list[str] = []

    async def run(self, now: datetime) -> None:
        """All steps that are not done. Raises Refused, Limited, Unsure."""
        one, app = self.one, app_of(settings())
        row = await read_row(app, one.repository, one.issue, now)
        self.author = login_of(row).login
        if one.purpose == "offer" and (row.get("state") == "closed" or await self.is_moved()):
            return
        if one.purpose == "move" and self.thread is None:
            self.thread = await bring(one, row, await read_comments(app, one.repository, one.issue, now), now)
        if one.purpose == "security" and "told" not in one.steps:
            await tell_team(one, f"{web()}/{one.repository}/issues/{one.issue}")
            await note(one, "steps = array_append(steps, 'told')")
        if not one.is_said:
            await self.say(app, now)
        if one.purpose == "move" and one.kind == "support":
            await self.tidy_up(app, now)

    async def say(self, app: App, now: datetime) -> None:
        """The bot's one comment: found, where an earlier try may have written it, else written."""
        one = self.one
        marker = texts.marker_of(one.purpose, one.key)
        if self.sent_at is not None:
            since = self.sent_at - CLOCKS
            if found := await find_comment(app, one.repository, one.issue, marker, since, now):
                await note(one, "reply_id = $2", found)
                return
        words = await self.words(app, now)
        await note(one, "sent_at = $2", one.started)
        try:
            reply = await add_comment(app, one.repository, one.issue, f"{words}\n\n{marker}", now)
        except (Refused, Limited):
            await note(one, "sent_at = null")
            raise
        await note(one, "reply_id = $2, sent_at = null", reply)

    async def words(self, app: App, now: datetime) -> str:
        """What the bot says, with the figures of this moment, in the language that it speaks there."""
        one = self.one
        facts = await self.facts(app, now)
        with speaking(one.locale):
            match one.purpose:
                case "move":
                    return texts.moved_text(one.bot_text, one.kind or "", facts)
                case "security":
                    return texts.security_text(facts)
                case "offer":
                    return texts.offer_text(facts)
                case "pointer":
                    return texts.pointer_text(facts)

    async def facts(self, app: App, now: datetime) -> texts.Facts:
        one, base = self.one, settings().base_url
        thread = self.thread or await self.moved_thread()
        link = f"{base}/t/{thread}" if thread else f"{base}/p/{one.project_slug}"
        if one.purpose == "security":
            link = base + await private_door(one)
        return await facts_of(
            one.project,
            repository=one.repository,
            author=self.author,
            link=link,
            bot=sorted(await names_of(app, now))[0],
            project_name=one.project_name,
            project_slug=one.project_slug,
        )

    async def is_moved(self) -> bool:
        """Whether the issue moves already, so that nothing is left to offer."""
        return bool(
            await fetch(
                "select 1 from github_move where repository_id = $1 and issue = $2 and purpose = 'move'",
                self.one.repository_id,
                self.one.issue,
            )
        )

    async def moved_thread(self) -> int | None:
        """Where the issue has moved, for what is said of it later."""
        rows = await fetch(
            "select thread_id from github_move where repository_id = $1 and issue = $2 and purpose = 'move'",
            self.one.repository_id,
            self.one.issue,
        )
        return rows[0]["thread_id"] if rows else None

    async def tidy_up(self, app: App, now: datetime) -> None:
        """Close, label and lock the issue; what GitHub refuses of it is told, and keeps nothing else from being done."""
        one = self.one
        for step in ("closed", "labelled", *(("locked",) if one.locks else ())):
            if step in one.steps:
                continue
            try:
                match step:
                    case "closed":
                        await close_issue(app, one.repository, one.issue, now)
                    case "labelled":
                        await add_label(app, one.repository, one.issue, LABEL, LABEL_LOOK, now)
                    case _:
                        await lock_issue(app, one.repository, one.issue, now)
            except Refused as refused:
                self.problems.append(f"not {step}: {refused}")
            else:
                await note(one, "steps = array_append(steps, $2)", step)


async def private_door(one: Move) -> str:
    """Where a weakness is reported privately; the project's page where it has no such place."""
    rows = await fetch("select slug, kind from category where project_id = $1 order by position, id", one.project)
    return report_address(one.project_slug, rows) or f"/p/{one.project_slug}"
