"""A guest's page comes by one statement of its own: it says what the statements of everybody else say to a guest."""

from typing import Any
from uuid import uuid4

import pytest

from forum.database.engine import execute, fetch, fetch_value
from forum.threads.actions import react
from forum.threads.attribution import Attribution
from forum.threads.kept import forget_kept
from forum.threads.page_queries import guest_content, page_head
from forum.threads.post_queries import acts_between, posts_between
from forum.threads.splitting import split
from forum.threads.writing import post_reply, record_act
from forum.web.errors import NotFound
from forum.web.reader import GUEST
from tests.conftest import Statements
from tests.helpers.world import World

SECRET = "umbrella"
# What the head of a page says of its reader's own, and what comes along with it.
OWN = {"is_plain", "acts", "posts"}


async def compare(thread: int, first: int, last: int) -> list[dict[str, Any]]:
    """Asserts that both ways say the same; returns the posts."""
    head, acts = await page_head(GUEST, thread, first, last)
    guests, guest_acts, found = await guest_content(thread, first, last)
    posts = [post._asdict() for post in found]
    assert {name: value for name, value in guests.items() if name not in OWN} == {
        name: value for name, value in head.items() if name not in OWN
    }
    assert guest_acts == acts == [dict(act) for act in await acts_between(GUEST, thread, first, last)]
    others = await posts_between(GUEST, thread, first, last)
    assert posts == [{name: value for name, value in post.items() if name != "n"} for post in others]
    return posts


async def has_everything(world: World) -> int:
    """A thread with every kind of post and act: answers of each purpose, reactions, posts that were edited, removed, split
    off, accepted, came by mail, from GitHub with and without an address, from Stack Exchange, by people who are gone or
    claimed what they once wrote elsewhere; a whisper in the middle and one at the end."""
    thread = (await world.ask("How do I read a <file>?")).posted.thread
    ana, sam, otto = [await each.reader() for each in (world.people["ana"], world.supporter, world.outsider)]
    for reader, purpose, reply_to in (
        (sam, "facts", None),
        (ana, "reply", 2),
        (sam, "whisper", None),
        (otto, "reply", 1),
        (sam, "reply", None),
        (ana, "thanks", 6),
        *[(otto, "reply", None)] * 7,
        (sam, "whisper", None),
    ):
        text = f"About the {SECRET}." if purpose == "whisper" else "Pass `flush`, 100 % of the \\ time."
        await post_reply(reader, thread, text, purpose=purpose, reply_to=reply_to)
    posts = {
        row["number"]: row["id"] for row in await fetch("select id, number from post where thread_id = $1", thread)
    }
    await react(ana, posts[6], "like", on=True)
    await react(otto, posts[6], "thanks", on=True)
    await react(otto, posts[1], "same", on=True)
    await execute("update post set deleted_at = now() where id = $1", posts[8])
    await execute("update post set by_mail = true where id = $1", posts[3])
    await execute("update post set origin = 'github', origin_url = null where id = $1", posts[9])
    await execute("update post set origin = 'github', origin_url = 'https://x.test/1' where id = $1", posts[10])
    for number, told in (
        (11, Attribution("a.test", "answer", "Zoe", "CC BY-SA 4.0", "https://a.test/u/9", score=3)),
        (12, Attribution("a.test", "comment", "user9 <b>", "CC BY-SA 4.0", on="answer", on_by="Zoe")),
    ):
        await execute(
            "update post set origin = 'stackexchange', attribution = $2 where id = $1", posts[number], told.as_json()
        )
    sql = "insert into person (kind, username, name, same_as) values ('placeholder', $1, '', $2) returning id"
    ghost = await fetch_value(sql, "sam@github.com", world.supporter.person)
    await execute("update post set author_id = $2 where id = $1", posts[13], ghost)
    await execute("update post set author_id = $2 where id = $1", posts[9], await fetch_value(sql, "eve@x.test", None))
    await world.people["ana"].post(f"/posts/{posts[1]}/edit", {"title": "How do I read?", "markdown": "Other words"})
    await world.people["ana"].post(f"/t/{thread}/acceptance", {"number": "6"})
    await split(await world.owner.reader(), thread, [5], "Another thing entirely", await world.category("support"))
    for team_only in (False, True):
        await record_act(thread, "close", ghost, team_only=team_only, reason=f"{team_only} because")
        await record_act(thread, "move", None, team_only=team_only, **{"from": "a", "to": "b"})
    await execute("update thread set is_closed = true where id = $1", thread)
    return thread


async def test_what_guests_get_is_what_everybody_elses_statements_say(world: World) -> None:
    thread = await has_everything(world)
    last = await fetch_value("select last_number from thread where id = $1", thread)
    posts = await compare(thread, 1, 20)
    assert [post["number"] for post in posts] == [1, 2, 3, *range(5, last)], "and no whisper"
    for first in range(1, last + 2):
        await compare(thread, first, first)
        await compare(thread, first, first + 3)
    for row in await fetch("select id from thread where visibility = 'public'"):
        await compare(row["id"], 1, 20)


async def test_both_ways_make_the_same_page_and_tell_of_no_whisper(world: World) -> None:
    thread = await has_everything(world)
    url = f"/t/{await fetch_value('select slug from thread where id = $1', thread)}/{thread}"
    guest = world.site.guest()
    made = (await guest.get(url)).text
    kept = (await guest.get(url)).text
    # what is asked for in the address is made by the way of everybody else
    other = (await guest.get(f"{url}?a=b")).text
    assert made == kept == other.replace("%3Fa%3Db", "")
    assert SECRET not in made and "True because" not in made and "False because" in made
    last = await fetch_value("select last_number from thread where id = $1", thread)
    assert f'id="post_{last}"' not in made and (await guest.get(f"{url}/{last}")).status_code == 404


@pytest.mark.parametrize("visibility", ["author", "members", "team", "private"])
async def test_a_hidden_thread_is_not_there_for_guests(visibility: str, world: World) -> None:
    asked = await world.ask("How do I read a file?")
    guest = world.site.guest()
    assert (await guest.get(asked.posted.url)).status_code == 200
    await execute("update thread set visibility = $2 where id = $1", asked.posted.thread, visibility)
    for _kept_then_not in range(2):
        with pytest.raises(NotFound):
            await guest_content(asked.posted.thread, 1, 20)
        with pytest.raises(NotFound):
            await page_head(GUEST, asked.posted.thread, 1, 20)
        assert (await guest.get(asked.posted.url)).status_code == 404
        forget_kept()


@pytest.mark.parametrize(("category", "most"), [("bugs", 1), ("features", 2), ("support", 2)])
async def test_a_guests_page_that_is_not_kept_costs_few_statements(
    category: str, most: int, world: World, statements: Statements
) -> None:
    """One for the page; where a ticket waits one more for its place, and where there are votes one for them."""
    asked = await world.ask("How do I read a file?", category=category)
    guest = world.site.guest()
    forget_kept()
    statements.clear()
    assert (await guest.get(asked.posted.url)).status_code == 200
    assert statements.count <= most, "\n\n".join(statements)


async def test_a_reply_costs_at_most_eight_statements(world: World, statements: Statements) -> None:
    asked = await world.ask("How do I read a file?")
    for browser in (world.people["ana"], world.outsider):
        reader = await browser.reader()
        statements.clear()
        await post_reply(reader, asked.posted.thread, "With open.", key=uuid4())
        assert statements.count <= 8, "\n\n".join(statements)
