"""Who asks for another open-source project says which, and pays less where that one is verified and the project grants it."""

from uuid import uuid4

import pytest

from forum.database.engine import execute, fetch_one, fetch_value
from payouts.bumps.actions import mark_received, open_bump
from payouts.bumps.refunds import book_refund
from payouts.verify import verify
from tests.helpers.site import Browser
from tests.helpers.tickets import ASK, Asked, asked
from tests.helpers.website import PLACE
from tests.web.projects.test_project_pages import said
from tests.web.proofs.conftest import Proving


async def prove_own(proving: Proving, browser: Browser, *, verified: bool = True) -> int:
    """A project of somebody's that only asks, proven by its website."""
    words = {"name": "Pond", "website": proving.website.url}
    if verified:
        words |= {"code_of_conduct": f"{proving.website.url}/coc", "guideline": f"{proving.website.url}/help"}
        proving.website.files |= {"/coc": "Be kind.", "/help": "Say versions."}
    path = (await browser.post("/proofs", words)).headers["location"]
    number = int(path.rpartition("/")[2])
    proving.website.files[PLACE] = (await proving.row(number))["token"]
    assert (await browser.post(f"{path}/file", {"where": "website"})).status_code == 303
    return number


async def for_pond(proving: Proving, rate: int = 20) -> Asked:
    """A ticket that ana asks for her verified project, in a project that grants such ones something."""
    await execute("update selling set discount_rate = $1, tax_rate = 1900", rate)
    one = await asked(proving.world, capacity="project")
    proof = await prove_own(proving, one.ana)
    assert (await one.ana.post(f"/tickets/{one.ticket}/on-behalf", {"on_behalf": str(proof)})).status_code == 303
    return one


async def test_the_form_of_asking_says_for_which_project(proving: Proving) -> None:
    ana = await proving.world.person("ana")
    proof = await prove_own(proving, ana)
    sent = ASK | {"capacity": "project", "on_behalf": str(proof), "terms": "1", "category": "support"}
    assert (await ana.post("/new-thread", sent)).status_code == 303
    assert await fetch_value("select proof_id from ticket_on_behalf") == proof
    url = await fetch_value("select '/t/' || slug || '/' || id from thread")
    assert "Pond" in said(await ana.get(url)) and "Pond" in said(await proving.world.supporter.get(url))
    for browser in (proving.world.outsider, proving.world.site.guest()):
        assert "Asked for" not in said(await browser.get(url))


async def test_a_name_and_a_website_that_somebody_else_has_are_not_what_is_shown_as_proven(proving: Proving) -> None:
    one = await for_pond(proving)
    await execute(
        "update proof set name = 'Famous', repository = address, website = 'https://famous.example' where project_id is null"
    )
    for browser in (one.ana, proving.world.supporter):
        page = await browser.get(one.url)
        shown = proving.website.url
        assert f"Famous verified Shown to be theirs: {shown.split('://')[1]}" in said(page)
        assert f'href="{shown}"' in page.text and 'href="https://famous.example"' not in page.text


async def test_nobody_asks_for_a_project_that_somebody_else_has_proven_or_nobody(proving: Proving) -> None:
    theirs = await prove_own(proving, proving.world.outsider)
    one = await asked(proving.world, capacity="project")
    made = await one.ana.post("/proofs", {"name": "Open", "website": "https://a.example"})
    for proof in (str(theirs), made.headers["location"].rpartition("/")[2], "99999", "x" * 30):
        await one.ana.post(f"/tickets/{one.ticket}/on-behalf", {"on_behalf": proof})
    sent = ASK | {"capacity": "project", "on_behalf": str(theirs), "terms": "1", "category": "support"}
    assert (await one.ana.post("/new-thread", sent)).status_code == 303, "asking goes on all the same"
    assert await fetch_value("select count(*) from ticket_on_behalf") == 0
    outsider = await proving.world.outsider.post(f"/tickets/{one.ticket}/on-behalf", {"on_behalf": str(theirs)})
    assert outsider.status_code == 404 and await fetch_value("select count(*) from ticket_on_behalf") == 0


async def test_a_verified_project_pays_less_and_its_ticket_is_raised_by_the_whole_amount(proving: Proving) -> None:
    one = await for_pond(proving)
    shown = said(await one.ana.get(f"/tickets/{one.ticket}/bump?amount=50.99"))
    # 20 % of 50.99 is 10.198: rounded down; 19 % tax of the rest
    assert "Discount, 20 % −€10.19" in shown and "€48.55" in shown, shown
    bump = await open_bump(await one.ana.reader(), one.ticket, 5099, currency="EUR", method="offline", key=uuid4())
    assert (bump["amount"], bump["discount"], bump["discount_rate"], bump["tax"], bump["fee"]) == (
        4080,
        1019,
        20,
        775,
        204,
    )
    await mark_received(await proving.world.owner.reader(), bump["id"])
    assert (await one.row())["rank_amount"] == 5099
    invoice = await fetch_one("select * from invoice")
    assert invoice is not None
    assert (invoice["net"], invoice["discount"], invoice["tax"], invoice["total"]) == (4080, 1019, 775, 4855)
    page = said(await one.ana.get(f"/invoices/{invoice['id']}"))
    assert "Discount for verified open-source projects, 20 % −€10.19" in page and "€50.99" in page
    assert "€10.19" in said(await one.ana.get(f"/bumps/{bump['id']}"))
    assert (await verify()).wrong == []


