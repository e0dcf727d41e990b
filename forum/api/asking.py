"""Asking, for programs: what a project's forms ask, and a ticket with its answers, private where that is wished."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import JSONResponse, Response

from categories.ask.actions import OPEN, ask
from categories.forms.queries import asking_of, fields_of, fields_of_project
from categories.forms.rules import FIELDS_MOST, KINDS, LOG_MOST, by_label, read_answers
from categories.support.queries import expected_of, place_of, project_expected
from categories.support.submitting import CAPACITIES
from forum.api.described import INTEGER, PROJECT, Json, answer, refused, thing
from forum.api.reading import Body, read_body
from forum.database.engine import action
from forum.projects.queries import categories_of, project_by_slug, unaccepted_terms
from forum.threads.rules import TITLE_LEAST, TITLE_MOST
from forum.threads.writing import require_writer
from forum.web.errors import Conflict, Invalid
from forum.web.i18n import _
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.routing import route

TEXT_MOST = 100_000
TERMS_MOST = 20
# who has accepted nothing: no row has the id 0
NOBODY = 0


def given(body: Body) -> dict[str, str]:
    """The answers in a call, by the names it gives them; true is a ticked box."""
    return {
        name: "yes" if value is True and body.flag(name) else body.text(name, most=LOG_MOST, required=False)
        for name, value in list(body.fields.items())[: FIELDS_MOST * 2]
    }


async def create_ticket(request: Request) -> Response:
    """`POST /api/v1/projects/{project}/tickets`: ask in support, and wait."""
    body = await read_body(request)
    title = body.text("title", most=TITLE_MOST)
    markdown = body.text("markdown", most=TEXT_MOST)
    capacity = body.choice("capacity", CAPACITIES)
    accepts = frozenset(body.integers("accept_terms", most=TERMS_MOST))
    only_team = body.flag("private")
    told = given(body.object("fields"))
    if title and len(title) < TITLE_LEAST:
        body.fail("title", _("At least %(least)d characters.") % {"least": TITLE_LEAST})
    body.check()
    project = await project_by_slug(request.path_params["project"])
    asked = Wanted(title, markdown, capacity, accepts, only_team, told)
    ticket, thread = await submitted(request.reader, project["id"], asked)
    place = await place_of(ticket)
    expected = expected_of(await project_expected(project["id"]))
    return JSONResponse(
        {
            "ticket": ticket,
            "thread": thread,
            "position": place.position if place else None,
            "expected": {"from": expected.from_, "to": expected.to},
        },
        201,
    )


@dataclass(frozen=True)
class Wanted:
    """What a program asks; `told` by a field's number or label, `accepts` the terms (ids) that were read."""

    title: str
    markdown: str
    capacity: str
    accepts: frozenset[int]
    only_team: bool
    told: Mapping[str, str]


async def check_terms(person: int, project: int, accepts: Collection[int]) -> None:
    """That the versions accepted are those in force, and all of them. Raises Invalid, which names both."""
    in_force = {term["id"] for term in await unaccepted_terms(NOBODY, project)}
    if others := sorted(set(accepts) - in_force):
        named = {"others": numbers(others), "these": numbers(sorted(in_force)) or _("none")}
        raise Invalid(
            {"accept_terms": _("Not in force (any more): %(others)s. In force: %(these)s. Read those.") % named}
        )
    missing = [term["id"] for term in await unaccepted_terms(person, project) if term["id"] not in accepts]
    if missing:
        sentence = _("Not accepted yet: %(these)s. Read them, and send the numbers of those that you accept.")
        raise Invalid({"accept_terms": sentence % {"these": numbers(sorted(missing))}})


def numbers(ids: Sequence[int]) -> str:
    return ", ".join(map(str, ids))


@action
async def submitted(reader: Reader, project: int, asked: Wanted) -> tuple[int, int]:
    """Ask and submit in one, or nothing at all: (ticket, thread). Raises Invalid, Forbidden, Conflict, TooMany."""
    person = require_writer(reader)
    await check_terms(person, project, asked.accepts)
    places = [c for c in await categories_of(project) if c["kind"] == "support" and c["visibility"] in OPEN]
    if not places:
        raise Conflict(_("This project has no place for support."))
    fields = await fields_of(places[0]["id"])
    try:
        told = by_label(fields, asked.told)
    except ValueError as unknown:
        raise Invalid({"fields": _("No field is called “%(name)s”.") % {"name": str(unknown)[:100]}}) from None
    _answers, faults, missing = read_answers(fields, lambda name: told.get(name, ""))
    if wrong := faults | missing:
        labels = {field.name: field.label for field in fields}
        raise Invalid({f"fields.{labels[name]}": sentence for name, sentence in wrong.items()})
    if asked.only_team and (await asking_of(project)).private_tickets == "never":
        raise Invalid({"private": _("This project takes no private tickets.")})
    made = await ask(
        reader,
        project,
        asked.title,
        asked.markdown,
        category=places[0]["slug"],
        capacity=asked.capacity,
        accepts_terms=bool(asked.accepts),
        shown=asked.accepts,
        answers=lambda name: told.get(name, ""),
        only_team=asked.only_team,
    )
    if made.ticket is None or made.is_draft:
        raise Conflict(_("The terms have changed just now. Send it again."))
    return made.ticket, made.posted.thread


