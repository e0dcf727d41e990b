"""The stand-in for Stripe is as strict as its official description, as forgetful as a bad day, and answers in its shapes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import stripe as library

from tests.helpers.stripe import SECRET, Json, Stripe
from tests.standins.process import PLAIN
from tests.standins.stripe import KEY
from tests.standins.stripe_calls import CALLS
from tests.standins.stripe_description import fixtures, operations

SESSION = {
    "mode": "payment",
    "success_url": "https://help.example.org/paid?session={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://help.example.org/back",
    "line_items[0][quantity]": "2",
    "line_items[0][price_data][currency]": "eur",
    "line_items[0][price_data][unit_amount]": "2500",
    "line_items[0][price_data][product_data][name]": "A bump",
    "payment_intent_data[metadata][bump]": "1",
}


def new_session(stripe: Stripe, **more: str) -> Json:
    return stripe.ask("POST", "/checkout/sessions", **SESSION | more)


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[str, list[tuple[bytes, str]], list[int]]]:
    """A site that hears webhooks: its address, what came as (body, signature), and the statuses it answers with next."""
    heard: list[tuple[bytes, str]] = []
    statuses: list[int] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = dict(line.split(": ", 1) for line in head.strip().split("\r\n")[1:])
        headers = {name.lower(): value for name, value in lines.items()}
        body = await reader.readexactly(int(headers["content-length"]))
        heard.append((body, headers.get("stripe-signature", "")))
        status = statuses.pop(0) if statuses else 200
        writer.write(f"HTTP/1.1 {status} OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/stripe", heard, statuses
    finally:
        server.close()
        await server.wait_closed()


def same_shape(answer: Json, fixture: Json, *, but: tuple[str, ...] = ()) -> None:
    assert set(answer) - set(but) == set(fixture), answer["object"]


def test_it_does_what_it_says_and_all_of_it_is_in_the_description(stripe: Stripe) -> None:
    described = {(each.method, each.path) for each in operations()}
    # calls that the description at hand was cut down by
    cut = {"/v1/application_fees", "/v1/application_fees/{id}", "/v1/disputes/{dispute}"}
    assert {call for call in CALLS if call[1] not in cut} <= described


def test_answers_have_the_shapes_of_the_fixtures(stripe: Stripe) -> None:
    session = new_session(stripe)
    same_shape(session, fixtures()["checkout.session"])
    assert session["url"] == f"{stripe.url}/c/pay/{session['id']}" and session["payment_intent"] is None
    paid = stripe.pay(session["id"])
    intent = stripe.ask("GET", f"/payment_intents/{paid['payment_intent']}")
    same_shape(intent, fixtures()["payment_intent"])
    charge = stripe.ask("GET", f"/charges/{intent['latest_charge']}")
    same_shape(charge, fixtures()["charge"])
    moved = stripe.ask("GET", f"/balance_transactions/{charge['balance_transaction']}")
    same_shape(moved, fixtures()["balance_transaction"])
    assert (moved["amount"], moved["fee"], moved["net"]) == (5000, 100, 4900)
    refund = stripe.ask("POST", "/refunds", payment_intent=intent["id"], amount="1000")
    same_shape(refund, fixtures()["refund"])
    [item] = stripe.ask("GET", f"/checkout/sessions/{session['id']}/line_items")["data"]
    same_shape(item, fixtures()["item"])
    assert (item["amount_total"], item["quantity"], item["description"]) == (5000, 2, "A bump")
    for event in stripe.events():
        same_shape(event, fixtures()["event"])
        same_shape(event["data"]["object"], fixtures()[event["data"]["object"]["object"]])
    kinds = [event["type"] for event in stripe.events()]
    first, then = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"], ["charge.refunded"]
    assert kinds == [*first, "checkout.session.completed", *then, "refund.created"]
    assert stripe.ask("GET", "/balance")["available"][0]["amount"] == 3900


BAD: dict[str, dict[str, str]] = {
    "a parameter nobody knows": {"colour": "red"},
    "one inside another": {"payment_intent_data[colour]": "red"},
    "one inside a list": {"line_items[0][price_data][colour]": "red"},
    "no number": {"line_items[0][quantity]": "two"},
    "half a cent": {"line_items[0][price_data][unit_amount]": "0.5"},
    "no such word": {"mode": "gift"},
    "too long": {"client_reference_id": "x" * 201},
    "a list that is none": {"line_items": "x"},
    "a list with a hole": {"line_items[2][quantity]": "1"},
    "an object that is none": {"metadata": "x"},
    "empty where needed": {"success_url": ""},
}


@pytest.mark.parametrize("more", BAD.values(), ids=BAD)
def test_what_the_description_does_not_allow_is_refused_and_noted(stripe_process: Stripe, more: dict[str, str]) -> None:
    stripe_process.reset()
    answer = new_session(stripe_process, **more)
    assert answer["error"]["type"] == "invalid_request_error", answer
    assert len(stripe_process.noted("wrong")) == 1 and stripe_process.events() == []
    assert stripe_process.ask("GET", "/checkout/sessions")["data"] == []


def test_calls_that_do_not_exist_are_refused(stripe_process: Stripe) -> None:
    stripe_process.reset()
    for method, path in (("POST", "/checkout/session"), ("DELETE", "/refunds"), ("GET", "/balance/now/then")):
        assert "Unrecognized request URL" in stripe_process.ask(method, path)["error"]["message"]
    assert "does not do" in stripe_process.ask("GET", "/customers")["error"]["message"]
    assert "unknown parameter" in stripe_process.ask("GET", "/events", colour="red")["error"]["message"]
    assert len(stripe_process.noted("wrong")) == 5


def test_what_the_description_allows_and_stripe_does_not_is_refused_too(stripe: Stripe) -> None:
    soon = {"expires_at": str(int(time.time()) + 60)}
    for more, param in (
        ({"success_url": "/paid"}, "success_url"),
        ({"customer_email": "ana"}, "customer_email"),
        ({"line_items[0][price_data][currency]": "EUR"}, "line_items[0][price_data][currency]"),
        ({"line_items[0][price_data][unit_amount]": "20"}, "line_items"),
        ({"payment_intent_data[application_fee_amount]": "10"}, "payment_intent_data[application_fee_amount]"),
        (
            {"payment_intent_data[transfer_data][destination]": "acct_none"},
            "payment_intent_data[transfer_data][destination]",
        ),
        ({"metadata[x]": "y" * 501}, "metadata"),
        (soon, "expires_at"),
    ):
        assert new_session(stripe, **more)["error"]["param"] == param
    assert stripe.ask("GET", "/checkout/sessions")["data"] == []


def test_who_asks_must_be_known(stripe: Stripe) -> None:
    with httpx.Client(base_url=stripe.url, **PLAIN) as http:
        for headers in ({}, {"authorization": "Bearer sk_test_other"}, {"authorization": KEY}):
            answer = http.get("/v1/balance", headers=headers)
            assert answer.status_code == 401 and KEY not in answer.text
        known = {"authorization": f"Bearer {KEY}"}
        assert http.get("/v1/balance", headers=known | {"stripe-account": "acct_none"}).status_code == 403
        assert http.get("/v1/balance", headers=known | {"stripe-version": "newest"}).status_code == 400
        answer = http.get("/v1/balance", headers=known | {"stripe-version": "2023-08-16"})
        assert answer.headers["stripe-version"] == "2023-08-16" and answer.headers["request-id"].startswith("req_")
        assert http.post("/v1/refunds", headers=known, json={}).status_code == 400
    assert "Content-Type" in stripe.noted("wrong").pop()
    stripe.reset()


async def test_a_key_is_answered_once(stripe: Stripe) -> None:
    stripe.tell(slow=0.3)
    async with httpx.AsyncClient(base_url=stripe.url, **PLAIN) as http:

        async def send(key: str, **more: str) -> httpx.Response:
            headers = {"authorization": f"Bearer {KEY}", "idempotency-key": key}
            return await http.post("/v1/checkout/sessions", data=SESSION | more, headers=headers)

        answers = await asyncio.gather(*(send("a") for _ in range(4)))
        assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
        [first] = [each for each in answers if each.status_code == 200]
        again = await send("a")
        assert again.json() == first.json() and again.headers["idempotent-replayed"] == "true"
        assert again.headers["original-request"] == first.headers["request-id"]
        other = await send("a", client_reference_id="x")
        assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
        assert (await send("b")).json()["id"] != first.json()["id"]
        assert (await send("x" * 256)).status_code == 400
        # a refusal is an answer too
        refused = await send("c", customer_email="nobody")
        assert (await send("c", customer_email="nobody")).json() == refused.json()


def test_the_official_library_is_content_with_it(stripe: Stripe) -> None:
    client = library.StripeClient(KEY, base_addresses={"api": stripe.url}, max_network_retries=0)
    assert client.v1.balance.retrieve().available[0].amount == 0
    made = client.v1.checkout.sessions.retrieve(new_session(stripe)["id"], {"expand": ["line_items"]})
    assert made.line_items is not None and made.line_items.data[0].amount_total == 5000
    with pytest.raises(library.InvalidRequestError):
        client.v1.checkout.sessions.retrieve("cs_test_none")
    with pytest.raises(library.AuthenticationError):
        library.StripeClient("sk_test_x", base_addresses={"api": stripe.url}).v1.balance.retrieve()


async def test_it_tells_of_what_happens_signed_as_the_library_wants_it(stripe: Stripe) -> None:
    async with receiver() as (url, heard, _statuses):
        stripe.tell(url=url)
        session = new_session(stripe)
        await asyncio.to_thread(stripe.pay, session["id"])
        events = await asyncio.to_thread(stripe.events)
        read = [library.Webhook.construct_event(body, signature, SECRET) for body, signature in heard]
        assert sorted(each.id for each in read) == sorted(each["id"] for each in events) and len(read) == 4
        [completed] = [each for each in read if each.type == "checkout.session.completed"]
        assert completed.data.object["payment_status"] == "paid"


async def test_it_tells_again_what_was_not_taken(stripe: Stripe) -> None:
    async with receiver() as (url, heard, statuses):
        statuses += [500, 503]
        stripe.tell(url=url)
        session = new_session(stripe)
        stripe.ask("POST", f"/checkout/sessions/{session['id']}/expire")
        answers = await asyncio.to_thread(stripe.noted, "answers")
        assert [status for _id, status in answers] == [500, 503, 200] and len(heard) == 3
        assert len({body for body, _signature in heard}) == 1


async def test_it_tells_late_twice_out_of_order_and_forged_when_told_to(stripe: Stripe) -> None:
    async with receiver() as (url, heard, _statuses):
        stripe.tell(url=url, held=True)
        session = new_session(stripe)
        await asyncio.to_thread(stripe.pay, session["id"])
        ids = [each["id"] for each in await asyncio.to_thread(stripe.events)]
        assert heard == []

        async def deliver(*events: str, **more: Any) -> list[int]:
            return await asyncio.to_thread(lambda: stripe.deliver(*events, **more))

        assert await deliver(*reversed(ids), copies=2) == [200] * 8
        order = [json.loads(body)["id"] for body, _ in heard]
        assert order == [id for id in reversed(ids) for _ in range(2)]
        heard.clear()
        assert await deliver(ids[0], copies=20, at_once=True) == [200] * 20 and len(heard) == 20
        for signature in ("rolled", "good"):
            heard.clear()
            await deliver(ids[0], signature=signature)
            library.Webhook.construct_event(*heard[0], SECRET)
        for signature in ("wrong", "stale", "altered", "none"):
            heard.clear()
            await deliver(ids[0], signature=signature)
            with pytest.raises(library.SignatureVerificationError):
                library.Webhook.construct_event(*heard[0], SECRET)
    assert await deliver(ids[0]) == [0], "nobody is there any more"


def test_the_hosted_page_pays_declines_and_leads_back(stripe: Stripe) -> None:
    session = new_session(stripe)
    with httpx.Client(**PLAIN) as http:
        shown = http.get(session["url"])
        assert "50.00 EUR" in shown.text and "A bump" in shown.text and "<script" not in shown.text
        back = http.post(session["url"], data={"do": "cancel"})
        assert (back.status_code, back.headers["location"]) == (303, "https://help.example.org/back")
        declined = http.post(session["url"], data={"do": "decline"})
        assert declined.status_code == 200 and "declined" in declined.text
        paid = http.post(session["url"], data={"do": "pay"})
        assert paid.headers["location"] == f"https://help.example.org/paid?session={session['id']}"
        assert http.post(session["url"], data={"do": "pay"}).status_code == 404
    kinds = [each["type"] for each in stripe.events()]
    assert kinds.count("checkout.session.completed") == 1 and kinds.count("charge.succeeded") == 1
    assert kinds.index("payment_intent.payment_failed") < kinds.index("payment_intent.succeeded")
    [charge, failed] = stripe.ask("GET", "/charges")["data"]
    assert charge["paid"] and not failed["paid"] and charge["payment_intent"] == failed["payment_intent"]


@pytest.mark.parametrize("is_paid", [True, False])
def test_a_bank_takes_its_time(stripe: Stripe, is_paid: bool) -> None:
    session = new_session(stripe)
    paid = stripe.pay(session["id"], "later")
    assert (paid["status"], paid["payment_status"]) == ("complete", "unpaid")
    stripe.settle(session["id"], is_paid)
    now = stripe.ask("GET", f"/checkout/sessions/{session['id']}")
    assert now["payment_status"] == ("paid" if is_paid else "unpaid")
    kinds = [each["type"] for each in stripe.events() if each["type"].startswith("checkout")]
    end = f"checkout.session.async_payment_{'succeeded' if is_paid else 'failed'}"
    assert kinds == ["checkout.session.completed", end]
    assert stripe.ask("GET", "/balance")["available"][0]["amount"] == (4900 if is_paid else 0)


def test_time_passes_and_sessions_expire(stripe: Stripe) -> None:
    session = new_session(stripe)
    stripe.tell(ahead=24 * 3600 + 1)
    assert stripe.ask("GET", f"/checkout/sessions/{session['id']}")["status"] == "expired"
    assert [each["type"] for each in stripe.events()] == ["checkout.session.expired"]
    assert httpx.get(session["url"] or f"{stripe.url}/c/pay/{session['id']}", **PLAIN).status_code == 404


def test_a_dispute_takes_the_money_and_gives_it_back_when_won(stripe: Stripe) -> None:
    session = new_session(stripe)
    stripe.pay(session["id"])
    [charge] = stripe.ask("GET", "/charges")["data"]
    made = stripe.dispute(charge["id"])
    same_shape(made, fixtures()["dispute"])
    assert made["status"] == "needs_response"
    assert stripe.ask("GET", "/balance")["available"][0]["amount"] == 4900 - 5000 - 2000
    assert stripe.ask("POST", "/refunds", charge=charge["id"])["error"]["code"] == "charge_disputed"
    stripe.dispute(charge["id"], status="won")
    kinds = [each["type"] for each in stripe.events() if "dispute" in each["type"]]
    funds = "charge.dispute.funds_"
    assert kinds == [
        "charge.dispute.created",
        f"{funds}withdrawn",
        f"{funds}reinstated",
        "charge.dispute.closed",
    ]


def test_transfers_need_money_and_a_destination_that_may_have_it(stripe: Stripe) -> None:
    account = stripe.ask("POST", "/accounts", type="express", **{"capabilities[transfers][requested]": "true"})
    same_shape(account, fixtures()["account"])
    to = {"currency": "eur", "destination": account["id"]}
    assert "capabilities" in stripe.ask("POST", "/transfers", amount="100", **to)["error"]["message"]
    links = dict.fromkeys(("refresh_url", "return_url"), "https://help.example.org/back")
    link = stripe.ask("POST", "/account_links", account=account["id"], type="account_onboarding", **links)
    same_shape(link, fixtures()["account_link"])
    back = httpx.post(link["url"], **PLAIN)
    assert (back.status_code, back.headers["location"]) == (303, links["return_url"])
    assert stripe.ask("GET", f"/accounts/{account['id']}")["charges_enabled"] is True
    assert [each["account"] for each in stripe.events("account.updated")] == [account["id"]]
    assert stripe.ask("POST", "/transfers", amount="100", **to)["error"]["code"] == "balance_insufficient"
    stripe.pay(new_session(stripe)["id"])
    sent = stripe.ask("POST", "/transfers", amount="4000", **to)
    same_shape(sent, fixtures()["transfer"])
    assert stripe.ask("POST", "/transfers", amount="1000", **to)["error"]["code"] == "balance_insufficient"
    back_again = stripe.ask("POST", f"/transfers/{sent['id']}/reversals", amount="1500")
    same_shape(back_again, fixtures()["transfer_reversal"])
    amounts = [stripe.ask("GET", "/balance", of=of)["available"][0]["amount"] for of in ("", account["id"])]
    assert amounts == [4900 - 4000 + 1500, 2500]
    assert "error" in stripe.ask("POST", f"/transfers/{sent['id']}/reversals", amount="2501")


def test_accounts_do_not_see_each_others_payments(stripe: Stripe) -> None:
    account = stripe.ask("POST", "/accounts", type="standard")["id"]
    theirs = stripe.ask("POST", "/checkout/sessions", of=account, **SESSION)
    stripe.pay(theirs["id"])
    assert stripe.ask("GET", f"/checkout/sessions/{theirs['id']}")["error"]["code"] == "resource_missing"
    assert stripe.ask("GET", f"/checkout/sessions/{theirs['id']}", of=account)["status"] == "complete"
    assert {each["account"] for each in stripe.events()} == {account}
    assert stripe.ask("GET", "/events")["data"] == []
    assert stripe.ask("GET", "/balance", of=account)["available"][0]["amount"] == 4900


def test_lists_have_pages_both_ways(stripe: Stripe) -> None:
    ids = [new_session(stripe)["id"] for _ in range(5)][::-1]

    def page(**asked: str) -> tuple[list[int], bool]:
        found = stripe.ask("GET", "/checkout/sessions", **asked)
        return [ids.index(each["id"]) for each in found["data"]], found["has_more"]

    assert page() == ([0, 1, 2, 3, 4], False)
    assert page(limit="2") == ([0, 1], True)
    assert page(limit="2", starting_after=ids[1]) == ([2, 3], True)
    assert page(limit="2", starting_after=ids[3]) == ([4], False)
    assert page(limit="2", ending_before=ids[3]) == ([1, 2], True)
    assert "error" in stripe.ask("GET", "/checkout/sessions", limit="101")
    assert "error" in stripe.ask("GET", "/checkout/sessions", starting_after="cs_test_none")
