"""The calls of Stripe's API that the stand-in answers, each by its path in the official description."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.standins import stripe_connect as connect
from tests.standins import stripe_money as money
from tests.standins.stripe_books import PLATFORM, Books
from tests.standins.stripe_description import Json, shape


@dataclass(frozen=True)
class Call:
    """A request that was understood."""

    books: Books
    account: str
    asked: Json
    names: dict[str, str]
    base: str

    @property
    def url(self) -> str:
        return str(self.names["url"])


def one(kind: str) -> Callable[[Call], Json]:
    def found(call: Call) -> Json:
        account = PLATFORM if kind == "account" else call.account
        id = next(value for name, value in call.names.items() if name != "url")
        return call.books.find(kind, id, account)

    return found


def many(kind: str, *filters: str) -> Callable[[Call], Json]:
    """A list of a kind; `filters` are parameters that a row must have the same of."""

    def found(call: Call) -> Json:
        rows = call.books.of_kind(kind, PLATFORM if kind == "account" else call.account)
        for name in filters:
            if name in call.asked:
                rows = [row for row in rows if row[name] == call.asked[name]]
        return call.books.listed(rows, call.asked, call.url)

    return found


def events(call: Call) -> Json:
    wanted = call.asked.get("types") or ([call.asked["type"]] if "type" in call.asked else ["*"])
    patterns = [re.compile(re.escape(each).replace(r"\*", ".*")) for each in wanted]
    rows = [
        row
        for row in call.books.of_kind("event", call.account)
        if any(pattern.fullmatch(row["type"]) for pattern in patterns)
    ]
    return call.books.listed(rows, call.asked, call.url)


def line_items(call: Call) -> Json:
    found = call.books.find("checkout.session", call.names["session"], call.account)
    return call.books.listed(call.books.more[found["id"]]["items"], call.asked, call.url)


def expire(call: Call) -> Json:
    found = call.books.find("checkout.session", call.names["session"], call.account)
    return money.expire(call.books, found)


def own_account(_call: Call) -> Json:
    return shape("account") | {"id": PLATFORM, "country": "DE", "default_currency": "eur", "charges_enabled": True}


CALLS: dict[tuple[str, str], Callable[[Call], Json]] = {
    ("POST", "/v1/checkout/sessions"): lambda c: money.create_session(c.books, c.account, c.asked, c.base),
    ("GET", "/v1/checkout/sessions"): many("checkout.session", "payment_intent"),
    ("GET", "/v1/checkout/sessions/{session}"): one("checkout.session"),
    ("POST", "/v1/checkout/sessions/{session}/expire"): expire,
    ("GET", "/v1/checkout/sessions/{session}/line_items"): line_items,
    ("GET", "/v1/payment_intents"): many("payment_intent"),
    ("GET", "/v1/payment_intents/{intent}"): one("payment_intent"),
    ("GET", "/v1/charges"): many("charge", "payment_intent", "transfer_group"),
    ("GET", "/v1/charges/{charge}"): one("charge"),
    ("POST", "/v1/refunds"): lambda c: money.refund(c.books, c.account, c.asked),
    ("GET", "/v1/refunds"): many("refund", "charge", "payment_intent"),
    ("GET", "/v1/refunds/{refund}"): one("refund"),
    ("GET", "/v1/balance"): lambda c: c.books.balance(c.account),
    ("GET", "/v1/balance_transactions"): many("balance_transaction", "type", "source", "currency"),
    ("GET", "/v1/balance_transactions/{id}"): one("balance_transaction"),
    ("GET", "/v1/account"): own_account,
    ("GET", "/v1/accounts"): many("account"),
    ("POST", "/v1/accounts"): lambda c: connect.create_account(c.books, c.asked),
    ("GET", "/v1/accounts/{account}"): one("account"),
    ("POST", "/v1/account_links"): lambda c: connect.link_account(c.books, c.asked, c.base),
    ("POST", "/v1/transfers"): lambda c: connect.create_transfer(c.books, c.asked),
    ("GET", "/v1/transfers"): many("transfer", "destination", "transfer_group"),
    ("GET", "/v1/transfers/{transfer}"): one("transfer"),
    ("POST", "/v1/transfers/{id}/reversals"): lambda c: connect.reverse(c.books, c.names["id"], c.asked),
    ("GET", "/v1/application_fees"): many("application_fee", "charge"),
    ("GET", "/v1/application_fees/{id}"): one("application_fee"),
    ("GET", "/v1/disputes"): many("dispute", "charge", "payment_intent"),
    ("GET", "/v1/disputes/{dispute}"): one("dispute"),
    ("GET", "/v1/events"): events,
    ("GET", "/v1/events/{id}"): one("event"),
}
