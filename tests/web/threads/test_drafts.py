"""Drafts: kept for their author alone, one version after the other, and carried through signing in."""

import asyncio
import json
from contextvars import Context
from typing import Any
from uuid import uuid4

import httpx
import pytest

from forum.accounts.actions import begin_session
from forum.database.engine import execute, fetch, fetch_one, fetch_value, transaction
from forum.threads.drafts import keep_draft
from forum.threads.starting import store_thread
from forum.threads.writing import store_reply
from tests.helpers.live import somebody_waits
from tests.helpers.site import PASSWORD, Browser
from tests.helpers.world import World


async def keep(browser: Browser, **fields: Any) -> httpx.Response:
    """As a script sends it."""
    return await browser.http.post(
        "/drafts",
        content=json.dumps(fields),
        headers={"content-type": "application/json", "x-csrf-token": browser.token()},
    )


async def test_a_draft_is_kept_told_its_version_and_shown_in_the_composer(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    key = f"thread:{asked.posted.thread}"
    kept = await keep(world.outsider, key=key, markdown="Half a ", version=0)
    assert kept.status_code == 200 and kept.json()["version"] == 1 and "saved_at" in kept.json()
    assert (await keep(world.outsider, key=key, markdown="Half a thought ", version=1)).json()["version"] == 2
    page = await world.outsider.get(asked.posted.url)
    assert "Half a thought </textarea>" in page.text and 'data-version="2"' in page.text
    assert "Half a" not in (await world.supporter.get(asked.posted.url)).text


async def test_of_two_devices_the_one_that_is_behind_is_told_and_overwrites_nothing(world: World) -> None:
    for device, version, status in (("desk", 0, 200), ("phone", 0, 409), ("phone", 1, 200), ("desk", 1, 409)):
        answer = await keep(world.outsider, key="new-thread", markdown=f"From the {device}", version=version)
        assert answer.status_code == status
        assert ("error" in answer.json()) is (status == 409)
    assert await fetch_value("select markdown from draft") == "From the phone"


async def test_the_same_text_sent_twice_is_no_conflict(world: World) -> None:
    for _ in range(2):
        assert (await keep(world.outsider, key="new-thread", markdown="Once", version=0)).json()["version"] <= 2
    assert await fetch_value("select count(*) from draft") == 1


async def test_a_draft_that_was_sent_meanwhile_does_not_come_back(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    key = f"thread:{asked.posted.thread}"
    await keep(world.outsider, key=key, markdown="With op", version=0)
    await world.outsider.post(f"/t/{asked.posted.thread}/replies", {"markdown": "With open."})
    assert (await keep(world.outsider, key=key, markdown="With open", version=1)).status_code == 409
    assert await fetch_value("select count(*) from draft") == 0


async def test_a_draft_that_arrives_after_what_it_was_sent_as_is_no_conflict_and_not_kept(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    sent_as = {name: str(uuid4()) for name in ("this", "other")}
    draft = {"key": f"thread:{asked.posted.thread}", "markdown": "With op"}
    await world.outsider.post(f"/t/{asked.posted.thread}/replies", {"markdown": "With open.", "key": sent_as["this"]})
    for version in (0, 1):
        late = await keep(world.outsider, **draft, version=version, sent_as=sent_as["this"])
        assert (late.status_code, late.json()["version"]) == (200, 0)
    assert await fetch_value("select count(*) from draft") == 0
    # what somebody else sent, and what was not sent, is nobody's reason
    assert (await keep(world.supporter, **draft, version=0, sent_as=sent_as["this"])).json()["version"] == 1
    assert (await keep(world.outsider, **draft, version=0, sent_as=sent_as["other"])).json()["version"] == 2
    assert await fetch_value("select count(*) from draft") == 2


async def kept_meanwhile(browser: Browser, **fields: Any) -> asyncio.Task[httpx.Response]:
    """A draft on its way beside a transaction of the test's: it is kept by now, or waits for a lock."""
    late = asyncio.create_task(keep(browser, **fields), context=Context())
    await somebody_waits(unless=late.done)
    return late


@pytest.mark.parametrize("version", [0, 1])
async def test_a_draft_that_arrives_while_its_reply_is_being_stored_is_not_kept(version: int, world: World) -> None:
    asked = await world.ask("How do I read a file?")
    reader, sent_as = await world.outsider.reader(), uuid4()
    draft = {"key": f"thread:{asked.posted.thread}", "markdown": "With op"}
    if version:
        await keep(world.outsider, **draft, version=0)
    async with transaction():
        await store_reply(reader, asked.posted.thread, "With open.", key=sent_as)
        late = await kept_meanwhile(
            world.outsider, **draft | {"markdown": "With ope"}, version=version, sent_as=str(sent_as)
        )
    answer = await late
    assert (answer.status_code, answer.json()["version"]) == (200, 0)
    assert await fetch_value("select count(*) from draft") == 0
    # what is written next is kept as ever
    assert (await keep(world.outsider, **draft, version=0, sent_as=str(uuid4()))).json()["version"] == 1 + version


async def test_a_draft_is_kept_where_its_reply_came_to_nothing_after_all(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    reader, sent_as = await world.outsider.reader(), uuid4()
    draft = {"key": f"thread:{asked.posted.thread}", "markdown": "With op"}
    with pytest.raises(ConnectionError):
        async with transaction():
            await store_reply(reader, asked.posted.thread, "With open.", key=sent_as)
            late = await kept_meanwhile(world.outsider, **draft, version=0, sent_as=str(sent_as))
            raise ConnectionError
    assert (await late).json()["version"] == 1
    assert await fetch_value("select markdown from draft") == "With op"


async def test_a_draft_that_arrives_while_its_question_is_being_stored_is_not_kept(world: World) -> None:
    category = await fetch_value("select id from category where kind <> 'security' order by id limit 1")
    person, sent_as = world.outsider.person or 0, uuid4()
    async with transaction():
        await store_thread(person, category, "How do I read a file?", "With open?", key=sent_as)
        late = await kept_meanwhile(world.outsider, key="new-thread", title="How do I", version=0, sent_as=str(sent_as))
    assert (await late).json()["version"] == 0
    assert await fetch_value("select count(*) from draft") == 0


async def test_who_discards_a_draft_discards_the_one_they_saw(world: World) -> None:
    await keep(world.outsider, key="new-thread", title="Why", version=0)
    page = await world.outsider.get("/u/otto/drafts")
    assert 'name="version" value="1"' in page.text
    await keep(world.outsider, key="new-thread", title="Why not", version=1)
    token = {"content-type": "application/json", "x-csrf-token": world.outsider.token()}
    told = await world.outsider.http.post(
        "/drafts/delete", content=json.dumps({"key": "new-thread", "version": 1}), headers=token
    )
    assert (told.status_code, told.json()["kind"]) == (409, "conflict")
    told = await world.outsider.post("/drafts/delete", {"key": "new-thread", "version": "1"})
    assert told.headers["location"] == "/u/otto/drafts"
    assert "newer" in (await world.outsider.get("/u/otto/drafts")).text
    assert await fetch_value("select title from draft") == "Why not"
    for _ in range(2):
        told = await world.outsider.post("/drafts/delete", {"key": "new-thread", "version": "2"})
        assert told.status_code == 303
    assert await fetch_value("select count(*) from draft") == 0


async def test_a_draft_that_was_begun_anew_is_not_the_one_before(world: World) -> None:
    fields = {"key": "new-thread", "version": 0}
    old = (await keep(world.outsider, **fields, title="Why")).json()["version"]
    await world.outsider.post("/drafts/delete", {"key": "new-thread"})
    assert (await keep(world.outsider, **fields, title="Why not")).json()["version"] != old
    await world.outsider.post("/drafts/delete", {"key": "new-thread", "version": str(old)})
    assert (await keep(world.outsider, key="new-thread", title="Why so", version=old)).status_code == 409
    assert await fetch_value("select title from draft") == "Why not"


async def test_an_emptied_draft_is_gone_unless_another_device_has_a_newer_one(world: World) -> None:
    await keep(world.outsider, key="new-thread", title="Why", version=0)
    await keep(world.outsider, key="new-thread", title="Why not", version=1)
    assert (await keep(world.outsider, key="new-thread", title=" ", version=1)).status_code == 409
    assert (await keep(world.outsider, key="new-thread", title=" ", version=2)).json()["version"] == 0
    assert await fetch_value("select count(*) from draft") == 0


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"key": "new-thread", "markdown": "x" * 100_001}, 422),
        ({"key": "new-thread", "title": "x" * 301}, 422),
        ({"key": "new-thread", "markdown": "x", "version": "x"}, 422),
        ({"key": "new-thread", "markdown": "x", "version": -1}, 422),
        ({"key": "thread:x", "markdown": "x"}, 422),
        ({"key": "thread:", "markdown": "x"}, 422),
        ({"key": "new-thread:1000", "markdown": "x"}, 422),
        ({"key": "diary", "markdown": "x"}, 422),
        ({"key": ["new-thread"], "markdown": "x"}, 422),
        ({"markdown": "x"}, 422),
        ({"key": "thread:999999999999999999", "markdown": "x"}, 404),
        ({"key": "new-thread", "markdown": "a\u0000b\ud800c"}, 200),
        ({"key": "new-thread", "markdown": {"a": [1]}}, 200),
    ],
)
async def test_what_is_no_draft_is_told_so(fields: dict[str, Any], status: int, world: World) -> None:
    answer = await keep(world.outsider, **fields)
    assert answer.status_code == status
    assert ("error" in answer.json()) is (status != 200)


