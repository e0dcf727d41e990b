"""What we ask of Stripe through its official library, and what we make of its answers, whatever goes wrong."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forum.doctor import check_stripe
from forum.outside import stripe as client
from forum.outside.stripe import Checkout, Refused, Unsure
from forum.settings import Settings
from tests.helpers.stripe import Stripe
from tests.standins.process import ROOT

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


async def checkout(stripe: Stripe, key: str = "bump-1", **more: Any) -> Checkout:
    asked: dict[str, Any] = {
        "amount": 5_950,
        "currency": "EUR",
        "description": "Bump of ticket 12",
        "success_url": "https://help.example.org/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://help.example.org/t/12",
        "customer_email": "ana@example.org",
        "metadata": {"bump": "1"},
    }
    return await client.create_checkout(stripe.access, key=key, **asked | more)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's pauses between tries, shortened; its tries are its own."""
    monkeypatch.setattr(client.library().HTTPXClient, "INITIAL_DELAY", 0.01)
    monkeypatch.setattr(client.library().HTTPXClient, "MAX_DELAY", 0.05)


def asked(stripe: Stripe, ending: str) -> list[dict[str, Any]]:
    return [each for each in stripe.noted("heard") if each["path"].endswith(ending)]


async def test_a_session_is_made_paid_and_read(stripe: Stripe) -> None:
    made = await checkout(stripe)
    assert (made.status, made.is_paid, made.amount, made.currency) == ("open", False, 5_950, "EUR")
    assert made.url == f"{stripe.url}/c/pay/{made.id}" and made.metadata == {"bump": "1"}
    assert (made.payment_intent, made.charge, made.fee) == ("", "", None)
    stripe.pay(made.id)
    paid = await client.retrieve_checkout(stripe.access, made.id)
    assert (paid.status, paid.is_paid, paid.url) == ("complete", True, "")
    assert paid.payment_intent.startswith("pi_") and paid.charge.startswith("ch_")
    # 1.5 % of 59.50 and 0.25
    assert (paid.fee, paid.fee_currency) == (114, "EUR")
    [request] = asked(stripe, "/checkout/sessions")
    assert request["stripe-version"] == client.VERSION and request["idempotency-key"] == "bump-1"
    [event] = stripe.events("charge.succeeded")
    assert event["data"]["object"]["metadata"] == {"bump": "1"}


async def test_one_key_makes_one_session_and_another_body_is_refused(stripe: Stripe) -> None:
    made = await asyncio.gather(*(checkout(stripe) for _ in range(5)), return_exceptions=True)
    ids = {each.id for each in made if isinstance(each, Checkout)}
    assert len(ids) == 1 and all(isinstance(each, Checkout | Unsure) for each in made)
    assert (await checkout(stripe)).id in ids
    with pytest.raises(Refused) as refused:
        await checkout(stripe, amount=9_900)
    assert refused.value.status == 400 and "idempotent" in refused.value.message
    assert (await checkout(stripe, key="bump-2")).id not in ids


@pytest.mark.parametrize("kind", ["cut", "error"])
@pytest.mark.parametrize("does_it", [True, False])
async def test_an_answer_that_was_lost_is_asked_for_again_and_makes_nothing_twice(
    stripe: Stripe, kind: str, does_it: bool
) -> None:
    stripe.fail("POST", "/checkout/sessions", kind, does_it=does_it, times=2)
    made = await checkout(stripe)
    requests = asked(stripe, "/checkout/sessions")
    assert len(requests) == 3 and {each["idempotency-key"] for each in requests} == {"bump-1"}
    assert [each["id"] for each in stripe.ask("GET", "/checkout/sessions")["data"]] == [made.id]


