"""Reading tickets and the queue: places, lists in queue order, expected ranges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from categories.support.promises.workdays import Expected
from categories.support.rules import Line, last_paid, position, turns_of, window
from forum.database.engine import Row, fetch, fetch_one
from forum.database.together import Together, asked
from forum.threads.visibility import visible_thread
from forum.web.errors import NotFound
from forum.web.i18n import _, ngettext
from forum.web.reader import Reader


def snoozed(ticket: str) -> str:
    """SQL: the row `ticket` (an alias of the table ticket) is hidden from the team's lists at the moment."""
    return f"coalesce({ticket}.snoozed_until > now() and {ticket}.state = 'waiting', false)"


def wait_began(ticket: str) -> str:
    """SQL: since when the row `ticket` waits as the clock shows it; its waiting_since counts a head start in."""
    return f"{ticket}.waiting_since + make_interval(hours => 24 * coalesce({ticket}.head_start, 0))"


def head_start_text(days: int | None) -> str:
    """Why a ticket stands before others that wait longer by the clock; "" for one without a head start."""
    if not days:
        return ""
    return ngettext(
        "counts as waiting %(num)d day longer: verified open-source project",
        "counts as waiting %(num)d days longer: verified open-source project",
        days,
    ) % {"num": days}


def unpaid_reason(position: int, due: int, paid: int, unpaid: int, share: int, credit: int) -> str:
    """Why an unpaid ticket stands at `position`, in a mark's few words: out of its line's share where a paid one stands
    behind it, else by its age alone. The counts are its queue's."""
    turns, out_of = turns_of(share)
    if turns < out_of and position < last_paid(due, paid, unpaid, share, credit):
        return _("unpaid, %(turns)d in %(n)d") % {"turns": turns, "n": out_of}
    return _("oldest first")


# The configured range holds for each line that has no measured one yet.
EXPECTED = """
    coalesce(q.paid_from, p.expected_from) as paid_from, coalesce(q.paid_to, p.expected_to) as paid_to,
    coalesce(q.unpaid_from, p.expected_from) as unpaid_from, coalesce(q.unpaid_to, p.expected_to) as unpaid_to
"""

# A place as `place_in` reads it; `l` is queue_place's row.
PLACE = """
    l.line as place_line, l.rank as place_rank, l.due as place_due, l.paid as place_paid, l.unpaid as place_unpaid,
    l.total as place_total, l.share as place_share, l.credit as place_credit
"""

IS_REQUESTER = """exists (select 1 from ticket_requester r join person w on w.id = r.person_id
                 where r.ticket_id = k.id and {reader}::bigint in (w.id, w.same_as))"""

# What stands of a ticket's promise; what became of it is never left out.
PROMISED = """
    g.by_hand, g.workdays as promised, g.workdays_left, g.left_since, c.zone as calendar_zone,
    (select jsonb_agg(jsonb_build_object('outcome', o.outcome, 'round', o.round, 'workdays', o.workdays, 'due', o.due_at,
        'answered', o.answered_at, 'late', o.late) order by o.id) from guarantee_outcome o where o.ticket_id = k.id) as outcomes,
    s.warned_at, s.last_word_at, coalesce(y.silence_days, 30) as silence_days,
    coalesce(y.silence_warning_days, 3) as silence_warning_days
"""
PROMISE_JOINS = """
  left join guarantee g on g.ticket_id = k.id
  left join support_calendar c on c.project_id = k.project_id
  left join silence s on s.ticket_id = k.id
  left join support_policy y on y.project_id = k.project_id
"""

# `now` decides what is due; `is_team`: whether the reader is. Others than requester and team get no place.
TICKET = f"""
select {{n}}k.*, coalesce(q.version, 0) as queue_version, p.slug as project_slug, p.name as project_name, p.currency,
       {EXPECTED}, i.is_requester, {snoozed("k")} as is_snoozed, {wait_began("k")} as wait_began,
       case when k.merged_into is not null then (select o.thread_id from ticket o join thread v on v.id = o.thread_id
                  where o.id = k.merged_into and {visible_thread("v", "{reader}")}) end as merged_thread,
       (select count(*) from ticket_thread n where n.linked_at is not null and (n.ticket_id = k.id or n.thread_id = k.thread_id))
           + (select count(*) from ticket o where o.merged_into = k.id) as joined, a.username as assignee, coalesce(nullif(a.name, ''), a.username) as assignee_name,
       {PLACE}, {PROMISED}
  from {{source}}
  join project p on p.id = k.project_id
  join lateral (select {IS_REQUESTER} as is_requester) i on true
  left join queue q on q.project_id = k.project_id
  left join person a on a.id = k.assignee_id
{PROMISE_JOINS}
  left join lateral queue_place(
      case when {{is_team}} or i.is_requester then k.id end, workday_horizon(k.project_id, {{now}})) l on true
"""
ON_THREAD = Together(
    TICKET.format(
        n="asked.n, ",
        source=asked(thread="bigint", reader="bigint", now="timestamptz", is_team="boolean")
        + " join ticket k on k.thread_id = asked.thread",
        reader="asked.reader",
        now="asked.now",
        is_team="asked.is_team",
    )
)
# Of the ticket whose home is the thread `t`: its id, its queue's version, and whether it is one that guests are told of.
STAMP = """select array[k.id, coalesce(q.version, 0), (k.state in ('draft', 'waiting'))::integer]
             from ticket k left join queue q on q.project_id = k.project_id where k.thread_id = t.id"""
