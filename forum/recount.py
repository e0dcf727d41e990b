"""Proves every kept counter against the rows it counts; what `haas doctor --recount` says."""

from forum.database.engine import fetch
from payouts import verify
from payouts.ledger import checks as ledger
from reputation import queries as reputation

# (what it is, SQL whose rows are (id, kept, counted)); each compares a whole table in one statement
CHECKS: tuple[tuple[str, str], ...] = (
    (
        "thread {}: reply_count is {}, its replies are {}",
        "select t.id, t.reply_count, coalesce(p.n, 0) from thread t left join (select thread_id, count(*) as n from post"
        " where number > 1 and not is_whisper and moved_to is null group by 1) p on p.thread_id = t.id"
        " where t.reply_count <> coalesce(p.n, 0)",
    ),
    (
        "thread {}: last_number is {}, its highest post is {}",
        "select t.id, t.last_number, coalesce(p.n, 0) from thread t left join (select thread_id, max(number) as n"
        " from post group by 1) p on p.thread_id = t.id where t.last_number <> coalesce(p.n, 0)",
    ),
    (
        "thread {}: last_public_number is {}, the last post that is no whisper is {}",
        "select t.id, t.last_public_number, p.n from thread t join (select thread_id,"
        " max(number) filter (where not is_whisper) as n from post group by 1) p on p.thread_id = t.id"
        " where coalesce(t.last_public_number, t.last_number) <> p.n",
    ),
    (
        "thread {}: version is {}, something in it has {}",
        "select t.id, t.version, greatest(p.n, a.n) from thread t"
        " left join (select thread_id, max(version) as n from post group by 1) p on p.thread_id = t.id"
        " left join (select thread_id, max(version) as n from thread_act group by 1) a on a.thread_id = t.id"
        " where t.version < greatest(p.n, a.n)",
    ),
    (
        "thread {}: last_poster_id is {}, the last post is of {}",
        "select t.id, t.last_poster_id, p.author_id from thread t join lateral (select author_id from post"
        " where thread_id = t.id and not is_whisper and moved_to is null order by number desc limit 1) p on true"
        " where t.last_poster_id <> p.author_id",
    ),
    (
        "thread {}: accepted_number is {}, which is {}",
        "select t.id, t.accepted_number, case when p.id is null then 'no post' else 'no answer' end from thread t"
        " left join post p on p.thread_id = t.id and p.number = t.accepted_number"
        " where t.accepted_number is not null"
        " and (p.id is null or p.number = 1 or p.is_whisper or p.deleted_at is not null)",
    ),
    (
        "category {}: thread_count is {}, its threads are {}",
        "select c.id, c.thread_count, coalesce(t.n, 0) from category c left join (select category_id, count(*) as n"
        " from thread where visibility <> 'author' and not is_private group by 1) t on t.category_id = c.id"
        " where c.thread_count <> coalesce(t.n, 0)",
    ),
    (
        "tag {}: thread_count is {}, its threads are {}",
        "select g.id, g.thread_count, coalesce(t.n, 0) from tag g left join (select tag_id, count(*) as n"
        " from thread_tag group by 1) t on t.tag_id = g.id where g.thread_count <> coalesce(t.n, 0)",
    ),
    (
        "post {}: reactions are {}, counted they are {}",
        "select p.id, p.kept, coalesce(r.counted, '{}') from (select id, (select coalesce(jsonb_object_agg(key, value),"
        " '{}') from jsonb_each(reactions) where value <> '0') as kept from post) p left join"
        " (select post_id, jsonb_object_agg(kind, n) as counted from (select post_id, kind, count(*) as n from reaction"
        " group by 1, 2) k group by 1) r on r.post_id = p.id where p.kept <> coalesce(r.counted, '{}')",
    ),
    (
        "post {}: revision_count is {}, its revisions are {}",
        "select p.id, p.revision_count, coalesce(r.n, 0) from post p left join (select post_id, count(*) as n"
        " from post_revision group by 1) r on r.post_id = p.id where p.revision_count <> coalesce(r.n, 0)",
    ),
    (
        "queue of project {}: {}",
        "select p.id, f.fault, null from project p cross join lateral queue_faults(p.id) f",
    ),
    (
        "inbox of project {}: the count of {}",
        "select project_id, what || ' ' || tag_id || ' is ' || coalesce(k.tickets, 0) || ', its tickets are '"
        " || coalesce(c.tickets, 0) from ticket_tally k full join ticket_counted c using (project_id, what, tag_id)"
        " where coalesce(k.tickets, 0) <> coalesce(c.tickets, 0)",
    ),
    *reputation.CHECKS,
    *ledger.COUNTERS,
    *verify.RANKS,
)


async def recount() -> list[str]:
    """One line for each kept counter that is not what its rows say; none when all are true.

    Reads whole tables: seconds on a large site, and nothing waits for it.
    """
    return [says.format(*row) for says, sql in CHECKS for row in await fetch(sql)]
