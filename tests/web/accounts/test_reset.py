"""A new password by mail."""

from dataclasses import replace

import pytest

from forum.database.engine import execute, fetch_value
from forum.settings import Settings
from tests.helpers.site import PASSWORD, Site, links

FRESH = "quite another pass phrase"


async def reset_link(site: Site, address: str = "ada@example.org") -> str:
    browser = site.guest()
    await browser.get("/reset")
    await browser.post("/reset", {"email": address})
    await site.jobs()
    return next(link for link in links(site.mails()[-1]) if "/reset/" in link).removeprefix(site.settings.base_url)


async def test_a_reset_changes_the_password_and_ends_every_session(site: Site) -> None:
    person = await site.person("ada")
    one, two = await site.browser(person), await site.browser(person)
    link = await reset_link(site)
    stranger = site.guest()
    assert (await stranger.get(link)).status_code == 200
    assert (await stranger.post(link, {"password": FRESH})).headers["location"] == "/login"
    for browser in (one, two):
        assert (await browser.get("/u/ada/preferences")).status_code == 303
    assert await fetch_value("select count(*) from session") == 0
    assert await fetch_value("select count(*) from audit where action = 'password_reset'") == 1
    answers = [await stranger.post("/login", {"login": "ada", "password": p}) for p in (PASSWORD, FRESH)]
    assert [a.status_code for a in answers] == [422, 303]


async def test_looking_at_the_link_changes_nothing(site: Site) -> None:
    browser = await site.member("ada")
    link = await reset_link(site)
    for _ in range(2):
        assert (await site.guest().get(link)).status_code == 200
    assert (await browser.get("/u/ada/preferences")).status_code == 200


async def test_the_answer_is_the_same_whether_or_not_anybody_has_the_address(site: Site) -> None:
    await site.person("ada")
    told = []
    for address in ("ada@example.org", "nobody@example.org"):
        browser = site.guest()
        await browser.get("/reset")
        answer = await browser.post("/reset", {"email": address})
        told.append(
            (answer.status_code, answer.headers["location"], (await browser.get("/login")).text.count("on its way"))
        )
    assert told[0] == told[1] == (303, "/login", 1)
    await site.jobs()
    assert len(site.mails()) == 1


@pytest.mark.parametrize(
    ("base_url", "smtp_url", "is_said"),
    [
        ("http://127.0.0.1:8000", "", True),
        ("https://help.example", "", False),
        ("http://localhost", "smtp://127.0.0.1:9", False),
    ],
)
async def test_whoever_tries_the_site_out_is_told_where_its_mails_lie(
    database: str, settings: Settings, base_url: str, smtp_url: str, is_said: bool
) -> None:
    async with Site.open(replace(settings, base_url=base_url, smtp_url=smtp_url)) as site:
        told = []
        lies = f"the mail lies in {settings.data}/mail/, and an admin reads it at /admin/mail (with the demo community: demo-admin)."
        for address in ("ada@example.org", "nobody@example.org"):
            browser = site.guest()
            await browser.get("/reset")
            assert "no mail server yet" not in (await browser.post("/reset", {"email": address})).text
            told.append(lies in (await browser.get("/login")).text)
        fresh = site.guest()
        await fresh.get("/signup")
        sent = await fresh.post("/signup", {"username": "nora", "email": "nora@example.org", "password": FRESH})
        assert sent.status_code == 303
        told.append(lies in (await fresh.get("/")).text)
        assert told == [is_said] * 3


@pytest.mark.parametrize("address", ["ada@example.org", "nobody@example.org"])
async def test_mails_are_limited_by_address_alike_for_both(site: Site, address: str) -> None:
    await site.person("ada")
    browser = site.guest()
    await browser.get("/reset")
    answers = [await browser.post("/reset", {"email": address.upper()}) for _ in range(5)]
    assert [a.status_code for a in answers] == [303, 303, 303, 303, 429]
    assert f'value="{address.upper()}"' in answers[-1].text and answers[-1].headers["retry-after"]


async def test_mails_are_limited_by_client(site: Site) -> None:
    browser = site.guest()
    await browser.get("/reset")
    codes = [(await browser.post("/reset", {"email": f"a{n}@example.org"})).status_code for n in range(11)]
    assert codes == [303] * 10 + [429]


async def test_what_is_no_address_is_a_fault_of_the_form(site: Site) -> None:
    browser = site.guest()
    await browser.get("/reset")
    answer = await browser.post("/reset", {"email": "no address"})
    assert answer.status_code == 422 and 'value="no address"' in answer.text


async def test_a_link_works_once_and_a_newer_one_ends_it(site: Site) -> None:
    await site.person("ada")
    old = await reset_link(site)
    new = await reset_link(site)
    stranger = site.guest()
    await stranger.get("/login")
    assert (await stranger.post(old, {"password": FRESH})).status_code == 404
    assert (await stranger.post(new, {"password": FRESH})).status_code == 303
    assert (await stranger.post(new, {"password": FRESH})).status_code == 404


async def test_a_link_dies_with_the_address(site: Site) -> None:
    await site.person("ada")
    link = await reset_link(site)
    await execute("update person set email = 'new@example.org'")
    stranger = site.guest()
    assert (await stranger.get(link)).status_code == 404
    assert (await stranger.post(link, {"password": FRESH})).status_code == 404


async def test_a_resetting_link_confirms_nothing_by_itself(site: Site) -> None:
    await site.person("ada", confirmed=False)
    token = (await reset_link(site)).rpartition("/")[2]
    stranger = site.guest()
    await stranger.get("/login")
    assert (await stranger.post(f"/confirm/{token}")).status_code == 404
    assert await fetch_value("select email_confirmed_at from person") is None


@pytest.mark.parametrize("password", ["short", "x" * 257, "aaaaaaaaaaaa", "password123", ""])
async def test_a_bad_password_leaves_the_link_alive(site: Site, password: str) -> None:
    await site.person("ada")
    link = await reset_link(site)
    stranger = site.guest()
    await stranger.get(link)
    answer = await stranger.post(link, {"password": password})
    assert answer.status_code == 422 and 'id="password-error"' in answer.text
    assert (await stranger.post(link, {"password": FRESH})).status_code == 303


async def test_a_disabled_person_gets_no_link(site: Site) -> None:
    await site.person("ada")
    await execute("update person set disabled_at = now()")
    browser = site.guest()
    await browser.get("/reset")
    assert (await browser.post("/reset", {"email": "ada@example.org"})).status_code == 303
    await site.jobs()
    assert site.mails() == []
