"""The pages of projects: their list, registering one, its home, and the settings of its team."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from forum.markup import cook
from forum.projects.actions import NewProject, create_project, edit_project, faults_of_new, faults_of_words, set_role
from forum.projects.queries import all_projects, categories_of, project_by_slug, team_of
from forum.projects.roles import TEAM, require
from forum.projects.rules import project_tabs, report_address, role_name, visible_categories
from forum.projects.settings_links import Link, settings_tabs
from forum.web import parts
from forum.web.errors import Forbidden, Invalid
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.pages import page, redirect
from forum.web.requests import Form, Request
from forum.web.routing import route
from forum.web.templates import environment

# the bar is included by the pages of every room above this one
environment.globals["project_tabs"] = project_tabs
environment.globals["settings_tabs"] = settings_tabs

SETTINGS: Final = Link("", lambda: _("Words and range"), "edit_project")
TEAM_SETTINGS: Final = Link("team", lambda: _("Team"), "edit_team")

# longest text of each field (the database's own bounds); what is longer is told as a fault of the field
WORDS: Final = {
    "name": 100,
    "tagline": 200,
    "website": 300,
    "repository": 300,
    "code_of_conduct": 300,
    "guideline": 20000,
}
REGISTERED: Final = {"slug": 40, **WORDS, "entity": 200, "country": 2, "terms": 20000}
NEEDED: Final = frozenset({"slug", "name", "entity"})
# registering reserves names for good, so that a script cannot take them all
REGISTRATIONS_A_DAY: Final = 20


@lru_cache(maxsize=256)
def cooked(markdown: str) -> Markup:
    """A guideline as HTML; the text is the key, so a changed one is never shown as it was."""
    return Markup(cook(markdown).html)


def typed(form: Form, fields: Mapping[str, int]) -> dict[str, str]:
    """What was typed, as it was, for a form that is shown again."""
    return {name: form.get(name, "") for name in fields}


def read_words(form: Form, fields: Mapping[str, int]) -> dict[str, str]:
    """The texts of a form within their bounds; notes faults in the form."""
    return {name: form.text(name, limit=most, required=name in NEEDED) for name, most in fields.items()}


async def new_project(request: Request) -> Response:
    """`/new-project`: register a project; whoever does so becomes its owner."""
    reader = request.reader
    if not reader.is_confirmed:
        raise Forbidden(_("Confirm your e-mail address first: follow the link in the mail that we sent you."))
    if request.method != "POST":
        return await page(request, "projects/new_project.html", values=dict.fromkeys(REGISTERED, ""), faults={})
    form = request.fields
    try:
        words = read_words(form, REGISTERED)
        words["slug"] = words["slug"].lower()
        words["country"] = words["country"].upper()
        new = NewProject(**words)
        if form.errors:
            form.check(await faults_of_new(new))
        await limit(f"new-project:{reader.person}", most=REGISTRATIONS_A_DAY, seconds=86400)
        await create_project(reader.person, new)
    except Invalid as invalid:
        return await page(
            request, "projects/new_project.html", 422, values=typed(form, REGISTERED), faults=invalid.errors
        )
    notice = _("The project is here. Show that it is yours, now or later; everything works already.")
    return redirect(request, f"/p/{words['slug']}/settings/proof", notice)


async def projects(request: Request) -> Response:
    """`/projects`: every project of the site, or (`?seeking=maintainer`) those that seek maintainers."""
    seeking = request.query_params.get("seeking") == "maintainer"
    return await page(request, "projects/projects.html", projects=await all_projects(seeking=seeking), seeking=seeking)


async def project_home(request: Request) -> Response:
    """`/p/{project}`: what the project is, where to ask, who answers and when."""
    project = await project_by_slug(request.path_params["project"])
    categories = await categories_of(project["id"])
    return await page(
        request,
        "projects/project_home.html",
        project=project,
        active="about",
        categories=visible_categories(request.reader, categories),
        report=report_address(project["slug"], categories),
        team=[
            dict(row, id=row["person_id"], shown_role=role_name(row["role"])) for row in await team_of(project["id"])
        ],
        guideline=cooked(project["guideline"]),
        ask=await parts.load("project_ask", request, project),
        expected=await parts.load("project_expected", request, project),
        facts=await parts.load("project_facts", request, project),
        more=await parts.load("project_home", request, project),
    )


async def project_settings(request: Request) -> Response:
    """`/p/{project}/settings`: the project's words and its configured range, for maintainers and owners."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "edit_project", project["id"])
    fields = (*WORDS, "expected_from", "expected_to")
    values = {name: str(project[name]) for name in fields} | {"seeking": "on" if project["seeks_maintainers"] else ""}
    faults: Mapping[str, str] = {}
    if request.method == "POST":
        form = request.fields
        try:
            words = read_words(form, WORDS)
            expected = (
                form.integer("expected_from", least=0, most=365),
                form.integer("expected_to", least=0, most=365),
            )
            # handle and entity are not edited here; they stand in only because the record holds them
            changed = NewProject(slug=project["slug"], entity=project["entity_name"], **words)
            form.check(faults_of_words(changed, expected))
            await edit_project(request.reader, project["id"], changed, expected, seeking="seeking" in form)
            return redirect(request, f"/p/{project['slug']}/settings", _("Saved."))
        except Invalid as invalid:
            faults = invalid.errors
            values = {name: form.get(name, "") for name in (*fields, "seeking")}
    return await page(
        request,
        "projects/settings.html",
        422 if faults else 200,
        project=project,
        active="settings",
        values=values,
        faults=faults,
    )


async def project_team(request: Request) -> Response:
    """`/p/{project}/settings/team`: who is of the team, in which role; owners alone add, change and remove."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "edit_team", project["id"])
    faults: Mapping[str, str] = {}
    values = {"username": "", "role": "supporter"}
    if request.method == "POST":
        form = request.fields
        act = ""
        try:
            act = form.choice("act", ("add", "change", "remove"), default="add")
            username = form.text("username", limit=100).removeprefix("@")
            role = "" if act == "remove" else form.choice("role", TEAM)
            form.check()
            await set_role(request.reader, project["id"], username, role)
        except Invalid as invalid:
            faults = invalid.errors
            if act == "add":
                values = {name: form.get(name, "") for name in values}
            else:
                # what failed is a row of the list, not the fields of the form below it
                faults = {"": invalid.message}
        else:
            # who has just given up their own rights would be refused on this page
            stays = role == "owner" or username.lower() != request.reader.username.lower()
            return redirect(request, f"/p/{project['slug']}" + ("/settings/team" if stays else ""), _("Saved."))
    return await page(
        request,
        "projects/team.html",
        422 if faults else 200,
        project=project,
        active="settings",
        team=[dict(row, id=row["person_id"]) for row in await team_of(project["id"])],
        roles=[(role, role_name(role)) for role in TEAM],
        values=values,
        faults=faults,
    )


routes = [
    route("/projects", projects),
    route("/new-project", new_project, access="signed_in", methods=("GET", "POST")),
    route("/p/{project}", project_home),
    route("/p/{project}/settings", project_settings, access="signed_in", methods=("GET", "POST")),
    route("/p/{project}/settings/team", project_team, access="signed_in", methods=("GET", "POST")),
]
