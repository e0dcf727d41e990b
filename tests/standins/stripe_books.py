"""What the stand-in for Stripe remembers: objects by account, money on balances, and the events that tell of changes."""

import copy
import secrets
import string
import time
from dataclasses import dataclass, field
from typing import Any

from tests.standins.stripe_description import Json, Refusal, shape

LETTERS = string.ascii_letters + string.digits
PREFIXES = {
    "checkout.session": "cs_test_",
    "payment_intent": "pi_",
    "charge": "ch_",
    "refund": "re_",
    "balance_transaction": "txn_",
    "event": "evt_",
    "item": "li_",
    "price": "price_",
    "account": "acct_",
    "transfer": "tr_",
    "transfer_reversal": "trr_",
    "application_fee": "fee_",
    "fee_refund": "fr_",
    "dispute": "dp_",
}
# The account that the key belongs to.
PLATFORM = "acct_platform"


def new_id(kind: str) -> str:
    return PREFIXES[kind] + "".join(secrets.choice(LETTERS) for _ in range(24))


def stripe_fee(amount: int) -> int:
    """What Stripe keeps of a payment: 1.5 % and 25 minor units, as in the euro area."""
    return (amount * 15 + 500) // 1000 + 25


@dataclass
class Books:
    """`rows`: every object by its id, oldest first; `owner`: whose each is; `more`: what is known of one beside its shape."""

    rows: dict[str, Json] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    more: dict[str, Json] = field(default_factory=dict)
    # seconds that this Stripe's clock is ahead of ours
    ahead: int = 0
    # events that nobody was told of yet, with the account they happened on
    news: list[Json] = field(default_factory=list)
    version: str = ""

    @property
    def now(self) -> int:
        return int(time.time()) + self.ahead

    def add(self, kind: str, of: str, **values: Any) -> Json:
        """A new object of an account, in the shape of the fixtures."""
        made = shape(kind)
        unknown = set(values) - set(made) - {"account"}
        assert not unknown, f"{kind} has no {unknown}"
        made |= {"id": new_id(kind)} | ({"created": self.now} if "created" in made else {}) | values
        self.rows[made["id"]] = made
        self.owner[made["id"]] = of
        return made

    def of_kind(self, kind: str, account: str) -> list[Json]:
        """The objects of a kind that an account has, newest first."""
        return [row for id, row in reversed(self.rows.items()) if row["object"] == kind and self.owner[id] == account]

    def find(self, kind: str, id: str, account: str, param: str = "id") -> Json:
        row = self.rows.get(id)
        if row is None or row["object"] != kind or self.owner[id] != account:
            status = 404 if param == "id" else 400
            raise Refusal(f"No such {kind}: '{id}'", status=status, code="resource_missing", param=param)
        return row

    def tell(self, type: str, about: Json, account: str, **before: Any) -> Json:
        """Something happened: an event with the object as it is now, and what changed of it as it was."""
        more = {} if account == PLATFORM else {"account": account}
        data = {"object": copy.deepcopy(about)} | ({"previous_attributes": before} if before else {})
        event = self.add("event", account, api_version=self.version, data=data, type=type, **more)
        self.news.append(event)
        return event

    # --- money on balances -----------------------------------------------------------------------------------------

    def move(self, type: str, account: str, source: str, amount: int, currency: str, fee: int = 0, **more: Any) -> Json:
        """A row on the balance of an account."""
        details = [
            {"amount": fee, "application": None, "currency": currency, "description": "Fee", "type": "stripe_fee"}
        ]
        return self.add(
            "balance_transaction",
            account,
            amount=amount,
            available_on=self.now,
            currency=currency,
            fee=fee,
            fee_details=details if fee else [],
            net=amount - fee,
            reporting_category=type,
            source=source,
            type=type,
            **{"description": None} | more,
        )

    def available(self, account: str, currency: str) -> int:
        rows = self.of_kind("balance_transaction", account)
        return sum(int(row["net"]) for row in rows if row["currency"] == currency)

    def balance(self, account: str) -> Json:
        currencies = sorted({row["currency"] for row in self.of_kind("balance_transaction", account)} | {"eur"})
        amounts = [(each, self.available(account, each)) for each in currencies]
        told = shape("balance")
        told["available"] = [{"amount": n, "currency": each, "source_types": {"card": n}} for each, n in amounts]
        told["pending"] = [{"amount": 0, "currency": each, "source_types": {"card": 0}} for each in currencies]
        told["connect_reserved"] = [{"amount": 0, "currency": each} for each in currencies]
        return told

    # --- lists and looking into things -----------------------------------------------------------------------------

    def listed(self, rows: list[Json], asked: Json, url: str) -> Json:
        """A page of a list, as every list of Stripe's has it."""
        limit = asked.get("limit", 10)
        if not 1 <= limit <= 100:
            raise Refusal("Invalid integer: limit must be from 1 to 100", param="limit")
        created = asked.get("created")
        if isinstance(created, int):
            rows = [row for row in rows if row["created"] == created]
        for word, holds in (("gt", int.__gt__), ("gte", int.__ge__), ("lt", int.__lt__), ("lte", int.__le__)):
            if isinstance(created, dict) and word in created:
                rows = [row for row in rows if holds(row["created"], created[word])]
        ids = [row["id"] for row in rows]
        for name in ("starting_after", "ending_before"):
            if name in asked and asked[name] not in ids:
                raise Refusal(f"No such object: '{asked[name]}'", code="resource_missing", param=name)
        more = False
        if "ending_before" in asked:
            rows = rows[: ids.index(asked["ending_before"])]
            more, rows = len(rows) > limit, rows[-limit:]
        else:
            rows = rows[ids.index(asked["starting_after"]) + 1 :] if "starting_after" in asked else rows
            more, rows = len(rows) > limit, rows[:limit]
        return {"object": "list", "data": rows, "has_more": more, "url": url}

    def expanded(self, row: Json, paths: list[str]) -> Json:
        """A copy of an object in which ids are what they name, as `expand` asked for."""
        found = copy.deepcopy(row)
        for path in paths:
            self.expand(found, path.split("."), path)
        return found

    def expand(self, row: Json, words: list[str], path: str) -> None:
        if row.get("object") == "list" and words[0] == "data":
            for each in row["data"]:
                self.expand(each, words[1:], path)
            return
        if words[0] == "line_items" and row.get("object") == "checkout.session":
            row["line_items"] = self.listed(
                self.more[row["id"]]["items"], {}, f"/v1/checkout/sessions/{row['id']}/line_items"
            )
        elif words[0] not in row:
            raise Refusal(f"This property cannot be expanded ({path}).", param="expand")
        inside = row[words[0]]
        if isinstance(inside, str) and inside in self.rows:
            inside = row[words[0]] = copy.deepcopy(self.rows[inside])
        if len(words) > 1 and isinstance(inside, dict):
            self.expand(inside, words[1:], path)
