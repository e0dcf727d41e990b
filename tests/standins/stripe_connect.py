"""Stripe's Connect: accounts, their onboarding, transfers to them, application fees, and all of it taken back."""

from typing import Any

from tests.standins.stripe_books import PLATFORM, Books
from tests.standins.stripe_description import Json, Refusal


def create_account(books: Books, asked: Json) -> Json:
    """A new connected account, which can do nothing before its owner has answered Stripe's questions."""
    wanted = {name: "inactive" for name, each in asked.get("capabilities", {}).items() if each.get("requested")}
    made = books.add(
        "account",
        PLATFORM,
        business_type=asked.get("business_type"),
        capabilities=wanted,
        charges_enabled=False,
        country=asked.get("country", "DE"),
        default_currency=asked.get("default_currency", "eur"),
        details_submitted=False,
        email=asked.get("email"),
        metadata=asked.get("metadata", None) or {},
        payouts_enabled=False,
        type=asked.get("type", "standard"),
    )
    made["external_accounts"]["url"] = f"/v1/accounts/{made['id']}/external_accounts"
    return made


def link_account(books: Books, asked: Json, base: str) -> Json:
    account = books.find("account", asked["account"], PLATFORM, "account")
    for name in ("refresh_url", "return_url"):
        if not asked.get(name, "").startswith(("http://", "https://")):
            raise Refusal(f"Not a valid URL: {asked.get(name)}", code="url_invalid", param=name)
    books.more[account["id"]] = {"return_url": asked["return_url"]}
    return {
        "object": "account_link",
        "created": books.now,
        "expires_at": books.now + 300,
        "url": f"{base}/setup/s/{account['id']}",
    }


def onboard(books: Books, id: str) -> str:
    """The owner has answered everything; the address they are led back to."""
    account = books.find("account", id, PLATFORM)
    before = {name: account[name] for name in ("charges_enabled", "payouts_enabled", "details_submitted")}
    account |= dict.fromkeys(before, True)
    account["capabilities"] = dict.fromkeys(account["capabilities"], "active")
    account["requirements"] |= {"currently_due": [], "eventually_due": [], "past_due": [], "disabled_reason": None}
    books.tell("account.updated", account, id, **before)
    return str(books.more[id]["return_url"])


