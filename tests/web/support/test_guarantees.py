"""Promised answers: made, rested, kept and missed, by the ordinary doors and the job that watches them."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from categories.figures.queries import promises
from categories.support.actions import locked_ticket
from categories.support.joining.merging import merge, undo_merge
from categories.support.promises.calendars import calendar_of
from categories.support.promises.guarantees import merged_into, save, watch_guarantees
from categories.support.promises.rules import Promise
from categories.support.promises.workdays import add_workdays
from forum.database.engine import Row, execute, fetch, fetch_one, fetch_value
from tests.helpers.money import paid_bump
from tests.helpers.site import Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World

HOUR = timedelta(hours=1)


async def promised(one: Asked, workdays: int = 3) -> datetime:
    """A promise by the owner's button; returns when the answer is due."""
    sent = await one.world.owner.post(f"/tickets/{one.ticket}/promise", {"workdays": str(workdays)})
    assert sent.status_code == 303, sent.text
    due: datetime = (await one.row())["due_at"]
    return due


async def held(one: Asked) -> Row:
    row = await fetch_one("select * from guarantee where ticket_id = $1", one.ticket)
    assert row is not None
    return row


async def outcomes(one: Asked) -> list[str]:
    rows = await fetch("select outcome from guarantee_outcome where ticket_id = $1 order by id", one.ticket)
    return [row["outcome"] for row in rows]


async def told(kind: str) -> list[str]:
    rows = await fetch(
        "select p.username from notice n join person p on p.id = n.person_id where n.kind = $1 order by 1", kind
    )
    return [row["username"] for row in rows]


async def overdue(one: Asked, by: timedelta = HOUR) -> None:
    """Let the promise have been made so long ago that it is overdue by now."""
    due = datetime.now(UTC) - by
    await execute("update ticket set due_at = $2 where id = $1", one.ticket, due)
    await execute(
        "update guarantee set due_at = $2, missed_at = $2, half_at = null, last_day_at = null,"
        " left_since = $2, workdays_left = '0' where ticket_id = $1",
        one.ticket,
        due,
    )
    await execute("select queue_enter($1)", one.ticket)


async def figures(world: World, **figures: Any) -> None:
    await execute("insert into support_policy (project_id) values ($1) on conflict do nothing", world.project)
    for name, value in figures.items():
        await execute(f"update support_policy set {name} = $2 where project_id = $1", world.project, value)


