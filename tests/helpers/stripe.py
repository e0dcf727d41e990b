"""Stripe's stand-in as a process, what tests tell it, and sites that take payments through it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from forum.outside.stripe import Access
from forum.settings import Settings
from tests.standins import stripe as standin
from tests.standins.process import PLAIN, Standin
from tests.standins.stripe_description import SPECS

Json = dict[str, Any]
SECRET = "whsec_standin"


class Stripe(Standin):
    """`tell(url=…, held=…, ahead=…, slow=…)` sets what it is like; the rest are things that happen there."""

    @property
    def access(self) -> Access:
        return Access(standin.KEY, self.url)

    def ask(self, method: str, path: str, *, of: str = "", key: str = standin.KEY, **asked: str) -> Json:
        """One bare request, of the platform's or of a connected account; whatever it is answered with."""
        headers = {"authorization": f"Bearer {key}"} | ({"stripe-account": of} if of else {})
        sent: Json = {"data" if method == "POST" else "params": asked}
        found: Json = httpx.request(method, f"{self.url}/v1{path}", headers=headers, **sent, **PLAIN).json()
        return found

    def fail(self, method: str, ending: str, kind: str = "error", **more: Any) -> None:
        """Let the next requests to paths that end like this go wrong: `error`, `cut`, `hang`; see the stand-in's Fault."""
        said = {"method": method, "ending": ending, "kind": kind} | more
        httpx.post(f"{self.url}/_/fail", json=said, **PLAIN).raise_for_status()

    def happen(self, what: str, **more: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/_/happen", json={"what": what} | more, **PLAIN)

    def pay(self, session: str, how: str = "pay") -> Json:
        """Somebody pays at the hosted page: `pay` by card, `later` by bank debit, `decline`."""
        made: Json = self.happen("pay", id=session, how=how).raise_for_status().json()
        return made

    def settle(self, session: str, is_paid: bool = True) -> None:
        """The bank answers for a payment by debit."""
        self.happen("settle", id=session, is_paid=is_paid).raise_for_status()

    def dispute(self, charge: str, **more: Any) -> Json:
        made: Json = self.happen("dispute", charge=charge, **more).raise_for_status().json()
        return made

    def onboard(self, account: str) -> None:
        self.happen("onboard", id=account).raise_for_status()

    def deliver(self, *events: str, copies: int = 1, at_once: bool = False, signature: str = "good") -> list[int]:
        """Tell of these events in this order, whatever was told before; how each was answered (0: not at all).

        `signature`: good, rolled, wrong, stale, altered, none.
        """
        said = {"events": events, "copies": copies, "at_once": at_once, "signature": signature}
        answers: list[int] = httpx.post(f"{self.url}/_/deliver", json=said, **PLAIN).raise_for_status().json()
        return answers

    def noted(self, what: str) -> list[Any]:
        """`heard` (requests), `wrong` (what the description does not allow), `events` (oldest first), `answers`."""
        found: list[Any] = httpx.get(f"{self.url}/_/{what}", **PLAIN).raise_for_status().json()
        return found

    def events(self, type: str = "") -> list[Json]:
        return [each for each in self.noted("events") if type in ("", each["type"])]

    def settings(self, settings: Settings) -> Settings:
        """Settings of a site whose payments go through here."""
        return replace(settings, stripe_secret_key=standin.KEY, stripe_webhook_secret=SECRET, stripe_api_base=self.url)


@pytest.fixture(scope="session")
def stripe_process() -> Iterator[Stripe]:
    """The stand-in, started once a test process; skips, visibly, where there is no description of Stripe's API."""
    if not SPECS.is_dir():
        pytest.skip(f"no description of Stripe's API at {SPECS} (set HAAS_TEST_DATA)")
    running = Stripe.serve("tests.standins.stripe:app")
    yield running
    running.stop()


@pytest.fixture
def stripe(stripe_process: Stripe) -> Iterator[Stripe]:
    """Stripe as new. Whatever it was asked must be in the description, unless the test takes note of it."""
    stripe_process.reset()
    yield stripe_process
    assert not stripe_process.noted("wrong")
