"""The tables of bumps: their invoices, the thanks that followed, the pages they are paid on, what went back."""

from piccolo.columns import UUID, BigInt, BigSerial, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from categories.support.tables import Ticket
from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import LegalEntity, Project
from payouts.ledger.tables import LedgerTransaction


class Bump(Table, tablename="bump", db=engine):
    id = BigSerial(primary_key=True)
    ticket_id = ForeignKey(Ticket, null=False)
    project_id = ForeignKey(Project, null=False)
    payer_id = ForeignKey(Person, null=False)
    amount = BigInt()
    tax_rate = Integer()
    tax = BigInt()
    fee = BigInt()
    currency = Text()
    method = Text()
    reference = Text()
    billed_to = Text()
    tax_number = Text()
    key = UUID()
    state = Text()
    created_at = Timestamptz()
    paid_at = Timestamptz(null=True)
    received_by = ForeignKey(Person, null=True)
    discount_rate = Integer()
    discount = BigInt()


class InvoiceCounter(Table, tablename="invoice_counter", db=engine):
    entity_id = ForeignKey(LegalEntity, primary_key=True, null=False)
    last = Integer()


class Invoice(Table, tablename="invoice", db=engine):
    id = BigSerial(primary_key=True)
    entity_id = ForeignKey(LegalEntity, null=False)
    number = Integer()
    label = Text()
    project_id = ForeignKey(Project, null=False)
    bump_id = ForeignKey(Bump, null=False)
    buyer_id = ForeignKey(Person, null=False)
    seller = Text()
    seller_tax_number = Text()
    billed_to = Text()
    buyer_tax_number = Text()
    currency = Text()
    net = BigInt()
    tax_rate = Integer()
    tax = BigInt()
    total = BigInt()
    issued_at = Timestamptz()
    discount_rate = Integer()
    discount = BigInt()


class BumpThanks(Table, tablename="bump_thanks", db=engine):
    bump_id = ForeignKey(Bump, primary_key=True, null=False)
    person_id = ForeignKey(Person, null=False)
    at = Timestamptz()


class Checkout(Table, tablename="checkout", db=engine):
    bump_id = ForeignKey(Bump, primary_key=True, null=False)
    description = Text()
    return_to = Text()
    session = Text(null=True)
    state = Text()
    payment_intent = Text(null=True)
    charge = Text(null=True)
    kept = BigInt(null=True)
    kept_currency = Text(null=True)
    dispute = Text()
    created_at = Timestamptz()
    changed_at = Timestamptz()


class Refund(Table, tablename="refund", db=engine):
    id = BigSerial(primary_key=True)
    bump_id = ForeignKey(Bump, null=False)
    provider_id = Text()
    transaction_id = ForeignKey(LedgerTransaction, null=False)
    net = BigInt()
    tax = BigInt()
    fee = BigInt()
    at = Timestamptz()


class Reconciled(Table, tablename="reconciled", db=engine):
    source = Text(primary_key=True)
    until = Timestamptz()
