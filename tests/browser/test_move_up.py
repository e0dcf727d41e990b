"""Paying to move up: ask, choose an amount, transfer and be marked received, or pay at Stripe; every open window sees the
place change. Both ways to pay go through the same tests."""

import pytest
from playwright.async_api import Page, expect

from forum.database.engine import execute, fetch_value
from forum.settings import Settings
from tests.browser.test_first_light import stay, stayed
from tests.helpers.browsing import PHONE, Windows, shoot
from tests.helpers.stripe import SECRET, Stripe, stripe, stripe_process
from tests.helpers.world import World
from tests.standins.stripe import KEY

__all__ = ["stripe", "stripe_process"]
ASKED = "How do I resample without losing the last window?"
WAYS = {"offline": "Bank transfer", "stripe": "Card or wallet"}


@pytest.fixture(params=list(WAYS))
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def till(request: pytest.FixtureRequest, method: str) -> Stripe | None:
    """Who takes the payment, where somebody does."""
    return request.getfixturevalue("stripe") if method == "stripe" else None


@pytest.fixture
def more_settings(till: Stripe | None) -> dict[str, str]:
    if till is None:
        return {}
    return {"stripe_secret_key": KEY, "stripe_webhook_secret": SECRET, "stripe_api_base": till.url}


@pytest.fixture(autouse=True)
def webhooks(till: Stripe | None, settings: Settings) -> None:
    """Events go to the site that is served."""
    if till is not None:
        till.tell(url=f"{settings.base_url}/webhooks/stripe")


async def received(windows: Windows, world: World, reference: str) -> None:
    """The owner has a transfer."""
    owner = await windows.open("/p/pelican/bumps", world.owner)
    await owner.get_by_label("Reference").fill(reference[-4:])
    await owner.get_by_role("button", name="Find").click()
    await shoot(owner, "project-bumps")
    mark = owner.get_by_role("button", name=f"Mark received {reference}")
    await owner.set_viewport_size(PHONE)
    await expect(mark).to_be_in_viewport(ratio=1)
    await expect(owner.locator("tbody tr", has=mark)).to_contain_text("€59.50 · ")
    await mark.click()
    await expect(owner.get_by_text("€59.50 booked")).to_be_visible()


async def on_paper(asker: Page, method: str) -> None:
    """How an order looks that waits for its money; from Stripe's page one comes back to it."""
    if method == "stripe":
        await expect(asker.get_by_role("heading", name="Pay 59.50 EUR")).to_be_visible()
        await asker.get_by_role("button", name="Pay with an empty card").click()
        await expect(asker.get_by_role("alert")).to_contain_text("declined")
        await asker.get_by_role("button", name="Back").click()
    await expect(asker.get_by_role("heading", name="Pay €59.50")).to_be_visible()
    await shoot(asker, f"bump-open-{method}")
    if method == "stripe":
        await asker.set_viewport_size(PHONE)
        await shoot(asker, "bump-open-stripe-phone")
        await asker.set_viewport_size({"width": 1280, "height": 900})


