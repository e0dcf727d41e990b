"""The page on which a maintainer makes a bug's thread a GitHub issue, and the buttons behind it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from categories.bugs import actions
from categories.bugs.drafts import draft_of
from categories.bugs.forms import LABELS_MOST, Template, composed, faults_of
from categories.bugs.queries import facts_of, obstacle, posts_for
from categories.bugs.rules import BODY_MOST, TITLE_MOST, Target
from categories.bugs.states import State, problem_of, sentence
from categories.bugs.there import Offer, offer_of, repositories_for
from forum.database.engine import Row
from forum.outside.github import Limited, Refused, Unsure, app_of, token_for
from forum.projects.roles import require
from forum.settings import Settings
from forum.threads import writing
from forum.threads.pages import asked_id, back_to_thread
from forum.web.errors import Conflict, Invalid
from forum.web.i18n import _
from forum.web.pages import asked_back, page, redirect
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


@dataclass(frozen=True)
class Chosen:
    """Where an issue goes: the repositories to choose from, the chosen one, what it offers, the chosen template."""

    known: list[str]
    repository: str
    offer: Offer
    template: Template | None
    reason: str = ""


async def chosen_of(request: Request, facts: Row, asked: Mapping[str, str]) -> Chosen:
    """What was chosen, as far as it is there to be chosen."""
    known = await repositories_for(facts)
    repository = next((n for n in known if n.casefold() == asked.get("repository", "").casefold()), "")
    repository = repository or (facts["repository"] if facts["repository"] in known else known[0] if known else "")
    reason = obstacle(facts, request.settings, known) or await shut_door(request.settings, repository)
    offer = Offer() if reason else await offer_of(request.settings, repository, datetime.now(UTC))
    return Chosen(known, repository, offer, offer.template(asked.get("template", "")), reason)


async def promotion_page(request: Request) -> Response:
    """Where it goes, title, text and the fields of a template, to edit before they are sent; in their place the reason
    where that is not possible."""
    facts = await facts_for(request)
    if facts["state"] not in (None, State.FAILED):
        return redirect(request, asked_back(request) or f"/t/{facts['slug']}/{facts['thread_id']}")
    chosen = await chosen_of(request, facts, request.query_params)
    template = chosen.template
    answers: dict[str, list[str]] = {}
    labels = list(template.labels) if template else []
    if facts["state"] == State.FAILED and template is None:
        typed = {"title": facts["title"], "body": facts["body"]}
        labels = list(facts["promotion_labels"])
    else:
        posts = [] if chosen.reason else await posts_for(facts["thread_id"])
        target = Target(chosen.repository, request.settings.base_url, facts["project_name"])
        first = draft_of(facts, posts, target, template)
        typed, answers = {"title": first.title, "body": first.body}, first.answers
    return await form(request, facts, chosen, typed, answers=answers, labels=labels)


async def form(
    request: Request,
    facts: Row,
    chosen: Chosen,
    typed: dict[str, str],
    *,
    answers: Mapping[str, Sequence[str]],
    labels: Sequence[str],
    status: int = 200,
    **more: Any,
) -> Response:
    # what a template or a failed try names is offered, though the repository may not have it
    offered = sorted({*chosen.offer.labels, *labels}, key=str.casefold)
    return await page(
        request,
        "bugs/promote.html",
        status,
        **{"errors": {}, "preview": None} | more,
        facts=facts,
        back=asked_back(request) or f"/t/{facts['slug']}/{facts['thread_id']}",
        is_back=bool(asked_back(request)),
        chosen=chosen,
        repository=chosen.repository,
        typed=typed,
        answers=answers,
        labels=labels,
        offered=offered,
        reason=sentence(chosen.reason, chosen.repository) if chosen.reason else "",
        problem=sentence(facts["problem"], facts["repository"], facts["detail"]) if facts["problem"] else "",
        title_most=TITLE_MOST,
        body_most=BODY_MOST,
    )


async def promotion(request: Request) -> Response:
    """Want the issue; its making is a job's, so that no lost answer makes two."""
    facts = await facts_for(request)
    fields = request.fields
    wanted = fields.get("template", "")
    # only a template makes it necessary to ask GitHub before the job does
    chosen = await chosen_of(request, facts, fields) if wanted else None
    template = chosen.template if chosen else None
    if wanted and template is None:
        fields.fail("template", _("GitHub does not give this template just now. Send it again, or choose another."))
    is_form = template is not None and template.is_form
    typed = {
        "title": fields.text("title", limit=TITLE_MOST),
        "body": fields.text("body", limit=BODY_MOST, required=not is_form),
    }
    answers = {field.id: tuple(fields.all(field.id)) for field in template.fields} if template else {}
    labels = list(dict.fromkeys(each for each in fields.all("labels") if each))[:LABELS_MOST]
    body = composed(template, answers, typed["body"])
    again: dict[str, Any] = {"answers": answers, "labels": labels}
    if "preview" in fields:
        chosen = chosen or await chosen_of(request, facts, fields)
        cooked = await writing.preview_of(body, facts["project_slug"])
        return await form(request, facts, chosen, typed, preview=Markup(cooked.html), **again)
    try:
        fields.check(faults_of(template, answers) if template else {})
        # a repository that went from the list meanwhile is refused, not replaced
        where = fields.get("repository", "")
        await actions.promote(request.reader, facts["thread_id"], typed["title"], body, where, labels)
    except Invalid as problem:
        chosen = chosen or await chosen_of(request, facts, fields)
        return await form(request, facts, chosen, typed, status=422, errors=problem.errors, **again)
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