BY_ID = f"""{TICKET.format(n="", source="ticket k", reader="$2", now="$3", is_team="$4")}
  join thread t on t.id = k.thread_id where k.id = $1 and {visible_thread("t", "$2")}"""


def minute(now: datetime | None) -> datetime:
    """The minute that has begun: workdays end on whole ones, so that all who ask within it ask the same question."""
    return (now or datetime.now(UTC)).replace(second=0, microsecond=0)


async def ticket_of_thread(reader: Reader, thread: int, *, is_team: bool, now: datetime | None = None) -> Row | None:
    """The ticket whose home is a thread that the reader may see, with the project's expected ranges and, for
    requester and team, its place (`place_in`); None where the thread has none. One statement."""
    return await ON_THREAD.fetch_one(thread, reader.id, minute(now), is_team)


async def ticket_by_id(reader: Reader, ticket: int, *, is_team: bool = True, now: datetime | None = None) -> Row:
    """A ticket whose home thread the reader may see, as `ticket_of_thread` gives it. Raises NotFound."""
    row = await fetch_one(BY_ID, ticket, reader.id, minute(now), is_team)
    if row is None:
        raise NotFound
    return row


async def project_expected(project: int) -> Row:
    """A project's waiting tickets and expected ranges: (waiting, paid_from, paid_to, unpaid_from, unpaid_to)."""
    row = await fetch_one(
        f"select coalesce(q.paid + q.unpaid, 0) as waiting, coalesce(q.version, 0) as version, {EXPECTED}"
        " from project p left join queue q on q.project_id = p.id where p.id = $1",
        project,
    )
    if row is None:
        raise NotFound
    return row


def expected_of(row: Row, rank_amount: int = 0) -> Expected:
    """The expected range of workdays for a ticket of this amount, out of a row with both lines' ranges."""
    if rank_amount > 0:
        return Expected(row["paid_from"], row["paid_to"])
    return Expected(row["unpaid_from"], row["unpaid_to"])


@dataclass(frozen=True)
class QueueState:
    """A project's queue: kept counts (paid and unpaid without the due ones), policy, version."""

    due: int
    paid: int
    unpaid: int
    total: int
    share: int
    credit: int
    version: int

    @property
    def lines(self) -> tuple[int, int, int, int, int]:
        """What the rules of the order are given: due, paid, unpaid, share, credit."""
        return self.due, self.paid, self.unpaid, self.share, self.credit


@dataclass(frozen=True)
class Place:
    """Where a ticket stands: its position from 1, of how many, in which line of which queue."""

    position: int
    waiting: int
    line: Line
    rank_amount: int
    queue: QueueState


def place_in(row: Row) -> Place | None:
    """The place out of a ticket's row; None where the ticket does not stand in the queue, or the reader is not told."""
    if row["place_line"] is None:
        return None
    lines = (row["place_due"], row["place_paid"], row["place_unpaid"])
    share, credit = row["place_share"], row["place_credit"]
    state = QueueState(*lines, row["place_total"], share, credit, row["queue_version"])
    line = Line(row["place_line"])
    return Place(position(line, row["place_rank"], *lines, share, credit), state.total, line, row["rank_amount"], state)


async def place_of(ticket: int, now: datetime | None = None) -> Place | None:
    """A ticket's place in its project's queue; None where it does not stand in it. One statement."""
    row = await fetch_one(
        f"select l.version as queue_version, l.rank_amount, {PLACE} from ticket k"
        " join lateral queue_place(k.id, workday_horizon(k.project_id, $2)) l on true where k.id = $1",
        ticket,
        minute(now),
    )
    return place_in(row) if row else None


@dataclass(frozen=True)
class Standing:
    """One ticket of the queue with its position."""

    position: int
    line: Line
    ticket: int


