"""A project is proven by GitHub, asked once, in the browser and for the person that began, with a token that is given back."""

from urllib.parse import parse_qs, urlsplit

import pytest

from forum.database.engine import fetch_value
from tests.helpers.elsewhere import Trip, addressed, ask_again
from tests.helpers.site import Browser
from tests.web.projects.test_project_pages import said
from tests.web.proofs.conftest import Proving

REPOSITORY = "https://github.com/heron/pond"


async def leave_for(proving: Proving, what: str, browser: Browser | None = None) -> Trip:
    """The owner presses a button and is asked at GitHub."""
    await proving.names(repository=REPOSITORY)
    row = await proving.row()
    who = browser or proving.world.owner
    asked = addressed(await who.post(f"/proofs/{row['id']}/github", {"what": what}))
    return await ask_again(Trip(who, asked, ""))


def scope_of(trip: Trip) -> str:
    return parse_qs(urlsplit(trip.asked).query).get("scope", [""])[0]


@pytest.mark.parametrize(("what", "scope", "number"), [("repository", "", 9001), ("organisation", "read:org", 70)])
async def test_an_administrator_proves_it_with_the_least_scope_and_the_token_is_given_back(
    proving: Proving, what: str, scope: str, number: int
) -> None:
    trip = await leave_for(proving, what)
    assert scope_of(trip) == scope
    answer = await trip.arrive()
    assert answer.headers["location"] == "/p/pelican/settings/proof", said(answer)
    row = await proving.row()
    assert (row["state"], row["way"], row["foreign_id"], row["owner_id"]) == ("proven", f"github_{what}", number, 70)
    assert proving.github.heard()[-1]["path"].endswith("/applications/Iv1.test/token")
    assert await fetch_value("select count(*) from identity") == 0, "nobody gets a way to sign in by it"
    home = said(await proving.world.site.guest().get("/p/pelican"))
    assert "github.com/heron/pond" in home and "on GitHub" in home


@pytest.mark.parametrize(
    ("what", "told", "why"),
    [
        ("repository", {"repositories": {"heron/pond": {"id": 1, "owner": 7, "admins": []}}}, "does not administer"),
        ("repository", {"repositories": {}}, "shows no repository"),
        ("repository", {"repositories": {"heron/pond": {"moved": "/api/v3/repositories/1"}}}, "present address"),
        (
            "repository",
            {"repositories": {"heron/pond": {"id": 1, "owner": 7, "admins": ["octavia"], "private": True}}},
            "not public",
        ),
        (
            "repository",
            {"repositories": {"heron/pond": {"id": "1", "owner": 7, "admins": ["octavia"]}}},
            "does not answer as it should",
        ),
        ("organisation", {"me": "mona", "users": {"mona": {"id": 8}}}, "does not own the organisation"),
        ("organisation", {"organisations": {}}, "does not say that"),
        (
            "organisation",
            {"organisations": {"heron": {"id": 70, "roles": {"octavia": "admin"}, "state": "pending"}}},
            "does not own",
        ),
        ("repository", {"me": ""}, "did not agree"),
        ("repository", {"token": {"error": "bad_verification_code"}}, "does not hold"),
    ],
)
async def test_whoever_github_does_not_call_an_administrator_proves_nothing(
    proving: Proving, what: str, told: dict[str, object], why: str
) -> None:
    proving.github.tell(**told)
    answer = await (await leave_for(proving, what)).arrive()
    assert answer.status_code in (400, 422, 502) and why in said(answer), said(answer)
    assert (await proving.row())["state"] == "open"


async def test_an_answer_is_good_once_and_in_the_browser_that_began(proving: Proving) -> None:
    trip = await leave_for(proving, "repository")
    stolen = await trip.arrive(proving.world.outsider)
    assert stolen.status_code == 400 and "began in this browser" in said(stolen)
    forged = await trip.arrive(state="another")
    assert forged.status_code == 400 and (await proving.row())["state"] == "open"
    assert (await trip.arrive()).status_code == 303
    assert (await trip.arrive()).status_code == 400, "a state is used up"


async def test_an_answer_does_not_prove_what_the_project_names_by_then(proving: Proving) -> None:
    trip = await leave_for(proving, "repository")
    await proving.names(repository="https://github.com/python/cpython")
    answer = await trip.arrive()
    assert answer.status_code == 409 and "another address" in said(answer)
    assert (await proving.row())["state"] == "open"


async def test_who_left_the_team_meanwhile_proves_nothing(proving: Proving) -> None:
    maintainer = await proving.world.site.member("mia")
    await proving.world.team(maintainer, "maintainer")
    trip = await leave_for(proving, "repository", maintainer)
    await proving.world.team(maintainer, "supporter")
    assert (await trip.arrive()).status_code == 404
    assert (await proving.row())["state"] == "open"


async def test_a_proof_in_progress_signs_nobody_in(proving: Proving) -> None:
    trip = await leave_for(proving, "repository")
    guest = proving.world.site.guest()
    assert (await trip.arrive(guest)).status_code == 400
    assert await fetch_value("select count(*) from session where person_id <> all($1)", [1, 2, 3]) == 0
