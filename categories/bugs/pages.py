"""The page on which a maintainer makes a bug's thread a GitHub issue, and the buttons behind it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from categories.bugs import actions
from categories.bugs.queries import facts_of, obstacle, posts_for, target_of
from categories.bugs.rules import BODY_MOST, TITLE_MOST, distilled
from categories.bugs.states import State, problem_of, sentence
from forum.database.engine import Row
from forum.outside.github import Limited, Refused, Unsure, app_of, repository_of, token_for
from forum.projects.roles import require
from forum.settings import Settings
from forum.threads import writing
from forum.threads.pages import asked_id, back_to_thread
from forum.web.errors import Conflict, Invalid
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route

# A page does not wait longer for GitHub (seconds); the job does.
PATIENCE = 5.0
# Of these a maintainer hears at once, though the form could be sent: it would lead nowhere.
SHUT = ("key", "not-installed", "permission", "moved")


async def shut_door(settings: Settings, repository: str) -> str:
    """The problem that keeps this site's App out of a repository, "" where it is let in or GitHub does not say now."""
    try:
        async with asyncio.timeout(PATIENCE):
            await token_for(app_of(settings), repository, datetime.now(UTC))
    except Refused as refused:
        problem = problem_of(refused, asked_for_token=True)
        return problem if problem in SHUT else ""
    except (Limited, Unsure, TimeoutError):
        return ""
    return ""


async def facts_for(request: Request) -> Row:
    """The facts of the thread in the address, for who may promote it. Raises NotFound, Forbidden, Conflict (private)."""
    facts = await facts_of(request.reader, asked_id(request))
    require(request.reader, "promote", facts["project_id"])
    if facts["state"] is None and obstacle(facts, request.settings) == "not-public":
        raise Conflict(sentence("not-public", ""))
    return facts


async def promotion_page(request: Request) -> Response:
    """Title and text to edit before they are sent; in their place the reason where that is not possible."""
    facts = await facts_for(request)
    if facts["state"] not in (None, State.FAILED):
        return redirect(request, f"/t/{facts['slug']}/{facts['thread_id']}")
    repository = repository_of(facts["project_repository"])
    reason = obstacle(facts, request.settings) or await shut_door(request.settings, repository)
    if facts["state"] == State.FAILED:
        typed = {"title": facts["title"], "body": facts["body"]}
    else:
        posts = [] if reason else await posts_for(facts["thread_id"])
        text = distilled(posts, facts["accepted_number"], target_of(facts, request.settings))
        typed = {"title": facts["thread_title"], "body": text}
    return await form(request, facts, typed, reason=reason)


async def form(
    request: Request, facts: Row, typed: dict[str, str], *, reason: str = "", status: int = 200, **more: Any
) -> Response:
    repository = repository_of(facts["project_repository"])
    return await page(
        request,
        "bugs/promote.html",
        status,
        **{"errors": {}, "preview": None} | more,
        facts=facts,
        repository=repository,
        typed=typed,
        reason=sentence(reason, repository) if reason else "",
        problem=sentence(facts["problem"], facts["repository"], facts["detail"]) if facts["problem"] else "",
        title_most=TITLE_MOST,
        body_most=BODY_MOST,
    )


async def promotion(request: Request) -> Response:
    """Want the issue; its making is a job's, so that no lost answer makes two."""
    facts = await facts_for(request)
    fields = request.fields
    typed = {
        "title": fields.text("title", limit=TITLE_MOST),
        "body": fields.text("body", limit=BODY_MOST),
    }
    if "preview" in fields:
        cooked = await writing.preview_of(typed["body"], facts["project_slug"])
        return await form(request, facts, typed, preview=Markup(cooked.html))
    try:
        fields.check()
        await actions.promote(request.reader, facts["thread_id"], **typed)
    except Invalid as problem:
        return await form(request, facts, typed, status=422, errors=problem.errors)
    return await back_to_thread(
        request, facts["thread_id"], notice=_("The issue is being made. It shows here once it is there.")
    )


async def again(request: Request) -> Response:
    """Try again with what is kept."""
    await actions.try_again(request.reader, asked_id(request))
    return await back_to_thread(request, asked_id(request), notice=_("It is tried again now."))


routes = [
    route("/t/{id}/promotion", promotion_page, access="signed_in"),
    route("/t/{id}/promotion", promotion, access="signed_in", methods=("POST",)),
    route("/t/{id}/promotion/again", again, access="signed_in", methods=("POST",)),
]