async def test_tries_come_to_an_end_and_leave_it_open_whether_it_was_done(stripe: Stripe) -> None:
    stripe.fail("POST", "/checkout/sessions", "cut", does_it=True, times=3)
    with pytest.raises(Unsure):
        await checkout(stripe)
    assert len(asked(stripe, "/checkout/sessions")) == 1 + client.RETRIES
    made = await checkout(stripe)
    stripe.pay(made.id)
    stripe.fail("POST", "/refunds", "cut", does_it=True, times=3)
    paid = await client.retrieve_checkout(stripe.access, made.id)
    with pytest.raises(Unsure):
        await client.refund(stripe.access, paid.payment_intent, 1_000, "EUR", "refund-1")
    await client.refund(stripe.access, paid.payment_intent, 1_000, "EUR", "refund-1")
    assert len(stripe.events("charge.refunded")) == 1


async def test_silence_ends(stripe: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SILENCE", 0.2)
    stripe.fail("POST", "/checkout/sessions", "hang", does_it=True, times=3)
    with pytest.raises(Unsure):
        await checkout(stripe)
    made = await checkout(stripe)
    assert made.status == "open" and len(asked(stripe, "/checkout/sessions")) == 2 + client.RETRIES
    monkeypatch.setattr(client, "SILENCE", 15.0)
    monkeypatch.setattr(client, "TRY_FOR", 0.2)
    stripe.fail("GET", f"/checkout/sessions/{made.id}", "hang")
    with pytest.raises(Unsure):
        await client.retrieve_checkout(stripe.access, made.id)


async def test_what_is_refused_says_why(stripe: Stripe) -> None:
    with pytest.raises(Refused) as refused:
        await checkout(stripe, amount=10)
    assert (refused.value.status, refused.value.code) == (400, "amount_too_small")
    with pytest.raises(Refused) as refused:
        await checkout(stripe, key="b", customer_email="nobody")
    assert refused.value.param == "customer_email"
    with pytest.raises(Refused) as refused:
        await client.retrieve_checkout(stripe.access, "cs_test_none")
    assert refused.value.status == 404
    with pytest.raises(Refused) as refused:
        await client.create_checkout(
            replace(stripe.access, key="sk_test_stolen"),
            amount=100,
            currency="EUR",
            description="x",
            success_url="https://a.example",
            cancel_url="https://a.example",
            key="c",
            metadata={},
        )
    assert refused.value.status == 401 and "stolen" not in str(refused.value)


async def test_a_refund_gives_back_what_was_paid_and_no_more(stripe: Stripe) -> None:
    made = await checkout(stripe)
    stripe.pay(made.id)
    intent = (await client.retrieve_checkout(stripe.access, made.id)).payment_intent
    part = await client.refund(stripe.access, intent, 950, "EUR", "r-1")
    assert (part.status, part.amount, part.currency) == ("succeeded", 950, "EUR")
    assert (await client.refund(stripe.access, intent, 950, "EUR", "r-1")).id == part.id
    with pytest.raises(Refused):
        await client.refund(stripe.access, intent, 5_001, "EUR", "r-2")
    await client.refund(stripe.access, intent, 5_000, "EUR", "r-3")
    with pytest.raises(Refused) as refused:
        await client.refund(stripe.access, intent, 1, "EUR", "r-4")
    assert refused.value.code == "charge_already_refunded"
    told = [each["data"]["object"]["amount_refunded"] for each in stripe.events("charge.refunded")]
    assert told == [950, 5_950]


async def test_a_session_that_is_called_off_cannot_be_paid(stripe: Stripe) -> None:
    made = await checkout(stripe)
    assert (await client.expire_checkout(stripe.access, made.id, "e-1")).status == "expired"
    assert stripe.happen("pay", id=made.id).status_code == 404
    with pytest.raises(Refused):
        await client.expire_checkout(stripe.access, made.id, "e-2")


async def test_a_destination_gets_the_payment_less_the_fee_and_bears_its_refund(stripe: Stripe) -> None:
    wanted = {"type": "express", "capabilities[transfers][requested]": "true"}
    account = stripe.ask("POST", "/accounts", **wanted)["id"]
    with pytest.raises(Refused) as refused:
        await checkout(stripe, fee=298, destination=account)
    assert refused.value.code == "insufficient_capabilities_for_transfer"
    links = dict.fromkeys(("refresh_url", "return_url"), "https://help.example.org/back")
    stripe.ask("POST", "/account_links", account=account, type="account_onboarding", **links)
    stripe.onboard(account)
    made = await checkout(stripe, key="b", fee=298, destination=account)
    stripe.pay(made.id)

    def balance(of: str = "") -> int:
        return int(stripe.ask("GET", "/balance", of=of)["available"][0]["amount"])

    # ours: the fee, less what Stripe keeps of the payment
    assert (balance(account), balance()) == (5_950 - 298, 298 - 114)
    intent = (await client.retrieve_checkout(stripe.access, made.id)).payment_intent
    await client.refund(stripe.access, intent, 5_950, "EUR", "r-1", takes_back=True)
    assert (balance(account), balance()) == (0, -114)


async def test_events_are_listed_whole_and_in_order(stripe: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "A_PAGE", 2)
    for key in ("a", "b", "c"):
        stripe.pay((await checkout(stripe, key=key)).id)
    events = await client.list_events(stripe.access, EPOCH)
    assert [each.id for each in events] == [each["id"] for each in stripe.events()] and len(events) == 12
    completed = await client.list_events(stripe.access, EPOCH, ("checkout.session.completed", "charge.refunded"))
    assert [each.type for each in completed] == ["checkout.session.completed"] * 3
    assert completed[0].object["metadata"] == {"bump": "1"} and completed[0].account == ""
    assert await client.list_events(stripe.access, datetime.now(UTC) + timedelta(hours=1)) == []
    monkeypatch.setattr(client, "MOST_PAGES", 2)
    with pytest.raises(Unsure):
        await client.list_events(stripe.access, EPOCH)


def test_the_library_is_not_loaded_before_it_is_needed() -> None:
    told = "import sys, forum.outside.stripe; sys.exit('stripe' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", told], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}).returncode == 0


