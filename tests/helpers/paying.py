"""Paying bumps at the stand-in for Stripe, and its events brought to the site's door as a network would bring them."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import httpx

from forum.database.engine import Row, fetch_one, fetch_value
from forum.incoming.actions import handle_incoming
from forum.web.sessions import reader_of_person
from payouts.bumps.checkout import payment_page
from tests.helpers.money import bump
from tests.helpers.stripe import SECRET, Json, Stripe
from tests.helpers.tickets import Asked, asked
from tests.helpers.world import World
from tests.standins.stripe_webhooks import signed


@dataclass
class Paid:
    """A bump by Stripe: `one` whose ticket it is, its id, its session there."""

    till: "Till"
    one: Asked
    bump: int
    session: str

    async def row(self) -> Row:
        """The bump with its checkout."""
        found = await fetch_one(
            "select b.*, c.session, c.payment_intent, c.charge, c.kept, c.kept_currency, c.dispute, c.state as paying"
            " from bump b left join checkout c on c.bump_id = b.id where b.id = $1",
            self.bump,
        )
        assert found is not None
        return found

    async def states(self) -> tuple[str, str, int]:
        """Of the bump, of its page, and the ticket's rank amount."""
        row = await self.row()
        return row["state"], row["paying"], (await self.one.row())["rank_amount"]


@dataclass
class Till:
    """The site of a world whose payments go through the stand-in."""

    world: World
    stripe: Stripe

    async def order(self, amount: int = 5000, one: Asked | None = None) -> Paid:
        """A bump ordered and led to its page, not paid yet."""
        one = one or await asked(self.world)
        made = await bump(one, amount, method="stripe")
        await payment_page(await one.ana.reader(), made["id"])
        row = await fetch_one("select session from checkout where bump_id = $1", made["id"])
        assert row is not None
        return Paid(self, one, made["id"], row["session"])

    async def deliver(self, *events: Json, how: str = "good", at_once: bool = False) -> list[int]:
        """Bring events to the door, in this order or all at once, and do the jobs; how each was answered."""
        posts = [self.post(event, how) for event in events]
        answers = await asyncio.gather(*posts) if at_once else [await post for post in posts]
        await self.world.site.jobs()
        return [answer.status_code for answer in answers]

    async def post(self, event: Json, how: str = "good") -> httpx.Response:
        body, signature = signed(json.dumps(event).encode(), SECRET, how)
        headers = {"content-type": "application/json"} | ({"stripe-signature": signature} if signature else {})
        return await self.world.site.guest().http.post("/webhooks/stripe", content=body, headers=headers)

    def sessions(self) -> list[Json]:
        """Every session there is at Stripe."""
        found: list[Any] = self.stripe.ask("GET", "/checkout/sessions", limit="100")["data"]
        return found

    def asked(self, method: str = "GET", ending: str = "") -> int:
        """How often the site has asked something of Stripe."""
        return sum(
            each["method"] == method and ending in each["path"] and bool(each["stripe-version"])
            for each in self.stripe.noted("heard")
        )

    def give_back(self, paid_intent: str, amount: int) -> Json:
        """The site's owner gives money back in Stripe's own pages."""
        return self.stripe.ask("POST", "/refunds", payment_intent=paid_intent, amount=str(amount))


async def lead_on(person: int, bump: int) -> None:
    """What the button "Go on to pay" does, for a program that dies on the way."""
    await payment_page(await reader_of_person(person), bump)


async def handle(source: str, lane: str) -> None:
    """The job of what came in, until it is done: whoever was killed may hold the lane a moment longer."""
    while await fetch_value(
        "select 1 from incoming where source = $1 and lane = $2 and next_at is not null", source, lane
    ):
        await handle_incoming(source, lane)
        await asyncio.sleep(0.01)