@pytest.mark.parametrize(("back", "rank"), [(1, 5097), (2427, 2549), (4855, 0)])
async def test_what_is_given_back_takes_its_part_of_the_discount_with_it(
    proving: Proving, back: int, rank: int
) -> None:
    one = await for_pond(proving)
    bump = await open_bump(await one.ana.reader(), one.ticket, 5099, currency="EUR", method="offline", key=uuid4())
    await mark_received(await proving.world.owner.reader(), bump["id"])
    assert await book_refund(bump["id"], "re_1", back)
    assert (await one.row())["rank_amount"] == rank
    assert (await verify()).wrong == []


@pytest.mark.parametrize("reason", ["not verified", "lapsed", "another capacity", "no discount", "not said for which"])
async def test_nobody_else_pays_less(proving: Proving, reason: str) -> None:
    one = await for_pond(proving, 0 if reason == "no discount" else 20)
    match reason:
        case "not verified":
            await execute("update proof set guideline = '' where name = 'Pond'")
        case "lapsed":
            await execute("update proof set state = 'lapsed', due_at = null where name = 'Pond'")
        case "another capacity":
            await execute("update ticket set capacity = 'professional'")
        case "not said for which":
            await one.ana.post(f"/tickets/{one.ticket}/on-behalf", {"on_behalf": ""})
    assert "Discount" not in said(await one.ana.get(f"/tickets/{one.ticket}/bump?amount=50"))
    bump = await open_bump(await one.ana.reader(), one.ticket, 5000, currency="EUR", method="offline", key=uuid4())
    assert (bump["amount"], bump["discount"]) == (5000, 0)


async def test_a_discount_that_ends_while_somebody_reads_is_told_before_anything_is_ordered(proving: Proving) -> None:
    one = await for_pond(proving)
    form = {"amount": "50", "method": "offline", "currency": "EUR", "step": "pay", "key": str(uuid4())}
    page = (await one.ana.get(f"/tickets/{one.ticket}/bump?amount=50")).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    await execute("update proof set state = 'lapsed', due_at = null where name = 'Pond'")
    stale = await one.ana.post(f"/tickets/{one.ticket}/bump", form | {"seen": seen})
    assert stale.status_code == 409 and await fetch_value("select count(*) from bump") == 0
    await execute("update proof set state = 'proven', due_at = now() where name = 'Pond'")
    for _sent_twice in range(2):
        assert (await one.ana.post(f"/tickets/{one.ticket}/bump", form | {"seen": seen})).status_code == 303
    assert await fetch_value("select count(*) from bump") == 1


async def test_a_project_grants_it_on_its_selling_page_which_shows_what_it_does(proving: Proving) -> None:
    path = "/p/pelican/settings/selling"
    form = {
        "open": "on",
        "pay_as_you_go": "50",
        "standard": "90",
        "enterprise": "1200",
        "currency": "EUR",
        "tax_rate": "0",
        "book": "months",
        "entity": "Pelican",
        "discount_rate": "15",
    }
    refused = await proving.world.owner.post(path, form | {"discount_rate": "91"})
    assert refused.status_code == 422 and 'value="91"' in refused.text
    assert (await proving.world.supporter.post(path, form)).status_code == 403
    assert (await proving.world.owner.post(path, form)).status_code == 303
    page = said(await proving.world.owner.get(path))
    assert "With 15 %, the least bump of €50.00 costs a verified project €42.50 before tax (€7.50 less)" in page


async def test_who_left_the_team_of_a_project_they_proved_does_not_ask_for_it(proving: Proving) -> None:
    await execute("update selling set discount_rate = 20")
    one = await asked(proving.world, capacity="project")
    await proving.world.team(one.ana, "maintainer")
    proof = await proving.prove_by_website()
    await execute("update proof set person_id = (select id from person where username = 'ana') where id = $1", proof)
    address = f"/tickets/{one.ticket}/on-behalf"
    assert (await one.ana.post(address, {"on_behalf": str(proof)})).status_code == 303
    assert "Discount" in said(await one.ana.get(f"/tickets/{one.ticket}/bump?amount=50"))
    await execute("delete from project_member where person_id = (select id from person where username = 'ana')")
    assert "Discount" not in said(await one.ana.get(f"/tickets/{one.ticket}/bump?amount=50"))
    assert "not proven any more" in said(await one.ana.get(one.url))
    await one.ana.post(address, {"on_behalf": ""})
    await one.ana.post(address, {"on_behalf": str(proof)})
    assert await fetch_value("select count(*) from ticket_on_behalf") == 0


async def test_a_project_that_names_another_address_since_is_asked_for_by_nobody(proving: Proving) -> None:
    one = await asked(proving.world, capacity="project")
    proof = await prove_own(proving, one.ana)
    words = {"name": "Famous", "website": "https://famous.example"}
    assert (await one.ana.post(f"/proofs/{proof}", words)).status_code == 303
    await one.ana.post(f"/tickets/{one.ticket}/on-behalf", {"on_behalf": str(proof)})
    assert await fetch_value("select count(*) from ticket_on_behalf") == 0
