"""What a project sells, and what its owner decides about it."""

import pytest

from forum.database.engine import fetch, fetch_one, fetch_value
from payouts.runs.actions import set_policy
from payouts.runs.rules import Fixed, Policy
from tests.helpers.money import bump, paid_bump
from tests.helpers.site import Site, faulty
from tests.helpers.tickets import ASK, asked
from tests.helpers.world import World
from tests.web.payouts.test_bump_pages import said

PATH = "/p/pelican/settings/selling"
FORM = {
    "open": "on",
    "pay_as_you_go": "60",
    "standard": "100.50",
    "enterprise": "2,000.00",
    "currency": "EUR",
    "tax_rate": "7.7",
    "payment_details": "IBAN DE00 1234",
    "book": "rows",
    "entity": "Pelican Association",
    "address": "Harbour 1\r\nHamburg",
    "country": "de",
    "tax_number": "DE 111",
}


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def test_an_owner_sets_prices_tax_details_and_the_entity_and_it_is_written_down_once(world: World) -> None:
    refused = await world.owner.post(PATH, FORM)
    assert refused.status_code == 422 and "enterprise" in refused.text
    saved = await world.owner.post(PATH, FORM | {"enterprise": "2000"})
    assert saved.status_code == 303, saved.text
    plans = {row["kind"]: row["minimum"] for row in await fetch("select * from plan")}
    assert plans == {"pay_as_you_go": 6000, "standard": 10050, "enterprise": 200000}
    selling = await fetch_one("select * from selling")
    entity = await fetch_one("select * from legal_entity")
    assert selling is not None and entity is not None
    assert (selling["tax_rate"], selling["payment_details"], selling["book"]) == (770, "IBAN DE00 1234", "rows")
    assert (entity["name"], entity["address"], entity["country"], entity["tax_number"]) == (
        "Pelican Association",
        "Harbour 1\nHamburg",
        "DE",
        "DE 111",
    )
    audit = await fetch("select * from audit where action = 'selling_edited'")
    assert len(audit) == 1
    assert audit[0]["detail"]["tax_rate"] == [0, 770] and audit[0]["detail"]["pay_as_you_go"] == [5000, 6000]
    assert "Harbour" not in str(audit[0]["detail"]) and "IBAN" not in str(audit[0]["detail"])
    await world.owner.post(PATH, FORM | {"enterprise": "2000"})
    assert await fetch_value("select count(*) from audit where action = 'selling_edited'") == 1, "nothing changed"
    page = said(await world.site.guest().get("/p/pelican/plans"))
    assert (
        "€60.00 or more" in page and "€100.50 a month" in page and "Your contract is with Pelican Association" in page
    )
    assert "before tax (7.7 %)" in page and page.count("cannot be bought yet") == 2
    assert "IBAN" not in page


async def test_nobody_but_an_owner_decides_about_selling(world: World) -> None:
    maintainer = await world.person("mia")
    await world.team(maintainer, "maintainer")
    for browser in (maintainer, world.supporter, world.outsider):
        assert (await browser.get(PATH)).status_code == 403
        assert (await browser.post(PATH, FORM | {"enterprise": "2000"})).status_code == 403
    assert await fetch_value("select tax_rate from selling") == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pay_as_you_go", "0"),
        ("pay_as_you_go", "-1"),
        ("pay_as_you_go", "9" * 11),
        ("standard", "1e3"),
        ("enterprise", ""),
        ("currency", "XXX"),
        ("tax_rate", "50.01"),
        ("tax_rate", "7.777"),
        ("tax_rate", "-1"),
        ("book", "all"),
        ("entity", ""),
        ("country", "Germany"),
        ("tax_number", "x" * 51),
        ("address", "x" * 1001),
        ("payment_details", "x" * 2001),
    ],
)
async def test_what_cannot_be_is_told_at_its_field_and_what_was_typed_is_kept(
    world: World, field: str, value: str
) -> None:
    refused = await world.owner.post(PATH, FORM | {"enterprise": "2000", field: value})
    assert refused.status_code == 422
    assert f'href="#{field}"' in refused.text
    assert "IBAN DE00 1234" in refused.text or field == "payment_details"
    assert await fetch_value("select tax_rate from selling") == 0


async def test_all_that_is_wrong_is_told_at_once(world: World) -> None:
    await world.owner.post(PATH, FORM | {"enterprise": "2000"})
    await bump(await asked(world), 6000)
    wrong = {
        "currency": "JPY",
        "pay_as_you_go": "0",
        "enterprise": "x",
        "tax_rate": "60",
        "country": "Germany",
        "entity": "",
    }
    refused = await world.owner.post(PATH, FORM | {"standard": "100"} | wrong)
    assert refused.status_code == 422 and sorted(faulty(refused.text)) == sorted(wrong)
    assert "The currency stays EUR" in said(refused) and "Fill this in." in said(refused)
    assert await fetch_value("select currency from project") == "EUR"


