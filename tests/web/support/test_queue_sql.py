"""The queue in PostgreSQL against the slow model: random lives of tickets through the real actions, small blocks."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from categories.support.actions import resolve
from categories.support.head_start import give_head_start
from categories.support.promises.workdays import end_of_workday_horizon
from categories.support.queries import place_of, queue_slice, queue_state
from categories.support.rules import Line, Waiting, credit_after, line_of, order
from categories.support.states import (
    SETS_WAITING_SINCE,
    Clock,
    Life,
    Refused,
    TicketEvent,
    TicketState,
    clock,
    in_queue,
    step,
)
from categories.support.submitting import submit
from forum.database.engine import Row, execute, fetch, fetch_one, fetch_value, transaction
from forum.threads.actions import (
    accept_answer,
    close_thread,
    move_thread,
    reopen_thread,
    take_back_acceptance,
)
from forum.threads.writing import post_reply
from forum.web.reader import Reader
from tests.helpers.raising import check_raised
from tests.helpers.site import Site
from tests.helpers.world import World

E, S = TicketEvent, TicketState
OPS = 220
ASKERS = 5
AMOUNTS = (0, 0, 500, 500, 900, 10**12)
# Far from any midnight that may pass while the test runs.
DUE = (timedelta(days=-20), timedelta(days=-20, hours=1), timedelta(days=20))


@pytest.fixture
async def small_blocks(database: str) -> None:
    """Eight entries a block, so that blocks split and join within a small test."""
    owner = await asyncpg.connect(database)
    await owner.execute(
        "create or replace function queue_block_size() returns integer language sql immutable as 'select 8'"
    )
    await owner.close()


@dataclass
class Case:
    """One ticket as the model knows it."""

    ticket: int
    thread: int
    asker: Reader
    life: Life
    since: datetime | None
    amount: int = 0
    due: datetime | None = None
    is_closed: bool = False
    is_in_support: bool = True
    accepted: int | None = None
    head: int = 0
    posts: list[int] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        return in_queue(self.life, self.amount)


@dataclass
class Model:
    """All tickets of one project, and what its queue must look like."""

    world: World
    random: random.Random
    share: int
    supporter: Reader
    owner: Reader
    outsider: Reader
    askers: Sequence[Reader]
    support: int
    bugs: int
    credit: int = 0
    cases: list[Case] = field(default_factory=list)

    def queue(self) -> list[Waiting]:
        waiting = [Waiting(c.ticket, c.amount, c.since or datetime.now(UTC), c.due) for c in self.cases if c.waits]
        return order(waiting, self.share, self.credit, end_of_workday_horizon(datetime.now(UTC)))

    def answered(self, case: Case) -> None:
        """Rule 4, from the whole queue as it is just before the answer."""
        horizon = end_of_workday_horizon(datetime.now(UTC))
        lines = {t.id: line_of(t, horizon) for t in self.queue()}
        if case.ticket in lines:
            both = {Line.PAID, Line.UNPAID} <= set(lines.values())
            self.credit = credit_after(self.credit, lines[case.ticket], both, self.share)

    async def happened(self, case: Case, *events: TicketEvent) -> None:
        """Let the events happen to the model, and hold it against the ticket's row."""
        anew = False
        for event in events:
            top = case.life.state
            if not known(case.life, event):
                continue
            done = step(case.life, event)
            if done.is_team_answer:
                self.answered(case)
            # beneath a suspension the wait is that of the state beneath
            beneath = case.life.under[-1] if top is S.SUSPENDED and case.life.under else top
            assert done.sets_waiting_since is ((beneath, event) in SETS_WAITING_SINCE and done.life != case.life)
            anew = anew or done.sets_waiting_since
            # an answer settles what was promised, and a new wait begins without the due time of the old one
            was, now = clock(case.life), clock(done.life)
            if (done.is_team_answer and was is not Clock.OFF) or (
                done.sets_waiting_since and now is Clock.RUNS and was is not now
            ):
                case.due = None
            case.life = done.life
            if not case.is_in_support and case.life.state is S.WAITING:  # closed elsewhere, and opened again there
                case.life = Life(S.SUSPENDED, (S.WAITING,))
        row = await fetch_one("select state, state_under, waiting_since from ticket where id = $1", case.ticket)
        assert row is not None
        assert (row["state"], row["state_under"]) == (case.life.state, list(case.life.under)), (case, events)
        if anew:
            began = row["waiting_since"] + case.head * timedelta(days=1)
            assert timedelta(0) <= datetime.now(UTC) - began < timedelta(minutes=1), (case, events)
        else:
            assert row["waiting_since"] == case.since, (case, events)
        case.since = row["waiting_since"]

    async def check(self) -> None:
        """Every place, some windows, the kept counts and the credit are the model's."""
        queue = self.queue()
        project = self.world.project
        at = {ticket.id: n for n, ticket in enumerate(queue, 1)}
        state = await queue_state(project)
        assert (state.total, state.credit) == (len(queue), self.credit)
        for case in self.cases:
            place = await place_of(case.ticket)
            assert (place.position if place else None) == at.get(case.ticket), case
            assert place is None or place.waiting == len(queue)
        for case in self.random.sample(self.cases, min(4, len(self.cases))):
            await self.check_raised(case, self.random.choice((1, 400, 500, 10**12)))
        for _window in range(3):
            first = self.random.randint(1, len(queue) + 3)
            last = first + self.random.randint(0, 12)
            shown = await queue_slice(project, state, first, last)
            assert [(s.position, s.ticket) for s in shown] == [
                (n, t.id) for n, t in enumerate(queue, 1) if first <= n <= last
            ]
        assert await fetch("select * from queue_faults($1)", project) == []

    async def check_raised(self, case: Case, more: int) -> None:
        """Where a ticket would stand with more paid, and what it takes to stand better, are the model's."""
        case.amount += more
        raised = {ticket.id: n for n, ticket in enumerate(self.queue(), 1)}
        case.amount -= more
        await check_raised(case.ticket, more, raised.get(case.ticket))

    async def ask(self) -> None:
        asker = self.random.choice(self.askers)
        is_draft = self.random.random() < 0.2
        asked = await self.world.ask(
            f"How do I do thing {len(self.cases)}?",
            by=asker.username,
            capacity="" if is_draft else "personal",
        )
        assert asked.ticket
        if head := self.random.choice((0, 0, 3)):
            async with transaction():
                await give_head_start(asked.ticket)
        since = await fetch_value("select waiting_since from ticket where id = $1", asked.ticket)
        self.cases.append(
            Case(asked.ticket, asked.posted.thread, asker, Life(S.DRAFT if is_draft else S.WAITING), since, head=head)
        )

    async def reply(self, case: Case, by: Reader, purpose: str, *events: TicketEvent) -> None:
        posted = await post_reply(by, case.thread, "A word about this.", purpose=purpose)
        if purpose != "whisper":
            case.posts.append(posted.number)
        reopens = case.is_closed and by is case.asker and purpose != "thanks"
        if reopens:
            case.is_closed = False
        await self.happened(case, *([E.REOPENED] if reopens else []), *events)

    async def live(self, case: Case) -> None:
        """One random thing happens to one submitted ticket."""
        match self.random.choices(
            (
                "answer",
                "reply",
                "facts",
                "solve",
                "thanks",
                "outsider",
                "whisper",
                "accept",
                "close",
                "move",
                "money",
            ),
            (9, 6, 2, 2, 1, 2, 1, 4, 3, 3, 9),
        )[0]:
            case "answer":
                await self.reply(case, self.supporter, "reply", E.TEAM_ANSWERED)
            case "reply":
                await self.reply(case, case.asker, "reply", E.REQUESTER_REPLIED)
            case "facts":
                await self.reply(case, self.supporter, "facts", E.FACTS_ASKED)
            case "solve":
                await self.reply(case, self.supporter, "resolve", E.TEAM_ANSWERED, E.TEAM_RESOLVED)
            case "thanks":
                await self.reply(case, case.asker, "thanks", E.THANKED)
            case "outsider" if not case.is_closed:
                await self.reply(case, self.outsider, "reply", E.OUTSIDER_WROTE)
            case "whisper":
                await self.reply(case, self.supporter, "whisper", E.WHISPERED)
            case "accept":
                await self.accept(case)
            case "close":
                await self.close(case)
            case "move":
                case.is_in_support = not case.is_in_support
                await move_thread(self.owner, case.thread, self.support if case.is_in_support else self.bugs)
                await self.happened(case, E.MOVED_BACK if case.is_in_support else E.MOVED_OUT)
            case "money":
                await self.money(case)

    async def accept(self, case: Case) -> None:
        if case.accepted is not None and self.random.random() < 0.6:
            await take_back_acceptance(case.asker, case.thread)
            case.accepted = None
            await self.happened(case, E.ACCEPTANCE_TAKEN_BACK)
        elif case.posts and (number := self.random.choice(case.posts)) != case.accepted:
            await accept_answer(case.asker, case.thread, number)
            case.accepted = number
            await self.happened(case, E.ACCEPTED)

    async def close(self, case: Case) -> None:
        if case.is_closed:
            case.is_closed = False
            await reopen_thread(case.asker, case.thread)
            await self.happened(case, E.REOPENED)
        else:
            case.is_closed = True
            await close_thread(self.random.choice((case.asker, self.supporter)), case.thread)
            await self.happened(case, E.CLOSED)

    async def money(self, case: Case) -> None:
        """What payments do: amount and due time change, then the ticket enters anew. Waits are made to tie, too."""
        case.amount = self.random.choice(AMOUNTS)
        case.due = self.random.choice([None] * 4 + [datetime.now(UTC).replace(microsecond=0) + d for d in DUE])
        if self.random.random() < 0.3:
            case.since = datetime(2026, 1, self.random.randint(1, 3), tzinfo=UTC)
        await execute(
            "update ticket set rank_amount = $2, due_at = $3, waiting_since = $4 where id = $1",
            case.ticket,
            case.amount,
            case.due,
            case.since,
        )
        assert await fetch_value("select queue_enter($1)", case.ticket) is case.waits


