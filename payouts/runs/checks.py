"""What payout runs and their lines must be to the ledger, each a statement that lists where they are not."""

from typing import Final

# (what is wrong, SQL whose rows fill it), as payouts/ledger/checks.py has them.
CHECKS: Final[tuple[tuple[str, str], ...]] = (
    (
        "payout run {} is booked, {} transactions say so",
        "select r.id, count(t.id) from payout_run r left join ledger_transaction t on t.kind = 'payout_run'"
        " and t.cause_id = r.id where r.state = 'booked' group by 1 having count(t.id) <> 1",
    ),
    (
        "transaction {} books payout run {}, which is {}",
        "select t.id, t.cause_id, coalesce(r.state, 'not there') from ledger_transaction t"
        " left join payout_run r on r.id = t.cause_id where t.kind = 'payout_run' and r.state is distinct from 'booked'",
    ),
    (
        "transaction {} takes {} out of the pool, payout run {} divides {}",
        "select t.id, coalesce(e.taken, 0), r.id, r.pool from ledger_transaction t join payout_run r on r.id = t.cause_id"
        " left join (select e.transaction_id, sum(e.amount)::bigint as taken from ledger_entry e join ledger_account a"
        " on a.id = e.account_id and a.kind = 'pool' group by 1) e on e.transaction_id = t.id"
        " where t.kind = 'payout_run' and coalesce(e.taken, 0) <> r.pool",
    ),
    (
        "payout run {} gives person {} {} by its lines, {} by the ledger",
        "select coalesce(l.run_id, b.run_id), coalesce(l.person_id, b.person_id), coalesce(l.sum, 0), coalesce(b.sum, 0)"
        " from (select l.run_id, l.person_id, sum(l.amount)::bigint as sum from payout_line l join payout_run r"
        " on r.id = l.run_id and r.state = 'booked' where l.amount > 0 group by 1, 2) l"
        " full join (select t.cause_id as run_id, a.person_id, -sum(e.amount)::bigint as sum from ledger_transaction t"
        " join ledger_entry e on e.transaction_id = t.id join ledger_account a on a.id = e.account_id"
        " and a.kind in ('payable', 'kept') where t.kind = 'payout_run' group by 1, 2) b"
        " on b.run_id = l.run_id and b.person_id is not distinct from l.person_id where l.sum is distinct from b.sum",
    ),
    (
        "payout line {} is paid out, {} transactions of its amount say so",
        "select l.id, count(t.id) filter (where e.amount = -l.amount) from payout_line l left join ledger_transaction t"
        " on t.kind = 'payout' and t.cause_id = l.id left join (select e.transaction_id, e.amount from ledger_entry e"
        " join ledger_account a on a.id = e.account_id and a.kind = 'cash') e on e.transaction_id = t.id"
        " where l.paid_at is not null group by 1 having count(t.id) <> 1 or count(t.id) filter"
        " (where e.amount = -l.amount) <> 1",
    ),
    (
        "transaction {} pays line {}, which is {}",
        "select t.id, t.cause_id, case when l.id is null then 'not there' else 'not paid' end from ledger_transaction t"
        " left join payout_line l on l.id = t.cause_id where t.kind = 'payout' and l.paid_at is null",
    ),
)
