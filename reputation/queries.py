"""Reading reputation: the board of a project, the rows behind a figure, a person's points by project."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from forum.database.engine import Row, fetch, fetch_one
from forum.threads.visibility import visible_post, visible_thread
from forum.web.reader import Reader
from reputation.rules import Period, last_months

A_PAGE = 30
MONTHS_DRAWN = 12

# Whose totals are one person's: their own, and those of the placeholders they claimed.
WHOSE = "(select w.id from person w where {0} in (w.id, w.same_as))"

# The first of the board below a place of it. Whoever claimed nobody has one total, whose index is walked as far as the
# page reaches; the few who did are added up and sorted in. So the board costs the same with a thousand events and with
# a million. $1 project, $2 period, $3 points and $4 person of the last one before (or null), $5 how many.
BOARD = """
with claimed as materialized (
    select c.person_id, c.points + coalesce(o.{points}, 0) as points, c.accepted + coalesce(o.{accepted}, 0) as accepted
      from (select p.same_as as person_id, sum(t.{points}) as points, sum(t.{accepted}) as accepted
              from person p join reputation_total t on t.project_id = $1 and t.person_id = p.id and t.period = $2
             where p.same_as is not null group by 1) c
      left join reputation_total o on o.project_id = $1 and o.person_id = c.person_id and o.period = $2
), single as (
    select t.person_id, t.{points}::bigint as points, t.{accepted}::bigint as accepted
      from reputation_total t join person p on p.id = t.person_id
     where t.project_id = $1 and t.period = $2 and t.{points} > 0 and p.same_as is null and p.disabled_at is null
       and t.person_id not in (select person_id from claimed)
       and {single}
     order by t.{points} desc, t.person_id limit $5
), board as (
    select * from single
    union all
    select * from claimed where points > 0 and {merged}
)
select b.person_id as id, b.points, b.accepted, p.username, coalesce(nullif(p.name, ''), p.username) as name, p.kind, m.role
  from board b join person p on p.id = b.person_id and p.disabled_at is null
  left join project_member m on m.project_id = $1 and m.person_id = b.person_id
 order by b.points desc, b.person_id limit $5
"""
COLUMNS = {False: ("points", "accepted"), True: ("member_points", "member_accepted")}
FIRST = "($3::bigint is null and $4::bigint is null)"
BEHIND = "({0} <= $3::bigint and ({0} < $3 or {1} > $4::bigint))"


def board_sql(*, member: bool, first: bool) -> str:
    """The board for guests, or for who is signed in: they hear of more, and of nothing else that few may read."""
    points, accepted = COLUMNS[member]
    single, merged = (
        (FIRST, FIRST) if first else (BEHIND.format(f"t.{points}", "t.person_id"), BEHIND.format("points", "person_id"))
    )
    return BOARD.format(points=points, accepted=accepted, single=single, merged=merged)


BOARDS = {(member, first): board_sql(member=member, first=first) for member in (False, True) for first in (False, True)}


@dataclass(frozen=True)
class Below:
    """Where a board goes on: below somebody's points, how many stood before, and how many points the first has."""

    points: int
    person: int
    before: int
    most: int

    def __str__(self) -> str:
        return f"{self.points}-{self.person}-{self.before}-{self.most}"


def asked_below(text: str) -> Below | None:
    """What `str(Below)` wrote. Raises ValueError for what it did not; None for nothing."""
    if not text:
        return None
    parts = text.split("-")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise ValueError(text)
    return Below(*map(int, parts))


async def board_of(
    reader: Reader, project: int, period: Period, *, below: Below | None = None, limit: int = A_PAGE
) -> tuple[list[Row], Below | None]:
    """Who has points in a period, most first: (id, username, name, kind, role or null, points, accepted), and where it
    goes on. Disabled people are left out; who claimed placeholders has their points. One statement."""
    rows = await fetch(
        BOARDS[reader.is_signed_in, below is None],
        project,
        period.key,
        below.points if below else None,
        below.person if below else None,
        limit + 1,
    )
    shown, more = rows[:limit], len(rows) > limit
    if not more:
        return shown, None
    before, most = (below.before, below.most) if below else (0, shown[0]["points"])
    return shown, Below(shown[-1]["points"], shown[-1]["id"], before + len(shown), most)


async def points_by_month(reader: Reader, project: int, people: Sequence[int], today: date) -> dict[int, list[int]]:
    """The points of each of these people in each of the last twelve months, this one last. One statement."""
    points, _accepted = COLUMNS[reader.is_signed_in]
    rows = await fetch(
        f"select o.id, array_agg(array_position($3::text[], t.period)) as months, array_agg(t.{points}) as points"
        " from unnest($2::bigint[]) o(id) join person w on w.id = o.id or w.same_as = o.id"
        " join reputation_total t on t.project_id = $1 and t.person_id = w.id and t.period = any($3) group by 1",
        project,
        list(people),
        last_months(today, MONTHS_DRAWN),
    )
    found = {person: [0] * MONTHS_DRAWN for person in people}
    for row in rows:
        for month, earned in zip(row["months"], row["points"], strict=True):
            found[row["id"]][month - 1] += earned
    return found


