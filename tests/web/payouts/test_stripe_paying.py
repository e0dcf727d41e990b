"""A bump paid at Stripe, from the button to the place in the queue, whatever gets lost, comes twice, late or never."""

import asyncio
import re
from html import unescape
from typing import Any

import pytest

from categories.support.queries import place_of
from forum.api.openapi import document
from forum.database.engine import execute, fetch, fetch_one, fetch_value
from payouts.bumps.reconciling import reconcile_stripe
from payouts.verify import verify
from tests.helpers.money import balances
from tests.helpers.paying import Paid, Till
from tests.helpers.published import faults
from tests.helpers.tickets import Asked, asked
from tests.web.api.test_v1 import resolved
from tests.web.payouts.test_bump_pages import said, shown
from tests.web.payouts.test_money_api import client_of, orders


def leads_to(text: str) -> str:
    """Where a page leads on to by itself."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', text)
    return unescape(found[1]) if found else ""


async def form(one: Asked) -> dict[str, str]:
    return await shown(one) | {"method": "stripe"}


async def send(one: Asked, fields: dict[str, str]) -> Any:
    return await one.ana.post(f"/tickets/{one.ticket}/bump", fields)


async def one_booked(paid: Paid) -> None:
    """Everything that follows from a payment, once."""
    assert await paid.states() == ("paid", "paid", 5000)
    assert await fetch_value("select count(*) from ledger_transaction") == 1
    assert await fetch_value("select count(*) from invoice") == 1
    assert (await verify()).wrong == []


async def test_who_pays_at_stripe_is_led_there_and_moves_up_once_it_is_told(till: Till) -> None:
    await execute("update selling set tax_rate = 1900")
    first, second = await asked(till.world), await asked(till.world, "How do I write a file?", by="bob")
    page = await second.ana.get(f"/tickets/{second.ticket}/bump")
    assert said(page).index("Card or wallet") < said(page).index("Bank transfer")
    answer = await send(second, await form(second))
    assert answer.status_code == 200, answer.text
    [session] = till.sessions()
    assert leads_to(answer.text) == session["url"]
    assert "You pay €59.50 there" in said(answer)
    bump, reference = await fetch_value("select id from bump"), await fetch_value("select reference from bump")
    assert session["metadata"] == {"bump": str(bump), "reference": reference}
    assert session["amount_total"] == 5950 and session["currency"] == "eur"
    assert session["cancel_url"] == f"http://testserver/bumps/{bump}"
    assert "How do I write" not in str(session)
    till.stripe.pay(session["id"])
    assert (await second.row())["rank_amount"] == 0
    await till.deliver(*till.stripe.events("checkout.session.completed"))
    places = [await place_of(one.ticket) for one in (first, second)]
    assert [place.position for place in places if place] == [2, 1]
    assert await balances() == {
        ("site", "cash"): 5950,
        ("site", "due_to_entity"): -5700,
        ("site", "fee_income"): -250,
        ("entity", "due_from_site"): 5700,
        ("entity", "income"): -5000,
        ("entity", "tax"): -950,
        ("entity", "fees"): 250,
        ("entity", "pooled"): 4750,
        ("entity", "pool"): -4750,
    }
    paid = Paid(till, second, bump, session["id"])
    await one_booked(paid)
    row = await paid.row()
    assert row["payment_intent"].startswith("pi_") and row["charge"].startswith("ch_")
    # what Stripe keeps of it is the site's own cost: written down, and in nobody's books
    assert (row["kept"], row["kept_currency"]) == (114, "EUR")
    page = said(await second.ana.get(f"/bumps/{bump}"))
    assert "€59.50 paid" in page and "Card or wallet" in page and "Go on to pay" not in page
    assert "Paid by Card or wallet" in said(await second.ana.get("/invoices/1"))


async def test_twenty_copies_at_once_and_later_ones_book_once(till: Till) -> None:
    paid = await till.order()
    till.stripe.pay(paid.session)
    [event] = till.stripe.events("checkout.session.completed")
    assert set(await till.deliver(*[event] * 20, at_once=True)) == {200}
    await one_booked(paid)
    await till.deliver(event, *till.stripe.events())
    # Stripe sends what is, to it, another event about the same
    await till.deliver(event | {"id": "evt_another"})
    await one_booked(paid)


@pytest.mark.parametrize("how", ["wrong", "stale", "altered", "none"])
async def test_a_forged_event_leaves_no_row_and_moves_nothing(till: Till, how: str) -> None:
    paid = await till.order()
    till.stripe.pay(paid.session)
    assert await till.deliver(*till.stripe.events("checkout.session.completed"), how=how) == [403]
    assert await fetch_value("select count(*) from incoming") == 0
    assert await paid.states() == ("open", "open", 0)


async def test_a_well_signed_lie_is_not_believed(till: Till) -> None:
    """An event's own object says paid; Stripe, asked, says not."""
    paid = await till.order()
    lie = {"id": "evt_lie", "object": "event", "created": 1_760_000_000, "type": "checkout.session.completed"}
    about = {"id": paid.session, "object": "checkout.session", "payment_status": "paid", "amount_total": 5000}
    await till.deliver(lie | {"data": {"object": about}})
    assert await paid.states() == ("open", "open", 0)


