"""The table of what the bot does, once an issue and purpose."""

from piccolo.columns import UUID, Array, BigInt, BigSerial, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from forum.database.engine import engine
from forum.projects.tables import GithubRepository
from forum.threads.tables import Thread


class GithubMove(Table, tablename="github_move", db=engine):
    id = BigSerial(primary_key=True)
    repository_id = ForeignKey(GithubRepository, null=False)
    issue = Integer()
    purpose = Text()
    kind = Text(null=True)
    state = Text()
    login = Text()
    comment_id = BigInt(null=True)
    thread_id = ForeignKey(Thread, null=True)
    key = UUID()
    sent_at = Timestamptz(null=True)
    reply_id = BigInt(null=True)
    steps = Array(base_column=Text())
    tries = Integer()
    next_at = Timestamptz(null=True)
    problem = Text()
    created_at = Timestamptz()
    done_at = Timestamptz(null=True)
