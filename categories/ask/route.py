"""What the Ask page knows about where a text would go: its category and form, terms, place in the queue, what it costs."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from categories.ask.actions import OPEN, bucket_for, may_be_security
from categories.forms.queries import asking_of, fields_of, pinned_of
from categories.forms.rules import LOG_MOST, recognised
from categories.forms.traces import fenced
from categories.support.parts import newcomers_place
from categories.support.queries import expected_of, project_expected
from forum.database.engine import Row, fetch_one
from forum.projects.actions import require_project
from forum.projects.pages import cooked
from forum.projects.queries import categories_of, unaccepted_terms
from forum.projects.rules import visible_categories
from forum.projects.terms import still_ticked, to_accept
from forum.web import parts
from forum.web.errors import Invalid, NotFound, Problem
from forum.web.requests import Request

# Nobody's id: to whom every text in force is one that they have not accepted.
NOBODY = 0


async def place_in(project: int, typed: Mapping[str, str]) -> Row:
    """The category of a project in which what was typed would be asked. Raises Invalid."""
    return await bucket_for(
        project,
        typed["title"],
        typed["markdown"],
        typed["category"],
        is_private=typed["private"] == "1",
        only_team=typed["only_team"] == "1",
    )


async def place_of_text(typed: Mapping[str, str]) -> Row | None:
    """The same by the project that was typed; None where that cannot be said."""
    try:
        return await place_in(await require_project(typed["project"]), typed)
    except Problem:
        return None


def team_category(categories: Sequence[Row]) -> Row | None:
    """The category whose form is shown while it cannot be said where a text goes: that of who asks the team."""
    return next((c for c in categories if c["kind"] == "support" and c["visibility"] in OPEN), None)


async def route_context(request: Request, typed: dict[str, str]) -> dict[str, Any]:
    """Where the text would go, what its form asks, what is expected there, which terms are still to be accepted."""
    try:
        project = await require_project(typed["project"]) if typed["project"] else None
    except NotFound:
        project, typed["project"] = None, ""
    context: dict[str, Any] = {
        "bucket": None,
        "may_be_security": may_be_security(typed["title"], typed["markdown"]),
        "recognised": recognised(fenced(typed["markdown"]).found),
        "place": None,
        "terms": [],
        "ticked": False,
        "category_choices": [],
        "project": None,
        "asking": None,
        "pinned": [],
        "fields": [],
        "fields_of": "",
        "guideline": "",
        "log_most": LOG_MOST,
        "offers": "",
        "capacity_project": "",
    }
    if project is None:
        return context
    row = await fetch_one("select id, slug, name, guideline from project where id = $1", project)
    categories = await categories_of(project)
    bucket: Row | None = None
    if any(typed[name].strip() for name in ("title", "markdown", "category", "private", "only_team")):
        with contextlib.suppress(Invalid):
            bucket = await place_in(project, typed)
    form = bucket or team_category(categories)
    terms = await unaccepted_terms(request.reader.id or NOBODY, project)
    return context | {
        "project": row,
        "guideline": cooked(row["guideline"]) if row is not None else "",
        "bucket": bucket,
        "asking": await asking_of(project),
        "asks_team": form is not None and form["kind"] == "support",
        "pinned": await pinned_of(project),
        "fields": await fields_of(form["id"]) if form is not None else [],
        "fields_of": str(form["id"]) if form is not None else "",
        "place": await newcomers_place(project, expected_of(await project_expected(project))),
        "offers": await parts.load("ask_offers", project),
        "capacity_project": await parts.load("capacity_project", request, project, typed),
        "terms": to_accept(terms),
        "ticked": still_ticked(request.fields, terms),
        "category_choices": [
            (c["slug"], c["name"]) for c in visible_categories(request.reader, categories) if c["visibility"] in OPEN
        ],
    }