async def test_a_promise_by_hand_is_due_where_the_calendar_says_and_those_who_may_not_make_none(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    for browser in (world.supporter, one.ana):
        assert (await browser.post(f"/tickets/{one.ticket}/promise", {"workdays": "3"})).status_code == 403
    assert (await site.guest().post(f"/tickets/{one.ticket}/promise", {"workdays": "3"})).status_code in (303, 403)
    assert (await world.owner.post(f"/tickets/{one.ticket}/promise", {"workdays": "0"})).status_code == 422
    assert (await one.row())["due_at"] is None
    due = await promised(one)
    row = await held(one)
    assert due == add_workdays(row["left_since"], 3, await calendar_of(world.project))
    assert await fetch_value("select due_at from queue_entry where ticket_id = $1", one.ticket) == due
    act = await fetch_one("select * from thread_act where thread_id = $1 and kind = 'promise'", one.thread)
    assert act is not None and act["team_only"] and act["actor_id"] == world.owner.person


async def test_asker_and_team_read_of_a_promise_and_strangers_do_not(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await promised(one)
    for browser in (one.ana, world.supporter):
        assert "Promised answer" in (await browser.get(one.url)).text
    for browser in (world.outsider, site.guest()):
        page = (await browser.get(one.url)).text
        assert "Promised answer" not in page and "promised an answer" not in page


async def test_the_clock_rests_while_the_asker_owes_facts_and_goes_on_with_what_was_left(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await promised(one)
    await one.says(world.supporter, "facts")
    resting = await held(one)
    assert (await one.row())["due_at"] is None and resting["left_since"] is None and resting["missed_at"] is None
    left = Fraction(resting["workdays_left"])
    assert Fraction(299, 100) < left <= 3
    assert "rests" in (await one.ana.get(one.url)).text
    await watch_guarantees(datetime.now(UTC) + timedelta(days=60))
    assert await outcomes(one) == [] and await told("guarantee_half") == []
    await one.says(one.ana)
    going = await held(one)
    assert Fraction(going["workdays_left"]) == left
    assert (await one.row())["due_at"] == add_workdays(going["left_since"], left, await calendar_of(world.project))


async def test_an_answer_in_time_is_kept_for_good_and_the_promise_starts_anew_with_the_next_wait(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await promised(one)
    await one.says(world.supporter)
    assert await outcomes(one) == ["kept"] and (await one.row())["due_at"] is None
    assert "kept" in (await one.ana.get(one.url)).text
    await one.says(one.ana)
    assert (await held(one))["round"] == 2 and (await one.row())["due_at"] is not None
    await overdue(one)
    await watch_guarantees()
    await one.says(world.supporter)
    assert await outcomes(one) == ["kept", "missed", "answered_late"]
    now = datetime.now(UTC)
    assert list((await promises(world.project, now - HOUR)).values()) == [(1, 1)]
    assert "missed" in (await world.supporter.get(one.url)).text


async def test_an_answer_to_a_ticket_whose_asker_owes_facts_keeps_the_promise(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await promised(one)
    await one.says(world.supporter, "facts")
    await one.says(world.supporter)
    assert await outcomes(one) == ["kept"]


async def test_what_a_stranger_writes_settles_nothing(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    due = await promised(one)
    await one.says(world.outsider)
    await one.says(world.supporter, "whisper")
    assert await outcomes(one) == [] and (await one.row())["due_at"] == due


async def test_a_missed_promise_is_not_unmissed_by_asking_for_facts(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await promised(one)
    await overdue(one)
    due = (await one.row())["due_at"]
    await one.says(world.supporter, "facts")
    assert (await one.row())["due_at"] == due
    await one.says(one.ana)
    await one.says(world.supporter)
    assert await outcomes(one) == ["missed", "answered_late"]


async def test_a_resolution_that_is_taken_back_lets_the_promise_go_on(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    due = await promised(one)
    number = await one.says(world.outsider)
    await one.accept(number)
    await watch_guarantees(due + timedelta(days=30))
    assert await outcomes(one) == [], "who is helped was promised nothing more"
    assert (await one.ana.post(f"/t/{one.thread}/acceptance/delete")).status_code == 303
    row = await held(one)
    assert (await one.row())["due_at"] == due == row["missed_at"]


async def test_the_assignee_or_without_one_the_team_is_warned_once_at_half_and_in_the_last_workday(site: Site) -> None:
    world = await World.make(site)
    one, other = await asked(world), await asked(world, "How do I write a file?", by="ben")
    for each in (one, other):
        await promised(each, 4)
    assert (await world.supporter.post(f"/tickets/{other.ticket}/claim")).status_code == 303
    row = await held(one)
    calendar = await calendar_of(world.project)
    assert row["half_at"] == add_workdays(row["left_since"], 2, calendar)
    assert row["last_day_at"] == add_workdays(row["left_since"], 3, calendar)
    await watch_guarantees(row["half_at"] - HOUR)
    assert await told("guarantee_half") == []
    for _again in range(2):
        await watch_guarantees(row["half_at"] + HOUR)
    assert await told("guarantee_half") == ["olga", "sam", "sam"]
    for _again in range(2):
        await watch_guarantees(row["last_day_at"] + HOUR)
    assert await told("guarantee_last_day") == ["olga", "sam", "sam"]
    await watch_guarantees(row["due_at"] + HOUR)
    assert await outcomes(one) == await outcomes(other) == ["missed"]
    assert await told("guarantee_missed") == ["olga", "sam", "sam"]


async def test_after_a_long_absence_of_the_worker_only_what_is_most_urgent_is_told(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    due = await promised(one, 4)
    await watch_guarantees(due + timedelta(days=3))
    assert await told("guarantee_half") == await told("guarantee_last_day") == []
    assert await outcomes(one) == ["missed"] and await told("guarantee_missed") == ["olga", "sam"]


async def test_what_became_of_a_promise_cannot_be_changed(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    await promised(one)
    await one.says(world.supporter)
    for change in ("update", "delete"):
        assert not await fetch_value("select has_table_privilege('haas_app', 'guarantee_outcome', $1)", change)


async def test_a_project_promises_to_all_of_a_line_and_who_pays_is_promised_more(site: Site) -> None:
    world = await World.make(site)
    await figures(world, guarantee_unpaid=5, guarantee_paid=2)
    one = await asked(world)
    calendar = await calendar_of(world.project)
    first = await held(one)
    assert first["workdays"] == 5 and first["due_at"] == add_workdays(first["left_since"], 5, calendar)
    await paid_bump(one, 5000)
    row = await held(one)
    assert row["workdays"] == 2 and row["round"] == 1 and row["due_at"] < first["due_at"]
    assert (await one.row())["due_at"] == row["due_at"]


async def test_a_further_promise_never_makes_one_longer(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    due = await promised(one, 2)
    assert await promised(one, 9) == due
    assert await promised(one, 1) < due


async def test_no_promise_is_made_to_a_ticket_that_is_over(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    assert (await world.supporter.post(f"/tickets/{one.ticket}/resolution")).status_code == 303
    sent = await world.owner.post(f"/tickets/{one.ticket}/promise", {"workdays": "3"})
    assert sent.status_code == 409


async def test_of_two_merged_tickets_the_earlier_promise_stays(site: Site) -> None:
    world = await World.make(site)
    one, other = await asked(world), await asked(world, "How do I write a file?", by="ben")
    due = await promised(other, 2)
    await promised(one, 5)
    kept, gone = await locked_ticket(one.thread), await locked_ticket(other.thread)
    assert kept is not None and gone is not None
    await merged_into(kept, gone)
    assert (await one.row())["due_at"] == due
    kept = await locked_ticket(one.thread)
    assert kept is not None
    await merged_into(gone, kept)
    assert (await other.row())["due_at"] == due


async def test_a_due_ticket_stands_first_by_the_projects_own_calendar(site: Site) -> None:
    world = await World.make(site)
    early, late = await asked(world), await asked(world, "How do I write a file?", by="ben")
    await execute("update ticket set due_at = now() + interval '30 days' where id = $1", late.ticket)
    await execute("select queue_enter($1)", late.ticket)
    assert "Place 2 of 2" in (await late.ana.get(late.url)).text
    # a team that does not work before then: its current workday ends after the promise
    await execute(
        "insert into workday_end (project_id, ends_at) values ($1, now() + interval '31 days')", world.project
    )
    assert "Place 1 of 2" in (await late.ana.get(late.url)).text
    assert "Place 2 of 2" in (await early.ana.get(early.url)).text


async def test_over_two_years_each_promise_is_warned_of_at_its_times_and_never_twice(site: Site) -> None:
    """A promise every 13 days, a job every four hours, over both changes of the clocks and every holiday of a country."""
    world = await World.make(site)
    one = await asked(world)
    await execute(
        "insert into support_calendar (project_id, weekdays, opens, closes, zone, country)"
        " values ($1, '{0,1,2,3,4}', 540, 1020, 'Europe/Vienna', 'AT')",
        world.project,
    )
    calendar = await calendar_of(world.project)
    start, ticket = datetime.now(UTC), await one.row()
    for round in range(1, 57):
        promise = Promise(3, Fraction(3), start + round * timedelta(days=13, hours=5))
        await save(ticket, round, promise, calendar)
        due, half, last = promise.due(calendar), promise.half(calendar), promise.last_day(calendar)
        assert promise.since and due and half and last and promise.since < half < last < due
        now, seen = promise.since, dict[str, datetime]()
        while now < due + 8 * HOUR:
            await watch_guarantees(now)
            rows = await fetch("select distinct kind from notice where key like '%:' || $1::text", str(round))
            for row in rows:
                seen.setdefault(row["kind"], now)
            now += 4 * HOUR
        for kind, at in (("half", half), ("last_day", last), ("missed", due)):
            assert at <= seen[f"guarantee_{kind}"] < at + 4 * HOUR, (round, kind)
    counts = await fetch("select kind, count(*) from notice where kind like 'guarantee%' group by 1 order by 1")
    assert [row["count"] for row in counts] == [56 * 2] * 3, "owner and supporter, once each"
    assert await outcomes(one) == ["missed"] * 56


async def test_a_promise_merged_into_an_answered_ticket_is_neither_warned_of_nor_missed_there(site: Site) -> None:
    world = await World.make(site)
    kept, gone = await asked(world), await asked(world, "How can I read files?", by="ben")
    await kept.says(world.supporter)
    await promised(gone, 2)
    owner = await world.owner.reader()
    await merge(owner, gone.ticket, kept.ticket)
    await watch_guarantees(datetime.now(UTC) + timedelta(days=30))
    assert await outcomes(kept) == [] and await outcomes(gone) == []
    assert await told("guarantee_missed") == [] and await told("guarantee_last_day") == []
    await undo_merge(owner, gone.ticket)
    await watch_guarantees(datetime.now(UTC) + timedelta(days=30))
    assert await outcomes(gone) == ["missed"], "the one whose promise it was has it again"


async def test_a_promise_merged_into_a_ticket_that_needs_facts_rests_with_it_and_undoing_is_exact(site: Site) -> None:
    world = await World.make(site)
    kept, gone = await asked(world), await asked(world, "How can I read files?", by="ben")
    await promised(kept, 9)
    await kept.says(world.supporter, "facts")
    own = Fraction((await held(kept))["workdays_left"])
    due = await promised(gone, 2)
    owner = await world.owner.reader()
    await merge(owner, gone.ticket, kept.ticket)
    row = await held(kept)
    assert (await kept.row())["due_at"] is None and row["missed_at"] is None and row["workdays"] == 2
    await watch_guarantees(datetime.now(UTC) + timedelta(days=60))
    assert await outcomes(kept) == await outcomes(gone) == []
    await kept.says(kept.ana)
    assert Fraction(199, 100) < Fraction((await held(kept))["workdays_left"]) <= 2
    assert (await kept.row())["due_at"] is not None
    await undo_merge(owner, gone.ticket)
    row = await held(kept)
    assert (row["workdays"], Fraction(row["workdays_left"])) == (9, own)
    assert (await kept.row())["due_at"] == row["due_at"] == row["missed_at"]
    assert (await gone.row())["due_at"] == due


async def test_of_merges_into_a_resting_ticket_each_is_undone_exactly_in_either_order(site: Site) -> None:
    world = await World.make(site)
    kept, owner = await asked(world), await world.owner.reader()
    await kept.says(world.supporter, "facts")
    others = [await asked(world, f"How can I read file {n}?", by=f"ben{n}") for n in (5, 2)]
    for one, days in zip(others, (5, 2), strict=True):
        await promised(one, days)
        await merge(owner, one.ticket, kept.ticket)
    assert (await held(kept))["workdays"] == 2
    await undo_merge(owner, others[0].ticket)
    assert (await held(kept))["workdays"] == 2
    await undo_merge(owner, others[1].ticket)
    assert (await held(kept))["workdays"] is None and (await kept.row())["due_at"] is None


async def test_a_promise_that_was_missed_counts_once_after_a_merge(site: Site) -> None:
    world = await World.make(site)
    kept, gone = await asked(world), await asked(world, "How can I read files?", by="ben")
    await promised(gone)
    await overdue(gone)
    await watch_guarantees()
    await merge(await world.owner.reader(), gone.ticket, kept.ticket)
    assert (await kept.row())["due_at"] == (await gone.row())["due_at"], "it is owed still, and stands first"
    later = datetime.now(UTC) + timedelta(days=9)
    await watch_guarantees(later)
    await kept.says(world.supporter, "facts")
    await kept.says(kept.ana)
    await watch_guarantees(later)
    await kept.says(world.supporter)
    assert (await outcomes(gone), await outcomes(kept)) == (["missed"], ["answered_late"])
    assert list((await promises(world.project, datetime.now(UTC) - HOUR)).values()) == [(0, 1)]
    assert await told("guarantee_missed") == ["olga", "sam"]
