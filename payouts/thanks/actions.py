"""Writing down who is to hear what a bump made, and telling them: each pair once, whatever comes first or twice."""

from datetime import datetime

from forum.database.engine import execute, fetch
from forum.events import hint
from forum.jobs import enqueue
from payouts.thanks.rules import Wrote, who_hears

JOB = "mail_thanks"
CLAIMED_JOB = "thank_claimed"

# What went back to its payer as a whole made nothing; what was paid for a merged ticket counts where that stands now.
PAID = """
select b.id, k.first_response_at is not null as team_answered, coalesce(w.same_as, w.id) as payer
  from ticket k join bump b on b.ticket_id in (select ticket_family(k.id)) join person w on w.id = b.payer_id
 where k.thread_id = $1 and b.state = 'paid'
   and b.amount > (select coalesce(sum(r.net), 0) from refund r where r.bump_id = b.id)
"""
# The act stays where an acceptance was taken back; what an import brought accepted has none.
WROTE = """
select a.id as person, p.purpose, bool_or(coalesce(p.number = t.accepted_number, false) or exists (select 1 from thread_act e
           where e.thread_id = t.id and e.kind = 'accept' and e.data ->> 'number' = p.number::text)) as was_accepted,
       exists (select 1 from ticket k join ticket_requester r on r.ticket_id = k.id join person x on x.id = r.person_id
                where k.thread_id = t.id and coalesce(x.same_as, x.id) = a.id) as asks,
       a.kind = 'local' and a.disabled_at is null as has_account
  from thread t join post p on p.thread_id = t.id join person w on w.id = p.author_id
  join person a on a.id = coalesce(w.same_as, w.id)
 where t.id = $1 and p.number > 1 and p.deleted_at is null and not p.is_whisper
 group by a.id, p.purpose, t.id
"""
# Everybody writes in one order, so that two transactions never wait for each other.
INSERT = """
insert into bump_thanks (bump_id, person_id, at)
select bump, person, coalesce($3, now()) from unnest($1::bigint[], $2::bigint[]) x(bump, person) order by bump, person
    on conflict do nothing returning bump_id, person_id
"""


async def settle_thanks(thread: int, at: datetime | None = None) -> None:
    """Thank whoever is to be thanked by now for the bumps of the ticket whose home is this thread, and was not yet.

    Runs in the transaction of what has just happened; whatever happens to a ticket holds its thread's lock, so the last
    of several sees what the others did. `at` is for histories made today.
    """
    bumps = await fetch(PAID, thread)
    if not bumps:
        return
    wrote = [Wrote(**row) for row in await fetch(WROTE, thread)]
    pairs = sorted(
        who_hears(
            [(row["id"], row["payer"]) for row in bumps],
            wrote,
            team_answered=any(row["team_answered"] for row in bumps),
        )
    )
    if not pairs:
        return
    new = await fetch(INSERT, [bump for bump, _person in pairs], [person for _bump, person in pairs], at)
    if not new:
        return
    for row in new:
        await enqueue(JOB, bump=row["bump_id"], person=row["person_id"])
    # open pages of the thread learn by its version that there is news
    await execute("update thread set version = version + 1 where id = $1", thread)
    hint("thread", thread)
