"""Reading policies, what a run would divide now, runs with their lines, and one person's payouts."""

from dataclasses import dataclass
from typing import Any

from forum.database.engine import Row, fetch, fetch_one, fetch_value
from forum.web.errors import NotFound
from payouts.runs.rules import Fixed, Line, Policy, Sharer, divide

A_PAGE = 50


async def policy_of(project: int) -> Policy:
    """A project's policy; one that never set any keeps nothing and has no fixed lines."""
    kept = await fetch_value("select kept from payout_policy where project_id = $1", project)
    rows = await fetch(
        "select person_id, label, amount from payout_fixed where project_id = $1 order by position", project
    )
    return Policy(kept or 0, tuple(Fixed(row["person_id"], row["label"], row["amount"]) for row in rows))


# Thanks that no run has divided for, the draft that another would replace left aside. What somebody wrote must stand still,
# and what was paid for it must not have gone back.
SHARERS = """
select a.id as person, min(x.at) as since, count(*) as bumps, sum(b.amount - g.net)::bigint as made,
       array_agg(x.bump_id order by x.bump_id, x.person_id) as bump_ids,
       array_agg(x.person_id order by x.bump_id, x.person_id) as person_ids
  from bump_thanks x join bump b on b.id = x.bump_id join person w on w.id = x.person_id
  join person a on a.id = coalesce(w.same_as, w.id)
  left join payout_run_thanks c on c.bump_id = x.bump_id and c.person_id = x.person_id
  left join payout_run r on r.id = c.run_id
  cross join lateral (select coalesce(sum(net), 0)::bigint as net from refund where bump_id = b.id) g
 where b.project_id = $1 and b.currency = $2 and b.state = 'paid' and b.amount > g.net and (c.run_id is null or r.state = 'draft')
   and a.kind = 'local' and a.disabled_at is null
   and exists (select 1 from ticket k join post p on p.thread_id = k.thread_id join person v on v.id = p.author_id
                where k.id = b.ticket_id and coalesce(v.same_as, v.id) = a.id and p.number > 1
                  and p.deleted_at is null and not p.is_whisper)
 group by a.id order by min(x.at), a.id
"""


@dataclass(frozen=True)
class Covered:
    """Those who share, and the thanks (bump, person) that a run for them covers."""

    sharers: list[Sharer]
    thanks: list[tuple[int, int]]


async def sharers_of(project: int, currency: str) -> Covered:
    """Everybody whose work made money that no run has divided yet."""
    rows = await fetch(SHARERS, project, currency)
    return Covered(
        [Sharer(row["person"], row["since"], row["bumps"], row["made"]) for row in rows],
        [pair for row in rows for pair in zip(row["bump_ids"], row["person_ids"], strict=True)],
    )


async def pool_of(project: Row) -> int:
    """What a project's pool holds now, in minor units of its currency; below 0 after a refund of what was divided."""
    held = await fetch_value(
        "select -balance from ledger_account where entity_id = $1 and project_id = $2 and kind = 'pool' and currency = $3",
        project["legal_entity_id"],
        project["id"],
        project["currency"],
    )
    return held or 0


@dataclass(frozen=True)
class Proposal:
    """What a run drafted now would be: the pool, the kept share, its lines (none where there is nothing to divide)."""

    pool: int
    kept: int
    lines: list[Line]


async def proposal_of(project: Row, policy: Policy | None = None) -> Proposal:
    """What a run would be now, under the project's policy or another one."""
    policy = policy or await policy_of(project["id"])
    pool = await pool_of(project)
    covered = await sharers_of(project["id"], project["currency"])
    return Proposal(pool, policy.kept, divide(pool, policy, covered.sharers) if pool > 0 else [])


# The books of the entity as far as runs move them, and what of the pool nobody has earned yet.
FIGURES = """
select coalesce(-sum(a.balance) filter (where a.kind = 'pool'), 0)::bigint as pool,
       coalesce(-sum(a.balance) filter (where a.kind = 'payable'), 0)::bigint as payable,
       coalesce(-sum(a.balance) filter (where a.kind = 'kept'), 0)::bigint as kept,
       (select coalesce(sum(e.amount), 0)::bigint from ledger_transaction t
          join ledger_entry e on e.transaction_id = t.id join ledger_account x on x.id = e.account_id
         where t.project_id = $2 and t.kind = 'payout' and x.kind = 'payable' and x.entity_id = $1 and x.currency = $3)
           as paid_out,
       (select coalesce(sum(b.amount - b.fee - (select coalesce(sum(r.net - r.fee), 0) from refund r
                                                 where r.bump_id = b.id)), 0)::bigint from bump b where b.project_id = $2 and b.currency = $3
           and b.state = 'paid' and not exists (select 1 from bump_thanks x where x.bump_id = b.id)
           -- a run divided all that was in the pool when it was drafted
           and b.paid_at > coalesce((select max(r.drafted_at) from payout_run r
                                      where r.project_id = $2 and r.state = 'booked'), '-infinity')) as unanswered
  from ledger_account a where a.entity_id = $1 and a.project_id = $2 and a.currency = $3
"""


