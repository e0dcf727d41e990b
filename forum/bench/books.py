"""The rows of the ledger: verifying a million entries, and posting beside three bare inserts of the same run."""

import time
from itertools import count

import asyncpg

from forum.bench.databases import BOOKS, Databases
from forum.bench.rows import Row, row
from forum.database.engine import connect, disconnect, transaction
from payouts.bumps.rules import METHODS, entries_of, price_of
from payouts.ledger.actions import post_transaction
from payouts.verify import verify

PROJECTS, TICKETS, BUMPS = 10, 1_000, 125_000
ENTRIES = 8 * BUMPS
ROUNDS, SECONDS = 5, 1.0

# Ten projects whose bumps were paid by bank transfer, two a minute in turns, each with its transaction of eight entries, its
# invoice and its part of a ticket's rank. Laid down as they would have been booked; the row that verifies them proves it.
FILL = f"""
set session_replication_role = replica;
set work_mem = '256MB';
insert into person (username) values ('payer');
insert into legal_entity (name) select 'Entity ' || n from generate_series(1, {PROJECTS}) n;
insert into project (slug, name, legal_entity_id) select 'p' || n, 'Project ' || n, n from generate_series(1, {PROJECTS}) n;
insert into project_entity (project_id, entity_id) select id, legal_entity_id from project;
insert into bump (ticket_id, project_id, payer_id, amount, tax_rate, tax, fee, currency, method, reference, key, state, paid_at)
select 1 + n % {TICKETS}, 1 + n % {TICKETS} % {PROJECTS}, 1, net, 0, 0, (net * 500 + 5000) / 10000, 'EUR', 'offline',
    'B-' || n, gen_random_uuid(), 'paid', now() - ({BUMPS} - n + 1) * interval '30 s'
from generate_series(1, {BUMPS}) n, lateral (select 5000 + n::bigint * 7919 % 9000 as net) a;
insert into ticket (project_id, thread_id, state, capacity, rank_amount, waiting_since, submitted_at)
select min(project_id), ticket_id, 'waiting', 'personal', sum(amount), now(), now() from bump group by ticket_id order by ticket_id;
insert into invoice (entity_id, number, label, project_id, bump_id, buyer_id, seller, seller_tax_number, billed_to,
    buyer_tax_number, currency, net, tax_rate, tax, total)
select project_id, row_number() over (partition by project_id order by id), 'I-' || id, project_id, id, 1, '', '', '', '', 'EUR',
    amount, 0, 0, amount from bump;
insert into invoice_counter (entity_id, last) select entity_id, max(number) from invoice group by 1;
insert into ledger_account (entity_id, project_id, kind, currency)
select case when kind in ('fee_income', 'due_from_entity') then null else p.id end, p.id, kind, 'EUR' from project p,
    unnest(array['income', 'fees', 'pooled', 'pool', 'cash', 'due_to_site', 'fee_income', 'due_from_entity']) kind;
insert into ledger_transaction (id, project_id, kind, cause_id, key, content, at)
select id, project_id, 'bump', id, 'bump:' || id, '', paid_at from bump;
insert into ledger_entry (transaction_id, account_id, currency, amount, balance, at)
select b.id, a.id, 'EUR', m.amount, sum(m.amount) over (partition by a.id order by b.id), b.paid_at
from bump b join ledger_account a on a.project_id = b.project_id, lateral (select case a.kind when 'income' then -b.amount
    when 'cash' then b.amount when 'pooled' then b.amount - b.fee when 'pool' then b.fee - b.amount
    when 'fees' then b.fee when 'due_from_entity' then b.fee else -b.fee end as amount) m order by b.id, a.id;
update ledger_account a set balance = e.balance, last_at = e.at from (select distinct on (account_id) account_id, balance, at
    from ledger_entry order by account_id, id desc) e where e.account_id = a.id;
select setval(pg_get_serial_sequence('ledger_transaction', 'id'), {BUMPS});
"""
# The same columns, keys and foreign keys, and nothing that looks at them.
BARE = """
create table bare_transaction (like ledger_transaction including defaults including identity including indexes);
alter table bare_transaction add foreign key (project_id) references project, add foreign key (actor_id) references person;
create table bare_entry (like ledger_entry including defaults including identity including indexes);
alter table bare_entry add foreign key (transaction_id) references bare_transaction,
    add foreign key (account_id, currency) references ledger_account (id, currency);
"""
BARE_TRANSACTION = """
insert into bare_transaction (project_id, kind, cause_id, key, content) values ($1, 'bump', $2, $3, $3) returning id, at
"""
BARE_ENTRY = """
insert into bare_entry (transaction_id, account_id, currency, amount, balance, at) values ($1, $2, 'EUR', $3, $3, $4)
"""


async def verify_row(databases: Databases) -> Row:
    """Seconds of `haas ledger verify` over a million entries, from its first statement to its last."""
    await databases.ensure_books(FILL)
    await connect(databases.url(BOOKS), size=2)
    try:
        began = time.perf_counter()
        found = await verify()
        took = time.perf_counter() - began
    finally:
        await disconnect()
    if found.wrong or found.entries != ENTRIES:
        raise RuntimeError(f"{found.entries} entries, {found.wrong[:1]}")
    return row("ledger_verify_1m_s", took)


async def post_row(databases: Databases) -> Row:
    """Transactions a second that `post_transaction` writes for a bump (eight entries), one after the other, and those of
    begin, three inserts and commit on bare asyncpg, by turns; both into the ledger of a million entries."""
    await databases.ensure_books(FILL)
    url = await databases.copy_books()
    await connect(url, size=2)
    bare = await asyncpg.connect(url)
    try:
        await bare.execute(BARE)
        numbers = count(BUMPS + 1)
        ours, floors = 0.0, 0.0
        for n in range(ROUNDS + 1):
            posted, inserted = await post_for(SECONDS, numbers), await insert_for(SECONDS, bare, numbers)
            if n:  # the first round prepares the statements
                ours, floors = ours + posted / ROUNDS, floors + inserted / ROUNDS
        # what was posted here is of no bumps; nothing else may be wrong with it
        wrong = [line for line in (await verify()).wrong if "books bump" not in line]
        if wrong:
            raise RuntimeError(wrong[0])
        return row("ledger_post", ours, floors)
    finally:
        await bare.close()
        await disconnect()
        await databases.drop_books()


async def post_for(seconds: float, numbers: "count[int]") -> float:
    """Posts a second."""
    price = price_of(5000, 0)
    done, began = 0, time.perf_counter()
    while (now := time.perf_counter()) - began < seconds:
        number = next(numbers)
        project = 1 + number % PROJECTS
        async with transaction():
            await post_transaction(
                f"bump:{number}",
                project=project,
                cause=("bump", number),
                currency="EUR",
                entries=entries_of(price, METHODS["offline"], project),
            )
        done += 1
    return done / (now - began)


async def insert_for(seconds: float, bare: asyncpg.Connection, numbers: "count[int]") -> float:
    """The same of three inserts."""
    done, began = 0, time.perf_counter()
    while (now := time.perf_counter()) - began < seconds:
        number = next(numbers)
        async with bare.transaction():
            made = await bare.fetchrow(BARE_TRANSACTION, 1 + number % PROJECTS, number, f"bump:{number}")
            await bare.execute(BARE_ENTRY, made["id"], 1, 5000, made["at"])
            await bare.execute(BARE_ENTRY, made["id"], 2, -5000, made["at"])
        done += 1
    return done / (now - began)
