"""Payout runs: drafted by the policy, approved by an owner, booked once, each payout marked; never more than is there."""

import asyncio

import asyncpg
import pytest

from forum.database.engine import execute, fetch, fetch_one, fetch_value, transaction
from forum.projects.actions import NewProject, create_project
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from payouts.ledger.actions import Overdrawn, post_transaction
from payouts.ledger.rules import Entry
from payouts.runs.actions import approve_run, book_run, cancel_run, draft_run, mark_paid, set_policy
from payouts.runs.rules import Fixed, Policy
from tests.helpers.money import balances
from tests.helpers.payouts import PATH, acts, booked, drafted, earned, lines, state, words
from tests.helpers.points import reply
from tests.helpers.site import Site
from tests.helpers.world import World


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def test_a_run_divides_the_pool_by_the_policy_and_books_it(world: World) -> None:
    await earned(world, 10000, by=[world.outsider])
    owner = await world.owner.reader()
    policy = Policy(2500, (Fixed(world.supporter.person or 0, "Lead supporter", 3000),))
    await set_policy(owner, world.project, policy)
    run = await drafted(world)
    assert await lines(run) == [
        ("fixed", "sam", 3000),
        ("equal", "sam", 2063),
        ("equal", "otto", 2062),
        ("kept", None, 2375),
    ]
    assert (await balances())["entity", "pool"] == -9500, "a draft moves nothing"
    await approve_run(owner, run)
    assert (await balances())["entity", "pool"] == -9500, "nor does an approval"
    assert await book_run(owner, run)
    held = await balances()
    assert (held["entity", "pool"], held["entity", "payable"], held["entity", "kept"]) == (0, -7125, -2375)
    owed = await fetch(
        "select p.username, -a.balance as owed from ledger_account a join person p on p.id = a.person_id order by 1"
    )
    assert [tuple(row) for row in owed] == [("otto", 2062), ("sam", 5063)]
    assert await acts() == ["payout-policy", "payout-drafted", "payout-approved", "payout-booked"]


async def test_each_payout_is_marked_once_with_how_and_leaves_the_cash(world: World) -> None:
    await earned(world, by=[world.outsider])
    run, owner = await booked(world), await world.owner.reader()
    ids = [row["id"] for row in await fetch("select id from payout_line where run_id = $1 order by position", run)]
    before = (await balances())["entity", "cash"]
    done = [await mark_paid(owner, ids[0], how="transfer", reference="SEPA 7") for _n in range(3)]
    assert done == [True, False, False]
    held = await balances()
    assert held["entity", "cash"] == before - 2375 and held["entity", "payable"] == -2375
    assert await fetch_value("select reference from payout_line where id = $1", ids[0]) == "SEPA 7"
    results = await asyncio.gather(*(mark_paid(owner, ids[1], how="cash") for _n in range(20)))
    assert sum(results) == 1
    assert (await balances())["entity", "payable"] == 0
    assert await fetch_value("select count(*) from ledger_transaction where kind = 'payout'") == 2
    assert (await acts()).count("payout-paid") == 2
    with pytest.raises(Invalid):
        await mark_paid(owner, (await fresh_line(world)), how="gold")


async def fresh_line(world: World) -> int:
    await earned(world)
    run = await booked(world)
    found: int = await fetch_value("select min(id) from payout_line where run_id = $1", run)
    return found


async def test_twenty_at_once_draft_approve_and_book_one_run(world: World) -> None:
    await earned(world)
    owner = await world.owner.reader()
    runs = set(await asyncio.gather(*(drafted(world) for _n in range(20))))
    assert len(runs) == 1
    run = runs.pop()
    await asyncio.gather(*(approve_run(owner, run) for _n in range(20)))
    assert sum(await asyncio.gather(*(book_run(owner, run) for _n in range(20)))) == 1
    assert await fetch_value("select count(*) from ledger_transaction where kind = 'payout_run'") == 1
    assert await acts() == ["payout-drafted", "payout-approved", "payout-booked"]


