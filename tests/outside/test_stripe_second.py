"""What we ask of Stripe is understood by a second implementation that knows nothing of ours: localstripe, from PyPI."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from forum.outside import stripe as client
from forum.outside.stripe import Access, Refused
from tests.standins.process import PLAIN, Standin

KEY = "sk_test_second"


@pytest.fixture(scope="module")
def second() -> Iterator[Standin]:
    running = Standin.start("-m", "localstripe", "--port", "{port}", "--from-scratch")
    yield running
    running.stop()


def ask(second: Standin, path: str, **sent: str) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {KEY}"}
    answer = httpx.post(f"{second.url}/v1{path}", data=sent, headers=headers, **PLAIN)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


async def test_refunds_are_made_and_listed_as_everybody_reads_them(second: Standin) -> None:
    card = {"card[number]": "4242424242424242", "card[exp_month]": "12", "card[exp_year]": "2040", "card[cvc]": "123"}
    method = ask(second, "/payment_methods", type="card", **card)
    customer = ask(second, "/customers", email="ana@example.org")
    ask(second, f"/payment_methods/{method['id']}/attach", customer=customer["id"])
    sent = {"amount": "5950", "currency": "eur", "customer": customer["id"], "payment_method": method["id"]}
    intent = ask(second, "/payment_intents", **sent, confirm="true")
    assert intent["status"] == "succeeded"
    access = Access(KEY, second.url)
    made = [await client.refund(access, intent["id"], amount, "EUR", f"back:{amount}") for amount in (1000, 950)]
    assert [(each.status, each.amount, each.currency) for each in made] == [
        ("succeeded", 1000, "EUR"),
        ("succeeded", 950, "EUR"),
    ]
    listed = await client.list_refunds(access, intent["id"])
    assert sorted(each.id for each in listed) == sorted(each.id for each in made)
    with pytest.raises(Refused) as refused:
        await client.refund(access, "pi_none", 1, "EUR", "back:none")
    assert refused.value.status == 404
