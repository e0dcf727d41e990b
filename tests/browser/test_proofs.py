"""A new project shows by a file that it is its owner's; a person shows the same of theirs, and asks for it elsewhere."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from forum.database.engine import execute, fetch_value
from tests.helpers.browsing import Windows, looks
from tests.helpers.website import PLACE, Website
from tests.helpers.world import World


@pytest.fixture
async def website() -> AsyncIterator[Website]:
    async with Website.open() as opened:
        yield opened


@pytest.fixture
def more_settings(website: Website) -> dict[str, str]:
    return {"internal_hosts": website.host}


async def test_a_new_project_is_shown_to_be_ones_own_by_a_file(
    windows: Windows, world: World, website: Website
) -> None:
    nora = await world.person("nora")
    page = await windows.open("/new-project", nora)
    await looks(page, "new-project")
    await page.get_by_label("Name", exact=True).fill("Heron Mail")
    await page.get_by_label("Handle").fill("heron")
    await page.get_by_label("Legal entity").first.fill("Heron e.V.")
    await page.get_by_label("Repository").fill(f"{website.url}/heron/mail")
    await page.get_by_label("Website").fill(website.url)
    await page.get_by_label("Code of conduct").first.fill(f"{website.url}/coc")
    await page.get_by_role("button", name="Register the project").click()
    await expect(page.get_by_role("heading", name="Proof", level=1)).to_be_visible()
    await looks(page, "proof-open")
    token = await fetch_value(
        "select token from proof where project_id = (select id from project where slug = 'heron')"
    )

    windows.expect("422")
    # not there yet: said, and nothing is lost
    await page.get_by_role("button", name="Look on the website").click()
    await expect(page.get_by_role("alert")).to_contain_text("haas-proof.txt")
    await looks(page, "proof-not-found")
    website.files |= {f"/api/v1/repos/heron/mail/raw{PLACE}": f"{token}\n", "/coc": "Be kind."}
    await page.get_by_role("button", name="Look in the repository").click()
    await expect(page.get_by_text("Control is proven", exact=False)).to_be_visible()
    await expect(page.get_by_text("a support guideline", exact=False)).to_be_visible()
    await looks(page, "proof-proven")
    await page.get_by_role("link", name="Write it").click()
    await page.get_by_label("Support guideline").fill("Say your version.")
    await page.get_by_role("button", name="Save", exact=True).click()
    guest = await windows.open("/p/heron")
    await expect(guest.get_by_text("verified").first).to_be_visible()
    await looks(guest, "proof-home")


async def test_who_asks_for_a_project_of_theirs_waits_less_and_pays_less(
    windows: Windows, world: World, website: Website
) -> None:
    await execute("update selling set discount_rate = 20, tax_rate = 1900 where project_id = $1", world.project)
    await execute("insert into support_policy (project_id, head_start) values ($1, 3)", world.project)
    ana = await world.person("ana")
    page = await windows.open("/new-thread?project=pelican", ana)
    await expect(page.get_by_role("link", name="Prove a project")).to_be_hidden()
    await page.get_by_label("another open-source project").first.check()
    await page.get_by_role("link", name="Prove a project").click()
    await expect(page.get_by_role("heading", name="Projects you ask for")).to_be_visible()
    await looks(page, "proofs-none")
    await page.get_by_role("textbox", name="Name").fill("Pond")
    await page.get_by_label("Website").fill(website.url)
    await page.get_by_label("Code of conduct").fill(f"{website.url}/coc")
    await page.get_by_label("Support guideline").fill(f"{website.url}/help")
    await page.get_by_role("button", name="Go on to the proof").click()
    await expect(page.get_by_role("heading", name="Pond")).to_be_visible()
    await looks(page, "asker-open")
    token = await fetch_value("select token from proof where person_id = $1", ana.person)
    website.files |= {PLACE: token, "/coc": "Be kind.", "/help": "Say versions."}
    await page.get_by_role("button", name="Look on the website").click()
    await expect(page.get_by_text("Verified.")).to_be_visible()
    await looks(page, "asker-verified")
    await page.get_by_role("link", name="Projects you ask for").click()
    await looks(page, "proofs-one")

    # the same question, asked for it
    await page.goto("/new-thread?project=pelican&title=How+do+I+read+a+file%3F")
    await page.get_by_label("Anything more").or_(page.locator("textarea").first).first.fill("I tried for an hour.")
    await page.get_by_label("another open-source project").first.check()
    await page.get_by_label("Which open-source project?").select_option(label="Pond · verified")
    await looks(page, "behalf-ask")
    await page.get_by_label("I accept these terms.").check()
    await page.get_by_role("button", name="Submit without paying").click()
    await expect(page.locator("#queue")).to_be_visible()
    await expect(page.get_by_role("heading", name="Asked for")).to_be_visible()
    await looks(page, "behalf-thread")
    ticket = await fetch_value("select id from ticket")
    await page.goto(f"/tickets/{ticket}/bump?amount=50")
    await expect(page.get_by_text("Discount, 20 %")).to_be_visible()
    await looks(page, "behalf-bump")
    sam = await windows.open("/p/pelican/inbox", world.supporter)
    await sam.locator("#inbox_queue").get_by_role("link", name="How do I read a file?").click()
    await expect(sam.locator(".ticket")).to_contain_text("3 days")
