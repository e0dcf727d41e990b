"""The settings of a project's forms and of asking, a long log, and the buttons of publishing a private ticket."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from categories.forms import privacy
from categories.forms.actions import NewField, set_asking, set_fields
from categories.forms.queries import asking_of, fields_of, log_of, pinned_of, publication_of
from categories.forms.rules import FIELDS_MOST, Field
from forum.database.engine import Row
from forum.projects.queries import categories_of, project_by_slug
from forum.projects.roles import require
from forum.projects.rules import visible_categories
from forum.projects.settings_links import Link
from forum.threads.pages import asked_id, back_to_thread
from forum.threads.queries import thread_head
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.requests import Form, Request
from forum.web.routing import route
from forum.web.templates import fragment

ASKING: Final = Link("asking", lambda: _("Asking"), "edit_project")
FIELDS: Final = Link("fields", lambda: _("Form fields"), "edit_project")


def kind_names() -> list[tuple[str, str]]:
    return [
        ("version", _("Version: a short line")),
        ("choice", _("Choice: one of several, such as platforms")),
        ("text", _("Text: a line")),
        ("log", _("Log: pasted or uploaded, folded in the post")),
        ("check", _("Tick box: something to confirm")),
    ]


async def field_settings(request: Request) -> Response:
    """`/p/{project}/settings/fields`: what the form of each category asks, with a preview of it."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "edit_project", project["id"])
    places = visible_categories(request.reader, await categories_of(project["id"]))
    if not places:
        raise NotFound
    slug = request.query_params.get("category", places[0]["slug"])
    place = next((each for each in places if each["slug"] == slug), None)
    if place is None:
        raise NotFound
    rows = [as_row(field) for field in await fields_of(place["id"])]
    faults: Mapping[str, str] = {}
    address = f"/p/{project['slug']}/settings/fields?category={place['slug']}"
    if request.method == "POST":
        rows = sent_rows(request.fields)
        if "add" in request.fields:
            rows.append(blank(request.fields.get("add", "text")))
        elif "look" not in request.fields:
            try:
                await set_fields(request.reader, place["id"], [new_field(row) for row in rows])
                return redirect(request, address, _("Saved. The form asks for this from now on."))
            except Invalid as invalid:
                faults = invalid.errors
    return await page(
        request,
        "forms/field_settings.html",
        422 if faults else 200,
        project=project,
        active="settings",
        places=[(f"{request.scope['path']}?category={c['slug']}", c["name"], c is place, 0) for c in places],
        place=place,
        rows=rows,
        kinds=kind_names(),
        faults=faults,
        fields=[preview_of(row, n) for n, row in enumerate(rows) if row["label"]],
        most=FIELDS_MOST,
        address=address,
    )


def as_row(field: Field) -> dict[str, Any]:
    return {
        "id": field.id,
        "kind": field.kind,
        "label": field.label,
        "help": field.help,
        "options": "\n".join(field.options),
        "required": field.is_required,
    }


def blank(kind: str) -> dict[str, Any]:
    known = [name for name, _text in kind_names()]
    return {
        "id": 0,
        "kind": kind if kind in known else "text",
        "label": "",
        "help": "",
        "options": "",
        "required": False,
    }


def sent_rows(form: Form) -> list[dict[str, Any]]:
    """The rows of the form that are to stay, by the place that was typed beside each."""
    rows: list[tuple[float, int, dict[str, Any]]] = []
    for n in range(FIELDS_MOST + 1):
        if f"label-{n}" not in form or f"gone-{n}" in form:
            continue
        number = form.get(f"id-{n}", "0")
        typed = form.get(f"place-{n}", "").strip().replace(",", ".")
        place = float(typed) if typed.replace(".", "", 1).isascii() and typed.replace(".", "", 1).isdigit() else n + 1
        row: dict[str, Any] = {
            "id": int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0,
            "kind": form.get(f"kind-{n}", ""),
            "label": " ".join(form.get(f"label-{n}", "").split()),
            "help": " ".join(form.get(f"help-{n}", "").split()),
            "options": form.get(f"options-{n}", "").replace("\r\n", "\n"),
            "required": f"required-{n}" in form,
        }
        if row["id"] or row["label"] or row["help"] or row["options"].strip():
            rows.append((place, n, row))
    return [row for _place, _n, row in sorted(rows, key=lambda each: each[:2])]


