"""What becomes of a payment after, or instead of, being made: refunds, disputes, banks that take days, time that runs out."""

import asyncio
from dataclasses import replace
from itertools import permutations
from typing import Any

import asyncpg
import pytest

from forum.database.engine import execute, fetch, fetch_one, fetch_value
from forum.outside import stripe as client
from forum.recount import recount
from payouts.bumps.refunds import book_refund
from payouts.bumps.settling import note
from payouts.verify import verify
from tests.helpers.money import balances, bump, paid_bump
from tests.helpers.paying import Paid, Till
from tests.helpers.payouts import booked
from tests.helpers.stripe import Json
from tests.helpers.tickets import asked
from tests.web.payouts.test_bump_pages import said
from tests.web.test_serve import held


async def paid(till: Till, amount: int = 5000, title: str = "How do I read a file?") -> Paid:
    """A bump by Stripe, paid and booked."""
    made = await till.order(amount, await asked(till.world, title))
    till.stripe.pay(made.session)
    await till.deliver(*events_about(till, made, "checkout.session.completed"))
    return made


def events_about(till: Till, made: Paid, *types: str) -> list[Json]:
    """The events about one payment, oldest first, of these types or all."""
    session = till.stripe.ask("GET", f"/checkout/sessions/{made.session}")
    ids = {made.session, session["payment_intent"]} - {None}

    def is_about(event: Json) -> bool:
        about = event["data"]["object"]
        return about["id"] in ids or about.get("payment_intent") in ids

    return [each for each in till.stripe.events() if is_about(each) and (not types or each["type"] in types)]


async def intent_of(made: Paid) -> str:
    return str((await made.row())["payment_intent"])


async def test_what_is_given_back_in_parts_is_booked_once_each_and_lowers_the_rank(till: Till) -> None:
    await execute("update selling set tax_rate = 1900")
    made = await paid(till)
    till.give_back(await intent_of(made), 1000)
    [event] = events_about(till, made, "charge.refunded")
    await till.deliver(*[event] * 5, at_once=True)
    await till.deliver(event | {"id": "evt_again"})
    refund = await fetch_one("select net, tax, fee from refund")
    assert refund is not None and tuple(refund) == (840, 160, 42)
    assert await made.states() == ("paid", "paid", 4160)
    assert "€10.00 of it was given back" in said(await made.one.ana.get(f"/bumps/{made.bump}"))
    assert (await verify()).wrong == [] and await recount() == []
    # two at once, of which one event alone arrives
    till.give_back(await intent_of(made), 1)
    till.give_back(await intent_of(made), 4949)
    await till.deliver(events_about(till, made, "charge.refunded")[-1])
    assert await made.states() == ("paid", "paid", 0)
    assert await fetch_value("select count(*) from refund") == 3
    # all of it: every account is where it was
    assert set((await balances()).values()) == {0}
    assert (await verify()).wrong == [] and await recount() == []
    page = said(await made.one.ana.get(f"/bumps/{made.bump}"))
    assert "All of it was given back" in page and "given back" in page
    assert "Given back since €59.50" in said(await made.one.ana.get("/invoices/1"))
    book = (await till.world.owner.get("/p/pelican/ledger")).text
    assert book.count("Refund") >= 3


async def test_a_refund_after_the_pool_was_divided_leaves_it_in_debt(till: Till) -> None:
    made = await paid(till)
    await booked(till.world)
    till.give_back(await intent_of(made), 5000)
    await till.deliver(*events_about(till, made, "charge.refunded"))
    assert (await balances())["entity", "pool"] == 4750
    assert (await made.one.row())["rank_amount"] == 0
    assert (await verify()).wrong == []


async def test_the_ticket_whose_money_went_back_stands_behind_who_paid(till: Till) -> None:
    made, other = await paid(till, 9000), await asked(till.world, "How do I plot?", by="bob")
    await paid_bump(other, 6000)
    queue = "select ticket_id from queue_entry order by neg_amount, waiting_since, ticket_id"
    assert [row["ticket_id"] for row in await fetch(queue)] == [made.one.ticket, other.ticket]
    till.give_back(await intent_of(made), 4000)
    await till.deliver(*events_about(till, made, "charge.refunded"))
    assert [row["ticket_id"] for row in await fetch(queue)] == [other.ticket, made.one.ticket]


