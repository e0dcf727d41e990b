"""Reading thanks: of one thread, of one person, of one person in one project."""

from forum.database.engine import Row, fetch
from forum.threads.visibility import visible_thread
from forum.web.reader import Reader

A_PAGE = 50
# What went back to the payer of a bump, of its amount and of its fee.
BACK = """cross join lateral (select coalesce(sum(net), 0)::bigint as net, coalesce(sum(fee), 0)::bigint as fee
                      from refund where bump_id = b.id) g"""


async def thanks_in(reader: Reader, thread: int) -> list[Row]:
    """What the reader's answers in a thread made, oldest first and less what went back: (id of the bump, amount, fee,
    currency, at)."""
    return await fetch(
        "select b.id, b.amount - g.net as amount, b.fee - g.fee as fee, b.currency, x.at"
        f" from ticket k join bump b on k.id in (b.ticket_id, ticket_root(b.ticket_id)) join bump_thanks x on x.bump_id = b.id {BACK}"
        " where k.thread_id = $1 and x.person_id = $2 and b.amount > g.net order by x.at, b.id",
        thread,
        reader.person,
    )


# What a run has divided for is told by its run; the title only to who may see the thread still.
OF_PERSON = f"""
select b.id, b.amount - g.net as amount, b.fee - g.fee as fee, g.net as back, b.currency, x.at, j.name as project, j.slug as project_slug, v.id as thread, v.title, v.slug
  from bump_thanks x join bump b on b.id = x.bump_id join project j on j.id = b.project_id
  join ticket k on k.id = b.ticket_id
  {BACK}
  left join (select t.* from thread t where {visible_thread("t", "$1")}) v on v.id = k.thread_id
 where x.person_id = $1 and ($2::bigint is null or b.id < $2) order by b.id desc limit $3
"""


async def thanks_of(reader: Reader, *, below: int | None = None) -> list[Row]:
    """What the reader's answers made, the latest bumps first, one more than a page holds: (id of the bump; amount, fee,
    less what went back; back: so much of the amount; currency, at, project, project_slug; thread, title, slug or null
    where they may not see it any more)."""
    return await fetch(OF_PERSON, reader.person, below, A_PAGE + 1)


async def totals_of(person: int, project: int | None = None) -> list[Row]:
    """What somebody's answers made, by project and less what went back: (name, slug, currency, bumps, amount, fee), the
    most first."""
    return await fetch(
        "select j.name, j.slug, b.currency, count(*) as bumps, sum(b.amount - g.net)::bigint as amount,"
        " sum(b.fee - g.fee)::bigint as fee"
        f" from bump_thanks x join bump b on b.id = x.bump_id join project j on j.id = b.project_id {BACK}"
        " where x.person_id = $1 and ($2::bigint is null or j.id = $2) and b.amount > g.net"
        " group by j.id, b.currency order by sum(b.amount - g.net) desc, j.id",
        person,
        project,
    )
