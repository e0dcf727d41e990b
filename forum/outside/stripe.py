"""Stripe, through its official library: Checkout, refunds, the events it keeps, and the signature of what it sends us.

Amounts are integers in minor units of ISO 4217, currencies its codes in capitals; every call that writes takes a key, and
the same key with the same words is done once, however often it is sent (for 24 hours at least). Each answer is yes, no
(`Refused`) or unsure (`Unsure`). Sources: docs.stripe.com, "Idempotent requests", "Error handling", "Currencies".
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from forum.incoming.signatures import check_stripe
from forum.incoming.sources import Delivery, Known, Source
from forum.late import late
from forum.outside.trust import trust
from forum.settings import Settings
from forum.web.errors import Invalid
from forum.web.i18n import _

T = TypeVar("T")
# The API as this file means it; a site's account may have an older default.
VERSION = "2026-10-28.endive"
# Seconds without an answer; tries after the first; seconds for all of them together.
SILENCE, RETRIES, TRY_FOR = 15.0, 2, 50.0
A_PAGE, MOST_PAGES = 100, 100
# Where Stripe counts in another minor unit than ISO 4217 says: (currency) → how many of its units are one of ours.
OTHER_UNITS = {"ISK": 100, "UGX": 100}


class Refused(Exception):
    """Stripe said no, and did nothing: its status (0: it was not even asked), its code and words, and about what."""

    def __init__(self, status: int, message: str, code: str = "", param: str = "") -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.code = code
        self.param = param


class Unsure(Exception):
    """No answer, or none that says: what was asked for may have been done; the same key finds out."""


@dataclass(frozen=True)
class Access:
    """Whom we ask, and as whom."""

    key: str = field(repr=False)
    base: str

    @property
    def is_live(self) -> bool:
        """Whether real money moves."""
        return "_test_" not in self.key


@dataclass(frozen=True)
class Checkout:
    """A Checkout Session: `url` to send the payer to while it is `open`, "" afterwards.

    `status` is open, complete or expired; a complete one is not paid yet where the payer's bank takes days, of which
    `intent_status` tells (processing; requires_payment_method when the bank said no). `charge` and `fee` (what Stripe
    kept, in `fee_currency`), what was `refunded` of it and whether it is disputed are known once it is paid.
    """

    id: str
    url: str
    status: str
    is_paid: bool
    amount: int
    currency: str
    metadata: Mapping[str, str]
    payment_intent: str = ""
    intent_status: str = ""
    charge: str = ""
    fee: int | None = None
    fee_currency: str = ""
    refunded: int = 0
    is_disputed: bool = False


@dataclass(frozen=True)
class Refund:
    """Money on its way back: `status` is pending, requires_action, succeeded, failed or canceled."""

    id: str
    status: str
    amount: int
    currency: str


@dataclass(frozen=True)
class Event:
    """Something that happened there: `object` as it was then, `account` where it is a connected account's."""

    id: str
    type: str
    created: datetime
    account: str
    object: Mapping[str, Any]


# --- settings and the library ---------------------------------------------------------------------------------------


def is_configured(settings: Settings) -> bool:
    """Whether payments can be offered: taken by the key, and noticed by way of the webhook."""
    return bool(settings.stripe_secret_key and settings.stripe_webhook_secret)


def access_of(settings: Settings) -> Access:
    """The access of these settings. Raises Refused where there is none, or where the key would travel in the open."""
    if not settings.stripe_secret_key:
        raise Refused(0, "STRIPE_SECRET_KEY is not set")
    url = urlsplit(settings.stripe_api_base)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost", "::1")):
        raise Refused(0, f"STRIPE_API_BASE is not an https address: {settings.stripe_api_base}")
    return Access(settings.stripe_secret_key, settings.stripe_api_base)


def to_stripe(amount: int, currency: str) -> int:
    """Our minor units as Stripe counts."""
    return amount * OTHER_UNITS.get(currency.upper(), 1)


def from_stripe(amount: int, currency: str) -> int:
    return amount // OTHER_UNITS.get(currency.upper(), 1)


@cache
def library() -> Any:
    """The library: it takes half a second to import, which no start of a process should wait for."""
    return late("stripe")


class Plain(httpx.AsyncClient):
    """What the library sends its requests with: it hands over text as `data`, which httpx wants to be called `content`."""

    async def request(self, *args: Any, **more: Any) -> httpx.Response:
        more["content"] = more.pop("data", None) or None
        return await super().request(*args, **more)


