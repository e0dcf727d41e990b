"""Signing in and out, and what a session is."""

import asyncio
import html
import re
import time

import httpx
import pytest

from forum.accounts.events import SignedIn
from forum.database.engine import execute, fetch, fetch_value
from forum.web import csrf, sessions
from tests.helpers.site import PASSWORD, Browser, Site


async def sign_in(browser: Browser, login: str = "ada", password: str = PASSWORD, **more: str) -> int:
    await browser.get("/login")
    answer = await browser.post("/login", {"login": login, "password": password, **more})
    return answer.status_code


async def is_in(browser: Browser) -> bool:
    return "you are signed in here as" in (await browser.get("/logout")).text.lower()


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org", "Ada@Example.org"])
async def test_name_or_address_and_password_sign_in(site: Site, login: str) -> None:
    await site.person("ada")
    browser = site.guest()
    assert await sign_in(browser, login) == 303
    assert await is_in(browser)


async def test_the_session_cookie_is_hidden_from_scripts_and_other_sites(site: Site) -> None:
    await site.person("ada")
    browser = site.guest()
    await browser.get("/login")
    answer = await browser.post("/login", {"login": "ada", "password": PASSWORD})
    [cookie] = [c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{sessions.COOKIE}=")]
    parts = {part.strip() for part in cookie.split(";")[1:]}
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=5184000"} <= parts
    assert "no-store" in answer.headers["cache-control"]
    assert cookie.split(";")[0].partition("=")[2].encode() not in [
        bytes(r["hash"]) for r in await fetch("table session")
    ]


@pytest.mark.parametrize("login", ["ada", "nobody", "ada@example.org", "x@example.org"])
async def test_a_wrong_password_and_an_unknown_name_look_the_same(site: Site, login: str) -> None:
    await site.person("ada")
    browser = site.guest()
    await browser.get("/login")
    answer = await browser.post("/login", {"login": login, "password": "wrong wrong wrong"})
    assert answer.status_code == 422
    assert "Name and password do not belong together." in answer.text
    assert f'value="{login}"' in answer.text and "wrong wrong" not in answer.text
    assert sessions.COOKIE not in browser.http.cookies


async def test_those_who_cannot_sign_in_are_told_the_same(site: Site) -> None:
    await site.person("ada")
    await execute("update person set disabled_at = now()")
    await execute("insert into person (kind, username) values ('placeholder', 'bo@github.com')")
    assert await sign_in(site.guest()) == 422
    assert await sign_in(site.guest(), "bo@github.com", "") == 422


async def test_a_session_id_that_somebody_else_chose_is_not_taken(site: Site) -> None:
    await site.person("ada")
    browser = site.guest()
    await browser.get("/login")
    guest = browser.http.cookies[csrf.GUEST_COOKIE]
    answer = await site.guest().http.post(
        "/login",
        data={"login": "ada", "password": PASSWORD},
        headers={
            "cookie": f"{csrf.GUEST_COOKIE}={guest}; {sessions.COOKIE}=chosen",
            "x-csrf-token": csrf.token_for(site.settings.secret_key, guest),
        },
    )
    assert answer.status_code == 303
    assert answer.cookies[sessions.COOKIE] != "chosen"
    assert await fetch_value("select count(*) from session where hash = $1", sessions.hashed("chosen")) == 0


async def test_every_sign_in_has_an_id_of_its_own(site: Site) -> None:
    await site.person("ada")
    ids = set()
    for _ in range(3):
        browser = site.guest()
        await sign_in(browser)
        ids.add(browser.http.cookies[sessions.COOKIE])
    assert len(ids) == 3


async def test_signing_in_again_ends_the_session_before_it(site: Site) -> None:
    browser = await site.member("ada")
    other = await site.person("grace")
    answer = await browser.post("/login", {"login": "grace", "password": PASSWORD})
    assert answer.status_code == 303
    assert [r["person_id"] for r in await fetch("select person_id from session")] == [other]


async def test_signing_out_ends_this_session_alone(site: Site) -> None:
    person = await site.person("ada")
    here, there = await site.browser(person), await site.browser(person)
    kept = here.http.cookies[sessions.COOKIE]
    assert (await here.get("/logout")).status_code == 200
    assert await is_in(here)
    answer = await here.post("/logout")
    assert answer.status_code == 303
    here.http.cookies.set(sessions.COOKIE, kept)
    assert not await is_in(here)
    assert await is_in(there)


async def test_disabling_a_person_ends_their_sessions(site: Site) -> None:
    browser = await site.member("ada")
    assert await is_in(browser)
    await execute("update person set disabled_at = now()")
    assert not await is_in(browser)


async def test_an_expired_session_is_none(site: Site) -> None:
    browser = await site.member("ada")
    await execute("update session set expires_at = now()")
    assert not await is_in(browser)


@pytest.mark.parametrize(
    ("before", "headed"),
    [
        ("/t/how/5/21", "/t/how/5/21"),
        ("/search?q=a%20b&page=2", "/search?q=a%20b&amp;page=2"),
        ("/login-helper", "/login-helper"),
        ("/", "/"),
        # the doors themselves are nowhere to go on
        ("/login?next=/x", "/"),
        ("/signup/with/github", "/"),
        ("/logout", "/"),
        ("/reset/token", "/"),
        ("/confirm/token", "/"),
        ("//evil.example", "/"),
    ],
)
@pytest.mark.parametrize("door", ["/login", "/signup"])
async def test_a_plain_link_to_a_door_leads_back_to_the_page_it_stood_on(
    site: Site, door: str, before: str, headed: str
) -> None:
    page = await site.guest().get(door, headers={"referer": f"http://testserver{before}"})
    assert f'name="next" value="{headed}"' in page.text
    elsewhere = await site.guest().get(door, headers={"referer": f"http://evil.example{before}"})
    assert 'name="next" value="/"' in elsewhere.text
    # who is in already is there at once
    member = await site.member("ada")
    answer = await member.get(door, headers={"referer": f"http://testserver{before}"})
    assert (answer.status_code, answer.headers["location"]) == (303, html.unescape(headed))


async def test_the_links_to_the_doors_name_the_page_only_where_the_browser_does_not(site: Site) -> None:
    await site.person("ada")
    guest = site.guest()
    for path in ("/", "/latest", "/about"):
        assert doors_on(await guest.get(path)) == ["/login", "/signup", "/login"], "the same for all"
    before = {"referer": "http://testserver/search?q=a&page=2"}
    # the page that answers a form stands at an address of its own
    refused = await guest.http.post("/confirm", data={"csrf": "x"}, headers=before)
    there = "next=/search%3Fq%3Da%26page%3D2"
    assert refused.status_code == 403
    assert doors_on(refused) == [f"/login?{there}", f"/signup?{there}", f"/login?{there}"]
    # from one door to the other
    assert doors_on(await guest.get("/login", headers=before))[1] == f"/signup?{there}"
    mistyped = await guest.post("/login", {"login": "ada", "password": "mistyped", "next": "/search?q=a&page=2"})
    assert doors_on(mistyped)[1] == f"/signup?{there}"


def doors_on(page: httpx.Response) -> list[str]:
    """Where the bar and the phone's dock lead to sign in and up."""
    outside = re.sub(r"<main.*?</main>", "", page.text, flags=re.DOTALL)
    return [html.unescape(link) for link in re.findall(r'href="(/(?:login|signup)[^"]*)"', outside)]


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("/t/a/1", "/t/a/1"),
        ("//evil.example/x", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\tevil", "/"),
        ("//[", "/"),
    ],
)
async def test_signing_in_leads_to_this_site_alone(site: Site, wanted: str, given: str) -> None:
    await site.person("ada")
    browser = site.guest()
    page = await browser.get("/login", params={"next": wanted})
    assert f'name="next" value="{given}"' in page.text
    answer = await browser.post("/login", {"login": "ada", "password": PASSWORD, "next": wanted})
    assert answer.headers["location"] == given
    again = await browser.get("/login", params={"next": wanted})
    assert (again.status_code, again.headers["location"]) == (303, given)


