"""Raising a ticket by its pages: what is shown before paying, ordered once, seen by two and by nobody else."""

import re
from html import unescape
from uuid import uuid4

import httpx
import pytest

from categories.support.queries import place_of
from forum.database.engine import execute, fetch_one, fetch_value
from tests.helpers.money import paid_bump
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


def said(answer: httpx.Response) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def hidden(answer: httpx.Response, name: str) -> str:
    """The value of a hidden field of a form."""
    found = re.search(f'name="{name}" value="([^"]*)"', answer.text)
    assert found, f"no {name} in the form"
    return unescape(found[1])


async def shown(one: Asked, amount: str = "50.00", browser: Browser | None = None) -> dict[str, str]:
    """The form as the page with that amount would send it."""
    page = await (browser or one.ana).get(f"/tickets/{one.ticket}/bump", params={"amount": amount})
    assert page.status_code == 200, page.text
    fields = {name: hidden(page, name) for name in ("key", "currency", "seen")}
    return fields | {"amount": amount, "method": "offline", "step": "pay"}


async def ordered(one: Asked, amount: str = "50.00", **more: str) -> int:
    """A bump ordered by the page; its id."""
    answer = await one.ana.post(f"/tickets/{one.ticket}/bump", await shown(one, amount) | more)
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].removeprefix("/bumps/"))


async def test_the_page_says_what_an_amount_would_do_and_what_it_costs_before_anything_is_ordered(world: World) -> None:
    await execute("update selling set tax_rate = 1900")
    first, second = await asked(world), await asked(world, "How do I write a file?", by="bob")
    third = await asked(world, "How do I close a file?", by="eva")
    await paid_bump(first, 8000)
    path = f"/tickets/{third.ticket}/bump"
    page = await third.ana.get(path)
    assert "Place 3 of 3 in the queue" in said(page)
    assert "€50.00 place 2" in said(page)
    assert "€81.00 place 1" in said(page)
    assert "Order and pay" not in said(page)
    plain = await third.ana.post(path, {"amount": "50", "method": "offline", "step": "sum"})
    fragment = await third.ana.get(f"{path}/sum", params={"amount": "50"})
    for answer in (plain, fragment):
        assert "€50.00 now makes it place 2 of 3" in said(answer)
        assert "Tax, 19 % €9.50 You pay, once €59.50" in said(answer)
        assert "Order and pay €59.50" in said(answer)
        assert "Of it €2.50 (5 %) go to this site" in said(answer)
    assert "The least is €50.00" in said(await third.ana.get(f"{path}/sum", params={"amount": "49.99"}))
    assert await fetch_value("select count(*) from bump where ticket_id = $1", third.ticket) == 0
    await paid_bump(third, 5000)
    places = [await place_of(one.ticket) for one in (first, third, second)]
    assert [place.position for place in places if place] == [1, 2, 3]


async def test_a_form_sent_twice_is_one_bump_and_leads_to_how_to_pay_it(world: World) -> None:
    await execute("update selling set payment_details = 'IBAN DE00 1234'")
    one = await asked(world)
    form = await shown(one)
    first = await one.ana.post(f"/tickets/{one.ticket}/bump", form)
    again = await one.ana.post(f"/tickets/{one.ticket}/bump", form)
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"]
    assert await fetch_value("select count(*) from bump") == 1
    other = await one.ana.post(f"/tickets/{one.ticket}/bump", form | {"amount": "60.00"})
    assert other.status_code == 409
    page = said(await one.ana.get(first.headers["location"]))
    reference = await fetch_value("select reference from bump")
    assert f"Reference {reference}" in page and "IBAN DE00 1234" in page and "Pay €50.00" in page


async def test_a_stale_price_or_place_is_shown_anew_and_nothing_is_ordered(world: World) -> None:
    one, other = await asked(world), await asked(world, "How do I write a file?", by="bob")
    third = await asked(world, "How do I close a file?", by="eva")
    path = f"/tickets/{third.ticket}/bump"
    form = await shown(third)
    await paid_bump(other, 6000)
    refused = await third.ana.post(path, form)
    assert refused.status_code == 409
    assert "Nothing is ordered" in said(refused) and "€50.00 now makes it place 2 of 3" in said(refused)
    form |= {"seen": hidden(refused, "seen")}
    await execute("update selling set tax_rate = 700")
    refused = await third.ana.post(path, form)
    assert refused.status_code == 409 and "Order and pay €53.50" in said(refused)
    await execute("update plan set minimum = 7000 where kind = 'pay_as_you_go'")
    refused = await third.ana.post(path, form | {"seen": hidden(refused, "seen")})
    assert refused.status_code == 422 and "From €70.00" in said(refused)
    assert await fetch_value("select count(*) from bump where ticket_id = any($1)", [one.ticket, third.ticket]) == 0
    await execute("update plan set minimum = 5000 where kind = 'pay_as_you_go'")
    assert (await third.ana.post(path, await shown(third))).status_code == 303


