"""Promotion, for programs: what a thread's issue may be made of, and having it made, as the page does both."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from categories.bugs import actions as bugs
from categories.bugs.drafts import draft_of
from categories.bugs.forms import ANSWER_MOST, FIELDS_MOST, LABELS_MOST, OPTIONS_MOST, Template, composed, faults_of
from categories.bugs.pages import Chosen, chosen_of
from categories.bugs.queries import as_json, facts_of, is_overdue, posts_for
from categories.bugs.rules import BODY_MOST, TITLE_MOST, Target
from categories.bugs.states import OBSTACLES, PROBLEMS, State, sentence
from forum.api.described import INTEGER, Json, answer, body, refused, thing
from forum.api.reading import Body, read_body
from forum.database.engine import Row
from forum.projects.roles import require
from forum.threads.pages import asked_id
from forum.web.errors import Conflict, Invalid, NotFound
from forum.web.i18n import _
from forum.web.requests import Request
from forum.web.routing import route

LABEL_MOST = 100


async def read_promotion(request: Request) -> Response:
    """`GET /api/v1/threads/{id}/promotion`: how far the GitHub issue of a thread is; for who may promote it."""
    facts = await facts_for(request)
    if facts["state"] is None:
        raise NotFound
    return JSONResponse(as_json(facts))


async def read_form(request: Request) -> Response:
    """`GET /api/v1/threads/{id}/promotion/form`: the repositories, templates and labels that an issue may be made with,
    and what it begins as in the `?template=` of a `?repository=`."""
    facts = await facts_for(request)
    chosen = await chosen_of(request, facts, request.query_params)
    if chosen.reason:
        raise Conflict(sentence(chosen.reason, chosen.repository))
    first = draft_of(facts, await posts_for(facts["thread_id"]), target_in(request, facts, chosen), chosen.template)
    return JSONResponse(
        {
            "repositories": chosen.known,
            "repository": chosen.repository,
            "labels": list(chosen.offer.labels),
            "templates": [described(template) for template in chosen.offer.templates],
            "draft": {
                "template": chosen.template.file if chosen.template else None,
                "title": first.title,
                "markdown": first.body,
                "labels": list(first.labels),
                "fields": first.answers,
            },
        }
    )


def described(template: Template) -> Json:
    fields = [
        {
            "id": each.id,
            "kind": each.kind,
            "label": each.label,
            "hint": each.hint,
            "options": list(each.options),
            "many": each.many,
            "required": each.required,
        }
        for each in template.fields
    ]
    return {"file": template.file, "name": template.name, "about": template.about, "fields": fields}


async def create_promotion(request: Request) -> Response:
    """`POST /api/v1/threads/{id}/promotion`: have a thread made a GitHub issue; asked for again, it is one."""
    told = await read_body(request)
    title = told.text("title", most=TITLE_MOST, required=False)
    markdown = told.text("markdown", most=BODY_MOST, required=False)
    repository = told.text("repository", most=LABEL_MOST * 2, required=False)
    labels = told.texts("labels", most=LABELS_MOST, each=LABEL_MOST)
    wanted = told.text("template", most=LABEL_MOST * 2, required=False)
    given = answers_in(told.object("fields"))
    if given and not wanted:
        told.fail("fields", _("Only a template has fields: name one."))
    told.check()
    facts = await facts_for(request)
    thread, is_failed = facts["thread_id"], facts["state"] == State.FAILED
    if facts["state"] is not None and not is_failed and not is_overdue(facts, datetime.now(UTC)):
        return JSONResponse(as_json(facts), 202)
    if not wanted and is_failed:
        # tried again with what is kept, but for what is said anew
        title, markdown = title or facts["title"], markdown or facts["body"]
        repository, labels = repository or facts["repository"], facts["promotion_labels"] if labels is None else labels
    template = None
    if not title or not markdown or wanted:
        chosen = await chosen_of(request, facts, {"repository": repository, "template": wanted})
        if repository and repository.casefold() != chosen.repository.casefold():
            raise Invalid({"repository": _("Choose one of these.")})
        template = chosen.template
        if wanted and template is None:
            raise (
                Conflict(sentence(chosen.reason, chosen.repository))
                if chosen.reason
                else Invalid(
                    {"template": _("GitHub does not give this template just now. Send it again, or choose another.")}
                )
            )
        first = draft_of(facts, await posts_for(thread), target_in(request, facts, chosen), template)
        repository, title, markdown = chosen.repository, title or first.title, markdown or first.body
        labels = list(first.labels) if labels is None else labels
        if template is not None:
            markdown = in_form(template, first.answers, given, markdown)
    return JSONResponse(
        as_json(await bugs.promote(request.reader, thread, title, markdown, repository, labels or ())), 202
    )


async def facts_for(request: Request) -> Row:
    """The facts of the thread in the address, for who may promote it. Raises NotFound, Forbidden."""
    facts = await facts_of(request.reader, asked_id(request))
    require(request.reader, "promote", facts["project_id"])
    return facts


def target_in(request: Request, facts: Row, chosen: Chosen) -> Target:
    return Target(chosen.repository, request.settings.base_url, facts["project_name"])


def answers_in(told: Body) -> dict[str, list[str]]:
    """Answers by the names a call gives them: a text, or the texts of what was chosen."""
    found = {}
    for name, value in list(told.fields.items())[: FIELDS_MOST * 2]:
        if isinstance(value, list):
            found[name] = told.texts(name, most=OPTIONS_MOST, each=ANSWER_MOST) or []
        else:
            found[name] = [told.text(name, most=ANSWER_MOST, required=False)]
    return found


def in_form(template: Template, first: dict[str, list[str]], given: dict[str, list[str]], markdown: str) -> str:
    """The text of an issue in a template's form; what a call does not answer holds what it begins as. Raises Invalid."""
    named = {name: each.id for each in template.fields for name in (each.label.casefold(), each.id)}
    faults = {
        f"fields.{name}"[:100]: _("The form has no such field.") for name in given if name.casefold() not in named
    }
    answers = first | {named[name.casefold()]: each for name, each in given.items() if name.casefold() in named}
    faults |= {f"fields.{name}": fault for name, fault in faults_of(template, answers).items()}
    if faults:
        raise Invalid(faults)
    return composed(template, answers, markdown)


