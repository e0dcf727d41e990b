"""The tables of promotions to GitHub issues, and of what is known of issues there."""

from piccolo.columns import UUID, Array, BigInt, BigSerial, Boolean, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import Project
from forum.threads.tables import Thread


class Promotion(Table, tablename="promotion", db=engine):
    id = BigSerial(primary_key=True)
    thread_id = ForeignKey(Thread, null=False)
    project_id = ForeignKey(Project, null=False)
    state = Text()
    repository = Text()
    title = Text()
    body = Text()
    key = UUID()
    wanted_by = ForeignKey(Person, null=False)
    wanted_at = Timestamptz()
    tries = Integer()
    sent_at = Timestamptz(null=True)
    next_at = Timestamptz(null=True)
    problem = Text()
    detail = Text()
    number = Integer(null=True)
    url = Text(null=True)
    linked_at = Timestamptz(null=True)
    labels = Array(base_column=Text())


class GithubIssue(Table, tablename="github_issue", db=engine):
    thread_id = ForeignKey(Thread, primary_key=True, null=False)
    repository = Text()
    number = Integer()
    state = Text()
    reason = Text()
    milestone = Text()
    labels = Array(base_column=Text())
    is_locked = Boolean()
    answer = BigInt(null=True)
    answer_taken = BigInt(null=True)
    updated_at = Timestamptz()