async def fields(request: Request) -> Response:
    """`GET /api/v1/projects/{project}/fields`: what the forms of a project's public categories ask."""
    project = await project_by_slug(request.path_params["project"])
    asking = await asking_of(project["id"])
    return JSONResponse({"private_tickets": asking.private_tickets, "fields": await fields_of_project(project["id"])})


async def terms(request: Request) -> Response:
    """`GET /api/v1/projects/{project}/terms`: what has to be accepted before a ticket waits, as it is in force now."""
    project = await project_by_slug(request.path_params["project"])
    open_still = {row["id"] for row in await unaccepted_terms(request.reader.id or NOBODY, project["id"])}
    return JSONResponse(
        {
            "terms": [
                {
                    "id": row["id"],
                    "of": "site" if row["project_id"] is None else "project",
                    "kind": row["kind"],
                    "version": row["version"],
                    "markdown": row["body"],
                    "accepted": row["id"] not in open_still,
                }
                for row in await unaccepted_terms(NOBODY, project["id"])
            ]
        }
    )


TEXT: Json = {"type": "string"}
SCHEMAS: Json = {
    "AskFields": thing(
        {
            "private_tickets": {
                "enum": ["never", "choice", "always"],
                "description": "Whether only the team reads a ticket: nobody's, those that say so, all.",
            },
            "fields": {
                "type": "array",
                "items": thing(
                    {
                        "id": INTEGER,
                        "category": TEXT | {"description": "Its slug."},
                        "kind": {"enum": list(KINDS)},
                        "label": TEXT,
                        "help": TEXT,
                        "options": {"type": "array", "items": TEXT, "description": "Of a `choice`."},
                        "required": {"type": "boolean"},
                    }
                ),
            },
        }
    ),
    "Terms": thing(
        {
            "terms": {
                "type": "array",
                "items": thing(
                    {
                        "id": INTEGER | {"description": "Of this version; what `accept_terms` takes."},
                        "of": {"enum": ["site", "project"]},
                        "kind": {"enum": ["terms", "conduct"]},
                        "version": INTEGER,
                        "markdown": TEXT,
                        "accepted": {"type": "boolean", "description": "By the caller; false for everybody else."},
                    }
                ),
            }
        }
    ),
}
PATHS: Json = {
    "/api/v1/projects/{project}/terms": {
        "get": {
            "operationId": "listTerms",
            "summary": "The terms and codes of conduct in force, the site's and the project's",
            "parameters": [PROJECT],
            "responses": {"200": answer("Each in the version that is in force.", "Terms")} | refused(404),
        }
    },
    "/api/v1/projects/{project}/fields": {
        "get": {
            "operationId": "listFields",
            "summary": "What the forms of a project's public categories ask",
            "parameters": [PROJECT],
            "responses": {"200": answer("In the order of the forms.", "AskFields")} | refused(404),
        }
    },
}
# What a ticket's call takes beside title, text and capacity.
MORE: Json = {
    "accept_terms": {
        "type": "array",
        "items": INTEGER,
        "maxItems": TERMS_MOST,
        "default": [],
        "description": "The versions of terms and codes of conduct that are accepted, by `id` of the project's `terms`: all"
        " that are in force and were not accepted before, and none that is not in force.",
    },
    "fields": {
        "type": "object",
        "additionalProperties": {"type": ["string", "boolean"]},
        "description": "Answers to the form of the support category, by a field's label or id; see its `fields`.",
    },
    "private": {
        "type": "boolean",
        "default": False,
        "description": "For the team alone, where the project allows it; published only with its requesters' consent.",
    },
}

routes = [
    route("/api/v1/projects/{project}/fields", fields),
    route("/api/v1/projects/{project}/terms", terms),
    route("/api/v1/projects/{project}/tickets", create_ticket, access="signed_in", methods=("POST",)),
]