async def test_a_draft_goes_stale_with_the_pool_and_is_not_approved(world: World) -> None:
    await earned(world)
    owner, run = await world.owner.reader(), await drafted(world)
    await earned(world, 7000)
    page = await world.owner.get(f"{PATH}/{run}")
    assert "The pool has changed since this was drafted: it held €47.50, and holds €114.00 now." in words(page.text)
    with pytest.raises(Conflict):
        await approve_run(owner, run)
    refused = await world.owner.post(f"{PATH}/{run}/approval")
    assert refused.status_code == 409 and "nothing was approved" in refused.text
    assert await state(run) == "draft"
    again = await drafted(world)
    assert again != run and await state(run) == "cancelled"
    assert await lines(again) == [("equal", "sam", 11400)]
    await approve_run(owner, again)
    with pytest.raises(Conflict, match="approved already"):
        await drafted(world)


async def test_a_draft_that_would_be_divided_otherwise_now_says_so_and_may_be_approved(world: World) -> None:
    one = await earned(world)
    run = await drafted(world)
    assert "the policy has changed" not in (await world.owner.get(f"{PATH}/{run}")).text
    await reply(world.outsider, one.thread)
    assert "the policy has changed or somebody was thanked" in (await world.owner.get(f"{PATH}/{run}")).text
    owner = await world.owner.reader()
    await approve_run(owner, run)
    await book_run(owner, run)
    assert await lines(run) == [("equal", "sam", 4750)]
    await earned(world, 7000)
    following = await booked(world)
    assert {name for _kind, name, _amount in await lines(following)} == {"sam", "otto"}, "who came late is in the next"


async def test_everybody_shares_once_for_each_bump(world: World) -> None:
    await earned(world, by=[world.outsider])
    first = await booked(world)
    await earned(world, 6000)
    second = await booked(world)
    assert await lines(first) == [("equal", "sam", 2375), ("equal", "otto", 2375)]
    assert await lines(second) == [("equal", "sam", 5700)]
    with pytest.raises(Conflict, match="empty"):
        await drafted(world)


async def test_a_run_that_is_cancelled_gives_nothing_and_the_next_divides_for_all(world: World) -> None:
    await earned(world, by=[world.outsider])
    owner, run = await world.owner.reader(), await drafted(world)
    await approve_run(owner, run)
    await cancel_run(owner, run)
    await cancel_run(owner, run)
    with pytest.raises(Conflict):
        await book_run(owner, run)
    again = await booked(world)
    assert len(await lines(again)) == 2
    with pytest.raises(Conflict, match="cannot be taken back"):
        await cancel_run(owner, again)
    assert (await acts()).count("payout-cancelled") == 1


async def test_nothing_is_booked_that_nobody_approved_nor_paid_that_nobody_booked(world: World) -> None:
    await earned(world)
    owner, run = await world.owner.reader(), await drafted(world)
    with pytest.raises(Conflict):
        await book_run(owner, run)
    line = await fetch_value("select id from payout_line where run_id = $1", run)
    with pytest.raises(Conflict):
        await mark_paid(owner, line, how="cash")
    assert await fetch_value("select count(*) from ledger_transaction where kind <> 'bump'") == 0


async def refund(world: World, amount: int) -> None:
    """What a refund takes back out of the pool."""
    project = await fetch_one("select legal_entity_id as entity from project where id = $1", world.project)
    assert project is not None
    async with transaction():
        entries = [Entry(project["entity"], "pool", amount), Entry(project["entity"], "pooled", -amount)]
        await post_transaction("refund:1", project=world.project, cause=("refund", 1), currency="EUR", entries=entries)


async def test_what_was_refunded_meanwhile_is_not_booked_and_the_page_says_so(world: World) -> None:
    await earned(world)
    owner, run = await world.owner.reader(), await drafted(world)
    await approve_run(owner, run)
    await refund(world, 1)
    with pytest.raises(Overdrawn):
        await book_run(owner, run)
    refused = await world.owner.post(f"{PATH}/{run}/booking")
    assert refused.status_code == 409
    assert "The pool holds less than this run gives, so nothing was booked." in words(refused.text)
    assert await state(run) == "approved"
    assert (await balances())["entity", "pool"] == -4749
    await cancel_run(owner, run)
    again = await booked(world)
    assert await lines(again) == [("equal", "sam", 4749)]


