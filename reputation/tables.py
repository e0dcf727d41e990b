"""The tables of reputation: its events, and the totals kept of them."""

from piccolo.columns import BigSerial, Boolean, Date, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import Project
from forum.threads.tables import Post, Thread


class ReputationEvent(Table, tablename="reputation_event", db=engine):
    id = BigSerial(primary_key=True)
    cause = Text()
    turn = Integer()
    kind = Text()
    person_id = ForeignKey(Person, null=False)
    project_id = ForeignKey(Project, null=False)
    thread_id = ForeignKey(Thread, null=False)
    post_id = ForeignKey(Post, null=False)
    from_id = ForeignKey(Person, null=False)
    reach = Text()
    points = Integer()
    stands = Boolean()
    day = Date()
    at = Timestamptz()


class ReputationTotal(Table, tablename="reputation_total", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    person_id = ForeignKey(Person, null=False)
    period = Text()
    points = Integer()
    member_points = Integer()
    accepted = Integer()
    member_accepted = Integer()
