"""Another e-mail address: by who shows again that it is them, once the new one is confirmed, and the old one hears of it."""

import re

import pytest

from forum.database.engine import execute, fetch_one, fetch_value
from tests.helpers.site import PASSWORD, Browser, Site, links

PATH = "/u/ada/preferences/address"
NEW = "ada@new.example"


async def asks(browser: Browser, email: str = NEW, password: str = PASSWORD) -> int:
    return (await browser.post(PATH, {"email": email, "password": password})).status_code


def sent(site: Site, to: str) -> list[str]:
    return [mail for mail in site.mails() if f"To: {to}\n" in mail.replace("\r\n", "\n")]


async def link_of(site: Site) -> str:
    await site.jobs()
    [mail] = sent(site, NEW)
    return next(link for link in links(mail) if "/address/" in link).removeprefix(site.settings.base_url)


async def address() -> object:
    return await fetch_value("select email from person where username = 'ada'")


async def test_the_new_address_is_theirs_once_its_link_is_followed_and_the_old_one_hears(site: Site) -> None:
    ada = await site.member("ada")
    await execute("update person set mail_stopped_at = now(), mail_soft_bounces = 3")
    assert PATH in (await ada.get("/about")).text, "who cannot be reached is shown where to change it"
    await execute(
        "insert into token (hash, purpose, person_id, email, expires_at) values"
        " ('x', 'reset', $1, 'ada@example.org', now() + interval '1 hour')",
        ada.person,
    )
    assert await asks(ada) == 303
    link = await link_of(site)
    assert await address() == "ada@example.org"
    guest = site.guest()
    for _looking in range(2):
        assert (await guest.get(link)).status_code == 200
    assert await address() == "ada@example.org", "looking changes nothing"
    assert (await guest.post(link)).status_code == 303
    row = await fetch_one("select email, email_confirmed_at, mail_stopped_at, mail_soft_bounces from person")
    assert row is not None and (row["email"], row["mail_stopped_at"], row["mail_soft_bounces"]) == (NEW, None, 0)
    await site.jobs()
    [told] = sent(site, "ada@example.org")
    assert "another e-mail address" in told and NEW not in told
    assert await fetch_value("select count(*) from audit where action = 'address_changed'") == 1
    assert await fetch_value("select count(*) from token where used_at is null") == 0
    # it works once
    assert (await guest.post(link)).status_code == 404 and (await guest.get(link)).status_code == 404


async def test_nobody_changes_it_with_a_session_alone(site: Site) -> None:
    ada, other = await site.member("ada"), await site.member("grace")
    assert await asks(ada, password="not hers at all") == 422 and await asks(ada, password="") == 422
    assert await asks(other) == 404 and (await other.get(PATH)).status_code == 404
    assert (await site.guest().get(PATH)).status_code == 303
    await execute("update person set password = null where username = 'ada'")
    await execute("update session set created_at = now() - interval '1 hour'")
    answer = await ada.post(PATH, {"email": NEW})
    assert answer.status_code == 422 and "Sign out and in again" in answer.text
    await site.jobs()
    assert site.mails() == []
    await execute("update session set created_at = now()")
    assert await asks(ada, password="") == 303
    assert (await link_of(site)).startswith("/address/")


async def test_tries_are_limited(site: Site) -> None:
    ada = await site.member("ada")
    assert [await asks(ada, password=f"guess {n}") for n in range(11)] == [422] * 10 + [429]


@pytest.mark.parametrize("email", ["nonsense", "ada@example.org", "ADA@Example.org"])
async def test_what_is_no_other_address_is_told(site: Site, email: str) -> None:
    assert await asks(await site.member("ada"), email) == 422


async def test_anothers_address_is_answered_alike_and_its_owner_is_told(site: Site) -> None:
    ada = await site.member("ada")
    await site.person("grace")
    answers = [await ada.post(PATH, {"email": email, "password": PASSWORD}) for email in (NEW, "grace@example.org")]
    assert [(a.status_code, a.headers["location"]) for a in answers] == [(303, "/u/ada/preferences")] * 2
    await site.jobs()
    [told] = sent(site, "grace@example.org")
    assert "ada" in told and not re.search("/address/", told)
    # somebody confirmed it meanwhile
    link, guest = await link_of(site), site.guest()
    assert (await guest.get(link)).status_code == 200
    await execute("update person set email = $1 where username = 'grace'", NEW)
    assert (await guest.post(link)).status_code == 404
    assert await address() == "ada@example.org"


async def test_a_username_makes_no_link_in_a_mail_to_somebody_else(site: Site) -> None:
    ada = await site.member("evil.example")
    answer = await ada.post("/u/evil.example/preferences/address", {"email": NEW, "password": PASSWORD})
    assert answer.status_code == 303
    await site.jobs()
    [mail] = sent(site, NEW)
    assert "wants to be reached" in mail and "evil.example" not in mail


async def test_a_link_dies_with_the_account_and_serves_nothing_else(site: Site) -> None:
    ada = await site.member("ada")
    await asks(ada)
    link = await link_of(site)
    token = link.rpartition("/")[2]
    assert (await site.guest().get(f"/reset/{token}")).status_code == 404
    assert (await site.guest().get(f"/confirm/{token}")).status_code == 404
    guest = site.guest()
    assert (await guest.get(link)).status_code == 200
    await execute("update person set disabled_at = now() where username = 'ada'")
    assert (await guest.post(link)).status_code == 404
    assert await address() == "ada@example.org"
