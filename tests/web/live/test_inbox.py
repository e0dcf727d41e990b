"""What open inboxes hear: queue and counts, once for the whole team; and who is writing, told to the team alone."""

import asyncio

import pytest

from forum.database.engine import execute, fetch, fetch_value
from forum.live import writing
from forum.live.socket import read_frame, read_writing
from forum.live.writing import note_writing, say_writing, sentence, who_writes
from forum.web.reader import GUEST
from tests.conftest import Statements
from tests.helpers.live import Listener, Message, follower, html_of, listening, received
from tests.helpers.site import Site
from tests.helpers.tickets import asked, paid
from tests.helpers.world import World


def inner(messages: list[Message], name: str) -> str | None:
    found = [i["inner"] for m in messages for i in m.get("items", ()) if i.get("id") == name]
    return found[-1] if found else None


def written(messages: list[Message]) -> list[str]:
    return [item["writing"] for m in messages for item in m.get("items", ()) if "writing" in item]


async def test_counts_come_live_to_every_page_of_the_inbox(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    one = await asked(world)
    sam, olga = await world.supporter.reader(), await world.owner.reader()
    queue = await follower(hub, sam, "inbox", world.project, 0)
    aside = await follower(hub, olga, "buckets", world.project, 0)
    received(queue), received(aside)
    await world.supporter.post(f"/p/pelican/inbox/{one.ticket}/claim")
    await hub.settle()
    heard, beside = received(queue), received(aside)
    assert [inner(heard, name) for name in ("n_waiting", "n_unassigned", "n_mine")] == ["1", "", "1"]
    assert [inner(beside, name) for name in ("n_waiting", "n_unassigned", "n_mine")] == ["1", "", ""]
    assert "assigned to Sam Supporter" in html_of(heard)
    assert not html_of(beside).strip(), "a list that is not the queue does not move under its reader"
    for reader in (GUEST, await world.outsider.reader(), await one.ana.reader()):
        stranger = await follower(hub, reader, "buckets", world.project, 0)
        assert received(stranger) == [{"stream": f"buckets:{world.project}", "gone": True}]


async def test_the_bars_around_the_inbox_count_with_it_each_for_the_teams_of_its_reader(
    site: Site, hub: Listener
) -> None:
    world = await World.make(site)
    one, _other = await asked(world), await asked(world, "How do I write a file?", by="ben")
    elsewhere = await fetch_value(
        "insert into project (slug, name, legal_entity_id) select 'heron', 'Heron', legal_entity_id from project returning id"
    )
    await execute(
        "insert into queue (project_id, paid, unpaid) values ($1, 0, 5) on conflict (project_id) do update set unpaid = 5",
        elsewhere,
    )
    await execute(
        "insert into project_member (project_id, person_id, role) values ($1, $2, 'owner')",
        elsewhere,
        world.owner.person,
    )
    page = (await world.supporter.get("/p/pelican/inbox")).text
    assert '<span class="count" id="n_tab">2</span>' in page and page.count('aria-hidden="true">2</span>') == 2
    sam = await follower(hub, await world.supporter.reader(), "inbox", world.project, 0)
    olga = await follower(hub, await world.owner.reader(), "buckets", world.project, 0)
    received(sam), received(olga)
    await world.owner.post(f"/p/pelican/inbox/{one.ticket}/resolve")
    await hub.settle()
    for heard, own in ((received(sam), "1"), (received(olga), "6")):
        assert inner(heard, "n_tab") == "1"
        for bar in ("bar_inbox", "dock_inbox"):
            assert f'aria-hidden="true">{own}</span>' in (inner(heard, bar) or "")


async def test_a_change_costs_the_same_statements_for_two_and_for_eight_of_the_team(
    site: Site, hub: Listener, statements: Statements
) -> None:
    world = await World.make(site)
    await asked(world)
    costs = []
    for count in (2, 8):
        await execute("delete from support_policy")
        for n in range(count):
            member = await site.member(f"member{count}x{n}")
            await world.team(member, "supporter")
            await follower(hub, await member.reader(), "inbox", world.project, 0)
        await execute("select queue_lock($1)", world.project)
        await asyncio.sleep(0)
        statements.clear()
        await hub.tell(("inbox", world.project), hub.followers["inbox", world.project])
        await asyncio.sleep(0)
        costs.append(statements.count)
        await execute("insert into support_policy (project_id, assigning) values ($1, 'suggest')", world.project)
        await execute("select queue_lock($1)", world.project)
        await asyncio.sleep(0)
        statements.clear()
        await hub.tell(("inbox", world.project), hub.followers["inbox", world.project])
        await asyncio.sleep(0)
        costs.append(statements.count)
    assert costs[0] == costs[2] <= 8 and costs[1] == costs[3] <= 12


async def test_who_may_not_read_a_private_ticket_gets_another_head_of_the_same_queue(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    one = await asked(world, "A secret question of mine")
    await execute("update category set readers = '{owner}' where slug = 'support'")
    await execute("update thread set visibility = 'private' where id = $1", one.thread)
    sam = await follower(hub, await world.supporter.reader(), "inbox", world.project, 0)
    olga = await follower(hub, await world.owner.reader(), "inbox", world.project, 0)
    await paid(one, 700)
    await hub.settle()
    assert "A secret question of mine" not in html_of(received(sam))
    assert "A secret question of mine" in html_of(received(olga))


async def test_whose_a_ticket_is_next_and_what_views_leave_come_live(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    one, other = await asked(world), await asked(world, "How do I write a file?", by="ben")
    await execute("insert into support_policy (project_id, assigning) values ($1, 'suggest')", world.project)
    form = {"name": "Not mine to pay", "view": "unassigned", "line": "unpaid"}
    await world.supporter.post("/p/pelican/inbox/views", form)
    view = await fetch_value("select id from inbox_view")
    sam = await follower(hub, await world.supporter.reader(), "inbox", world.project, 0)
    away = await site.member("tess")
    await world.team(away, "triager")
    tess = await follower(hub, await away.reader(), "inbox", world.project, 0)
    for person in (world.owner, away):
        await execute("insert into availability (person_id, is_away) values ($1, true)", person.person)
    every_day = "insert into availability (person_id, weekdays) values ($1, '{0,1,2,3,4,5,6}')"
    await execute(every_day, world.supporter.person)
    received(sam), received(tess)
    await world.owner.post(f"/p/pelican/inbox/{one.ticket}/claim")
    await hub.settle()
    heard, beside = received(sam), received(tess)
    yours = [i["html"] for m in heard for i in m.get("items", ()) if i.get("id") == "yours"][-1]
    assert "How do I write a file?" in yours and f"/inbox/{other.ticket}" in yours
    hers = [i["html"] for m in beside for i in m.get("items", ()) if i.get("id") == "yours"][-1]
    assert "not available today" in hers
    assert inner(heard, f"n_view_{view}") == "1"
    assert inner(beside, f"n_view_{view}") is None, "somebody else's view"


@pytest.fixture(autouse=True)
def nobody_writes() -> None:
    writing._heard.clear()


async def test_that_somebody_is_writing_is_told_to_the_team_alone_in_every_process(
    site: Site, hub: Listener, database: str
) -> None:
    world = await World.make(site)
    one = await asked(world)
    sam, olga = await world.supporter.reader(), await world.owner.reader()
    async with listening(database) as elsewhere:
        sams = await follower(hub, sam, "writing", one.thread, 0)
        olgas = await follower(elsewhere, olga, "writing", one.thread, 0)
        strangers = [
            await follower(hub, reader, "writing", one.thread, 0)
            for reader in (GUEST, await world.outsider.reader(), await one.ana.reader())
        ]
        assert [received(each) for each in strangers] == [[{"stream": f"writing:{one.thread}", "gone": True}]] * 3
        await say_writing(sam, one.thread)
        await hub.settle()
        await elsewhere.settle()
        assert written(received(olgas)) == ["Sam Supporter is writing"]
        assert written(received(sams)) == [], "nobody is told of themselves"
        assert [received(each) for each in strangers] == [[]] * 3
        assert await fetch("select 1 from draft") == []


async def test_who_is_not_of_the_team_or_may_not_see_the_thread_says_nothing(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    one = await asked(world)
    olga = await follower(hub, await world.owner.reader(), "writing", one.thread, 0)
    for reader in (GUEST, await world.outsider.reader(), await one.ana.reader()):
        await say_writing(reader, one.thread)
    await execute("update category set readers = '{owner}' where slug = 'support'")
    await execute("update thread set visibility = 'private' where id = $1", one.thread)
    await say_writing(await world.supporter.reader(), one.thread)
    await hub.settle()
    assert received(olga) == []
    # and a hint from another process is not believed about who is not of the team
    note_writing(one.thread, world.outsider.person or 0)
    await hub.tell(("writing", one.thread), hub.followers["writing", one.thread])
    assert received(olga) == []


async def test_who_writes_is_forgotten_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    note_writing(5, 7)
    assert who_writes(5) == [7]
    assert who_writes(6) == []
    monkeypatch.setattr(writing, "FORGOTTEN", 0.0)
    assert who_writes(5) == []
    note_writing(6, 8)
    assert list(writing._heard) == [6], "nothing is kept of those who stopped"


def test_frames_that_say_somebody_writes_are_told_from_others() -> None:
    assert read_writing('{"writing":12}') == 12
    for other in ('{"have":{}}', '{"writing":0}', '{"writing":"12"}', '{"writing":12,"x":1}', None, '{"writing":1e3}'):
        assert read_writing(other) is None
    assert read_frame('{"writing":12}') is None


def test_the_sentence_names_one_two_or_how_many() -> None:
    assert sentence([]) == ""
    assert sentence(["Sam"]) == "Sam is writing"
    assert sentence(["Sam", "Olga"]) == "Sam and Olga are writing"
    assert sentence(["Sam", "Olga", "Tess"]) == "Sam and 2 others are writing"
