"""The public book: figures, months and movements out of ledger rows, each reader what the project shows them."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forum.api.openapi import document
from forum.database.engine import execute, fetch_value
from payouts.bumps.actions import book as book_bump
from payouts.bumps.rules import METHODS, entries_of, price_of
from payouts.ledger.rules import Entry
from tests.conftest import Statements
from tests.helpers.books import Books, negated
from tests.helpers.money import bump, paid_bump
from tests.helpers.published import faults
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World
from tests.web.api.test_v1 import resolved

PATH = "/p/pelican/ledger"
JSON = "/api/v1/projects/pelican/ledger"


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


@pytest.fixture
async def one(world: World) -> Asked:
    """A ticket of which a bump was paid, with tax, and another of whose title only some may know."""
    await execute("update selling set tax_rate = 1900")
    one = await asked(world, "How do I read =a file?")
    await paid_bump(one, 5000)
    secret = await asked(world, "A matter between us", by="bob")
    await paid_bump(secret, 8000)
    await execute("update thread set visibility = 'private' where id = $1", secret.thread)
    return one


async def books_of(world: World) -> Books:
    return Books(world.project, await fetch_value("select id from legal_entity"), [world.supporter.person or 0])


def words(html: str) -> str:
    """The text of a page, without markup."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main.replace("&#39;", "'")))


async def page(browser: Browser, query: str = "") -> str:
    answer = await browser.get(PATH + query)
    assert answer.status_code == 200, answer.text
    return words(answer.text)


async def figures(browser: Browser, query: str = "") -> dict[str, str]:
    """The figures of the page, by what they are called."""
    html = (await browser.get(PATH + query)).text
    return dict(re.findall(r"<dt>([^<]+)</dt><dd><b>([^<]+)</b>", html))


async def test_a_project_that_has_earned_nothing_says_so(world: World) -> None:
    assert "No money has moved yet" in await page(world.site.guest())
    assert (await world.site.guest().get(f"{PATH}.csv")).text.splitlines()[1:] == []
    assert (await world.site.guest().get("/p/nowhere/ledger")).status_code == 404
    assert f'href="{PATH}"' in (await world.site.guest().get("/p/pelican")).text


async def test_the_figures_are_those_of_the_ledger(world: World, one: Asked) -> None:
    books = await books_of(world)
    sam = world.supporter.person or 0
    await books.post("run", books.run({sam: 6000}, kept=3000), kind="payout_run")
    await books.post("payout", books.payout(sam, 4500), kind="payout")
    await books.post("settlement", books.settlement(650), kind="settlement")
    for browser in (world.site.guest(), world.owner):
        assert await figures(browser) == {
            "Income, net": "€130.00",
            "Fees": "€6.50",
            "Paid out": "€45.00",
            "Kept by the project": "€30.00",
            "Waiting in the pool": "€33.50",
            "Tax received": "€24.70",
        }
    text = await page(world.owner)
    for said in ("2 bumps", "€15.00 more on the way", "to 1 person, €30.00 kept by the project", "€6.50 of fees"):
        assert said in text
    refund = negated(entries_of(price_of(5000, 1900), METHODS["offline"], books.entity))
    await books.post("refund", refund, kind="refund", cause=1)
    assert (await figures(world.owner))["Income, net"] == "€80.00"
    assert (await figures(world.owner))["Waiting in the pool"] == "−€14.00"
    assert "paid back after it was divided" in await page(world.owner)


async def test_the_public_sees_months_and_no_movement_unless_the_owner_opens_them(world: World, one: Asked) -> None:
    guest = world.site.guest()
    month = f"{datetime.now(UTC):%b %Y}"
    for browser in (guest, world.outsider, one.ana):
        text = await page(browser)
        assert f"{month} €130.00 €6.50 – – €123.50 €24.70" in text
        assert "Latest movements" not in text and "How do I read" not in text
        assert (await browser.get(JSON)).json()["transactions"] == []
    assert "Latest movements" in await page(world.supporter)
    await execute("update selling set book = 'rows'")
    text = await page(guest)
    assert "Bump How do I read =a file? €50.00 €2.50 €9.50 +€47.50" in text
    assert "Bump a private ticket €80.00 €4.00 €15.20 +€76.00" in text


