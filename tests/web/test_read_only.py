"""While the site can only be read: nothing is written by any door, what was typed is kept, and an admin opens it again."""

import json
from itertools import product
from typing import Any

import pytest

from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.threads.kept import forget_kept
from tests.helpers.hidden import Place, access_routes, filled, fillings, subject_of
from tests.helpers.site import PASSWORD, Browser, Site
from tests.helpers.world import World
from tests.web.test_routes_and_roles import methods_of, send, snapshot, undone

SAID = "can only be read for a while"
# Doors that stay open: people come in and go out, look at what they write, and an admin turns the switch.
OPEN = {
    "/login",
    "/login/with/{provider}",
    "/logout",
    "/preview",
    "/ask/preview",
    "/ask/route",
    "/ask/rest",
    "/preferences/theme",
    "/admin/site/{switch}",
}


async def close(site: Site) -> None:
    await execute("update site_switch set is_on = true where name = 'read_only'")


async def test_no_door_writes_anything(site: Site) -> None:
    place = await Place.make(site)
    await close(site)
    before = await snapshot()
    wrong, refused = [], 0
    for role, route in product(("guest", "outsider", "owner"), access_routes()):
        named = subject_of(route.path)
        subject = place.public.get(named[1], "support") if named else None
        for method in methods_of(route):
            for values in fillings(route.path, subject) if method != "GET" and route.path not in OPEN else ():
                path = filled(route.path, values)
                answer = await send(place.browsers[role], method, route.path, path)
                status, is_shut = answer.status_code, answer.status_code == 503
                refused += is_shut
                if not is_shut and status != 404 and not (role == "guest" and status in (401, 403)):
                    wrong.append(f"{method} {path} as {role}: {status}")
                if is_shut and (SAID not in answer.text or "retry-after" not in answer.headers):
                    wrong.append(f"{method} {path} as {role} does not say why")
    assert not wrong, "\n".join(wrong)
    assert refused > 60 and await snapshot() == before


