"""`/admin/github` and a project's own page: the App is made, shown and set up there, by whom it is for."""

import json
import re
import stat
import time
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from forum.database.engine import execute, fetch, fetch_value
from forum.doctor import check_github, check_repositories
from forum.settings import APP_FILE, Settings, read_settings, use
from forum.web.middleware import CSP
from importers.github.bot.admin_pages import state_for
from tests.helpers.bot import REPOSITORY, Pond
from tests.helpers.site import Browser, Site
from tests.standins.github import GitHub

OWN = f"/p/pelican/settings/github/{REPOSITORY}"
ADMINS = f"/admin/github/repositories/{REPOSITORY}"
FORM = {"category": "", "comments": "follow", "offers_labels": "", "bot_text": ""}


@pytest.fixture
async def admin(pond: Pond) -> Browser:
    return await pond.site.member("adam", admin=True)


# --- making it -----------------------------------------------------------------------------------------------------


@pytest.fixture
def bare(settings: Settings) -> Settings:
    """A site that has no App yet."""
    return replace(settings, github_app_id="", github_app_private_key="", github_webhook_secret="")


async def test_the_page_leads_to_github_with_the_manifest(bare: Settings, database: str) -> None:
    async with Site.open(bare) as site:
        admin = await site.member("adam", admin=True)
        page = await admin.get("/admin/github?owner=heron")
        origin = bare.github_api_base
        assert f"form-action {origin} 'self'" in page.headers["content-security-policy"]
        (address,) = re.findall(r'action="([^"]+/settings/apps/new[^"]+)"', page.text)
        assert address.startswith(f"{origin}/organizations/heron/settings/apps/new?state=")
        told = json.loads(unescape(re.findall(r'name="manifest" value="([^"]+)"', page.text)[0]))
        assert told["hook_attributes"]["url"] == "http://testserver/webhooks/github"
        assert told["redirect_url"] == "http://testserver/admin/github/made"
        assert told["default_permissions"]["issues"] == "write"
        assert {"issue_comment", "issues"} <= set(told["default_events"])
        assert (await admin.get("/admin/site")).headers["content-security-policy"] == CSP
        assert (await admin.get("/admin/github?owner=no/such")).status_code == 422
        for browser in (site.guest(), await site.member("otto")):
            assert (await browser.get("/admin/github")).status_code in (303, 404)


async def test_what_github_sends_back_is_believed_once_in_the_session_that_began(
    bare: Settings, database: str, github: GitHub
) -> None:
    secret = {"id": 4711, "slug": "pond-helper", "name": "Pond Helper", "pem": github.private_key}
    secret |= {"client_id": "Iv1.x", "client_secret": "cs", "webhook_secret": "ws"}
    github.bot_rows.codes["good-code"] = secret
    async with Site.open(bare) as site:
        admin, other = await site.member("adam", admin=True), await site.member("eva", admin=True)
        page = (await admin.get("/admin/github")).text
        state = re.findall(r"apps/new\?state=([0-9.a-f]+)", page)[0]
        now = int(time.time())
        old = state_for(bare, "another session", now)
        for browser, query in (
            (admin, f"code=good-code&state={old}"),
            (admin, "code=good-code&state="),
            (admin, "code=good-code"),
            (admin, f"state={state}"),
            (admin, f"code=good-code&state={now - 9999}.{state.partition('.')[2]}"),
            (other, f"code=good-code&state={state}"),
        ):
            assert (await browser.get(f"/admin/github/made?{query}")).status_code == 400
        assert not (bare.data / APP_FILE).exists() and "good-code" in github.bot_rows.codes
        refused = await admin.get(f"/admin/github/made?code=bad-code&state={state}")
        assert refused.status_code == 400 and "GitHub refused" in refused.text
        made = await admin.get(f"/admin/github/made?code=good-code&state={state}")
        assert made.headers["location"] == "/admin/github"
        file = bare.data / APP_FILE
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        # from the next request on, in every process, without a start
        assert "pond-helper" in (await admin.get("/admin/github")).text
        again = await admin.get(f"/admin/github/made?code=good-code&state={state}")
        assert again.headers["location"] == "/admin/github"
        audit = await fetch("select detail from audit where action = 'github_app_made'")
        assert [row["detail"] for row in audit] == [{"app": "pond-helper"}]
        told = await site.guest().http.post("/webhooks/github", content=b"{}", headers={"x-github-event": "ping"})
        assert told.status_code == 403, "the door is there, and shut to who does not sign"


def test_what_the_environment_says_counts_before_the_file(tmp_path: Any) -> None:
    kept = {"github_app_id": "1", "github_app_private_key": "k", "github_webhook_secret": "w"}
    kept |= {"github_client_id": "c", "github_client_secret": "s", "github_bot_name": "b"}
    (tmp_path / APP_FILE).write_text(json.dumps(kept))
    read = read_settings({"HAAS_DATA": str(tmp_path)})
    assert (read.github_app_id, read.github_webhook_secret, read.github_client_id) == ("1", "w", "c")
    own = read_settings({"HAAS_DATA": str(tmp_path), "GITHUB_APP_ID": "2"})
    assert (own.github_app_id, own.github_app_private_key, own.github_client_id) == ("2", "", "")
    oauth = read_settings({"HAAS_DATA": str(tmp_path), "GITHUB_CLIENT_ID": "o", "GITHUB_CLIENT_SECRET": "p"})
    assert (oauth.github_app_id, oauth.github_client_id, oauth.github_client_secret) == ("1", "o", "p")
    (tmp_path / APP_FILE).write_text("{")
    assert read_settings({"HAAS_DATA": str(tmp_path)}).github_app_id == ""


