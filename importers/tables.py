"""The tables that every importer shares."""

from piccolo.columns import JSONB, ForeignKey, Text, Timestamptz
from piccolo.table import Table

from forum.database.engine import engine
from forum.projects.tables import Project


class ImportSource(Table, tablename="import_source", db=engine):
    source = Text(primary_key=True)
    name = Text()
    project_id = ForeignKey(Project, null=False)
    since = Timestamptz()


class ImportRecord(Table, tablename="import_record", db=engine):
    source = Text(primary_key=True)
    foreign_id = Text()
    digest = Text()
    seen = JSONB()
    updated_at = Timestamptz()
    at = Timestamptz()
