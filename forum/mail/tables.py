"""The tables of addresses that answers to mails come to, and of what projects say in mails."""

from piccolo.columns import ForeignKey, Text, Timestamptz
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import Project
from forum.threads.tables import Thread


class ReplyAddress(Table, tablename="reply_address", db=engine):
    token = Text(primary_key=True)
    person_id = ForeignKey(Person, null=False)
    thread_id = ForeignKey(Thread, null=False)
    created_at = Timestamptz()


class MailWords(Table, tablename="mail_words", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    name = Text()
    words = Text()
    edited_by = ForeignKey(Person, null=True)
    edited_at = Timestamptz()
