"""The tables of tickets, of the queue's kept counts, and of the inbox."""

from typing import Any

from piccolo.columns import (
    JSONB,
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
    snoozed_until = Timestamptz(null=True)
    snoozed_by = ForeignKey(Person, null=True)
    snooze_again = Timestamptz(null=True)
    waits_from = Timestamptz(null=True)
    merged_into: ForeignKey[Any] = ForeignKey("self", null=True)
    state_since = Timestamptz()
    claimed_at = Timestamptz(null=True)
    spoke_at = Timestamptz(null=True)
    head_start = SmallInt(null=True)
    slept_at = Timestamptz(null=True)
    woke_at = Timestamptz(null=True)
    claim_spent = Integer()


class TicketMerge(Table, tablename="ticket_merge", db=engine):
    id = BigSerial(primary_key=True)
    source_id = ForeignKey(Ticket, null=False)
    target_id = ForeignKey(Ticket, null=False)
    actor_id = ForeignKey(Person, null=False)
    at = Timestamptz()
    undone_at = Timestamptz(null=True)
    undone_by = ForeignKey(Person, null=True)
    waited_given = Timestamptz(null=True)
    waited_before = Timestamptz(null=True)
    waited_after = Timestamptz(null=True)
    due_given = Timestamptz(null=True)
    due_before = Timestamptz(null=True)
    due_after = Timestamptz(null=True)
    requesters = Array(base_column=BigInt())
    participants = Array(base_column=BigInt())
    closed_thread = Boolean()
    head_own = SmallInt(null=True)
    rested = JSONB(null=True)


class TicketRequester(Table, tablename="ticket_requester", db=engine):
    ticket_id = ForeignKey(Ticket, primary_key=True, null=False)
    person_id = ForeignKey(Person, null=False)
    since = Timestamptz()


class TicketThread(Table, tablename="ticket_thread", db=engine):
    ticket_id = ForeignKey(Ticket, primary_key=True, null=False)
    thread_id = ForeignKey(Thread, null=False)
    linked_by = ForeignKey(Person, null=True)
    linked_at = Timestamptz(null=True)
    together = Boolean()


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
    guarantee_paid = SmallInt(null=True)
    guarantee_unpaid = SmallInt(null=True)
    head_start = SmallInt()


class SupportCalendar(Table, tablename="support_calendar", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    weekdays = Array(base_column=SmallInt())
    opens = SmallInt()
    closes = SmallInt()
    other_hours = JSONB()
    zone = Text()
    country = Text()
    subdivision = Text()


class SupportClosing(Table, tablename="support_closing", db=engine):
    id = BigSerial(primary_key=True)
    project_id = ForeignKey(Project, null=False)
    first_day = Date()
    last_day = Date()
    note = Text()


class WorkdayEnd(Table, tablename="workday_end", db=engine):
    project_id = ForeignKey(Project, primary_key=True, null=False)
    ends_at = Timestamptz()


class Guarantee(Table, tablename="guarantee", db=engine):
    ticket_id = ForeignKey(Ticket, primary_key=True, null=False)
    project_id = ForeignKey(Project, null=False)
    by_hand = SmallInt(null=True)
    round = Integer()
    workdays = SmallInt(null=True)
    workdays_left = Text(null=True)
    left_since = Timestamptz(null=True)
    due_at = Timestamptz(null=True)
    half_at = Timestamptz(null=True)
    last_day_at = Timestamptz(null=True)
    missed_at = Timestamptz(null=True)
    missed_with = ForeignKey(Ticket, null=True)


class GuaranteeOutcome(Table, tablename="guarantee_outcome", db=engine):
    id = BigSerial(primary_key=True)
    ticket_id = ForeignKey(Ticket, null=False)
    project_id = ForeignKey(Project, null=False)
    round = Integer()
    workdays = SmallInt(null=True)
    due_at = Timestamptz()
    outcome = Text()
    answered_at = Timestamptz(null=True)
    late = Integer()
    at = Timestamptz()


class Silence(Table, tablename="silence", db=engine):
    ticket_id = ForeignKey(Ticket, primary_key=True, null=False)
    warned_at = Timestamptz()
    last_word_at = Timestamptz()


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
