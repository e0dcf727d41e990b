"""Signing in and up by way of GitHub or an OpenID Connect provider, and what is kept of it."""

import base64
import hashlib
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs

from forum.accounts.events import SignedIn
from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.settings import read_settings
from forum.web import limits, sessions
from tests.helpers.elsewhere import come_in, leave, who
from tests.helpers.site import PASSWORD, Site, faulty
from tests.standins.process import Standin

NEW = {"username": "octa", "name": "Octavia", "email": "octavia@example.org"}


async def test_there_are_buttons_for_what_is_configured_alone(site: Site) -> None:
    for path in ("/login", "/signup"):
        assert "Continue with" not in (await site.guest().get(path)).text
    guest = site.guest()
    await guest.get("/login")
    for name in ("github", "pond", "x"):
        assert (await guest.post(f"/login/with/{name}")).status_code == 404
        assert (await guest.get(f"/login/with/{name}/callback?code=a&state=b")).status_code == 404
        assert (await guest.get(f"/signup/with/{name}")).status_code == 404


@pytest.mark.parametrize("path", ["/login", "/signup"])
async def test_each_provider_has_a_button_that_keeps_where_one_was_headed(doors: Site, path: str) -> None:
    text = (await doors.guest().get(path, params={"next": "/t/a/1"})).text
    assert 'formaction="/login/with/github"' in text and "Continue with GitHub" in text
    assert 'formaction="/login/with/pond"' in text and "Continue with Pond ID" in text
    assert text.count('name="next" value="/t/a/1"') == 2