@pytest.mark.parametrize(
    "amount", ["", "0", "-5", "1e9", "50.001", "49", "9" * 12, "fifty", "50.00 EUR", "NaN", "\u0665\u0660"]
)
async def test_what_is_no_amount_is_refused_at_its_field(world: World, amount: str) -> None:
    one = await asked(world)
    form = await shown(one) | {"amount": amount}
    answer = await one.ana.post(f"/tickets/{one.ticket}/bump", form)
    assert answer.status_code in (409, 422), answer.text
    assert 'id="amount-error"' in answer.text or amount == "49"
    assert await fetch_value("select count(*) from bump") == 0


@pytest.mark.parametrize("amount", ["€50", "50 EUR", "1e9", "50.001", "9" * 12])
async def test_what_is_no_amount_is_told_while_it_is_typed(world: World, amount: str) -> None:
    one = await asked(world)
    path = f"/tickets/{one.ticket}/bump/sum"
    assert "Type an amount such as 50.00." in said(await one.ana.get(path, params={"amount": amount}))
    assert "The least is €50.00." in said(await one.ana.get(path, params={"amount": "49"}))
    assert "Choose an amount; " in said(await one.ana.get(path, params={"amount": " "}))


async def test_a_bump_is_seen_by_its_payer_and_the_owner_and_is_not_there_for_others(world: World) -> None:
    one = await asked(world)
    bump = await ordered(one)
    reference = await fetch_value("select reference from bump")
    for browser in (one.ana, world.owner):
        assert reference in (await browser.get(f"/bumps/{bump}")).text
    maintainer = await world.person("mia")
    await world.team(maintainer, "maintainer")
    for browser in (world.supporter, maintainer, world.outsider, await world.person("bob")):
        for path in (f"/bumps/{bump}", f"/bumps/{bump + 1}"):
            assert (await browser.get(path)).status_code == 404
        for path in (f"/bumps/{bump}/receipt", f"/bumps/{bump}/delete"):
            assert (await browser.post(path)).status_code == 404
    assert (await one.ana.post(f"/bumps/{bump}/receipt")).status_code in (403, 404)
    assert (await world.owner.post(f"/bumps/{bump}/delete")).status_code == 404
    assert (await fetch_one("select state from bump"))["state"] == "open"  # type: ignore[index]


async def test_only_who_asked_finds_the_way_up(world: World) -> None:
    one = await asked(world)
    await asked(world, "How do I write a file?", by="bob")
    path = f"/tickets/{one.ticket}/bump"
    assert f'href="{path}"' in (await one.ana.get(one.url)).text
    for browser in (world.supporter, world.owner, world.outsider, world.site.guest()):
        assert path not in (await browser.get(one.url)).text
    for browser in (world.supporter, world.owner, world.outsider):
        assert (await browser.get(path)).status_code == 403
        assert (await browser.post(path, {"amount": "50", "step": "pay"})).status_code == 403
    await execute("update plan set is_open = false where kind = 'pay_as_you_go'")
    assert path not in (await one.ana.get(one.url)).text
    assert (await one.ana.post(path, await shown(one))).status_code == 409
    assert await fetch_value("select count(*) from bump") == 0


async def test_the_owner_finds_a_transfer_by_its_reference_and_marks_it_received(world: World) -> None:
    one, other = await asked(world), await asked(world, "How do I write a file?", by="bob")
    bump, second = await ordered(one), await ordered(other, "60")
    mine = await fetch_value("select reference from bump where id = $1", bump)
    theirs = await fetch_value("select reference from bump where id = $1", second)
    page = (await world.owner.get("/p/pelican/bumps")).text
    assert mine in page and theirs in page
    found = (await world.owner.get("/p/pelican/bumps", params={"q": mine[-9:].lower().replace("-", " ")})).text
    assert mine in found and theirs not in found
    for browser in (world.supporter, one.ana, world.outsider):
        assert (await browser.get("/p/pelican/bumps")).status_code == 403
    for _n in range(2):
        assert (await world.owner.post(f"/bumps/{bump}/receipt")).headers["location"] == "/p/pelican/bumps"
    assert (await one.row())["rank_amount"] == 5000
    assert await fetch_value("select count(*) from invoice") == 1
    page = said(await world.owner.get("/p/pelican/bumps"))
    assert page.index(theirs) < page.index(mine) and "PF-" in page


