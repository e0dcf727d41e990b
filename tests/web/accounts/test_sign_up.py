"""Signing up, and confirming the address."""

import asyncio
import re

import httpx
import pytest

from forum.accounts.commands import create_user
from forum.accounts.events import SignedIn
from forum.database.engine import execute, fetch_one, fetch_value
from forum.web import sessions
from forum.web.errors import Invalid
from tests.helpers.site import PASSWORD, Browser, Site, faulty, links

NEW = {"username": "Ada", "email": "ada@example.org", "password": "a very long pass phrase", "name": "Ada L"}


async def sign_up(browser: Browser, **changes: str) -> httpx.Response:
    await browser.get("/signup")
    return await browser.post("/signup", {**NEW, **changes})


async def confirm_link(site: Site) -> str:
    """The path of the newest mail's link."""
    await site.jobs()
    return next(link for link in links(site.mails()[-1]) if "/confirm/" in link).removeprefix(site.settings.base_url)


async def confirmed(username: str) -> bool:
    return bool(await fetch_value("select email_confirmed_at is not null from person where username = $1", username))


async def test_a_new_person_is_signed_in_and_gets_a_mail_that_confirms(site: Site) -> None:
    browser = site.guest()
    answer = await sign_up(browser, next="/new-thread?project=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/new-thread?project=x")
    page = await browser.get("/about")
    assert "Confirm your address" in page.text and "ada@example.org" in page.text
    link = await confirm_link(site)
    assert (await browser.get(link)).status_code == 200
    assert (await browser.post(link)).status_code == 303
    assert await confirmed("Ada")
    assert "Confirm your address" not in (await browser.get("/about")).text


async def test_looking_at_the_link_changes_nothing(site: Site) -> None:
    await sign_up(site.guest())
    link = await confirm_link(site)
    stranger = site.guest()
    for _ in range(3):
        assert "Confirm</button>" in (await stranger.get(link)).text
    await stranger.http.head(link)
    assert not await confirmed("Ada")
    assert (await stranger.post(link)).status_code == 303
    assert await confirmed("Ada")


async def test_a_link_works_once(site: Site) -> None:
    await sign_up(site.guest())
    link = await confirm_link(site)
    stranger = site.guest()
    await stranger.get(link)
    await stranger.post(link)
    again = await stranger.post(link)
    assert again.status_code == 404 and "used already" in again.text


