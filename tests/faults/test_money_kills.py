"""Money survives kill -9 at any line between "paid" and "booked": nothing is lost, nothing is doubled (issue: G79-G89)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from forum.database.engine import fetch_value
from forum.settings import Settings
from payouts.bumps.reconciling import reconcile_stripe
from payouts.verify import verify
from tests.helpers.money import balances, bump
from tests.helpers.paying import Till
from tests.helpers.site import Site
from tests.helpers.stripe import Stripe, stripe, stripe_process
from tests.helpers.tickets import asked
from tests.helpers.world import World

__all__ = ["stripe", "stripe_process"]
ROOT = Path(__file__).resolve().parents[2]
# So many bumps, each killed at other lines: together they die at every third line or so.
BUMPS, STEP = 4, 13


def dies(url: str, target: str, *arguments: object, step: int, chosen: tuple[str, ...] = ()) -> int:
    """Let a program do it, killed ever later, until it gets through; returns how often it died."""
    program = [sys.executable, "-m", "tests.faults.dying", url, target, json.dumps(arguments), str(step), *chosen]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    died: int = json.loads(done.stdout)["died"]
    return died


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def test_a_bump_is_booked_once_wherever_booking_it_dies(world: World, database: str) -> None:
    one = await asked(world)
    died = 0
    for n in range(BUMPS):
        made = await bump(one, 5000 + n)
        died += dies(database, "payouts.bumps.actions:book", made["id"], step=STEP + n)
    assert died > BUMPS * 3, "it never died on the way"
    total = sum(5000 + n for n in range(BUMPS))
    assert (await one.row())["rank_amount"] == total
    assert await fetch_value("select count(*) from ledger_transaction") == BUMPS
    assert await fetch_value("select array_agg(number order by id) from invoice") == list(range(1, BUMPS + 1))
    held = await balances()
    assert held["entity", "cash"] == total
    assert sum(held.values()) == 0


async def test_a_payment_at_stripe_is_asked_for_and_booked_once_wherever_either_dies(
    database: str, settings: Settings, stripe: Stripe
) -> None:
    chosen = stripe.settings(settings)
    said = tuple(f"{name}={getattr(chosen, name)}" for name in vars(chosen) if name.startswith("stripe_"))
    async with Site.open(chosen) as site:
        till = Till(await World.make(site), stripe)
        one = await asked(till.world)
        asking = handling = 0
        for n in range(2):
            made = await bump(one, 5000 + n, method="stripe")
            asking += dies(
                database, "tests.helpers.paying:lead_on", one.ana.person, made["id"], step=29 + 4 * n, chosen=said
            )
            session = await fetch_value("select session from checkout where bump_id = $1", made["id"])
            assert [each["id"] for each in till.sessions() if each["metadata"]["bump"] == str(made["id"])] == [session]
            stripe.pay(session)
            # what came in is kept, and the process that keeps it handles nothing
            await reconcile_stripe()
            event = stripe.events("checkout.session.completed")[-1]["id"]
            handling += dies(database, "tests.helpers.paying:handle", "stripe", event, step=31 + 6 * n, chosen=said)
        assert asking > 3 and handling > 6, "it never died on the way"
        assert len(till.sessions()) == 2
        assert (await one.row())["rank_amount"] == 10_001
        assert await fetch_value("select count(*) from ledger_transaction") == 2
        assert await fetch_value("select count(*) from checkout where state = 'paid'") == 2
        held = await balances()
        assert held["site", "cash"] == 10_001
        assert sum(held.values()) == 0
        assert (await verify()).wrong == []
