"""The job that makes an issue of a bug's thread: once, whatever answers get lost and whenever it is killed."""

import asyncio
from datetime import UTC, datetime

import structlog

from categories.bugs.actions import Try, begin, link, not_made
from categories.bugs.rules import issue_body, marker_of
from categories.bugs.states import CLOCKS, TRY_FOR, next_try, problem_of
from forum.outside.github import (
    Issue,
    Limited,
    Refused,
    Unsure,
    app_of,
    create_issue,
    find_issue,
    token_for,
)
from forum.settings import settings

log = structlog.get_logger()


class Attempt:
    """What one try knows on its way: since when an issue may be there, and whom GitHub was asked as."""

    def __init__(self, one: Try) -> None:
        self.one = one
        self.sent_at = one.sent_at
        self.asks_for_token = True

    async def make(self, now: datetime) -> Issue:
        """The issue: found, where an earlier try may have made it, else made. Raises Refused, Limited, Unsure."""
        one, chosen = self.one, settings()
        app = app_of(chosen)
        await token_for(app, one.repository, now)
        self.asks_for_token = False
        marker = marker_of(one.thread, one.key)
        if self.sent_at is not None:
            if found := await find_issue(app, one.repository, marker, self.sent_at - CLOCKS, now):
                return found
            # what was sent then was never done
            self.sent_at = None
        body = issue_body(
            one.body,
            site=chosen.site_name,
            url=f"{chosen.base_url}/t/{one.thread}",
            reporter=one.reporter,
            promoter=one.promoter,
            marker=marker,
        )
        self.sent_at = one.started
        try:
            return await create_issue(app, one.repository, one.title, body, now, one.labels)
        except (Refused, Limited):
            self.sent_at = None
            raise


async def promote_thread(thread: int, now: datetime | None = None) -> None:
    """Make a thread's issue, or find it; when that does not go now, see to a later try. Idempotent.

    `now` is for tests; jobs take the time as it is.
    """
    now = now or datetime.now(UTC)
    one = await begin(thread, now)
    if one is None:
        return
    attempt = Attempt(one)
    problem, detail = "no-answer", ""
    try:
        async with asyncio.timeout(TRY_FOR.total_seconds()):
            issue = await attempt.make(now)
    except Refused as refused:
        problem, detail = problem_of(refused, asked_for_token=attempt.asks_for_token), refused.message
        again = None
    except Limited as limited:
        problem = "limited"
        again = next_try(one.number, now) and limited.until
    except (Unsure, TimeoutError) as unsure:
        log.info("github did not answer", thread=thread, attempt=one.number, why=str(unsure) or "timeout")
        again = next_try(one.number, now)
    else:
        await link(one, issue)
        return
    await not_made(one, attempt.sent_at, problem=problem, detail=detail, again=again)
