"""The table of response templates."""

from piccolo.columns import BigSerial, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import Project


class ResponseTemplate(Table, tablename="response_template", db=engine):
    id = BigSerial(primary_key=True)
    project_id = ForeignKey(Project, null=False)
    owner_id = ForeignKey(Person, null=True)
    word = Text()
    title = Text()
    markdown = Text()
    purpose = Text()
    uses = Integer()
    used_at = Timestamptz(null=True)
    changed_by = ForeignKey(Person, null=False)
    changed_at = Timestamptz()
    version = Integer()
    created_at = Timestamptz()
    deleted_at = Timestamptz(null=True)
