"""Stripe for tests: the parts of its API that take and pay out money, its hosted pages, its webhooks, and its failures.

Run by `Standin.serve("tests.standins.stripe:app")`; `tests/helpers/stripe.py` tells it what to be like. It needs the
official description and refuses what that does not allow; what it refused for that reason stands under `/_/wrong`.
"""

import asyncio
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.standins import stripe_connect as connect
from tests.standins import stripe_money as money
from tests.standins.stripe_books import PLATFORM, Books, new_id
from tests.standins.stripe_calls import CALLS, Call
from tests.standins.stripe_description import FORM, Json, Refusal, nested, operation, read
from tests.standins.stripe_webhooks import Webhooks

KEY = "sk_test_standin"
VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")


@dataclass
class Kept:
    """What became of an idempotency key; `answer` is None while its request is under way."""

    asked: str
    answer: tuple[int, Json] | None = None
    request: str = ""


@dataclass
class Fault:
    """What goes wrong with the next `times` requests of `method` whose path ends like this.

    `kind`: `error` (answers `status`), `cut` (the connection ends without an answer), `hang` (none ever comes). `does_it`:
    what was asked for is done nevertheless.
    """

    method: str
    ending: str
    kind: str = "error"
    status: int = 500
    does_it: bool = False
    times: int = 1


@dataclass
class State:
    books: Books = field(default_factory=Books)
    webhooks: Webhooks = field(default_factory=Webhooks)
    keys: dict[tuple[str, str], Kept] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    heard: list[Json] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    # requests wait for this many seconds before they are done, so that two of one key meet
    slow: float = 0

    def publish(self) -> None:
        """Tell of everything that happened since."""
        news, self.books.news = self.books.news, []
        for event in news:
            self.webhooks.tell(event)


state = State()


# --- a request ------------------------------------------------------------------------------------------------------


def who(request: Request) -> str:
    """The account that a request acts for. Raises Refusal."""
    scheme, _space, given = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not given:
        raise Refusal("You did not provide an API key.", status=401)
    if given != KEY:
        raise Refusal(f"Invalid API Key provided: {given[:8]}****", status=401)
    version = request.headers.get("stripe-version", "")
    if version and not VERSION.fullmatch(version):
        raise Refusal(f"Invalid Stripe API version: {version}")
    state.books.version = version
    account = request.headers.get("stripe-account", PLATFORM)
    if account != PLATFORM and state.books.rows.get(account, {}).get("object") != "account":
        raise Refusal(
            f"The provided key does not have access to account '{account}'", status=403, code="account_invalid"
        )
    return account


def understand(request: Request, body: bytes, account: str) -> tuple[Callable[[Call], Json], Call]:
    """What is asked for. Raises Refusal where the description does not have it, or this stand-in does not do it."""
    try:
        call, names = operation(request.method, request.url.path)
        kind = request.headers.get("content-type", "").partition(";")[0]
        if body and kind != FORM:
            raise Refusal(f"Content-Type {kind} is not supported.")
        try:
            sent = nested(body.decode() if request.method == "POST" else request.url.query)
        except ValueError:
            raise Refusal("The parameters cannot be read.") from None
        asked = read(sent, call.schema or {"type": "object"})
        if (call.method, call.path) not in CALLS:
            raise Refusal(f"This stand-in does not do {call.method} {call.path} yet.")
    except Refusal as refusal:
        state.wrong.append(f"{request.method} {request.url.path}: {refusal}")
        raise
    base = f"http://{request.headers['host']}"
    return CALLS[call.method, call.path], Call(state.books, account, asked, names | {"url": request.url.path}, base)


def perform(do: Callable[[Call], Json], call: Call) -> tuple[int, Json]:
    try:
        money.expire_due(state.books)
        made = do(call)
        expand = call.asked.get("expand", [])
        return 200, state.books.expanded(made, expand)
    except Refusal as refusal:
        return refusal.status, {"error": refusal.error}
    finally:
        state.publish()


