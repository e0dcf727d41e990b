"""Live updates ask for each message who may read it."""

import pytest

from forum.database.engine import execute
from forum.threads.actions import move_thread
from forum.threads.writing import post_reply
from forum.web.reader import GUEST, Reader
from tests.helpers.live import Listener, follower, html_of, numbers, received, version_of
from tests.helpers.site import Site
from tests.helpers.world import World


async def test_a_whisper_reaches_the_team_alone(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    thread = (await world.ask("How do I read a file?")).posted.thread
    version = await version_of(thread)
    people: dict[str, Reader] = {
        "guest": GUEST,
        "outsider": await world.outsider.reader(),
        "requester": await world.people["ana"].reader(),
        "supporter": await world.supporter.reader(),
    }
    sockets = {name: await follower(hub, reader, "thread", thread, version) for name, reader in people.items()}
    await post_reply(await world.owner.reader(), thread, "Between us: ENTRE NOUS.", purpose="whisper")
    await hub.settle()
    told = {name for name, socket in sockets.items() if "ENTRE NOUS" in html_of(received(socket))}
    assert told == {"supporter"}
    for name, socket in sockets.items():
        assert socket.versions["thread", thread] == await version_of(thread), name


@pytest.mark.parametrize("kind", ["draft", "security"])
async def test_drafts_and_private_threads_are_not_there_for_others(site: Site, hub: Listener, kind: str) -> None:
    world = await World.make(site)
    asked = await (
        world.ask("How do I read a file?", capacity="")
        if kind == "draft"
        else world.ask("Anyone can read files", category="security")
    )
    thread = asked.posted.thread
    for reader in (GUEST, await world.outsider.reader(), await world.supporter.reader()):
        socket = await follower(hub, reader, "thread", thread, 0)
        assert received(socket) == [{"stream": f"thread:{thread}", "gone": True}]
        assert not socket.versions
    author = await follower(hub, await world.people["ana"].reader(), "thread", thread, 0)
    assert numbers(received(author)) == [1]
    if kind == "draft":
        for reader in (GUEST, await world.supporter.reader()):
            socket = await follower(hub, reader, "place", asked.ticket or 0, 0)
            assert received(socket) == [{"stream": f"place:{asked.ticket}", "gone": True}]


async def test_who_loses_the_right_is_told_that_it_is_gone_and_nothing_else(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    thread = (await world.ask("Anyone can read files", category="security")).posted.thread
    mara = await world.person("mara")
    await world.team(mara, "maintainer")
    socket = await follower(hub, await mara.reader(), "thread", thread, await version_of(thread))
    ana = await world.people["ana"].reader()
    await post_reply(ana, thread, "More about it.")
    await hub.settle()
    assert "More about it." in html_of(received(socket))
    await execute("delete from project_member where person_id = $1", mara.person)
    await post_reply(ana, thread, "The exploit is SECRET.")
    await hub.settle()
    assert received(socket) == [{"stream": f"thread:{thread}", "gone": True}]
    assert not socket.versions


async def test_a_thread_that_becomes_private_is_gone_from_open_pages(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    thread = asked.posted.thread
    sockets = [
        await follower(hub, reader, stream, number, 2**40)
        for reader in (GUEST, await world.outsider.reader())
        for stream, number in (("thread", thread), ("place", asked.ticket or 0))
    ]
    for socket in sockets:
        received(socket)
    await move_thread(await world.owner.reader(), thread, await world.category("security"))
    await hub.settle()
    assert [message.get("gone") for socket in sockets for message in received(socket)] == [True] * 4


async def test_the_place_is_sent_to_requester_and_team_and_the_range_to_others(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    first = await world.ask("How do I write a file?", by="ben")
    asked = await world.ask("How do I read a file?")
    people = {
        "guest": GUEST,
        "outsider": await world.outsider.reader(),
        "ben": await world.people["ben"].reader(),
        "ana": await world.people["ana"].reader(),
        "supporter": await world.supporter.reader(),
    }
    sockets = {name: await follower(hub, reader, "place", asked.ticket or 0, 0) for name, reader in people.items()}
    shown = {name: html_of(received(socket)) for name, socket in sockets.items()}
    assert {name for name, html in shown.items() if "Place 2 of 2" in html} == {"ana", "supporter"}
    assert all("7–10 workdays" in html for html in shown.values())
    await post_reply(await world.supporter.reader(), first.posted.thread, "Use the writer.")
    await hub.settle()
    shown = {name: html_of(received(socket)) for name, socket in sockets.items()}
    assert {name for name, html in shown.items() if "Place 1 of 1" in html} == {"ana", "supporter"}
    assert not [name for name in ("guest", "outsider", "ben") if "of 1" in shown[name]]
    await post_reply(await world.supporter.reader(), asked.posted.thread, "Use the reader.")
    await hub.settle()
    shown = {name: html_of(received(socket)) for name, socket in sockets.items()}
    assert {name for name, html in shown.items() if "The team has answered" in html} == {"ana", "supporter"}
    assert " hidden>" in shown["guest"], "a strip that says nothing any more goes away"


async def test_the_inbox_is_the_teams_for_as_long_as_they_are_on_it(site: Site, hub: Listener) -> None:
    world = await World.make(site)
    await world.ask("How do I read a file?")
    for reader in (GUEST, await world.outsider.reader(), await world.people["ana"].reader()):
        socket = await follower(hub, reader, "inbox", world.project, 0)
        assert received(socket) == [{"stream": f"inbox:{world.project}", "gone": True}]
    socket = await follower(hub, await world.supporter.reader(), "inbox", world.project, 0)
    assert "How do I read a file?" in html_of(received(socket))
    await execute("delete from project_member where person_id = $1", world.supporter.person)
    await world.ask("How do I write a file?", by="ben")
    await hub.settle()
    assert received(socket) == [{"stream": f"inbox:{world.project}", "gone": True}]
