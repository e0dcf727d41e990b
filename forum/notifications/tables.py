"""The table of notices."""

from piccolo.columns import JSONB, BigSerial, ForeignKey, Integer, Text, Timestamptz
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
