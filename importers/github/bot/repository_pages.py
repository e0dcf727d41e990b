"""How the bot behaves in one repository: the form, for admins and for a project's maintainers, and its preview."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from forum.database.engine import Row, fetch
from forum.projects.queries import all_projects, project_by_slug
from forum.projects.roles import require
from forum.projects.settings_links import Link
from forum.settings import Settings
from forum.threads.visibility import visible_thread
from forum.threads.writing import preview_of
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _, known_locales, language_name, speaking
from forum.web.pages import page, redirect, swap
from forum.web.requests import Form, Request
from forum.web.routing import route
from importers.github.bot import texts
from importers.github.bot.facts import facts_of
from importers.github.bot.offers import is_offered
from importers.github.bot.repositories import (
    Behaviour,
    check,
    repositories_of,
    repository_by_id,
    set_behaviour,
    support_categories,
)

# So many of the latest issues that stand here show what offering would have done.
TRIED_ON = 100
SETTINGS = Link("github", lambda: _("GitHub"), "edit_project")

LATEST = f"""
select t.title, left(p.markdown, 4000) as body,
       array(select g.name from thread_tag x join tag g on g.id = x.tag_id where x.thread_id = t.id) as labels
  from origin_alias a join thread t on t.id = a.row_id join post p on p.thread_id = t.id and p.number = 1
 where a.source = 'github' and a.kind = 'thread' and starts_with(a.foreign_id, lower($1) || '#') and t.project_id = $2
   and {visible_thread("t", "null")}
 order by t.created_at desc limit $3
"""


def bot_name(settings: Settings) -> str:
    return settings.github_bot_name.removeprefix("@") or "bot"


async def project_github(request: Request) -> Response:
    """`/p/{project}/settings/github`: the project's repositories, and how the bot behaves in each."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "edit_project", project["id"])
    own = await repositories_of(project["id"])
    base = f"/p/{project['slug']}/settings/github"
    return await page(
        request,
        "github/settings_github.html",
        project=project,
        active="settings",
        repositories=own,
        base=base,
        bot=bot_name(request.settings),
        has_app=bool(request.settings.github_app_id),
    )


async def own_repository(request: Request) -> tuple[Row, Row]:
    """A project and a repository of its own, for its maintainers. Raises NotFound, Forbidden."""
    project = await project_by_slug(request.path_params["project"])
    require(request.reader, "edit_project", project["id"])
    row = await repository_by_id(request.path_params["repository"])
    if row["project_id"] != project["id"]:
        raise NotFound
    return project, row


async def project_repository(request: Request) -> Response:
    """`/p/{project}/settings/github/{repository}`: how the bot behaves in one of them."""
    project, row = await own_repository(request)
    return await form_page(request, row, f"/p/{project['slug']}/settings/github/{row['id']}", project=project)


async def project_behave(request: Request) -> Response:
    """Save it, or show what it would look like."""
    project, row = await own_repository(request)
    return await save(request, row, f"/p/{project['slug']}/settings/github/{row['id']}", project=project)


async def save(request: Request, row: Row, path: str, project: Row | None = None) -> Response:
    """Save how the bot behaves in a repository; with `preview` only show it."""
    form = request.fields
    if row["project_id"] is None:
        raise NotFound
    try:
        wanted = read(form)
        if "preview" in form:
            check(
                wanted,
                [
                    category["id"]
                    for category in await support_categories(row["project_id"], is_private=row["is_private"])
                ],
            )
        else:
            await set_behaviour(request.reader, row["id"], wanted)
            return redirect(request, path, _("Saved."))
        faults: Mapping[str, str] = {}
    except Invalid as invalid:
        faults = invalid.errors
    if request.is_htmx and "preview" in form:
        return await swap(request, "github/bot_preview.html", **await preview(request, row, form, faults))
    status = 422 if faults else 200
    return await form_page(request, row, path, project=project, typed=form, faults=faults, status=status)


