"""The bell of an open page: it rings for whose it is, and shows what they may see at that moment."""

import pytest

from forum.database.engine import execute
from forum.notifications.actions import tell
from forum.threads.writing import post_reply
from forum.web.reader import GUEST
from tests.conftest import Statements
from tests.helpers.live import Listener, Message, follower, received
from tests.helpers.site import Site
from tests.helpers.tickets import asked
from tests.helpers.world import World


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


def counts(messages: list[Message]) -> list[str]:
    """What each message puts into the bell, without its tags."""
    items = [item for message in messages for item in message["items"]]
    assert all(item["id"] == "bell_count" for item in items)
    return [item["inner"].partition('aria-hidden="true">')[2].partition("<")[0] for item in items]


async def test_a_bell_shows_what_comes_and_what_is_read_elsewhere(world: World, hub: Listener) -> None:
    one = await asked(world)
    reader = await one.ana.reader()
    assert f'data-streams="{reader.bell_stream}"' in (await one.ana.get(one.url)).text
    bell = await follower(hub, reader, "bell", reader.person, reader.bell)
    assert received(bell) == [], "the page shows it already"
    await post_reply(await world.supporter.reader(), one.thread, "An answer.")
    await world.site.jobs()
    await hub.settle()
    assert counts(received(bell)) == ["1"]
    await tell(reader.person, "accepted", key="x", project=world.project)
    await hub.settle()
    assert counts(received(bell)) == ["2"]
    # reading the thread in another tab
    await one.ana.get(one.url)
    await hub.settle()
    assert counts(received(bell)) == ["1"]
    await one.ana.post("/u/ana/notifications/read")
    await hub.settle()
    assert counts(received(bell)) == [""]


async def test_many_bells_are_compared_by_few_statements(world: World, hub: Listener, statements: Statements) -> None:
    sockets = []
    for n in range(30):
        reader = await (await world.person(f"person{n}")).reader()
        sockets.append(await follower(hub, reader, "bell", reader.person, reader.bell))
        await tell(reader.person, "accepted", key="x", project=world.project)
    await hub.settle()
    assert all(counts(received(socket)) == ["1"] for socket in sockets)
    statements.clear()
    for stream in list(hub.followers):
        hub.start(stream)
    await hub.settle()
    # one is under way while the others gather; the last is the test's own
    assert len(statements) <= 3 and not any(received(socket) for socket in sockets)


async def test_nobody_hears_somebody_elses_bell(world: World, hub: Listener) -> None:
    ana = await world.person("ana")
    sockets = [
        await follower(hub, reader, "bell", ana.person or 0, 0)
        for reader in (await world.outsider.reader(), await world.owner.reader(), GUEST)
    ]
    await tell(ana.person or 0, "accepted", key="x", project=world.project)
    await hub.settle()
    for socket in sockets:
        assert received(socket) == [{"stream": f"bell:{ana.person}", "gone": True}]


async def test_what_may_not_be_seen_when_the_bell_rings_is_not_counted(world: World, hub: Listener) -> None:
    one = await asked(world)
    otto = await world.outsider.reader()
    bell = await follower(hub, otto, "bell", otto.person, otto.bell)
    posted = await post_reply(await world.supporter.reader(), one.thread, "Dear @otto.")
    await world.site.jobs()
    await hub.settle()
    assert counts(received(bell)) == ["1"]
    await execute("update post set deleted_at = now() where id = $1", posted.post)
    # nobody says so: versions are compared now and then
    hub.start(("bell", otto.person))
    await hub.settle()
    assert counts(received(bell)) == [""]
    await execute("update thread set visibility = 'private' where id = $1", one.thread)
    await tell(otto.person, "mention", key="x", thread=one.thread, post=1)
    await hub.settle()
    assert received(bell) == []
