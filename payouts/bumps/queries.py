"""Reading bumps and invoices: each for its payer and for the owner of its project alone."""

from forum.database.engine import Row, fetch, fetch_one
from forum.projects.roles import may
from forum.threads.visibility import visible_thread
from forum.web.errors import NotFound
from forum.web.reader import Reader

A_PAGE = 50

# $1: the reader, who is told a thread's title only where they may read it.
BUMP = f"""
select b.*, b.amount + b.tax as total, k.state as ticket_state, k.thread_id, p.slug as project_slug, p.name as project_name,
       s.payment_details, e.name as entity_name, w.username as payer, coalesce(nullif(w.name, ''), w.username) as payer_name,
       case when {visible_thread("t", "$1")} then t.title end as title, t.slug, i.id as invoice_id, i.label as invoice_label,
       coalesce(c.state, '') as paying, c.session, coalesce(c.dispute, '') as dispute, r.back
  from bump b join ticket k on k.id = b.ticket_id join thread t on t.id = k.thread_id join project p on p.id = b.project_id
  join selling s on s.project_id = b.project_id join legal_entity e on e.id = p.legal_entity_id
  join person w on w.id = b.payer_id left join invoice i on i.bump_id = b.id
  left join checkout c on c.bump_id = b.id
  cross join lateral (select coalesce(sum(net + tax), 0)::bigint as back from refund where bump_id = b.id) r
"""


async def bump_for(reader: Reader, bump: int) -> Row:
    """A bump with what is shown around it, for its payer or the project's owner. Raises NotFound for everybody else."""
    row = await fetch_one(BUMP + " where b.id = $2", reader.id, bump)
    if row is None or not (row["payer_id"] == reader.person or may(reader, "sell", row["project_id"])):
        raise NotFound
    return row


async def bumps_of_project(
    reader: Reader, project: int, state: str, *, reference: str = "", below: int = 0, limit: int = A_PAGE
) -> list[Row]:
    """A project's bumps in a state, latest first, from the one with the id `below` on; with `reference`, those whose
    reference has these letters in it, typed with or without dashes. For owners, which the caller asks."""
    letters = "".join(c for c in reference.upper() if c.isascii() and c.isalnum())
    return await fetch(
        BUMP
        + " where b.project_id = $2 and b.state = $3 and ($4 = '' or replace(b.reference, '-', '') like '%' || $4 || '%')"
        " and ($5 = 0 or b.id < $5) order by b.id desc limit $6",
        reader.id,
        project,
        state,
        letters,
        below,
        limit,
    )


async def own_bumps(reader: Reader, *, thread: int | None = None, limit: int = A_PAGE) -> list[Row]:
    """The reader's bumps, latest first: those that wait for their money, or all of the ticket whose home is
    `thread` and of those merged into it."""
    return await fetch(
        BUMP + " where b.payer_id = $2 and (case when $3::bigint is null then b.state = 'open' else k.thread_id = $3"
        " or b.ticket_id in (select ticket_family(h.id) from ticket h where h.thread_id = $3) end)"
        " order by b.id desc limit $4",
        reader.id,
        reader.person,
        thread,
        limit,
    )


async def own_invoices(reader: Reader, *, below: int = 0, limit: int = A_PAGE) -> list[Row]:
    """The invoices to the reader, latest first, from the one with the id `below` on."""
    return await fetch(
        "select i.id, i.label, i.issued_at, i.total, i.currency, p.name as project_name from invoice i"
        " join project p on p.id = i.project_id where i.buyer_id = $1 and ($2 = 0 or i.id < $2)"
        " order by i.id desc limit $3",
        reader.person,
        below,
        limit,
    )


async def invoice_for(reader: Reader, invoice: int) -> Row:
    """An invoice with its bump's reference and method, for its buyer or the project's owner. Raises NotFound."""
    row = await fetch_one(
        "select i.*, b.reference, b.method, b.ticket_id, b.paid_at,"
        " (select coalesce(sum(net + tax), 0)::bigint from refund where bump_id = b.id) as back, p.slug as project_slug, p.name as project_name,"
        " coalesce(nullif(w.name, ''), w.username) as buyer_name from invoice i join bump b on b.id = i.bump_id"
        " join project p on p.id = i.project_id join person w on w.id = i.buyer_id where i.id = $1",
        invoice,
    )
    if row is None or not (row["buyer_id"] == reader.person or may(reader, "sell", row["project_id"])):
        raise NotFound
    return row