TEXT: Json = {"type": "string"}
TEXTS: Json = {"type": "array", "items": TEXT}
ANSWERS: Json = {"type": "object", "additionalProperties": TEXTS}
ID: Json = {"name": "id", "in": "path", "required": True, "schema": INTEGER}


def asked(name: str, about: str) -> Json:
    return {"name": name, "in": "query", "schema": TEXT, "description": about}


SCHEMAS: dict[str, Any] = {
    "Promotion": thing(
        {
            "thread": INTEGER,
            "state": {"enum": [str(state) for state in State]},
            "repository": {"type": "string", "description": "OWNER/REPO on GitHub."},
            "number": {"type": ["integer", "null"], "description": "Of the issue, once it is `linked`."},
            "url": {"type": ["string", "null"]},
            "problem": {
                "enum": [*OBSTACLES, *PROBLEMS, None],
                "description": "Why it `failed`; POST again once that is mended.",
            },
        }
    ),
    "PromotionForm": thing(
        {
            "repositories": {**TEXTS, "description": "Where it may go, OWNER/REPO."},
            "repository": TEXT,
            "labels": {**TEXTS, "description": "Those of the repository."},
            "templates": {
                "type": "array",
                "items": thing(
                    {
                        "file": TEXT,
                        "name": TEXT,
                        "about": TEXT,
                        "fields": {
                            "type": "array",
                            "items": thing(
                                {
                                    "id": TEXT,
                                    "kind": {"enum": ["input", "textarea", "dropdown", "checkboxes"]},
                                    "label": TEXT,
                                    "hint": TEXT,
                                    "options": TEXTS,
                                    "many": {"type": "boolean"},
                                    "required": {"type": "boolean"},
                                }
                            ),
                        },
                    }
                ),
            },
            "draft": thing(
                {
                    "template": {"type": ["string", "null"]},
                    "title": TEXT,
                    "markdown": TEXT,
                    "labels": TEXTS,
                    "fields": {**ANSWERS, "description": "By a field's id."},
                }
            ),
        }
    ),
}
PATHS: dict[str, Any] = {
    "/api/v1/threads/{id}/promotion": {
        "get": {
            "operationId": "readPromotion",
            "summary": "How far the GitHub issue of a thread is; for maintainers and owners",
            "parameters": [ID],
            "responses": {"200": answer("As it is now.", "Promotion")} | refused(401, 403, 404),
        },
        "post": {
            "operationId": "promoteThread",
            "summary": "Have a bug's or feature request's thread made a GitHub issue, once however often it is asked for",
            "parameters": [ID],
            "requestBody": body(
                {
                    "title": {"type": "string", "maxLength": TITLE_MOST, "description": "Else the thread's."},
                    "markdown": {
                        "type": "string",
                        "maxLength": BODY_MOST,
                        "description": "Else distilled from the report, the accepted answer and the versions named.",
                    },
                    "repository": {
                        "type": "string",
                        "maxLength": LABEL_MOST * 2,
                        "description": "One of the project's, OWNER/REPO; else its own.",
                    },
                    "labels": {
                        "type": "array",
                        "maxItems": LABELS_MOST,
                        "items": {"type": "string", "maxLength": LABEL_MOST},
                        "description": "Else those of the template.",
                    },
                    "template": {
                        "type": "string",
                        "maxLength": LABEL_MOST * 2,
                        "description": "A file of the repository's issue templates, as the form lists them.",
                    },
                    "fields": {
                        "type": "object",
                        "additionalProperties": {"oneOf": [TEXT, TEXTS]},
                        "description": "Answers to the template's form, by a field's id or label; what is left out holds"
                        " what the thread says of it.",
                    },
                },
                [],
            ),
            "responses": {"202": answer("It is wanted, on its way, or there.", "Promotion")}
            | refused(401, 403, 404, 409, 413, 415, 422, 429, 503),
        },
    },
    "/api/v1/threads/{id}/promotion/form": {
        "get": {
            "operationId": "readPromotionForm",
            "summary": "What an issue may be made with: repositories, templates with their fields, labels, a first draft",
            "parameters": [
                ID,
                asked("repository", "One of `repositories`; the project's own where none is named."),
                asked("template", "The file of one of `templates`, which the draft is then in."),
            ],
            "responses": {"200": answer("As GitHub tells it now.", "PromotionForm")} | refused(401, 403, 404, 409),
        }
    },
}

routes = [
    route("/api/v1/threads/{id}/promotion", read_promotion, access="signed_in"),
    route("/api/v1/threads/{id}/promotion", create_promotion, access="signed_in", methods=("POST",)),
    route("/api/v1/threads/{id}/promotion/form", read_form, access="signed_in"),
]
