"""A project's income on its dashboard: by month and as it stands, every figure out of the ledger's rows."""

from datetime import UTC, date, datetime
from typing import Any

from forum.database.engine import Row, fetch
from forum.projects.roles import may
from forum.web import parts
from forum.web.requests import Request

MONTHS = 12

# A row a month, and one (its month null) for what the accounts hold now. Of every currency: a project has one, once money
# was paid in it.
INCOME = """
select m.month, m.currency, -m.income as income, m.fees, m.pooled, m.bumps, 0 as pool, 0 as owed, 0 as kept
  from (select date_trunc('month', t.at at time zone 'UTC')::date as month, e.currency,
               coalesce(sum(e.amount) filter (where a.kind = 'income'), 0)::bigint as income,
               coalesce(sum(e.amount) filter (where a.kind = 'fees'), 0)::bigint as fees,
               coalesce(sum(e.amount) filter (where a.kind = 'pooled'), 0)::bigint as pooled,
               count(distinct t.id) filter (where t.kind = 'bump') as bumps
          from ledger_transaction t join ledger_entry e on e.transaction_id = t.id
          join ledger_account a on a.id = e.account_id
         where t.project_id = $1 and t.at >= $2 and t.kind in ('bump', 'refund') and a.entity_id is not null
         group by 1, 2) m
union all
select null, a.currency, 0, 0, 0, 0, coalesce(-sum(a.balance) filter (where a.kind = 'pool'), 0)::bigint,
       coalesce(-sum(a.balance) filter (where a.kind = 'payable'), 0)::bigint,
       coalesce(-sum(a.balance) filter (where a.kind = 'kept'), 0)::bigint
  from ledger_account a where a.project_id = $1 and a.entity_id is not null group by a.currency
 order by month desc nulls first, currency
"""


def first_month(today: date) -> datetime:
    """The beginning of the first month that is shown."""
    n = today.year * 12 + today.month - MONTHS
    return datetime(n // 12, n % 12 + 1, 1, tzinfo=UTC)


async def income_of(project: int, today: date) -> tuple[list[Row], list[Row]]:
    """What the accounts hold now, a row a currency (pool, owed to people, kept by the project), and the months with
    movements, this one first (month, currency, income net, fees, pooled, bumps). One statement."""
    rows = await fetch(INCOME, project, first_month(today))
    return [row for row in rows if row["month"] is None], [row for row in rows if row["month"] is not None]


async def income(request: Request, project: Row, **_beside: Any) -> dict[str, Any]:
    """For the team the months, which the public book shows as well; what is in the pool and owed, for the owner."""
    held, months = await income_of(project["id"], datetime.now(UTC).date())
    most = max([row["income"] for row in months], default=0)
    return {
        "project": project,
        "held": held if may(request.reader, "pay_out", project["id"]) else [],
        "is_owner": may(request.reader, "pay_out", project["id"]),
        "months": [
            dict(row) | {"share": round(100 * max(row["income"], 0) / most, 1) if most > 0 else 0} for row in months
        ],
        "count": MONTHS,
    }


PART = parts.Part(income, "runs/dashboard.html")
