"""Reading the figures of a project's support: a fixed number of statements, whatever there is."""

from datetime import date, datetime

from categories.figures.rules import Fact
from forum.database.engine import Row, fetch

# Counts for the team of the project; which ticket is which is told to nobody.
FACTS = """
select c.name as category, case when k.rank_amount > 0 then 'paid' else 'unpaid' end as line, k.submitted_at,
       k.first_response_at, s.over_at, coalesce(s.reopened, false) as reopened, r.face
  from ticket k join thread t on t.id = k.thread_id join category c on c.id = t.category_id
  left join lateral (
      select min(x.at) filter (where x.state_to in ('resolved', 'closed')) as over_at,
             bool_or(x.state_from in ('resolved', 'closed') and x.state_to = 'waiting') as reopened
        from ticket_step x where x.ticket_id = k.id) s on true
  left join lateral (select y.face from rating y where y.ticket_id = k.id order by y.id desc limit 1) r on true
 where k.project_id = $1 and k.is_native and k.submitted_at is not null and k.state <> 'merged'
   and greatest(k.submitted_at, k.first_response_at, s.over_at) >= $2
"""

# How many waited at the end of each week: all that ever came in, less all that ever left.
BACKLOG = """
with moved as (
    select at, case when state_to = 'waiting' then 1 else -1 end as by
      from ticket_step where project_id = $1 and (state_to = 'waiting' or state_from = 'waiting')
       and state_to is distinct from state_from
), weeks as (
    select w as ends from generate_series($2::timestamptz, $3::timestamptz, interval '7 days') w
)
select w.ends, (select coalesce(sum(m.by), 0)::bigint from moved m where m.at < $2) + coalesce(sum(s.by) over (
           order by w.ends), 0)::bigint as waiting
  from weeks w left join lateral (select sum(m.by) as by from moved m
       where m.at >= greatest($2, w.ends - interval '7 days') and m.at < w.ends and w.ends > $2) s on true
 order by w.ends
"""

# A promise that was missed stays missed, whatever was answered later.
PROMISES = """
select date_trunc('month', at at time zone 'UTC')::date as month, count(*) filter (where outcome = 'kept') as kept,
       count(*) filter (where outcome = 'missed') as missed
  from guarantee_outcome where project_id = $1 and at >= $2 group by 1
"""

SAME = "(select w.id from person w where a.id in (w.id, w.same_as))"
# Kinds of work beside each other; nothing is added up, and nobody is ranked by any of it.
PEOPLE = f"""
select a.id, a.username, coalesce(nullif(a.name, ''), a.username) as name, m.role,
  (select count(*) from ticket k join post o on o.thread_id = k.thread_id where k.project_id = $1
      and o.author_id in {SAME} and o.number > 1 and o.purpose in ('reply', 'resolve') and o.deleted_at is null
      and o.created_at >= $2
      and not exists (select 1 from ticket_requester q where q.ticket_id = k.id and q.person_id in {SAME})) as answers,
  (select count(*) from thread t join post o on o.thread_id = t.id and o.number = t.accepted_number
    where t.project_id = $1 and o.author_id in {SAME} and o.created_at >= $2) as accepted,
  (select count(*) from ticket k join post o on o.thread_id = k.thread_id where k.project_id = $1
      and o.author_id in {SAME} and o.purpose = 'facts' and o.created_at >= $2) as facts,
  (select count(*) from thread t join thread_act e on e.thread_id = t.id where t.project_id = $1
      and e.actor_id in {SAME} and e.kind in ('move', 'assign', 'take_in', 'merge', 'split', 'link', 'tag')
      and e.at >= $2) as triage,
  (select count(*) from ticket k join post o on o.thread_id = k.thread_id where k.project_id = $1
      and o.author_id in {SAME} and o.purpose = 'whisper' and k.assignee_id is distinct from a.id
      and o.created_at >= $2) as reviews,
  (select count(*) from thread t join thread_act e on e.thread_id = t.id where t.project_id = $1
      and e.actor_id in {SAME} and e.kind in ('resolve', 'close') and e.at >= $2) as closed,
  f.good, f.fair, f.bad
  from project_member m join person a on a.id = m.person_id
  left join lateral (
      select count(*) filter (where r.face = 3) as good, count(*) filter (where r.face = 2) as fair,
             count(*) filter (where r.face = 1) as bad
        from (select distinct on (y.ticket_id) y.ticket_id, y.face, y.at from rating y join ticket k on k.id = y.ticket_id
               where k.project_id = $1 order by y.ticket_id, y.id desc) r
        join ticket k on k.id = r.ticket_id
       where r.at >= $2 and (select o.author_id from post o where o.thread_id = k.thread_id
              and o.purpose in ('reply', 'resolve') and o.deleted_at is null and o.created_at <= r.at
              and exists (select 1 from project_member x join person xw on xw.id = o.author_id
                           where x.project_id = $1 and x.person_id = coalesce(xw.same_as, xw.id))
              order by o.number desc limit 1) in {SAME}) f on true
 where m.project_id = $1 and ($3::bigint is null or a.id = $3)
 order by lower(coalesce(nullif(a.name, ''), a.username)), a.id
"""


async def facts_since(project: int, since: datetime) -> list[Fact]:
    """The native tickets to which anything happened since then. One statement."""
    return [Fact(**row) for row in await fetch(FACTS, project, since)]


async def backlog(project: int, first: datetime, last: datetime) -> list[tuple[datetime, int]]:
    """How many tickets waited at `first` and at each seventh day after it, until `last`. One statement."""
    return [(row["ends"], row["waiting"]) for row in await fetch(BACKLOG, project, first, last)]


async def promises(project: int, since: datetime) -> dict[date, tuple[int, int]]:
    """How many promised answers were kept and missed, by month. One statement."""
    return {row["month"]: (row["kept"], row["missed"]) for row in await fetch(PROMISES, project, since)}


async def people_of(project: int, since: datetime, person: int | None) -> list[Row]:
    """Kinds of work of each member of the team (or of one), by name. One statement."""
    return await fetch(PEOPLE, project, since, person)