@asynccontextmanager
async def client_of(access: Access) -> AsyncIterator[Any]:
    """The library's client for this access alone: nothing of it is set for the process."""
    stripe = await asyncio.to_thread(library)
    http = stripe.HTTPXClient(timeout=SILENCE, verify_ssl_certs=False)
    await http.close_async()
    # the library's own would take proxies and credentials out of the environment, which are for other programs
    http._client_async = Plain(verify=trust(), trust_env=False)
    try:
        yield stripe.StripeClient(
            access.key,
            base_addresses={"api": access.base},
            stripe_version=VERSION,
            max_network_retries=RETRIES,
            http_client=http,
        )
    finally:
        await http.close_async()


async def call(access: Access, do: Callable[[Any], Awaitable[T]]) -> T:
    """One call with the library. Raises Refused, Unsure."""
    async with client_of(access) as client:
        errors = library()
        try:
            async with asyncio.timeout(TRY_FOR):
                return await do(client)
        except (errors.APIConnectionError, TimeoutError):
            raise Unsure(f"{access.base} does not answer") from None
        except errors.StripeError as error:
            status = error.http_status or 0
            # 409: another request of this key is under way; a limit and a fault of theirs: nothing is said about us
            if status in (409, 429) or status >= 500 or status == 0:
                raise Unsure(f"{access.base} answered with status {status}") from None
            message = error.user_message or "no reason given"
            raise Refused(status, message, error.code or "", getattr(error, "param", "") or "") from None


# --- calls ----------------------------------------------------------------------------------------------------------


async def create_checkout(
    access: Access,
    *,
    amount: int,
    currency: str,
    description: str,
    success_url: str,
    cancel_url: str,
    key: str,
    metadata: Mapping[str, str],
    customer_email: str = "",
    fee: int | None = None,
    destination: str = "",
) -> Checkout:
    """A page of Stripe's on which somebody pays once. Raises Refused, Unsure.

    `metadata` comes back with the session, its payment and its charge. With a `destination` (a connected account) the
    money goes there, less `fee`. In `success_url`, `{CHECKOUT_SESSION_ID}` stands for the session.
    """
    intent: dict[str, Any] = {"description": description[:1000], "metadata": dict(metadata)}
    if destination:
        intent["transfer_data"] = {"destination": destination}
        if fee is not None:
            intent["application_fee_amount"] = to_stripe(fee, currency)
    price = {
        "currency": currency.lower(),
        "unit_amount": to_stripe(amount, currency),
        "product_data": {"name": description[:250]},
    }
    asked: dict[str, Any] = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": success_url,
        "cancel_url": cancel_url,
        "metadata": dict(metadata),
        "payment_intent_data": intent,
    }
    if customer_email:
        asked["customer_email"] = customer_email
    options = {"idempotency_key": key}
    return checkout_of(await call(access, lambda client: client.v1.checkout.sessions.create_async(asked, options)))


async def retrieve_checkout(access: Access, id: str) -> Checkout:
    """A session as it is now, with what was charged and kept. Raises Refused (status 404: there is none), Unsure."""
    asked = {"expand": ["payment_intent.latest_charge.balance_transaction"]}
    return checkout_of(await call(access, lambda client: client.v1.checkout.sessions.retrieve_async(id, asked)))


async def expire_checkout(access: Access, id: str, key: str) -> Checkout:
    """Close a session that nobody is to pay any more. Raises Refused (it is not open), Unsure."""
    options = {"idempotency_key": key}
    return checkout_of(await call(access, lambda client: client.v1.checkout.sessions.expire_async(id, {}, options)))


async def refund(
    access: Access, payment_intent: str, amount: int, currency: str, key: str, *, takes_back: bool = False
) -> Refund:
    """Give a payment, or part of it, back. With `takes_back` the destination and the fee bear their parts of it.

    Raises Refused (code `charge_already_refunded` among others), Unsure.
    """
    asked: dict[str, Any] = {"payment_intent": payment_intent, "amount": to_stripe(amount, currency)}
    if takes_back:
        asked |= {"reverse_transfer": True, "refund_application_fee": True}
    options = {"idempotency_key": key}
    return refund_of(await call(access, lambda client: client.v1.refunds.create_async(asked, options)))


async def find_checkout(access: Access, payment_intent: str) -> str:
    """The id of the session that a payment belongs to, "" where it came another way. Raises Refused, Unsure."""
    asked = {"payment_intent": payment_intent, "limit": 1}
    found = await call(access, lambda client: client.v1.checkout.sessions.list_async(asked))
    return str(found.data[0].id) if found.data else ""


