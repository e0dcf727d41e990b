"""Our own JSON: tickets and the queue, in exactly the contract's shapes, each for whom it is for."""

import json
from pathlib import Path
from typing import Any

from forum.api.openapi import document
from forum.app import all_routes
from forum.database.engine import execute, fetch_value
from forum.projects.queries import unaccepted_terms
from forum.projects.terms import publish_terms
from forum.web.routing import AccessRoute
from tests.helpers.published import faults
from tests.helpers.site import Site
from tests.helpers.world import World
from tests.web.api.test_discourse import Client

TICKET = {"title": "How do I read a file?", "markdown": "I tried `open`.", "capacity": "personal"}


async def terms_in_force() -> list[int]:
    """Of a project alone on its site."""
    return [row["id"] for row in await unaccepted_terms(0, await fetch_value("select id from project"))]


async def test_projects_tell_how_many_wait(site: Site) -> None:
    world = await World.make(site)
    await world.ask("How do I read a file?")
    answer = await site.guest().get("/api/v1/projects")
    assert answer.json() == {"projects": [{"slug": "pelican", "name": "Pelican Toolkit", "waiting": 1}]}


async def test_a_ticket_is_made_once_the_terms_are_accepted(site: Site) -> None:
    world = await World.make(site)
    client = await Client.of(site, world.outsider)
    path = "/api/v1/projects/pelican/tickets"
    refused = await client.post(path, **TICKET)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert list(refused.json()["errors"]) == ["accept_terms"]
    assert await fetch_value("select count(*) from thread") == 0
    told = (await client.get("/api/v1/projects/pelican/terms")).json()["terms"]
    assert told and not any(term["accepted"] for term in told)
    assert (await site.guest().get("/api/v1/projects/pelican/terms")).json()["terms"] == told
    these = [term["id"] for term in told]
    for wrong in (True, [*these, 999_999], these[:-1], ["1"]):
        assert list((await client.post(path, **TICKET, accept_terms=wrong)).json()["errors"]) == ["accept_terms"], wrong
    await publish_terms(await world.owner.reader(), world.project, "terms", "Be patient, very.", 0)
    changed = await client.post(path, **TICKET, accept_terms=these)
    assert changed.status_code == 422 and "Not accepted yet" in changed.json()["errors"]["accept_terms"]
    assert await fetch_value("select count(*) from terms_acceptance where person_id = $1", world.outsider.person) == 0
    made = await client.post(path, **TICKET, accept_terms=await terms_in_force())
    assert made.status_code == 201, made.text
    again = (await client.get("/api/v1/projects/pelican/terms")).json()["terms"]
    assert all(term["accepted"] for term in again) and len(again) > len(these) - 1
    ticket = await fetch_value("select id from ticket")
    thread = await fetch_value("select id from thread")
    assert made.json() == {
        "ticket": ticket,
        "thread": thread,
        "position": 1,
        "expected": {"from": 7, "to": 10},
    }
    again = await client.post(path, **TICKET)
    assert again.status_code == 201 and again.json()["position"] == 2
    assert (await client.post("/api/v1/projects/nowhere/tickets", **TICKET)).status_code == 404


async def test_the_queue_is_in_its_order_page_by_page_and_the_teams_alone(site: Site) -> None:
    world = await World.make(site)
    asked = [await world.ask(f"Question {n} of five", by=name) for n, name in enumerate(["ana", "ben"] * 2 + ["eva"])]
    await execute("select queue_leave($1)", asked[3].ticket)
    await execute("update ticket set rank_amount = 5000 where id = $1", asked[3].ticket)
    await execute("select queue_enter($1)", asked[3].ticket)
    team = await Client.of(site, world.supporter)
    path = "/api/v1/projects/pelican/queue"
    whole = (await team.get(path)).json()
    assert set(whole) == {"share", "credit", "tickets", "next"} and whole["share"] == 20 and whole["next"] is None
    assert [t["position"] for t in whole["tickets"]] == [1, 2, 3, 4, 5]
    assert set(whole["tickets"][0]) == {
        "id",
        "position",
        "line",
        "rank_amount",
        "waiting_since",
        "head_start_days",
        "due_at",
        "thread_id",
    }
    assert (whole["tickets"][0]["id"], whole["tickets"][0]["line"]) == (asked[3].ticket, "paid")
    assert whole["tickets"][0]["rank_amount"] == {"amount": 5000, "currency": "EUR"}
    seen: list[int] = []
    cursor = ""
    for _page in range(5):
        part = (await team.get(f"{path}?limit=2{cursor}")).json()
        seen += [t["id"] for t in part["tickets"]]
        if part["next"] is None:
            break
        cursor = f"&cursor={part['next']}"
    assert seen == [t["id"] for t in whole["tickets"]]
    assert (await (await Client.of(site, world.outsider)).get(path)).status_code == 404
    assert (await site.guest().get(path)).status_code == 401
    for wrong in (
        "cursor=x",
        "cursor=0-1",
        "cursor=1-",
        "limit=0",
        "limit=201",
        "limit=x",
        f"cursor=1-{10**25}",
    ):
        assert (await team.get(f"{path}?{wrong}")).status_code == 422, wrong


