"""Answers of a provider, or of somebody who plays one, that do not hold: they sign nobody in, and say so."""

import time
from typing import Any

import httpx
import pytest

from forum.accounts import providers
from forum.database.engine import execute, fetch_value
from forum.web import sessions
from tests.helpers.elsewhere import ask_again, come_in, leave, who
from tests.helpers.site import Browser, Site
from tests.standins.process import Standin

NEW = {"username": "jane", "email": "jane@example.org"}


@pytest.fixture(autouse=True)
async def member(doors: Site) -> None:
    """Somebody whom a hostile answer might sign in."""
    await come_in(doors, "pond", **NEW)
    await come_in(doors, "github", username="octa", email="octavia@example.org")
    await execute("delete from session")


async def nobody_is_in(browser: Browser, answer: httpx.Response, status: int = 400) -> bool:
    assert answer.status_code == status, (answer.status_code, answer.headers)
    assert "Nobody was signed in" in answer.text and sessions.COOKIE not in browser.http.cookies
    return await fetch_value("select count(*) from session") == 0 and await who(browser) is None


@pytest.mark.parametrize("name", ["github", "pond"])
@pytest.mark.parametrize("state", ["wrong", "", None, "x" * 9000, "🦊"])
async def test_a_wrong_or_missing_state(doors: Site, name: str, state: str | None) -> None:
    trip = await leave(doors.guest(), name)
    assert await nobody_is_in(trip.browser, await trip.arrive(state=state))


@pytest.mark.parametrize("name", ["github", "pond"])
async def test_an_answer_that_another_browser_began(doors: Site, name: str) -> None:
    """Login CSRF: the attacker's own answer, brought to somebody else's browser."""
    trip = await leave(doors.guest(), name)
    for victim in (doors.guest(), doors.guest()):
        assert await nobody_is_in(victim, await trip.arrive(victim))
        await victim.get("/login")
    member = await doors.member("ada")
    answer = await trip.arrive(member)
    assert answer.status_code == 400 and await who(member) == member.person
    assert await fetch_value("select count(*) from identity") == 2


@pytest.mark.parametrize("name", ["github", "pond"])
async def test_an_answer_that_is_played_again(doors: Site, name: str) -> None:
    trip = await leave(doors.guest(), name)
    assert (await trip.arrive()).status_code == 303
    assert (await trip.arrive()).status_code == 400
    await trip.browser.post("/logout")
    assert await nobody_is_in(trip.browser, await trip.arrive())
    # the code alone, under a state of this browser's own
    fresh = await leave(doors.guest(), name)
    assert await nobody_is_in(fresh.browser, await fresh.arrive(code=trip.query["code"]))


@pytest.mark.parametrize("name", ["github", "pond"])
async def test_a_state_that_is_played_again_with_a_new_code(doors: Site, name: str) -> None:
    trip = await leave(doors.guest(), name)
    again = await ask_again(trip)
    assert (await trip.arrive()).status_code == 303
    await trip.browser.post("/logout")
    assert await nobody_is_in(trip.browser, await again.arrive())


async def test_a_code_that_somebody_else_was_given(doors: Site) -> None:
    """Code injection: it is bound to the verifier of who began."""
    mine, theirs = await leave(doors.guest(), "pond"), await leave(doors.guest(), "pond")
    assert await nobody_is_in(mine.browser, await mine.arrive(code=theirs.query["code"]))


async def test_an_answer_that_comes_too_late(doors: Site) -> None:
    trip = await leave(doors.guest())
    await execute("update sign_in_attempt set expires_at = now()")
    assert await nobody_is_in(trip.browser, await trip.arrive())


async def test_an_answer_of_another_provider_than_was_asked(doors: Site, github: Standin) -> None:
    trip = await leave(doors.guest(), "pond")
    trip.back = trip.back.replace("/pond/", "/github/")
    before = github.heard()
    assert await nobody_is_in(trip.browser, await trip.arrive())
    # the one did not get to see the code of the other
    assert github.heard() == before
    trip.back = trip.back.replace("/github/", "/pond/")
    assert await nobody_is_in(trip.browser, await trip.arrive())


async def test_an_answer_that_names_another_issuer(doors: Site, openid: Standin) -> None:
    trip = await leave(doors.guest(), "pond")
    assert await nobody_is_in(trip.browser, await trip.arrive(iss="https://evil.example"))
    trip = await leave(doors.guest(), "pond")
    assert (await trip.arrive(iss=openid.url)).status_code == 303


@pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>alert(1)</script>", "", "x" * 5000])
@pytest.mark.parametrize("name", ["github", "pond"])
async def test_an_answer_that_is_an_error(doors: Site, name: str, error: str) -> None:
    trip = await leave(doors.guest(), name)
    answer = await trip.arrive(error=error, code="kept" if error == "server_error" else None)
    assert await nobody_is_in(trip.browser, answer)
    assert "<script>alert" not in answer.text
    assert ("did not agree" in answer.text) is (error == "access_denied")


async def test_an_answer_without_a_code(doors: Site) -> None:
    trip = await leave(doors.guest())
    assert await nobody_is_in(trip.browser, await trip.arrive(code=None))