async def test_a_link_works_once_under_a_race(site: Site) -> None:
    await sign_up(site.guest())
    link = await confirm_link(site)
    stranger = site.guest()
    await stranger.get(link)
    answers = await asyncio.gather(*(stranger.post(link) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [303, 404, 404, 404]


async def test_a_link_dies_with_the_address(site: Site) -> None:
    await sign_up(site.guest())
    link = await confirm_link(site)
    await execute("update person set email = 'other@example.org' where username = 'Ada'")
    stranger = site.guest()
    assert (await stranger.get(link)).status_code == 404
    assert (await stranger.post(link)).status_code == 404
    assert not await confirmed("Ada")


async def test_a_link_expires(site: Site) -> None:
    await sign_up(site.guest())
    link = await confirm_link(site)
    await execute("update token set expires_at = now()")
    stranger = site.guest()
    await stranger.get(link)
    assert (await stranger.post(link)).status_code == 404


async def test_a_confirming_link_sets_no_password(site: Site) -> None:
    await sign_up(site.guest())
    token = (await confirm_link(site)).rpartition("/")[2]
    stranger = site.guest()
    assert (await stranger.get(f"/reset/{token}")).status_code == 404
    answer = await stranger.post(f"/reset/{token}", {"password": "another long phrase"})
    assert answer.status_code == 404
    assert not await confirmed("Ada")


async def test_the_mail_is_sent_again_and_the_older_link_dies(site: Site) -> None:
    browser = site.guest()
    await sign_up(browser)
    old = await confirm_link(site)
    answer = await browser.post("/confirm", headers={"referer": "http://testserver/about?x=1"})
    assert answer.headers["location"] == "/about?x=1"
    new = await confirm_link(site)
    assert new != old
    assert (await browser.get(old)).status_code == 404
    assert (await browser.post(new)).status_code == 303


async def test_mails_to_one_address_are_limited(site: Site) -> None:
    browser = site.guest()
    await sign_up(browser)
    answers = [(await browser.post("/confirm")).status_code for _ in range(6)]
    assert answers == [303, 303, 303, 429, 429, 429]


@pytest.mark.parametrize("name", ["admin", "ADMIN", "Login", "null", "Staff", "new-thread"])
async def test_reserved_names_are_nobodys(site: Site, name: str) -> None:
    answer = await sign_up(site.guest(), username=name)
    assert answer.status_code == 422 and "This name is taken" in answer.text


async def test_taken_names_are_refused_in_any_case(site: Site) -> None:
    await site.person("Grace")
    answer = await sign_up(site.guest(), username="gRACE")
    assert answer.status_code == 422 and "This name is taken" in answer.text


async def test_a_projects_handle_is_no_username(site: Site) -> None:
    entity = await fetch_value("insert into legal_entity (name) values ('X') returning id")
    project = await fetch_value(
        "insert into project (slug, name, legal_entity_id) values ('quarto', 'Q', $1) returning id", entity
    )
    await execute("insert into handle (name, project_id) values ('quarto', $1)", project)
    assert (await sign_up(site.guest(), username="Quarto")).status_code == 422


async def test_errors_stand_above_the_form_and_what_was_typed_stays(site: Site) -> None:
    answer = await sign_up(site.guest(), username="a b", email="nobody", password="shorty", name="see www.x.org")
    assert answer.status_code == 422
    for name in ("username", "email", "password", "name"):
        assert f'<a href="#{name}">' in answer.text
        assert f'id="{name}-error"' in answer.text
    assert 'value="a b"' in answer.text and 'value="nobody"' in answer.text and 'value="see www.x.org"' in answer.text
    assert "shorty" not in answer.text
    assert answer.text.index('id="errors"') < answer.text.index('id="username"')
    assert await fetch_value("select count(*) from person") == 0


async def used_up(key: str, count: int) -> None:
    await execute(
        "insert into rate (key, slot, count) values ($1, extract(epoch from now())::bigint / 3600 * 3600, $2)",
        key,
        count,
    )


async def test_that_a_name_is_taken_is_told_with_the_other_faults(site: Site) -> None:
    answer = await sign_up(site.guest(), username="admin", email="nobody", password="shorty")
    assert answer.status_code == 422
    assert faulty(answer.text) == ["username", "email", "password"] and "This name is taken" in answer.text


async def test_who_asks_for_names_over_and_over_is_told_the_other_faults_alone(site: Site) -> None:
    await used_up("sign-up-names:127.0.0.1", 60)
    answer = await sign_up(site.guest(), username="admin", email="nobody")
    assert answer.status_code == 422 and faulty(answer.text) == ["email"]


async def test_faults_do_not_count_as_signing_up(site: Site) -> None:
    await used_up("sign-up:127.0.0.1", 20)
    assert (await sign_up(site.guest(), email="nobody")).status_code == 422
    assert (await sign_up(site.guest())).status_code == 429


async def test_the_form_sent_twice_makes_one_person(site: Site) -> None:
    browser = site.guest()
    await browser.get("/signup")
    answers = await asyncio.gather(*(browser.post("/signup", NEW) for _ in range(3)))
    assert [a.status_code for a in answers] == [303, 303, 303]
    assert await fetch_value("select count(*) from person") == 1


async def test_the_same_name_with_another_password_is_taken(site: Site) -> None:
    await sign_up(site.guest())
    answer = await sign_up(site.guest(), password="quite another pass phrase")
    assert answer.status_code == 422 and "This name is taken" in answer.text


async def test_two_who_want_one_name_at_once_are_not_both_let_in(site: Site) -> None:
    one, two = site.guest(), site.guest()
    answers = await asyncio.gather(sign_up(one), sign_up(two, email="other@example.org"))
    assert sorted(a.status_code for a in answers) == [303, 422]


async def test_fields_that_the_form_does_not_offer_change_nothing(site: Site) -> None:
    await sign_up(site.guest(), site_role="admin", email_confirmed_at="2020-01-01", id="7", kind="remote")
    row = await fetch_one("select site_role, email_confirmed_at, kind from person")
    assert row is not None
    assert tuple(row) == ("member", None, "local")


async def test_signing_up_is_limited_by_client(site: Site) -> None:
    await execute("insert into rate (key, slot, count) select 'sign-up:127.0.0.1', slot, 20 from (values"
                  " (extract(epoch from now())::bigint / 3600 * 3600)) as v (slot)")  # fmt: skip
    answer = await sign_up(site.guest())
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) <= 3600
    assert 'value="ada@example.org"' in answer.text


async def test_a_site_that_takes_nobody_says_so_and_keeps_what_was_typed(site: Site) -> None:
    await execute("update site_switch set is_on = true where name = 'no_sign_ups'")
    answer = await sign_up(site.guest())
    assert answer.status_code == 403 and "no new members" in answer.text and 'value="Ada"' in answer.text


async def test_a_guests_thread_goes_along_into_the_account(site: Site, signed_in: list[SignedIn]) -> None:
    browser = site.guest()
    draft = {"draft_title": "It crashes", "draft_body": "Line <1>\n\nline 2", "draft_project": "quarto"}
    await browser.get("/login")
    page = await browser.post("/signup", {**draft, "show": "1", "next": "/new-thread", "csrf": "x"})
    assert page.status_code == 200 and "“It crashes” is kept" in page.text
    sent = dict(re.findall(r'<input type="hidden" name="((?:draft_)?\w+)" value="([^"]*)">', page.text))
    assert sent["draft_title"] == "It crashes" and sent["draft_body"] == "Line &lt;1&gt;\n\nline 2"
    wrong = await browser.post("/signup", {**NEW, **draft, "next": "/new-thread", "email": "x"})
    assert wrong.status_code == 422 and 'name="draft_title" value="It crashes"' in wrong.text
    done = await browser.post("/signup", {**NEW, **draft, "next": "/new-thread"})
    assert done.headers["location"] == "/new-thread"
    [event] = signed_in
    assert event.person == await fetch_value("select id from person")
    assert event.draft == {"title": "It crashes", "body": "Line <1>\n\nline 2", "project": "quarto"}


async def test_an_operator_makes_a_person_who_is_confirmed(site: Site) -> None:
    person = await create_user("root-of-it", "root@example.org", PASSWORD, True)
    row = await fetch_one("select site_role, email_confirmed_at from person where id = $1", person)
    assert row is not None and row["site_role"] == "admin" and row["email_confirmed_at"] is not None
    assert await fetch_value("select count(*) from audit where action = 'user_created'") == 1
    with pytest.raises(Invalid):
        await create_user("ROOT-OF-IT", "other@example.org", PASSWORD, False)
    browser = site.guest()
    await browser.get("/login")
    assert (await browser.post("/login", {"login": "root-of-it", "password": PASSWORD})).status_code == 303
    assert sessions.COOKIE in browser.http.cookies
