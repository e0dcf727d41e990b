"""`/p/{project}/settings/import`: a maintainer starts the import, a job does it, the page shows how far it is."""

from dataclasses import replace

import pytest

from forum.database.engine import execute, fetch_one, fetch_value
from forum.settings import use
from importers.github.jobs import resume_imports
from tests.helpers.history import Pond, as_app, described, n, pond
from tests.helpers.site import Browser

__all__ = ["described", "pond"]
PAGE = "/p/pond/settings/import"


async def person(pond: Pond, name: str, role: str | None) -> Browser:
    browser = await pond.site.member(name)
    if role:
        await execute(
            "insert into project_member (project_id, person_id, role) values ($1, $2, $3)",
            pond.project, browser.person, role,
        )  # fmt: skip
    return browser


@pytest.fixture
async def mia(pond: Pond) -> Browser:
    named = "update project set repository = 'https://github.com/heron/Pond', proven_address = $2 where id = $1"
    await execute(named, pond.project, "https://github.com/heron/Pond")
    return await person(pond, "mia", "maintainer")


async def test_a_maintainer_has_it_brought_in(pond: Pond, mia: Browser) -> None:
    pond.issue(1)
    pond.issue(2)
    assert 'value="heron/Pond"' in (await mia.get(PAGE)).text
    assert (await mia.post(PAGE, {"repository": "heron/pond"})).status_code == 303
    page = (await mia.get(PAGE)).text
    assert 'hx-trigger="every 3s"' in page
    await pond.site.jobs()
    page = (await mia.get(f"{PAGE}/state")).text
    assert "all here" in page and "<dd>2</dd>" in page and "hx-trigger" not in page
    assert await fetch_value("select count(*) from audit where action = 'import_github'") == 1


async def test_a_limit_puts_the_job_off_and_it_goes_on(pond: Pond, mia: Browser) -> None:
    pond.issue(1)
    pond.github.fail("GET", "/issues", 429, headers={"retry-after": "600"})
    await mia.post(PAGE, {"repository": "heron/Pond"})
    await pond.site.jobs()
    row = await fetch_one("select *, resume_at - now() > interval '9 minutes' as waits from github_import")
    assert row is not None and row["state"] == "limited" and row["waits"]
    assert "GitHub asks this site to wait" in (await mia.get(PAGE)).text and await n("thread") == 0
    await execute("update pgqueuer set execute_after = now()")
    await pond.site.jobs()
    assert "all here" in (await mia.get(PAGE)).text and await n("thread") == 1


async def test_one_that_stopped_without_a_word_is_taken_up(pond: Pond, mia: Browser) -> None:
    pond.issue(1)
    await mia.post(PAGE, {"repository": "heron/Pond"})
    await execute("delete from pgqueuer")
    await execute("update github_import set state = 'running', changed_at = now() - interval '11 minutes'")
    await resume_imports()
    await pond.site.jobs()
    assert await n("thread") == 1


async def test_a_repository_that_is_not_the_projects_is_refused(pond: Pond, mia: Browser) -> None:
    assert (await mia.post(PAGE, {"repository": "heron/Lake"})).status_code == 422
    await execute("insert into github_repository (id, name, project_id) values (990, 'Heron/pond', null)")
    assert (await mia.post(PAGE, {"repository": "heron/Pond"})).status_code == 303
    other = await fetch_value(
        "insert into project (slug, name, legal_entity_id) select 'lake', 'Lake', legal_entity_id from project returning id"
    )
    await execute("update github_repository set project_id = $1", other)
    assert (await mia.post(PAGE, {"repository": "heron/Pond"})).status_code == 422


async def test_a_private_one_is_told_as_such(pond: Pond, mia: Browser) -> None:
    pond.issue(1)
    pond.history.is_private = True
    await mia.post(PAGE, {"repository": "heron/Pond"})
    await pond.site.jobs()
    page = (await mia.get(PAGE)).text
    assert "not imported" in page and "is private" in page and await n("thread") == 0


async def test_others_may_not(pond: Pond, mia: Browser) -> None:
    browsers = [await person(pond, role, role) for role in ("supporter", "triager")]
    for browser in [*browsers, await person(pond, "nosy", None), await pond.site.member("ada", admin=True)]:
        assert (await browser.get(PAGE)).status_code == 403
        assert (await browser.get(f"{PAGE}/state")).status_code == 403
        assert (await browser.post(PAGE, {"repository": "heron/Pond"})).status_code == 403
    assert (await pond.site.guest().get(PAGE)).status_code == 303
    assert await n("github_import") == 0


async def test_without_an_app_it_says_what_would_be_better(pond: Pond, mia: Browser) -> None:
    use(replace(as_app(pond.site.settings, pond.github), github_app_private_key=""))
    assert "Press again at any time" in (await mia.get(PAGE)).text


async def test_who_only_names_a_repository_has_it_not_brought_in(pond: Pond, mia: Browser) -> None:
    pond.issue(1)
    await execute("update project set proven_address = '' where id = $1", pond.project)
    page = (await mia.get(PAGE)).text
    assert 'value="heron/Pond"' not in page and "/p/pond/settings/proof" in page
    assert (await mia.post(PAGE, {"repository": "heron/Pond"})).status_code == 422
    assert await n("github_import") == 0
    admin = await pond.site.member("ada", admin=True)
    await execute(
        "insert into project_member (project_id, person_id, role) values ($1, $2, 'owner')", pond.project, admin.person
    )
    assert (await admin.post(PAGE, {"repository": "heron/Pond"})).status_code == 303
    await pond.site.jobs()
    assert await n("thread") == 1
    # what stands here already is brought up to date by anybody who edits the project
    assert (await mia.post(PAGE, {"repository": "heron/Pond"})).status_code == 303