async def figures_of(project: Row) -> Row:
    """(pool, payable, kept, paid_out, unanswered): what the ledger says of a project's pool, what is owed to people, what
    stayed with the project, what was paid out; and what of the pool was paid for tickets nobody has answered yet."""
    row = await fetch_one(FIGURES, project["legal_entity_id"], project["id"], project["currency"])
    assert row is not None
    return row


RUN = """
select r.*, coalesce(nullif(d.name, ''), d.username) as drafter, coalesce(nullif(a.name, ''), a.username) as approver,
       coalesce(nullif(b.name, ''), b.username) as booker, coalesce(nullif(c.name, ''), c.username) as canceller,
       l.people, l.owed
  from payout_run r join person d on d.id = r.drafted_by left join person a on a.id = r.approved_by
  left join person b on b.id = r.booked_by left join person c on c.id = r.cancelled_by
  join lateral (select count(distinct x.person_id) as people,
                       coalesce(sum(x.amount) filter (where x.person_id is not null and x.paid_at is null), 0)::bigint as owed
                  from payout_line x where x.run_id = r.id) l on true
"""


async def runs_of(project: int, *, below: int | None = None, limit: int = A_PAGE) -> list[Row]:
    """A project's runs, the latest first, with who did what, how many people they divided among and what of them is still
    to be paid out (`owed`)."""
    return await fetch(
        f"{RUN} where r.project_id = $1 and ($2::bigint is null or r.id < $2) order by r.id desc limit $3",
        project,
        below,
        limit,
    )


async def run_of(project: int, run: int) -> Row:
    """One run of a project, as `runs_of` gives it. Raises NotFound."""
    row = await fetch_one(f"{RUN} where r.project_id = $1 and r.id = $2", project, run)
    if row is None:
        raise NotFound
    return row


async def open_run(project: int) -> Row | None:
    """The run that is drafted or approved and not booked yet, if there is one."""
    return await fetch_one(f"{RUN} where r.project_id = $1 and r.state in ('draft', 'approved')", project)


async def lines_of(runs: list[int]) -> dict[int, list[Row]]:
    """The lines of runs, in their order, with the username and name of each person; those of all runs by one statement."""
    rows = await fetch(
        "select l.*, w.username, coalesce(nullif(w.name, ''), w.username) as name from payout_line l"
        " left join person w on w.id = l.person_id where l.run_id = any($1) order by l.run_id, l.position",
        runs,
    )
    found: dict[int, list[Row]] = {run: [] for run in runs}
    for row in rows:
        found[row["run_id"]].append(row)
    return found


def line_in(row: Row) -> Line:
    """The rule's line out of a row."""
    told: dict[str, Any] = {name: row[name] for name in ("kind", "amount", "label", "wanted", "bumps", "made")}
    return Line(person=row["person_id"], **told)


async def names_of(people: list[int]) -> dict[int, Row]:
    """(username, name) by id."""
    rows = await fetch(
        "select id, username, coalesce(nullif(name, ''), username) as name from person where id = any($1)", people
    )
    return {row["id"]: row for row in rows}


async def payees_named(usernames: list[str]) -> dict[str, int]:
    """The people with an account behind these usernames, by the name in lower case; who has none is left out."""
    rows = await fetch(
        "select id, lower(username) as username from person where lower(username) = any($1) and kind = 'local'"
        " and disabled_at is null and same_as is null",
        [name.lower() for name in usernames],
    )
    return {row["username"]: row["id"] for row in rows}


async def payouts_of(person: int, *, below: int | None = None) -> list[Row]:
    """The lines of booked runs that gave somebody something, the latest first, one more than a page holds."""
    return await fetch(
        "select l.*, r.currency, r.pool, r.kept, r.booked_at, j.name as project, j.slug as project_slug"
        " from payout_line l join payout_run r on r.id = l.run_id join project j on j.id = r.project_id"
        " where l.person_id = $1 and r.state = 'booked' and l.amount > 0 and ($2::bigint is null or l.id < $2)"
        " order by l.id desc limit $3",
        person,
        below,
        A_PAGE + 1,
    )


async def sums_of(person: int) -> list[Row]:
    """What runs gave somebody, by currency: (currency, given, paid)."""
    return await fetch(
        "select r.currency, sum(l.amount)::bigint as given, coalesce(sum(l.amount) filter (where l.paid_at is not null), 0)"
        "::bigint as paid from payout_line l join payout_run r on r.id = l.run_id"
        " where l.person_id = $1 and r.state = 'booked' group by r.currency order by 1",
        person,
    )