SUPPORTER = f"""
select a.id, a.username, coalesce(nullif(a.name, ''), a.username) as name, a.kind, m.role,
       (select s.username from person s where s.id = a.same_as) as claimed_by,
       (select coalesce(sum({{points}}), 0)::bigint from reputation_total t
         where t.project_id = $2 and t.person_id in {WHOSE.format("a.id")} and t.period = $3) as points,
       (select coalesce(sum({{accepted}}), 0)::bigint from reputation_total t
         where t.project_id = $2 and t.person_id in {WHOSE.format("a.id")} and t.period = $3) as accepted
  from person a left join project_member m on m.project_id = $2 and m.person_id = a.id
 where lower(a.username) = lower($1) and a.disabled_at is null
"""


async def supporter_of(reader: Reader, project: int, username: str, period: Period) -> Row | None:
    """A person with their points in a period of a project: (id, username, name, kind, role, claimed_by, points,
    accepted); None where nobody has this name or their account is closed."""
    points, accepted = COLUMNS[reader.is_signed_in]
    return await fetch_one(SUPPORTER.format(points=points, accepted=accepted), username, project, period.key)


# A row counts for this reader's figures where everybody like them could see the place when it happened; rows from
# elsewhere are shown to those who may see that place, beside the figures.
EVENTS = f"""
select e.id, e.kind, e.points, e.stands, e.day, e.at, e.reach = any($5) as counts,
       e.stands and e.turn > 1 and exists (select 1 from reputation_event b where b.cause = e.cause
            and b.turn = e.turn - 1 and b.stands) as is_lift,
       case when v.seen then t.id end as thread_id, case when v.seen then t.slug end as slug,
       case when v.seen then t.title end as title, case when v.seen then p.number end as number
  from reputation_event e
  join thread t on t.id = e.thread_id
  join post p on p.id = e.post_id
  cross join lateral (select {visible_thread("t", "$3")} and {visible_post("p", "t", "$3")} as seen) v
 where e.project_id = $1 and e.person_id in {WHOSE.format("$2")}
   and ($4::date is null or e.day >= $4) and ($6::date is null or e.day < $6)
   and (e.reach = any($5) or v.seen)
   and ($7::date is null or (e.day, e.id) < ($7, $8::bigint))
 order by e.day desc, e.id desc limit $9
"""


async def events_of(
    reader: Reader, project: int, person: int, period: Period, *, below: tuple[date, int] | None = None, limit: int
) -> list[Row]:
    """The rows behind a person's points, latest first: (id, kind, points, stands, day, at, counts, is_lift; thread_id,
    slug, title and number of the post, null where the reader may not see it). `counts`: part of the figure."""
    reach = ["public", "members"] if reader.is_signed_in else ["public"]
    day, number = below or (None, None)
    return await fetch(EVENTS, project, person, reader.id, period.first, reach, period.end, day, number, limit)


async def points_of(reader: Reader, person: int) -> list[Row]:
    """A person's points by project, most first: (id, slug, name, points)."""
    points, _accepted = COLUMNS[reader.is_signed_in]
    return await fetch(
        f"select p.id, p.slug, p.name, sum(t.{points})::bigint as points from reputation_total t"
        f" join project p on p.id = t.project_id where t.person_id in {WHOSE.format('$1')} and t.period = 'all'"
        f" group by p.id having sum(t.{points}) > 0 order by 4 desc, p.id limit 20",
        person,
    )


# For `haas doctor --recount`, as forum/recount.py has them: whose rows are (what, kept, counted).
CHECKS: tuple[tuple[str, str], ...] = (
    (
        "points of {} (points, for members, accepted, for members) are {}, their events say {}",
        "select format('person %s in project %s, %s', coalesce(t.person_id, c.person_id),"
        " coalesce(t.project_id, c.project_id), coalesce(t.period, c.period)),"
        " (t.points, t.member_points, t.accepted, t.member_accepted)::text,"
        " (c.points, c.member_points, c.accepted, c.member_accepted)::text"
        " from reputation_total t full join reputation_counted c using (project_id, person_id, period)"
        " where (coalesce(t.points, 0), coalesce(t.member_points, 0), coalesce(t.accepted, 0),"
        " coalesce(t.member_accepted, 0)) <> (coalesce(c.points, 0), coalesce(c.member_points, 0),"
        " coalesce(c.accepted, 0), coalesce(c.member_accepted, 0))",
    ),
    (
        "points for {} are {}, though it was taken back: {}",
        "select cause, sum(points), max(turn) from reputation_event group by cause"
        " having sum(points) <> 0 and not (array_agg(stands order by turn desc))[1]",
    ),
)
