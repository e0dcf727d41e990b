"""The description of the calls about response templates."""

from categories.support.replies.rules import PURPOSES, TEXT_MOST, TITLE_MOST
from forum.api.described import INTEGER, PROJECT, TIME, Json, answer, body, refused, thing

WORD: Json = {
    "type": "string",
    "pattern": "^[a-z0-9][a-z0-9-]{0,29}$",
    "description": "What is typed after a slash; one's own comes before the project's.",
}
TITLE: Json = {"type": "string", "minLength": 1, "maxLength": TITLE_MOST}
MARKDOWN: Json = {
    "type": "string",
    "minLength": 1,
    "maxLength": TEXT_MOST,
    "description": "With variables such as `{asker}`; one that there is not is refused. `{{` and `}}` are braces.",
}
PURPOSE: Json = {"enum": list(PURPOSES), "default": "reply", "description": "Which button comes first."}
TEMPLATE: Json = {"name": "template", "in": "path", "required": True, "schema": INTEGER}
SCHEMAS: Json = {
    "Templates": thing(
        {"templates": {"type": "array", "items": {"$ref": "#/components/schemas/Template"}}},
        description="The project's and the caller's own, the most used first.",
    ),
    "Template": thing(
        {
            "id": INTEGER,
            "word": WORD,
            "title": TITLE,
            "markdown": MARKDOWN,
            "purpose": {"enum": list(PURPOSES)},
            "own": {"type": "boolean", "description": "The caller's own, which nobody else sees; else the project's."},
            "variables": {"type": "array", "items": {"type": "string"}},
            "uses": INTEGER,
            "used_at": TIME,
        }
    ),
}
WRITTEN: Json = {"word": WORD, "title": TITLE, "markdown": MARKDOWN, "purpose": PURPOSE}
PATHS: Json = {
    "/api/v1/projects/{project}/templates": {
        "get": {
            "operationId": "listTemplates",
            "summary": "The response templates that the caller may use; for the team",
            "parameters": [PROJECT],
            "responses": {"200": answer("All of them.", "Templates")} | refused(401, 403, 404),
        },
        "post": {
            "operationId": "createTemplate",
            "summary": "A new template: one's own, or as a maintainer the project's",
            "parameters": [PROJECT],
            "requestBody": body(
                WRITTEN | {"own": {"type": "boolean", "description": "false: the project's."}},
                ["word", "title", "markdown", "own"],
            ),
            "responses": {"201": answer("It is there.", "Template")}
            | refused(401, 403, 404, 409, 413, 415, 422, 429, 503),
        },
    },
    "/api/v1/projects/{project}/templates/{template}": {
        "put": {
            "operationId": "changeTemplate",
            "summary": "Write a template anew; whose it is stays",
            "parameters": [PROJECT, TEMPLATE],
            "requestBody": body(WRITTEN, ["word", "title", "markdown"]),
            "responses": {"200": answer("As it is now.", "Template")}
            | refused(401, 403, 404, 409, 413, 415, 422, 429, 503),
        },
        "delete": {
            "operationId": "deleteTemplate",
            "summary": "Take a template away; on its page it can be had back",
            "parameters": [PROJECT, TEMPLATE],
            "responses": {"204": {"description": "It is gone."}} | refused(401, 403, 404, 429, 503),
        },
    },
}