def test_amounts_are_counted_as_stripe_counts() -> None:
    for currency, ours, theirs in (("EUR", 5_950, 5_950), ("JPY", 500, 500), ("ISK", 700, 70_000), ("ugx", 9, 900)):
        assert client.to_stripe(ours, currency) == theirs and client.from_stripe(theirs, currency) == ours


async def test_the_environment_leads_nobody_astray(stripe: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a proxy of the environment nor what another part of the process set in the library's module counts."""
    library = client.library()
    with monkeypatch.context() as changed:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            changed.setenv(name, "http://127.0.0.1:9")
        changed.setattr(library, "api_key", "sk_live_of_somebody_else")
        changed.setattr(library, "api_base", "http://127.0.0.1:9")
        assert (await checkout(stripe)).status == "open"


async def test_a_key_does_not_travel_in_the_open(settings: Settings) -> None:
    for base in ("http://api.stripe.example", "ftp://127.0.0.1", "api.stripe.com", ""):
        with pytest.raises(Refused):
            client.access_of(replace(settings, stripe_secret_key="sk_test_x", stripe_api_base=base))
    with pytest.raises(Refused):
        client.access_of(settings)
    assert client.access_of(replace(settings, stripe_secret_key="sk_live_x")).is_live
    assert not client.access_of(replace(settings, stripe_secret_key="rk_test_x")).is_live
    assert "sk_live_x" not in repr(client.access_of(replace(settings, stripe_secret_key="sk_live_x")))
    assert "sk_test_x" not in str(replace(settings, stripe_secret_key="sk_test_x").described())


async def test_doctor_says_whether_the_key_works(stripe: Stripe, settings: Settings) -> None:
    good = stripe.settings(settings)
    assert (await check_stripe(settings)).ok is None
    check = await check_stripe(good)
    assert check.ok and "test mode" in check.detail and "http://testserver/webhooks/stripe" in check.detail
    for changed, why in (
        (replace(good, stripe_webhook_secret=""), "needed both"),
        (replace(good, stripe_secret_key=""), "needed both"),
        (replace(good, stripe_secret_key="sk_test_wrong"), "401"),
        (replace(good, stripe_api_base="http://stripe.example"), "not an https address"),
        (replace(good, stripe_api_base="http://127.0.0.1:9"), "does not answer"),
    ):
        check = await check_stripe(changed)
        assert check.ok is False and why in check.detail and "wrong" not in check.detail, check