async def test_the_way_back_books_what_no_webhook_told(till: Till) -> None:
    paid = await till.order()
    till.stripe.pay(paid.session)
    path = f"/bumps/{paid.bump}?checkout={paid.session}"
    before = till.asked()
    for browser in (till.world.owner, till.world.outsider):
        await browser.get(path)
    assert till.asked() == before, "asked for somebody else"
    for _n in range(2):
        back = await paid.one.ana.get(path)
        assert (back.status_code, back.headers["location"]) == (303, f"/bumps/{paid.bump}")
    await one_booked(paid)
    await till.deliver(*till.stripe.events("checkout.session.completed"))
    await one_booked(paid)


async def test_ways_back_and_webhook_at_once_book_once(till: Till) -> None:
    paid = await till.order()
    till.stripe.pay(paid.session)
    path = f"/bumps/{paid.bump}?checkout={paid.session}"
    events = till.stripe.events("checkout.session.completed")
    await asyncio.gather(till.deliver(*events), *(paid.one.ana.get(path) for _n in range(5)))
    await one_booked(paid)


async def test_coming_back_unpaid_or_with_a_session_of_ones_own_making_moves_nothing(till: Till) -> None:
    paid, other = await till.order(), await till.order(6000, await asked(till.world, "How do I plot?", by="bob"))
    till.stripe.pay(other.session)
    for session in (paid.session, other.session, "cs_test_none", "../refunds", "x" * 300):
        assert (await paid.one.ana.get(f"/bumps/{paid.bump}", params={"checkout": session})).status_code == 303
    assert await paid.states() == ("open", "open", 0)


async def test_what_was_never_told_is_found_by_asking(till: Till) -> None:
    paid = await till.order()
    other = await till.order(6000, await asked(till.world, "How do I plot?", by="bob"))
    till.stripe.pay(other.session)
    await till.deliver(*till.stripe.events("checkout.session.completed"))
    till.stripe.pay(paid.session)
    for _n in range(2):
        await reconcile_stripe()
        await till.world.site.jobs()
    assert await paid.states() == ("paid", "paid", 5000)
    assert await fetch_value("select count(*) from incoming") == 2
    # the webhook comes after all, to a door that knows it
    await till.deliver(*till.stripe.events("checkout.session.completed"))
    assert await fetch_value("select count(*) from incoming") == 2
    assert (await verify()).wrong == []


async def test_a_look_goes_back_to_the_last_one_and_misses_none_where_stripe_is_away(till: Till) -> None:
    first = await till.order()
    till.stripe.pay(first.session)
    await reconcile_stripe()
    mark = await fetch_value("select until from reconciled")
    second = await till.order(6000, await asked(till.world, "How do I plot?", by="bob"))
    till.stripe.pay(second.session)
    till.stripe.fail("GET", "/events", "cut", times=3)
    await reconcile_stripe()
    assert await fetch_value("select until from reconciled") == mark
    await reconcile_stripe()
    await till.world.site.jobs()
    assert [await each.states() for each in (first, second)] == [("paid", "paid", 5000), ("paid", "paid", 6000)]


@pytest.mark.parametrize("kind", ["cut", "error"])
async def test_an_answer_that_was_lost_loses_nothing_and_makes_no_second_page(till: Till, kind: str) -> None:
    one = await asked(till.world)
    fields = await form(one)
    # cut: it was done; error: it was not, and the answer under that key is one of Stripe's that it does not keep
    till.stripe.fail("POST", "/checkout/sessions", kind, status=503, does_it=kind == "cut", times=3)
    answer = await send(one, fields)
    assert answer.status_code == 503
    assert "Nothing is lost and nothing was charged" in said(answer) and "Go on to pay" in said(answer)
    bump = await fetch_value("select id from bump where state = 'open'")
    again = await one.ana.post(f"/bumps/{bump}/payment")
    [session] = till.sessions()
    assert leads_to(again.text) == session["url"]
    assert leads_to((await send(one, fields)).text) == session["url"]
    assert len(till.sessions()) == await fetch_value("select count(*) from bump") == 1


async def test_what_is_paid_on_a_page_that_nobody_here_heard_of_is_booked(till: Till) -> None:
    one = await asked(till.world)
    till.stripe.fail("POST", "/checkout/sessions", "cut", does_it=True, times=3)
    assert (await send(one, await form(one))).status_code == 503
    [session] = till.sessions()
    till.stripe.pay(session["id"])
    await till.deliver(*till.stripe.events("checkout.session.completed"))
    await one_booked(Paid(till, one, await fetch_value("select id from bump"), session["id"]))


