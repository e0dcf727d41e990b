"""Money by JSON: exactly the contract's shapes, one order a key, and no second door to a place (trust.md G81, G84, G91)."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from forum.api.openapi import document
from forum.database.engine import execute, fetch_one, fetch_value
from tests.helpers.hidden import access_routes, filled, fillings
from tests.helpers.money import balances
from tests.helpers.published import faults
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import asked
from tests.helpers.world import World
from tests.web.api.test_discourse import Client
from tests.web.api.test_v1 import resolved

BODY = {"amount": 5000, "currency": "EUR", "method": "offline"}


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def orders(client: Client, ticket: int, key: str | None, **body: Any) -> httpx.Response:
    headers = client.headers | ({"idempotency-key": key} if key is not None else {})
    sent: httpx.Response = await client.browser.http.post(
        f"/api/v1/tickets/{ticket}/bumps", json=BODY | body, headers=headers
    )
    return sent


async def client_of(world: World, browser: Browser) -> Client:
    return await Client.of(world.site, browser)


async def received(client: Client, bump: int) -> httpx.Response:
    answer: httpx.Response = await client.browser.http.post(f"/api/v1/bumps/{bump}/received", headers=client.headers)
    return answer


async def test_a_bump_is_ordered_received_and_has_moved_its_ticket(world: World) -> None:
    first, second = await asked(world), await asked(world, "How do I write a file?", by="bob")
    bob, owner = await client_of(world, second.ana), await client_of(world, world.owner)
    made = await orders(bob, second.ticket, "k1")
    assert made.status_code == 201, made.text
    row = await fetch_one("select * from bump")
    assert row is not None
    assert made.json() == {"bump": row["id"], "reference": row["reference"]}
    for _n in range(2):
        booked = await received(owner, row["id"])
        assert booked.status_code == 200, booked.text
        assert booked.json() == {
            "bump": row["id"],
            "state": "paid",
            "invoice": await fetch_value("select label from invoice"),
        }
    queue = (await owner.get("/api/v1/projects/pelican/queue")).json()["tickets"]
    assert [(t["id"], t["line"], t["rank_amount"]["amount"]) for t in queue] == [
        (second.ticket, "paid", 5000),
        (first.ticket, "unpaid", 0),
    ]
    described = document(world.site.settings.base_url)
    plans = await world.site.guest().get("/api/v1/projects/pelican/plans")
    for name, answer in {"BumpMade": made, "BumpReceived": booked, "Plans": plans}.items():
        assert not faults(answer.json(), resolved(described["components"]["schemas"][name], described)), name
    assert plans.json()["plans"][0] == {
        "kind": "pay_as_you_go",
        "minimum": {"amount": 5000, "currency": "EUR"},
        "open": True,
    }
    assert [plan["open"] for plan in plans.json()["plans"]] == [True, False, False]


async def test_fifty_at_once_under_one_key_make_one_bump_and_another_body_is_refused(world: World) -> None:
    one = await asked(world)
    ana = await client_of(world, one.ana)
    key = str(uuid4())
    answers = await asyncio.gather(*(orders(ana, one.ticket, key) for _n in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await fetch_value("select count(*) from bump") == 1
    for other in ({"amount": 6000}, {"billed_to": "Somebody else"}, {"tax_number": "X"}):
        refused = await orders(ana, one.ticket, key, **other)
        assert refused.status_code == 409, other
        assert refused.headers["content-type"] == "application/problem+json"
    second = await asked(world, "How do I write a file?")
    assert (await orders(ana, second.ticket, key)).status_code == 409
    mixed = await asyncio.gather(*(orders(ana, second.ticket, "m", amount=5000 + n % 2) for n in range(20)))
    assert {answer.status_code for answer in mixed} == {201, 409}
    assert await fetch_value("select count(*) from bump") == 2
    # a key is the caller's own: somebody else's call under it is another one
    bob = await asked(world, "How do I close a file?", by="bob")
    assert (await orders(await client_of(world, bob.ana), bob.ticket, key)).status_code == 201


async def test_twenty_receipts_at_once_book_once(world: World) -> None:
    one = await asked(world)
    bump = (await orders(await client_of(world, one.ana), one.ticket, "k")).json()["bump"]
    owner = await client_of(world, world.owner)
    answers = await asyncio.gather(*(received(owner, bump) for _n in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert (await one.row())["rank_amount"] == 5000
    assert (await balances())["entity", "cash"] == 5000
    assert await fetch_value("select count(*) from invoice") == 1


@pytest.mark.parametrize("key", [None, "", "   ", "k" * 256, "schl\u00fcssel"])
async def test_without_a_key_nothing_is_ordered(world: World, key: str | None) -> None:
    one = await asked(world)
    ana = await client_of(world, one.ana)
    headers = ana.headers | ({"idempotency-key": key.encode("utf-8")} if key is not None else {})
    refused = await ana.browser.http.post(f"/api/v1/tickets/{one.ticket}/bumps", json=BODY, headers=headers)
    assert refused.status_code == 422
    assert "Idempotency-Key" in refused.json()["errors"]
    assert await fetch_value("select count(*) from bump") == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", 50.0),
        ("amount", 5000.5),
        ("amount", True),
        ("amount", None),
        ("amount", "50.00"),
        ("amount", -5000),
        ("amount", 0),
        ("amount", 4999),
        ("amount", 10**18),
        ("amount", 10**40),
        ("amount", [5000]),
        ("currency", "USD"),
        ("currency", "eur"),
        ("currency", 7),
        ("method", "stripe"),
        ("method", "gift"),
        ("method", ""),
        ("billed_to", "x" * 1001),
        ("tax_number", "x" * 51),
        ("rank_amount", 100_000),
        ("state", "paid"),
        ("paid_at", "2026-01-01"),
        ("payer", 1),
        ("tax", 0),
        ("fee", 0),
    ],
)
async def test_what_is_no_integer_of_minor_units_or_not_asked_for_is_refused(
    world: World, field: str, value: Any
) -> None:
    one = await asked(world)
    refused = await orders(await client_of(world, one.ana), one.ticket, "k", **{field: value})
    assert refused.status_code == 422, refused.text
    assert field in refused.json()["errors"]
    assert await fetch_value("select count(*) from bump") == 0


async def test_nobody_but_the_requester_orders_and_nobody_but_the_owner_receives(world: World) -> None:
    one = await asked(world)
    ana = await client_of(world, one.ana)
    bump = (await orders(ana, one.ticket, "k")).json()["bump"]
    maintainer = await world.person("mia")
    await world.team(maintainer, "maintainer")
    for browser in (world.supporter, maintainer, world.owner, world.outsider):
        client = await client_of(world, browser)
        assert (await orders(client, one.ticket, "k")).status_code == 403
        assert (await orders(client, 999_999, "k")).status_code == 404
    for browser in (world.supporter, maintainer, world.outsider, one.ana):
        assert (await received(await client_of(world, browser), bump)).status_code == 404
    assert (await world.site.guest().http.post(f"/api/v1/bumps/{bump}/received")).status_code in (401, 403)
    assert await fetch_value("select state from bump") == "open"
    assert (await one.row())["rank_amount"] == 0


RAISES = ("rank_amount", "rank", "amount", "paid", "position", "due_at", "waiting_since", "line", "priority", "bump")


async def test_no_form_field_or_json_field_of_any_write_raises_a_ticket(world: World) -> None:
    """Every write of the site, sent by requester, supporter and owner with all that a place might go by (G91)."""
    one, other = await asked(world), await asked(world, "How do I write a file?", by="bob")
    wrong = []
    more = dict.fromkeys(RAISES, "100000") | {f"ticket[{name}]": "100000" for name in RAISES}
    fields = {
        "markdown": "Words.",
        "title": "A title of mine",
        "capacity": "personal",
        "terms": "1",
        "key": str(uuid4()),
    }
    asks = 0
    for route in access_routes():
        for method in (route.methods or set()) & {"POST", "PUT", "PATCH"}:
            if route.path == "/bumps/{id}/receipt" or route.path.endswith("/received"):
                continue
            for values in list(fillings(route.path, str(one.ticket)))[:1]:
                path = filled(route.path, values)
                for browser in (one.ana, world.supporter, world.owner):
                    headers = {"x-csrf-token": browser.token(), "idempotency-key": "k"}
                    await execute("delete from rate")
                    for sent in ({"data": fields | more}, {"json": fields | dict.fromkeys(RAISES, 100000)}):
                        answer = await browser.http.request(method, path, headers=headers, **sent)
                        asks += 1
                        if answer.status_code >= 500:
                            wrong.append(f"{method} {path}: {answer.status_code}")
                    if browser.person and not await fetch_value(
                        "select 1 from session where person_id = $1", browser.person
                    ):
                        fresh = await world.site.browser(browser.person)
                        browser.http.cookies = fresh.http.cookies
    assert asks > 200
    assert not wrong, wrong
    assert await fetch_value("select max(rank_amount) from ticket") == 0
    assert await fetch_value("select count(*) from bump where state = 'paid'") == 0
    assert await fetch_value("select count(*) from ledger_transaction") == 0
    assert other.ticket


async def test_methods_that_do_not_exist_raise_nothing(world: World) -> None:
    one = await asked(world)
    for browser in (one.ana, world.owner):
        client = await client_of(world, browser)
        for method in ("PUT", "PATCH", "DELETE"):
            for path in (
                f"/api/v1/tickets/{one.ticket}",
                f"/api/v1/tickets/{one.ticket}/bumps",
                f"/tickets/{one.ticket}",
                f"/t/-/{one.thread}.json",
            ):
                answer = await client.browser.http.request(
                    method,
                    path,
                    headers=client.headers,
                    content=json.dumps({"rank_amount": 5000, "ticket": {"rank_amount": 1}}),
                )
                assert 400 <= answer.status_code < 500, (method, path, answer.status_code)
    assert (await one.row())["rank_amount"] == 0