async def answer(request: Request, body: bytes, id: str, *, is_real: bool = True) -> tuple[int, Json, dict[str, str]]:
    """The answer to a request, as if nothing went wrong: once a key, whatever is sent again."""
    account = who(request)
    do, call = understand(request, body, account)
    key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
    if len(key) > 255:
        raise Refusal("Idempotency keys are at most 255 characters long", type="idempotency_error")
    asked = json.dumps([request.url.path, call.asked], sort_keys=True)
    kept = state.keys.get((account, key)) if key else None
    if kept is not None and kept.asked != asked:
        raise Refusal(
            "Keys for idempotent requests can only be used with the same parameters they were first used with."
            f" Try using a key other than '{key}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    if kept is not None and kept.answer is None:
        raise Refusal(
            "There is currently another in-progress request using this Idempotent Key.",
            status=409,
            type="idempotency_error",
            code="idempotency_key_in_use",
        )
    if kept is not None and kept.answer is not None:
        return *kept.answer, {"idempotent-replayed": "true", "original-request": kept.request}
    if not is_real:
        return 0, {}, {}
    if key:
        kept = state.keys[account, key] = Kept(asked, request=id)
    if state.slow:
        await asyncio.sleep(state.slow)
    done = perform(do, call)
    if kept is not None:
        kept.answer = done
    return *done, {}


async def api(request: Request) -> Response:
    body = await request.body()
    id = new_id("event").replace("evt_", "req_")[:18]
    said = {name: request.headers.get(name, "") for name in ("stripe-version", "stripe-account", "idempotency-key")}
    state.heard.append({"method": request.method, "path": request.url.path, "body": body.decode(), **said})
    fault = next(
        (f for f in state.faults if f.times and f.method == request.method and request.url.path.endswith(f.ending)),
        None,
    )
    try:
        if fault is not None:
            fault.times -= 1
            await answer(request, body, id, is_real=fault.does_it)
            if fault.kind == "hang":
                await asyncio.sleep(600)
            if fault.kind == "cut":
                return Cut()
            error = {"type": "api_error", "message": "An unknown error occurred"}
            return JSONResponse({"error": error}, fault.status, {"request-id": id})
        status, told, more = await answer(request, body, id)
    except Refusal as refusal:
        status, told, more = refusal.status, {"error": refusal.error}, {}
    version = {"stripe-version": said["stripe-version"]} if said["stripe-version"] else {}
    return JSONResponse(told, status, {"request-id": id} | version | more)


class Cut(Response):
    """An answer whose connection ends before anything of it is there."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})


# --- pages for people -----------------------------------------------------------------------------------------------


def page(title: str, inside: str, status: int = 200) -> Response:
    return HTMLResponse(
        f"<!doctype html><html lang=en><link rel=icon href=data:,><title>{title}</title><main><h1>{title}</h1>{inside}</main>",
        status,
    )


async def hosted(request: Request) -> Response:
    """The page of a session: pay, pay later, be declined, go back."""
    money.expire_due(state.books)
    state.publish()
    session = state.books.rows.get(request.path_params["session"], {})
    if session.get("status") != "open":
        return page("This page is not open any more", "<p>It was paid, or too much time has passed.</p>", 404)
    failed = ""
    if request.method == "POST":
        how = str((await request.form()).get("do", ""))
        if how == "cancel":
            return RedirectResponse(session["cancel_url"], 303)
        try:
            money.pay(state.books, session["id"], how)
        except Refusal:
            return page("This page is not open any more", "<p>It was paid in another window.</p>", 404)
        state.publish()
        if how != "decline":
            await state.webhooks.settled()
            return RedirectResponse(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)
        failed = "<p role=alert>Your card was declined.</p>"
    total = f"{session['amount_total'] / 100:.2f} {session['currency'].upper()}"
    items = "".join(f"<li>{html.escape(i['description'])}</li>" for i in state.books.more[session["id"]]["items"])
    words = {"pay": f"Pay {total}", "later": "Pay by bank debit", "decline": "Pay with an empty card", "cancel": "Back"}
    buttons = "".join(
        f"<button name=do value={how}>{text}</button> "
        for how, text in words.items()
        if how != "cancel" or session["cancel_url"]
    )
    return page(f"Pay {total}", f"{failed}<ul>{items}</ul><form method=post>{buttons}</form>")


async def setup(request: Request) -> Response:
    """Where an account's owner tells Stripe who they are."""
    if request.method == "POST":
        back = connect.onboard(state.books, request.path_params["account"])
        state.publish()
        return RedirectResponse(back, 303)
    return page("Set up payments", "<form method=post><button>Finish</button></form>")


# --- what tests tell it ---------------------------------------------------------------------------------------------


async def told(request: Request) -> Response:
    """Set what there is: `url`, `secret`, `held` of the webhooks, `ahead` of the clock, `slow`; POST. DELETE: as new."""
    if request.method == "DELETE":
        fresh = State()
        for name in vars(fresh):
            setattr(state, name, getattr(fresh, name))
        return Response(status_code=204)
    for name, value in (await request.json()).items():
        owner: Any = next(each for each in (state.webhooks, state.books, state) if name in vars(each))
        setattr(owner, name, value)
    return Response(status_code=204)


async def fail(request: Request) -> Response:
    state.faults.append(Fault(**await request.json()))
    return Response(status_code=204)


async def deliver(request: Request) -> Response:
    """Tell of events, by id and in this order, whatever was told before."""
    wanted = await request.json()
    found = [state.books.rows[id] for id in wanted["events"]]
    options = (wanted.get("copies", 1), wanted.get("at_once", False), wanted.get("signature", "good"))
    return JSONResponse(await state.webhooks.deliver_these(found, *options))


async def happen(request: Request) -> Response:
    """Something that people or banks do: `pay`, `settle`, `dispute`, `refund_goes`, `onboard`."""
    wanted = await request.json()
    deeds: dict[str, Callable[..., Any]] = {
        "pay": money.pay,
        "settle": money.settle,
        "dispute": money.dispute,
        "refund_goes": money.refund_goes,
        "onboard": connect.onboard,
    }
    try:
        made = deeds[wanted.pop("what")](state.books, **wanted)
    except Refusal as refusal:
        return JSONResponse({"error": refusal.error}, refusal.status)
    state.publish()
    await state.webhooks.settled()
    return JSONResponse(made)


async def noted(request: Request) -> Response:
    """What was heard, what was wrong, every event (oldest first), how deliveries were answered."""
    await state.webhooks.settled()
    found = {
        "heard": state.heard,
        "wrong": state.wrong,
        "events": [row for row in state.books.rows.values() if row["object"] == "event"],
        "answers": state.webhooks.answers,
    }
    return JSONResponse(found[request.path_params["what"]])


app = Starlette(
    routes=[
        Route("/_/state", told, methods=["POST", "DELETE"]),
        Route("/_/fail", fail, methods=["POST"]),
        Route("/_/deliver", deliver, methods=["POST"]),
        Route("/_/happen", happen, methods=["POST"]),
        Route("/_/{what}", noted),
        Route("/c/pay/{session}", hosted, methods=["GET", "POST"]),
        Route("/setup/s/{account}", setup, methods=["GET", "POST"]),
        Route("/{rest:path}", api, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
)
