"""The page of a project's figures: who may, what it shows before saving, what saving does; and the last word as a wait."""

from datetime import datetime, timedelta

import pytest

from categories.support.actions import set_rank
from categories.support.jobs import measure_expected
from categories.support.policy import Policy, policy_of
from categories.support.queries import place_of, queue_state
from forum.database.engine import execute, fetch, fetch_value, transaction
from tests.helpers.site import Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World

PATH = "/p/pelican/settings/queue"
FORM = {
    "share": "20",
    "claim_workdays": "2",
    "claims_most": "5",
    "assigning": "pick",
    "silence_days": "30",
    "silence_warning_days": "3",
    "expected_least": "1",
    "waits_since": "submission",
    "head_start": "0",
    "guarantee_paid": "",
    "guarantee_unpaid": "",
}


async def three(world: World) -> list[Asked]:
    """Three who wait, an hour after each other, the first longest."""
    found = []
    for n, by in enumerate(("ana", "ben", "carl")):
        one = await asked(world, f"How do I do thing {n}?", by=by)
        for table in ("ticket", "queue_entry"):
            key = "id" if table == "ticket" else "ticket_id"
            await execute(
                f"update {table} set waiting_since = waiting_since - $2::interval where {key} = $1",
                one.ticket,
                timedelta(hours=9 - n),
            )
        await execute("update ticket set waits_from = waiting_since where id = $1", one.ticket)
        await execute(
            "update post set created_at = created_at - $2::interval where thread_id = $1",
            one.thread,
            timedelta(hours=9 - n),
        )
        found.append(one)
    await execute("select queue_rebuild($1)", world.project)
    return found


async def places(tickets: list[Asked]) -> list[int]:
    found = [await place_of(each.ticket) for each in tickets]
    return [place.position for place in found if place]


async def saved(world: World, **changed: str) -> None:
    sent = await world.owner.post(PATH, FORM | changed)
    assert sent.status_code == 303, sent.text


async def test_owners_alone_see_and_change_the_figures(site: Site) -> None:
    world = await World.make(site)
    maintainer = await site.member("mia")
    await world.team(maintainer, "maintainer")
    for browser in (world.supporter, maintainer, world.outsider):
        assert (await browser.get(PATH)).status_code == 403
        assert (await browser.post(PATH, FORM | {"share": "50"})).status_code == 403
    assert (await site.guest().get(PATH)).status_code == 303
    assert await policy_of(world.project) == Policy()
    changed = {
        "share": "35",
        "claims_most": "3",
        "waits_since": "last_word",
        "guarantee_paid": "4",
    }
    await saved(world, **changed)
    policy = await policy_of(world.project)
    assert policy == Policy(claims_most=3, waits_since="last_word", guarantee_paid=4)
    assert (await queue_state(world.project)).share == 35
    rows = await fetch("select actor_id, detail from audit where action = 'queue_policy_edited'")
    assert [row["actor_id"] for row in rows] == [world.owner.person]
    assert rows[0]["detail"]["share"] == [20, 35] and "silence_days" not in rows[0]["detail"]
    await saved(world, **changed)
    assert await fetch_value("select count(*) from audit where action = 'queue_policy_edited'") == 1


async def test_what_is_typed_wrong_is_told_by_field_and_saves_nothing(site: Site) -> None:
    world = await World.make(site)
    for name, value in (
        ("share", "101"),
        ("silence_days", "3"),
        ("guarantee_paid", "0"),
        ("head_start", "21"),
        ("waits_since", "never"),
        ("claims_most", "many"),
    ):
        sent = await world.owner.post(PATH, FORM | {name: value})
        assert sent.status_code == 422, name
        assert (f'href="#{name}"' in sent.text and f'value="{value}"' in sent.text) or name == "waits_since"
    assert await fetch_value("select count(*) from support_policy") == 0


async def test_the_effect_is_shown_before_saving_and_is_what_saving_does(site: Site) -> None:
    world = await World.make(site)
    tickets = await three(world)
    for each in tickets[1:]:
        row = await each.row()
        async with transaction():
            await set_rank(row, 900)
    before = await places(tickets)
    assert before == [3, 1, 2], "a fifth: two paid ones go first"
    page = (await world.owner.get(f"{PATH}?share=100")).text
    assert "3 tickets move" in page and "not saved yet" in page and "up 2" in page
    sent = await world.owner.post(PATH, FORM | {"share": "100", "preview": "1"})
    assert sent.status_code == 200 and "3 tickets move" in sent.text
    assert (await queue_state(world.project)).share == 20 and await places(tickets) == before
    await saved(world, share="100")
    assert await places(tickets) == [1, 2, 3]


