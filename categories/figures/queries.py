"""Reading the figures of a project's support: a fixed number of statements, whatever there is."""

from dataclasses import dataclass
from datetime import date, datetime

from categories.figures.rules import Fact
from forum.database.engine import Row, fetch
from forum.projects.rules import visible_categories
from forum.web.reader import Reader


@dataclass(frozen=True)
class Chosen:
    """Which tickets the figures are of: a category (id), a line ("paid", "unpaid", "" for both), and whom of the team
    (a person's id) they were answered by; None: all."""

    category: int | None = None
    line: str = ""
    person: int | None = None

    @property
    def is_all(self) -> bool:
        return self == ALL


ALL = Chosen()


def chosen_sql(first: int, thread: str = "t") -> str:
    """SQL: a thread is one that is chosen; its parameters are category, line, person from number `first` on."""
    a, b, c = (f"${first + n}" for n in range(3))
    return f"""(({a}::bigint is null or {thread}.category_id = {a})
      and ({b}::text = '' or exists (select 1 from ticket cy where cy.thread_id = {thread}.id
           and (cy.rank_amount > 0) = ({b} = 'paid')))
      and ({c}::bigint is null or exists (select 1 from post co join person cw on cw.id = co.author_id
           where co.thread_id = {thread}.id and co.number > 1 and co.purpose in ('reply', 'resolve')
             and co.deleted_at is null and coalesce(cw.same_as, cw.id) = {c})))"""


# Counts for the team of the project; which ticket is which is told to nobody.
FACTS = f"""
select c.name as category, case when k.rank_amount > 0 then 'paid' else 'unpaid' end as line, k.submitted_at,
       k.first_response_at, s.over_at, coalesce(s.reopened, false) as reopened, r.face
  from ticket k join thread t on t.id = k.thread_id join category c on c.id = t.category_id
  left join lateral (
      select min(x.at) filter (where x.state_to in ('resolved', 'closed')) as over_at,
             bool_or(x.state_from in ('resolved', 'closed') and x.state_to = 'waiting') as reopened
        from ticket_step x where x.ticket_id = k.id) s on true
  left join lateral (select y.face from rating y where y.ticket_id = k.id order by y.id desc limit 1) r on true
 where k.project_id = $1 and k.is_native and k.submitted_at is not null and k.state <> 'merged'
   and greatest(k.submitted_at, k.first_response_at, s.over_at) >= $2 and {chosen_sql(3)}
"""

# How many waited at the end of each week: all that ever came in, less all that ever left.
BACKLOG = f"""
with moved as (
    select z.at, case when z.state_to = 'waiting' then 1 else -1 end as by
      from ticket_step z join ticket k on k.id = z.ticket_id join thread t on t.id = k.thread_id
     where z.project_id = $1 and (z.state_to = 'waiting' or z.state_from = 'waiting')
       and z.state_to is distinct from z.state_from and {chosen_sql(4)}
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
PROMISES = f"""
select date_trunc('month', g.at at time zone 'UTC')::date as month, count(*) filter (where g.outcome = 'kept') as kept,
       count(*) filter (where g.outcome = 'missed') as missed
  from guarantee_outcome g join ticket k on k.id = g.ticket_id join thread t on t.id = k.thread_id
 where g.project_id = $1 and g.at >= $2 and {chosen_sql(3)} group by 1
