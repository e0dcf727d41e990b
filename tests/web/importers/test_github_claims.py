"""Imported names become whose they are by GitHub's number, by a look-up there, or by an admin: never by a login alone."""

from pathlib import Path
from typing import Any

import pytest

from forum.database.engine import execute, fetch, fetch_value
from forum.origins import remember
from forum.threads.starting import start_thread
from importers.github.claims import look_up_claim
from tests.helpers.elsewhere import come_in, leave
from tests.helpers.github import REPOSITORY, archive, bring, comment, issue, make_project, rest, user
from tests.helpers.site import Browser, Site
from tests.standins.process import Standin

NUMBER = 583231
OCTA = {"username": "octa", "email": "octavia@example.org"}
PATH = f"{REPOSITORY.casefold()}/issues"


@pytest.fixture(autouse=True)
async def pond(doors: Site) -> int:
    return await make_project(doors)


async def claimed(username: str = "octavia@github.com") -> int | None:
    found: int | None = await fetch_value("select same_as from person where username = $1", username)
    return found


def on_github(number: int, by: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """An issue as the API tells it."""
    return {f"{PATH}/{number}": {"user": by, "created_at": issue(number)["createdAt"], **more}}


async def test_the_number_that_was_imported_claims_at_once(doors: Site, tmp_path: Path, github: Standin) -> None:
    await bring(tmp_path, [rest(issue(1), user=user("octavia", NUMBER))])
    octa = await come_in(doors, **OCTA)
    assert await claimed() == octa.person
    audit = await fetch("select actor_id, detail from audit where action = 'placeholder_claimed'")
    assert [tuple(row) for row in audit] == [(octa.person, {"by": octa.person, "how": "number"})]
    assert not [heard for heard in github.heard() if "/repos/" in heard["path"]]
    await doors.jobs()
    assert any("What you wrote elsewhere is yours" in mail for mail in doors.mails())


async def test_a_renamed_account_claims_by_its_number(doors: Site, tmp_path: Path, github: Standin) -> None:
    await bring(tmp_path, [rest(issue(1), user=user("octavia", NUMBER))])
    github.tell(me="new-name", users={"new-name": {"id": NUMBER, "email": "octavia@example.org"}})
    octa = await come_in(doors, **OCTA)
    assert await claimed() == octa.person


async def test_a_freed_login_that_somebody_else_took_claims_nothing(doors: Site, tmp_path: Path) -> None:
    await bring(tmp_path, [rest(issue(1), user=user("octavia", 7))])
    await come_in(doors, **OCTA)
    await doors.jobs()
    assert await claimed() is None


async def test_a_login_alone_is_looked_up(doors: Site, tmp_path: Path, github: Standin) -> None:
    await bring(tmp_path, archive(issue(1, author="octavia")))
    github.tell(issues=on_github(1, user("octavia", NUMBER)))
    octa = await come_in(doors, **OCTA)
    assert await claimed() is None
    await doors.jobs()
    assert await claimed() == octa.person
    assert await fetch_value("select count(*) from origin_alias where foreign_id = $1", f"user:{NUMBER}") == 1


@pytest.mark.parametrize(
    "there",
    [
        on_github(1, user("octavia", 7)),
        on_github(1, user("renamed", 7)),
        on_github(1, None),
        on_github(1, user("ghost", 10137)),
        on_github(1, {"login": "octavia", "id": str(NUMBER)}),
        on_github(1, user("octavia", NUMBER), created_at="2026-01-01T00:00:00Z"),
        on_github(1, user("octavia", NUMBER), url="https://api.github.com/repos/a/b/issues/2"),
        on_github(1, user("octavia", NUMBER), created_at=None),
        {f"{PATH}/1": "https://evil.example/repos/a/b/issues/1"},
        {},
    ],
    ids=["another", "renamed", "nobody", "ghost", "text", "later", "other-issue", "undated", "foreign", "gone"],
)
async def test_a_look_up_that_tells_of_somebody_else_claims_nothing(
    doors: Site, tmp_path: Path, github: Standin, there: dict[str, Any]
) -> None:
    await bring(tmp_path, archive(issue(1, author="octavia")))
    github.tell(issues=there)
    await come_in(doors, **OCTA)
    await doors.jobs()
    assert await claimed() is None


async def test_who_only_commented_is_looked_up_by_a_comment(doors: Site, tmp_path: Path, github: Standin) -> None:
    said = comment("octavia", "Same here.", "2024-05-03T10:00:00Z")
    await bring(tmp_path, archive(issue(1, comments=[said])))
    row = {"created_at": "2024-05-03T10:00:00Z", "user": user("octavia", 7)}
    github.tell(comments={f"{PATH}/1": [row]})
    octa = await come_in(doors, **OCTA)
    await doors.jobs()
    assert await claimed() is None
    await execute("delete from origin_alias where foreign_id = 'user:7'")
    other = {"created_at": "2024-05-03T10:00:00Z", "user": user("wader", 8)}
    github.tell(comments={f"{PATH}/1": [other, row | {"user": user("octavia", NUMBER)}]})
    await look_up_claim(
        await fetch_value("select id from person where name = 'octavia'"), octa.person or 0, str(NUMBER)
    )
    assert await claimed() == octa.person


async def test_a_repository_that_was_renamed_is_followed(doors: Site, tmp_path: Path, github: Standin) -> None:
    await bring(tmp_path, archive(issue(1, author="octavia")))
    moved = on_github(1, user("octavia", NUMBER)).popitem()[1]
    github.tell(issues={f"{PATH}/1": f"{github.url}/api/v3/repos/new/name/issues/1", "new/name/issues/1": moved})
    octa = await come_in(doors, **OCTA)
    await doors.jobs()
    assert await claimed() == octa.person


async def test_an_identity_that_was_removed_meanwhile_claims_nothing(
    doors: Site, tmp_path: Path, github: Standin
) -> None:
    await bring(tmp_path, archive(issue(1, author="octavia")))
    github.tell(issues=on_github(1, user("octavia", NUMBER)))
    await come_in(doors, **OCTA)
    await execute("delete from identity")
    await doors.jobs()
    assert await claimed() is None


async def test_a_github_that_is_down_is_asked_again(doors: Site, tmp_path: Path, github: Standin) -> None:
    await bring(tmp_path, archive(issue(1, author="octavia")))
    github.tell(issues=on_github(1, user("octavia", NUMBER)))
    octa = await come_in(doors, **OCTA)
    placeholder = await fetch_value("select id from person where name = 'octavia'")
    github.tell(status=403)
    with pytest.raises(Exception, match="403"):
        await look_up_claim(placeholder, octa.person or 0, str(NUMBER))
    github.tell(status=None)
    await look_up_claim(placeholder, octa.person or 0, str(NUMBER))
    await look_up_claim(placeholder, octa.person or 0, str(NUMBER))
    assert await claimed() == octa.person
    assert await fetch_value("select count(*) from audit where action = 'placeholder_claimed'") == 1


async def test_who_adds_github_later_claims_too(doors: Site, tmp_path: Path) -> None:
    await bring(tmp_path, [rest(issue(1), user=user("octavia", NUMBER))])
    ada = await doors.member("ada")
    await (await leave(ada, path="/u/ada/identities", provider="github")).arrive()
    assert await claimed() == ada.person
    assert "octavia@github.com" in (await ada.get("/u/ada/preferences")).text


async def test_what_was_claimed_is_nobody_elses(doors: Site, tmp_path: Path) -> None:
    await bring(tmp_path, [rest(issue(1), user=user("octavia", NUMBER))])
    ada = await doors.person("ada")
    await execute("update person set same_as = $1 where username = 'octavia@github.com'", ada)
    await come_in(doors, **OCTA)
    assert await claimed() == ada


async def test_the_ghost_of_deleted_accounts_is_nobody(doors: Site, tmp_path: Path, github: Standin) -> None:
    await bring(tmp_path, archive(issue(1, author="")))
    github.tell(me="ghost", users={"ghost": {"id": 10137, "email": "g@example.org"}})
    await come_in(doors, username="boo", email="g@example.org")
    await doors.jobs()
    assert await claimed("ghost@github.com") is None


async def test_another_providers_subject_is_not_githubs_number(doors: Site, tmp_path: Path, openid: Standin) -> None:
    await bring(tmp_path, [rest(issue(1), user=user("octavia", NUMBER))])
    openid.tell(user={"sub": str(NUMBER), "preferred_username": "octavia", "email": "o@example.org"})
    await come_in(doors, "pond", username="octa", email="o@example.org")
    await doors.jobs()
    assert await claimed() is None


async def test_everything_they_wrote_is_theirs_private_threads_and_drafts_included(doors: Site, tmp_path: Path) -> None:
    await bring(tmp_path, [rest(issue(1), user=user("octavia", NUMBER))])
    placeholder = await fetch_value("select id from person where name = 'octavia'")
    category = await fetch_value("select id from category where slug = 'support'")
    # as the mail gateway or a bot may have left one for them
    ada = await (await doors.member("ada")).reader()
    draft = await start_thread(ada, category, "A canary draft", "Not for others.", is_draft=True)
    await execute("update thread set author_id = $2 where id = $1", draft.thread, placeholder)
    hidden = f"/t/{draft.thread}.json"
    otto = await doors.member("otto")
    before = await fetch("select (select md5(string_agg(t::text, '' order by id)) from thread t),"
                         " (select md5(string_agg(p::text, '' order by id)) from post p)")  # fmt: skip
    octa = await come_in(doors, **OCTA)
    after = await fetch("select (select md5(string_agg(t::text, '' order by id)) from thread t),"
                        " (select md5(string_agg(p::text, '' order by id)) from post p)")  # fmt: skip
    assert before == after
    assert (await octa.get(hidden)).status_code == 200
    assert (await otto.get(hidden)).status_code == 404
    profile = await doors.guest().get("/u/octavia@github.com")
    assert (profile.status_code, profile.headers["location"]) == (302, "/u/octa")
    thread = await fetch_value("select id from thread where origin = 'github'")
    assert 'href="/u/octa"' in (await doors.guest().get(f"/t/{thread}", follow_redirects=True)).text
    assert (await octa.post(f"/t/{thread}/closure", {"reason": ""})).status_code == 303


# --- an admin's decision ---------------------------------------------------------------------------------------------


@pytest.fixture
async def adam(doors: Site) -> Browser:
    return await doors.member("adam", admin=True)


DECISION = {"placeholder": "Octavia@GitHub.com", "username": "Ada", "reason": "Wrote from the address of the profile."}


async def test_an_admin_decides_where_a_login_is_all_that_is_known(doors: Site, tmp_path: Path, adam: Browser) -> None:
    await bring(tmp_path, archive(issue(1, author="octavia")))
    ada = await doors.person("ada")
    answer = await adam.post("/admin/claims", DECISION)
    assert answer.status_code == 303 and await claimed() == ada
    page = (await adam.get("/admin/claims")).text
    assert "decided by adam" in page and "Wrote from the address" in page
    audit = await fetch("select actor_id, detail from audit where action = 'placeholder_claimed'")
    assert [tuple(r) for r in audit] == [(adam.person, {"by": ada, "how": "admin", "reason": DECISION["reason"]})]
    again = await adam.post("/admin/claims", DECISION)
    assert (
        again.status_code == 303
        and await fetch_value("select count(*) from audit where actor_id = $1", adam.person) == 1
    )


async def test_an_admin_takes_a_wrong_decision_back(doors: Site, tmp_path: Path, adam: Browser) -> None:
    await bring(tmp_path, archive(issue(1, author="octavia")))
    await doors.person("ada")
    await adam.post("/admin/claims", DECISION)
    placeholder = await fetch_value("select id from person where name = 'octavia'")
    assert (await adam.post(f"/admin/claims/{placeholder}/delete", {"reason": "A mistake"})).status_code == 303
    assert await claimed() is None
    assert (await adam.post(f"/admin/claims/{placeholder}/delete")).status_code == 409
    assert await fetch_value("select count(*) from audit where action = 'claim_taken_back'") == 1
    assert "Nobody has claimed an imported name yet." in (await adam.get("/admin/claims")).text


async def test_an_admin_cannot_take_back_what_githubs_number_proves(doors: Site, tmp_path: Path, adam: Browser) -> None:
    await bring(tmp_path, [rest(issue(1), user=user("octavia", NUMBER))])
    octa = await come_in(doors, **OCTA)
    page = (await adam.get("/admin/claims")).text
    assert "same number on GitHub" in page and "Take back" not in page
    placeholder = await fetch_value("select id from person where name = 'octavia'")
    assert (await adam.post(f"/admin/claims/{placeholder}/delete", {"reason": "x"})).status_code == 409
    assert await claimed() == octa.person


async def test_an_admin_cannot_decide_against_githubs_number(doors: Site, tmp_path: Path, adam: Browser) -> None:
    await bring(tmp_path, [rest(issue(1), user=user("octavia", 7))])
    await doors.person("ada")
    answer = await adam.post("/admin/claims", DECISION)
    assert answer.status_code == 409 and "claims it by signing in with GitHub" in answer.text
    assert 'value="Octavia@GitHub.com"' in answer.text and await claimed() is None


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"placeholder": "nobody@github.com"}, 422),
        ({"placeholder": "ada"}, 422),
        ({"username": "nobody"}, 422),
        ({"username": "octavia@github.com"}, 422),
        ({"username": "gone"}, 409),
        ({"reason": ""}, 422),
        ({"reason": "x" * 301}, 422),
        ({"placeholder": "ghost@github.com"}, 409),
        ({"placeholder": "\0"}, 422),
    ],
    ids=str,
)
async def test_a_decision_that_cannot_be_is_refused(
    doors: Site, tmp_path: Path, adam: Browser, changed: dict[str, str], status: int
) -> None:
    await bring(tmp_path, archive(issue(1, author="octavia"), issue(2, author="")))
    await doors.person("ada")
    await execute("update person set disabled_at = now() where id = $1", await doors.person("gone"))
    assert (await adam.post("/admin/claims", DECISION | changed)).status_code == status
    assert await fetch_value("select count(*) from person where same_as is not null") == 0


async def test_nobody_but_admins_decides(doors: Site, tmp_path: Path) -> None:
    await bring(tmp_path, archive(issue(1, author="octavia")))
    ada = await doors.member("ada")
    await execute("update person set site_role = 'moderator'")
    assert (await ada.get("/admin/claims")).status_code == 404
    assert (await ada.post("/admin/claims", DECISION)).status_code == 404
    assert (await ada.post("/admin/claims/1/delete")).status_code == 404
    assert await claimed() is None


async def test_a_number_that_two_names_share_claims_both(doors: Site, tmp_path: Path, github: Standin) -> None:
    """An archive's login whose number a later import told under the new name."""
    await bring(tmp_path, archive(issue(1, author="octavia")))
    await bring(tmp_path, [rest(issue(2), user=user("octo-new", NUMBER))])
    await remember("github", "person", await fetch_value("select id from person where name = 'octo-new'"), [])
    github.tell(issues=on_github(1, user("octo-new", NUMBER)))
    octa = await come_in(doors, **OCTA)
    await doors.jobs()
    assert await claimed("octo-new@github.com") == octa.person == await claimed()
