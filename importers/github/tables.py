"""The tables of a repository's import: how far it is, pages that were read, what waits, what was said there."""

from piccolo.columns import JSONB, BigInt, Boolean, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from forum.database.engine import engine
from forum.projects.tables import Project
from forum.threads.tables import Post


class GithubImport(Table, tablename="github_import", db=engine):
    name = Text(primary_key=True)
    repository = Text()
    repository_id = BigInt(null=True)
    project_id = ForeignKey(Project, null=False)
    state = Text()
    phase = Text()
    onward = Text()
    done = Integer()
    total = Integer(null=True)
    created = Integer()
    updated = Integer()
    skipped = JSONB()
    problem = Text()
    resume_at = Timestamptz(null=True)
    started_at = Timestamptz()
    changed_at = Timestamptz()
    finished_at = Timestamptz(null=True)
    whole_since = Timestamptz(null=True)
    discussions_until = Timestamptz(null=True)


class GithubPage(Table, tablename="github_page", db=engine):
    name = ForeignKey(GithubImport, primary_key=True, null=False)
    address = Text()
    etag = Text()
    onward = Text()


class GithubStaged(Table, tablename="github_staged", db=engine):
    name = ForeignKey(GithubImport, primary_key=True, null=False)
    comment_id = BigInt()
    number = Integer()
    said = JSONB()


class GithubSaid(Table, tablename="github_said", db=engine):
    foreign_id = Text(primary_key=True)
    name = Text()
    post_id = ForeignKey(Post, null=True)
    updated_at = Timestamptz()
    is_gone = Boolean()
    counted = JSONB()
    taken = JSONB()