def known(life: Life, event: TicketEvent) -> bool:
    """A post is never refused because of its ticket: what the table refuses, beneath a suspension too, is nothing."""
    try:
        step(life, event)
    except Refused:
        return False
    return True


async def model_of(site: Site, seed: int, share: int) -> Model:
    world = await World.make(site)
    people = [await world.person(f"asker{n}") for n in range(ASKERS)]
    await execute("select queue_lock($1)", world.project)
    await execute("update queue set share = $2 where project_id = $1", world.project, share)
    await execute("insert into support_policy (project_id, head_start) values ($1, 3)", world.project)
    return Model(
        world=world,
        random=random.Random(seed),
        share=share,
        supporter=await world.supporter.reader(),
        owner=await world.owner.reader(),
        outsider=await world.outsider.reader(),
        askers=[await person.reader() for person in people],
        support=await world.category("support"),
        bugs=await world.category("bugs"),
    )


@pytest.mark.parametrize(("seed", "share"), [(1, 20), (2, 20), (3, 50), (4, 0), (5, 100)])
async def test_places_windows_and_credit_are_the_models_through_random_lives(
    site: Site, small_blocks: None, seed: int, share: int
) -> None:
    model = await model_of(site, seed, share)
    for n in range(OPS):
        grows = 0.55 if n < OPS / 2 else 0.05
        submitted = [case for case in model.cases if case.life.state is not S.DRAFT]
        drafts = [case for case in model.cases if case.life.state is S.DRAFT]
        if model.random.random() < grows or not submitted:
            await model.ask()
        elif drafts and model.random.random() < 0.1:
            case = model.random.choice(drafts)
            await submit(case.asker, case.ticket, capacity="personal", accepts_terms=True)
            before, case.since = case.since, None
            assert before is None
            await model.happened(case, E.SUBMITTED)
        else:
            await model.live(model.random.choice(submitted))
        if n % 8 == 0:
            await execute("delete from rate")  # nobody writes that much in a minute
            await model.check()
    await model.check()
    assert len(model.queue()) > 16, "too few waited for blocks to split"
    # the repair and the kept counts agree, and the queue empties without a trace
    assert await fetch_value("select queue_rebuild($1)", model.world.project) == len(model.queue())
    await model.check()


