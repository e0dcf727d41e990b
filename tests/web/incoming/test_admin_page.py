"""Admins see what came in and have it handled again; nobody sees what was said in it."""

from collections.abc import AsyncIterator

import pytest

from forum.database.engine import execute, fetch, fetch_value
from forum.doctor import check_incoming
from forum.incoming.sources import Delivery, Source, forget, register
from tests.helpers.site import Site


@pytest.fixture
async def handled(site: Site) -> AsyncIterator[list[str]]:
    found: list[str] = []

    async def handle(delivery: Delivery) -> None:
        found.append(delivery.foreign_id)

    def verify(*_args: object) -> None:
        raise AssertionError("nothing comes through the door here")

    register(Source("pond", lambda _settings: True, verify, handle))  # type: ignore[arg-type]
    yield found
    forget("pond")


async def came(name: str, state: str, source: str = "pond") -> int:
    """A row of what came in, in one of its states."""
    made: int = await fetch_value(
        "insert into incoming (source, foreign_id, kind, lane, body, tries, next_at, handled_at, failure)"
        " values ($1, $2, 'paid', $2, 'canary@example.org', $4, case when $3 like 'waiting%' then now() end,"
        " case when $3 = 'handled' then now() end, case when $3 in ('given up', 'waiting again') then 'frozen' else '' end)"
        " returning id",
        source,
        name,
        state,
        0 if state == "waiting" else 1,
    )
    return made


async def test_an_admin_sees_states_and_never_a_text(site: Site, handled: list[str]) -> None:
    for state in ("waiting", "waiting again", "handled", "given up"):
        await came(f"evt {state}", state)
    admin = await site.member("adam", admin=True)
    page = (await admin.get("/admin/incoming")).text
    assert all(f"evt {state}" in page for state in ("waiting", "waiting again", "handled", "given up"))
    assert "After one try: frozen" in page and "http://testserver/webhooks/pond" in page
    assert "canary" not in page
    assert page.count(">Handle again<") == 3, "what waits for its first try needs no button"
    given_up = (await admin.get("/admin/incoming?state=given-up")).text
    assert "evt given up" in given_up and "evt handled" not in given_up and "evt waiting" not in given_up


async def test_nobody_else_sees_it_or_has_anything_handled(site: Site, handled: list[str]) -> None:
    one = await came("evt_1", "given up")
    moderator = await site.member("mona")
    await execute("update person set site_role = 'moderator' where id = $1", moderator.person)
    for browser in (await site.member("otto"), moderator):
        assert (await browser.get("/admin/incoming")).status_code == 404
        assert (await browser.post(f"/admin/incoming/{one}/again")).status_code == 404
    assert (await site.guest().get("/admin/incoming")).headers["location"] == "/login?next=/admin/incoming"
    await site.jobs()
    assert handled == [] and not await fetch("select 1 from audit where action = 'incoming_again'")


async def test_handling_again_is_audited_once_and_done_once(site: Site, handled: list[str]) -> None:
    admin = await site.member("adam", admin=True)
    for state in ("waiting again", "handled", "given up"):
        one = await came(f"evt {state}", state)
        for _ in range(2):
            answer = await admin.post(f"/admin/incoming/{one}/again")
            assert (answer.status_code, answer.headers["location"]) == (303, "/admin/incoming")
        await site.jobs()
        assert handled.pop() == f"evt {state}" and not handled
        assert await fetch_value("select handled_at is not null from incoming where id = $1", one)
        audited = await fetch("select actor_id from audit where action = 'incoming_again' and subject_id = $1", one)
        assert [row["actor_id"] for row in audited] == [admin.person], state


async def test_there_is_no_button_where_nothing_could_handle_it(site: Site, handled: list[str]) -> None:
    admin = await site.member("adam", admin=True)
    one = await came("evt_1", "given up", source="a room that is gone")
    assert "Handle again" not in (await admin.get("/admin/incoming")).text
    assert (await admin.post(f"/admin/incoming/{one}/again")).status_code == 409
    assert (await admin.post("/admin/incoming/999/again")).status_code == 404


async def test_a_long_list_has_pages(site: Site, handled: list[str]) -> None:
    admin = await site.member("adam", admin=True)
    for n in range(1, 61):
        await came(f"evt_{n}.", "given up")
    for path in ("/admin/incoming?", "/admin/incoming?state=given-up&amp;"):
        first = (await admin.get(path.replace("&amp;", "").rstrip("?"))).text
        assert "evt_60." in first and "evt_11." in first and "evt_10." not in first
        assert f'href="{path}before=11"' in first
    assert "evt_10." in (await admin.get("/admin/incoming?before=11")).text


async def test_doctor_says_what_was_given_up_and_what_nobody_handles(site: Site) -> None:
    assert (await check_incoming()).ok
    await came("evt_1", "given up")
    assert not (await check_incoming()).ok
    await execute("delete from incoming")
    await came("evt_2", "waiting")
    assert (await check_incoming()).ok
    await execute("update incoming set next_at = now() - interval '11 minutes'")
    assert not (await check_incoming()).ok