async def test_guests_do_not_read_paid_where_all_of_it_was_given_back(till: Till) -> None:
    made, guest = await paid(till), till.world.site.guest()
    mark = ">paid<"
    assert mark in (await guest.get(made.one.url)).text
    till.give_back(await intent_of(made), 5000)
    await till.deliver(*events_about(till, made, "charge.refunded"))
    assert mark not in (await guest.get(made.one.url)).text


async def test_a_refund_holds_no_account_while_it_waits_for_the_queue(till: Till, database_url: str) -> None:
    """Whoever books a payment has the queue first and the ledger then: the other way round the two waited for each other."""
    made = await paid(till)
    link = await asyncpg.connect(database_url)
    try:
        async with held(database_url, f"select queue_lock({till.world.project})") as wanted:
            refund = asyncio.create_task(book_refund(made.bump, "re_x", 100))
            await wanted()
            await link.execute("select 1 from ledger_account for update nowait")
    finally:
        await link.close()
    assert await refund
    assert (await verify()).wrong == []


async def test_a_refund_that_takes_days_is_booked_when_it_has_arrived(till: Till) -> None:
    made = await paid(till)
    refund = till.give_back(await intent_of(made), 2000)["id"]
    till.stripe.happen("refund_goes", refund=refund, status="pending")
    await till.deliver(*events_about(till, made, "charge.refunded"))
    assert await made.states() == ("paid", "paid", 5000)
    till.stripe.happen("refund_goes", refund=refund, status="succeeded")
    await till.deliver(*events_about(till, made, "refund.updated"))
    assert await made.states() == ("paid", "paid", 3000)


async def test_a_booked_refund_that_failed_in_the_end_is_told_to_admins(till: Till) -> None:
    made = await paid(till)
    refund = till.give_back(await intent_of(made), 2000)["id"]
    await till.deliver(*events_about(till, made, "charge.refunded"))
    till.stripe.happen("refund_goes", refund=refund, status="failed")
    await till.deliver(*events_about(till, made, "refund.failed"))
    told = await fetch_value("select failure from incoming where kind = 'refund.failed'")
    assert told == f"NotBooked: refund {refund} of bump {made.bump} is booked, and did not reach the payer in the end"


async def test_every_order_of_what_happened_comes_to_one_end(till: Till) -> None:
    """Delivered after all of it: each permutation of completed, two refunds."""
    ends = set()
    for n, order in enumerate(permutations(range(3))):
        made = await till.order(5000, await asked(till.world, f"How do I read file {n}?", by=f"ana{n}"))
        till.stripe.pay(made.session)
        intent = till.stripe.ask("GET", f"/checkout/sessions/{made.session}")["payment_intent"]
        for amount in (1500, 700):
            till.give_back(intent, amount)
        events = events_about(till, made, "checkout.session.completed", "charge.refunded")
        assert len(events) == 3
        await till.deliver(*(events[at] for at in order))
        sums = await fetch_one("select sum(net) as net, sum(fee) as fee from refund where bump_id = $1", made.bump)
        assert sums is not None
        ends.add((*await made.states(), *sums))
    assert ends == {("paid", "paid", 2800, 2200, 110)}
    assert (await verify()).wrong == []


async def test_every_order_of_what_was_read_comes_to_one_end(till: Till) -> None:
    """What was read before something happened may be written after it: all orders of snapshots of one payment's life."""
    made = await till.order()
    access = till.stripe.access
    seen: list[tuple[Any, ...]] = []

    async def look() -> None:
        found = await client.retrieve_checkout(access, made.session)
        refunds = await client.list_refunds(access, found.payment_intent) if found.payment_intent else []
        dispute = await client.dispute_of(access, found.payment_intent) if found.is_disputed else ""
        seen.append((found, refunds, dispute))

    await look()
    till.stripe.pay(made.session, "later")
    await look()
    till.stripe.settle(made.session)
    await look()
    till.give_back(seen[-1][0].payment_intent, 2000)
    charge = till.stripe.dispute(seen[-1][0].charge)["charge"]
    await look()
    till.stripe.dispute(charge, status="won")
    await look()
    ends = set()
    orders = list(permutations(seen))
    for n, order in enumerate(orders):
        row = await bump(made.one, method="stripe")
        about = {"bump": str(row["id"]), "reference": row["reference"]}
        for found, refunds, dispute in order:
            intent = found.payment_intent and f"{found.payment_intent}{n}"
            told = replace(found, id=f"{found.id}{n}", metadata=about, payment_intent=intent)
            await note(row["id"], told, [replace(each, id=f"{each.id}{n}") for each in refunds], dispute)
        one = Paid(till, made.one, row["id"], "")
        back = await fetch_value("select sum(net) from refund where bump_id = $1", row["id"])
        ends.add((*(await one.states())[:2], (await one.row())["dispute"], back))
    assert ends == {("paid", "paid", "won", 2000)}
    assert (await made.one.row())["rank_amount"] == len(orders) * 3000
    assert (await verify()).wrong == []