def read(form: Form) -> Behaviour:
    """What was typed. Raises Invalid."""
    chosen = form.get("category", "")
    category = form.integer("category") if chosen else None
    labels = form.text("offers_labels", limit=2000, required=False)
    text = form.text("bot_text", limit=texts.TEXT_MOST, required=False)
    locale = form.get("locale", "")[:20]
    form.check()
    return Behaviour(
        category=category,
        locks_moved="locks_moved" in form,
        comments_follow=form.get("comments", "follow") == "follow",
        offers_labels=tuple(dict.fromkeys(name for label in labels.split(",") if (name := label.strip()))),
        offers_by_triage="offers_by_triage" in form,
        bot_text=text,
        locale=locale,
    )


def values_of(row: Row) -> dict[str, str]:
    """A repository's settings as the form has them."""
    return {
        "category": str(row["category_id"] or ""),
        "comments": "follow" if row["comments_follow"] else "point",
        "locks_moved": "on" if row["locks_moved"] else "",
        "offers_labels": ", ".join(row["offers_labels"]),
        "offers_by_triage": "on" if row["offers_by_triage"] else "",
        "bot_text": row["bot_text"],
        "locale": row["locale"],
    }


def spoken(values: Mapping[str, str]) -> str:
    """The language that is chosen in the form."""
    return values["locale"] if values["locale"] in known_locales() else ""


async def form_page(
    request: Request,
    row: Row,
    path: str,
    *,
    project: Row | None = None,
    typed: Form | None = None,
    faults: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The page of one repository; without a project it is an admin's, who says whose it is."""
    values = values_of(row) if typed is None else {name: typed.get(name, "") for name in values_of(row)}
    has_home = row["project_id"] is not None
    found = await support_categories(row["project_id"], is_private=row["is_private"]) if has_home else []
    with speaking(spoken(values)):
        own_text = texts.own_text()
    return await page(
        request,
        "github/repository.html",
        status,
        project=project,
        active="settings",
        repository=row,
        action=path,
        values=values,
        faults=faults or {},
        categories=[(str(each["id"]), each["name"]) for each in found],
        projects=[] if project is not None else [(p["slug"], p["name"]) for p in await all_projects()],
        bot=bot_name(request.settings),
        variables=texts.variables(),
        own_text=own_text,
        locales=[("", language_name("en")), *((each, language_name(each)) for each in known_locales())],
        text_most=texts.TEXT_MOST,
        **await preview(request, row, typed, faults or {}) if has_home else {"shown": None},
    )


async def preview(request: Request, row: Row, typed: Form | None, faults: Mapping[str, str]) -> dict[str, Any]:
    """What the bot would write now, and to how many of the latest issues it would have offered the move."""
    values = values_of(row) if typed is None else {name: typed.get(name, "") for name in values_of(row)}
    facts = await facts_of(
        row["project_id"],
        repository=row["name"],
        author="octocat",
        link=f"{request.settings.base_url}/t/123",
        bot=bot_name(request.settings),
        project_name=row["project_name"],
        project_slug=row["project_slug"],
    )
    text = values["bot_text"].strip()[: texts.TEXT_MOST]
    with speaking(spoken(values)):
        said = texts.moved_text(text, "support", facts)
    cooked = await preview_of(said, row["project_slug"], is_local=False)
    labels = [label.strip() for label in values["offers_labels"].split(",") if label.strip()]
    latest = await fetch(LATEST, row["name"], row["project_id"], TRIED_ON)
    offered = sum(
        is_offered(labels, values["offers_by_triage"] != "", list(one["labels"]), one["title"], one["body"])
        for one in latest
    )
    return {"shown": Markup(cooked.html), "tried_on": len(latest), "offered": offered, "preview_faults": faults}


routes = [
    route("/p/{project}/settings/github", project_github, access="signed_in"),
    route("/p/{project}/settings/github/{repository:int}", project_repository, access="signed_in"),
    route("/p/{project}/settings/github/{repository:int}", project_behave, access="signed_in", methods=("POST",)),
]
