"""Asking: a thread in the right bucket and, in support, its ticket, in one transaction."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from categories.forms.answers import Sent, checked, keep_answers, say_answers
from categories.forms.privacy import decided
from categories.support.submitting import CAPACITIES, submit
from categories.triage.rules import BODY_LIMIT, TITLE_LIMIT, suggest_kind
from forum.database.engine import Row, action, fetch_value
from forum.projects.queries import categories_of
from forum.threads.starting import key_of_same_words, start_thread
from forum.threads.writing import Posted, require_writer
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.reader import Reader


@dataclass(frozen=True)
class Asked:
    """What came of asking: the thread, its ticket if it has one, whether that is a draft still, and what kept it one;
    whether it was asked before, by another form."""

    posted: Posted
    ticket: int | None
    is_draft: bool
    missing: Mapping[str, str] = field(default_factory=dict)
    is_again: bool = False


# A word of these is not enough to call a text a security report, and enough to ask whether it is one.
UNEASY = re.compile(
    r"\b(secur|insecur|vulnerab|exploit|attack|malicious|untrusted|hijack|leak(s|ed|ing)?\b|inject|escalat|bypass"
    r"|credential|password|passwort|token|secret|sandbox|privilege|sensitive|cve\b|xss\b|csrf\b|ssrf\b|rce\b|victim"
    r"|spoof|confidential|unauthori[sz]ed|permission check|other (people|users?|customers?|tenants?)\b|(any|every)(one|body) can"
    r"|(somebody|someone) else|log4|as (root|admin)\b|private\b|(still|can) log in as)",
    re.IGNORECASE,
)


# Categories that anybody signed in may ask in; private ones are named to nobody, and are reached by "privately".
OPEN = ("public", "members")


def may_be_security(title: str, markdown: str) -> bool:
    """Whether a text names what security reports are about, so that whoever asks is offered to report privately."""
    return UNEASY.search(f"{title[:TITLE_LIMIT]}\n{markdown[:BODY_LIMIT]}") is not None


def private_category(categories: Sequence[Row]) -> Row | None:
    """The category of a project for security reports; None where it has none that is private."""
    return next((c for c in categories if c["kind"] == "security" and c["visibility"] == "private"), None)


async def bucket_for(
    project: int, title: str, markdown: str, chosen: str = "", *, is_private: bool = False, only_team: bool = False
) -> Row:
    """The category a text belongs into: the private one where that was asked for, else the chosen one (by slug), else
    the first of the suggested kind; what only the team is to read is a question to it. Raises Invalid."""
    categories = await categories_of(project)
    if is_private:
        if place := private_category(categories):
            return place
        raise Invalid({"private": _("This project takes no private reports here. See its website.")})
    if only_team:
        asks = [c for c in categories if c["kind"] == "support" and c["visibility"] in OPEN]
        if place := next((c for c in asks if chosen in ("", c["slug"])), None):
            return place
        raise Invalid(
            {"only_team": _("Only a question to the team can be for the team alone. Choose Support, or untick it.")}
        )
    if chosen:
        for category in categories:
            if category["slug"] == chosen and (category["visibility"] in OPEN or category["kind"] == "security"):
                return category
        raise Invalid({"category": _("Choose one of these.")})
    kind = suggest_kind(title, markdown).kind
    return next((c for c in categories if c["kind"] == kind), categories[0])


@action
async def ask(
    reader: Reader,
    project: int,
    title: str,
    markdown: str,
    *,
    category: str = "",
    is_private: bool = False,
    capacity: str = "",
    accepts_terms: bool = False,
    shown: Collection[int] | None = None,
    behalf: int | None = None,
    as_draft: bool = False,
    tags: Sequence[str] = (),
    answers: Sent | None = None,
    only_team: bool = False,
    key: UUID | None = None,
    by_form: bool = False,
) -> Asked:
    """Ask in a project. In support the thread is a draft until capacity is said, the terms are accepted and the form is
    filled, or for as long as its author wants (`as_draft`); elsewhere there is no such draft.

    Where those are missing, the draft is kept and nothing is refused; the Ask page looks before (`submission_faults`).
    `by_form`: a page that was gone back to has another `key` and the same words, and makes no second thread; where there
    are answers besides, they may differ, and it does.
    `answers`: what was answered to the form's questions, by name; `only_team`: the team alone is to read it; `shown`,
    `behalf`: as for `submit`. Raises Invalid, Forbidden, TooMany.
    """
    place = await bucket_for(project, title, markdown, category, is_private=is_private, only_team=only_team)
    is_support = place["kind"] == "support"
    is_draft = is_support or as_draft
    told = await checked(place["id"], answers or (lambda _name: ""), is_draft=is_draft)
    is_for_team = is_support and await decided(project, wished=only_team)
    before: UUID | None = None
    if by_form and not told:
        author = require_writer(reader)
        before = await key_of_same_words(author, place["id"], title, markdown, is_private=is_for_team)
    posted = await start_thread(
        reader,
        place["id"],
        title,
        markdown,
        tags=tags,
        is_draft=is_draft,
        is_private=is_for_team,
        key=before or key,
    )
    if posted.is_new and told:
        await keep_answers(posted.thread, told)
        if not is_draft:
            await say_answers(reader, posted.thread, told)
    ticket: int | None = await fetch_value("select id from ticket where thread_id = $1", posted.thread)
    state = await fetch_value("select state from ticket where id = $1", ticket) if ticket else None
    if ticket is None or state != "draft" or as_draft or capacity not in CAPACITIES:
        return Asked(posted, ticket, is_draft=state == "draft", is_again=before not in (None, key))
    try:
        await submit(
            reader,
            ticket,
            capacity=capacity,
            accepts_terms=accepts_terms,
            answers=answers,
            shown=shown,
            behalf=behalf,
        )
    except Invalid as problem:
        return Asked(posted, ticket, is_draft=True, missing=problem.errors)
    return Asked(posted, ticket, is_draft=False)
