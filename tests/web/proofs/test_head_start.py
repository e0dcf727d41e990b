"""Tickets asked for a verified project count as waiting longer where the project says so: fixed when they are submitted."""

from datetime import timedelta

import pytest

from categories.support.joining.merging import merge, undo_merge
from categories.support.queries import place_of
from forum.database.engine import execute, fetch, fetch_value
from tests.helpers.tickets import ASK, Asked, asked
from tests.web.projects.test_project_pages import said
from tests.web.proofs.conftest import Proving
from tests.web.proofs.test_on_behalf import prove_own

DAY = timedelta(days=1)
REASON = "counts as waiting 3 days longer: verified open-source project"


async def grants(proving: Proving, days: int) -> None:
    await execute(
        "insert into support_policy (project_id, head_start) values ($1, $2)"
        " on conflict (project_id) do update set head_start = $2",
        proving.world.project,
        days,
    )


async def for_pond(proving: Proving, by: str = "vera", capacity: str = "project") -> Asked:
    """Asked by the ordinary form for a project that is proven now."""
    browser = await proving.world.person(by)
    proof = await prove_own(proving, browser)
    sent = ASK | {"capacity": capacity, "on_behalf": str(proof), "terms": "1", "category": "support"}
    sent["title"] = f"How do I dive for {by}?"
    assert (await browser.post("/new-thread", sent)).status_code == 303
    rows = await fetch(
        "select k.id, t.id as thread, '/t/' || slug || '/' || t.id as url from ticket k join thread t"
        " on t.id = k.thread_id where t.title = $1",
        sent["title"],
    )
    return Asked(proving.world, rows[0]["id"], rows[0]["thread"], rows[0]["url"], browser)


async def place(one: Asked) -> int:
    found = await place_of(one.ticket)
    assert found is not None
    return found.position


async def waited(one: Asked, days: int) -> None:
    """Let it have begun to wait so many days ago."""
    await execute(
        "update ticket set waiting_since = waiting_since - $2::interval, waits_from = waiting_since - $2::interval"
        " where id = $1",
        one.ticket,
        days * DAY,
    )
    await execute("select queue_enter($1)", one.ticket)


async def test_it_stands_before_who_waited_less_than_that_longer_and_every_list_says_why(proving: Proving) -> None:
    old, young = await asked(proving.world, by="ana"), await asked(proving.world, "How do I swim?", by="ben")
    await waited(old, 5)
    await waited(young, 2)
    await grants(proving, 3)
    one = await for_pond(proving)
    assert [await place(each) for each in (old, one, young)] == [1, 2, 3]
    row = await one.row()
    assert (row["head_start"], row["rank_amount"]) == (3, 0) and row["submitted_at"] - row["waiting_since"] >= 3 * DAY
    for browser in (one.ana, proving.world.supporter):
        assert REASON in said(await browser.get(one.url))
    assert REASON not in said(await proving.world.outsider.get(one.url))
    inbox = said(await proving.world.supporter.get(f"/p/pelican/inbox/{one.ticket}"))
    assert "+3 days, verified" in inbox and f"It {REASON}." in inbox
    assert await fetch("select * from queue_faults($1)", proving.world.project) == []
    # a later wait of the same ticket has it, too; the figure of today changes nothing for it
    await grants(proving, 9)
    await one.says(proving.world.supporter)
    await one.says(one.ana)
    again = await one.row()
    assert again["head_start"] == 3 and timedelta(0) < again["waiting_since"] - row["waiting_since"] < DAY


async def test_who_asks_is_told_of_it_before_they_submit(proving: Proving) -> None:
    vera = await proving.world.person("vera")
    form = "/new-thread?project=pelican&category=support"
    told = said(await vera.get(form))
    assert "you can also do so after asking" in told and "days longer" not in told
    await grants(proving, 3)
    told = said(await vera.get(form))
    assert "do so before you submit. A ticket of a verified one counts as waiting 3 days longer." in told
    await prove_own(proving, vera)
    assert "counts as waiting 3 days longer. Prove another" in said(await vera.get(form))


@pytest.mark.parametrize("why", ["another capacity", "said later", "no such figure"])
async def test_nobody_else_gets_one(proving: Proving, why: str) -> None:
    await grants(proving, 0 if why == "no such figure" else 3)
    if why == "said later":
        one = await asked(proving.world, by="vera", capacity="project")
        proof = await prove_own(proving, one.ana)
        await one.ana.post(f"/tickets/{one.ticket}/on-behalf", {"on_behalf": str(proof)})
        # the form of asking, sent once more
        await one.ana.post(f"/tickets/{one.ticket}/submission", {"capacity": "project", "on_behalf": str(proof)})
    else:
        one = await for_pond(proving, capacity="personal" if why == "another capacity" else "project")
    row = await one.row()
    assert row["submitted_at"] == row["waiting_since"] and not row["head_start"]


async def test_what_lapses_after_submitting_takes_nothing_back(proving: Proving) -> None:
    await grants(proving, 3)
    one = await for_pond(proving)
    since = await one.since()
    await execute("update proof set state = 'lapsed', due_at = null where name = 'Pond'")
    await one.says(proving.world.supporter, "facts")
    await one.says(one.ana)
    assert await one.since() == since and REASON in said(await one.ana.get(one.url))


async def test_a_merge_hands_the_longest_wait_on_with_its_head_start_and_undoing_takes_both_back(
    proving: Proving,
) -> None:
    plain = await asked(proving.world, by="ana")
    await grants(proving, 3)
    one = await for_pond(proving)
    before = await plain.row()
    owner = await proving.world.owner.reader()
    await merge(owner, one.ticket, plain.ticket)
    kept = await plain.row()
    assert (kept["head_start"], kept["waiting_since"]) == (3, await one.since())
    assert REASON in said(await plain.ana.get(plain.url))
    await undo_merge(owner, one.ticket)
    kept = await plain.row()
    assert (kept["head_start"], kept["waiting_since"]) == (None, before["waiting_since"])


async def test_undoing_a_merge_takes_the_head_start_back_from_a_later_wait_too(proving: Proving) -> None:
    plain = await asked(proving.world, by="ana")
    await grants(proving, 3)
    one = await for_pond(proving)
    owner = await proving.world.owner.reader()
    await merge(owner, one.ticket, plain.ticket)
    await plain.says(proving.world.supporter)
    await plain.says(plain.ana)
    again = await plain.row()
    assert again["head_start"] == 3
    await undo_merge(owner, one.ticket)
    kept = await plain.row()
    assert (kept["head_start"], kept["waiting_since"] - again["waiting_since"]) == (None, 3 * DAY)
    assert kept["waits_from"] == kept["waiting_since"]
    assert await fetch("select * from queue_faults($1)", proving.world.project) == []


async def test_the_figures_page_shows_what_it_would_do_to_the_tickets_that_wait(proving: Proving) -> None:
    young = await asked(proving.world, by="ana")
    one = await for_pond(proving)
    assert [await place(each) for each in (young, one)] == [1, 2]
    path = "/p/pelican/settings/queue"
    assert "1 ticket that waits is asked for one" in said(await proving.world.owner.get(path))
    tried = said(await proving.world.owner.get(f"{path}?head_start=2"))
    assert "1 of their 1 tickets would stand earlier" in tried and "2 tickets move" in tried
    assert [await place(each) for each in (young, one)] == [1, 2]
    assert (await proving.world.owner.get(f"{path}?head_start=21")).status_code == 422
    assert await fetch_value("select count(*) from support_policy") == 0
