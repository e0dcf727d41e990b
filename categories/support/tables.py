"""The tables of tickets, of the queue's kept counts, and of the inbox."""

from piccolo.columns import (
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    SmallInt,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from forum.accounts.tables import Person
from forum.database.engine import engine
from forum.projects.tables import Project
from forum.threads.tables import Thread


class Ticket(Table, tablename="ticket", db=engine):
    id = BigSerial(primary_key=True)
    project_id = ForeignKey(Project, null=False)
    thread_id = ForeignKey(Thread, null=False)
    state = Text()
    state_under = Array(base_column=Text())
    capacity = Text(null=True)
    rank_amount = BigInt()
    due_at = Timestamptz(null=True)
    waiting_since = Timestamptz(null=True)
    assignee_id = ForeignKey(Person, null=True)
    is_native = Boolean()
    submitted_at = Timestamptz(null=True)
    first_response_at = Timestamptz(null=True)
    created_at = Timestamptz()
    state_since = Timestamptz()
    claimed_at = Timestamptz(null=True)
    spoke_at = Timestamptz(null=True)


class TicketRequester(Table, tablename="ticket_requester", db=engine):
    ticket_id = ForeignKey(Ticket, primary_key=True, null=False)
    person_id = ForeignKey(Person, null=False)
    since = Timestamptz()


class TicketThread(Table, tablename="ticket_thread", db=engine):
    ticket_id = ForeignKey(Ticket, primary_key=True, null=False)
    thread_id = ForeignKey(Thread, null=False)


class Queue(Table, tablename="queue", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    version = BigInt()
    share = SmallInt()
    credit = SmallInt()
    paid = Integer()
    unpaid = Integer()
    paid_from = Integer(null=True)
    paid_to = Integer(null=True)
    unpaid_from = Integer(null=True)
    unpaid_to = Integer(null=True)


class QueueEntry(Table, tablename="queue_entry", db=engine):
    ticket_id = ForeignKey(Ticket, primary_key=True, null=False)
    # references queue, whose key is a foreign key itself: Piccolo cannot say that
    project_id = BigInt()
    neg_amount = BigInt()
    waiting_since = Timestamptz()
    due_at = Timestamptz(null=True)


class QueueBlock(Table, tablename="queue_block", db=engine):
    project_id = BigInt(primary_key=True)
    neg_amount = BigInt()
    waiting_since = Timestamptz()
    ticket_id = BigInt()
    count = Integer()  # type: ignore[assignment]


class SupportPolicy(Table, tablename="support_policy", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    claim_workdays = SmallInt()
    claims_most = SmallInt()
    assigning = Text()
    silence_days = SmallInt()
    silence_warning_days = SmallInt()
    expected_least = SmallInt()
    waits_since = Text()


class TicketTally(Table, tablename="ticket_tally", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    what = Text()
    tag_id = BigInt()
    tickets = Integer()


class InboxView(Table, tablename="inbox_view", db=engine):
    id = BigSerial(primary_key=True)
    project_id = ForeignKey(Project, null=False)
    person_id = ForeignKey(Person, null=True)
    name = Text()
    bucket = Text()
    line = Text()
    tag = Text()
    place = Integer()
    made_by = ForeignKey(Person, null=False)
    created_at = Timestamptz()


class Availability(Table, tablename="availability", db=engine):
    person_id = ForeignKey(Person, primary_key=True, null=False)
    weekdays = Array(base_column=SmallInt())
    is_away = Boolean()
    away_until = Date(null=True)


class QueueTurn(Table, tablename="queue_turn", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    person_id = ForeignKey(Person, null=False)
    given = Integer()
    last_at = Timestamptz()