def check_destination(books: Books, account: str, intent: Json, total: int) -> None:
    """Whether a payment may go where it is to go. Raises Refusal."""
    data, fee = intent.get("transfer_data"), intent.get("application_fee_amount")
    here = "payment_intent_data"
    if fee is not None and data is None and account == PLATFORM:
        raise Refusal(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment (using an"
            " OAuth key or Stripe-Account header) or destination payment (using `transfer_data[destination]`).",
            param=f"{here}[application_fee_amount]",
        )
    if fee is not None and not 0 <= fee <= total:
        raise Refusal("The application fee cannot be greater than the amount.", param=f"{here}[application_fee_amount]")
    if data is not None:
        if "amount" in data and (fee is not None or not 0 <= data["amount"] <= total):
            raise Refusal("transfer_data[amount] does not fit", param=f"{here}[transfer_data][amount]")
        check_transfers(books, data["destination"], f"{here}[transfer_data][destination]")


def check_transfers(books: Books, id: str, param: str) -> None:
    if books.rows.get(id, {}).get("object") != "account":
        raise Refusal(f"No such destination: '{id}'", code="resource_missing", param=param)
    if books.rows[id]["capabilities"].get("transfers") != "active":
        raise Refusal(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers,"
            " crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )


def take_fee(books: Books, charge: Json, payer: str, amount: int) -> None:
    """The platform's part of a payment that another account received."""
    fee = books.add(
        "application_fee", PLATFORM, account=payer, amount=amount, charge=charge["id"], currency=charge["currency"]
    )
    fee["refunds"] = {
        "object": "list",
        "data": [],
        "has_more": False,
        "url": f"/v1/application_fees/{fee['id']}/refunds",
    }
    fee["fee_source"] = {"charge": charge["id"], "type": "charge"}
    fee["balance_transaction"] = books.move("application_fee", PLATFORM, fee["id"], amount, charge["currency"])["id"]
    charge["application_fee"] = fee["id"]
    books.tell("application_fee.created", fee, PLATFORM)


def pay_destination(books: Books, charge: Json, intent: Json) -> None:
    """What becomes of a payment: a destination's transfer and the fee kept of it, or a direct payment's fee."""
    account, amount, fee = books.owner[charge["id"]], charge["amount"], intent["application_fee_amount"]
    if data := intent["transfer_data"]:
        made = transfer(books, data["destination"], data.get("amount", amount), charge, fee or 0)
        charge["transfer_data"] = {"amount": data.get("amount"), "destination": data["destination"]}
        charge["transfer_group"] = made["transfer_group"] = intent["transfer_group"] or f"group_{intent['id']}"
        books.more[charge["id"]] = {"transfer": made["id"]}
        if fee:
            take_fee(books, charge, data["destination"], fee)
    elif fee and account != PLATFORM:
        books.move("application_fee", account, charge["id"], -fee, charge["currency"])
        take_fee(books, charge, account, fee)


def transfer(books: Books, to: str, amount: int, charge: Json | None, fee: int = 0, **more: Any) -> Json:
    """Money from the platform's balance onto an account's, where it is a payment with its fee taken off."""
    currency = charge["currency"] if charge else more["currency"]
    values: Json = {"amount": amount, "currency": currency, "destination": to, "description": None} | more
    made = books.add("transfer", PLATFORM, **values, source_transaction=charge and charge["id"])
    made["reversals"] = {
        "object": "list",
        "data": [],
        "has_more": False,
        "url": f"/v1/transfers/{made['id']}/reversals",
    }
    made["balance_transaction"] = books.move("transfer", PLATFORM, made["id"], -amount, currency)["id"]
    made["destination_payment"] = f"py_{made['id'][3:]}"
    books.move("payment", to, made["destination_payment"], amount, currency, fee)
    books.tell("transfer.created", made, PLATFORM)
    return made


def create_transfer(books: Books, asked: Json) -> Json:
    check_transfers(books, asked["destination"], "destination")
    source = None
    if "source_transaction" in asked:
        source = books.find("charge", asked["source_transaction"], PLATFORM, "source_transaction")
    amount = asked.get("amount", source["amount"] if source else 0)
    if amount < 1:
        raise Refusal("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if source is None and books.available(PLATFORM, asked["currency"]) < amount:
        raise Refusal("You have insufficient available funds in your Stripe account.", code="balance_insufficient")
    if source is not None and (amount > source["amount"] or asked["currency"] != source["currency"]):
        raise Refusal("The transfer is more than its source transaction", param="amount")
    more = {name: asked[name] for name in ("description", "metadata", "transfer_group", "currency") if name in asked}
    if source is not None:
        more.pop("currency", None)
    return transfer(books, asked["destination"], amount, source, **more)


def reverse(books: Books, id: str, asked: Json, refund: str | None = None) -> Json:
    """Money back from an account, at most what it was sent."""
    made = books.find("transfer", id, PLATFORM)
    left = made["amount"] - made["amount_reversed"]
    amount = asked.get("amount", left)
    if not 0 < amount <= left:
        raise Refusal(f"Transfer amount ({amount}) is greater than what is left of it ({left})", param="amount")
    reversal = books.add(
        "transfer_reversal", PLATFORM, amount=amount, currency=made["currency"], transfer=id, source_refund=refund
    )
    moved = books.move("transfer_refund", PLATFORM, reversal["id"], amount, made["currency"])
    reversal["balance_transaction"] = moved["id"]
    books.move("payment_refund", made["destination"], reversal["id"], -amount, made["currency"])
    made["amount_reversed"] += amount
    made["reversed"] = made["amount_reversed"] == made["amount"]
    made["reversals"]["data"].insert(0, reversal)
    books.tell("transfer.reversed", made, PLATFORM)
    return reversal


def check_take_back(books: Books, charge: Json, asked: Json) -> None:
    """Whether there is what a refund is to take back with it. Raises Refusal."""
    if asked.get("reverse_transfer") and "transfer" not in books.more.get(charge["id"], {}):
        raise Refusal("The charge has no transfer to reverse.", param="reverse_transfer")
    if asked.get("refund_application_fee") and charge["application_fee"] is None:
        raise Refusal("The charge has no application fee to refund.", param="refund_application_fee")


def take_back(books: Books, charge: Json, refund: Json, asked: Json) -> None:
    """With a refund: the transfer it was part of, and the fee, each by the refunded part."""
    part = refund["amount"]
    if asked.get("reverse_transfer"):
        sent = books.more[charge["id"]]["transfer"]
        share = books.rows[sent]["amount"] * part // charge["amount"]
        reversal = reverse(books, sent, {"amount": share}, refund["id"])
        refund["transfer_reversal"] = reversal["id"]
    if asked.get("refund_application_fee"):
        fee = books.rows[charge["application_fee"]]
        share = fee["amount"] * part // charge["amount"]
        back = books.add("fee_refund", PLATFORM, amount=share, currency=fee["currency"], fee=fee["id"])
        moved = books.move("application_fee_refund", PLATFORM, back["id"], -share, fee["currency"])
        back["balance_transaction"] = moved["id"]
        books.move("application_fee_refund", fee["account"], back["id"], share, fee["currency"])
        fee["amount_refunded"] += share
        fee["refunded"] = fee["amount_refunded"] == fee["amount"]
        fee["refunds"]["data"].insert(0, back)
        books.tell("application_fee.refunded", fee, PLATFORM)
