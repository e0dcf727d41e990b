"""Causes in any order, repeated and taken back, against the pure rules: the sums are those of what stands at the end."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from forum.database.engine import fetch_value, transaction
from forum.recount import recount
from reputation.rules import Worth, counted
from tests.helpers.points import reply
from tests.helpers.site import Site
from tests.helpers.world import World

WORTH = Worth(5, a_day=4, from_one=2)
NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)
SETTLE = "select reputation_settle($1, $2, 'like', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"


@dataclass(frozen=True)
class Cause:
    """Something that may stand: whose it is, from whom, on which day, seen by whom."""

    name: str
    person: int
    giver: int
    at: datetime
    reach: str


def expected(standing: set[Cause]) -> int:
    """The points of all of them, by the rules."""
    groups: dict[tuple[int, object, str], list[int]] = defaultdict(list)
    for cause in standing:
        groups[cause.person, cause.at.date(), cause.reach].append(cause.giver)
    return sum(WORTH.points * counted(givers, WORTH) for givers in groups.values())


@dataclass
class Ground:
    """A thread and a post for rows to name."""

    project: int
    thread: int
    post: int

    async def settle(self, cause: Cause, stands: bool) -> None:
        await fetch_value(
            SETTLE,
            cause.name,
            stands,
            cause.person,
            self.project,
            self.thread,
            self.post,
            cause.giver,
            cause.reach,
            cause.at,
            WORTH.points,
            WORTH.a_day,
            WORTH.from_one,
        )


class Undo(Exception):
    """Ends a transaction without keeping anything."""


SUM = "select coalesce(sum(points), 0) from reputation_event where kind = 'like'"
KEPT = "select coalesce(sum(member_points), 0) from reputation_total where period = 'all'"


@pytest.mark.parametrize("seed", range(4))
async def test_every_order_comes_to_the_points_of_what_stands(site: Site, seed: int) -> None:
    dice = random.Random(seed)
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    post, _number = await reply(world.supporter, asked.posted.thread, "thanks")
    people = [world.owner.person or 0, world.supporter.person or 0, world.outsider.person or 0]
    causes = [
        Cause(
            f"like:{n}",
            dice.choice(people[:2]),
            dice.choice(people),
            NOON + timedelta(days=dice.randint(0, 1)),
            dice.choice(["public", "public", "public", "members"]),
        )
        for n in range(24)
    ]
    ground = Ground(world.project, asked.posted.thread, post)
    wanted = {cause for cause in causes if dice.random() < 0.7}
    for _order in range(3):
        steps = [(cause, cause in wanted) for cause in causes]
        # on the way they come and go, some twice; what is so at the end comes last for each
        noise = [(cause, dice.random() < 0.6) for cause in dice.choices(causes, k=60)]
        dice.shuffle(steps)
        standing: set[Cause] = set()
        try:
            async with transaction():
                for cause, stands in noise + steps + steps[:5]:
                    await ground.settle(cause, stands)
                    standing = standing | {cause} if stands else standing - {cause}
                    assert await fetch_value(SUM) == expected(standing)
                assert standing == wanted
                assert await fetch_value(KEPT) == expected(wanted)
                assert await recount() == []
                raise Undo
        except Undo:
            continue


async def test_what_is_taken_back_later_counts_for_the_day_it_was_given(site: Site) -> None:
    world = await World.make(site)
    asked = await world.ask("How do I read a file?")
    ground = Ground(world.project, asked.posted.thread, asked.posted.post)
    june = Cause("like:1", world.owner.person or 0, world.outsider.person or 0, NOON, "public")
    july = Cause("like:1", june.person, june.giver, NOON + timedelta(days=9), "public")
    await ground.settle(june, True)
    await ground.settle(july, False)
    sums = "select coalesce(sum(points), 0) from reputation_total where period = $1"
    assert [await fetch_value(sums, period) for period in ("2026-06", "2026-07", "2026", "all")] == [0, 0, 0, 0]
    await ground.settle(july, True)
    assert [await fetch_value(sums, p) for p in ("2026-06", "2026-Q2", "2026-07", "2026-Q3", "all")] == [0, 0, 5, 5, 5]