async def test_an_invoice_is_itemised_and_for_its_buyer_and_the_owner_alone(world: World) -> None:
    await execute("update selling set tax_rate = 1900")
    await execute("update legal_entity set address = 'Harbour 1\nHamburg', tax_number = 'DE 111'")
    one = await asked(world)
    bump = await ordered(one, billed_to="Aerisol GmbH\nDock 4", tax_number="AT U222")
    await world.owner.post(f"/bumps/{bump}/receipt")
    invoice = await fetch_one("select * from invoice")
    assert invoice is not None
    path, reference = f"/invoices/{invoice['id']}", await fetch_value("select reference from bump")
    for browser in (one.ana, world.owner):
        page = said(await browser.get(path))
        for part in (invoice["label"], "Harbour 1", "DE 111", "Aerisol GmbH", "AT U222", reference, "Bank transfer"):
            assert part in page, part
        assert "Net €50.00 Tax, 19 % €9.50 Total €59.50" in page
    for browser in (world.supporter, world.outsider, await world.person("bob")):
        assert (await browser.get(path)).status_code == 404
    assert invoice["label"] in said(await one.ana.get("/u/ana/invoices"))
    assert (await world.outsider.get("/u/ana/invoices")).status_code == 404
    assert invoice["label"] not in said(await world.outsider.get("/u/otto/invoices"))


async def test_taken_back_by_its_payer_nothing_is_owed(world: World) -> None:
    one = await asked(world)
    bump = await ordered(one)
    assert "not paid yet" in said(await one.ana.get(one.url))
    assert (await one.ana.post(f"/bumps/{bump}/delete")).status_code == 303
    assert "Nothing is owed" in said(await one.ana.get(f"/bumps/{bump}"))
    assert await fetch_value("select reference from bump") not in (await world.owner.get("/p/pelican/bumps")).text


async def test_what_was_paid_is_told_to_requester_and_team_and_only_a_mark_to_others(world: World) -> None:
    one = await asked(world)
    await asked(world, "How do I write a file?", by="bob")
    guest = world.site.guest()
    for _n in range(2):
        assert "paid" not in said(await guest.get(one.url)), "and this page is kept now"
    await paid_bump(one, 7700)
    assert "paid" in said(await guest.get(one.url))
    reference = await fetch_value("select reference from bump")
    for browser in (one.ana, world.supporter):
        assert "€77.00" in (await browser.get(one.url)).text
    for browser in (world.outsider, world.site.guest()):
        page = await browser.get(one.url)
        assert "paid" in said(page) and "77.00" not in page.text and reference not in page.text
    assert reference not in (await world.supporter.get(one.url)).text


async def test_a_ticket_that_is_over_cannot_be_raised(world: World) -> None:
    one = await asked(world)
    form = await shown(one) | {"key": str(uuid4())}
    await world.supporter.post(f"/tickets/{one.ticket}/resolution")
    assert (await one.ana.get(f"/tickets/{one.ticket}/bump")).status_code == 409
    assert (await one.ana.post(f"/tickets/{one.ticket}/bump", form)).status_code == 409
    assert await fetch_value("select count(*) from bump") == 0


async def test_where_no_answers_are_kept_for_the_unpaid_no_page_says_that_some_are(world: World) -> None:
    one, answered = await asked(world), await asked(world, "How do I write a file?", by="bob")
    await execute("update ticket set state = 'answered', waiting_since = null where id = $1", answered.ticket)
    where = [
        (one.ana, f"/tickets/{one.ticket}/bump"),
        (answered.ana, f"/tickets/{answered.ticket}/bump"),
        (one.ana, one.url),
        (one.ana, "/new-thread?project=pelican&title=How+do+I+close+a+file"),
        (world.site.guest(), "/p/pelican/plans"),
        (world.supporter, "/p/pelican/inbox"),
    ]
    kept, none_kept = re.compile(r"at least (\d+)\s% of the answers go to", re.I), "go before"
    for share in (30, 0):
        await execute("update queue set share = $1, version = version + 1", share)
        for browser, path in where:
            text = said(await browser.get(path))
            assert kept.findall(text) == (["30"] if share else []), (share, path)
            assert (none_kept in text) is (share == 0), (share, path)
            assert ("never the turn of those" in text) is (share > 0 and "/bump" in path)
