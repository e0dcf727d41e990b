"""What nobody sends by chance: codes sent twice, numbers of others, deliveries that claim what is not theirs."""

import re
from dataclasses import replace

import pytest

from forum.database.engine import fetch, fetch_value
from forum.settings import APP_FILE, Settings
from tests.helpers.bot import REPOSITORY, Pond
from tests.helpers.site import Site
from tests.standins.github import GitHub

HUGE = 10**19


async def test_the_code_of_a_manifest_is_good_once_and_a_second_app_is_not_made_over_the_first(
    settings: Settings, database: str, github: GitHub
) -> None:
    bare = replace(settings, github_app_id="", github_app_private_key="", github_webhook_secret="")
    secret = {"id": 4711, "slug": "pond-helper", "name": "Pond Helper", "pem": github.private_key}
    secret |= {"client_id": "Iv1.x", "client_secret": "cs", "webhook_secret": "ws"}
    github.bot_rows.codes |= {"first": secret, "second": secret | {"slug": "other"}}
    async with Site.open(bare) as site:
        admin = await site.member("adam", admin=True)
        page = (await admin.get("/admin/github")).text
        state = re.findall(r"apps/new\?state=([0-9.a-f]+)", page)[0]
        assert (await admin.get(f"/admin/github/made?code=first&state={state}")).status_code == 303
        kept = (bare.data / APP_FILE).read_text()
        again = await admin.get(f"/admin/github/made?code=second&state={state}")
        assert again.headers["location"] == "/admin/github" and "second" in github.bot_rows.codes
        assert (bare.data / APP_FILE).read_text() == kept
    # with the App gone the code is worth nothing any more
    (bare.data / APP_FILE).unlink()
    async with Site.open(bare) as site:
        admin = await site.browser(admin.person)
        page = (await admin.get("/admin/github")).text
        state = re.findall(r"apps/new\?state=([0-9.a-f]+)", page)[0]
        replayed = await admin.get(f"/admin/github/made?code=first&state={state}")
        assert replayed.status_code == 400 and "GitHub refused" in replayed.text
        assert not (bare.data / APP_FILE).exists()
        for code in ("x" * 201, "../app", "a/b?c#d"):
            assert (await admin.get("/admin/github/made", params={"code": code, "state": state})).status_code == 400
        assert all("/app-manifests/" in one.path for one in github.asked)
        assert not any(one.path.endswith("/app") for one in github.asked), "a code stays one step of the address"


async def test_numbers_of_others_and_of_nobody_are_not_found(pond: Pond) -> None:
    admin = await pond.site.member("adam", admin=True)
    for number in (0, 5, HUGE, 2**63):
        for browser, path in (
            (admin, f"/admin/github/repositories/{number}"),
            (pond.mia, f"/p/pelican/settings/github/{number}"),
        ):
            assert (await browser.get(path)).status_code == 404, path
            assert (await browser.post(path, {"comments": "follow"})).status_code == 404, path
        assert (
            await admin.post(f"/admin/github/repositories/{number}/project", {"project": "pelican"})
        ).status_code == 404
        assert (await pond.mia.get(f"/proofs/{number}")).status_code == 404
    pond.github.fail("POST", "/attempts", 404, message="Not Found")
    assert (await admin.post(f"/admin/github/deliveries/{HUGE}/again")).status_code == 404
    refused = await admin.post("/admin/github/deliveries/6/again")
    assert refused.status_code == 409 and "GitHub did not" in refused.text


async def test_an_installation_takes_no_repository_away_that_is_not_its_own(pond: Pond) -> None:
    about = {"id": 78, "account": {"login": "crow", "id": 10}, "permissions": {"issues": "write"}, "suspended_at": None}
    gone = {
        "action": "removed",
        "installation": about,
        "repositories_removed": [pond.repository()],
        "repositories_added": [],
    }
    await pond.deliver("installation_repositories", gone)
    await pond.site.jobs()
    assert await fetch_value("select installation_id from github_repository where id = $1", REPOSITORY) == 77
    await pond.deliver("installation", {"action": "deleted", "installation": about})
    await pond.site.jobs()
    rows = await fetch("select id from github_installation")
    assert [row["id"] for row in rows] == [77]


@pytest.mark.parametrize("number", [0, -1, True, 2**63, HUGE, "77", None, 7.5])
async def test_an_installation_without_a_number_of_ours_is_kept_and_does_nothing(pond: Pond, number: object) -> None:
    before = await fetch("select * from github_installation")
    about = {"id": number, "account": {"login": "crow", "id": 10}, "permissions": {}, "suspended_at": None}
    told = {"action": "created", "installation": about, "repositories": [pond.repository(id=number)]}
    assert (await pond.deliver("installation", told)).is_success
    await pond.site.jobs()
    assert await fetch("select * from github_installation") == before
    assert await fetch_value("select failure from incoming order by id desc limit 1") == ""


async def test_what_is_signed_with_another_secret_is_refused_and_not_kept(pond: Pond) -> None:
    kept = await fetch_value("select count(*) from incoming")
    told = await pond.deliver("installation", pond.installation("deleted"), secret="of another App")
    assert told.status_code == 403
    assert await fetch_value("select count(*) from incoming") == kept
