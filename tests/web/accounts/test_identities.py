"""Ways to sign in that are added to an account and taken away: after proof of both, and never the last one."""

import pytest

from forum.database.engine import execute, fetch, fetch_value
from forum.web import sessions
from tests.helpers.elsewhere import come_in, leave, who
from tests.helpers.site import Browser, Site
from tests.standins.process import Standin

ADD = "/u/ada/identities"


async def add(browser: Browser, name: str = "github") -> str:
    trip = await leave(browser, path=ADD, provider=name)
    answer = await trip.arrive()
    assert (answer.status_code, answer.headers.get("location")) == (303, "/u/ada/preferences"), answer.text
    return (await browser.get("/u/ada/preferences")).text


async def test_who_is_signed_in_here_and_there_adds_a_way_in(doors: Site) -> None:
    ada = await doors.member("ada")
    before = (await ada.get("/u/ada/preferences")).text
    assert "Add GitHub" in before and "Remove" not in before
    text = await add(ada)
    assert (
        "From now on you can sign in with GitHub." in text
        and "octavia" in text
        and 'aria-label="Remove GitHub"' in text
    )
    assert (await come_in(doors)).person == ada.person
    await doors.jobs()
    [mail] = doors.mails()
    assert "GitHub was added to your account" in mail and "ada@example.org" in mail
    assert [r["actor_id"] for r in await fetch("select actor_id from audit where action = 'identity_added'")] == [
        ada.person
    ]


async def test_adding_it_again_changes_nothing(doors: Site) -> None:
    ada = await doors.member("ada")
    await add(ada)
    await add(ada)
    await doors.jobs()
    assert len(doors.mails()) == 1 and await fetch_value("select count(*) from identity") == 1


async def test_anothers_way_in_is_not_taken_over(doors: Site) -> None:
    octa = await come_in(doors, username="octa", email="octavia@example.org")
    ada = await doors.member("ada")
    answer = await (await leave(ada, path=ADD, provider="github")).arrive()
    assert answer.status_code == 409 and "signs in somebody else here" in answer.text
    assert "Your account is as it was." in answer.text
    assert await fetch_value("select person_id from identity") == octa.person


async def test_an_answer_meant_for_another_session_adds_nothing(doors: Site) -> None:
    """An attacker begins with their own account and brings the answer to the victim's browser."""
    attacker, victim = await doors.member("mallory"), await doors.member("ada")
    trip = await leave(attacker, path="/u/mallory/identities", provider="github")
    assert (await trip.arrive(victim)).status_code == 400
    trip = await leave(doors.guest())
    assert (await trip.arrive(victim)).status_code == 400
    assert await fetch_value("select count(*) from identity") == 0


async def test_who_signs_in_as_somebody_else_meanwhile_adds_nothing(doors: Site) -> None:
    ada = await doors.member("ada")
    trip = await leave(ada, path=ADD, provider="github")
    grace = await doors.member("grace")
    ada.http.cookies.set(sessions.COOKIE, grace.http.cookies[sessions.COOKIE])
    assert (await trip.arrive()).status_code == 400
    assert await fetch_value("select count(*) from identity") == 0


async def test_who_has_not_confirmed_their_address_adds_nothing(doors: Site) -> None:
    ada = await doors.member("ada", confirmed=False)
    answer = await ada.post(ADD, {"provider": "github"})
    assert answer.status_code == 403 and "Confirm your e-mail address first" in answer.text


async def test_a_way_in_is_removed_while_a_password_is_left(doors: Site) -> None:
    ada = await doors.member("ada")
    await add(ada)
    identity = await fetch_value("select id from identity")
    answer = await ada.post(f"{ADD}/{identity}/delete")
    assert answer.status_code == 303
    assert "GitHub does not sign you in any more." in (await ada.get("/u/ada/preferences")).text
    answer = await (await leave(doors.guest())).arrive()
    assert answer.headers["location"] == "/signup/with/github"
    assert await fetch_value("select count(*) from audit where action = 'identity_removed'") == 1


async def test_the_last_way_in_without_a_password_stays(doors: Site) -> None:
    octa = await come_in(doors, username="octa", email="octavia@example.org")
    identity = await fetch_value("select id from identity")
    answer = await octa.post(f"/u/octa/identities/{identity}/delete")
    assert answer.status_code == 409 and "your only way to sign in" in answer.text
    await (await leave(octa, path="/u/octa/identities", provider="pond")).arrive()
    assert (await octa.post(f"/u/octa/identities/{identity}/delete")).status_code == 303
    other = await fetch_value("select id from identity")
    assert (await octa.post(f"/u/octa/identities/{other}/delete")).status_code == 409


async def test_a_provider_that_is_not_configured_any_more_is_no_way_in(doors: Site) -> None:
    octa = await come_in(doors, username="octa", email="octavia@example.org")
    identity = await fetch_value("select id from identity")
    await execute(
        "insert into identity (person_id, provider, subject) values ($1, 'https://gone.example', '1')", octa.person
    )
    assert "https://gone.example" in (await octa.get("/u/octa/preferences")).text
    assert (await octa.post(f"/u/octa/identities/{identity}/delete")).status_code == 409


async def test_nobody_touches_the_ways_of_others(doors: Site) -> None:
    await come_in(doors, username="octa", email="octavia@example.org")
    identity = await fetch_value("select id from identity")
    for other in (await doors.member("ada"), await doors.member("adam", admin=True)):
        name = "ada" if other.person == await fetch_value("select id from person where username = 'ada'") else "adam"
        for path in (f"/u/octa/identities/{identity}/delete", f"/u/{name}/identities/{identity}/delete"):
            assert (await other.post(path)).status_code == 404
        assert (await other.post("/u/octa/identities", {"provider": "github"})).status_code == 404
    assert await fetch_value("select count(*) from identity") == 1


@pytest.mark.parametrize("provider", ["", "nope", "GITHUB", "../github"])
async def test_a_provider_that_is_not_there_is_not_found(doors: Site, provider: str) -> None:
    ada = await doors.member("ada")
    assert (await ada.post(ADD, {"provider": provider})).status_code == 404


async def test_who_is_in_already_is_not_sent_away(doors: Site, github: Standin) -> None:
    ada = await doors.member("ada")
    answer = await ada.post("/login/with/github", {"next": "/t/a/1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/t/a/1")
    assert (await ada.get("/signup/with/github")).headers["location"] == "/"
    assert await who(ada) == ada.person and github.heard() == []
