"""The tables of forms, answers, pinned links, and of how private tickets are asked and published."""

from piccolo.columns import Array, BigInt, BigSerial, Boolean, ForeignKey, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import Category, Project
from forum.threads.tables import Thread


class Asking(Table, tablename="asking", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    private_tickets = Text()
    answer_minutes = SmallInt(null=True)


class PinnedLink(Table, tablename="pinned_link", db=engine):
    id = BigSerial(primary_key=True)
    project_id = ForeignKey(Project, null=False)
    position = Integer()
    title = Text()
    url = Text()


class AskField(Table, tablename="ask_field", db=engine):
    id = BigSerial(primary_key=True)
    category_id = ForeignKey(Category, null=False)
    position = Integer()
    kind = Text()
    label = Text()
    help = Text()
    options = Array(base_column=Text())
    is_required = Boolean()
    retired_at = Timestamptz(null=True)


class AskAnswer(Table, tablename="ask_answer", db=engine):
    thread_id = ForeignKey(Thread, primary_key=True, null=False)
    field_id = BigInt()
    label = Text()
    kind = Text()
    answer = Text()


class Publication(Table, tablename="publication", db=engine):
    thread_id = ForeignKey(Thread, primary_key=True, null=False)
    asked_by = ForeignKey(Person, null=False)
    asked_at = Timestamptz()


class PublicationConsent(Table, tablename="publication_consent", db=engine):
    thread_id = ForeignKey(Thread, primary_key=True, null=False)
    person_id = ForeignKey(Person, null=False)
    at = Timestamptz()
