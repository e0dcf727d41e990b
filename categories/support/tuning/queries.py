"""What the page of a project's figures reads: its waiting tickets, how fast they are answered, whom a figure touches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from categories.support.policy import Policy
from categories.support.promises.calendars import calendar_of
from categories.support.promises.workdays import ENOUGH_ANSWERS, Expected, expected_range, workdays_between
from categories.support.queries import wait_began
from categories.support.silence import LAST_WORD
from categories.support.tuning.simulation import Stands
from forum.database.engine import Row, fetch, fetch_one
from forum.threads.visibility import visible_thread
from forum.web.reader import Reader

LATELY = timedelta(days=28)
# Tickets of each line that are simulated, and where each one's last word has to be looked for. What is more, is cut.
A_LINE, A_LINE_OF_WORDS = 10_000, 2000

IS_TEAM = """exists (select 1 from project_member m join person w on w.id = p.author_id
                where m.project_id = k.project_id and m.person_id = coalesce(w.same_as, w.id))"""
IS_ASKER = """exists (select 1 from ticket_requester r join person x on x.id = r.person_id join person y on y.id = p.author_id
                where r.ticket_id = k.id and coalesce(x.same_as, x.id) = coalesce(y.same_as, y.id))"""
# The last word in the home thread of a ticket `k` that is not the team's: its requesters' and strangers'; an emoji is none.
LAST_OF_OTHERS = f"""(select max(p.created_at) from post p where p.thread_id = k.thread_id and p.deleted_at is null
      and p.purpose <> 'whisper' and ({IS_ASKER} or not {IS_TEAM}))"""

WAITING = f"""
with line as (
    (select ticket_id from queue_entry where project_id = $1 and neg_amount < 0
      order by neg_amount, waiting_since, ticket_id limit {{most}})
    union (select ticket_id from queue_entry where project_id = $1 and neg_amount = 0
      order by waiting_since, ticket_id limit {{most}})
)
select k.id, k.rank_amount, w.submitted, k.due_at, k.head_start, {{last_word}} as last_word
  from line join ticket k on k.id = line.ticket_id left join support_policy y on y.project_id = k.project_id
  join lateral (select {wait_began("k")} as counted, case when y.waits_since = 'last_word' and k.waits_from is not null
    then {wait_began("k").replace("waiting_since", "waits_from")} else {wait_began("k")} end as submitted) w on true
"""
# Where a project counts from the last word, the kept wait is that.
KEPT = WAITING.format(most=A_LINE, last_word="w.counted")
ASKED_WORDS = WAITING.format(most=A_LINE_OF_WORDS, last_word=f"greatest({LAST_OF_OTHERS}, w.submitted)")
ANSWERS = f"""
select count(distinct (k.id, (p.created_at at time zone 'UTC')::date)) as answers
  from thread t join ticket k on k.thread_id = t.id join post p on p.thread_id = t.id
 where t.project_id = $1 and t.bumped_at >= $2 and k.is_native and p.created_at >= $2 and p.created_at <= $3
   and p.deleted_at is null and p.purpose in ('reply', 'resolve') and not {IS_ASKER} and {IS_TEAM}
"""
TOUCHED = f"""
select count(*) filter (where word <= $2::timestamptz - make_interval(days => $3)) as silent,
       count(*) filter (where word <= $2::timestamptz - make_interval(days => $3 - $4)) as warned, count(*) as owed
  from (select {LAST_WORD} as word from ticket k where k.project_id = $1 and k.state in ('answered', 'needs_facts')) w
"""
HELD = """
select count(*)::int as held, count(distinct assignee_id)::int as holders, coalesce(max(n), 0)::int as most,
       (count(distinct assignee_id) filter (where n > $2))::int as above
  from (select assignee_id, count(*) over (partition by assignee_id) as n from ticket
         where project_id = $1 and assignee_id is not null and state in ('waiting', 'needs_facts', 'answered')) k
"""


async def waiting_tickets(project: int, most: int = A_LINE) -> list[Stands]:
    """The waiting tickets of a project, of each line the first `most`: with A_LINE_OF_WORDS their last words are looked for,
    else those are what is kept. One statement."""
    rows = await fetch(ASKED_WORDS if most == A_LINE_OF_WORDS else KEPT, project)
    return [
        Stands(r["id"], r["rank_amount"], r["submitted"], r["last_word"], r["due_at"], r["head_start"]) for r in rows
    ]


async def titles_of(reader: Reader, tickets: list[int]) -> Mapping[int, Row]:
    """(id, thread_id, title, slug) of these tickets, as far as the reader may see their threads. One statement."""
    rows = await fetch(
        "select k.id, k.thread_id, t.title, t.slug from ticket k join thread t on t.id = k.thread_id"
        f" where k.id = any($1) and {visible_thread('t', '$2')}",
        tickets,
        reader.id,
    )
    return {row["id"]: row for row in rows}


@dataclass(frozen=True)
class Pace:
    """How fast a team answers: `answers` in `workdays` of the last four weeks."""

    answers: int
    workdays: Fraction

    @property
    def rate(self) -> Fraction:
        """Answers a workday; 0 where nothing was answered or nobody worked."""
        return self.answers / self.workdays if self.workdays else Fraction(0)


async def pace_of(project: int, now: datetime) -> Pace:
    """How fast a team answered lately; several answers to one ticket on one day are one. Two statements."""
    row = await fetch_one(ANSWERS, project, now - LATELY, now)
    return Pace(row["answers"] if row else 0, workdays_between(now - LATELY, now, await calendar_of(project)))


async def first_responses(project: int, since: datetime) -> list[Row]:
    """First team responses to native tickets: (submitted_at, first_response_at, paid). One statement."""
    return await fetch(
        "select submitted_at, first_response_at, rank_amount > 0 as paid from ticket where project_id = $1 and is_native"
        " and submitted_at is not null and first_response_at > $2",
        project,
        since,
    )


async def measured(project: int, least: int, now: datetime) -> tuple[Expected | None, Expected | None]:
    """The ranges of the paid and the unpaid line, out of the last 90 days; None where fewer than 20 were answered."""
    calendar = await calendar_of(project)
    rows = await first_responses(project, now - timedelta(days=90))
    found: list[Expected | None] = []
    for paid in (True, False):
        days = [
            workdays_between(r["submitted_at"], r["first_response_at"], calendar) for r in rows if r["paid"] is paid
        ]
        found.append(expected_range(days, minimum=least) if len(days) >= ENOUGH_ANSWERS else None)
    return found[0], found[1]


async def touched(project: int, policy: Policy, now: datetime | None = None) -> tuple[Row, Row]:
    """Whom the figures touch today: (silent, warned, owed) and (held, holders, most, above). Two statements."""
    silent = await fetch_one(
        TOUCHED, project, now or datetime.now(UTC), policy.silence_days, policy.silence_warning_days
    )
    held = await fetch_one(HELD, project, policy.claims_most)
    assert silent is not None and held is not None
    return silent, held
