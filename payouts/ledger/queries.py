"""Reading the ledger: what accounts held at any time."""

from collections.abc import Sequence
from datetime import datetime

from forum.database.engine import Row, fetch
from payouts.ledger.rules import Kind

# Each account's last entry before each edge: one look into an index, however many entries it has.
BEFORE = """
select a.currency, a.kind, m.n::integer as n, sum(b.balance)::bigint as balance
  from ledger_account a cross join unnest($2::timestamptz[]) with ordinality m(edge, n)
 cross join lateral (select e.balance from ledger_entry e where e.account_id = a.id and e.at < m.edge
                      order by e.at desc, e.id desc limit 1) b
 where a.project_id = $1 and a.entity_id is not null and a.kind = any($3) group by 1, 2, 3
"""


async def balances_before(project: int, edges: Sequence[datetime], kinds: Sequence[Kind]) -> list[Row]:
    """What the accounts of these kinds in the entities' books of a project held just before each of the times:
    (currency, kind, n: which edge, from 1, balance: minor units, debits above 0), one row for all accounts of a kind
    and none where nothing had moved. One statement."""
    return await fetch(BEFORE, project, list(edges), list(kinds))
