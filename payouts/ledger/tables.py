"""The tables of the ledger, which the pool's role reads alone: `ledger_post` writes them."""

from piccolo.columns import BigInt, BigSerial, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import LegalEntity, Project


class ProjectEntity(Table, tablename="project_entity", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    entity_id = ForeignKey(LegalEntity, null=False)
    since = Timestamptz()


class LedgerAccount(Table, tablename="ledger_account", db=engine):
    id = BigSerial(primary_key=True)
    entity_id = ForeignKey(LegalEntity, null=True)
    project_id = ForeignKey(Project, null=False)
    kind = Text()
    currency = Text()
    person_id = ForeignKey(Person, null=True)
    balance = BigInt()
    last_at = Timestamptz()


class LedgerTransaction(Table, tablename="ledger_transaction", db=engine):
    id = BigSerial(primary_key=True)
    project_id = ForeignKey(Project, null=False)
    kind = Text()
    cause_id = BigInt()
    actor_id = ForeignKey(Person, null=True)
    key = Text()
    content = Text()
    at = Timestamptz()


class LedgerEntry(Table, tablename="ledger_entry", db=engine):
    id = BigSerial(primary_key=True)
    transaction_id = ForeignKey(LedgerTransaction, null=False)
    account_id = ForeignKey(LedgerAccount, null=False)
    currency = Text()
    amount = BigInt()
    balance = BigInt()
    at = Timestamptz()
