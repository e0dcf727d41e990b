"""Writing reputation events: every cause is settled to what the tables say, so that order and repeats change nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from forum.database.engine import execute
from reputation.rules import ANSWERS, POINTS, REACTIONS, Worth

_moment: ContextVar[datetime | None] = ContextVar("reputation_moment", default=None)


@contextmanager
def happening_at(moment: datetime) -> Iterator[None]:
    """What happens in here earns its points at that moment: for the demo, whose past is made today."""
    mark = _moment.set(moment)
    try:
        yield
    finally:
        _moment.reset(mark)


def same(a: str, b: str) -> str:
    """SQL: two people in columns are one, placeholders that were claimed included."""
    one = "(select coalesce(x.same_as, x.id) from person x where x.id = {})"
    return f"{one.format(a)} = {one.format(b)}"


def own_thread(person: str) -> str:
    """SQL: the person asked in thread `t`, or is one of those for whom it was asked."""
    return (
        f"(select coalesce(x.same_as, x.id) from person x where x.id = {person}) in (select coalesce(x.same_as, x.id)"
        " from person x where x.id = any(t.author_id || array(select w.person_id from thread_participant w"
        " where w.thread_id = t.id and w.kind = 'requester')))"
    )


# Who can see the place of post `p` in thread `t` (forum/threads/visibility.py in three words).
REACH = "case when p.is_whisper then 'few' when t.visibility in ('public', 'members') then t.visibility else 'few' end"

# What stands in thread `t` as its accepted answer `p`, and is somebody else's word than the asker's and the accepter's.
ACCEPTER = (
    "(select a.actor_id from thread_act a where a.thread_id = t.id and a.kind = 'accept'"
    " and a.data ->> 'number' = p.number::text order by a.id desc limit 1)"
)
MAY_EARN = "t.visibility <> 'author' and p.deleted_at is null"
IS_ACCEPTED = (
    f"coalesce(p.number = t.accepted_number, false) and {MAY_EARN} and not {own_thread('p.author_id')}"
    f" and not coalesce({same('p.author_id', ACCEPTER)}, false)"
)
IS_ANSWER = f"p.number > 1 and p.purpose = any({{answers}}) and {MAY_EARN} and not {own_thread('p.author_id')}"

SETTLE_ANSWER = f"""
select reputation_settle('answer:' || t.id || ':' || p.author_id, true, 'answer', p.author_id, t.project_id, t.id, p.id,
    t.author_id, {REACH}, coalesce($2, p.created_at), $3, $4, $5)
  from post p join thread t on t.id = p.thread_id where p.id = $1 and {IS_ANSWER.format(answers="$6::text[]")}
"""
SETTLE_REACTION = f"""
select reputation_settle($3 || ':' || p.id || ':' || $4::bigint,
    r.at is not null and {MAY_EARN} and not {same("p.author_id", "$4")}, $3, p.author_id, t.project_id, t.id, p.id, $4,
    {REACH}, coalesce($2, r.at, now()), $5, $6, $7)
  from post p join thread t on t.id = p.thread_id
  left join reaction r on r.post_id = p.id and r.person_id = $4 and r.kind = $3 where p.id = $1
"""
# The post that is accepted now, and those that were: an acceptance that moves takes the former one back. Whose points
# change is settled in the order of their ids, so that two threads that do so at once do not wait for each other.
SETTLE_ACCEPTANCE = f"""
select reputation_settle('accepted:' || s.id, s.stands, 'accepted', s.author_id, s.project_id, s.thread_id, s.id, s.asker,
    s.reach, coalesce($2, now()), $3, $4, $5)
  from (select p.id, p.author_id, p.thread_id, t.project_id, t.author_id as asker, {REACH} as reach,
               {IS_ACCEPTED} as stands
          from thread t join post p on p.thread_id = t.id
         where t.id = $1 and (p.number = t.accepted_number or p.id in (select e.post_id from reputation_event e
                where e.thread_id = $1 and e.kind = 'accepted'))
         order by p.author_id, p.id offset 0) s