async def test_pages_are_read_and_remember_nothing(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    await close(site)
    before = await snapshot()
    for browser in (site.guest(), world.outsider, world.owner):
        for path in ("/", "/latest", asked.posted.url, f"{asked.posted.url}.json", "/p/pelican"):
            assert (await browser.get(path)).status_code == 200, path
    assert await snapshot() == before and not await fetch_value(
        "select 1 from read_position where person_id = $1", world.outsider.person
    )
    assert SAID in (await world.outsider.get("/")).text
    assert "/admin/site" not in (await world.outsider.get("/")).text


async def test_a_reader_costs_no_statement_more(site: Site, statements: Any) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    for browser in (site.guest(), world.outsider):
        await browser.get(asked.posted.url)
        forget_kept()
        statements.clear()
        await browser.get(asked.posted.url)
        # they come along with who reads; a guest's page does not ask
        assert not [sql for sql in statements if "site_switch" in sql and "session" not in sql]


@pytest.mark.parametrize("by", ["page", "htmx"])
async def test_what_was_typed_is_kept(site: Site, by: str) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    await close(site)

    async def send_to(browser: Browser, path: str, form: dict[str, str]) -> Any:
        return await (browser.htmx(path, form) if by == "htmx" else browser.post(path, form))

    ana, words = world.people["ana"], "All my words, and more."
    first = await fetch_value("select id from post where thread_id = $1 and number = 1", asked.posted.thread)
    forms = [
        (world.outsider, f"/t/{asked.posted.thread}/replies", {"markdown": words}),
        (world.outsider, f"/t/{asked.posted.thread}/replies", {"markdown": words, "save": "1"}),
        (world.outsider, "/new-thread", {"title": "A question", "markdown": words, "project": "pelican"}),
        (world.outsider, "/new-thread", {"title": "A question", "markdown": words, "save": "1"}),
        (ana, f"/posts/{first}/edit", {"title": "A question", "markdown": words}),
        (world.supporter, f"/p/pelican/inbox/{asked.ticket}/answers", {"markdown": words}),
        (world.owner, "/p/pelican/settings", {"name": "A new name of it", "guideline": words}),
    ]
    for browser, path, form in forms:
        answer = await send_to(browser, path, form)
        assert answer.status_code == 503, path
        if by == "page":
            assert words in answer.text and SAID in answer.text, path
            assert "to correct" not in answer.text, path
    # what writes nothing goes on, with script and without
    for path, form in (
        ("/preview", {"markdown": words}),
        (f"/t/{asked.posted.thread}/replies", {"markdown": words, "preview": "1"}),
        ("/new-thread", {"title": "A question", "markdown": words, "preview": "1"}),
    ):
        answer = await send_to(world.outsider, path, form)
        assert answer.status_code == 200 and words in answer.text, path


async def test_people_come_in_and_go_out(site: Site) -> None:
    await site.person("eve")
    await close(site)
    browser = site.guest()
    await browser.get("/login")
    assert (await browser.post("/login", {"login": "eve", "password": PASSWORD})).status_code == 303
    assert SAID in (await browser.get("/")).text
    assert (await browser.post("/preferences/theme", {"theme": "dark"})).status_code in (204, 303)
    assert await fetch_value("select theme from person where username = 'eve'") == ""
    assert (await browser.post("/logout")).status_code == 303
    assert SAID in (await browser.get("/signup")).text and "<form method" not in (await browser.get("/signup")).text


async def test_programs_are_told_by_a_problem(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    await close(site)
    headers = {"x-csrf-token": world.owner.token()}
    answer = await world.owner.http.post(
        f"/api/v1/tickets/{asked.ticket}/answers", json={"markdown": "Words"}, headers=headers
    )
    assert answer.status_code == 503 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/read-only" and answer.headers["retry-after"]
    answer = await world.owner.http.post("/posts.json", json={"raw": "Words"}, headers=headers)
    assert answer.status_code == 503 and answer.json()["error_type"] == "read-only"


# --- the switches ----------------------------------------------------------------------------------------------------


async def test_an_admin_turns_the_switch_and_says_why(site: Site) -> None:
    admin = await site.member("ada", admin=True)
    answer = await admin.post("/admin/site/read_only", {"on": "1"})
    assert answer.status_code == 422 and "Say why" in answer.text and not await fetch("select 1 from audit")
    for _ in range(2):
        answer = await admin.post("/admin/site/read_only", {"on": "1", "reason": "We move the disk."})
        assert answer.status_code == 303
    rows = await fetch("select actor_id, action, detail from audit")
    said = {"switch": "read_only", "on": True, "reason": "We move the disk."}
    assert [tuple(row) for row in rows] == [(admin.person, "switch_turned", said)]
    page = (await admin.get("/admin/site")).text
    assert "We move the disk." in page and "Turned on by ada" in page and SAID in page
    assert (await admin.post("/admin/site/read_only", {"on": "0"})).status_code == 303
    row = await fetch_one("select is_on, changed_by from site_switch where name = 'read_only'")
    assert row is not None and tuple(row) == (False, admin.person)
    assert SAID not in (await admin.get("/")).text and await fetch_value("select count(*) from audit") == 2


async def test_nobody_else_turns_a_switch(site: Site) -> None:
    place = await Place.make(site)
    for role in ("outsider", "owner", "moderator"):
        assert (await place.browsers[role].get("/admin/site")).status_code == 404
        async with undone():
            answer = await place.browsers[role].post("/admin/site/read_only", {"on": "1", "reason": "Mine."})
        assert answer.status_code == 404, role
    admin = place.browsers["admin"]
    for name in ("nothing", "x" * 300):
        assert (await admin.post(f"/admin/site/{name}", {"on": "1", "reason": "Mine."})).status_code == 404
    assert (await admin.post("/admin/site/read_only", {"on": "2", "reason": json.dumps(1)})).status_code == 422
    assert not await fetch("select 1 from site_switch where is_on")


async def test_no_sign_ups_is_said_before_the_form_is_filled_in(site: Site) -> None:
    admin = await site.member("ada", admin=True)
    await admin.post("/admin/site/no_sign_ups", {"on": "1", "reason": "Spam."})
    page = (await site.guest().get("/signup")).text
    assert "takes no new members" in page and "<form method" not in page
