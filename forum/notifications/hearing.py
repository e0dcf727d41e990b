"""Who hears of what happens in threads without anybody telling: worked out by a job, behind the transaction."""

from forum.database.engine import execute, fetch, fetch_one, transaction
from forum.jobs import enqueue
from forum.markup import find_mentions
from forum.notifications.actions import mail_at_once, tell
from forum.notifications.queries import BELL_LOOKS_AT, MAY_SEE
from forum.threads.events import AnswerAccepted, PostCreated, PostEdited, ThreadCreated
from forum.threads.visibility import in_team, visible_post, visible_thread

JOB = "hear_post"

# Who asks or takes part in a thread, wrote in it, or follows it; who was mentioned hears of that instead. Everybody is
# asked for visibility, and who has muted the thread hears nothing.
HEARD = f"""
with who as (
    select a.id, bool_or(x.asks) as asks, bool_or(x.mentioned) as mentioned, bool_or(not x.mentioned) as follows
      from (select author_id as id, true as asks, false as mentioned from thread where id = $1
            union all select person_id, kind in ('requester', 'reporter'), false from thread_participant where thread_id = $1
            union all select distinct author_id, false, false from post where thread_id = $1 and deleted_at is null
            union all select person_id, false, false from thread_level where thread_id = $1 and level <> 'mute'
            union all select id, false, true from person where lower(username) = any($3)) x
      join person w on w.id = x.id join person a on a.id = coalesce(w.same_as, w.id)
     where a.kind = 'local' and a.disabled_at is null group by a.id),
told as (
    insert into notice (person_id, kind, key, project_id, thread_id, post_number, created_at)
    select who.id, case when who.mentioned then 'mention' when p.is_whisper then 'whisper'
                   when who.asks and p.purpose = 'facts' then 'facts'
                   when who.asks and p.purpose in ('reply', 'resolve') and {in_team("t", "p.author_id")} then 'answer'
                   else 'reply' end,
           case when who.mentioned then 'mention:' else 'post:' end || p.id, t.project_id, t.id, p.number, now()
      from who, post p join thread t on t.id = p.thread_id
     where p.id = $2 and p.deleted_at is null and (who.mentioned or ($4 and who.follows))
       and not exists (select 1 from person me where me.id = p.author_id and who.id in (me.id, me.same_as))
       -- who was told of it in one with what it did (of a ticket's end, with the answer) has heard
       and not ($4 and exists (select 1 from notice o where o.person_id = who.id and o.key = 'post:' || p.id))
       and not exists (select 1 from thread_level l where l.thread_id = t.id and l.person_id = who.id and l.level = 'mute')
       and {visible_thread("t", "who.id")} and {visible_post("p", "t", "who.id")}
        on conflict (person_id, key) do nothing returning id, person_id, kind)
select told.id, told.person_id, told.kind, l.level, coalesce(m.answers_at_once, true) as answers_at_once
  from told left join thread_level l on l.thread_id = $1 and l.person_id = told.person_id
  left join mail_preference m on m.person_id = told.person_id
"""


async def post_created(event: PostCreated) -> None:
    await enqueue(JOB, post=event.post, is_new=True)


async def post_edited(event: PostEdited) -> None:
    """Who is mentioned by an edit hears of it."""
    await enqueue(JOB, post=event.post, is_new=False)


async def thread_created(event: ThreadCreated) -> None:
    """Who is mentioned in a new thread hears; a draft mentions nobody before it is submitted."""
    if event.is_native:
        await hear_first(event.thread)


async def hear_first(thread: int) -> None:
    """Have the first post of a thread heard, now that others may see it."""
    row = await fetch_one("select id from post where thread_id = $1 and number = 1", thread)
    if row is not None:
        await enqueue(JOB, post=row["id"], is_new=False)


async def answer_accepted(event: AnswerAccepted) -> None:
    if event.actor != event.author:
        key = f"accepted:{event.thread}:{event.number}"
        await tell(event.author, "accepted", key=key, project=event.project, thread=event.thread, post=event.number)


async def hear_post(post: int, is_new: bool) -> None:
    """Tell everybody who is to hear of a post, once, however often this runs. `is_new`: not mentions alone."""
    row = await fetch_one("select thread_id, markdown, origin from post where id = $1", post)
    if row is None or row["origin"] != "local":
        return
    names = [name.lower() for name in find_mentions(row["markdown"])]
    async with transaction():
        await mail_at_once(await fetch(HEARD, row["thread_id"], post, names, is_new))


# Of whoever has more unread than the bell looks at; the bells of others pass over what may not be seen.
UNSEEN = f"""
update notice set read_at = now() where id in (
    select n.id from notice n left join thread t on t.id = n.thread_id
      left join post o on o.thread_id = n.thread_id and o.number = n.post_number
     where n.read_at is null and not ({MAY_SEE}) and n.person_id in (
        select person_id from notice where read_at is null group by person_id having count(*) > {BELL_LOOKS_AT}))
"""


async def forget_notices() -> None:
    """Forget notices of more than half a year ago, and which digests are behind us. What somebody may not see any more is
    as good as read, so that their bell comes to what lies below."""
    await execute("delete from notice where created_at < now() - interval '180 days'")
    await execute(UNSEEN)
    await execute("delete from digest where claimed_at < now() - interval '40 days'")
    await execute("delete from unsubscribe_address where expires_at < now()")