async def test_a_dispute_is_shown_to_the_owner_alone_and_books_nothing(till: Till) -> None:
    made = await paid(till)
    till.stripe.dispute((await made.row())["charge"])
    before = await balances()
    await till.deliver(*events_about(till, made, "charge.dispute.created"))
    assert "disputed this payment: it waits for an answer" in said(await till.world.owner.get(f"/bumps/{made.bump}"))
    assert "disputed" in said(await till.world.owner.get("/p/pelican/bumps"))
    assert "disputed" not in said(await made.one.ana.get(f"/bumps/{made.bump}"))
    assert (await balances(), await made.states()) == (before, ("paid", "paid", 5000))
    till.stripe.dispute((await made.row())["charge"], status="lost")
    events = events_about(till, made, "charge.dispute.created", "charge.dispute.closed")
    await till.deliver(events[-1], events[0] | {"id": "evt_late"})
    assert (await made.row())["dispute"] == "lost"
    assert (await balances(), await made.states()) == (before, ("paid", "paid", 5000))


async def test_a_bank_that_takes_days_moves_the_ticket_when_it_has_paid(till: Till) -> None:
    made = await till.order()
    till.stripe.pay(made.session, "later")
    await till.deliver(*events_about(till, made, "checkout.session.completed"))
    assert await made.states() == ("open", "waiting", 0)
    page = said(await made.one.ana.get(f"/bumps/{made.bump}"))
    assert "The bank was asked" in page and "Go on to pay" not in page and "Take back" not in page
    till.stripe.settle(made.session)
    await till.deliver(*events_about(till, made, "checkout.session.async_payment_succeeded"))
    assert await made.states() == ("paid", "paid", 5000)


async def test_a_bank_that_says_no_in_the_end_leaves_nothing_owed(till: Till) -> None:
    made = await till.order()
    till.stripe.pay(made.session, "later")
    till.stripe.settle(made.session, is_paid=False)
    events = events_about(till, made, "checkout.session.completed", "checkout.session.async_payment_failed")
    await till.deliver(*reversed(events))
    assert await made.states() == ("cancelled", "failed", 0)
    assert "Your bank did not pay" in said(await made.one.ana.get(f"/bumps/{made.bump}"))
    assert await fetch_value("select count(*) from ledger_transaction") == 0


async def test_a_card_that_is_declined_leaves_the_page_open(till: Till) -> None:
    made = await till.order()
    till.stripe.pay(made.session, "decline")
    await till.deliver(*till.stripe.events())
    assert await made.states() == ("open", "open", 0)
    till.stripe.pay(made.session)
    await till.deliver(*till.stripe.events())
    assert await made.states() == ("paid", "paid", 5000)


async def test_time_that_runs_out_takes_the_order_back(till: Till) -> None:
    made = await till.order()
    till.stripe.tell(ahead=25 * 3600)
    answer = await made.one.ana.post(f"/bumps/{made.bump}/payment")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/bumps/{made.bump}")
    await till.deliver(*events_about(till, made, "checkout.session.expired"))
    assert await made.states() == ("cancelled", "expired", 0)
    assert "The time to pay ran out" in said(await made.one.ana.get(f"/bumps/{made.bump}"))
    other = await till.order(5000, made.one)
    assert other.session != made.session


