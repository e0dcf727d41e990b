"""`/p/{project}/settings/import`: a maintainer has the whole history of a repository brought in, and sees how far it is."""

from datetime import UTC, datetime
from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from forum import audit
from forum.database.engine import Row, fetch, fetch_value, transaction
from forum.jobs import enqueue
from forum.outside.github import is_configured, repository_of
from forum.projects.queries import project_by_slug
from forum.projects.roles import require
from forum.projects.settings_links import Link
from forum.web.i18n import _, ngettext
from forum.web.limits import limit
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route
from forum.web.templates import fragment
from importers.github.jobs import JOB
from importers.github.people import SOURCE
from importers.github.place import find_place
from importers.github.progress import announce, imports_of
from importers.placing import NoPlace

SETTINGS: Final = Link("import", lambda: _("Import"), "edit_project")
RUNS_A_DAY: Final = 20
RUNNING: Final = ("waiting", "running", "limited")


# Who may write down any address has shown nothing: others' words would stand under a stranger's project, and theirs be
# refused. What stands here already goes on.
PROVEN = """
select 1 from project p where p.id = $1 and (p.proven_address = p.repository or exists
       (select 1 from import_source s where s.source = $2 and s.project_id = p.id and s.name = lower($3)))
"""


async def repositories_of(project: Row, *, is_admin: bool) -> tuple[list[str], str]:
    """The repositories that a project may import: those of the App that are mapped to it, and the one it names, unless
    that is another project's, where it was shown to control it or an admin asks; and the one that it has still to show,
    "" for none."""
    rows = await fetch("select name, project_id from github_repository order by lower(name)")
    mine = [row["name"] for row in rows if row["project_id"] == project["id"]]
    taken = {row["name"].casefold() for row in rows if row["project_id"] not in (None, project["id"])}
    named = repository_of(project["repository"])
    if not named or named.casefold() in {name.casefold() for name in mine} | taken:
        return mine, ""
    if is_admin or await fetch_value(PROVEN, project["id"], SOURCE, named):
        return [*mine, named], ""
    return mine, named


def phase_text(row: Row) -> str:
    """What is being done, in a sentence."""
    match row["phase"]:
        case "comments":
            return _("Reading comments")
        case "issues" | "loose":
            return _("Bringing in issues")
        case "reactions":
            return _("Asking who reacted")
        case "discussions":
            return _("Bringing in discussions")
    return _("Done")


def problem_text(row: Row) -> str:
    match row["problem"]:
        case "":
            return ""
        case "limited":
            return _("GitHub asks this site to wait; it goes on by itself.")
        case "no-answer":
            return _("GitHub did not answer; it is tried again by itself.")
    return _("GitHub does not give it: %(why)s.") % {"why": row["problem"].rstrip(".")}


def shown(row: Row) -> dict[str, Any]:
    """An import as the page shows it."""
    share = min(100, 100 * row["done"] // row["total"]) if row["total"] else 0
    return {
        "row": row,
        "running": row["state"] in RUNNING,
        "share": share,
        "phase": phase_text(row),
        "problem": problem_text(row),
        "n_skipped": ngettext(
            "%(num)d record could not be read", "%(num)d records could not be read", len(row["skipped"])
        ),
    }


async def state(project: Row) -> dict[str, Any]:
    imports = [shown(row) for row in await imports_of(project["id"])]
    return {"project": project, "imports": imports, "runs": any(each["running"] for each in imports)}


async def import_page(request: Request) -> Response:
    """The repositories to choose from, and the imports that ran or run."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "edit_project", project["id"])
    return await form(request, project, {})


async def form(request: Request, project: Row, faults: dict[str, str], status: int = 200) -> Response:
    repositories, unshown = await repositories_of(project, is_admin=request.reader.is_admin)
    return await page(
        request,
        "github/import.html",
        status,
        **await state(project),
        active="settings",
        repositories=repositories,
        unshown=unshown,
        faults=faults,
        has_app=is_configured(request.settings),
        now=datetime.now(UTC),
    )


async def import_state(request: Request) -> Response:
    """How far it is, for the page that asks every few seconds."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "edit_project", project["id"])
    return HTMLResponse(fragment("github/import_state.html", **await state(project)))


async def start(request: Request) -> Response:
    """Have it imported, or brought up to date; it runs in a job."""
    project = await project_by_slug(request.path_params["project"])
    reader = request.reader
    require(reader, "edit_project", project["id"])
    wanted = request.fields.get("repository", "")
    known, _unshown = await repositories_of(project, is_admin=reader.is_admin)
    name = next((each for each in known if each.casefold() == wanted.casefold()), None)
    if name is None:
        return await form(request, project, {"repository": _("Choose one of these.")}, 422)
    try:
        place = await find_place(name, project["slug"])
    except NoPlace as error:
        return await form(request, project, {"repository": _("It cannot come here: %(why)s.") % {"why": error}}, 422)
    await limit(f"import-github:{project['id']}", most=RUNS_A_DAY, seconds=86400)
    async with transaction():
        await announce(place)
        await audit.record("import_github", actor=reader.person, subject=("project", project["id"]), repository=name)
        await enqueue(JOB, once=f"import-github:{name.casefold()}", repository=name, project=project["slug"])
    return redirect(request, f"/p/{project['slug']}/settings/import", _("It begins in a moment."))


routes = [
    route("/p/{project}/settings/import", import_page, access="signed_in"),
    route("/p/{project}/settings/import", start, access="signed_in", methods=("POST",)),
    route("/p/{project}/settings/import/state", import_state, access="signed_in"),
]
