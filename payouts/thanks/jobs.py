"""What thanks leave for later: the mail to each who is thanked, and thanks to people who claimed what they had written."""

from forum.database.engine import Row, fetch, fetch_one, fetch_value, transaction
from forum.mail.outbox import send_mail
from forum.threads.visibility import visible_thread
from payouts.thanks.actions import settle_thanks

# The thread is named to those alone who may see it when the mail is sent (trust.md A4).
THANKED = f"""
select b.amount, b.fee, b.currency, j.name as project, w.username, v.title, v.slug, v.id as thread
  from bump_thanks x join bump b on b.id = x.bump_id join project j on j.id = b.project_id
  join ticket k on k.id = b.ticket_id join person w on w.id = x.person_id
  left join (select t.* from thread t where {visible_thread("t", "$2")}) v on v.id = k.thread_id
 where x.bump_id = $1 and x.person_id = $2
"""


async def mail_thanks(bump: int, person: int) -> None:
    """Mail one person what one bump made through their answer; run again it is the same mail, sent once."""
    row: Row | None = await fetch_one(THANKED, bump, person)
    if row is not None:
        await send_mail("thanks", person, key=f"thanks:{bump}", **row)


# Threads with a paid bump in which a placeholder wrote.
WROTE_IN = """
select t.id from thread t
 where exists (select 1 from post p where p.thread_id = t.id and p.author_id = $1)
   and exists (select 1 from ticket k join bump b on b.ticket_id in (select ticket_family(k.id)) where k.thread_id = t.id and b.state = 'paid')
 order by t.id
"""


async def thank_claimed(placeholder: int) -> None:
    """Thank whoever has claimed a placeholder for what was written under it, each thread by itself."""
    for row in await fetch(WROTE_IN, placeholder):
        async with transaction():
            await fetch_value("select 1 from thread where id = $1 for update", row["id"])
            await settle_thanks(row["id"])