# --- showing it ----------------------------------------------------------------------------------------------------


async def test_the_page_shows_what_is_granted_where_it_is_and_what_came(pond: Pond, admin: Browser) -> None:
    state = pond.github.bot_rows
    state.app_permissions = {"issues": "read", "metadata": "read"}
    arrived = await fetch_value("select foreign_id from incoming limit 1")
    one = pond.github.example("hook-delivery-items")
    sample = one[0] if isinstance(one, list) else {}
    state.hook_deliveries = [
        sample | {"id": 5, "guid": arrived, "event": "installation", "status": "OK", "status_code": 200},
        sample | {"id": 6, "guid": "lost-1", "event": "issues", "status": "timed out", "status_code": 504},
    ]
    page = (await admin.get("/admin/github")).text
    assert "Pond Helper" in page and page.count("never arrived") == 1 and page.count(">arrived") >= 1
    assert page.count("missing") >= 2 and "heron/Pond" in page and "Pelican Toolkit" in page
    assert "PRIVATE KEY" not in page
    sent = await admin.post("/admin/github/deliveries/6/again")
    assert sent.status_code == 303 and state.redelivered == [6]
    names = [check.name for check in await check_github(pond.site.settings) if check.ok is False]
    assert names == ["github permissions", "github webhooks"]
    assert (await check_repositories()).ok is True


async def test_a_key_that_github_does_not_take_is_told(pond: Pond, admin: Browser) -> None:
    pond.github.fail("GET", "/app", 401, message="Bad credentials", times=9)
    page = await admin.get("/admin/github")
    assert page.status_code == 200 and "Bad credentials" in page.text
    assert [check.ok for check in await check_github(pond.site.settings)] == [False]


async def test_asking_github_finds_repositories_and_loses_those_that_went(pond: Pond, admin: Browser) -> None:
    pond.github.repositories = {"heron/pond", "heron/lake"}
    await execute("insert into github_repository (id, name, installation_id) values (1, 'heron/gone', 77)")
    assert (await admin.post("/admin/github/refresh")).status_code == 303
    rows = await fetch("select name, installation_id, project_id from github_repository order by name")
    installed = {row["name"] for row in rows if row["installation_id"]}
    assert installed == {"heron/lake", "heron/pond"}
    # another repository took the name over: what was set up for the first is not the second's
    old = next(row for row in rows if row["project_id"])
    assert old["name"].startswith("~") and old["installation_id"] is None


async def test_nobody_but_admins_does_any_of_it(pond: Pond) -> None:
    for browser in (pond.mia, pond.world.owner, pond.world.outsider):
        for path in ("/admin/github", "/admin/github/made?code=x&state=y", ADMINS):
            assert (await browser.get(path)).status_code == 404
        for path in ("/admin/github/refresh", "/admin/github/deliveries/5/again", ADMINS, f"{ADMINS}/project"):
            assert (await browser.post(path, FORM)).status_code == 404
    assert not pond.github.bot_rows.redelivered


# --- what GitHub tells of installations -----------------------------------------------------------------------------


async def test_installations_and_names_follow_what_github_tells(pond: Pond) -> None:
    lake = {"id": 5, "name": "Lake", "full_name": "heron/Lake", "private": True}
    more = {"repositories_added": [lake], "repositories_removed": [pond.repository()]}
    await pond.deliver("installation_repositories", pond.installation("added") | more)
    renamed = {"repository": pond.repository(full_name="crane/Mere", name="Mere"), "sender": {}}
    await pond.deliver("repository", {"action": "transferred"} | renamed)
    await pond.site.jobs()
    rows = await fetch("select id, name, installation_id, is_private, project_id from github_repository order by id")
    assert [tuple(row) for row in rows] == [
        (5, "heron/Lake", 77, True, None),
        (REPOSITORY, "crane/Mere", None, False, pond.world.project),
    ]
    await pond.deliver("installation", pond.installation("suspend"))
    await pond.site.jobs()
    assert await fetch_value("select is_suspended from github_installation")
    await pond.deliver("installation", pond.installation("deleted"))
    await pond.site.jobs()
    assert await fetch_value("select count(*) from github_installation") == 0
    assert await fetch_value("select count(*) from github_repository where installation_id is not null") == 0


# --- setting it up -------------------------------------------------------------------------------------------------


