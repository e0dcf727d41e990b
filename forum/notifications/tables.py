"""The tables of notices and of how people hear of them."""

from piccolo.columns import (
    JSONB,
    Array,
    BigSerial,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import Project
from forum.threads.tables import Thread


class Notice(Table, tablename="notice", db=engine):
    id = BigSerial(primary_key=True)
    person_id = ForeignKey(Person, null=False)
    kind = Text()
    key = Text()
    project_id = ForeignKey(Project, null=True)
    thread_id = ForeignKey(Thread, null=True)
    post_number = Integer(null=True)
    said = JSONB()
    created_at = Timestamptz()
    read_at = Timestamptz(null=True)
    mailed_at = Timestamptz(null=True)


class MailPreference(Table, tablename="mail_preference", db=engine):
    person_id = ForeignKey(Person, primary_key=True, null=False)
    digest = Boolean()
    hour = SmallInt()
    zone = Text()
    weekdays = Array(base_column=SmallInt())
    country = Text()
    subdivision = Text()
    answers_at_once = Boolean()
    next_at = Timestamptz(null=True)


class Digest(Table, tablename="digest", db=engine):
    person_id = ForeignKey(Person, primary_key=True, null=False)
    day = Date()
    claimed_at = Timestamptz()


class NewTicketMail(Table, tablename="new_ticket_mail", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    person_id = ForeignKey(Person, null=False)
    at = Timestamptz()


class UnsubscribeAddress(Table, tablename="unsubscribe_address", db=engine):
    token = Text(primary_key=True)
    person_id = ForeignKey(Person, null=False)
    purpose = Text()
    thread_id = ForeignKey(Thread, null=True)
    project_id = ForeignKey(Project, null=True)
    email = Text()
    expires_at = Timestamptz()