async def test_guessing_one_persons_password_is_limited(site: Site) -> None:
    await site.person("ada")
    browser = site.guest()
    await browser.get("/login")
    start = int(time.time()) // 600 * 600
    await execute("insert into rate (key, slot, count) values ('sign-in-as:ada', $1, 200)", start)
    answer = await browser.post("/login", {"login": "ADA", "password": PASSWORD})
    assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= 600
    assert 'value="ADA"' in answer.text and sessions.COOKIE not in browser.http.cookies


async def test_guessing_from_one_address_is_limited(site: Site) -> None:
    browser = site.guest()
    await browser.get("/login")
    start = int(time.time()) // 600 * 600
    await execute("insert into rate (key, slot, count) values ('sign-in:127.0.0.1', $1, 29)", start)
    codes = [(await browser.post("/login", {"login": f"a{n}", "password": "x"})).status_code for n in range(2)]
    assert codes == [422, 429]


async def test_those_who_know_their_password_lock_nobody_out(site: Site) -> None:
    await site.person("ada")
    browser = site.guest()
    start = int(time.time()) // 600 * 600
    # as many as may fail, but for one
    failed = {"sign-in:127.0.0.1": 29, "sign-in-as:127.0.0.1:ada": 9, "sign-in-as:ada": 199}
    for key, count in failed.items():
        await execute("insert into rate (key, slot, count) values ($1, $2, $3)", key, start, count)
    for _ in range(3):
        assert await sign_in(browser) == 303
        await browser.post("/logout")
    assert {row["key"]: row["count"] for row in await fetch("select key, count from rate")} == failed


