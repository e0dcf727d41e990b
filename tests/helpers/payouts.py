"""Pools and payout runs: what was earned, drafted, booked, in one line each, and the pages that show it."""

import re
from collections.abc import Iterable
from html import unescape

from forum.database.engine import fetch, fetch_value
from payouts.runs.actions import approve_run, book_run, draft_run, mark_paid, set_policy
from payouts.runs.rules import Fixed, Policy
from tests.helpers.money import paid_bump
from tests.helpers.points import reply
from tests.helpers.site import Browser
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World

PATH = "/p/pelican/payouts"


async def earned(world: World, amount: int = 5000, *, by: Iterable[Browser] = ()) -> Asked:
    """A ticket that the supporter and these people answered, paid for by its requester."""
    one = await asked(world, f"A question worth {amount}")
    for browser in (*by, world.supporter):
        await reply(browser, one.thread)
    await paid_bump(one, amount)
    return one


async def lines(run: int) -> list[tuple[str, str | None, int]]:
    rows = await fetch(
        "select l.kind, p.username, l.amount from payout_line l left join person p on p.id = l.person_id"
        " where l.run_id = $1 order by l.position",
        run,
    )
    return [tuple(row) for row in rows]


async def drafted(world: World) -> int:
    return await draft_run(await world.owner.reader(), world.project)


async def booked(world: World) -> int:
    run = await drafted(world)
    owner = await world.owner.reader()
    await approve_run(owner, run)
    await book_run(owner, run)
    return run


async def state(run: int) -> str:
    return str(await fetch_value("select state from payout_run where id = $1", run))


async def acts() -> list[str]:
    rows = await fetch("select action from audit where action like 'payout-%' order by id")
    return [row["action"] for row in rows]


def words(page: str) -> str:
    """The text of a page, on a wide screen."""
    page = re.sub(r'<small class="narrow.*?</small>', " ", page)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


async def divided(world: World) -> list[tuple[str, str, Browser]]:
    """A project with a policy, a booked run of which one payout is made, and a draft over what came since: the pages that
    have something to show then, as (name, address, who looks)."""
    owner = await world.owner.reader()
    policy = Policy(2000, (Fixed(world.supporter.person or 0, "Lead supporter", 2000),))
    await set_policy(owner, world.project, policy)
    one = await earned(world, 12000, by=[world.outsider])
    run = await booked(world)
    line = await fetch_value("select id from payout_line where run_id = $1 order by position limit 1", run)
    await mark_paid(owner, line, how="transfer", reference="SEPA 2026-07-31")
    await earned(world, 6000)
    draft = await drafted(world)
    return [
        ("thread, thanked", one.url, world.supporter),
        ("thanks", "/u/sam/thanks", world.supporter),
        ("no thanks", "/u/olga/thanks", world.owner),
        ("own payouts", "/u/sam/payouts", world.supporter),
        ("no payouts", "/u/olga/payouts", world.owner),
        ("own profile, thanked", "/u/sam", world.supporter),
        ("points, thanked", "/p/pelican/supporters/sam?period=all", world.supporter),
        ("payouts", PATH, world.owner),
        ("payout run, booked", f"{PATH}/{run}", world.owner),
        ("payout run, draft", f"{PATH}/{draft}", world.owner),
        ("payout policy", "/p/pelican/settings/payouts", world.owner),
        ("dashboard, owner", "/p/pelican/dashboard", world.owner),
    ]
