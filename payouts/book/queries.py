"""Reading the book: figures of a period, and its rows, each reader what they may see."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from forum.database.engine import Row, fetch, fetch_one
from forum.projects.roles import may
from forum.threads.visibility import visible_thread
from forum.web.errors import NotFound
from forum.web.reader import Reader
from payouts.book.rules import KINDS, Book, Period, Step, books_of, edge, steps_of
from payouts.ledger.queries import balances_before

A_FILE: Final = 1000

HEAD = """
select s.book, (select min(at) from ledger_transaction where project_id = $1) as since, n.*
  from selling s cross join lateral (
    select count(*) filter (where kind = 'bump') as bumps, count(*) filter (where kind = 'refund') as refunds
      from ledger_transaction where project_id = $1
       and at >= coalesce($2::timestamptz, '-infinity') and at < coalesce($3::timestamptz, 'infinity')) n
 where s.project_id = $1
"""


@dataclass(frozen=True)
class Shown:
    """The book of a period as a reader may see it: `rows` whether single movements are for them; how many bumps
    and refunds there were; whether money has moved at all, ever; the figures by currency."""

    period: Period
    rows: bool
    began: bool
    bumps: int
    refunds: int
    books: list[Book]


async def book_of(reader: Reader, project: int, period: Period, today: date) -> Shown:
    """The book of a project in a period. Two statements, which cost the same with a thousand entries and a million but
    for a count. Raises NotFound."""
    first, end = bounds(period)
    head = await fetch_one(HEAD, project, first, end)
    if head is None:
        raise NotFound
    steps: list[Step] = steps_of(period, head["since"], today)
    found: list[Book] = []
    if steps and head["since"] is not None:
        edges = [edge(step.first) for step in steps] + [edge(steps[-1].end)]
        found = books_of(steps, [tuple(row) for row in await balances_before(project, edges, KINDS)])
    return Shown(
        period,
        reader.is_team(project) or head["book"] == "rows",
        head["since"] is not None,
        head["bumps"],
        head["refunds"],
        found,
    )


def bounds(period: Period) -> tuple[datetime | None, datetime | None]:
    """The moments between which a period lies."""
    return (
        None if period.first is None else edge(period.first),
        None if period.end is None else edge(period.end),
    )


# One row a transaction and currency. Who paid and who was paid is for the team, and for these people themselves; a thread's
# title, and who paid for it, for who may see the thread. $8: whether the reader is of the team,
# $9: whether they sell, and so know who paid.
ROWS = f"""
with shown as (
    select t.id, t.kind, t.cause_id, t.at from ledger_transaction t
     where t.project_id = $1 and t.at >= coalesce($2::timestamptz, '-infinity') and t.at < coalesce($3::timestamptz, 'infinity')
       and ($4::timestamptz is null or (t.at, t.id) {{beyond}} ($4, $5::bigint))
     order by t.at {{order}}, t.id {{order}} limit $6
), moved as (
    select s.id, s.kind, s.cause_id, s.at, e.currency,
           coalesce(-sum(e.amount) filter (where a.kind = 'income'), 0)::bigint as net,
           coalesce(sum(e.amount) filter (where a.kind = 'fees'), 0)::bigint as fee,
           coalesce(-sum(e.amount) filter (where a.kind = 'tax'), 0)::bigint as tax,
           coalesce(-sum(e.amount) filter (where a.kind = 'pool'), 0)::bigint as pool,
           coalesce(-sum(e.amount) filter (where a.kind = 'kept'), 0)::bigint as kept,
           coalesce(sum(e.amount) filter (where a.kind = 'payable' and e.amount > 0), 0)::bigint as paid_out,
           coalesce(sum(abs(e.amount)) filter (where s.kind = 'settlement' and a.kind = 'cash' and a.entity_id is not null),
               0)::bigint as settled,
           min(a.person_id) filter (where s.kind = 'payout') as payee_id,
           count(a.person_id) filter (where s.kind = 'payout_run') as people
      from shown s join ledger_entry e on e.transaction_id = s.id join ledger_account a on a.id = e.account_id
     group by s.id, s.kind, s.cause_id, s.at, e.currency
)
select m.id, m.kind, m.cause_id, m.at, m.currency, m.net, m.fee, m.tax, m.pool, m.kept, m.paid_out, m.settled, m.people,
       t.id as thread_id, t.slug, t.title, b.id is not null as has_thread,
       w.username as who, w.name as who_name, coalesce(w.id = $7::bigint, false) as is_self
  from moved m
  left join bump b on m.kind in ('bump', 'refund') and b.id = m.cause_id
  left join ticket k on k.id = b.ticket_id
  left join thread t on t.id = k.thread_id and {visible_thread("t", "$7")}
  left join person w on w.id = coalesce(b.payer_id, m.payee_id)
       and (($8 and (b.id is null or t.id is not null)) or $9 or w.id = $7::bigint)
 order by m.at {{order}}, m.id {{order}}, m.currency
"""
LATEST = ROWS.format(beyond="<", order="desc")
OLDEST = ROWS.format(beyond=">", order="asc")


async def rows_of(
    reader: Reader, project: int, period: Period, *, behind: int | None = None, limit: int
) -> tuple[list[Row], int | None]:
    """The latest movements of a period, and the transaction behind which the list goes on, or none: (id, kind, cause_id,
    at, currency, net, fee, tax, pool, kept, paid_out, settled: minor units; people of a run; thread_id, slug, title where
    the reader may see the thread, has_thread; who, who_name of payer or paid where the reader may know, is_self). The
    caller has asked whether rows are for this reader. Two statements."""
    mark = await mark_of(project, behind)
    rows = await fetch(LATEST, project, *bounds(period), *mark, limit + 1, *knows(reader, project))
    numbers = list(dict.fromkeys(row["id"] for row in rows))
    if len(numbers) <= limit:
        return rows, None
    return [row for row in rows if row["id"] != numbers[-1]], numbers[-2]


def knows(reader: Reader, project: int) -> tuple[int | None, bool, bool]:
    """Who reads, and what they may know of who paid."""
    return reader.id, reader.is_team(project), may(reader, "sell", project)


async def mark_of(project: int, transaction: int | None) -> tuple[datetime | None, int | None]:
    """The place of a transaction in the order of its project. Raises NotFound for one that is not there."""
    if transaction is None:
        return None, None
    row = await fetch_one(
        "select at, id from ledger_transaction where id = $1 and project_id = $2", transaction, project
    )
    if row is None:
        raise NotFound
    return row["at"], row["id"]


async def all_rows(reader: Reader, project: int, period: Period) -> AsyncIterator[list[Row]]:
    """All movements of a period as `rows_of` has them, oldest first, a thousand at a time."""
    at: datetime | None = None
    number: int | None = None
    while True:
        rows = await fetch(OLDEST, project, *bounds(period), at, number, A_FILE, *knows(reader, project))
        if rows:
            yield rows
            at, number = rows[-1]["at"], rows[-1]["id"]
        if len({row["id"] for row in rows}) < A_FILE:
            return