async def test_a_cursor_goes_on_where_it_was_when_the_first_was_answered(site: Site) -> None:
    world = await World.make(site)
    for n in range(4):
        await world.ask(f"Question {n} of four")
    team = await Client.of(site, world.supporter)
    path = "/api/v1/projects/pelican/queue"
    first = (await team.get(f"{path}?limit=2")).json()
    sent = await team.post(f"/api/v1/tickets/{first['tickets'][0]['id']}/answers", markdown="So.", purpose="reply")
    assert sent.json()["state"] == "answered"
    second = (await team.get(f"{path}?limit=2&cursor={first['next']}")).json()
    assert len(second["tickets"]) == 2
    assert {t["id"] for t in second["tickets"]}.isdisjoint(t["id"] for t in first["tickets"])


async def test_a_ticket_that_a_member_may_not_read_keeps_its_place_without_its_thread(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("A question to be hidden")
    await execute("update thread set visibility = 'private' where id = $1", asked.posted.thread)
    team = await Client.of(site, world.supporter)
    shown = (await team.get("/api/v1/projects/pelican/queue")).json()["tickets"]
    assert [(t["id"], t["thread_id"]) for t in shown] == [(asked.ticket, None)]


async def test_answers_follow_the_purposes_and_the_roles(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    path = f"/api/v1/tickets/{asked.ticket}/answers"
    team, stranger = await Client.of(site, world.supporter), await Client.of(site, world.outsider)
    facts = await team.post(path, markdown="Which version?", purpose="facts")
    assert facts.status_code == 201
    assert facts.json()["number"] == 2 and facts.json()["state"] == "needs_facts"
    assert (await stranger.post(path, markdown="Solved.", purpose="resolve")).status_code == 403
    said = await stranger.post(path, markdown="I had that, too.")
    assert said.status_code == 201 and said.json()["state"] == "needs_facts"
    assert (await team.post(path, markdown="So.", purpose="resolve")).json()["state"] == "resolved"
    assert (await team.post(path, markdown="So.", purpose="bribe")).status_code == 422
    assert (await team.post("/api/v1/tickets/999999/answers", markdown="So.")).status_code == 404
    hidden = await world.ask("Kept as a draft", capacity="")
    for client in (team, stranger):
        assert (await client.post(f"/api/v1/tickets/{hidden.ticket}/answers", markdown="So.")).status_code == 404


async def test_answers_have_the_described_shapes(site: Site) -> None:
    world = await World.make(site)
    described = document(site.settings.base_url)
    client = await Client.of(site, world.owner)
    made = await client.post("/api/v1/projects/pelican/tickets", **TICKET, accept_terms=await terms_in_force())
    answers = {
        "Projects": await client.get("/api/v1/projects"),
        "Queue": await client.get("/api/v1/projects/pelican/queue"),
        "TicketMade": made,
        "AnswerMade": await client.post(f"/api/v1/tickets/{made.json()['ticket']}/answers", markdown="So."),
        "Problem": await client.get("/api/v1/projects/nowhere/queue"),
    }
    for name, answer in answers.items():
        assert not faults(answer.json(), resolved(described["components"]["schemas"][name], described)), name


def resolved(schema: Any, whole: dict[str, Any]) -> Any:
    """A schema with what it refers to put in."""
    if isinstance(schema, list):
        return [resolved(part, whole) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return resolved(whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]], whole)
    return {key: resolved(value, whole) for key, value in schema.items()}


async def test_the_description_knows_every_call_and_no_other(site: Site) -> None:
    described = (await site.guest().get("/api/v1/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    routes = {
        (route.path, method.lower())
        for route in all_routes()
        if isinstance(route, AccessRoute) and route.path.startswith("/api/v1/")
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert routes == {(path, method) for path, calls in described["paths"].items() for method in calls}


async def test_hostile_json_is_refused_and_breaks_nothing(site: Site, shared_data: Path) -> None:
    world = await World.make(site)
    client = await Client.of(site, world.owner)
    headers = {**client.headers, "content-type": "application/json"}
    files = sorted((shared_data / "hostile" / "json").glob("*.json"))
    assert len(files) > 300
    wrong = {}
    for file in files:
        for path in ("/posts.json", "/api/v1/projects/pelican/tickets"):
            answer = await client.browser.http.post(path, content=file.read_bytes(), headers=headers)
            if not 400 <= answer.status_code < 500:
                wrong[file.name, path] = answer.status_code
    assert not wrong
    assert await fetch_value("select count(*) from thread") == 0


async def test_json_that_is_no_object_nan_and_other_encodings_are_refused(site: Site) -> None:
    world = await World.make(site)
    client = await Client.of(site, world.owner)
    headers = {**client.headers, "content-type": "application/json"}
    good = json.dumps({**TICKET, "accept_terms": await terms_in_force()})
    bodies = [
        b"",
        b"[]",
        b"null",
        b'"x"',
        good.replace('"personal"', "NaN").encode(),
        good.encode("utf-16"),
        b"\xef\xbb\xbf" + good.encode(),
        good.encode()[:-1],
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"title": ' + b"9" * 10_000 + b"}",
    ]
    for body in bodies:
        sent = await client.browser.http.post("/api/v1/projects/pelican/tickets", content=body, headers=headers)
        assert sent.status_code == 422, body[:40]
    too_large = await client.browser.http.post("/posts.json", content=b" " * 1_000_001, headers=headers)
    assert too_large.status_code == 413
    odd = await client.browser.http.post("/posts.json", content=b"x", headers=headers | {"content-type": "text/plain"})
    assert odd.status_code == 415
