"""The pages and the JSON of payouts: what an owner sees and types, what a person sees of their own, income by month."""

import re
from datetime import UTC, datetime

import pytest

from forum.api.openapi import document
from forum.database.engine import execute, fetch_one, fetch_value
from payouts.runs.actions import approve_run, book_run, mark_paid
from tests.conftest import Statements
from tests.helpers.money import paid_bump
from tests.helpers.payouts import PATH, acts, booked, drafted, earned, words
from tests.helpers.published import faults
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import asked
from tests.helpers.world import World
from tests.web.api.test_discourse import Client
from tests.web.api.test_v1 import resolved

POLICY = "/p/pelican/settings/payouts"


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def shown(browser: Browser, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    return words(answer.text)


async def test_an_owner_drafts_approves_books_and_pays_on_the_pages(world: World) -> None:
    await earned(world, by=[world.outsider])
    page = await shown(world.owner, PATH)
    assert "In the pool €47.50" in page and "How the pool would be split now" in page
    sent = await world.owner.post(PATH)
    assert sent.status_code == 303
    path = sent.headers["location"]
    page = await shown(world.owner, path)
    assert "A draft: nothing has moved." in page
    assert "Sam Supporter Equal share: answers that made €50.00, through one bump 50 % €23.75" in page
    assert "Book it" not in page and "Mark as paid out" not in page
    for step in ("approval", "booking"):
        assert (await world.owner.post(f"{path}/{step}")).headers["location"] == path
    page = await shown(world.owner, path)
    assert page.count("Mark as paid out") == 2
    assert f"in the ledger it is run:{path.rpartition('/')[2]}" in page
    line = await fetch_value("select id from payout_line where position = 1")
    refused = await world.owner.post(f"{path}/lines/{line}/payment", {"how": "gold", "reference": "r" * 101})
    assert refused.status_code == 422 and refused.text.count('aria-invalid="true"') == 2
    assert "r" * 101 in refused.text, "what was typed is kept"
    assert (
        await world.owner.post(f"{path}/lines/{line}/payment", {"how": "transfer", "reference": "SEPA 7"})
    ).status_code == 303
    page = await shown(world.owner, path)
    assert page.count("Mark as paid out") == 1 and "Bank transfer SEPA 7 €23.75" in page
    page = await shown(world.owner, PATH)
    assert "In the pool €0.00" in page and "Owed to people €23.75" in page and "Paid out €23.75" in page
    assert "The pool is empty." in page
    assert (await world.owner.post(PATH)).status_code == 409


async def test_money_for_tickets_that_nobody_answered_is_named(world: World) -> None:
    await earned(world)
    await booked(world)
    assert "nobody has answered yet" not in await shown(world.owner, PATH)
    await paid_bump(await asked(world, "Nobody has answered this"))
    page = await shown(world.owner, PATH)
    assert "€47.50 of it was paid for tickets that nobody has answered yet." in page
    assert "Stays with the project: nobody's answers have made money since the last run" in page


async def test_money_that_a_run_divided_is_not_in_the_pool_though_nobody_answered_for_it(world: World) -> None:
    await paid_bump(await asked(world, "Nobody has answered this"), 20000)
    await earned(world)
    await booked(world)
    await earned(world, 6000)
    assert "nobody has answered yet" not in await shown(world.owner, PATH)
    # what was paid between a run's draft and its booking is still there
    run, owner = await drafted(world), await world.owner.reader()
    await approve_run(owner, run)
    await paid_bump(await asked(world, "Nobody has answered this either"))
    await book_run(owner, run)
    page = await shown(world.owner, PATH)
    assert "In the pool €47.50" in page
    assert "€47.50 of it was paid for tickets that nobody has answered yet." in page


async def test_a_policy_shows_what_it_does_before_it_is_saved(world: World) -> None:
    await earned(world, 10000, by=[world.outsider])
    typed = {
        "kept": "12.5",
        "person-1": "@SAM",
        "label-1": "Lead supporter",
        "amount-1": "30",
        "person-2": "",
        "amount-2": " ",
    }
    page = await world.owner.post(POLICY, typed | {"preview": "1"})
    text = words(page.text)
    assert page.status_code == 200 and "Not saved yet." in text
    assert "Sam Supporter Lead supporter, fixed 32 % €30.00" in text
    assert "12.5 % of the pool stays with the project 13 % €11.88" in text
    assert 'value="@SAM"' in page.text
    assert await fetch_value("select count(*) from payout_policy") == 0 and await acts() == []
    for _n in range(2):
        assert (await world.owner.post(POLICY, typed)).status_code == 303
    page = await world.owner.get(POLICY)
    assert 'value="12.5"' in page.text and 'value="sam"' in page.text and 'value="30.00"' in page.text
    assert "By the policy as it is saved." in page.text
    assert await acts() == ["payout-policy"], "saved again as it is, it is no act"
    assert (await world.owner.post(POLICY, {"kept": "0"})).status_code == 303
    assert await fetch_value("select count(*) from payout_fixed") == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("kept", "101"), ("kept", "x"), ("person-1", "nobody"), ("label-1", ""), ("amount-1", "-3"), ("amount-1", "0")],
)
async def test_a_policy_with_faults_is_refused_by_field_and_kept_as_typed(world: World, field: str, value: str) -> None:
    typed = {"kept": "10", "person-1": "sam", "label-1": "Lead", "amount-1": "30.00"} | {field: value}
    refused = await world.owner.post(POLICY, typed)
    assert refused.status_code == 422
    assert f'id="{field}-error"' in refused.text and f'value="{value}"' in refused.text
    assert await fetch_value("select count(*) from payout_policy") == 0


