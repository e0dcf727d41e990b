"""The tables of policies, payout runs, their lines, and the thanks that they covered."""

from piccolo.columns import BigInt, BigSerial, ForeignKey, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import LegalEntity, Project


class PayoutPolicy(Table, tablename="payout_policy", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    kept = Integer()
    changed_by = ForeignKey(Person, null=False)
    changed_at = Timestamptz()


class PayoutFixed(Table, tablename="payout_fixed", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    position = SmallInt()
    person_id = ForeignKey(Person, null=False)
    label = Text()
    amount = BigInt()


class PayoutRun(Table, tablename="payout_run", db=engine):
    id = BigSerial(primary_key=True)
    project_id = ForeignKey(Project, null=False)
    entity_id = ForeignKey(LegalEntity, null=False)
    currency = Text()
    pool = BigInt()
    kept = Integer()
    state = Text()
    drafted_by = ForeignKey(Person, null=False)
    drafted_at = Timestamptz()
    approved_by = ForeignKey(Person, null=True)
    approved_at = Timestamptz(null=True)
    booked_by = ForeignKey(Person, null=True)
    booked_at = Timestamptz(null=True)
    cancelled_by = ForeignKey(Person, null=True)
    cancelled_at = Timestamptz(null=True)


class PayoutLine(Table, tablename="payout_line", db=engine):
    id = BigSerial(primary_key=True)
    run_id = ForeignKey(PayoutRun, null=False)
    position = Integer()
    kind = Text()
    person_id = ForeignKey(Person, null=True)
    amount = BigInt()
    label = Text()
    wanted = BigInt()
    bumps = Integer()
    made = BigInt()
    paid_at = Timestamptz(null=True)
    paid_by = ForeignKey(Person, null=True)
    how = Text(null=True)
    reference = Text()


class PayoutRunThanks(Table, tablename="payout_run_thanks", db=engine):
    # references bump_thanks together with person_id: Piccolo cannot say that
    bump_id = BigInt(primary_key=True)
    person_id = BigInt()
    run_id = ForeignKey(PayoutRun, null=False)
