"""How the stand-in for Stripe tells of events: signed, at once or held back, and, when told to, twice, late or forged."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field

import httpx

from tests.standins.stripe_description import Json

PATIENCE = 20


def signature(body: bytes, secret: str, at: float) -> str:
    t = int(at)
    return f"t={t},v1={hmac.new(secret.encode(), b'%d.%s' % (t, body), hashlib.sha256).hexdigest()}"


def signed(body: bytes, secret: str, how: str) -> tuple[bytes, str]:
    """The bytes and the header of a delivery: `good`, `rolled` (two secrets), or one of the bad kinds."""
    now = time.time()
    match how:
        case "good":
            return body, signature(body, secret, now)
        case "rolled":
            return body, f"{signature(body, 'whsec_old', now)},{signature(body, secret, now).partition(',')[2]}"
        case "wrong":
            return body, signature(body, "whsec_of_somebody_else", now)
        case "stale":
            return body, signature(body, secret, now - 3600)
        case "altered":
            return body.replace(b'"livemode": false', b'"livemode": true', 1), signature(body, secret, now)
        case "none":
            return body, ""
    raise AssertionError(f"no such signature: {how}")


@dataclass
class Webhooks:
    """Where events go. `held`: nothing is told by itself; what was not told waits for `/_/deliver`."""

    url: str = ""
    secret: str = "whsec_standin"
    held: bool = False
    # answers as (event id, status; 0: none)
    answers: list[tuple[str, int]] = field(default_factory=list)
    under_way: set["asyncio.Task[None]"] = field(default_factory=set)

    def tell(self, event: Json) -> None:
        """Deliver an event by itself, in the background, as Stripe does: again after an answer that is no 2xx."""
        if self.held or not self.url:
            return
        task = asyncio.create_task(self.insist(event))
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    async def insist(self, event: Json) -> None:
        for pause in (0.05, 0.2, 0.5):
            if 200 <= await self.deliver(event) < 300:
                return
            await asyncio.sleep(pause)

    async def settled(self) -> None:
        while self.under_way:
            await asyncio.gather(*self.under_way)

    async def deliver(self, event: Json, how: str = "good") -> int:
        """One delivery; the status it was answered with, 0 for none."""
        body, header = signed(json.dumps(event, indent=2).encode(), self.secret, how)
        headers = {"content-type": "application/json; charset=utf-8", "user-agent": "Stripe/1.0"}
        if header:
            headers["stripe-signature"] = header
        try:
            async with httpx.AsyncClient(verify=False, trust_env=False, timeout=PATIENCE) as outside:
                status = (await outside.post(self.url, content=body, headers=headers)).status_code
        except httpx.HTTPError:
            status = 0
        self.answers.append((event["id"], status))
        return status

    async def deliver_these(self, events: list[Json], copies: int, at_once: bool, how: str) -> list[int]:
        """Events in this order, each so many times; at once or one after the other."""
        wanted = [event for event in events for _ in range(copies)]
        if at_once:
            return list(await asyncio.gather(*(self.deliver(event, how) for event in wanted)))
        return [await self.deliver(event, how) for event in wanted]