"""

CHOSEN = chosen_sql(4)
SAME = "(select w.id from person w where a.id in (w.id, w.same_as))"
# Kinds of work beside each other; nothing is added up, and nobody is ranked by any of it.
PEOPLE = f"""
select a.id, a.username, coalesce(nullif(a.name, ''), a.username) as name, m.role,
  (select count(*) from ticket k join thread t on t.id = k.thread_id join post o on o.thread_id = t.id where k.project_id = $1
      and {CHOSEN}
      and o.author_id in {SAME} and o.number > 1 and o.purpose in ('reply', 'resolve') and o.deleted_at is null
      and o.created_at >= $2
      and not exists (select 1 from ticket_requester q where q.ticket_id = k.id and q.person_id in {SAME})) as answers,
  (select count(*) from thread t join post o on o.thread_id = t.id and o.number = t.accepted_number
    where t.project_id = $1 and {CHOSEN} and o.author_id in {SAME} and o.created_at >= $2) as accepted,
  (select count(*) from ticket k join thread t on t.id = k.thread_id join post o on o.thread_id = t.id where k.project_id = $1
      and {CHOSEN}
      and o.author_id in {SAME} and o.purpose = 'facts' and o.created_at >= $2) as facts,
  (select count(*) from thread t join thread_act e on e.thread_id = t.id where t.project_id = $1
      and {CHOSEN} and e.actor_id in {SAME} and e.kind in ('move', 'assign', 'take_in', 'merge', 'split', 'link', 'tag')
      and e.at >= $2) as triage,
  (select count(*) from ticket k join thread t on t.id = k.thread_id join post o on o.thread_id = t.id where k.project_id = $1
      and {CHOSEN}
      and o.author_id in {SAME} and o.purpose = 'whisper' and k.assignee_id is distinct from a.id
      and o.created_at >= $2) as whispers,
  (select count(*) from thread t join thread_act e on e.thread_id = t.id where t.project_id = $1
      and {CHOSEN} and e.actor_id in {SAME} and e.kind in ('resolve', 'close') and e.at >= $2) as closed,
  f.good, f.fair, f.bad
  from project_member m join person a on a.id = m.person_id
  left join lateral (
      select count(*) filter (where r.face = 3) as good, count(*) filter (where r.face = 2) as fair,
             count(*) filter (where r.face = 1) as bad
        from (select distinct on (y.ticket_id) y.ticket_id, y.face, y.at from rating y join ticket k on k.id = y.ticket_id
               where k.project_id = $1 order by y.ticket_id, y.id desc) r
        join ticket k on k.id = r.ticket_id
        join thread t on t.id = k.thread_id
       where r.at >= $2 and {CHOSEN} and (select o.author_id from post o where o.thread_id = k.thread_id
              and o.purpose in ('reply', 'resolve') and o.deleted_at is null and o.created_at <= r.at
              and exists (select 1 from project_member x join person xw on xw.id = o.author_id
                           where x.project_id = $1 and x.person_id = coalesce(xw.same_as, xw.id))
              order by o.number desc limit 1) in {SAME}) f on true
 where m.project_id = $1 and ($3::bigint is null or a.id = $3)
 order by lower(coalesce(nullif(a.name, ''), a.username)), a.id
"""


CHOICES = """
select 'category' as kind, c.id, c.slug, c.name, c.id::text as by, c.project_id, c.visibility, c.readers
  from category c where c.project_id = $1
union all
select 'person', a.id, a.username, coalesce(nullif(a.name, ''), a.username), lower(coalesce(nullif(a.name, ''), a.username)),
       $1, '', '{}' from project_member m join person a on a.id = m.person_id where m.project_id = $1
 order by kind, by, id
"""


def of(chosen: Chosen) -> tuple[int | None, str, int | None]:
    return chosen.category, chosen.line, chosen.person


async def choices_of(reader: Reader, project: int) -> tuple[list[Row], list[Row]]:
    """What a reader can ask figures of: the categories that are named to them (id, slug, name) and the team (id, username,
    name). One statement."""
    rows = await fetch(CHOICES, project)
    categories = [row for row in rows if row["kind"] == "category"]
    return visible_categories(reader, categories), [row for row in rows if row["kind"] == "person"]


async def facts_since(project: int, since: datetime, chosen: Chosen = ALL) -> list[Fact]:
    """The native tickets to which anything happened since then. One statement."""
    return [Fact(**row) for row in await fetch(FACTS, project, since, *of(chosen))]


async def backlog(project: int, first: datetime, last: datetime, chosen: Chosen = ALL) -> list[tuple[datetime, int]]:
    """How many tickets waited at `first` and at each seventh day after it, until `last`. One statement."""
    return [(row["ends"], row["waiting"]) for row in await fetch(BACKLOG, project, first, last, *of(chosen))]


async def promises(project: int, since: datetime, chosen: Chosen = ALL) -> dict[date, tuple[int, int]]:
    """How many promised answers were kept and missed, by month. One statement."""
    return {row["month"]: (row["kept"], row["missed"]) for row in await fetch(PROMISES, project, since, *of(chosen))}


async def people_of(project: int, since: datetime, person: int | None, chosen: Chosen = ALL) -> list[Row]:
    """Kinds of work of each member of the team (or of one), by name. One statement."""
    return await fetch(PEOPLE, project, since, person, chosen.category, chosen.line, None)