async def test_who_paid_is_told_to_the_team_and_to_nobody_else(world: World, one: Asked) -> None:
    await execute("update selling set book = 'rows'")
    sam = world.supporter.person or 0
    books = await books_of(world)
    await books.post("run", books.run({sam: 6000}), kind="payout_run")
    await books.post("payout", books.payout(sam, 6000), kind="payout")
    for browser in (world.site.guest(), world.outsider, await world.person("cyd")):
        for address in (PATH, f"{PATH}.csv", JSON):
            text = (await browser.get(address)).text.partition("<main")[2] or (await browser.get(address)).text
            assert not re.search(r"\b(ana|bob|sam|Sam|Ana|Bob)\b", text), address
        assert "Payout a supporter" in await page(browser)
    assert "@bob" not in await page(one.ana) and "you €50.00" in await page(one.ana)
    text = await page(world.owner)
    assert "@ana" in text and "@bob" in text and "@sam" in text
    # sam is paid, and may know it
    await execute("delete from project_member where person_id = $1", sam)
    assert "Payout you" in await page(world.supporter) and "@ana" not in await page(world.supporter)


async def test_a_title_is_shown_to_who_may_see_the_thread(world: World, one: Asked) -> None:
    await execute("update selling set book = 'rows'")
    bob = await world.person("bob")
    for browser, sees in ((world.site.guest(), False), (world.outsider, False), (one.ana, False), (bob, True)):
        for address in (PATH, f"{PATH}.csv"):
            assert ("A matter between us" in (await browser.get(address)).text) is sees
    assert "a private ticket" in await page(world.supporter)


async def test_whose_private_ticket_was_paid_for_is_told_to_who_may_see_it(world: World, one: Asked) -> None:
    """Of the team a supporter may not read what was moved to security, hence not who reported it."""
    await execute("update selling set book = 'rows'")
    secret = await asked(world, "A hole", by="eve")
    await paid_bump(secret, 9000)
    assert "@eve" in await page(world.supporter)
    assert await secret.move("security") == 303
    assert "@eve" in await page(world.owner) and "@ana" in await page(world.supporter)
    assert "@eve" not in await page(world.supporter) and "you €90.00" in await page(secret.ana)


async def test_periods_are_links_and_each_has_its_own_figures(world: World, one: Asked) -> None:
    await execute("update selling set book = 'rows'")
    now = datetime.now(UTC)
    this = f"{now.year}-Q{(now.month + 2) // 3}"
    html = (await world.site.guest().get(PATH)).text
    assert f'<a href="?period={this}" aria-current="page">' in html
    for query in (f"?period={this}", f"?period={now.year}", "?period=all"):
        assert (await figures(world.site.guest(), query))["Income, net"] == "€130.00"
    before = f"?period={now.year - 1}"
    assert "Nothing moved in this time." in await page(world.site.guest(), before)
    assert await figures(world.site.guest(), before) == {}
    for wrong in ("?period=2026-Q5", "?period=x", "?period=1026", "?behind=x", "?behind=9", f"?behind={10**25}"):
        for address in (PATH, JSON):
            status = (await world.site.guest().get(address + wrong.replace("behind", "cursor"))).status_code
            assert status == (422 if address == JSON else 404) or "cursor" in wrong.replace("behind", "cursor")
        if "behind" in wrong:
            assert (await world.site.guest().get(PATH + wrong)).status_code == 404
            assert (await world.site.guest().get(JSON + wrong.replace("behind", "cursor"))).status_code == 422


async def test_what_moved_long_ago_stands_in_its_own_year(world: World) -> None:
    one = await asked(world)
    past = datetime.now(UTC) - timedelta(days=1200)
    made = await bump(one, 5000)
    await book_bump(made["id"], at=past)
    await paid_bump(one, 9000)
    guest = world.site.guest()
    assert (await figures(guest, f"?period={past.year}"))["Income, net"] == "€50.00"
    assert "In the pool at its end" in await figures(guest, f"?period={past.year}")
    assert (await figures(guest, "?period=all"))["Income, net"] == "€140.00"
    text = await page(guest, "?period=all")
    assert f"{past.year} €50.00 €2.50 – – €47.50" in text, "a long time is shown by its years"
    quarter = f"{past.year}-Q{(past.month + 2) // 3}"
    assert f"{past:%b %Y} €50.00" in await page(guest, f"?period={quarter}")


async def test_currencies_are_never_added_up(world: World, one: Asked) -> None:
    books = await books_of(world)
    await books.bump("yen", 90_000, currency="JPY", cause=1)
    html = (await world.site.guest().get(PATH)).text
    assert re.findall(r"<dt>Income, net</dt><dd><b>([^<]+)</b>", html) == ["€130.00", "¥90,000"]
    whole = (await world.site.guest().get(JSON)).json()
    assert [(total["currency"], total["income"]) for total in whole["totals"]] == [("EUR", 13_000), ("JPY", 90_000)]


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="pelican-ledger-')
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"))))