async def test_what_is_sent_along_is_pkce_state_and_nonce(doors: Site, openid: Standin) -> None:
    trip = await leave(doors.guest(), "pond")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(trip.asked).query).items()}
    assert asked["code_challenge_method"] == "S256" and asked["response_type"] == "code"
    assert asked["redirect_uri"] == "http://testserver/login/with/pond/callback"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    await trip.arrive()
    [token] = [heard for heard in openid.heard() if heard["path"] == "/token"]
    digest = hashlib.sha256(token["fields"]["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    again = parse_qs(urlsplit((await leave(doors.guest(), "pond")).asked).query)
    assert all(again[name][0] != asked[name] for name in ("state", "nonce", "code_challenge"))


async def test_somebody_new_chooses_a_free_username_and_is_confirmed(doors: Site) -> None:
    await doors.person("octavia-taken")
    await execute("insert into handle (name, reserved) values ('octavia', true)")
    browser = doors.guest()
    answer = await (await leave(browser, next="/t/a/1")).arrive()
    assert (
        answer.headers["location"] == "/signup/with/github" and await fetch_value("select count(*) from session") == 0
    )
    form = await browser.get("/signup/with/github")
    assert (
        'value="octavia-2"' in form.text and 'value="octavia@example.org"' in form.text and "octavia there" in form.text
    )
    taken = await browser.post("/signup/with/github", NEW | {"username": "octavia-taken"})
    assert taken.status_code == 422 and "This name is taken" in taken.text and 'value="octavia-taken"' in taken.text
    answer = await browser.post("/signup/with/github", NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/t/a/1")
    row = await fetch_one("select * from person where username = 'octa'")
    assert row is not None and row["password"] is None and row["email_confirmed_at"] and row["email"] == NEW["email"]
    assert await who(browser) == row["id"]
    assert [tuple(r) for r in await fetch("select person_id, provider, subject, login from identity")] == [
        (row["id"], "github", "583231", "octavia")
    ]
    await doors.jobs()
    assert doors.mails() == []
    assert await fetch_value("select count(*) from audit where action = 'identity_added'") == 1


async def test_who_has_been_here_is_in_at_once_with_a_new_session(doors: Site, github: Standin) -> None:
    first = await come_in(doors, **NEW)
    github.tell(me="renamed", users={"renamed": {"id": 583231, "email": "elsewhere@example.org"}})
    browser = doors.guest()
    answer = await (await leave(browser, next="/u/octa")).arrive()
    assert (answer.status_code, answer.headers["location"]) == (303, "/u/octa")
    assert await who(browser) == first.person
    ids = {b.http.cookies[sessions.COOKIE] for b in (first, browser)}
    assert len(ids) == 2 and await fetch_value("select count(*) from session") == 2
    assert await fetch_value("select login from identity") == "renamed"
    assert await fetch_value("select email from person") == "octavia@example.org"


async def test_openid_connect_signs_up_and_in(doors: Site, openid: Standin) -> None:
    first = await come_in(doors, "pond", username="jane", email="jane@example.org")
    again = await come_in(doors, "pond")
    assert first.person == again.person is not None
    row = await fetch_one("select provider, subject from identity")
    assert row is not None and tuple(row) == (openid.url, "248289761001")


async def test_an_address_that_the_provider_did_not_verify_is_confirmed_by_mail(doors: Site, openid: Standin) -> None:
    openid.tell(user={"sub": "1", "email": "jane@example.org", "email_verified": False})
    await come_in(doors, "pond", username="jane", email="jane@example.org")
    assert await fetch_value("select email_confirmed_at from person") is None
    await doors.jobs()
    assert "Confirm your address" in doors.mails()[0]


async def test_another_address_than_the_verified_one_is_confirmed_by_mail(doors: Site) -> None:
    await come_in(doors, **NEW | {"email": "another@example.org"})
    assert await fetch_value("select email_confirmed_at from person") is None


async def test_claims_that_only_the_user_info_has_are_read_there(doors: Site, openid: Standin) -> None:
    openid.tell(claims={"email": None, "email_verified": None, "name": None})
    await come_in(doors, "pond", username="jane", email="jane@example.org")
    assert await fetch_value("select email_confirmed_at is not null from person")


async def test_a_public_client_needs_no_secret(doors: Site, openid: Standin) -> None:
    openid.tell(client_secret="")
    public = replace(doors.settings.oidc[0], client_secret="")
    async with Site.open(replace(doors.settings, oidc=(public,))) as site:
        await come_in(site, "pond", username="jane", email="jane@example.org")


async def test_keys_that_changed_are_read_again(doors: Site, openid: Standin) -> None:
    await come_in(doors, "pond", username="jane", email="jane@example.org")
    openid.tell(rotated=True)
    await come_in(doors, "pond")


async def test_the_same_address_neither_signs_in_nor_links(doors: Site) -> None:
    owner = await doors.person("ada")
    await execute("update person set email = 'Octavia@example.org'")
    browser = doors.guest()
    answer = await (await leave(browser)).arrive()
    assert answer.headers["location"] == "/signup/with/github"
    form = await browser.get("/signup/with/github")
    assert "There is an account with your address." in form.text and 'href="/login"' in form.text
    refused = await browser.post("/signup/with/github", NEW)
    assert refused.status_code == 422 and "There is an account with this address" in refused.text
    assert await who(browser) is None
    assert await fetch_value("select count(*) from identity") == 0
    assert await fetch_value("select array_agg(id) from person") == [owner]


async def test_what_a_guest_wrote_goes_along(doors: Site, signed_in: list[SignedIn]) -> None:
    browser = doors.guest()
    await (await leave(browser, draft_title="Help", draft_body="It\r\nbroke")).arrive()
    assert "“Help” is kept" in (await browser.get("/signup/with/github")).text
    await browser.post("/signup/with/github", NEW)
    assert [dict(event.draft) for event in signed_in] == [{"title": "Help", "body": "It\nbroke"}]


async def test_the_way_back_leads_to_this_site_alone(doors: Site) -> None:
    await come_in(doors, **NEW)
    for wanted in ("//evil.example", "https://evil.example", "/\\evil.example"):
        answer = await (await leave(doors.guest(), next=wanted)).arrive()
        assert answer.headers["location"] == "/"


async def test_a_closed_account_stays_closed(doors: Site) -> None:
    await come_in(doors, **NEW)
    await execute("update person set disabled_at = now()")
    browser = doors.guest()
    answer = await (await leave(browser)).arrive()
    assert answer.status_code == 403 and "This account is closed." in answer.text and await who(browser) is None


async def test_a_site_that_takes_nobody_new_takes_nobody_new(doors: Site) -> None:
    await execute("update site_switch set is_on = true where name = 'no_sign_ups'")
    browser = doors.guest()
    await (await leave(browser)).arrive()
    answer = await browser.post("/signup/with/github", NEW)
    assert answer.status_code == 403 and "takes no new members" in answer.text and 'value="octa"' in answer.text
    assert await fetch_value("select count(*) from person") == 0


@pytest.mark.parametrize("field", ["username", "name", "email"])
@pytest.mark.parametrize("value", ["", "\0", "<script>", "x" * 5000, "🦊🦊", "a\r\nb"])
async def test_no_text_in_the_form_breaks_it(doors: Site, field: str, value: str) -> None:
    browser = doors.guest()
    await (await leave(browser)).arrive()
    answer = await browser.post("/signup/with/github", NEW | {field: value})
    assert answer.status_code in (303, 422) and "<script>" not in answer.text.replace("<script ", "")


async def test_all_that_is_wrong_is_told_at_once(doors: Site) -> None:
    await doors.person("taken")
    browser = doors.guest()
    await (await leave(browser)).arrive()
    answer = await browser.post("/signup/with/github", {"username": "taken", "name": "x" * 1001, "email": "nobody"})
    assert answer.status_code == 422 and faulty(answer.text) == ["username", "name", "email"]
    assert "This name is taken" in answer.text
    # the address that GitHub vouches for may be somebody's; of any other it is not told
    for email, faults in (("octavia@example.org", ["email"]), ("octo@example.net", [])):
        await execute("update person set email = $1 where username = 'taken'", email)
        answer = await browser.post("/signup/with/github", {"username": "a b", "email": email})
        assert answer.status_code == 422 and faulty(answer.text) == ["username", *faults]
    # whoever corrects a form is not stopped by it
    await execute("insert into rate (key, slot, count) values ('sign-up:127.0.0.1', $1, 20)", this_hour())
    assert (await browser.post("/signup/with/github", NEW | {"email": "nobody"})).status_code == 422
    assert (await browser.post("/signup/with/github", NEW | {"email": "octa@example.net"})).status_code == 429


def this_hour() -> int:
    return int(limits.time()) // 3600 * 3600


async def test_the_form_sent_twice_makes_one_person(doors: Site) -> None:
    browser = doors.guest()
    await (await leave(browser)).arrive()
    cookies = dict(browser.http.cookies)
    token = browser.token()
    assert (await browser.post("/signup/with/github", NEW)).status_code == 303
    other = doors.guest()
    other.http.cookies.update({name: value for name, value in cookies.items() if name != sessions.COOKIE})
    answer = await other.http.post("/signup/with/github", data=NEW, headers={"x-csrf-token": token})
    assert answer.headers["location"] == "/login" and await who(other) is None
    assert await fetch_value("select count(*) from person") == 1


async def test_who_made_an_account_under_anothers_address_loses_their_door_with_its_password(doors: Site) -> None:
    thief = await come_in(doors, **NEW | {"email": "victim@example.org"})
    guest = doors.guest()
    await guest.get("/login")
    await guest.post("/reset", {"email": "victim@example.org"})
    await doors.jobs()
    token = next(re.findall(r"/reset/([\w-]+)", mail) for mail in doors.mails() if "/reset/" in mail)[0]
    assert (await guest.post(f"/reset/{token}", {"password": PASSWORD})).status_code == 303
    assert await who(thief) is None
    answer = await (await leave(doors.guest())).arrive()
    assert answer.headers["location"] == "/signup/with/github"


async def test_nothing_secret_is_logged(doors: Site, openid: Standin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with capture_logs() as logs:
        trip = await leave(doors.guest(), "pond")
        openid.tell(signature="other")
        assert (await trip.arrive()).status_code == 400
        openid.tell(signature=None)
        await come_in(doors, "pond", username="jane", email="jane@example.org")
    # these tests' own browsers speak through httpx, the site through httpx2
    told = str(logs) + "".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    assert "not signed in" in told and "BadSignatureError" in told and "/token" in told
    heard = openid.heard()
    secrets = {h["fields"].get(name) for h in heard for name in ("code", "code_verifier", "state", "nonce")}
    secrets |= {h["authorization"].partition(" ")[2] for h in heard} | {"a secret of the provider", "eyJ"}
    assert not [secret for secret in secrets if secret and secret in told]


def test_any_number_of_named_providers_is_read_and_secrets_are_masked() -> None:
    told = {
        "OIDC_CORP_ISSUER": "https://id.corp.example",
        "OIDC_CORP_CLIENT_ID": "c",
        "OIDC_CORP_CLIENT_SECRET": "hush",
        "OIDC_MY_CLUB_ISSUER": "https://club.example",
        "OIDC_MY_CLUB_CLIENT_ID": "d",
        "OIDC_MY_CLUB_LABEL": "The Club",
        "OIDC_HALF_CLIENT_ID": "e",
        "GITHUB_CLIENT_ID": "g",
        "GITHUB_CLIENT_SECRET": "hush",
        "GITHUB_API_BASE": "https://ghe.example/api/v3/",
        "HAAS_SECRET_KEY": "k",
    }
    found = read_settings(told)
    assert found.ways_in == (("github", "GitHub"), ("corp", "Corp"), ("my_club", "The Club"))
    assert found.github_api_base == "https://ghe.example/api/v3"
    assert "hush" not in str(found.described()) and ("OIDC_CORP_CLIENT_SECRET", "****") in found.described()
    assert read_settings({"GITHUB_CLIENT_ID": "g", "HAAS_SECRET_KEY": "k"}).ways_in == ()
