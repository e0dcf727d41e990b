"""The door of other services: what is verified is kept once and handled once; anything else leaves no row (G85, G87, G92)."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.incoming import rules
from forum.incoming.signatures import check_github, check_stripe
from forum.incoming.sources import Delivery, Known, Source, forget, register
from forum.settings import Settings
from forum.web import sessions
from forum.web.errors import Invalid
from tests.helpers.site import Site

SECRET = "whsec_of_the_tests"


@dataclass
class Pond:
    """A service that signs as Stripe does. `fails`: how often handling an id goes wrong."""

    handled: list[str] = field(default_factory=list)
    fails: dict[str, int] = field(default_factory=dict)
    is_open: bool = True

    def verify(self, raw: bytes, headers: Mapping[str, str], _settings: Settings, now: datetime) -> Known:
        check_stripe(raw, headers.get("stripe-signature", ""), [SECRET], now)
        try:
            said = json.loads(raw)
            return Known(said["id"], said["type"], said.get("lane", ""))
        except (ValueError, TypeError, KeyError):
            raise Invalid("This is not an event.") from None

    async def handle(self, delivery: Delivery) -> None:
        # what it wrote before it failed must be gone
        await execute("insert into site_switch (name) values ($1)", f"{delivery.foreign_id}.{len(self.handled)}")
        if self.fails.get(delivery.foreign_id, 0) > 0:
            self.fails[delivery.foreign_id] -= 1
            raise RuntimeError("the pond is frozen\nwith canary in it")
        assert delivery.value["id"] == delivery.foreign_id
        self.handled.append(delivery.foreign_id)


@pytest.fixture
async def pond(site: Site) -> AsyncIterator[Pond]:
    made = Pond()
    register(Source("pond", lambda _settings: made.is_open, made.verify, made.handle, keeps=("stripe-signature",)))
    yield made
    forget("pond")


def event(name: str = "evt_1", **more: Any) -> bytes:
    return json.dumps({"id": name, "type": "paid", "email": "canary@example.org", **more}).encode()


def sign(body: bytes, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    t = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), b"%d.%s" % (t, body), hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={t},v1={mac}", "content-type": "application/json; charset=utf-8"}


async def deliver(site: Site, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    return await site.guest().http.post(
        "/webhooks/pond", content=body, headers=sign(body) if headers is None else headers
    )


async def due(site: Site) -> None:
    """Time goes by until whatever waits is due, and is done."""
    await execute("update incoming set next_at = now() where next_at is not null")
    await execute("update pgqueuer set execute_after = now() where status = 'queued'")
    await site.jobs()


async def written() -> int:
    """How often something was done that counts."""
    found: int = await fetch_value("select count(*) from site_switch where name like 'evt%'")
    return found


async def test_a_delivery_is_acknowledged_when_it_is_kept_and_handled_afterwards(site: Site, pond: Pond) -> None:
    body = event()
    answer = await deliver(site, body)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-cache"
    row = await fetch_one("select * from incoming")
    assert row is not None and row["handled_at"] is None and pond.handled == []
    assert (row["source"], row["foreign_id"], row["kind"], bytes(row["body"])) == ("pond", "evt_1", "paid", body)
    assert list(row["headers"]) == ["stripe-signature"]
    await site.jobs()
    assert pond.handled == ["evt_1"]
    assert await fetch_value("select handled_at is not null and next_at is null and failure = '' from incoming")


async def test_twenty_copies_at_once_and_more_afterwards_have_one_effect(site: Site, pond: Pond) -> None:
    body = event()
    answers = await asyncio.gather(*(deliver(site, body) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    await asyncio.gather(*(site.jobs() for _ in range(3)))
    assert (await deliver(site, body)).status_code == 200
    await site.jobs()
    assert pond.handled == ["evt_1"] and await fetch_value("select count(*) from incoming") == 1
    assert await written() == 1


async def test_jobs_of_one_delivery_at_once_have_one_effect(site: Site, pond: Pond) -> None:
    await deliver(site, event())
    await execute(
        "insert into pgqueuer (priority, entrypoint, payload, execute_after, status)"
        " select priority, entrypoint, payload, execute_after, status from pgqueuer, generate_series(1, 19)"
        " where entrypoint = 'handle_incoming'"
    )
    await asyncio.gather(*(site.jobs() for _ in range(4)))
    assert pond.handled == ["evt_1"] and await written() == 1


FORGED: dict[str, tuple[bytes, dict[str, str]]] = {
    "no signature": (event(), {}),
    "another secret": (event(), sign(event(), secret="whsec_guessed")),
    "altered": (event("evt_2"), sign(event())),
    "altered white space": (event() + b"\n", sign(event())),
    "stale": (event(), sign(event(), at=1_700_000_000)),
    "from the future": (event(), sign(event(), at=time.time() + 900)),
    "nonsense": (event(), {"stripe-signature": "t=now,v1=yes"}),
    "empty": (b"", {"stripe-signature": ""}),
}


@pytest.mark.parametrize(("body", "headers"), FORGED.values(), ids=FORGED)
async def test_what_is_forged_altered_or_stale_leaves_no_row(
    site: Site, pond: Pond, body: bytes, headers: dict[str, str]
) -> None:
    answer = await deliver(site, body, headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json" and SECRET not in answer.text
    assert await fetch_value("select count(*) from incoming") == 0
    assert await fetch_value("select count(*) from pgqueuer") == 0


@pytest.mark.parametrize("body", [b"[]", b"{}", b"not json", b"\xff", b'{"id": 5, "type": []}', event("x" * 256)])
async def test_what_is_signed_and_no_event_is_refused_without_breaking(site: Site, pond: Pond, body: bytes) -> None:
    answer = await deliver(site, body)
    assert answer.status_code == 422, answer.text
    assert await fetch_value("select count(*) from incoming") == 0


async def test_a_person_counts_for_nothing_there(site: Site, pond: Pond) -> None:
    admin = await site.member("adam", admin=True)
    cookie = {"cookie": f"{sessions.COOKIE}={admin.http.cookies[sessions.COOKIE]}", "x-csrf-token": admin.token()}
    assert (await deliver(site, event(), cookie)).status_code == 403
    assert (await deliver(site, event(), {"api-key": "k", "api-username": "adam"})).status_code == 403
    assert (await deliver(site, event(), sign(event()) | cookie)).status_code == 200
    assert (await admin.get("/webhooks/pond")).status_code == 405


async def test_a_body_that_is_too_large_is_not_read(site: Site, pond: Pond) -> None:
    body = event(filling="x" * 1_000_000)
    assert (await deliver(site, body)).status_code == 413
    assert await fetch_value("select count(*) from incoming") == 0


async def test_without_its_secret_the_door_is_not_there(site: Site, pond: Pond) -> None:
    pond.is_open = False
    nothing = await site.guest().http.post("/webhooks/nobody", content=event(), headers=sign(event()))
    closed = await deliver(site, event())
    assert (closed.status_code, closed.text) == (nothing.status_code, nothing.text)
    assert closed.status_code == 404 and await fetch_value("select count(*) from incoming") == 0


async def test_what_fails_leaves_nothing_is_tried_again_and_counts_once_done(site: Site, pond: Pond) -> None:
    pond.fails["evt_1"] = 2
    await deliver(site, event())
    await site.jobs()
    row = await fetch_one("select *, next_at - now() as pause from incoming")
    assert row is not None and row["handled_at"] is None and await written() == 0
    assert row["failure"] == "RuntimeError: the pond is frozen" and 5 < row["pause"].total_seconds() <= 10
    await site.jobs()
    assert await fetch_value("select tries from incoming") == 1, "not before its time"
    await due(site)
    assert await fetch_value("select tries from incoming where handled_at is null") == 2
    await due(site)
    assert pond.handled == ["evt_1"] and await written() == 1
    assert await fetch_value("select handled_at is not null and failure = '' from incoming")


async def test_what_never_succeeds_is_given_up_and_waits_for_an_admin(site: Site, pond: Pond) -> None:
    pond.fails["evt_1"] = 9
    await deliver(site, event())
    await site.jobs()
    for _ in range(12):
        await due(site)
    row = await fetch_one("select * from incoming")
    assert row is not None and (row["tries"], row["next_at"], row["handled_at"]) == (9, None, None)
    assert await fetch_value("select count(*) from pgqueuer") == 0
    admin = await site.member("adam", admin=True)
    assert "given up" in (await admin.get("/admin/incoming")).text
    assert (await admin.post(f"/admin/incoming/{row['id']}/again")).status_code == 303
    await site.jobs()
    assert pond.handled == ["evt_1"] and await written() == 1


async def test_one_lane_is_handled_in_order_and_another_does_not_wait_for_it(
    site: Site, pond: Pond, monkeypatch: pytest.MonkeyPatch
) -> None:
    # on a slow machine ten seconds go by before the others are handled
    monkeypatch.setattr(rules, "PAUSES", (timedelta(hours=1),))
    pond.fails["evt_1"] = 1
    for name, lane in (("evt_1", "heron"), ("evt_2", "heron"), ("evt_3", "otter"), ("evt_4", "heron")):
        await deliver(site, event(name, lane=lane))
    await asyncio.gather(*(site.jobs() for _ in range(3)))
    assert pond.handled == ["evt_3"]
    await execute("update incoming set next_at = now() where next_at is not null")
    await execute("update pgqueuer set execute_after = now() where status = 'queued'")
    await asyncio.gather(*(site.jobs() for _ in range(3)))
    assert pond.handled == ["evt_3", "evt_1", "evt_2", "evt_4"]
    assert await fetch_value("select count(*) from pgqueuer") == 0


async def test_one_that_was_given_up_holds_nobody_back(site: Site, pond: Pond) -> None:
    pond.fails["evt_1"] = 99
    await deliver(site, event("evt_1", lane="heron"))
    await site.jobs()
    await execute("update incoming set tries = 8")
    await deliver(site, event("evt_2", lane="heron"))
    await due(site)
    assert pond.handled == ["evt_2"]
    assert await fetch("select foreign_id from incoming where handled_at is null and next_at is null")


async def test_two_workers_never_handle_one_lane_at_once(site: Site, pond: Pond) -> None:
    inside: list[str] = []
    most = 0

    async def slow(delivery: Delivery) -> None:
        nonlocal most
        inside.append(delivery.foreign_id)
        most = max(most, len(inside))
        await fetch_value("select pg_sleep(0.01)")
        inside.remove(delivery.foreign_id)
        pond.handled.append(delivery.foreign_id)

    register(Source("pond", lambda _settings: True, pond.verify, slow))
    names = [f"evt_{n:02}" for n in range(12)]
    for name in names:
        await deliver(site, event(name, lane="heron"))
    await asyncio.gather(*(site.jobs() for _ in range(4)))
    assert pond.handled == names and most == 1


async def test_bytes_are_forgotten_and_the_copy_of_a_handled_one_still_counts_for_nothing(
    site: Site, pond: Pond
) -> None:
    await deliver(site, event("evt_1"))
    await site.jobs()
    await deliver(site, event("evt_2"))
    forget_job = "insert into pgqueuer (priority, entrypoint, status) values (0, 'forget_incoming', 'queued')"
    await execute("update incoming set handled_at = now() - interval '89 days' where foreign_id = 'evt_1'")
    await execute(forget_job)
    await site.jobs()
    assert await fetch_value("select count(*) from incoming where body is null") == 0
    await execute("update incoming set handled_at = now() - interval '91 days' where foreign_id = 'evt_1'")
    await execute(forget_job)
    await site.jobs()
    assert [row["foreign_id"] for row in await fetch("select foreign_id from incoming where body is null")] == ["evt_1"]
    await deliver(site, event("evt_1"))
    await site.jobs()
    assert pond.handled == ["evt_1", "evt_2"]
    admin = await site.member("adam", admin=True)
    old = await fetch_value("select id from incoming where body is null")
    assert (await admin.post(f"/admin/incoming/{old}/again")).status_code == 409


async def test_githubs_deliveries_are_told_apart_by_their_id(site: Site) -> None:
    """The scheme of GitHub through the same door: signed on raw bytes, its delivery's id counts once (G92)."""
    secret, handled = "It's a Secret to Everybody", list[str]()

    def verify(raw: bytes, headers: Mapping[str, str], _settings: Settings, _now: datetime) -> Known:
        check_github(raw, headers.get("x-hub-signature-256", ""), secret)
        return Known(headers.get("x-github-delivery", ""), headers.get("x-github-event", ""))

    async def handle(delivery: Delivery) -> None:
        handled.append(delivery.foreign_id)

    register(Source("github", lambda _settings: True, verify, handle))
    try:
        body = b'{"action":  "closed"}'
        mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-hub-signature-256": f"sha256={mac}", "x-github-event": "issues"}
        http = site.guest().http
        for guid in ("a-1", "a-1", "a-2"):
            headers["x-github-delivery"] = guid
            assert (await http.post("/webhooks/github", content=body, headers=headers)).status_code == 200
        spaced = b'{"action": "closed"}'
        assert (await http.post("/webhooks/github", content=spaced, headers=headers)).status_code == 403
        del headers["x-github-delivery"]
        assert (await http.post("/webhooks/github", content=body, headers=headers)).status_code == 422
        await site.jobs()
    finally:
        forget("github")
    assert sorted(handled) == ["a-1", "a-2"] and await fetch_value("select count(*) from incoming") == 2


async def test_a_form_signed_by_a_service_is_read_as_bytes(site: Site, pond: Pond) -> None:
    body = event()
    headers = sign(body) | {"content-type": "application/x-www-form-urlencoded"}
    assert (await deliver(site, body, headers)).status_code == 200
    assert bytes(await fetch_value("select body from incoming")) == body


async def test_the_settings_of_the_request_reach_the_sender(site: Site, pond: Pond) -> None:
    seen: list[Settings] = []

    def verify(raw: bytes, headers: Mapping[str, str], settings: Settings, now: datetime) -> Known:
        seen.append(settings)
        return pond.verify(raw, headers, settings, now)

    register(Source("pond", lambda settings: settings.site_name == "Test Help", verify, pond.handle))
    assert (await deliver(site, event())).status_code == 200
    assert seen == [site.settings]
    async with Site.open(replace(site.settings, site_name="Another")) as other:
        assert (await deliver(other, event("evt_2"))).status_code == 404