async def list_refunds(access: Access, payment_intent: str) -> list[Refund]:
    """What was given back of a payment, oldest first. Raises Refused, Unsure (also where it is more than a hundred)."""
    asked = {"payment_intent": payment_intent, "limit": A_PAGE}
    found = await call(access, lambda client: client.v1.refunds.list_async(asked))
    if found.has_more:
        raise Unsure("more refunds than can be read")
    return [refund_of(each) for each in reversed(found.data)]


async def dispute_of(access: Access, payment_intent: str) -> str:
    """How the latest dispute about a payment stands (needs_response, won, ...), "" where there is none. Raises Refused,
    Unsure."""
    asked = {"payment_intent": payment_intent, "limit": 1}
    found = await call(access, lambda client: client.v1.disputes.list_async(asked))
    return str(found.data[0].status) if found.data else ""


async def list_events(access: Access, since: datetime, types: tuple[str, ...] = ()) -> list[Event]:
    """What happened from `since` on (Stripe keeps 30 days), of these types or of all, oldest first.

    Raises Refused, Unsure; Unsure also where it is more than ten thousand.
    """
    asked: dict[str, Any] = {"created": {"gte": int(since.timestamp())}, "limit": A_PAGE}
    if types:
        asked["types"] = list(types)

    async def pages(client: Any) -> list[Event]:
        found: list[Event] = []
        for _page in range(MOST_PAGES):
            more = {"starting_after": found[-1].id} if found else {}
            page = await client.v1.events.list_async(asked | more)
            found += [event_of(each.to_dict()) for each in page.data]
            if not page.has_more:
                return found[::-1]
        raise Unsure("more events than can be read")

    return await call(access, pages)


async def about_account(access: Access) -> str:
    """The account that the key belongs to: its id. Raises Refused (401: the key is not known), Unsure."""
    return str((await call(access, lambda client: client.v1.accounts.retrieve_current_async())).id)


# --- what it says ---------------------------------------------------------------------------------------------------


def checkout_of(made: Any) -> Checkout:
    """A session of the library's, its payment expanded or not."""
    currency = (made.currency or "").upper()
    intent = made.payment_intent
    charge = getattr(intent, "latest_charge", None)
    moved = getattr(charge, "balance_transaction", None)
    kept = getattr(moved, "fee", None)
    fee_currency = moved.currency.upper() if kept is not None and moved is not None else ""
    return Checkout(
        id=made.id,
        url=made.url or "",
        status=made.status or "",
        is_paid=made.payment_status == "paid",
        amount=from_stripe(made.amount_total or 0, currency),
        currency=currency,
        metadata=dict(made.metadata.to_dict()) if made.metadata else {},
        payment_intent=intent if isinstance(intent, str) else getattr(intent, "id", ""),
        intent_status=getattr(intent, "status", None) or "",
        charge=charge if isinstance(charge, str) else getattr(charge, "id", ""),
        fee=None if kept is None else from_stripe(kept, fee_currency),
        fee_currency=fee_currency,
        refunded=from_stripe(getattr(charge, "amount_refunded", None) or 0, currency),
        is_disputed=bool(getattr(charge, "disputed", False)),
    )


def refund_of(made: Any) -> Refund:
    currency = made.currency.upper()
    return Refund(made.id, made.status or "", from_stripe(made.amount, currency), currency)


def event_of(said: Mapping[str, Any]) -> Event:
    """An event out of its JSON, from the list or a webhook. Raises Invalid where it is none."""
    try:
        about = said["data"]["object"]
        if said["object"] != "event" or not isinstance(about, dict):
            raise ValueError
        created = datetime.fromtimestamp(said["created"], UTC)
        return Event(said["id"], said["type"], created, said.get("account") or "", about)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise Invalid(_("This is not an event of Stripe's.")) from None


def webhook_source(handle: Callable[[Event], Awaitable[None]]) -> Source:
    """Stripe as a source of what comes in, for `forum/wiring.py` to register; `handle` gets each event once.

    The door is open while both secrets are set. Several webhook secrets stand with commas between them: an endpoint for
    the account's own events and one for connected accounts have one each.
    """

    def verify(raw: bytes, headers: Mapping[str, str], settings: Settings, now: datetime) -> Known:
        secrets = [each for each in (s.strip() for s in settings.stripe_webhook_secret.split(",")) if each]
        check_stripe(raw, headers.get("stripe-signature", ""), secrets, now)
        try:
            event = event_of(Delivery(0, "stripe", "", "", {}, raw, now).value)
        except (ValueError, RecursionError):
            raise Invalid(_("This is not an event of Stripe's.")) from None
        return Known(event.id, event.type)

    async def handle_delivery(delivery: Delivery) -> None:
        await handle(event_of(delivery.value))

    return Source("stripe", is_configured, verify, handle_delivery, keeps=("stripe-signature",))
