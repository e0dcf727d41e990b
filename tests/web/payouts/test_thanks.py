"""Whoever answered hears what a bump made: once, for them alone, by mail, in the open thread and on a page of their own."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest

from forum.accounts.claims import claim
from forum.database.engine import execute, fetch, fetch_value, transaction
from forum.events import publish
from forum.threads.actions import accept_answer, take_back_acceptance
from forum.threads.events import AnswerAccepted, PostCreated
from forum.threads.writing import post_reply
from payouts.bumps.actions import book
from payouts.events import BumpPaid
from payouts.thanks.jobs import mail_thanks
from tests.conftest import Statements
from tests.helpers.live import Listener, follower, listening, received, version_of
from tests.helpers.money import bump, paid_bump
from tests.helpers.payouts import words
from tests.helpers.points import reply
from tests.helpers.site import Browser, Site
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World

LINE = "Your work just made <strong>€50.00</strong> for Pelican Toolkit"


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def thanked() -> set[tuple[int, str]]:
    """Who was thanked for which bump."""
    rows = await fetch("select x.bump_id, p.username from bump_thanks x join person p on p.id = x.person_id")
    return {(row["bump_id"], row["username"]) for row in rows}


async def jobs_waiting() -> int:
    found: int = await fetch_value("select count(*) from pgqueuer where entrypoint = 'mail_thanks'")
    return found


async def answered_and_paid(world: World) -> Asked:
    """A ticket that the supporter and somebody else answered, and its requester paid for."""
    one = await asked(world)
    await reply(world.outsider, one.thread)
    await reply(world.supporter, one.thread)
    await paid_bump(one)
    return one


async def test_everybody_who_answered_hears_by_mail_what_it_made_and_nobody_else(world: World) -> None:
    one = await asked(world)
    await reply(world.outsider, one.thread)
    await post_reply(await world.owner.reader(), one.thread, "Between us: easy.", purpose="whisper")
    await reply(one.ana, one.thread)
    await reply(await world.person("ben"), one.thread, "thanks")
    made = await paid_bump(one)
    assert await thanked() == set(), "nobody of the team has answered yet"
    await reply(world.supporter, one.thread)
    assert await thanked() == {(made["id"], "otto"), (made["id"], "sam")}
    await world.site.jobs()
    mails = [mail for mail in world.site.mails() if "Your work just made" in mail]
    assert len(mails) == 2
    for name, mail in zip(("otto", "sam"), sorted(mails, key=lambda mail: "sam@" in mail), strict=True):
        assert f"To: {name}@example.org" in mail
        assert "50.00" in mail and "2.50" in mail and "How do I read a file?" in mail and f"/u/{name}/thanks" in mail
        assert "ana" not in re.sub(r"[\w-]{24,}", "", mail).casefold(), "but for what is drawn by lot"
    late = await world.person("lea")
    await reply(late, one.thread)
    assert (made["id"], "lea") in await thanked(), "who answers later hears too"
    second = await paid_bump(one)
    assert {name for id_, name in await thanked() if id_ == second["id"]} == {"otto", "sam", "lea"}


async def test_an_accepted_answer_of_the_community_counts_without_the_team(world: World) -> None:
    one = await asked(world)
    _post, number = await reply(world.outsider, one.thread)
    made = await paid_bump(one)
    assert await thanked() == set()
    await accept_answer(await one.ana.reader(), one.thread, number)
    assert await thanked() == {(made["id"], "otto")}


async def test_a_requester_of_the_team_is_not_thanked_for_their_own_ticket(world: World) -> None:
    one = await asked(world, by="tia")
    await world.team(one.ana, "triager")
    await reply(one.ana, one.thread)
    await paid_bump(one)
    assert await thanked() == set()
    _post, number = await reply(world.outsider, one.thread)
    await accept_answer(await one.ana.reader(), one.thread, number)
    assert {name for _bump, name in await thanked()} == {"otto"}


async def test_what_is_deleted_before_is_no_answer(world: World) -> None:
    one = await asked(world)
    post, _number = await reply(world.outsider, one.thread)
    await execute("update post set deleted_at = now() where id = $1", post)
    await reply(world.supporter, one.thread)
    made = await paid_bump(one)
    assert await thanked() == {(made["id"], "sam")}


async def test_who_answered_elsewhere_hears_once_they_have_an_account(world: World) -> None:
    one = await asked(world)
    post, _number = await reply(world.outsider, one.thread)
    imported = await fetch_value(
        "insert into person (username, kind, origin) values ('octo@github.com', 'placeholder', 'github') returning id"
    )
    await execute("update post set author_id = $2 where id = $1", post, imported)
    await reply(world.supporter, one.thread)
    made = await paid_bump(one)
    assert await thanked() == {(made["id"], "sam")}
    await claim(imported, world.outsider.person or 0, actor=world.owner.person or 0, how="admin")
    await world.site.jobs()
    assert await thanked() == {(made["id"], "sam"), (made["id"], "otto")}


class Undo(Exception):
    """Ends a transaction without keeping anything."""


Step = Callable[[], Awaitable[object]]


@pytest.mark.parametrize("seed", range(3))
async def test_every_order_of_events_thanks_the_same(world: World, seed: int) -> None:
    dice = random.Random(seed)
    one = await asked(world)
    ana, sam, otto = await one.ana.reader(), await world.supporter.reader(), await world.outsider.reader()
    first, second = await bump(one), await bump(one, 7000)
    numbers: dict[str, int] = {}
    posts: dict[str, int] = {}

    async def says(name: str) -> None:
        posted = await post_reply(sam if name == "sam" else otto, one.thread, "So it is done.")
        numbers[name], posts[name] = posted.number, posted.post

    async def told_again() -> None:
        """Events that were heard before come once more."""
        await publish(
            BumpPaid(first["id"], one.ticket, one.thread, world.project, ana.person, 5000, "EUR", first["created_at"])
        )
        await publish(AnswerAccepted(one.thread, world.project, 2, otto.person, ana.person))

    steps: dict[str, Step] = {
        "paid": lambda: book(first["id"]),
        "paid more": lambda: book(second["id"]),
        "team answers": lambda: says("sam"),
        "somebody answers": lambda: says("otto"),
        "accepted": lambda: accept_answer(ana, one.thread, numbers["otto"]),
        "taken back": lambda: take_back_acceptance(ana, one.thread),
        "again": told_again,
    }
    orders = [order for order in permutations(steps) if is_possible(order)]
    everybody = {(b["id"], name) for b in (first, second) for name in ("sam", "otto")}
    for order in dice.sample(orders, 14):
        # without the team's answer too: then the acceptance alone counts, taken back or not
        left_out = dice.choice(["", "team answers", "accepted"])
        done = [name for name in order if name != left_out and not (left_out == "accepted" and name == "taken back")]
        try:
            async with transaction():
                for name in done:
                    await steps[name]()
                expected = (
                    everybody if left_out != "team answers" else {pair for pair in everybody if pair[1] == "otto"}
                )
                assert await thanked() == expected, done
                assert await jobs_waiting() == len(expected), done
                raise Undo
        except Undo:
            await execute("delete from rate")


def is_possible(order: tuple[str, ...]) -> bool:
    return order.index("somebody answers") < order.index("accepted") < order.index("taken back")


async def test_twenty_copies_of_each_event_at_once_have_one_effect(world: World) -> None:
    one = await asked(world)
    posted = await post_reply(await world.outsider.reader(), one.thread, "So it is done.")
    await reply(world.supporter, one.thread)
    made = await bump(one)
    await asyncio.gather(*(book(made["id"]) for _n in range(20)))
    events: list[object] = [
        BumpPaid(
            made["id"], one.ticket, one.thread, world.project, one.ana.person or 0, 5000, "EUR", made["created_at"]
        ),
        AnswerAccepted(one.thread, world.project, posted.number, world.outsider.person or 0, one.ana.person or 0),
        PostCreated(
            one.thread,
            world.project,
            posted.post,
            posted.number,
            world.outsider.person or 0,
            False,
            "reply",
            made["created_at"],
        ),
    ]

    async def once(event: object) -> None:
        async with transaction():
            await publish(event)

    await execute("delete from bump_thanks")
    await execute("delete from pgqueuer")
    await asyncio.gather(*(once(event) for event in events for _n in range(20)))
    assert await thanked() == {(made["id"], "otto"), (made["id"], "sam")}
    assert await jobs_waiting() == 2


async def test_paid_and_answered_at_the_same_moment_are_both_seen(world: World) -> None:
    for n in range(6):
        await execute("delete from rate")
        one = await asked(world, f"Question {n} of six")
        _post, number = await reply(world.outsider, one.thread)
        made = await bump(one)
        await asyncio.gather(
            book(made["id"]),
            accept_answer(await one.ana.reader(), one.thread, number),
            post_reply(await world.supporter.reader(), one.thread, "So it is done."),
        )
        assert {name for id_, name in await thanked() if id_ == made["id"]} == {"otto", "sam"}


async def test_a_mail_tried_twice_is_sent_once_and_names_no_thread_that_its_reader_may_not_see_any_more(
    world: World,
) -> None:
    one = await answered_and_paid(world)
    await execute("update thread set visibility = 'private' where id = $1", one.thread)
    await world.site.jobs()
    mails = {name: mail for mail in world.site.mails() for name in ("otto", "sam") if f"To: {name}@" in mail}
    for mail in mails.values():
        assert "€50.00" in mail or "50.00" in mail
        assert "How do I read a file?" not in mail and "/t/" not in mail
    await execute("update thread set visibility = 'public' where id = $1", one.thread)
    bump_id = await fetch_value("select bump_id from bump_thanks limit 1")
    for _n in range(3):
        await mail_thanks(bump_id, world.outsider.person or 0)
    assert len([mail for mail in world.site.mails() if "Your work just made" in mail]) == 2


async def test_the_line_in_the_thread_is_theirs_alone(world: World) -> None:
    one = await answered_and_paid(world)
    for browser in (world.supporter, world.outsider):
        page = (await browser.get(one.url)).text
        assert LINE in page and "the site's fee €2.50" in page
    for browser in (world.site.guest(), one.ana, world.owner, await world.person("ben")):
        page = (await browser.get(one.url)).text
        assert "Your work" not in page and "€2.50" not in page


async def test_the_line_comes_to_an_open_page_when_the_answer_is_accepted(world: World) -> None:
    one = await asked(world)
    await paid_bump(one)
    _post, number = await reply(world.outsider, one.thread)
    version = await version_of(one.thread)
    async with listening(world.site.settings.database_url) as hub:
        people = {"otto": world.outsider, "ana": one.ana, "ben": await world.person("ben"), "olga": world.owner}
        sockets = {
            name: await follower(hub, await each.reader(), "thread", one.thread, version)
            for name, each in people.items()
        }
        assert (await world.outsider.get(one.url)).text.count('id="thanks"') == 1
        await accept_answer(await one.ana.reader(), one.thread, number)
        await hub.settle()
        told = {name: items_named(received(socket)) for name, socket in sockets.items()}
    assert LINE in told["otto"]
    assert told["ana"] + told["ben"] + told["olga"] == ""


async def test_a_payment_is_told_to_the_open_page_of_its_payer_alone(world: World) -> None:
    one = await asked(world)
    made = await bump(one)
    version = await version_of(one.thread)
    async with listening(world.site.settings.database_url) as hub:
        people = {"ana": one.ana, "ben": await world.person("ben"), "sam": world.supporter, "olga": world.owner}
        sockets = {
            name: await follower(hub, await each.reader(), "thread", one.thread, version)
            for name, each in people.items()
        }
        assert "not paid yet" in (await one.ana.get(one.url)).text.partition('id="bumps"')[2]
        await book(made["id"])
        await hub.settle()
        told = {name: items_named(received(socket), "bumps") for name, socket in sockets.items()}
    assert "€50.00" in told["ana"] and "not paid yet" not in told["ana"]
    assert told["ben"] + told["sam"] + told["olga"] == ""


def items_named(messages: list[dict[str, object]], name: str = "thanks") -> str:
    found = [item for message in messages for item in message.get("items", ()) if item.get("id") == name]  # type: ignore[attr-defined]
    return " ".join(str(item["html"]) for item in found)


async def test_a_payment_alone_brings_the_line_too(world: World) -> None:
    one = await asked(world)
    await reply(world.supporter, one.thread)
    made = await bump(one)
    version = await version_of(one.thread)
    hub: Listener
    async with listening(world.site.settings.database_url) as hub:
        socket = await follower(hub, await world.supporter.reader(), "thread", one.thread, version)
        await book(made["id"])
        await hub.settle()
        assert LINE in items_named(received(socket))


async def test_an_answerers_page_costs_a_statement_more_and_nobody_elses_does(
    world: World, statements: Statements
) -> None:
    one = await answered_and_paid(world)

    async def cost(browser: Browser) -> int:
        for _n in range(2):
            await asyncio.sleep(0)
            statements.clear()
            assert (await browser.get(one.url)).status_code == 200
            await asyncio.sleep(0)
        return statements.count

    for browser in (world.supporter, world.outsider):
        assert await cost(browser) <= 8
        assert len([sql for sql in statements if "bump_thanks" in sql]) == 1
    for browser in (one.ana, world.owner, world.site.guest()):
        await cost(browser)
        assert not [sql for sql in statements if "bump_thanks" in sql]


async def test_ones_own_page_lists_each_bump_and_is_there_for_oneself_alone(world: World) -> None:
    one = await answered_and_paid(world)
    path = "/u/otto/thanks"
    page = (await world.outsider.get(path)).text
    text = words(page)
    assert "How do I read a file?" in text and "€50.00" in text and "€2.50" in text and "one bump" in text
    await paid_bump(one, 7000)
    text = words((await world.outsider.get(path)).text)
    assert "€120.00" in text and "2 bumps" in text
    assert "Ana" not in text
    for browser in (world.owner, world.supporter, one.ana):
        assert (await browser.get(path)).status_code == 404
    assert (await world.site.guest().get(path)).status_code == 303
    await execute("update thread set visibility = 'private' where id = $1", one.thread)
    page = (await world.outsider.get(path)).text
    assert "How do I read a file?" not in page and "something private" in page


async def test_the_list_goes_on_below_its_page(world: World) -> None:
    one = await answered_and_paid(world)
    for _n in range(51):
        await execute("delete from rate")
        await paid_bump(one)
    first = (await world.outsider.get("/u/otto/thanks")).text
    [below] = re.findall(r"\?below=(\d+)", first)
    second = (await world.outsider.get(f"/u/otto/thanks?below={below}")).text
    assert first.count("How do I read a file?") == 50 and second.count("How do I read a file?") == 2
    assert "?below=" not in second


async def test_the_sum_stands_behind_ones_points_for_oneself_and_the_owner(world: World) -> None:
    await answered_and_paid(world)
    path = "/p/pelican/supporters/otto?period=all"
    for browser in (world.outsider, world.owner):
        assert "made €50.00 for the project, through one bump; the site's fee was €2.50" in words(
            (await browser.get(path)).text
        )
    for browser in (world.supporter, world.site.guest(), await world.person("ben")):
        assert "€50.00" not in (await browser.get(path)).text
    assert "€50.00" in (await world.outsider.get("/u/otto")).text
    assert "€50.00" not in (await world.owner.get("/u/otto")).text
