"""The tables of plans, and of how a project sells."""

from piccolo.columns import BigInt, Boolean, ForeignKey, Integer, Text
from piccolo.table import Table

from forum.database.engine import engine
from forum.projects.tables import Project


class Selling(Table, tablename="selling", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    tax_rate = Integer()
    payment_details = Text()
    book = Text()
    discount_rate = Integer()


class Plan(Table, tablename="plan", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    kind = Text()
    minimum = BigInt()
    is_open = Boolean()