async def test_a_placeholder_cannot_be_given_money(world: World) -> None:
    await execute("insert into person (username, kind, origin) values ('octo@github.com', 'placeholder', 'github')")
    typed = {"kept": "", "person-1": "octo@github.com", "label-1": "Lead", "amount-1": "30"}
    assert (await world.owner.post(POLICY, typed)).status_code == 422


async def test_everybody_sees_their_own_payouts_and_nobody_elses(world: World) -> None:
    await earned(world, by=[world.outsider])
    await drafted(world)
    assert "Nothing yet." in await shown(world.outsider, "/u/otto/payouts"), "a draft gives nothing"
    run = await booked(world)
    page = await shown(world.outsider, "/u/otto/payouts")
    assert "Still owed to you €23.75" in page and "Equal share: answers that made €50.00, through one bump" in page
    assert "sam" not in page.casefold()
    row = await fetch_one(
        "select l.id from payout_line l join person p on p.id = l.person_id where run_id = $1 and username = 'otto'",
        run,
    )
    assert row is not None
    await mark_paid(await world.owner.reader(), row["id"], how="service", reference="Wise 12")
    page = await shown(world.outsider, "/u/otto/payouts")
    assert "Still owed to you €0.00" in page and "Payment service, Wise 12" in page
    for browser in (world.owner, world.supporter, await world.site.member("ada", admin=True)):
        assert (await browser.get("/u/otto/payouts")).status_code == 404
    assert (await world.site.guest().get("/u/otto/payouts")).status_code == 303


async def test_the_json_tells_owners_the_pool_and_each_line_in_the_described_shape(world: World) -> None:
    path = "/api/v1/projects/pelican/payouts"
    await earned(world)
    run = await booked(world)
    await earned(world, 6000)
    again = await drafted(world)
    owner = await Client.of(world.site, world.owner)
    answer = (await owner.get(path)).json()
    assert answer["pool"] == {"amount": 5700, "currency": "EUR"} and answer["owed"]["amount"] == 4750
    assert [(each["id"], each["state"]) for each in answer["runs"]] == [(again, "draft"), (run, "booked")]
    [line] = answer["runs"][1]["lines"]
    assert (line["username"], line["amount"]["amount"], line["how"]) == ("sam", 4750, None)
    assert sum(line["amount"]["amount"] for line in answer["runs"][0]["lines"]) == answer["runs"][0]["pool"]["amount"]
    described = document(world.site.settings.base_url)
    assert not faults(answer, resolved(described["components"]["schemas"]["Payouts"], described))
    first = (await owner.get(f"{path}?limit=1")).json()
    second = (await owner.get(f"{path}?limit=1&cursor={first['next']}")).json()
    assert [each["runs"][0]["id"] for each in (first, second)] == [again, run] and second["next"] is None
    assert (await owner.get(f"{path}?cursor=x")).status_code == 422
    for browser, status in ((world.supporter, 403), (world.outsider, 404)):
        assert (await (await Client.of(world.site, browser)).get(path)).status_code == status
    assert (await world.site.guest().get(path)).status_code == 401


async def test_the_dashboard_tells_income_by_month_out_of_the_ledger(world: World, statements: Statements) -> None:
    path = "/p/pelican/dashboard"
    assert "Nobody has paid for a ticket in the last twelve months." in await shown(world.supporter, path)
    await execute("update selling set tax_rate = 1900")
    await earned(world, 5000)
    await earned(world, 7000)
    month = f"{datetime.now(UTC):%Y-%m}"
    for browser in (world.supporter, world.owner):
        assert f"{month} 2 €120.00 €6.00 €114.00" in await shown(browser, path)
    owners, teams = await shown(world.owner, path), await shown(world.supporter, path)
    assert "In the pool €114.00" in owners and f'href="{PATH}"' in (await world.owner.get(path)).text
    assert "In the pool" not in teams and f'href="{PATH}"' not in (await world.supporter.get(path)).text
    await booked(world)
    owners = await shown(world.owner, path)
    assert "In the pool €0.00" in owners and "Owed to people €114.00" in owners
    assert f"{month} 2 €120.00 €6.00 €114.00" in owners, "what a run divides is no income"
    assert (await world.outsider.get(path)).status_code == 404


async def test_pages_of_payouts_cost_the_same_with_many_runs(world: World, statements: Statements) -> None:
    async def cost(path: str) -> int:
        statements.clear()
        assert (await world.owner.get(path)).status_code == 200
        return statements.count

    await earned(world)
    run = await booked(world)
    few = [await cost(path) for path in (PATH, f"{PATH}/{run}")]
    for _n in range(3):
        await execute("delete from rate")
        await earned(world, by=[world.outsider, await world.person("ben")])
        run = await booked(world)
    assert [await cost(path) for path in (PATH, f"{PATH}/{run}")] == few
    assert max(few) <= 12
    assert re.search(r"Run \d+", await shown(world.owner, PATH))
