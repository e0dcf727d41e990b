"""`#123` leads to the imported thread for those who may see it, else to GitHub, else nowhere."""

from pathlib import Path

import pytest
from starlette.routing import Router

from forum.app import all_routes
from forum.database.engine import execute, fetch_value
from forum.web import middleware
from forum.web.error_pages import error_page
from importers.github import pages
from tests.helpers.github import archive, bring, issue, make_project, thread_of
from tests.helpers.site import Site


@pytest.fixture(autouse=True)
def with_route(site: Site) -> None:
    if not any(getattr(route, "path", "") == pages.routes[0].path for route in all_routes()):
        router = Router([*pages.routes, *all_routes()], redirect_slashes=False)
        site.app = middleware.Kernel(router, site.settings, error_page)


async def to(site: Site, path: str) -> str:
    answer = await site.guest().get(path)
    assert answer.status_code == 302
    return answer.headers["location"]


async def test_an_imported_issue_is_found_by_its_number(site: Site, tmp_path: Path) -> None:
    await make_project(site)
    await bring(tmp_path, archive(issue(7)))

    thread = await thread_of(7)
    assert await to(site, "/p/pond/issues/7") == f"/t/{thread['slug']}/{thread['id']}"


async def test_an_issue_that_is_not_here_is_on_github(site: Site, tmp_path: Path) -> None:
    await make_project(site, repository="https://github.com/heron/pond.git")
    await make_project(site, "lake")
    assert (await to(site, "/p/pond/issues/8")).lower() == "https://github.com/heron/pond/issues/8"
    await bring(tmp_path, archive(issue(7)), project="lake")
    assert (await to(site, "/p/lake/issues/8")).lower() == "https://github.com/heron/pond/issues/8"


async def test_an_issue_moved_out_of_sight_looks_as_if_it_was_never_here(site: Site, tmp_path: Path) -> None:
    await make_project(site)
    await bring(tmp_path, archive(issue(7)))
    await execute("update thread set visibility = 'private', category_id = (select id from category"
                  " where kind = 'security')")  # fmt: skip

    assert (await to(site, "/p/pond/issues/7")).lower() == "https://github.com/heron/pond/issues/7"
    owner = await site.browser(await fetch_value("select person_id from project_member"))
    assert (await owner.get("/p/pond/issues/7")).headers["location"].startswith("/t/")


async def test_threads_of_other_projects_are_not_meant(site: Site, tmp_path: Path) -> None:
    await make_project(site)
    await make_project(site, "lake")
    await bring(tmp_path, archive(issue(7)))

    assert (await site.guest().get("/p/lake/issues/7")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/p/nowhere/issues/1", "/p/pond/issues/1", "/p/pond/issues/0", f"/p/pond/issues/{10**18}"]
)
async def test_nothing_is_found_where_nothing_is(site: Site, path: str) -> None:
    await make_project(site, repository="https://gitlab.example/heron/pond")

    assert (await site.guest().get(path)).status_code == 404