async def test_an_asker_pays_and_moves_up_and_all_who_may_see_it_move(
    windows: Windows, world: World, method: str
) -> None:
    await execute(
        "update selling set payment_details = 'Pelican Foundation\nIBAN DE00 1234 5678 9012', tax_rate = 1900"
    )
    await world.ask("How do I install it?", by="bea")
    await world.ask("How do I plot it?", by="carl")
    asker = await windows.open(
        f"/new-thread?project=pelican&title={ASKED.replace(' ', '+')}", await world.person("nora")
    )
    await asker.locator("#markdown").fill("I call `resample()` and the **last** window is gone.")
    await asker.get_by_text("for yourself").click()
    await asker.locator("#terms").check()
    await asker.get_by_role("button", name="Submit without paying").click()
    strip = asker.locator("#queue")
    await expect(strip).to_contain_text("Place 3 of 3 in the queue")
    await expect(strip).to_contain_text("€50.00: place 1")
    await shoot(asker, "strip-move-up")
    thread = asker.url
    other = await windows.open(thread, world.people["nora"])
    supporter = await windows.open(thread, world.supporter)
    stranger = await windows.open(thread)
    await expect(stranger.locator("#queue")).to_contain_text("Waiting for an answer of the team")
    for page in (other, supporter, stranger):
        await stay(page)

    await strip.get_by_role("link", name="Move up").click()
    await expect(asker.get_by_role("heading", name="Move up")).to_be_visible()
    await shoot(asker, "bump-empty")
    await asker.get_by_label("Amount in EUR").press_sequentially("50")
    total = asker.locator("#sum")
    await expect(total).to_contain_text("€50.00 now makes it place 1 of 3")
    await expect(total).to_contain_text("€59.50")
    if method == "stripe":
        await expect(asker.get_by_role("radio", name="Card or wallet")).to_be_checked()
    await asker.get_by_role("radio", name=WAYS[method]).check()
    await asker.get_by_label("Billed to").fill("Nora New\nQuay 7, Trieste")
    await asker.get_by_label("Amount in EUR").fill("70")
    await asker.get_by_role("link", name="€50.00", exact=True).click()
    await expect(asker.get_by_label("Amount in EUR")).to_have_value("50.00")
    await expect(asker.get_by_label("Billed to")).to_have_value("Nora New\nQuay 7, Trieste")
    await expect(total).to_contain_text("€59.50")
    await shoot(asker, "bump")
    await asker.set_viewport_size(PHONE)
    await shoot(asker, "bump-phone")
    await asker.set_viewport_size({"width": 1280, "height": 900})
    await asker.get_by_role("button", name="Order and pay €59.50").click()
    await on_paper(asker, method)
    reference = str(await fetch_value("select reference from bump"))
    await expect(asker.locator("main")).to_contain_text(reference)
    await expect(other.locator("#queue")).to_contain_text("Place 3 of 3")

    if method == "offline":
        await expect(asker.locator("main")).to_contain_text("IBAN DE00 1234 5678 9012")
        await received(windows, world, reference)
    else:
        await asker.get_by_role("button", name="Go on to pay").click()
        await asker.get_by_role("button", name="Pay 59.50 EUR").click()
        await expect(asker.get_by_role("heading", name="€59.50 paid")).to_be_visible()
        await shoot(asker, "bump-paid-stripe")

    await expect(other.locator("#queue")).to_contain_text("Place 1 of 3")
    await expect(other.locator("#queue")).to_contain_text("In the paid line with €50.00")
    await expect(supporter.locator("#queue")).to_contain_text("Place 1 of 3")
    await expect(supporter.locator("#ticketfacts")).to_contain_text("€50.00")
    await expect(stranger.locator("#queue")).to_contain_text("paid")
    assert "50.00" not in await stranger.content()
    for page in (other, supporter, stranger):
        assert await stayed(page)
    await shoot(other, "strip-paid")

    await asker.reload()
    await asker.get_by_role("link", name="Invoice PF-").click()
    await expect(asker.locator(".invoice")).to_contain_text("Quay 7, Trieste")
    await expect(asker.locator(".invoice")).to_contain_text(WAYS[method])
    assert await fetch_value("select count(*) from ledger_transaction") == 1
    await shoot(asker, "invoice")
    await asker.get_by_role("link", name="The payment").click()
    await expect(asker.get_by_role("heading", name="€59.50 paid")).to_be_visible()
    owner = await windows.open("/p/pelican/bumps", world.owner)
    await expect(owner.locator("main")).to_contain_text(reference)
    await owner.goto("/p/pelican/plans")
    await shoot(owner, "plans")
    await owner.goto("/p/pelican/settings/selling")
    await shoot(owner, "selling")


async def test_the_same_without_script(windows: Windows, world: World, method: str) -> None:
    windows.expect("409")
    first = await world.ask("How do I install it?", by="bea")
    second = await world.ask("How do I plot it?", by="carl")
    page = await windows.open(second.posted.url, world.people["carl"], java_script_enabled=False)
    await page.get_by_role("link", name="Move up").click()
    await page.get_by_role("link", name="€50.00").first.click()
    await expect(page.locator("#sum")).to_contain_text("€50.00 now makes it place 1 of 2")
    await page.get_by_label("Amount in EUR").fill("75,50")
    await page.locator("#bumpform").get_by_role("button", name="Order and pay").click()
    await expect(page.get_by_role("alert")).to_contain_text("The sum was for another amount")
    await expect(page.locator("#sum")).to_contain_text("€75.50 now makes it place 1 of 2")
    await page.get_by_role("radio", name=WAYS[method]).check()
    await page.get_by_role("button", name="Order and pay €75.50").click()
    if method == "stripe":
        await page.get_by_role("button", name="Back").click()
    await expect(page.get_by_role("heading", name="Pay €75.50")).to_be_visible()
    assert await fetch_value("select amount from bump where ticket_id = $1", second.ticket) == 7550
    await page.get_by_role("button", name="Take back").click()
    await expect(page.get_by_role("heading", name="Taken back")).to_be_visible()
    await page.goto(first.posted.url)
    assert await page.get_by_role("link", name="Move up").count() == 0