async def test_drafts_are_for_threads_one_may_see_and_for_people_who_are_signed_in(world: World) -> None:
    private = await world.ask("The parser runs what it reads", category="security")
    key = f"thread:{private.posted.thread}"
    assert (await keep(world.outsider, key=key, markdown="x")).status_code == 404
    assert (await keep(world.people["ana"], key=key, markdown="x")).status_code == 200
    guest = world.site.guest()
    await guest.get("/login")
    assert (await keep(guest, key="new-thread", markdown="x")).status_code == 401
    assert (await world.outsider.http.post("/drafts", data={"key": "new-thread"})).status_code == 403


async def test_ones_drafts_are_listed_linked_and_deleted_and_nobody_elses(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    empty = await world.outsider.get("/u/otto/drafts")
    assert "No drafts." in empty.text
    reader = await world.outsider.reader()
    await keep_draft(reader, f"thread:{asked.posted.thread}", markdown="A reply <b>")
    await keep_draft(reader, "new-thread", title="My question", markdown="Begun")
    await keep_draft(reader, "new-thread:2", title="My other question")
    page = (await world.outsider.get("/u/OTTO/drafts")).text
    assert f'href="{asked.posted.url}#reply"' in page and "A reply &lt;b&gt;" in page
    assert 'href="/new-thread"' in page and 'href="/new-thread?draft=2"' in page
    assert "My other question" in (await world.outsider.get("/new-thread?draft=2")).text
    assert (await world.supporter.get("/u/otto/drafts")).status_code == 404
    assert (await world.site.guest().get("/u/otto/drafts")).status_code == 303
    await world.supporter.post("/drafts/delete", {"key": "new-thread"})
    assert await fetch_value("select count(*) from draft") == 3
    for _ in range(2):
        assert (await world.outsider.post("/drafts/delete", {"key": "new-thread"})).status_code == 303
    assert await fetch_value("select count(*) from draft") == 2


async def test_a_draft_in_a_thread_that_went_private_is_still_its_authors(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    await keep_draft(await world.outsider.reader(), f"thread:{asked.posted.thread}", markdown="My words " * 60)
    await execute("update thread set visibility = 'private'")
    page = (await world.outsider.get("/u/otto/drafts")).text
    assert "My words " * 60 in page.replace("\n", "") and "How do I read" not in page


async def test_without_script_a_draft_is_kept_by_a_button(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    kept = await world.outsider.post(f"/t/{asked.posted.thread}/replies", {"markdown": "Later", "save": "1"})
    assert kept.status_code == 303
    assert "Later</textarea>" in (await world.outsider.get(asked.posted.url)).text


# --- carried through signing in ------------------------------------------------------------------------------------


async def test_what_a_guest_wrote_is_there_after_signing_in(world: World) -> None:
    await world.person("nora")
    guest = world.site.guest()
    start = "/new-thread?title=Where"
    await guest.get(start)
    sent = {"title": "Where is it?", "markdown": "It was\r\nhere.", "project": "pelican", "private": "1"}
    told = await guest.post("/new-thread", sent, headers={"referer": f"{guest.http.base_url}{start}"})
    assert told.status_code == 401 and 'name="draft_body" value="It was\nhere."' in told.text
    carried = {f"draft_{name}": value for name, value in sent.items()} | {"draft_body": sent["markdown"]}
    entered = await guest.post("/login", {"login": "nora", "password": PASSWORD, "next": start, **carried})
    assert entered.status_code == 303
    draft = await fetch_one("select key, title, markdown, data from draft")
    assert dict(draft or {}) == {
        "key": "new-thread",
        "title": "Where is it?",
        "markdown": "It was\nhere.",
        "data": {"project": "pelican", "private": "1"},
    }
    page = (await guest.get("/new-thread")).text
    assert 'value="Where is it?"' in page and "It was\nhere.</textarea>" in page


async def test_a_draft_that_was_there_steps_aside_for_what_is_carried(world: World) -> None:
    person = world.outsider.person or 0
    for title in ("First", "Second", "Second", "Third"):
        await begin_session(person, "test", {"title": title, "body": "Words"})
    rows = await fetch("select key, title from draft order by key")
    assert [tuple(row) for row in rows] == [
        ("new-thread", "Third"),
        ("new-thread:2", "First"),
        ("new-thread:3", "Second"),
    ]


async def test_an_empty_or_overlong_carried_draft_stops_nobody_from_signing_in(world: World) -> None:
    person = world.outsider.person or 0
    await begin_session(person, "test", {"title": "  "})
    assert await fetch_value("select count(*) from draft") == 0
    await begin_session(person, "test", {"title": "t" * 5000, "body": "b" * 200_000, "project": "p" * 500})
    assert await fetch_value("select length(title) || ' ' || length(markdown) from draft") == "300 100000"


async def test_a_prefilled_question_overwrites_no_other_draft(world: World) -> None:
    await keep_draft(await world.outsider.reader(), "new-thread", title="My question", markdown="Begun")
    page = (await world.outsider.get("/new-thread?title=Something+else")).text
    assert 'data-draft="new-thread:2"' in page and "Begun" not in page
    assert "Begun</textarea>" in (await world.outsider.get("/new-thread?title=My+question")).text
