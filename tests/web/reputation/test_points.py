"""What earns points and what does not, each once, and how it is taken back."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from forum.database.engine import execute, fetch, fetch_value, transaction
from forum.events import publish
from forum.recount import recount
from forum.threads.actions import accept_answer, move_thread, take_back_acceptance
from forum.threads.events import AnswerAccepted, ReactionChanged
from forum.threads.starting import start_thread
from forum.web.errors import Conflict, Forbidden, Problem
from reputation.rules import POINTS
from tests.helpers.points import events, like, points, reply
from tests.helpers.site import Site
from tests.helpers.tickets import imported
from tests.helpers.world import World

ANSWER, LIKE, THANKS, ACCEPTED = (POINTS[kind].points for kind in ("answer", "like", "thanks", "accepted"))


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def test_an_answer_earns_once_a_thread_and_nothing_in_ones_own(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    thread = asked.posted.thread
    ana = await world.person("ana")
    await reply(world.outsider, thread)
    await reply(world.outsider, thread)
    await reply(world.supporter, thread, "resolve")
    await reply(ana, thread)
    assert await points(world) == {"otto": ANSWER, "sam": ANSWER}
    assert await events() == 2
    assert await recount() == []


@pytest.mark.parametrize("purpose", ["thanks", "facts", "whisper"])
async def test_what_is_no_answer_earns_nothing(world: World, purpose: str) -> None:
    asked = await world.ask("How do I read a file?")
    await reply(world.supporter, asked.posted.thread, purpose)
    assert await events() == 0


async def test_likes_and_thanks_earn_until_they_are_taken_back(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    post, _number = await reply(world.outsider, asked.posted.thread)
    ana = await world.person("ana")
    await like(ana, post)
    await like(ana, post)
    await like(ana, post, "thanks")
    await like(world.supporter, post)
    assert await points(world) == {"otto": ANSWER + 2 * LIKE + THANKS}
    await like(ana, post, on=False)
    await like(ana, post, on=False)
    assert await points(world) == {"otto": ANSWER + LIKE + THANKS}
    turned = await fetch("select points, stands, day from reputation_event where cause like 'like:%' order by id")
    assert [(row["points"], row["stands"]) for row in turned] == [(LIKE, True), (LIKE, True), (-LIKE, False)]
    await like(ana, post)
    assert await points(world) == {"otto": ANSWER + 2 * LIKE + THANKS}
    assert await recount() == []


async def test_having_the_same_problem_is_no_merit_of_whoever_asked(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    await like(world.outsider, asked.posted.post, "same")
    assert await events() == 0
    await like(world.outsider, asked.posted.post)
    assert await points(world) == {"ana": LIKE}


async def test_an_acceptance_earns_moves_and_is_taken_back(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    thread, ana = asked.posted.thread, await (await world.person("ana")).reader()
    _post, first = await reply(world.outsider, thread)
    _post, second = await reply(world.supporter, thread)
    await accept_answer(ana, thread, first)
    await accept_answer(ana, thread, first)
    assert await points(world) == {"otto": ANSWER + ACCEPTED, "sam": ANSWER}
    await accept_answer(ana, thread, second)
    assert await points(world) == {"otto": ANSWER, "sam": ANSWER + ACCEPTED}
    await take_back_acceptance(ana, thread)
    await take_back_acceptance(ana, thread)
    assert await points(world) == {"otto": ANSWER, "sam": ANSWER}
    await accept_answer(ana, thread, first)
    assert await points(world) == {"otto": ANSWER + ACCEPTED, "sam": ANSWER}
    accepted = await fetch(
        "select p.username, t.accepted from reputation_total t join person p on p.id = person_id"
        " where period = 'all' and accepted <> 0"
    )
    assert [(row["username"], row["accepted"]) for row in accepted] == [("otto", 1)]
    assert await recount() == []


async def test_nobody_earns_by_accepting_their_own_words(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    thread = asked.posted.thread
    ana = await world.person("ana")
    _post, own = await reply(ana, thread)
    owner = await world.owner.reader()
    await accept_answer(owner, thread, own)
    assert await events() == 0, "the asker answered"
    _post, number = await reply(world.owner, thread)
    await accept_answer(owner, thread, number)
    assert await points(world) == {"olga": ANSWER}, "who answered accepted"
    await accept_answer(owner, thread, own)
    await accept_answer(await ana.reader(), thread, number)
    assert await points(world) == {"olga": ANSWER + ACCEPTED}, "now it is the asker's word"


async def test_whoever_claimed_a_placeholder_earns_nothing_by_it(world: World) -> None:
    thread = await imported(world)
    octavia = await fetch_value("select id from person where username = 'octavia@github.com'")
    post = await fetch_value("select id from post where thread_id = $1 and number = 1", thread)
    await execute("update person set same_as = $1 where id = $2", world.outsider.person, octavia)
    await reply(world.outsider, thread)
    with pytest.raises(Forbidden):
        await like(world.outsider, post)
    assert await events() == 0
    await like(world.supporter, post)
    assert await points(world) == {"octavia@github.com": LIKE}, "a like given here is one, whoever wrote it where"


async def test_an_import_earns_nothing(world: World) -> None:
    await imported(world)
    assert await events() == 0


async def test_a_draft_earns_nothing(world: World) -> None:
    ana = await world.person("ana")
    draft = await start_thread(await ana.reader(), await world.category("support"), "How?", "So.", is_draft=True)
    with pytest.raises(Conflict):
        await reply(ana, draft.thread)
    for person in (ana, world.outsider):
        with pytest.raises(Problem):
            await like(person, draft.post)
    assert await events() == 0


async def test_what_few_may_read_is_written_down_and_counts_for_nobody_else(world: World) -> None:
    ana = await world.person("ana")
    secret = await start_thread(await ana.reader(), await world.category("security"), "A way in", "Look here.")
    post, number = await reply(world.owner, secret.thread)
    await like(ana, post)
    await accept_answer(await ana.reader(), secret.thread, number)
    assert await events() == 3
    assert await fetch_value("select count(*) from reputation_total") == 0
    assert await recount() == []


async def test_what_members_may_read_counts_for_members(world: World) -> None:
    await execute("update category set visibility = 'members' where project_id = $1 and slug = 'bugs'", world.project)
    asked = await world.ask("It crashes at night", category="bugs")
    await reply(world.outsider, asked.posted.thread)
    row = await fetch("select points, member_points from reputation_total where period = 'all'")
    assert [tuple(each) for each in row] == [(0, ANSWER)]


async def test_a_thread_that_moves_away_keeps_what_was_earned(world: World) -> None:
    asked = await world.ask("It crashes at night", category="bugs")
    await reply(world.outsider, asked.posted.thread)
    await move_thread(await world.owner.reader(), asked.posted.thread, await world.category("security"))
    assert await points(world) == {"otto": ANSWER}


async def test_a_friend_counts_three_times_a_day_and_what_was_over_comes_after(world: World) -> None:
    worth = POINTS["like"]
    ana, posts = await world.person("ana"), []
    for n in range(worth.from_one + 2):
        asked = await world.ask(f"Question {n} of many", by="ben")
        posts.append((await reply(world.outsider, asked.posted.thread))[0])
        await like(ana, posts[-1])
    liked = "select coalesce(sum(points), 0) from reputation_event where kind = 'like'"
    assert await fetch_value(liked) == worth.from_one * LIKE
    over = await fetch_value("select count(*) from reputation_event where stands and points = 0 and kind = 'like'")
    assert over == 2
    await like(ana, posts[0], on=False)
    assert await fetch_value(liked) == worth.from_one * LIKE, "the next in line counts now"
    for post in posts[1:]:
        await like(ana, post, on=False)
    assert await fetch_value(liked) == 0
    assert await recount() == []


async def test_who_likes_at_once_is_counted_once_each_and_within_the_limit(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    post, _number = await reply(world.outsider, asked.posted.thread)
    other = await world.ask("How do I write a file?", by="ben")
    second, _number = await reply(world.outsider, other.posted.thread)
    fans = [await world.person(f"fan{n}") for n in range(8)]
    await asyncio.gather(*(like(fan, each) for fan in fans for each in (post, second)))
    kept = await fetch_value("select sum(points) from reputation_event where kind = 'like'")
    assert kept == LIKE * POINTS["like"].a_day
    assert await recount() == []


async def test_an_event_told_twice_has_one_effect(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    thread = asked.posted.thread
    post, number = await reply(world.outsider, thread)
    ana = await world.person("ana")
    await like(ana, post)
    await accept_answer(await ana.reader(), thread, number)
    before, count = await points(world), await events()
    for _again in range(2):
        author, giver = world.outsider.person or 0, ana.person or 0
        async with transaction():
            # told of what is not so any more, too
            await publish(ReactionChanged(thread, world.project, post, author, giver, "like", False))
            await publish(ReactionChanged(thread, world.project, post, author, giver, "like", True))
            await publish(AnswerAccepted(thread, world.project, number, author, giver))
    assert (await points(world), await events()) == (before, count)


async def test_when_the_reaction_fails_nothing_is_earned(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    post, _number = await reply(world.outsider, asked.posted.thread)
    before = await events()
    with pytest.raises(Forbidden):
        await like(world.outsider, post)
    assert await events() == before


@pytest.mark.parametrize(
    "statement",
    [
        "update reputation_event set points = 1000",
        "delete from reputation_event",
        "truncate reputation_event cascade",
    ],
)
async def test_history_cannot_be_changed_by_the_site_nor_by_its_owner(world: World, statement: str) -> None:
    asked = await world.ask("How do I read a file?")
    await reply(world.outsider, asked.posted.thread)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(statement)
    with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
        async with transaction():
            await execute("set local role none")
            await execute(statement)
    assert await points(world) == {"otto": ANSWER}


async def test_a_total_that_is_not_true_is_found_and_mended(world: World) -> None:
    asked = await world.ask("How do I read a file?")
    await reply(world.outsider, asked.posted.thread)
    await execute("update reputation_total set points = points + 1 where period = 'all'")
    await execute("delete from reputation_total where period like '____-Q_'")
    faults = await recount()
    assert len(faults) == 2 and all("their events say" in fault for fault in faults)
    await execute("select reputation_recount()")
    assert await recount() == []
    assert await points(world, datetime.now(UTC).strftime("%Y-%m")) == {"otto": ANSWER}