async def test_many_who_act_at_once_leave_true_counts_and_no_place_twice(site: Site, small_blocks: None) -> None:
    model = await model_of(site, 7, 20)
    for _case in range(40):
        await model.ask()
    await execute("delete from rate")
    waiting = [case for case in model.cases if case.life.state is S.WAITING]

    def life(case: Case, n: int) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            if n % 2:
                await post_reply(model.supporter, case.thread, "Try this.")
            if n % 4 == 3:
                await post_reply(case.asker, case.thread, "It did not help.")
            if n % 5 == 0:
                await close_thread(case.asker, case.thread)
            if n % 7 == 0:
                await move_thread(model.owner, case.thread, model.bugs)

        return run

    async def more() -> None:
        await model.ask()

    lives = [life(case, n) for n, case in enumerate(waiting)] + [more] * 8
    await asyncio.gather(*(each() for each in lives))
    rows = await fetch("select id, state, rank_amount, waiting_since, due_at from ticket where state = 'waiting'")
    state = await queue_state(model.world.project)
    horizon = end_of_workday_horizon(datetime.now(UTC))
    queue = order(map(waiting_of, rows), 20, state.credit, horizon)
    places = [await place_of(ticket.id) for ticket in queue]
    assert [place.position if place else None for place in places] == list(range(1, len(queue) + 1))
    assert await fetch("select * from queue_faults($1)", model.world.project) == []


