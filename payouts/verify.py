"""`haas ledger verify`: replays every entry, and holds bumps, invoices, refunds, ranks and payouts against what was booked."""

from dataclasses import dataclass
from typing import Any, Final

from forum.database.engine import execute, fetch, fetch_one, transaction
from payouts.bumps.actions import RANK_MOST
from payouts.bumps.rules import METHODS
from payouts.ledger.checks import CHECKS as LEDGER
from payouts.runs.checks import CHECKS as RUNS

# Faults told of one kind.
TOLD: Final = 1000
SITE_RECEIVES: Final = ", ".join(f"'{name}'" for name, method in METHODS.items() if method.receiver == "site") or "''"

# What each paid bump put into the accounts of its kind, of whoever's books.
BOOKED = """
select t.id, t.project_id, t.cause_id, t.key, min(e.currency) as currency, count(distinct e.currency) as currencies,
       array[-sum(e.amount) filter (where a.kind = 'income'), -sum(e.amount) filter (where a.kind = 'tax'),
       sum(e.amount) filter (where a.kind = 'fees'), -sum(e.amount) filter (where a.kind = 'fee_income'),
       sum(e.amount) filter (where a.kind = 'pooled'), -sum(e.amount) filter (where a.kind = 'pool'),
       sum(e.amount) filter (where a.kind = 'cash' and a.entity_id is not null),
       sum(e.amount) filter (where a.kind = 'cash' and a.entity_id is null)]::bigint[] as figures
  from ledger_transaction t join ledger_entry e on e.transaction_id = t.id join ledger_account a on a.id = e.account_id
 where t.kind = 'bump' group by t.id
"""
BUMPS: Final[tuple[tuple[str, str], ...]] = (
    (
        "bump {} is paid and not booked",
        "select b.id from bump b where b.state = 'paid' and not exists"
        " (select 1 from ledger_transaction t where t.kind = 'bump' and t.cause_id = b.id)",
    ),
    (
        "transaction {} books bump {}, which is {}",
        "select t.id, t.cause_id, coalesce(b.state, 'not there') from ledger_transaction t"
        " left join bump b on b.id = t.cause_id where t.kind = 'bump' and b.state is distinct from 'paid'",
    ),
    (
        "bump {} is booked {} times",
        "select cause_id, count(*) from ledger_transaction where kind = 'bump' group by 1 having count(*) > 1",
    ),
    (
        "transaction {} books bump {} with other figures (net, tax, fee, fee of the site, put by, into the pool, cash"
        " of the entity, cash of the site): {}, it says {}",
        "select id, bump, booked::text, says::text from (select t.id, b.id as bump, t.figures as booked, array[b.amount,"
        " nullif(b.tax, 0), nullif(b.fee, 0), nullif(b.fee, 0), nullif(b.amount - b.fee, 0), nullif(b.amount - b.fee, 0),"
        f" case when b.method not in ({SITE_RECEIVES}) then b.amount + b.tax end,"
        f" case when b.method in ({SITE_RECEIVES}) then b.amount + b.tax end]::bigint[] as says"
        f" from ({BOOKED}) t join bump b on b.id = t.cause_id) f where booked is distinct from says",
    ),
    (
        "transaction {} books bump {} as one of project {} in {}, it is of project {} in {}",
        "select t.id, b.id, t.project_id, t.currency, b.project_id, b.currency"
        f" from ({BOOKED}) t join bump b on b.id = t.cause_id"
        " where t.project_id <> b.project_id or t.currency <> b.currency or t.currencies <> 1",
    ),
    (
        "bump {} is paid and has no invoice",
        "select b.id from bump b where b.state = 'paid' and not exists (select 1 from invoice i where i.bump_id = b.id)",
    ),
    (
        "invoice {} is for bump {}, which is {}",
        "select i.label, i.bump_id, coalesce(b.state, 'not there') from invoice i left join bump b on b.id = i.bump_id"
        " where b.state is distinct from 'paid'",
    ),
    (
        "invoice {} has other figures (project, buyer, currency, net, rate, tax, discount) than bump {}: {}, it says {}",
        "select * from (select i.label, b.id,"
        " (i.project_id, i.buyer_id, i.currency, i.net, i.tax_rate, i.tax, i.discount)::text as invoiced,"
        " (b.project_id, b.payer_id, b.currency, b.amount, b.tax_rate, b.tax, b.discount)::text as says"
        " from invoice i join bump b on b.id = i.bump_id) f where invoiced <> says",
    ),
    (
        "invoices of entity {} are numbered to {}, there are {}, the counter says {}",
        "select coalesce(i.entity_id, c.entity_id), coalesce(i.most, 0), coalesce(i.n, 0), coalesce(c.last, 0)"
        " from (select entity_id, max(number) as most, count(distinct number) as n from invoice group by 1) i"
        " full join invoice_counter c on c.entity_id = i.entity_id"
        " where not (coalesce(i.most, 0) = coalesce(i.n, 0) and coalesce(i.n, 0) = coalesce(c.last, 0))",
    ),
)
# What each refund took out of the accounts of its kind, of whoever's books.
GIVEN_BACK = """
select t.id, t.key, t.cause_id, coalesce(sum(e.amount) filter (where a.kind = 'income'), 0)::bigint as net,
       coalesce(sum(e.amount) filter (where a.kind = 'tax'), 0)::bigint as tax,
       coalesce(sum(e.amount) filter (where a.kind = 'fee_income'), 0)::bigint as fee,
       -coalesce(sum(e.amount) filter (where a.kind = 'cash'), 0)::bigint as cash
  from ledger_transaction t join ledger_entry e on e.transaction_id = t.id join ledger_account a on a.id = e.account_id
 where t.kind = 'refund' group by t.id
"""
REFUNDS: Final[tuple[tuple[str, str], ...]] = (
    (
        "transaction {} ({}) gives back what no refund tells of",
        "select t.id, t.key from ledger_transaction t left join refund r on r.transaction_id = t.id"
        " where t.kind = 'refund' and r.id is null",
    ),
    (
        "refund {} of bump {} is not booked",
        "select r.provider_id, r.bump_id from refund r left join ledger_transaction t on t.id = r.transaction_id"
        " and t.kind = 'refund' and t.cause_id = r.bump_id where t.id is null",
    ),
    (
        "transaction {} books refund {} with other figures (net, tax, fee, cash): {}, it says {}",
        "select * from (select t.id, r.provider_id, (t.net, t.tax, t.fee, t.cash)::text as booked,"
        " (r.net, r.tax, r.fee, r.net + r.tax)::text as says"
        f" from ({GIVEN_BACK}) t join refund r on r.transaction_id = t.id) f where booked <> says",
    ),
    (
        "bump {} gave back {} of {} that were paid",
        "select b.id, sum(r.net + r.tax), case when b.state = 'paid' then b.amount + b.tax else 0 end as paid"
        " from refund r join bump b on b.id = r.bump_id group by b.id"
        " having sum(r.net + r.tax) > case when b.state = 'paid' then b.amount + b.tax else 0 end",
    ),
)
# Also among what `haas doctor --recount` proves. Refunds are booked with the bump as their cause.
RANKS: Final[tuple[tuple[str, str], ...]] = (
    (
        "ticket {}: rank_amount is {}, its paid bumps less refunds are {}",
        # a merged ticket's bumps count where it stands
        "with recursive root(id, at) as (select id, id from ticket where merged_into is null union all"
        " select k.id, r.at from ticket k join root r on r.id = k.merged_into)"
        " select k.id, k.rank_amount, coalesce(b.total, 0) from ticket k full join (select x.at as ticket_id,"
        f" least(sum(bump_counts(b.amount, b.discount, coalesce(r.back, 0))), {RANK_MOST}) as total from bump b join root x on x.id = b.ticket_id left join"
        " (select t.cause_id, sum(e.amount) as back from ledger_transaction t join ledger_entry e on e.transaction_id = t.id"
        " join ledger_account a on a.id = e.account_id and a.kind = 'income' where t.kind = 'refund' group by 1) r"
        " on r.cause_id = b.id where b.state = 'paid' group by 1) b on b.ticket_id = k.id"
        " where k.rank_amount is distinct from coalesce(b.total, 0)",
    ),
)
CHECKS: Final = (*LEDGER, *BUMPS, *REFUNDS, *RANKS, *RUNS)


@dataclass(frozen=True)
class Verified:
    """How much was replayed, and one line for each thing that is wrong."""

    transactions: int
    entries: int
    accounts: int
    wrong: list[str]


async def verify() -> Verified:
    """Every check over one snapshot of the site, which goes on meanwhile: nobody is made to wait."""
    async with transaction():
        await execute("set transaction isolation level repeatable read, read only")
        # whole tables are sorted and added up
        await execute("set local work_mem = '128MB'")
        await execute("set local statement_timeout = 0")
        counted = await fetch_one(
            "select (select count(*) from ledger_transaction), (select count(*) from ledger_entry),"
            " (select count(*) from ledger_account)"
        )
        assert counted is not None
        wrong: list[str] = []
        for says, sql in CHECKS:
            wrong += told(says, await fetch(f"{sql} limit {TOLD + 1}"))
    transactions, entries, accounts = counted
    return Verified(transactions, entries, accounts, wrong)


def told(says: str, rows: list[Any]) -> list[str]:
    """The rows of one check as lines, at most TOLD of them."""
    lines = [says.format(*row) for row in rows[:TOLD]]
    return lines + ([f"and more of this kind: {says}"] if len(rows) > TOLD else [])