async def test_knowing_ones_own_password_makes_guessing_no_cheaper(site: Site) -> None:
    await site.person("ada")
    await site.person("mallory")
    browser = site.guest()
    codes = []
    for _ in range(6):
        codes += [await sign_in(browser, "ada", "a guess"), await sign_in(browser, "ada", "another guess")]
        assert await sign_in(site.guest(), "mallory") == 303
    assert codes == [422] * 10 + [429] * 2


async def test_who_was_refused_unread_counts_as_no_attempt(site: Site) -> None:
    await site.person("ada")
    start = int(time.time()) // 600 * 600
    await execute("insert into rate (key, slot, count) values ('sign-in-as:ada', $1, 198)", start)
    codes = await asyncio.gather(*(sign_in(site.guest(), "ada") for _ in range(4)))
    assert set(codes) == {303, 429}
    counts = await fetch("select key, count from rate where count > 0")
    assert [(row["key"], row["count"]) for row in counts] == [("sign-in-as:ada", 198)]


async def test_who_must_wait_is_told_how_long(site: Site) -> None:
    browser = site.guest()
    start = int(time.time()) // 600 * 600
    await execute("insert into rate (key, slot, count) values ('sign-in:127.0.0.1', $1, 30)", start)
    await browser.get("/login")
    answer = await browser.post("/login", {"login": "ada", "password": "x"})
    wait = re.search(r"Wait (\d+) (minute|second)s? and try again\.", answer.text)
    assert wait is not None and "try again. Your text is kept." not in answer.text
    assert "<strong>That was too often. Wait" in answer.text and "to correct" not in answer.text
    assert int(wait[1]) * {"minute": 60, "second": 1}[wait[2]] >= int(answer.headers["retry-after"])


async def test_limits_hold_when_asked_at_once(site: Site) -> None:
    browser = site.guest()
    await browser.get("/login")
    start = int(time.time()) // 600 * 600
    await execute("insert into rate (key, slot, count) values ('sign-in-as:ada', $1, 198)", start)
    answers = await asyncio.gather(*(browser.post("/login", {"login": "ada", "password": "x"}) for _ in range(6)))
    assert sorted(a.status_code for a in answers) == [422, 422, 429, 429, 429, 429]


async def test_a_guests_thread_goes_along_when_signing_in(site: Site, signed_in: list[SignedIn]) -> None:
    person = await site.person("ada")
    browser = site.guest()
    await browser.get("/login")
    shown = await browser.post("/login", {"draft_title": "Help", "draft_body": "x", "show": "1"})
    assert shown.status_code == 200 and 'name="draft_title" value="Help"' in shown.text
    assert 'formaction="/signup"' in shown.text
    assert signed_in == []
    await browser.post("/login", {"login": "ada", "password": PASSWORD, "draft_title": "Help", "draft_body": "x"})
    assert signed_in == [SignedIn(person, {"title": "Help", "body": "x"})]


@pytest.mark.parametrize(
    "fields", [{}, {"login": "ada"}, {"login": "", "password": "x"}, {"login": "x" * 300, "password": "x"}]
)
async def test_missing_and_huge_fields_are_faults_of_the_form(site: Site, fields: dict[str, str]) -> None:
    browser = site.guest()
    await browser.get("/login")
    assert (await browser.post("/login", fields)).status_code == 422


