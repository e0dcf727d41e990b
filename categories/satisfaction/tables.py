"""The tables of ratings and of the links that ask for them."""

from piccolo.columns import BigSerial, ForeignKey, SmallInt, Text, Timestamptz
from piccolo.table import Table

from categories.support.tables import Ticket
from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import Project


class TicketStep(Table, tablename="ticket_step", db=engine):
    id = BigSerial(primary_key=True)
    ticket_id = ForeignKey(Ticket, null=False)
    project_id = ForeignKey(Project, null=False)
    state_from = Text(null=True)
    state_to = Text()
    at = Timestamptz()


class Rating(Table, tablename="rating", db=engine):
    id = BigSerial(primary_key=True)
    ticket_id = ForeignKey(Ticket, null=False)
    person_id = ForeignKey(Person, null=False)
    face = SmallInt()
    comment = Text()
    at = Timestamptz()


class RatingLink(Table, tablename="rating_link", db=engine):
    token = Text(primary_key=True)
    ticket_id = ForeignKey(Ticket, null=False)
    person_id = ForeignKey(Person, null=False)
    created_at = Timestamptz()
