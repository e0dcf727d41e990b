"""What the ledger's rows must be to each other, each a statement that lists where they are not (`haas ledger verify`)."""

from typing import Final

from payouts.ledger.rules import KEPT

KEPT_KINDS: Final = ", ".join(f"'{kind}'" for kind in sorted(KEPT))

# (what is wrong, SQL whose rows fill it), as forum/recount.py has them; each reads whole tables once. What is checked is
# what the database's own triggers keep: these find what was done with the triggers off, or to the files.
# Kept counters, which `haas doctor --recount` proves too.
COUNTERS: Final[tuple[tuple[str, str], ...]] = (
    (
        "entry {} of account {}: its balance is {}, replayed it is {}",
        "select id, account_id, balance, replayed from (select id, account_id, balance, sum(amount)"
        " over (partition by account_id order by at, id) as replayed from ledger_entry) e where balance <> replayed",
    ),
    (
        "account {}: its balance is {}, its entries sum to {}",
        "select a.id, a.balance, coalesce(e.total, 0) from ledger_account a left join (select account_id,"
        " sum(amount) as total from ledger_entry group by 1) e on e.account_id = a.id"
        " where a.balance <> coalesce(e.total, 0)",
    ),
    (
        "account {}: its last entry is of {}, it says {}",
        "select a.id, coalesce(e.at, '-infinity'), a.last_at from ledger_account a left join (select account_id,"
        " max(at) as at from ledger_entry group by 1) e on e.account_id = a.id"
        " where a.last_at <> coalesce(e.at, '-infinity')",
    ),
)
CHECKS: Final[tuple[tuple[str, str], ...]] = (
    *COUNTERS,
    (
        "entry {} of account {} is older than entry {} before it",
        "select id, account_id, before from (select id, account_id, at, lag(id) over w as before, lag(at) over w as was"
        " from ledger_entry window w as (partition by account_id order by id)) e where at < was",
    ),
    (
        "transaction {} does not balance: {} {} for {}",
        "select e.transaction_id, sum(e.amount), e.currency, coalesce('entity ' || a.entity_id, 'the site')"
        " from ledger_entry e join ledger_account a on a.id = e.account_id"
        " group by e.transaction_id, a.entity_id, e.currency having sum(e.amount) <> 0",
    ),
    (
        "transaction {} ({}) has no entries",
        "select t.id, t.key from ledger_transaction t left join ledger_entry e on e.transaction_id = t.id"
        " where e.id is null",
    ),
    (
        "entry {} belongs to transaction {}, which is not there",
        "select e.id, e.transaction_id from ledger_entry e left join ledger_transaction t on t.id = e.transaction_id"
        " where t.id is null",
    ),
    (
        "entry {} belongs to account {}, which is not there",
        "select e.id, e.account_id from ledger_entry e left join ledger_account a on a.id = e.account_id"
        " where a.id is null",
    ),
    (
        "entry {} is of another {} than its {}",
        "select e.id, case when e.currency <> a.currency then 'currency' when e.at <> t.at then 'time' else 'project' end,"
        " case when e.at <> t.at and e.currency = a.currency then 'transaction' else 'account' end"
        " from ledger_entry e join ledger_account a on a.id = e.account_id"
        " join ledger_transaction t on t.id = e.transaction_id"
        " where e.currency <> a.currency or e.at <> t.at or a.project_id <> t.project_id",
    ),
    (
        "entry {} overdraws account {} ({}) by {}",
        "select e.id, a.id, a.kind, e.balance from ledger_entry e join ledger_account a on a.id = e.account_id"
        " join ledger_transaction t on t.id = e.transaction_id"
        f" where a.kind in ({KEPT_KINDS}) and e.balance > 0 and e.amount > 0 and t.kind <> 'refund'",
    ),
    (
        "account {} is in the books of entity {}, to which project {} never belonged",
        "select a.id, a.entity_id, a.project_id from ledger_account a where a.entity_id is not null and not exists"
        " (select 1 from project_entity p where p.project_id = a.project_id and p.entity_id = a.entity_id)",
    ),
    (
        "project {} belongs to entity {}, its dated rows say {}",
        "select p.id, p.legal_entity_id, coalesce(e.entity_id::text, 'none') from project p left join lateral"
        " (select entity_id from project_entity where project_id = p.id order by since desc limit 1) e on true"
        " where e.entity_id is distinct from p.legal_entity_id",
    ),
)
