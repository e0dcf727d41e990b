"""Money out, in real browsers: an accepted answer thanks its author at once, and an owner divides the pool."""

from playwright.async_api import expect

from forum.database.engine import fetch, fetch_value
from payouts.runs.actions import mark_paid
from tests.helpers.browsing import PHONE, Windows, shoot
from tests.helpers.money import balances, paid_bump
from tests.helpers.payouts import PATH, booked, earned
from tests.helpers.points import reply
from tests.helpers.tickets import asked
from tests.helpers.world import World


async def test_the_answerers_open_page_shows_what_it_made_when_the_answer_is_accepted(
    windows: Windows, world: World
) -> None:
    one = await asked(world)
    _post, number = await reply(world.outsider, one.thread)
    await paid_bump(one)
    answerer = await windows.open(one.url, world.outsider)
    phone = await windows.open(one.url, world.outsider, viewport=PHONE, color_scheme="dark")
    stranger = await windows.open(one.url, await world.person("ben"))
    await expect(answerer.locator("#thanks")).to_be_hidden()
    await answerer.evaluate("window.stays = true")
    asker = await windows.open(one.url, one.ana)
    await asker.locator(f"#post_{number}").get_by_role("button", name="Accept").click()
    for window in (answerer, phone):
        await expect(window.locator("#thanks")).to_contain_text(
            "Your work just made €50.00 for Pelican Toolkit · the site's fee €2.50"
        )
    assert await answerer.evaluate("window.stays === true"), "without loading anything anew"
    await expect(stranger.locator("#threadhead")).to_contain_text("answer accepted")
    await expect(stranger.locator("#thanks")).to_be_hidden()
    assert await asker.get_by_text("Your work just made").count() == 0
    await shoot(answerer, "thanked")
    await shoot(phone, "thanked-phone")
    await answerer.get_by_role("link", name="All that your answers made").click()
    await expect(answerer.get_by_role("heading", name="Thanks")).to_be_visible()
    await expect(answerer.locator(".figures")).to_contain_text("€50.00")


async def divide(windows: Windows, world: World, *, script: bool) -> None:
    """The whole way of a pool, by hand, and the ledger beside it."""
    await earned(world, 10000, by=[world.outsider])
    owner = await windows.open("/p/pelican/dashboard", world.owner, java_script_enabled=script)
    await owner.locator("#income").get_by_role("link", name="Payouts").click()
    await owner.get_by_role("link", name="Policy").click()
    await owner.get_by_label("Stays with the project").fill("20")
    first = owner.get_by_role("group", name="Fixed line 1")
    await first.get_by_label("Username").fill("sam")
    await first.get_by_label("For what").fill("Lead supporter")
    await first.get_by_label("Amount").fill("30")
    await owner.get_by_role("button", name="Show what it does").click()
    effect = owner.locator("#effect")
    await expect(effect).to_contain_text("Not saved yet.")
    await expect(effect).to_contain_text("€30.00")
    await shoot(owner, f"policy-{script}")
    await owner.get_by_role("button", name="Save").click()
    await expect(owner.get_by_text("Saved.", exact=True)).to_be_visible()
    await owner.goto(PATH)
    await owner.get_by_role("button", name="Draft a run").click()
    await expect(owner.get_by_text("A draft: nothing has moved.")).to_be_visible()
    await shoot(owner, f"draft-{script}")
    await owner.get_by_role("button", name="Approve").click()
    await owner.get_by_role("button", name="Book it").click()
    await expect(owner.get_by_text("Booked. Now pay each person")).to_be_visible()
    rows = await owner.locator("tbody tr").all_inner_texts()
    entries = await fetch(
        "select p.name, -e.amount as amount from ledger_entry e join ledger_account a on a.id = e.account_id"
        " join ledger_transaction t on t.id = e.transaction_id left join person p on p.id = a.person_id"
        " where t.kind = 'payout_run' and a.kind in ('payable', 'kept') order by p.name"
    )
    shown: dict[str, int] = {}
    for row in rows:
        name, *_rest, amount = row.split("\t")
        shown[name.strip()] = shown.get(name.strip(), 0) + int(amount.strip().removeprefix("€").replace(".", ""))
    assert shown == {entry["name"] or "The project": entry["amount"] for entry in entries}
    assert sum(shown.values()) == 9500
    form = owner.get_by_role("form", name="Payment to Otto")
    await form.get_by_label("Reference").fill("SEPA 7")
    await shoot(owner, f"booked-{script}")
    await form.get_by_role("button", name="Mark as paid out").click()
    await expect(owner.get_by_role("cell", name="SEPA 7", exact=True)).to_be_visible()
    held = await balances()
    assert held["entity", "pool"] == 0 and held["entity", "cash"] == 10000 - shown["Otto"]
    await owner.goto("/p/pelican/dashboard")
    await expect(owner.locator("#income")).to_contain_text("€95.00")
    await shoot(owner, f"dashboard-{script}")


async def test_an_owner_divides_a_pool(windows: Windows, world: World) -> None:
    await divide(windows, world, script=True)


async def test_without_script_it_is_the_same(windows: Windows, world: World) -> None:
    await divide(windows, world, script=False)


async def test_a_supporter_finds_what_they_are_owed(windows: Windows, world: World) -> None:
    await earned(world)
    await booked(world)
    page = await windows.open("/u/sam", world.supporter)
    await page.get_by_role("link", name="Payouts").click()
    await expect(page.locator(".figures")).to_contain_text("Still owed to you")
    await expect(page.locator("tbody tr")).to_have_count(1)
    assert await fetch_value("select count(*) from payout_line") == 1


async def test_a_long_reference_pushes_no_amount_out_of_a_phone(windows: Windows, world: World) -> None:
    await earned(world)
    run = await booked(world)
    line = await fetch_value("select id from payout_line where run_id = $1 and person_id is not null", run)
    await mark_paid(await world.owner.reader(), line, how="transfer", reference="W" * 100)
    for path, who in (("/u/sam/payouts", world.supporter), (f"{PATH}/{run}", world.owner)):
        page = await windows.open(path, who, viewport=PHONE)
        await expect(page.locator("tbody tr", has_text="WWW").locator("td").last).to_be_in_viewport(ratio=1)
