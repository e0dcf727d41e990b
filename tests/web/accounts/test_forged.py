"""Writes without their token, and what a person is told when something is refused."""

import pytest

from forum.database.engine import fetch_value
from forum.web import csrf, sessions
from tests.helpers.site import PASSWORD, Site

WRITES = ["/login", "/signup", "/logout", "/confirm", "/confirm/x", "/reset", "/reset/x", "/u/ada/preferences",
          "/preferences/theme"]  # fmt: skip


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("headers", [{}, {"hx-request": "true"}], ids=["form", "htmx"])
async def test_a_write_without_its_token_is_refused(site: Site, path: str, headers: dict[str, str]) -> None:
    member = await site.member("ada")
    before = await fetch_value("select md5(string_agg(p::text, '')) from person p")
    other = csrf.token_for(site.settings.secret_key, "another session")
    for browser in (member, site.guest()):
        for token in ("", "x", other):
            sent = {**headers, "x-csrf-token": token}
            answer = await browser.http.post(path, data={"login": "ada", "password": PASSWORD}, headers=sent)
            assert answer.status_code == 403
            answer = await browser.http.post(path, data={"csrf": token}, headers=headers)
            assert answer.status_code == 403
    assert await fetch_value("select md5(string_agg(p::text, '')) from person p") == before
    assert await fetch_value("select count(*) from session") == 1


async def test_a_guests_token_is_none_for_a_session(site: Site) -> None:
    browser = site.guest()
    await browser.get("/login")
    guests = browser.token()
    browser.http.cookies.set(sessions.COOKIE, await sessions.start_session(await site.person("ada"), ""))
    answer = await browser.http.post("/logout", headers={"x-csrf-token": guests})
    assert answer.status_code == 403


async def test_the_refusal_gives_back_what_was_written(site: Site) -> None:
    member = await site.member("ada")
    answer = await member.http.post(
        "/preferences/theme", data={"body": "A long story\n\n<b>", "password": "my secret one"}
    )
    assert answer.status_code == 403
    assert "A long story\n\n&lt;b&gt;</textarea>" in answer.text and "my secret" not in answer.text
    assert answer.headers["cache-control"] == "private, no-store"


async def test_htmx_hears_a_note_and_the_same_words_in_a_header(site: Site) -> None:
    member = await site.member("ada")
    answer = await member.http.post("/confirm", headers={"hx-request": "true"})
    assert answer.status_code == 403 and answer.text.startswith('<div class="note note--due"')
    assert answer.headers["x-message"] in answer.text
    assert "<html" not in answer.text


async def test_htmx_shows_a_fault_that_no_form_answers_above_the_page(site: Site) -> None:
    member = await site.member("ada")
    answer = await member.htmx("/preferences/theme", {"theme": "blue"})
    assert (answer.status_code, answer.headers["hx-retarget"]) == (422, "#flash")


async def test_a_guest_who_sends_what_needs_an_account_signs_in_with_it(site: Site) -> None:
    guest = site.guest()
    await guest.get("/login")
    sent = {"title": "It <crashes>", "body": "Much\r\ntext", "project": "quarto", "key": "k"}
    answer = await guest.post("/confirm", sent, headers={"referer": "http://testserver/new-thread?project=quarto"})
    assert answer.status_code == 401
    assert 'action="/login"' in answer.text and 'name="next" value="/new-thread?project=quarto"' in answer.text
    assert 'name="draft_title" value="It &lt;crashes&gt;"' in answer.text
    assert (
        'name="draft_body" value="Much\ntext"' in answer.text and 'name="draft_project" value="quarto"' in answer.text
    )
    htmx = await guest.htmx("/confirm", sent)
    assert htmx.status_code == 401 and 'href="/login?next=/"' in htmx.text


async def test_a_page_that_is_not_there_offers_to_ask(site: Site) -> None:
    answer = await site.guest().get("/no/such/page")
    assert answer.status_code == 404
    assert 'action="/new-thread"' in answer.text and 'action="/search"' in answer.text
    assert (await site.guest().get("/no/such/page.json")).json()["error_type"] == "not-found"


async def test_a_method_that_is_not_there_names_those_that_are(site: Site) -> None:
    member = await site.member("ada")
    answer = await member.http.request("PATCH", "/about", headers={"x-csrf-token": member.token()})
    assert answer.status_code == 405 and "GET" in answer.headers["allow"]


@pytest.mark.parametrize("number", ["9223372036854775808", "9" * 400])
async def test_a_number_too_long_for_the_database_is_not_found(site: Site, number: str) -> None:
    admin = await site.member("root-of-it", admin=True)
    assert (await admin.get(f"/admin/mail/{number}")).status_code == 404
    assert (await admin.get(f"/admin/mail?before={number}")).status_code == 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"\xff\xfe=%ff", "application/x-www-form-urlencoded", 422),
        (b"a=1&" * 300, "application/x-www-form-urlencoded", 422),
        (b"x" * 1_000_001, "application/x-www-form-urlencoded", 413),
        (b"<x/>", "text/xml", 415),
        (b"login=%00%00&password=%00", "application/x-www-form-urlencoded", 422),
        (b"login=%ed%a0%80&password=%ff", "application/x-www-form-urlencoded", 422),
    ],
)
async def test_bodies_that_make_no_sense_are_told_so(site: Site, body: bytes, kind: str, status: int) -> None:
    guest = site.guest()
    await guest.get("/login")
    headers = {"content-type": kind, "x-csrf-token": guest.token()}
    assert (await guest.http.post("/login", content=body, headers=headers)).status_code == status


async def test_a_page_with_a_token_is_kept_by_nobody(site: Site) -> None:
    guest = site.guest()
    for _ in range(2):
        assert (await guest.get("/login")).headers["cache-control"] == "private, no-store"


NASTY = [
    "",
    "\0",
    "'\"><script>",
    "\u202e\u200b",
    "🦊" * 300,
    "x" * 20_000,
    "%00%ff",
    "../..",
    "{{ 7 * 7 }}",
    "-1",
    "\r\nSet-Cookie: a=b",
]
FIELDS = ["login", "username", "email", "password", "name", "theme", "next", "show", "title", "draft_body", "shortcuts"]


@pytest.mark.parametrize("path", WRITES)
async def test_no_text_in_any_field_breaks_anything(site: Site, path: str) -> None:
    member, guest = await site.member("ada", confirmed=False), site.guest()
    await guest.get("/login")
    for value in NASTY:
        for browser in (guest, member):
            for fields in (FIELDS, [f for f in FIELDS if f != "show"]):
                answer = await browser.post(path, dict.fromkeys(fields, value), headers={"referer": value.encode()})
                assert answer.status_code < 500, (path, value)
                assert answer.headers.get("location", "/").startswith("/")
                assert "<script>" not in answer.text.replace("<script ", "")
        if path == "/logout":
            member = await site.browser(member.person or 0)
