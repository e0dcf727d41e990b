"""What happens to bumps: chosen, taken back, paid. Paying is one transaction with the ledger, the invoice and the queue."""

from datetime import UTC, datetime
from uuid import UUID

from categories.proofs.queries import is_for_verified
from categories.support.actions import is_requester, locked_ticket, set_rank
from forum import audit
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.events import hint, publish
from forum.projects.roles import require
from forum.settings import settings
from forum.threads.visibility import visible_thread
from forum.threads.writing import require_writer
from forum.web.errors import Conflict, Invalid, NotFound
from forum.web.i18n import _
from forum.web.money import money
from forum.web.reader import Reader
from forum.web.switches import switches_on
from payouts.bumps.methods import offered
from payouts.bumps.rules import METHODS, Event, Price, State, after, entries_of, label_of, price_of, reference_of
from payouts.events import BumpPaid
from payouts.ledger.actions import post_transaction
from payouts.plans.queries import selling_of
from payouts.plans.rules import MOST

# Tickets that can still be raised: an answered one comes back by its requester's reply, and keeps its amount.
RAISABLE = ("waiting", "needs_facts", "answered", "suspended")
# What makes two bumps sent under one key the same.
SENT = ("ticket_id", "currency", "method", "billed_to", "tax_number")
# Rank amounts of a ticket stay far from what a column holds.
RANK_MOST = 10**15
# What the paid bumps of a ticket, and of those merged into it, come to, less what went back (product.md, "The queue",
# rule 2); nothing for a ticket that was merged itself. A discount counts as if it had been paid, for as much of it as was
# not given back (`bump_counts`).
RANK = """
select least(coalesce(sum(bump_counts(b.amount, b.discount, coalesce(r.net, 0))), 0), $2)::bigint
  from bump b left join lateral (select sum(net) as net from refund where bump_id = b.id) r on true
 where b.ticket_id in (select ticket_family($1)) and b.state = 'paid'
"""


@action
async def open_bump(
    reader: Reader,
    ticket: int,
    amount: int,
    *,
    currency: str,
    method: str,
    key: UUID,
    billed_to: str = "",
    tax_number: str = "",
) -> Row:
    """Choose an amount (before tax and discount, minor units) and a way to pay it; nothing moves until the money is there.

    What a ticket of a verified open-source project is granted is taken off here, and stands from here on. Sent twice under one `key` it is one bump, the first. Returns its row. Raises Invalid by field, NotFound, Forbidden,
    Conflict (the ticket cannot be raised, the project sells none, the key was used for something else).
    """
    require_writer(reader)
    await check_payments_on()
    row = await raisable_ticket(reader, ticket)
    before = await fetch_one("select * from bump where payer_id = $1 and key = $2", reader.person, key)
    if before is not None:
        sent = (ticket, currency, method, billed_to, tax_number)
        if tuple(before[name] for name in SENT) != sent or before["amount"] + before["discount"] != amount:
            raise Conflict(_("This was sent before with another amount. Reload the page and try again."))
        return before
    if row["state"] not in RAISABLE:
        raise Conflict(_("This ticket does not wait for an answer, so it cannot be raised."))
    # its price is that of the transaction's end: whoever changes it waits, or this does
    selling = await selling_of(row["project_id"], locked=True)
    if not selling["is_open"]:
        raise Conflict(_("This project does not sell bumps at the moment."))
    faults = {}
    if currency != selling["currency"]:
        faults["currency"] = _("This project is paid in %(currency)s.") % {"currency": selling["currency"]}
    if not selling["minimum"] <= amount <= MOST:
        faults["amount"] = _("From %(least)s to %(most)s.") % {
            "least": money(selling["minimum"], selling["currency"]),
            "most": money(MOST, selling["currency"]),
        }
    if method not in offered(settings()):
        faults["method"] = _("Choose one of these.")
    for field, text, most in (("billed_to", billed_to, 1000), ("tax_number", tax_number, 50)):
        if len(text) > most:
            faults[field] = _("At most %(n)d characters.") % {"n": most}
    if faults:
        raise Invalid(faults)
    rate = await discount_for(ticket, selling)
    price = price_of(amount, selling["tax_rate"], discount_rate=rate)
    bump = await fetch_one(
        "insert into bump (ticket_id, project_id, payer_id, amount, tax_rate, tax, fee, currency, method, reference,"
        " billed_to, tax_number, key, discount_rate, discount)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning *",
        ticket,
        row["project_id"],
        reader.person,
        price.net,
        selling["tax_rate"],
        price.tax,
        price.fee,
        currency,
        method,
        reference_of(selling["slug"], f"{reader.person}:{key}".encode()),
        billed_to,
        tax_number,
        key,
        rate,
        price.discount,
    )
    assert bump is not None
    return bump


async def discount_for(ticket: int, selling: Row) -> int:
    """What a ticket asked for a verified open-source project is granted, in percent; 0 for every other."""
    rate: int = selling["discount_rate"]
    return rate if rate and await is_for_verified(ticket) else 0


async def check_payments_on() -> None:
    """Raises Conflict while the site takes no payments. What was paid before is booked all the same."""
    if "no_payments" in await switches_on():
        raise Conflict(_("This site takes no payments at the moment. Nothing is ordered; try again later."))