async def test_the_file_has_the_months_or_the_movements_and_no_formula(world: World, one: Asked) -> None:
    await execute("update thread set title = '=cmd|x' where id = $1", one.thread)
    months = table(await world.site.guest().get(f"{PATH}.csv"))
    month = f"{datetime.now(UTC):%Y-%m}"
    assert months[-1] == {
        "period": month,
        "currency": "EUR",
        "income_net": "130.00",
        "fees": "6.50",
        "tax": "24.70",
        "paid_out": "0.00",
        "kept": "0.00",
        "pool_at_end": "123.50",
        "owed_at_end": "0.00",
    }
    first, second = table(await world.owner.get(f"{PATH}.csv"))
    assert first["for"] == "'=cmd|x" and first["thread"] == f"{world.site.settings.base_url}{one.url}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["time"])
    assert [first[name] for name in ("kind", "currency", "net", "fee", "tax", "pool", "kept", "paid_out")] == (
        ["bump", "EUR", "50.00", "2.50", "9.50", "47.50", "0.00", "0.00"]
    )
    assert (second["for"], second["thread"], second["net"]) == ("", "", "80.00")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
async def test_no_title_becomes_a_formula(world: World, one: Asked, start: str) -> None:
    await execute("update thread set title = $2 where id = $1", one.thread, f'{start}1+1"; x')
    titles = [row["for"] for row in table(await world.owner.get(f"{PATH}.csv"))]
    assert titles[0].startswith("'")


async def test_a_long_book_goes_on_page_by_page_and_whole_in_the_file(world: World) -> None:
    one = await asked(world)
    books = await books_of(world)
    for n in range(55):
        await books.bump(f"n{n}", 100 + n, cause=n + 1000)
    shown = (await world.owner.get(PATH)).text
    assert len(re.findall(r'<tr id="m\d+">', shown)) == 50
    older = re.search(r'href="(\?[^"]+behind=\d+)"', shown)
    assert older
    rest = (await world.owner.get(PATH + older[1].replace("&amp;", "&"))).text
    ids = [int(n) for n in re.findall(r'<tr id="m(\d+)">', shown + rest)]
    assert ids == sorted(ids, reverse=True) and len(set(ids)) == 55
    assert len(table(await world.owner.get(f"{PATH}.csv"))) == 55
    seen: list[int] = []
    cursor = ""
    while True:
        part = (await world.owner.get(f"{JSON}?limit=20{cursor}")).json()
        seen += [each["id"] for each in part["transactions"]]
        if part["next"] is None:
            break
        cursor = f"&cursor={part['next']}"
    assert seen == ids and one.ticket


async def test_the_json_has_the_described_shape_and_the_pages_visibility(world: World, one: Asked) -> None:
    described = document(world.site.settings.base_url)
    for browser, detail in ((world.site.guest(), "months"), (world.supporter, "rows")):
        whole = (await browser.get(JSON)).json()
        assert not faults(whole, resolved(described["components"]["schemas"]["Ledger"], described))
        assert whole["detail"] == detail
        total = {"currency": "EUR", "income": 13_000, "fees": 650, "tax": 2_470, "paid_out": 0, "kept": 0, "owed": 0}
        assert whole["totals"] == [total | {"pool": 12_350}]
    latest, first = whole["transactions"]
    assert (first["thread"], first["net"], first["pool"]) == (one.thread, 5000, 4750)
    assert (latest["thread"], latest["net"], latest["kind"]) == (None, 8000, "bump")
    assert (await world.site.guest().get("/api/v1/projects/nowhere/ledger")).status_code == 404


async def test_an_entry_without_its_bump_still_stands_in_the_book(world: World) -> None:
    books = await books_of(world)
    await books.post("odd", [Entry(books.entity, "income", -700), Entry(books.entity, "cash", 700)], cause=99)
    assert "Bump €7.00" in await page(world.owner)


async def test_the_book_costs_the_same_statements_however_much_moved(
    world: World, one: Asked, statements: Statements
) -> None:
    async def costs() -> list[int]:
        found = []
        for browser, address in (
            (world.site.guest(), PATH),
            (world.owner, PATH),
            (world.owner, f"{PATH}?period=all"),
            (world.owner, f"{PATH}.csv"),
            (world.site.guest(), JSON),
        ):
            await browser.get(address)
            statements.clear()
            assert (await browser.get(address)).status_code == 200
            found.append(statements.count)
        return found

    few = await costs()
    books = await books_of(world)
    for n in range(20):
        await books.bump(f"n{n}", 100 + n, cause=n + 1000)
    assert await costs() == few
    assert few[0] <= 3 and max(few) <= 7, few