async def test_taken_back_its_page_is_closed_so_that_nobody_pays_by_mistake(till: Till) -> None:
    made = await till.order()
    await made.one.ana.post(f"/bumps/{made.bump}/delete")
    assert await made.states() == ("cancelled", "closed", 0)
    await till.deliver(*events_about(till, made, "checkout.session.expired"))
    assert await made.states() == ("cancelled", "closed", 0)
    assert "Taken back" in said(await made.one.ana.get(f"/bumps/{made.bump}"))
    assert till.stripe.happen("pay", id=made.session, how="pay").status_code == 404
    away = await till.order(6000, made.one)
    till.stripe.fail("POST", "/expire", "cut", times=3)
    assert (await away.one.ana.post(f"/bumps/{away.bump}/delete")).status_code == 303
    assert (await away.states())[0] == "cancelled"
    # it could not be closed, and was paid after all: money is never lost
    till.stripe.pay(away.session)
    await till.deliver(*events_about(till, away, "checkout.session.completed"))
    assert await away.states() == ("paid", "paid", 6000)


async def test_taken_back_just_after_it_was_paid_it_is_paid(till: Till) -> None:
    made = await till.order()
    till.stripe.pay(made.session)
    answer = await made.one.ana.post(f"/bumps/{made.bump}/delete")
    assert "booked" in answer.headers["set-cookie"]
    assert await made.states() == ("paid", "paid", 5000)


@pytest.mark.parametrize(("amount", "currency"), [("4999", "eur"), ("5000", "usd"), ("500000", "eur")])
async def test_another_amount_or_currency_is_not_booked_and_kept_for_admins_in_one_line(
    till: Till, amount: str, currency: str
) -> None:
    made = await till.order()
    reference = (await made.row())["reference"]
    wrong = new_session(till, str(made.bump), reference, amount, currency)
    till.stripe.pay(wrong["id"])
    await till.deliver(*till.stripe.events("checkout.session.completed"))
    assert await made.states() == ("open", "open", 0)
    line = f"NotBooked: bump {made.bump} costs 5000 EUR (minor units), {wrong['id']} took {amount} {currency.upper()};"
    assert str(await fetch_value("select failure from incoming")).startswith(line)
    admin = await till.world.site.member("adam", admin=True)
    assert line in said(await admin.get("/admin/incoming"))
    assert (await verify()).wrong == []


def new_session(till: Till, bump: str, reference: str, amount: str = "5000", currency: str = "eur") -> Json:
    """A session that this site did not make."""
    return till.stripe.ask(
        "POST",
        "/checkout/sessions",
        **{
            "mode": "payment",
            "success_url": "https://elsewhere.example.org/",
            "line_items[0][quantity]": "1",
            "line_items[0][price_data][currency]": currency,
            "line_items[0][price_data][unit_amount]": amount,
            "line_items[0][price_data][product_data][name]": "Something",
            "metadata[bump]": bump,
            "metadata[reference]": reference,
        },
    )


async def test_a_bump_that_was_paid_twice_is_booked_once_and_told_to_admins(till: Till) -> None:
    made = await paid(till)
    second = new_session(till, str(made.bump), (await made.row())["reference"])
    till.stripe.pay(second["id"])
    await till.deliver(till.stripe.events("checkout.session.completed")[-1])
    assert "was paid twice" in await fetch_value("select max(failure) from incoming")
    assert await made.states() == ("paid", "paid", 5000)
    assert (await made.row())["session"] == made.session


async def test_payments_of_other_programs_with_the_same_account_are_none_of_ours(till: Till) -> None:
    made = await till.order()
    for number, reference in (
        ("x", "x"),
        (str(made.bump), "OTHER-AAAA-BBBB"),
        ("999", "X"),
        ("-1", "X"),
        ("\u0661", "X"),
    ):
        session = new_session(till, number, reference)
        till.stripe.pay(session["id"])
        intent = till.stripe.ask("GET", f"/checkout/sessions/{session['id']}")["payment_intent"]
        till.give_back(intent, 100)
    await till.deliver(*till.stripe.events())
    assert await fetch_value("select count(*) from incoming where failure <> '' or handled_at is null") == 0
    assert await made.states() == ("open", "open", 0)


async def test_money_that_was_never_paid_is_not_given_back(till: Till) -> None:
    made = await till.order()
    with pytest.raises(Exception, match="Nothing was paid"):
        await book_refund(made.bump, "re_x", 100)
    await paid(till, title="How do I plot?")
    with pytest.raises(Exception, match="more than was paid"):
        await book_refund(2, "re_x", 5001)
    assert await fetch_value("select count(*) from refund") == 0