async def test_a_huge_password_is_a_wrong_one(site: Site) -> None:
    await site.person("ada")
    assert await sign_in(site.guest(), "ada", "x" * 100_000) == 422


DAYS_LEFT = "select round(extract(epoch from expires_at - now()) / 86400) from session"


async def test_a_visit_keeps_the_session_and_its_cookie_for_60_more_days(site: Site) -> None:
    browser = await site.member("ada")
    cookie = browser.http.cookies[sessions.COOKIE]
    await execute("update session set seen_at = now() - interval '2 hours', expires_at = now() + interval '3 days'")
    answer = await browser.get("/about")
    assert await fetch_value(DAYS_LEFT) == 60
    [renewed] = [c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{sessions.COOKIE}=")]
    assert renewed.startswith(f"{sessions.COOKIE}={cookie};")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=5184000"} <= {part.strip() for part in renewed.split(";")}
    # an hour long nothing is written again
    assert "set-cookie" not in (await browser.get("/about")).headers


async def test_an_open_page_alone_is_no_visit(site: Site) -> None:
    browser = await site.member("ada")
    await execute("update session set seen_at = now() - interval '2 hours', expires_at = now() + interval '3 days'")
    token = browser.http.cookies[sessions.COOKIE]
    assert (await sessions.read_session(token, is_visit=False)).is_signed_in
    assert await fetch_value(DAYS_LEFT) == 3


async def test_an_ended_session_is_not_begun_again_by_a_visit(site: Site) -> None:
    browser = await site.member("ada")
    await execute("update session set seen_at = now() - interval '2 hours', expires_at = now()")
    assert not await is_in(browser)
    assert await fetch_value(DAYS_LEFT) == 0


async def test_signing_out_after_hours_leaves_no_cookie(site: Site) -> None:
    browser = await site.member("ada")
    await execute("update session set seen_at = now() - interval '2 hours'")
    answer = await browser.post("/logout")
    [*_others, last] = [c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{sessions.COOKIE}=")]
    assert last.startswith(f"{sessions.COOKIE}=;") and "Max-Age=0" in last


def tab(page: httpx.Response) -> dict[str, str]:
    """The form to sign out as it stands on a page that is open."""
    [token] = re.findall(r'action="/logout"><input type="hidden" name="csrf" value="([^"]+)"', page.text)
    return {"csrf": token}


@pytest.mark.parametrize("ended", ["in the first tab", "elsewhere", "by itself"])
async def test_signing_out_in_a_second_tab_leads_where_it_led_in_the_first(site: Site, ended: str) -> None:
    browser = await site.member("ada")
    second = tab(await browser.get("/about"))
    if ended == "in the first tab":
        first = await browser.http.post("/logout", data=tab(await browser.get("/")))
        assert (first.status_code, first.headers["location"]) == (303, "/")
        browser.http.cookies.delete(sessions.COOKIE, domain="")
        assert "You are signed out." in (await browser.get("/")).text
    elif ended == "elsewhere":
        await sessions.end_sessions_of(browser.person or 0)
    else:
        await execute("update session set expires_at = now()")
    answer = await browser.http.post("/logout", data=second, headers={"origin": "http://testserver"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "You are signed out." in (await browser.get("/")).text
    [gone] = [c for c in answer.headers.get_list("set-cookie") if c.startswith(f"{sessions.COOKIE}=")]
    assert gone.startswith(f"{sessions.COOKIE}=;") and "Max-Age=0" in gone and not await is_in(browser)


async def test_a_tab_of_another_session_signs_nobody_out(site: Site) -> None:
    browser = await site.member("ada")
    older = tab(await browser.get("/about"))
    await browser.post("/logout")
    browser.http.cookies.set(sessions.COOKIE, await sessions.start_session(browser.person or 0, ""))
    for fields in (older, {"csrf": "s.forged"}, {"csrf": ""}, {}):
        assert (await browser.http.post("/logout", data=fields)).status_code == 403
    assert await is_in(browser)


@pytest.mark.parametrize(
    "told", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
async def test_another_site_tells_nobody_that_they_are_signed_out(site: Site, told: dict[str, str]) -> None:
    guest = site.guest()
    answer = await guest.http.post("/logout", data={"csrf": "s.forged"}, headers=told)
    assert answer.status_code == 403 and "set-cookie" not in answer.headers
