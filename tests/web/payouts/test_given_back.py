"""Money that went back to its payer made nothing: nobody is thanked for it, shares for it, or reads it in a sum."""

import pytest

from forum.database.engine import fetch_one
from payouts.bumps.refunds import book_refund
from payouts.runs.queries import figures_of, sharers_of
from tests.helpers.money import paid_bump
from tests.helpers.payouts import words
from tests.helpers.points import reply
from tests.helpers.site import Site
from tests.helpers.tickets import asked
from tests.helpers.world import World
from tests.web.payouts.test_thanks import LINE, thanked


@pytest.fixture
async def world(site: Site) -> World:
    return await World.make(site)


async def test_what_went_back_to_its_payer_made_nothing(world: World) -> None:
    project = await fetch_one("select * from project where id = $1", world.project)
    assert project is not None
    one, other = await asked(world), await asked(world, "How do I plot?")
    bumps = [await paid_bump(one), await paid_bump(one, 6000), await paid_bump(other, 7000)]
    first, second, third = [row["id"] for row in bumps]
    # before anybody answered: nobody hears of it
    await book_refund(first, "re_1", 5000)
    assert (await figures_of(project))["unanswered"] == 5700 + 6650
    await reply(world.supporter, one.thread)
    await reply(world.supporter, other.thread)
    assert await thanked() == {(second, "sam"), (third, "sam")}
    # behind that: in part, and as a whole
    await book_refund(second, "re_2", 1000)
    await book_refund(third, "re_3", 7000)
    [sam] = (await sharers_of(world.project, "EUR")).sharers
    assert (sam.bumps, sam.made) == (1, 5000)
    page = words((await world.supporter.get("/u/sam/thanks")).text)
    assert "Pelican Toolkit €50.00 one bump; fee €2.50" in page
    assert "€2.50 €50.00 €10.00 given back" in page and "€0.00 €0.00 €70.00 given back" in page
    assert LINE in (await world.supporter.get(one.url)).text
    assert "Your work" not in (await world.supporter.get(other.url)).text
    assert "of it was paid for tickets that nobody" not in words((await world.owner.get("/p/pelican/payouts")).text)
