"""Stripe's events through the door of what comes in: signed as Stripe signs, each handled once (trust.md G85, G87)."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from forum.database.engine import fetch_value
from forum.incoming.sources import forget, register
from forum.outside.stripe import Event, webhook_source
from forum.settings import Settings
from tests.helpers.site import Site
from tests.standins.stripe_webhooks import signed

SECRET = "whsec_of_the_tests"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, stripe_secret_key="sk_test_x", stripe_webhook_secret=f"whsec_of_accounts, {SECRET}")


@pytest.fixture
async def handled(site: Site) -> AsyncIterator[list[Event]]:
    found: list[Event] = []

    async def handle(event: Event) -> None:
        found.append(event)

    register(webhook_source(handle))
    yield found
    forget("stripe")


def event(**more: Any) -> bytes:
    said: dict[str, Any] = {"id": "evt_1", "object": "event", "type": "checkout.session.completed", "livemode": False}
    said |= {"created": 1_760_000_000, "data": {"object": {"id": "cs_1", "metadata": {"bump": "1"}}}}
    return json.dumps(said | more).encode()


async def deliver(site: Site, body: bytes, how: str = "good", secret: str = SECRET) -> httpx.Response:
    sent, signature = signed(body, secret, how)
    headers = {"content-type": "application/json; charset=utf-8"} | (
        {"stripe-signature": signature} if signature else {}
    )
    return await site.guest().http.post("/webhooks/stripe", content=sent, headers=headers)


async def test_an_event_is_handled_once_however_often_it_comes(site: Site, handled: list[Event]) -> None:
    answers = await asyncio.gather(*(deliver(site, event()) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    await asyncio.gather(site.jobs(), site.jobs())
    [one] = handled
    assert (one.id, one.type, one.account, one.object["metadata"]) == (
        "evt_1",
        "checkout.session.completed",
        "",
        {"bump": "1"},
    )
    assert one.created.timestamp() == 1_760_000_000
    await deliver(site, event(), "rolled")
    await deliver(site, event(id="evt_2", account="acct_1"), secret="whsec_of_accounts")
    await site.jobs()
    assert [(each.id, each.account) for each in handled] == [("evt_1", ""), ("evt_2", "acct_1")]


@pytest.mark.parametrize("how", ["wrong", "stale", "altered", "none"])
async def test_a_forged_one_leaves_nothing(site: Site, handled: list[Event], how: str) -> None:
    assert (await deliver(site, event(), how)).status_code == 403
    assert await fetch_value("select count(*) from incoming") == 0
    assert (await deliver(site, event())).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        *[event(**{name: None}) for name in ("id", "type", "object", "data")],
    ]
    + [event(created="now"), event(created=10**30), event(id=7), event(data={"object": []})],
)
async def test_what_is_signed_and_is_no_event_is_refused(site: Site, handled: list[Event], body: bytes) -> None:
    assert (await deliver(site, body)).status_code == 422
    assert await fetch_value("select count(*) from incoming") == 0


@pytest.mark.parametrize("unset", ["stripe_secret_key", "stripe_webhook_secret"])
async def test_the_door_needs_both_secrets(site: Site, handled: list[Event], unset: str) -> None:
    changed: dict[str, Any] = {unset: ""}
    async with Site.open(replace(site.settings, **changed)) as closed:
        assert (await deliver(closed, event())).status_code == 404
        assert (await deliver(closed, event(), secret="")).status_code == 404
    assert await fetch_value("select count(*) from incoming") == 0


async def test_a_comma_alone_opens_nothing_to_an_empty_secret(site: Site, handled: list[Event]) -> None:
    async with Site.open(replace(site.settings, stripe_webhook_secret=" , ")) as odd:
        assert (await deliver(odd, event(), secret="")).status_code == 403
