"""The tables of proofs, and of the tickets that are asked for a proven project."""

from piccolo.columns import JSONB, BigInt, BigSerial, ForeignKey, SmallInt, Text, Timestamptz
from piccolo.table import Table

from categories.support.tables import Ticket
from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import Project


class Proof(Table, tablename="proof", db=engine):
    id = BigSerial(primary_key=True)
    project_id = ForeignKey(Project, null=True)
    person_id = ForeignKey(Person, null=True)
    name = Text()
    website = Text()
    repository = Text()
    code_of_conduct = Text()
    guideline = Text()
    token = Text(secret=True)
    state = Text()
    way = Text(null=True)
    address = Text()
    foreign_id = BigInt(null=True)
    owner_id = BigInt(null=True)
    proven_at = Timestamptz(null=True)
    checked_at = Timestamptz(null=True)
    due_at = Timestamptz(null=True)
    failures = SmallInt()
    created_at = Timestamptz()
    conduct_found = Text()
    guideline_found = Text()
    unfound = JSONB()


class TicketOnBehalf(Table, tablename="ticket_on_behalf", db=engine):
    ticket_id = ForeignKey(Ticket, primary_key=True, null=False)
    proof_id = ForeignKey(Proof, null=False)
    at = Timestamptz()
