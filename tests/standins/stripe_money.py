"""Stripe's Checkout, as far as a payment goes: sessions, what paying one makes, refunds, disputes."""

import re
from typing import Any
from urllib.parse import urlsplit

from tests.standins.stripe_books import Books, new_id, stripe_fee
from tests.standins.stripe_connect import check_destination, check_take_back, pay_destination, take_back
from tests.standins.stripe_description import Json, Refusal, shape

# The smallest payment (minor units); Stripe's own depends on the currency.
LEAST = 50
HOUR = 3600
NOTHING = dict.fromkeys(
    (
        *("after_expiration", "consent", "consent_collection", "customer_details", "collected_information"),
        *("payment_intent", "payment_method_configuration_details", "saved_payment_method_options"),
        *("shipping_address_collection", "shipping_cost", "currency_conversion", "wallet_options"),
    )
)


def is_address(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def check_metadata(metadata: Json, param: str = "metadata") -> None:
    if len(metadata) > 50 or any(len(key) > 40 or len(value) > 500 for key, value in metadata.items()):
        raise Refusal("Metadata: at most 50 keys of 40 characters, values of 500", param=param)


def items_of(books: Books, account: str, asked: Json) -> list[Json]:
    """The line items of a session that is being made, each with a price of its own."""
    found = []
    for at, each in enumerate(asked.get("line_items", [])):
        here = f"line_items[{at}]"
        price = each.get("price_data")
        if price is None or each.get("quantity", 0) < 1:
            raise Refusal("Line items need price_data and a quantity here", code="parameter_missing", param=here)
        if "unit_amount" not in price or price["unit_amount"] < 0 or "product_data" not in price:
            raise Refusal("unit_amount and product_data are needed", param=f"{here}[price_data]")
        if not re.fullmatch(r"[a-z]{3}", price["currency"]):
            raise Refusal(f"Invalid currency: {price['currency']}", param=f"{here}[price_data][currency]")
        amount, quantity = price["unit_amount"], each["quantity"]
        money: Json = {"currency": price["currency"], "unit_amount": amount, "unit_amount_decimal": str(amount)}
        made = shape("price") | money | {"id": new_id("price"), "type": "one_time", "recurring": None, "active": False}
        made |= {"custom_unit_amount": None, "transform_quantity": None, "product": f"prod_{new_id('item')[3:]}"}
        item = shape("item") | {
            "id": new_id("item"),
            "currency": price["currency"],
            "quantity": quantity,
            "price": made,
        }
        item |= {"amount_subtotal": amount * quantity, "amount_total": amount * quantity, "amount_tax": 0}
        found.append(item | {"description": price["product_data"]["name"], "adjustable_quantity": None})
    if not found:
        raise Refusal("You must provide line_items.", code="parameter_missing", param="line_items")
    if len({item["currency"] for item in found}) > 1:
        raise Refusal("All line items must have one currency.", param="line_items")
    return found


def create_session(books: Books, account: str, asked: Json, base: str) -> Json:
    if asked.get("mode") != "payment":
        raise Refusal("This stand-in knows the mode payment alone.", param="mode")
    for name in ("success_url", "cancel_url"):
        if name in asked and not is_address(asked[name]):
            raise Refusal(f"Not a valid URL: {asked[name]}", code="url_invalid", param=name)
    if "customer_email" in asked and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", asked["customer_email"]):
        raise Refusal(f"Invalid email address: {asked['customer_email']}", code="email_invalid", param="customer_email")
    expires = asked.get("expires_at", books.now + 24 * HOUR)
    if not books.now + HOUR // 2 - 5 <= expires <= books.now + 24 * HOUR + 5:
        raise Refusal("expires_at must be between 30 minutes and 24 hours from now", param="expires_at")
    intent = asked.get("payment_intent_data", {})
    check_metadata(asked.get("metadata", {}))
    check_metadata(intent.get("metadata", {}), "payment_intent_data[metadata]")
    items = items_of(books, account, asked)
    total, currency = sum(item["amount_total"] for item in items), items[0]["currency"]
    if total < LEAST:
        least = f"The Checkout Session's total amount must convert to at least {LEAST} cents."
        raise Refusal(least, code="amount_too_small", param="line_items")
    check_destination(books, account, intent, total)
    made = books.add(
        "checkout.session",
        account,
        **NOTHING
        | {
            "amount_subtotal": total,
            "amount_total": total,
            "automatic_tax": {"enabled": False, "liability": None, "status": None, "provider": None},
            "cancel_url": asked.get("cancel_url"),
            "client_reference_id": asked.get("client_reference_id"),
            "currency": currency,
            "custom_text": dict.fromkeys(shape("checkout.session")["custom_text"]),
            "customer_creation": "if_required",
            "customer_email": asked.get("customer_email"),
            "expires_at": expires,
            "invoice_creation": shape("checkout.session")["invoice_creation"] | {"enabled": False},
            "locale": asked.get("locale"),
            "metadata": asked.get("metadata", {}),
            "payment_method_types": asked.get("payment_method_types", ["card"]),
            "success_url": asked["success_url"],
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted",
        },
    )
    made["url"] = f"{base}/c/pay/{made['id']}"
    books.more[made["id"]] = {"items": items, "intent": intent}
    return made


def expire_due(books: Books) -> None:
    """Sessions whose time has passed are expired."""
    for row in list(books.rows.values()):
        if row["object"] == "checkout.session" and row["status"] == "open" and row["expires_at"] <= books.now:
            expire(books, row)


def expire(books: Books, session: Json) -> Json:
    if session["status"] != "open":
        only = f'Only Checkout Sessions with a status in ["open"] can be expired. This is {session["status"]}.'
        raise Refusal(only, param="session")
    session |= {"status": "expired", "url": None}
    books.tell("checkout.session.expired", session, books.owner[session["id"]])
    return session


def pay(books: Books, id: str, how: str = "pay") -> Json:
    """What the person at the hosted page does: `pay` by card, `later` by bank debit, `decline` (a card without money).

    Raises Refusal for a session that is not open (any more).
    """
    expire_due(books)
    session = books.rows.get(id, {})
    if session.get("object") != "checkout.session" or session["status"] != "open":
        raise Refusal("This Checkout Session is not open.", status=404)
    account, asked = books.owner[id], books.more[id]["intent"]
    known = books.rows.get(session["payment_intent"] or "")
    intent = known or books.add(
        "payment_intent",
        account,
        amount=session["amount_total"],
        application_fee_amount=asked.get("application_fee_amount"),
        automatic_payment_methods=None,
        canceled_at=None,
        client_secret=None,
        currency=session["currency"],
        description=asked.get("description"),
        last_payment_error=None,
        metadata=asked.get("metadata", {}),
        next_action=None,
        on_behalf_of=asked.get("on_behalf_of"),
        payment_method_configuration_details=None,
        processing=None,
        receipt_email=asked.get("receipt_email"),
        shipping=None,
        transfer_data=asked.get("transfer_data"),
        transfer_group=asked.get("transfer_group"),
    )
    if not known:
        books.tell("payment_intent.created", intent, account)
    session["payment_intent"] = intent["id"]
    if how == "decline":
        charge(books, intent, session, is_paid=False)
        return session
    email = session["customer_email"] or "payer@example.org"
    details = {"email": email, "name": "Payer of the tests"}
    session["customer_details"] = shape("checkout.session")["customer_details"] | details
    session |= {"status": "complete", "url": None}
    if how == "later":
        intent["status"] = "processing"
        books.tell("payment_intent.processing", intent, account)
    else:
        session["payment_status"] = "paid"
        charge(books, intent, session, is_paid=True)
    books.tell("checkout.session.completed", session, account)
    return session


def settle(books: Books, id: str, is_paid: bool) -> Json:
    """The bank's answer to a payment by debit, days later."""
    session = books.rows[id]
    account, intent = books.owner[id], books.rows[session["payment_intent"]]
    assert intent["status"] == "processing", "this payment does not wait for a bank"
    if is_paid:
        session["payment_status"] = "paid"
    charge(books, intent, session, is_paid=is_paid)
    books.tell(f"checkout.session.async_payment_{'succeeded' if is_paid else 'failed'}", session, account)
    return session


def charge(books: Books, intent: Json, session: Json, *, is_paid: bool) -> Json:
    """The charge of an intent, and where its money goes."""
    account, amount, currency = books.owner[intent["id"]], intent["amount"], intent["currency"]
    made = books.add(
        "charge",
        account,
        amount=amount,
        amount_captured=amount if is_paid else 0,
        application_fee_amount=intent["application_fee_amount"],
        balance_transaction=None,
        captured=is_paid,
        currency=currency,
        description=intent["description"],
        failure_code=None if is_paid else "card_declined",
        failure_message=None if is_paid else "Your card has insufficient funds.",
        metadata=intent["metadata"],
        on_behalf_of=intent["on_behalf_of"],
        outcome=None,
        paid=is_paid,
        payment_intent=intent["id"],
        receipt_email=session["customer_email"],
        receipt_url=None,
        shipping=None,
        source=None,
        status="succeeded" if is_paid else "failed",
        transfer_data=intent["transfer_data"] and {"amount": None} | intent["transfer_data"],
        transfer_group=intent["transfer_group"],
    )
    made["refunds"] = {"object": "list", "data": [], "has_more": False, "url": f"/v1/charges/{made['id']}/refunds"}
    intent["latest_charge"] = made["id"]
    if not is_paid:
        error = {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}
        intent["last_payment_error"] = error | {"charge": made["id"], "message": made["failure_message"]}
        intent["status"] = "requires_payment_method"
        books.tell("charge.failed", made, account)
        books.tell("payment_intent.payment_failed", intent, account)
        return made
    fee = stripe_fee(amount)
    made["balance_transaction"] = books.move("charge", account, made["id"], amount, currency, fee)["id"]
    intent |= {"amount_received": amount, "last_payment_error": None, "status": "succeeded"}
    pay_destination(books, made, intent)
    books.tell("charge.succeeded", made, account)
    books.tell("payment_intent.succeeded", intent, account)
    return made


def refund(books: Books, account: str, asked: Json) -> Json:
    if ("payment_intent" in asked) == ("charge" in asked):
        raise Refusal("One of charge and payment_intent is needed.", code="parameter_missing", param="charge")
    if "payment_intent" in asked:
        intent = books.find("payment_intent", asked["payment_intent"], account, "payment_intent")
        charged = books.rows.get(intent["latest_charge"] or "")
        if charged is None or not charged["paid"]:
            raise Refusal(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
    else:
        charged = books.find("charge", asked["charge"], account, "charge")
    left = charged["amount_captured"] - charged["amount_refunded"]
    amount = asked.get("amount", left)
    if left == 0:
        raise Refusal(f"Charge {charged['id']} has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise Refusal(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")
    if charged["disputed"]:
        raise Refusal(f"Charge {charged['id']} has been charged back.", code="charge_disputed")
    check_metadata(asked.get("metadata", None) or {})
    check_take_back(books, charged, asked)
    made = books.add(
        "refund",
        account,
        amount=amount,
        charge=charged["id"],
        currency=charged["currency"],
        metadata=asked.get("metadata", None) or {},
        payment_intent=charged["payment_intent"],
        reason=asked.get("reason"),
    )
    made["balance_transaction"] = books.move("refund", account, made["id"], -amount, charged["currency"])["id"]
    take_back(books, charged, made, asked)
    before = charged["amount_refunded"]
    charged["amount_refunded"] += amount
    charged["refunded"] = charged["amount_refunded"] == charged["amount_captured"]
    books.tell("charge.refunded", charged, account, amount_refunded=before)
    books.tell("refund.created", made, account)
    return made


def refund_goes(books: Books, refund: str, status: str) -> Json:
    """What a bank makes of a refund: `pending` for now, and `succeeded` or `failed` in the end; a failed one is on the
    account's balance again, and the charge counts it as refunded no more."""
    made = books.rows[refund]
    account = books.owner[refund]
    made["status"] = status
    if status == "failed":
        charged = books.rows[made["charge"]]
        charged["amount_refunded"] -= made["amount"]
        charged["refunded"] = False
        made["failure_reason"] = "unknown"
        books.move("refund_failure", account, refund, made["amount"], made["currency"])
        books.tell("refund.failed", made, account)
    elif status == "succeeded":
        books.tell("refund.updated", made, account, status="pending")
    return made


def dispute(books: Books, charge: str, **more: Any) -> Json:
    """The payer's bank takes a payment back; `status` won or lost ends a dispute that there is."""
    charged = books.rows[charge]
    account = books.owner[charge]
    open_one = next((row for row in books.of_kind("dispute", account) if row["charge"] == charge), None)
    if open_one is not None:
        open_one |= more
        if open_one["status"] == "won":
            books.move("adjustment", account, open_one["id"], open_one["amount"], charged["currency"])
            books.tell("charge.dispute.funds_reinstated", open_one, account)
        books.tell("charge.dispute.closed", open_one, account)
        return open_one
    charged["disputed"] = True
    amount = charged["amount"] - charged["amount_refunded"]
    made = books.add(
        "dispute",
        account,
        amount=amount,
        charge=charge,
        currency=charged["currency"],
        is_charge_refundable=False,
        payment_intent=charged["payment_intent"],
        **{"reason": "fraudulent", "status": "needs_response"} | more,
    )
    moved = books.move("adjustment", account, made["id"], -amount, charged["currency"], 2000)
    made["balance_transactions"] = [moved]
    books.tell("charge.dispute.created", made, account)
    books.tell("charge.dispute.funds_withdrawn", made, account)
    return made