async def test_two_windows_and_many_clicks_lead_to_one_page(till: Till) -> None:
    one = await asked(till.world)
    fields = await form(one)
    till.stripe.tell(slow=0.1)
    answers = await asyncio.gather(*(send(one, fields) for _n in range(2)))
    bump = await fetch_value("select id from bump")
    answers += await asyncio.gather(*(one.ana.post(f"/bumps/{bump}/payment") for _n in range(3)))
    [session] = till.sessions()
    assert {leads_to(answer.text) for answer in answers if answer.status_code == 200} == {session["url"]}
    assert {answer.status_code for answer in answers} <= {200, 503}


async def test_who_has_paid_in_another_window_is_told_so_and_not_led_on(till: Till) -> None:
    paid = await till.order()
    till.stripe.pay(paid.session)
    answer = await paid.one.ana.post(f"/bumps/{paid.bump}/payment")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/bumps/{paid.bump}")
    await one_booked(paid)


async def test_only_the_payer_is_led_to_pay(till: Till) -> None:
    paid = await till.order()
    before = till.asked("POST") + till.asked()
    for browser in (till.world.owner, till.world.supporter, till.world.outsider):
        assert (await browser.post(f"/bumps/{paid.bump}/payment")).status_code == 404
        assert "Go on to pay" not in (await browser.get(f"/bumps/{paid.bump}")).text
    offline = await asked(till.world, "How do I plot?", by="bob")
    made = await offline.ana.post(f"/tickets/{offline.ticket}/bump", await shown(offline))
    assert (await offline.ana.post(f"{made.headers['location']}/payment")).status_code == 409
    assert till.asked("POST") + till.asked() == before
    # and the owner cannot say that it was paid, which Stripe alone knows
    assert (await till.world.owner.post(f"/bumps/{paid.bump}/receipt")).status_code == 409
    assert await paid.states() == ("open", "open", 0)


async def test_programs_are_told_where_to_pay_and_ask_again_under_their_key(till: Till) -> None:
    one = await asked(till.world)
    ana = await client_of(till.world, one.ana)
    till.stripe.fail("POST", "/checkout/sessions", "cut", does_it=True, times=3)
    away = await orders(ana, one.ticket, "k", method="stripe")
    assert away.status_code == 503 and away.headers["content-type"] == "application/problem+json"
    assert away.json()["type"].endswith("provider-away")
    made = await orders(ana, one.ticket, "k", method="stripe")
    [session] = till.sessions()
    row = await fetch_one("select id, reference from bump")
    assert row is not None and made.status_code == 201
    assert made.json() == {"bump": row["id"], "reference": row["reference"], "url": session["url"]}
    described = document(till.world.site.settings.base_url)
    assert not faults(made.json(), resolved(described["components"]["schemas"]["BumpMade"], described))
    plans = (await till.world.site.guest().get("/api/v1/projects/pelican/plans")).json()
    assert plans["methods"] == ["stripe", "offline"]
    till.stripe.pay(session["id"])
    await till.deliver(*till.stripe.events("checkout.session.completed"))
    again = await orders(ana, one.ticket, "k", method="stripe")
    assert (again.status_code, again.json()["url"]) == (201, "")
    assert (await orders(ana, one.ticket, "k", method="offline")).status_code == 409
    await one_booked(Paid(till, one, row["id"], session["id"]))


async def test_without_keys_there_is_no_such_way(till: Till) -> None:
    one = await asked(till.world)
    fields = await form(one)
    object.__setattr__(till.world.site.settings, "stripe_webhook_secret", "")
    assert "Card or wallet" not in (await one.ana.get(f"/tickets/{one.ticket}/bump")).text
    assert (await send(one, fields)).status_code == 422
    assert await fetch_value("select count(*) from bump") == 0


async def test_a_site_that_takes_no_payments_says_so_and_books_what_was_paid_before(till: Till) -> None:
    paid = await till.order()
    till.stripe.pay(paid.session)
    other = await asked(till.world, "How do I plot?", by="bob")
    fields = await form(other)
    await execute("update site_switch set is_on = true where name = 'no_payments'")
    for each in (fields, fields | {"method": "offline"}):
        refused = await send(other, each)
        assert refused.status_code == 409 and "takes no payments at the moment" in said(refused)
    assert await fetch("select 1 from bump where ticket_id = $1", other.ticket) == []
    await till.deliver(*till.stripe.events("checkout.session.completed"))
    await one_booked(paid)


async def test_nobody_is_led_to_pay_for_a_ticket_that_does_not_wait_any_more(till: Till) -> None:
    one = await asked(till.world)
    number = await one.says(till.world.supporter)
    unpaid = await till.order(one=one)
    assert await one.accept(number) == 303
    page = said(await one.ana.get(f"/bumps/{unpaid.bump}"))
    assert "Pay nothing: take this back" in page and "Go on to pay" not in page
    before = till.asked()
    answer = await one.ana.post(f"/bumps/{unpaid.bump}/payment")
    assert answer.status_code == 409 and "does not wait for an answer any more" in said(answer)
    assert till.asked() == before
    # the question comes again, and so does the way to pay
    await one.says(one.ana)
    assert leads_to((await one.ana.post(f"/bumps/{unpaid.bump}/payment")).text)
