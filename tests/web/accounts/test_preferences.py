"""Preferences, the theme, and the pages of words."""

import pytest

from forum.database.engine import execute, fetch_one
from tests.helpers.site import Site

CHOSEN = {"name": "Ada Lovelace", "theme": "dark"}


async def test_name_theme_and_shortcuts_are_kept(site: Site) -> None:
    browser = await site.member("ada")
    before = await browser.get("/u/ada/preferences")
    assert 'name="shortcuts" value="on" checked' in before.text
    answer = await browser.post("/u/ada/preferences", CHOSEN)
    assert answer.headers["location"] == "/u/ada/preferences"
    row = await fetch_one("select name, theme, shortcuts from person")
    assert row is not None and tuple(row) == ("Ada Lovelace", "dark", False)
    after = await browser.get("/u/ada/preferences")
    assert 'data-theme="dark"' in after.text and 'data-keys="off"' in after.text and "are kept" in after.text
    assert "are kept" not in (await browser.get("/u/ada/preferences")).text


async def test_faults_keep_what_was_typed(site: Site) -> None:
    browser = await site.member("ada")
    answer = await browser.post("/u/ada/preferences", {"name": "http://x.example", "theme": "dark"})
    assert answer.status_code == 422
    assert 'value="http://x.example"' in answer.text and '<option value="dark" selected>' in answer.text
    assert (await browser.post("/u/ada/preferences", {"name": "A", "theme": "blue"})).status_code == 422
    row = await fetch_one("select name, theme from person")
    assert row is not None and tuple(row) == ("Ada", "")


async def test_the_preferences_of_others_are_not_there(site: Site) -> None:
    await site.person("ada")
    other = await site.member("grace", admin=True)
    assert (await other.get("/u/ada/preferences")).status_code == 404
    assert (await other.post("/u/ada/preferences", CHOSEN)).status_code == 404
    guest = site.guest()
    assert (await guest.get("/u/ada/preferences")).headers["location"] == "/login?next=/u/ada/preferences"
    assert await fetch_one("select 1 from person where theme = 'dark'") is None


async def test_anybody_switches_the_theme(site: Site) -> None:
    guest = site.guest()
    await guest.get("/login")
    assert "data-theme=" not in (await guest.get("/about")).text
    answer = await guest.post(
        "/preferences/theme",
        {"theme": "dark"},
        headers={"accept": "text/html,*/*", "referer": "http://testserver/about?a=b"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/about?a=b")
    assert 'data-theme="dark"' in (await guest.get("/about")).text
    assert "HttpOnly" not in answer.headers["set-cookie"]


@pytest.mark.parametrize("referer", ["https://evil.example/x", "http://testserver//evil.example", "http://[", ""])
async def test_switching_the_theme_stays_on_the_site(site: Site, referer: str) -> None:
    guest = site.guest()
    await guest.get("/login")
    headers = {"accept": "text/html", "referer": referer}
    answer = await guest.post("/preferences/theme", {"theme": "light"}, headers=headers)
    assert answer.headers["location"] == "/"


async def test_a_members_theme_goes_with_the_account(site: Site) -> None:
    person = await site.person("ada")
    one, two = await site.browser(person), await site.browser(person)
    assert (await one.post("/preferences/theme", {"theme": "dark"})).status_code == 204
    assert (await one.htmx("/preferences/theme", {"theme": "dark"})).status_code == 204
    assert 'data-theme="dark"' in (await two.get("/about")).text
    assert (await one.post("/preferences/theme", {"theme": "<script>"})).status_code == 422


@pytest.mark.parametrize("path", ["/about", "/tos", "/privacy", "/guidelines", "/keyboard"])
async def test_the_pages_of_words_are_there_for_anybody(site: Site, path: str) -> None:
    answer = await site.guest().get(path)
    assert answer.status_code == 200 and answer.text.count("<h1") == 1
    assert "set-cookie" not in answer.headers


async def test_the_terms_in_force_are_shown(site: Site) -> None:
    await execute("insert into terms (project_id, version, body) values (null, 2, '**Be** kinder <script>x</script>')")
    answer = await site.guest().get("/tos")
    assert "<strong>Be</strong> kinder" in answer.text and "Version 2" in answer.text
    assert "<script>x" not in answer.text
