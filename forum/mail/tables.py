"""The tables of mail: the addresses it comes to, what became of it, who waits for a confirmation, projects' own words."""

from piccolo.columns import BigInt, BigSerial, Bytea, Date, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.incoming.tables import Incoming
from forum.projects.tables import Category, Project
from forum.threads.tables import Thread


class ReplyAddress(Table, tablename="reply_address", db=engine):
    token = Text(primary_key=True)
    person_id = ForeignKey(Person, null=False)
    thread_id = ForeignKey(Thread, null=False)
    created_at = Timestamptz()


class Arrival(Table, tablename="arrival", db=engine):
    incoming_id = ForeignKey(Incoming, primary_key=True, null=False)
    kind = Text()
    outcome = Text()
    reason = Text()
    person_id = ForeignKey(Person, null=True)
    project_id = ForeignKey(Project, null=True)
    thread_id = ForeignKey(Thread, null=True)
    at = Timestamptz()


class Mailbox(Table, tablename="mailbox", db=engine):
    name = Text(primary_key=True)
    uidvalidity = BigInt()
    first_uid = BigInt()
    since = Date(null=True)
    last_uid = BigInt()
    checked_at = Timestamptz(null=True)
    failure = Text()
    failing_since = Timestamptz(null=True)


class MailboxLeft(Table, tablename="mailbox_left", db=engine):
    name = ForeignKey(Mailbox, primary_key=True, null=False)
    uid = BigInt()
    why = Text()
    tries = Integer()
    next_at = Timestamptz(null=True)
    at = Timestamptz()


class Letter(Table, tablename="letter", db=engine):
    id = BigSerial(primary_key=True)
    incoming_id = ForeignKey(Incoming, null=False)
    hash = Bytea()
    project_id = ForeignKey(Project, null=False)
    category_id = ForeignKey(Category, null=True)
    address = Text()
    created_at = Timestamptz()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True)
    thread_id = ForeignKey(Thread, null=True)


class MailWords(Table, tablename="mail_words", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    name = Text()
    words = Text()
    edited_by = ForeignKey(Person, null=True)
    edited_at = Timestamptz()