def new_field(row: Mapping[str, Any]) -> NewField:
    options = list(dict.fromkeys(" ".join(line.split()) for line in row["options"].split("\n") if line.strip()))
    return NewField(row["id"], row["kind"], row["label"], row["help"], options, row["required"])


def preview_of(row: Mapping[str, Any], n: int) -> Field:
    """A field as it would be asked; its number is of nothing that exists."""
    new = new_field(row)
    return Field(900_000 + n, new.kind, new.label, new.help, tuple(new.options), new.is_required)


async def asking_settings(request: Request) -> Response:
    """`/p/{project}/settings/asking`: what is read first, who reads a ticket, what an answer takes somebody."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "edit_project", project["id"])
    asking = await asking_of(project["id"])
    values = {
        "private_tickets": asking.private_tickets,
        "answer_minutes": str(asking.answer_minutes or ""),
        "links": "\n".join(f"{row['url']} {row['title']}" for row in await pinned_of(project["id"])),
    }
    faults: Mapping[str, str] = {}
    if request.method == "POST":
        form = request.fields
        values = {name: form.get(name, "") for name in values}
        try:
            minutes = form.integer("answer_minutes", least=1, most=960) if values["answer_minutes"].strip() else None
            form.check()
            await set_asking(
                request.reader,
                project["id"],
                private_tickets=values["private_tickets"],
                answer_minutes=minutes,
                links=links_in(values["links"]),
            )
            return redirect(request, request.scope["path"], _("Saved."))
        except Invalid as invalid:
            faults = invalid.errors
    return await page(
        request,
        "forms/asking_settings.html",
        422 if faults else 200,
        project=project,
        active="settings",
        values=values,
        faults=faults,
        team=asking.team,
    )


def links_in(text: str) -> list[tuple[str, str]]:
    """Pairs of title and address out of lines of an address and a title."""
    lines = (line.strip().split(maxsplit=1) for line in text.replace("\r", "\n").split("\n") if line.strip())
    return [(line[1] if len(line) > 1 else "", line[0]) for line in lines]


async def log(request: Request) -> Response:
    """`/t/{id}/logs/{field}`: a log that was too long for its post, as a file; it is never shown as a page."""
    found = await log_of(request.reader, asked_id(request), asked_id(request, "field"))
    if found is None:
        raise NotFound
    name = f"log-{asked_id(request)}-{asked_id(request, 'field')}.txt"
    return PlainTextResponse(
        found["answer"],
        headers={"content-disposition": f'attachment; filename="{name}"', "x-robots-tag": "noindex"},
    )


async def publication(request: Request) -> Response:
    """The team asks to publish a private ticket, or somebody who asked it agrees."""
    thread = asked_id(request)
    await thread_head(request.reader, thread)
    state = await publication_of(thread, request.reader)
    if state is not None and state["is_requester"]:
        is_public = await privacy.agree(request.reader, thread)
        notice = _("Published. Everybody can read and answer it now.") if is_public else _("You agreed.")
    else:
        await privacy.ask_to_publish(request.reader, thread)
        notice = _("Asked. It stays private unless everybody who asked it agrees.")
    return await back_to_thread(request, thread, notice=notice)


async def publication_end(request: Request) -> Response:
    """A requester does not agree, or the team does not ask any more."""
    await privacy.take_back(request.reader, asked_id(request))
    return await back_to_thread(request, asked_id(request), notice=_("It stays private."))


async def publication_panel(request: Request, head: Row, _errors: object = None) -> dict[str, Any] | None:
    """Beside a private ticket: who reads it, and the way to publish it. No statement for any other thread."""
    state = await publication_of(head["id"], request.reader) if head["visibility"] == "private" else None
    if state is None:
        return None
    is_team = request.reader.is_team(head["project_id"])
    shown = {"aside": fragment("forms/publication.html", head=head, state=state, is_team=is_team)}
    # on a phone what stands aside stands last, and this is what they came for
    is_open = state["asked_at"] and state["category_visibility"] != "private"
    if is_open and state["is_requester"] and not state["has_agreed"]:
        shown["notes"] = fragment("forms/publication_asked.html", head=head, state=state)
    return shown


routes = [
    route("/t/{id}/logs/{field}", log),
    route("/t/{id}/publication", publication, access="signed_in", methods=("POST",)),
    route("/t/{id}/publication/delete", publication_end, access="signed_in", methods=("POST",)),
    route("/p/{project}/settings/fields", field_settings, access="signed_in", methods=("GET", "POST")),
    route("/p/{project}/settings/asking", asking_settings, access="signed_in", methods=("GET", "POST")),
]