async def raisable_ticket(reader: Reader, ticket: int) -> Row:
    """A ticket of the reader's own, locked behind its thread. Raises NotFound, Forbidden."""
    thread = await fetch_one(
        "select t.id from ticket k join thread t on t.id = k.thread_id"
        f" where k.id = $1 and {visible_thread('t', '$2')} for update of t",
        ticket,
        reader.id,
    )
    row = await locked_ticket(thread["id"]) if thread else None
    if row is None:
        raise NotFound
    require(reader, "bump", row["project_id"], own=await is_requester(reader, ticket))
    return row


@action
async def cancel_bump(reader: Reader, bump: int) -> None:
    """Its payer takes an unpaid bump back. Raises NotFound, Conflict (it is paid)."""
    row = await fetch_one("select * from bump where id = $1 and payer_id = $2 for update", bump, reader.person)
    if row is None:
        raise NotFound
    await cancel(row)


async def cancel(row: Row) -> None:
    """Take back a locked bump that nobody paid. Raises Conflict."""
    if row["state"] == State.CANCELLED:
        return
    to = after(State(row["state"]), Event.CANCELLED)
    if to is None:
        raise Conflict(_("This is paid already."))
    await execute("update bump set state = $2 where id = $1", row["id"], str(to))


@action
async def mark_received(reader: Reader, bump: int) -> None:
    """The owner has the money of a bump that is paid by bank transfer. Said twice it is once. Raises NotFound, Forbidden,
    Conflict."""
    row = await fetch_one("select project_id, method, state from bump where id = $1", bump)
    if row is None or not reader.is_team(row["project_id"]):
        raise NotFound
    require(reader, "sell", row["project_id"])
    if row["method"] != "offline":
        raise Conflict(_("This payment is confirmed by the provider that takes it."))
    if await book(bump, actor=reader.person):
        await audit.record("bump-received", actor=reader.person, subject=("bump", bump))


@action
async def book(bump: int, *, actor: int | None = None, at: datetime | None = None) -> bool:
    """The money of a bump has arrived: ledger, invoice, rank amount and place in the queue, in one transaction.

    However often it is called, by whichever door, it happens once; returns whether it was this time. `at` is for
    histories made today. Raises NotFound.
    """
    row, ticket = await locked_bump(bump)
    to = after(State(row["state"]), Event.RECEIVED)
    if to is None:
        return False
    # the ledger takes its own time, once it holds the accounts: of two at once the later one is later there, too
    given, at = at, at or datetime.now(UTC)
    await execute("update bump set state = $2, paid_at = $3, received_by = $4 where id = $1", bump, str(to), at, actor)
    entity = await fetch_one(
        "select e.* from project p join legal_entity e on e.id = p.legal_entity_id where p.id = $1", row["project_id"]
    )
    assert entity is not None
    price = Price(row["amount"], row["tax"], row["fee"], row["discount"])
    await set_rank(ticket, min(ticket["rank_amount"] + price.listed, RANK_MOST))
    await issue_invoice(row, entity, price, at)
    await publish(
        BumpPaid(
            bump,
            ticket["id"],
            ticket["thread_id"],
            row["project_id"],
            row["payer_id"],
            row["amount"],
            row["currency"],
            at,
        )
    )
    await post_transaction(
        f"bump:{bump}",
        project=row["project_id"],
        cause=("bump", bump),
        currency=row["currency"],
        entries=entries_of(price, METHODS[row["method"]], entity["id"]),
        actor=actor,
        at=given,
    )
    # the page that guests share is kept by this version, and says "paid" now
    await execute("update thread set version = version + 1 where id = $1", ticket["thread_id"])
    hint("thread", ticket["thread_id"])
    return True


async def locked_bump(bump: int) -> tuple[Row, Row]:
    """A bump and the ticket it counts for, locked: its own, or what that was merged into. Raises NotFound."""
    places = await fetch(
        "select t.id from thread t where t.id in (select k.thread_id from bump b join ticket k"
        " on k.id in (b.ticket_id, ticket_root(b.ticket_id)) where b.id = $1) order by t.id for update of t",
        bump,
    )
    tickets = await fetch(
        "select k.*, ticket_root(b.ticket_id) as root from bump b join ticket k on k.id in (b.ticket_id, ticket_root(b.ticket_id))"
        " where b.id = $1 order by k.id for update of k",
        bump,
    )
    # everybody locks in one order: threads by id, tickets by id, bump, queue, ledger
    row = await fetch_one("select * from bump where id = $1 for update", bump)
    ticket = next((each for each in tickets if each["id"] == each["root"]), None)
    if not places or row is None or ticket is None:
        raise NotFound
    return row, ticket


async def issue_invoice(bump: Row, entity: Row, price: Price, at: datetime) -> None:
    """Number and write a paid bump's invoice; the entity's counter stays locked until the commit, so no number is lost."""
    number: int = await fetch_value(
        "insert into invoice_counter (entity_id, last) values ($1, 1) on conflict (entity_id)"
        " do update set last = invoice_counter.last + 1 returning last",
        entity["id"],
    )
    seller = "\n".join(line for line in (entity["name"], entity["address"], entity["country"]) if line)
    await execute(
        "insert into invoice (entity_id, number, label, project_id, bump_id, buyer_id, seller, seller_tax_number,"
        " billed_to, buyer_tax_number, currency, net, tax_rate, tax, total, issued_at, discount_rate, discount)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        entity["id"],
        number,
        label_of(entity["name"], at.year, number),
        bump["project_id"],
        bump["id"],
        bump["payer_id"],
        seller,
        entity["tax_number"],
        bump["billed_to"],
        bump["tax_number"],
        bump["currency"],
        price.net,
        bump["tax_rate"],
        price.tax,
        price.total,
        at,
        bump["discount_rate"],
        price.discount,
    )