def waiting_of(row: Row) -> Waiting:
    return Waiting(row["id"], row["rank_amount"], row["waiting_since"], row["due_at"])


async def test_two_answers_at_once_count_for_the_credit_once(site: Site, small_blocks: None) -> None:
    world = await World.make(site)
    paid = await world.ask("How do I pay for this?", by="ana")
    free = await world.ask("How do I read a file?", by="ben")
    await execute("update ticket set rank_amount = 500 where id = $1", paid.ticket)
    await execute("select queue_enter($1)", paid.ticket)
    sam, olga = await world.supporter.reader(), await world.owner.reader()
    await asyncio.gather(
        post_reply(sam, free.posted.thread, "Try this."), post_reply(olga, free.posted.thread, "Or try that.")
    )
    assert (await queue_state(world.project)).credit == -80
    assert await place_of(free.ticket or 0) is None


async def test_answers_at_once_out_of_both_lines_add_up(site: Site, small_blocks: None) -> None:
    world = await World.make(site)
    asked = [await world.ask(f"How do I do thing {n}?", by=f"asker{n}") for n in range(12)]
    for one in asked[:6]:
        await execute("update ticket set rank_amount = 500 where id = $1", one.ticket)
        await execute("select queue_enter($1)", one.ticket)
    sam = await world.supporter.reader()
    await asyncio.gather(*(post_reply(sam, one.posted.thread, "Try this.") for one in asked[:3]))
    # three paid ones answered while both lines had somebody: three times the share
    assert (await queue_state(world.project)).credit == 60
    await asyncio.gather(*(resolve(sam, one.ticket or 0) for one in asked[3:6]))
    state = await queue_state(world.project)
    assert (state.paid, state.unpaid, state.credit) == (0, 6, 60), "a resolution without an answer costs no credit"