async def test_an_admin_says_whose_a_repository_is(pond: Pond, admin: Browser) -> None:
    assert (await admin.post(f"{ADMINS}/project", {"project": "no-such"})).status_code == 422
    assert (await admin.post(f"{ADMINS}/project", {"project": ""})).status_code == 303
    assert await fetch_value("select project_id from github_repository") is None
    assert (await admin.post(ADMINS, FORM)).status_code == 404
    assert (await admin.post(f"{ADMINS}/project", {"project": "pelican"})).status_code == 303
    assert (await admin.post(ADMINS, FORM | {"locks_moved": "on"})).status_code == 303
    assert await fetch_value("select locks_moved from github_repository")
    kinds = {row["action"] for row in await fetch("select action from audit where actor_id = $1", admin.person)}
    assert {"github_repository_mapped", "github_bot_set"} <= kinds


async def test_a_maintainer_sets_how_the_bot_behaves_and_sees_it_first(pond: Pond) -> None:
    listed = (await pond.mia.get("/p/pelican/settings/github")).text
    assert "heron/Pond" in listed and OWN in listed
    typed = FORM | {"comments": "point", "offers_labels": "question, usage,question", "offers_by_triage": "on"}
    typed["bot_text"] = "Servus {author}, {link}, in {range}, {position}."
    shown = await pond.mia.post(OWN, typed | {"preview": "1"})
    assert shown.status_code == 200 and "Servus @octocat" in shown.text and "7–10 workdays" in shown.text
    assert await fetch_value("select bot_text from github_repository") == "", "looking saves nothing"
    swapped = await pond.mia.htmx(OWN, typed | {"preview": "1"})
    assert swapped.text.strip().startswith('<div id="bot-preview">') and "Servus" in swapped.text
    assert (await pond.mia.post(OWN, typed)).status_code == 303
    row = (await fetch("select * from github_repository"))[0]
    assert (row["comments_follow"], row["offers_labels"], row["offers_by_triage"]) == (
        False,
        ["question", "usage"],
        True,
    )
    assert "Servus {author}" in (await pond.mia.get(OWN)).text


async def test_of_a_private_repository_comments_are_not_offered_to_follow(pond: Pond) -> None:
    path = f"/p/pelican/settings/github/{REPOSITORY}"
    assert 'value="follow"' in (await pond.mia.get(path)).text
    await pond.behaves(is_private=True)
    page = (await pond.mia.get(path)).text
    assert 'value="follow"' not in page and "does not follow" in page
    # nor a category that others read
    assert "no such category for support yet" in page
    home = await fetch_value("select id from category where kind = 'support'")
    assert (await pond.mia.post(path, {"category": str(home)})).status_code == 422
    await pond.mia.post(path, {"comments": "follow"})
    # and not by becoming public either: what was private before is read by others now
    assert await fetch_value("select comments_follow from github_repository") is False


async def test_the_preview_tells_whom_the_rules_would_have_reached(pond: Pond) -> None:
    for number, labels in ((7, ["question"]), (8, ["bug"]), (9, [])):
        rows = [pond.github.label_row(label) for label in labels]
        pond.github.open_issue(number, f"The pump number {number} stops", "It stops.", labels=rows)
        await pond.comments(number, "@pond-helper +bug")
    shown = await pond.mia.htmx(OWN, FORM | {"offers_labels": "Question", "preview": "1"})
    assert "Of the latest 3 issues that stand here, 1 would have been offered" in shown.text


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"bot_text": "Come here."}, "Put {link} somewhere"),
        ({"bot_text": "{link} {wat}"}, "no variable {wat}"),
        ({"bot_text": "{link}" + "x" * 10_001}, "At most"),
        ({"category": "99999"}, "Choose one of these"),
        ({"offers_labels": "x" * 51}, "At most 20 labels"),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_is_saved(pond: Pond, typed: dict[str, str], fault: str) -> None:
    for more in ({}, {"preview": "1"}):
        answer = await pond.mia.post(OWN, FORM | typed | more)
        assert answer.status_code == 422 and fault in unescape(answer.text)
    assert (await fetch("select bot_text, category_id from github_repository"))[0]["bot_text"] == ""


async def test_a_category_of_another_project_or_kind_is_no_choice(pond: Pond) -> None:
    bugs, support = await pond.world.category("bugs"), await pond.world.category("support")
    assert (await pond.mia.post(OWN, FORM | {"category": str(bugs)})).status_code == 422
    assert (await pond.mia.post(OWN, FORM | {"category": str(support)})).status_code == 303


async def test_the_team_below_maintainers_and_other_projects_do_not_set_it(pond: Pond) -> None:
    for browser in (pond.world.supporter, pond.world.outsider):
        for path in (OWN, "/p/pelican/settings/github"):
            assert (await browser.get(path)).status_code == 403
        assert (await browser.post(OWN, FORM)).status_code == 403
    hanna = await pond.world.person("hanna")
    await hanna.post("/new-project", {"slug": "heron", "name": "Heron", "entity": "Heron e.V."})
    assert (await hanna.get(f"/p/heron/settings/github/{REPOSITORY}")).status_code == 404
    assert (await hanna.post(f"/p/heron/settings/github/{REPOSITORY}", FORM)).status_code == 404
    use(pond.site.settings)