CLAIMS: dict[str, dict[str, Any]] = {
    "nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "audience": {"aud": "another"},
    "audience of another for this party": {"aud": "another", "azp": "haas"},
    "audiences without a party": {"aud": ["haas", "another"]},
    "another party": {"aud": ["haas", "another"], "azp": "another"},
    "no audience": {"aud": None},
    "issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "expired": {"exp": int(time.time()) - 3600},
    "never expires": {"exp": None},
    "from the future": {"iat": int(time.time()) + 3600},
    "not yet": {"nbf": int(time.time()) + 3600},
    "no subject": {"sub": None},
    "a number": {"sub": 248289761001},
    "empty": {"sub": ""},
    "a list": {"sub": ["248289761001"]},
    "long": {"sub": "x" * 256},
    "at_hash": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
async def test_an_id_token_that_says_something_else(doors: Site, openid: Standin, claims: dict[str, Any]) -> None:
    openid.tell(claims=claims)
    trip = await leave(doors.guest(), "pond")
    assert await nobody_is_in(trip.browser, await trip.arrive())


@pytest.mark.parametrize("signature", ["other", "none", "hmac"])
async def test_an_id_token_that_the_provider_did_not_sign(doors: Site, openid: Standin, signature: str) -> None:
    openid.tell(signature=signature)
    trip = await leave(doors.guest(), "pond")
    assert await nobody_is_in(trip.browser, await trip.arrive())


@pytest.mark.parametrize(
    "token",
    [{}, [], "x", {"access_token": "a"}, {"access_token": 1, "id_token": "a.b.c"}, {"error": ["x"]},
     {"access_token": "a", "token_type": "Bearer", "id_token": "a.b.c"},
     {"access_token": "a", "token_type": "Bearer", "id_token": "é" * 9},
     {"access_token": "a", "token_type": "Bearer", "id_token": {"sub": "1"}}],
    ids=str,
)  # fmt: skip
async def test_an_answer_of_the_token_endpoint_that_makes_no_sense(doors: Site, openid: Standin, token: Any) -> None:
    openid.tell(token=token)
    trip = await leave(doors.guest(), "pond")
    answer = await trip.arrive()
    assert answer.status_code in (400, 502)
    assert await nobody_is_in(trip.browser, answer, answer.status_code)


async def test_user_info_about_somebody_else(doors: Site, openid: Standin) -> None:
    openid.tell(claims={"email": None}, userinfo={"sub": "another", "email": "jane@example.org"})
    trip = await leave(doors.guest(), "pond")
    assert await nobody_is_in(trip.browser, await trip.arrive())


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://evil.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": None},
    ],
    ids=str,
)
async def test_a_provider_that_describes_itself_as_another(doors: Site, openid: Standin, document: Any) -> None:
    openid.tell(document=document)
    providers._described.clear()
    browser = doors.guest()
    await browser.get("/login")
    assert await nobody_is_in(browser, await browser.post("/login/with/pond"), 502)


@pytest.mark.parametrize(
    "told",
    [
        {"token": {"error": "bad_verification_code"}},
        {"token": {"access_token": None}},
        {"user": {"id": "583231", "login": "octavia"}},
        {"user": {"id": True, "login": "octavia"}},
        {"user": {"id": -1}},
        {"user": ["583231"]},
        {"user": None},
    ],
    ids=str,
)
async def test_a_github_that_tells_no_number(doors: Site, github: Standin, told: dict[str, Any]) -> None:
    github.tell(**told)
    trip = await leave(doors.guest())
    assert await nobody_is_in(trip.browser, await trip.arrive())


@pytest.mark.parametrize("status", [401, 403, 500])
async def test_a_github_that_does_not_answer(doors: Site, github: Standin, status: int) -> None:
    github.tell(status=status)
    trip = await leave(doors.guest())
    assert await nobody_is_in(trip.browser, await trip.arrive(), 502)


async def test_addresses_that_github_does_not_vouch_for_confirm_nothing(doors: Site, github: Standin) -> None:
    row = {"email": "victim@example.org", "primary": True, "verified": False}
    github.tell(me="mallory", users={"mallory": {"id": 66}}, emails=[row, {"email": ["x"]}, 7])
    await come_in(doors, username="mallory", email="victim@example.org")
    assert await fetch_value("select email_confirmed_at from person where username = 'mallory'") is None


async def test_a_provider_may_not_speak_for_another(doors: Site, openid: Standin) -> None:
    """The same subject of another issuer is somebody else."""
    openid.tell(user={"sub": "583231", "email": "octavia@example.org", "email_verified": True})
    trip = await leave(doors.guest(), "pond")
    answer = await trip.arrive()
    assert answer.headers["location"] == "/signup/with/pond" and await who(trip.browser) is None


async def test_beginning_needs_the_token_of_the_form(doors: Site) -> None:
    member = await doors.member("ada")
    for path, fields in (("/login/with/github", {}), ("/u/ada/identities", {"provider": "github"})):
        for browser in (member, doors.guest()):
            assert (await browser.http.post(path, data=fields)).status_code == 403
    assert await fetch_value("select count(*) from sign_in_attempt where used_at is null") == 0


async def test_beginning_is_limited(doors: Site) -> None:
    browser = doors.guest()
    await browser.get("/login")
    start = int(time.time()) // 600 * 600
    await execute(
        "insert into rate (key, slot, count) values ('sign-in-with:127.0.0.1', $1, 60)"
        " on conflict (key, slot) do update set count = 60",
        start,
    )
    assert (await browser.post("/login/with/github")).status_code == 429