@pytest.mark.parametrize("is_paid", [True, False])
async def test_the_currency_is_fixed_once_a_bump_was_ordered(world: World, is_paid: bool) -> None:
    changed = FORM | {"enterprise": "2000", "currency": "JPY", "standard": "100"}
    assert (await world.owner.post(PATH, changed)).status_code == 303
    assert await fetch_value("select minimum from plan where kind = 'standard'") == 100, "a yen has no minor unit"
    assert (await world.owner.post(PATH, FORM | {"enterprise": "2000"})).status_code == 303
    one = await asked(world)
    await (paid_bump if is_paid else bump)(one, 6000)
    refused = await world.owner.post(PATH, changed)
    assert refused.status_code == 422 and "The currency stays EUR" in said(refused)
    assert await fetch_value("select currency from project") == "EUR"


async def test_fixed_lines_of_payouts_do_not_become_another_currency(world: World) -> None:
    """100.00 EUR would have been read as 10,000 JPY."""
    changed = FORM | {"enterprise": "2000", "currency": "JPY", "standard": "100"}
    owner = await world.owner.reader()
    await set_policy(owner, world.project, Policy(0, (Fixed(world.supporter.person or 0, "Lead", 10000),)))
    refused = await world.owner.post(PATH, changed)
    assert refused.status_code == 422 and "fixed lines in EUR" in said(refused)
    assert await fetch_value("select currency from project") == "EUR"
    await set_policy(owner, world.project, Policy(0, ()))
    assert (await world.owner.post(PATH, changed)).status_code == 303
    assert await fetch_value("select currency from project") == "JPY"


async def test_what_is_ordered_keeps_its_price_when_the_owner_changes_it(world: World) -> None:
    one = await asked(world)
    made = await bump(one, 5000)
    await world.owner.post(PATH, FORM | {"enterprise": "2000"})
    await world.owner.post(f"/bumps/{made['id']}/receipt")
    assert tuple(await fetch_one("select net, tax, total from invoice") or ()) == (5000, 0, 5000)


async def test_the_plans_lead_to_asking_and_to_ones_own_waiting_tickets(world: World) -> None:
    one, other = await asked(world), await asked(world, "How do I write a file?", by="bob")
    page = (await one.ana.get("/p/pelican/plans")).text
    assert f"/tickets/{one.ticket}/bump" in page and f"/tickets/{other.ticket}/bump" not in page
    assert "/new-thread?project=pelican" in page
    assert "/bump" not in (await world.site.guest().get("/p/pelican/plans")).text
    closed = {name: value for name, value in FORM.items() if name != "open"} | {"enterprise": "2000"}
    await world.owner.post(PATH, closed)
    page = (await one.ana.get("/p/pelican/plans")).text
    assert "/bump" not in page and "does not sell this at the moment" in page


async def test_submitting_and_raising_is_offered_beside_submitting_without_paying(world: World) -> None:
    nora = await world.person("nora")
    page = (await nora.get("/new-thread?project=pelican")).text
    assert page.index("Submit without paying") < page.index("Submit and raise")
    assert 'class="btn btn--wide" data-send>' in page and 'class="btn btn--wide" name="then" value="raise">' in page
    sent = await nora.post(
        "/new-thread", ASK | {"capacity": "personal", "terms": "1", "then": "raise", "category": "support"}
    )
    ticket = await fetch_value("select id from ticket")
    assert sent.headers["location"] == f"/tickets/{ticket}/bump"
    assert await fetch_value("select state from ticket") == "waiting"
    assert await fetch_value("select count(*) from bump") == 0
    await world.owner.post(PATH, {n: v for n, v in FORM.items() if n != "open"} | {"enterprise": "2000"})
    assert "Submit and raise" not in (await nora.get("/new-thread?project=pelican")).text


async def test_a_draft_is_submitted_and_raised_in_one(world: World) -> None:
    nora = await world.person("nora")
    sent = await nora.post("/new-thread", ASK | {"then": "draft", "category": "support"})
    thread = sent.headers["location"]
    page = (await nora.get(thread)).text
    assert "Submit without paying" in page and "Submit and raise" in page
    ticket = await fetch_value("select id from ticket")
    assert (await nora.get(f"/tickets/{ticket}/bump")).status_code == 409, "a draft waits for nothing"
    assert (await world.outsider.get(f"/tickets/{ticket}/bump")).status_code == 404
    done = await nora.post(f"/tickets/{ticket}/submission", {"capacity": "personal", "terms": "1", "then": "raise"})
    assert done.headers["location"] == f"/tickets/{ticket}/bump"
    assert await fetch_value("select state from ticket") == "waiting"


async def test_what_is_no_ticket_is_not_raised(world: World) -> None:
    nora = await world.person("nora")
    sent = await nora.post("/new-thread", ASK | {"then": "raise", "category": "bugs"})
    assert sent.headers["location"].startswith("/t/")