"""


def figures(worth: Worth) -> tuple[int, int, int]:
    return worth.points, worth.a_day, worth.from_one


async def settle_answer(post: int) -> None:
    """A reply earns its author points, once a thread: somebody else asked, and it was sent as an answer."""
    await execute(SETTLE_ANSWER, post, _moment.get(), *figures(POINTS["answer"]), list(ANSWERS))


async def settle_reaction(post: int, person: int, kind: str) -> None:
    """The points of one person's reaction to a post: earned while it is there."""
    if kind in REACTIONS:
        await execute(SETTLE_REACTION, post, _moment.get(), kind, person, *figures(POINTS[kind]))


async def settle_acceptance(thread: int) -> None:
    """The points of a thread's accepted answer, and of those that were accepted before it."""
    await execute(SETTLE_ACCEPTANCE, thread, _moment.get(), *figures(POINTS["accepted"]))


# Every cause that the rows of threads from $1 on make, with what counts of it: as reputation_settle would, had it all
# happened one after another.
BACKFILL = f"""
with cause as (
    select * from (
        select distinct on (t.id, p.author_id) 'answer:' || t.id || ':' || p.author_id as cause, 'answer' as kind,
               p.author_id as person_id, t.project_id, t.id as thread_id, p.id as post_id, t.author_id as from_id,
               {REACH} as reach, p.created_at as at
          from post p join thread t on t.id = p.thread_id
         where t.id >= $1 and p.origin = 'local' and {IS_ANSWER.format(answers="$2::text[]")}
         order by t.id, p.author_id, p.number) a
    union all
    select r.kind || ':' || p.id || ':' || r.person_id, r.kind, p.author_id, t.project_id, t.id, p.id, r.person_id,
           {REACH}, r.at
      from reaction r join post p on p.id = r.post_id join thread t on t.id = p.thread_id
     where t.id >= $1 and r.kind = any($3::text[]) and {MAY_EARN} and not {same("p.author_id", "r.person_id")}
    union all
    select 'accepted:' || p.id, 'accepted', p.author_id, t.project_id, t.id, p.id, t.author_id, {REACH}, act.at
      from thread t join post p on p.thread_id = t.id and p.number = t.accepted_number
      join lateral (select a.at from thread_act a where a.thread_id = t.id and a.kind = 'accept' order by a.id desc
                     limit 1) act on true
     where t.id >= $1 and {IS_ACCEPTED}
), of_one as (
    select *, (at at time zone 'UTC')::date as day, row_number() over (partition by project_id, person_id, kind, reach,
               (at at time zone 'UTC')::date, from_id order by at, cause) as nth
      from cause
), of_day as (
    select o.*, w.points, w.a_day, w.from_one, count(*) filter (where nth <= w.from_one) over (
               partition by project_id, person_id, o.kind, reach, day order by at, cause) as counts
      from of_one o join unnest($4::text[], $5::integer[], $6::integer[], $7::integer[])
           w(kind, points, a_day, from_one) on w.kind = o.kind
)
insert into reputation_event (cause, turn, kind, person_id, project_id, thread_id, post_id, from_id, reach, points, stands,
    day, at)
select cause, 1, kind, person_id, project_id, thread_id, post_id, from_id, reach,
       case when nth <= from_one and counts <= a_day then points else 0 end, true, day, at
  from of_day order by at, cause
    on conflict (cause, turn) do nothing
"""


async def backfill(first_thread: int = 1) -> None:
    """Write the events of what stands in threads from this id on, for rows that no action wrote (a bulk load).

    For threads that have no events yet: what has some is passed over, and the limits of a day do not see them.
    """
    worth = [(kind, *figures(each)) for kind, each in POINTS.items()]
    await execute(
        BACKFILL, first_thread, list(ANSWERS), list(REACTIONS), *(list(column) for column in zip(*worth, strict=True))
    )