SLICE = """
with h as materialized (select workday_horizon($1, $2) as at)
select s.* from h, lateral queue_slice($1, h.at, 'due', $3, $4) s
union all select s.* from h, lateral queue_slice($1, h.at, 'paid', $5, $6) s
union all select s.* from h, lateral queue_slice($1, h.at, 'unpaid', $7, $8) s
"""


async def queue_state(project: int, now: datetime | None = None) -> QueueState:
    """The counts of a project's queue; all zero where nothing ever waited."""
    row = await fetch_one("select * from queue_counts($1, workday_horizon($1, $2))", project, minute(now))
    return QueueState(**row) if row else QueueState(0, 0, 0, 0, 20, 0, 0)


async def queue_slice(
    project: int, state: QueueState, first: int, last: int, now: datetime | None = None
) -> list[Standing]:
    """The tickets at positions `first` to `last`, in queue order, without walking the queue. One statement."""
    lines = state.lines
    part = window(first, min(last, state.total), *lines)
    rows = await fetch(SLICE, project, minute(now), *part.due, *part.paid, *part.unpaid)
    standings = [Standing(position(Line(r["line"]), r["rank"], *lines), Line(r["line"]), r["ticket_id"]) for r in rows]
    return sorted(standings, key=lambda s: s.position)


async def tickets_for_team(reader: Reader, tickets: Sequence[int]) -> dict[int, Row]:
    """These tickets as the inbox shows them, by id; a title the reader may not read is null. `waiting_since` is the clock's:
    what it counts as waiting longer is `head_start`, in days."""
    rows = await fetch(
        f"select k.id, k.thread_id, k.state, {snoozed('k')} as is_snoozed, k.snoozed_until, k.rank_amount, k.due_at, {wait_began('k')} as waiting_since, k.head_start, k.assignee_id, k.capacity,"
        f" case when {visible_thread('t', '$2')} then t.title end as title,"
        f" case when {visible_thread('t', '$2')} then t.slug end as slug,"
        " coalesce(nullif(a.name, ''), a.username) as assignee_name,"
        f" case when {visible_thread('t', '$2')} then (select coalesce(nullif(s.name, ''), s.username) from ticket_requester r join person w on w.id = r.person_id"
        "   join person s on s.id = coalesce(w.same_as, w.id) where r.ticket_id = k.id order by r.since limit 1) end as asker"
        " from ticket k join thread t on t.id = k.thread_id left join person a on a.id = k.assignee_id"
        " where k.id = any($1)",
        list(tickets),
        reader.id,
    )
    return {row["id"]: row for row in rows}


OWN = f"""
select k.id, k.state, k.rank_amount, k.thread_id, t.title, t.slug, p.name as project_name, {EXPECTED},
       coalesce(q.version, 0) as queue_version, {PLACE}
  from (select distinct k.* from ticket_requester r join person w on w.id = r.person_id
          join ticket k on k.id = r.ticket_id where $1 in (w.id, w.same_as) and k.state = any($4)
           and ($5::bigint is null or k.project_id = $5) order by k.id desc limit $2) k
  join thread t on t.id = k.thread_id join project p on p.id = k.project_id
  left join queue q on q.project_id = k.project_id left join lateral queue_place(k.id, workday_horizon(k.project_id, $3)) l on true
 order by k.id desc
"""


async def own_tickets(reader: Reader, limit: int = 5, now: datetime | None = None) -> list[Row]:
    """The reader's own tickets that are not over, newest first, each with its place (`place_in`) and the project's
    expected ranges. One statement."""
    states = ["draft", "waiting", "needs_facts", "answered"]
    return await fetch(OWN, reader.person, limit, minute(now), states, None)


async def own_tickets_in(reader: Reader, project: int, limit: int = 5, now: datetime | None = None) -> list[Row]:
    """The reader's own tickets that wait in a project, as `own_tickets` gives them. One statement."""
    return await fetch(OWN, reader.person, limit, minute(now), ["waiting", "needs_facts"], project)


async def busiest_projects(limit: int = 8) -> list[Row]:
    """The projects where most wait: (id, slug, name, tagline, waiting, and the expected ranges)."""
    return await fetch(
        f"select p.id, p.slug, p.name, p.tagline, coalesce(q.paid + q.unpaid, 0) as waiting, {EXPECTED}"
        " from project p left join queue q on q.project_id = p.id order by waiting desc, lower(p.name) limit $1",
        limit,
    )


async def waiting_in(projects: Sequence[int]) -> list[Row]:
    """The queues of these projects: (slug, name, waiting), fullest first."""
    return await fetch(
        "select p.slug, p.name, q.paid + q.unpaid as waiting from project p left join queue q on q.project_id = p.id"
        " where p.id = any($1) order by 3 desc nulls last",
        list(projects),
    )