async def test_a_person_cannot_be_paid_more_than_the_books_owe_them(world: World) -> None:
    await earned(world)
    run, owner = await booked(world), await world.owner.reader()
    line = await fetch_one("select * from payout_line where run_id = $1", run)
    assert line is not None
    entity = await fetch_value("select entity_id from payout_run where id = $1", run)
    async with transaction():
        paid_by_hand = [Entry(entity, "payable", 1, line["person_id"]), Entry(entity, "cash", -1)]
        await post_transaction(
            "payout:by-hand", project=world.project, cause=("payout", 0), currency="EUR", entries=paid_by_hand
        )
    with pytest.raises(Overdrawn):
        await mark_paid(owner, line["id"], how="cash")
    assert await fetch_value("select paid_at from payout_line where id = $1", line["id"]) is None


async def test_lines_stay_as_they_were_and_add_up_whatever_the_code_does(world: World) -> None:
    await earned(world)
    run = await drafted(world)
    for statement in ("update payout_line set amount = 1", "delete from payout_line"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await execute(statement)
    with pytest.raises(asyncpg.CheckViolationError, match="add up"):
        async with transaction():
            await execute("insert into payout_line (run_id, position, kind, amount) values ($1, 9, 'kept', 1)", run)


async def test_the_same_thanks_are_never_in_two_runs(world: World) -> None:
    await earned(world)
    await booked(world)
    await earned(world, 6000)
    run = await drafted(world)
    with pytest.raises(asyncpg.UniqueViolationError):
        await execute("insert into payout_run_thanks select bump_id, person_id, $1 from bump_thanks limit 1", run)


async def test_who_closed_their_account_or_whose_answer_is_gone_does_not_share(world: World) -> None:
    ben = await world.person("ben")
    await earned(world, by=[world.outsider, ben])
    await execute("update person set disabled_at = now() where id = $1", ben.person)
    await execute("update post set deleted_at = now() where author_id = $1", world.outsider.person)
    assert await lines(await drafted(world)) == [("equal", "sam", 4750)]


async def test_owners_alone_decide_and_everybody_else_is_refused(world: World) -> None:
    await earned(world)
    run = await drafted(world)
    line = await fetch_value("select id from payout_line where run_id = $1", run)
    others = {"triager": await world.person("tia"), "maintainer": await world.person("mia")}
    for role, browser in others.items():
        await world.team(browser, role)
    heron = await world.person("hanna")
    for browser, refusal, status in (
        (world.supporter, Forbidden, 403),
        (others["triager"], Forbidden, 403),
        (others["maintainer"], Forbidden, 403),
        (world.outsider, NotFound, 404),
        (heron, NotFound, 404),
        (await world.site.member("ada", admin=True), NotFound, 404),
    ):
        reader = await browser.reader()
        for act in (
            draft_run(reader, world.project),
            approve_run(reader, run),
            book_run(reader, run),
            cancel_run(reader, run),
            mark_paid(reader, line, how="cash"),
            set_policy(reader, world.project, Policy(1)),
        ):
            with pytest.raises(refusal):
                await act
        for path in (PATH, f"{PATH}/{run}", "/p/pelican/settings/payouts"):
            assert (await browser.get(path)).status_code == status, path
        for path in ("", f"/{run}/approval", f"/{run}/booking", f"/{run}/delete", f"/{run}/lines/{line}/payment"):
            assert (await browser.post(PATH + path, {"how": "cash"})).status_code == status, path
    assert (await world.site.guest().get(PATH)).status_code == 303
    assert await state(run) == "draft" and await acts() == ["payout-drafted"]


async def test_an_owner_of_another_project_reaches_no_run_through_their_own(world: World) -> None:
    await earned(world)
    run = await drafted(world)
    line = await fetch_value("select id from payout_line where run_id = $1", run)
    hanna = await world.person("hanna")
    await create_project(hanna.person or 0, NewProject("heron", "Heron", "Heron Foundation"))
    for path in ("", "/approval", "/booking", "/delete", f"/lines/{line}/payment"):
        for project in ("heron", "pelican"):
            address = f"/p/{project}/payouts/{run}{path}"
            answer = await (hanna.post(address, {"how": "cash"}) if path else hanna.get(address))
            assert answer.status_code == 404, address
    assert (await world.owner.post(f"{PATH}/{run + 1}/lines/{line}/payment", {"how": "cash"})).status_code == 404
    assert await state(run) == "draft"
