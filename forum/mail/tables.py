"""The table of addresses that answers to mails come to."""

from piccolo.columns import ForeignKey, Text, Timestamptz
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.threads.tables import Thread


class ReplyAddress(Table, tablename="reply_address", db=engine):
    token = Text(primary_key=True)
    person_id = ForeignKey(Person, null=False)
    thread_id = ForeignKey(Thread, null=False)
    created_at = Timestamptz()