async def test_a_wait_from_the_last_word_follows_askers_and_strangers_but_not_the_team(site: Site) -> None:
    world = await World.make(site)
    tickets = await three(world)
    assert await places(tickets) == [1, 2, 3]
    since = [await each.since() for each in tickets]
    await tickets[0].says(tickets[0].ana)
    await tickets[1].says(world.supporter, "whisper")
    assert await places(tickets) == [1, 2, 3] and [await each.since() for each in tickets] == since
    page = (await world.owner.get(f"{PATH}?waits_since=last_word")).text
    assert "3 tickets move" in page
    await saved(world, waits_since="last_word")
    assert await places(tickets) == [3, 1, 2]
    assert await faults(world) == []
    await tickets[1].says(world.outsider)
    assert await places(tickets) == [2, 3, 1]
    await tickets[2].says(world.supporter, "facts")
    await tickets[2].says(tickets[2].ana)
    assert await places(tickets) == [1, 2, 3]
    assert await faults(world) == []
    await saved(world, waits_since="submission")
    assert [await each.since() for each in tickets] == since and await places(tickets) == [1, 2, 3]
    assert await faults(world) == []


async def faults(world: World) -> list[str]:
    return [row["fault"] for row in await fetch("select fault from queue_faults($1)", world.project)]


async def test_the_expected_range_is_never_told_below_the_least_and_is_measured_anew(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    for n in range(20):
        await execute(
            "insert into ticket (project_id, thread_id, state, is_native, submitted_at, first_response_at)"
            " select project_id, $2, 'closed', true, now() - interval '8 days', now() - interval '1 day'"
            " from ticket where id = $1",
            one.ticket,
            (await world.ask(f"Thing {n}?", category="bugs", by=f"asker{n}")).posted.thread,
        )
    await measure_expected(world.project)
    low = await fetch_value("select unpaid_from from queue where project_id = $1", world.project)
    assert 4 <= low <= 6
    assert "12 workdays" in (await world.owner.get(f"{PATH}?expected_least=12")).text
    await saved(world, expected_least="12")
    await measure_expected(world.project)
    assert await fetch_value("select unpaid_from from queue where project_id = $1", world.project) == 12
    assert "12 workdays" in (await site.guest().get(one.url)).text
    # a team that works on Mondays alone took one workday, or two
    await execute(
        "insert into support_calendar (project_id, weekdays, opens, closes, zone) values ($1, '{0}', 540, 1020, 'UTC')",
        world.project,
    )
    await execute("update support_policy set expected_least = 0 where project_id = $1", world.project)
    await measure_expected(world.project)
    assert await fetch_value("select unpaid_to from queue where project_id = $1", world.project) <= 2


async def test_a_private_ticket_of_others_is_not_named_in_the_order(site: Site) -> None:
    world = await World.make(site)
    one = (await three(world))[0]
    assert (await one.move("security")) == 303
    await execute("update ticket set rank_amount = 500, state_under = '{waiting}' where id = $1", one.ticket)
    await execute("select queue_enter($1)", one.ticket)
    await execute("update category set readers = '{}' where project_id = $1 and slug = 'security'", world.project)
    page = (await world.owner.get(PATH)).text
    assert "private ticket" in page and "How do I do thing 0?" not in page
    assert "How do I do thing 1?" in page


async def test_since_when_a_ticket_waits_is_kept_by_both_readings(site: Site) -> None:
    world = await World.make(site)
    one = await asked(world)
    row = await one.row()
    assert row["waits_from"] == row["waiting_since"]
    await one.says(world.supporter)
    await one.says(one.ana)
    later = await one.row()
    assert isinstance(later["waits_from"], datetime)
    assert later["waits_from"] == later["waiting_since"] > row["waiting_since"]


@pytest.mark.parametrize(
    ("share", "said"),
    [
        ("20", "1 of 5 answers while both lines wait"),
        ("30", "3 of 10 answers while both lines wait"),
        ("60", "3 of 5 answers while both lines wait"),
        ("100", "unpaid ones first"),
        ("0", "paid ones first, always"),
    ],
)
async def test_how_many_answers_the_unpaid_get_is_said_in_the_smallest_figures(
    site: Site, share: str, said: str
) -> None:
    world = await World.make(site)
    assert said in (await world.owner.get(f"{PATH}?share={share}")).text
