"""What the JSON asks the database beyond what the pages ask: threads and posts as Discourse counts them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from forum.database.engine import Row, fetch, fetch_one, fetch_value
from forum.threads.queries import LIST, PERSON
from forum.threads.visibility import last_number, visible_post, visible_thread
from forum.web.reader import Reader

TAGS = """
(select jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name, 'slug', g.name) order by g.name)
   from thread_tag tt join tag g on g.id = tt.tag_id where tt.thread_id = {thread}) as tags
"""
COLUMNS = f"""
t.id, t.title, t.slug, t.visibility, t.reply_count, {last_number("t", "$1")} as last_number, t.category_id, t.is_pinned, t.is_closed,
t.created_at, t.last_post_at, t.bumped_at, {TAGS.format(thread="t.id")},
(select coalesce(a.same_as, a.id) from person a where a.id = t.author_id) as author,
(select coalesce(l.same_as, l.id) from person l where l.id = t.last_poster_id) as last_poster,
(select jsonb_agg(jsonb_build_object('id', f.id, 'username', f.username, 'name', f.name))
   from (select distinct coalesce(x.same_as, x.id) as id from person x where x.id = any(t.people)) d
   join person f on f.id = d.id) as people,
(select r.number from read_position r where r.thread_id = t.id and r.person_id = $1) as read_number,
(select jsonb_build_object('html', left(p.html, 4000), 'attribution', p.attribution,
        'origin_url', p.origin_url, 'likes', coalesce((p.reactions ->> 'like')::int, 0),
        'mine', exists (select 1 from reaction x where x.post_id = p.id and x.person_id = $1 and x.kind = 'like'))
   from post p where p.thread_id = t.id and p.number = 1 and p.deleted_at is null
    and {visible_post("p", "t", "$1")}) as first,
(select coalesce(sum((p.reactions ->> 'like')::int), 0) from post p where p.thread_id = t.id
    and p.reactions <> '{{}}' and p.deleted_at is null and {visible_post("p", "t", "$1")}) as likes
"""


def visible_to(reader: Reader, parameter: str) -> str:
    """SQL: this reader, whose id is `parameter`, may see `t`; a guest's lists walk the index of public threads alone."""
    if reader.is_signed_in:
        return visible_thread("t", parameter)
    return f"t.visibility = 'public' and {parameter}::bigint is null"


NEWEST = "t.bumped_at desc, t.id desc"
ORDERS = {
    "default": "t.bumped_at",
    "activity": "t.bumped_at",
    "created": "t.created_at",
    "posts": "t.reply_count",
}


async def topics(
    reader: Reader,
    which: Sequence[str] = (),
    values: Sequence[object] = (),
    *,
    order: str = NEWEST,
    first: int,
    limit: int,
) -> list[Row]:
    """Threads that a reader may see, drafts left out, from the `first` (0 is the foremost) on, at most `limit`.

    `which` are conditions on `t` that `values` fill as $4, $5…
    """
    sql = LIST.format(
        columns=COLUMNS,
        visible=visible_to(reader, "$1"),
        which=" and ".join(["t.visibility <> 'author'", *which]),
        order=order,
        limit="$2 offset $3",
    )
    return await fetch(sql, reader.id, limit, first, *values)


async def tags_of(thread: int) -> list[dict[str, Any]]:
    """The tags of a thread that was found visible, as Discourse has them: id, name, slug."""
    found: list[dict[str, Any]] | None = await fetch_value(f"select {TAGS.format(thread='$1::bigint')}", thread)
    return found or []


STREAM = f"""
select p.id, p.number, p.created_at, p.author_id, coalesce((p.reactions ->> 'like')::int, 0) as likes, p.reply_to
  from post p join thread t on t.id = p.thread_id
 where p.thread_id = $1 and p.deleted_at is null and {visible_thread("t", "$2")} and {visible_post("p", "t", "$2")}
 order by p.number
"""


async def stream_of(reader: Reader, thread: int) -> list[Row]:
    """Every post of a thread that a reader may see, in order, without its text; removed ones left out."""
    return await fetch(STREAM, thread, reader.id)


async def people_by_id(people: Sequence[int]) -> dict[int, Row]:
    """Who these authors are; a claimed placeholder is whoever claimed it."""
    rows = await fetch(
        "select w.id as row, a.id, a.username, a.name, a.site_role from person w"
        " join person a on a.id = coalesce(w.same_as, w.id) where w.id = any($1)",
        list(people),
    )
    return {row["row"]: row for row in rows}


REPLIES_TO = f"""
select count(*) from post p join thread t on t.id = p.thread_id where p.thread_id = $1 and p.reply_to = $2
   and {visible_thread("t", "$3")} and {visible_post("p", "t", "$3")}
"""


async def replies_to(reader: Reader, thread: int, number: int) -> int:
    """How many posts reply to this one."""
    return int(await fetch_value(REPLIES_TO, thread, number, reader.id))


async def category_counts(reader: Reader) -> dict[int, Row]:
    """What a reader may see in each category: threads, posts, and threads of the last day, week, month, year."""
    rows = await fetch(
        "select t.category_id, count(*) as topics, sum(t.reply_count + 1)::bigint as posts,"
        " count(*) filter (where t.created_at > now() - interval '1 day') as day,"
        " count(*) filter (where t.created_at > now() - interval '7 days') as week,"
        " count(*) filter (where t.created_at > now() - interval '30 days') as month,"
        " count(*) filter (where t.created_at > now() - interval '365 days') as year from thread t"
        f" where t.visibility <> 'author' and {visible_to(reader, '$1')} group by t.category_id",
        reader.id,
    )
    return {row["category_id"]: row for row in rows}


async def all_categories() -> list[Row]:
    """Every category of every project, in order; `may_see_category` says who is told of which."""
    return await fetch(
        "select c.*, p.slug as project_slug, p.name as project_name from category c join project p on p.id = c.project_id"
        " order by lower(p.name), p.id, c.position, c.id"
    )


async def project_rows() -> list[Row]:
    """Every project by name: (id, slug, name, tagline, waiting), `waiting` the tickets in its queue."""
    return await fetch(
        "select p.id, p.slug, p.name, p.tagline, coalesce(q.paid + q.unpaid, 0) as waiting"
        " from project p left join queue q on q.project_id = p.id order by lower(p.name), p.id"
    )


async def category_by_id(category: int) -> Row | None:
    """One category with its project."""
    return await fetch_one(
        "select c.*, p.slug as project_slug, p.name as project_name from category c"
        " join project p on p.id = c.project_id where c.id = $1",
        category,
    )


async def tags_seen(reader: Reader) -> list[Row]:
    """The tags of the threads a reader may see, with how many of these carry them: no hidden thread shows in either."""
    return await fetch(
        "select g.id, g.name, count(*) as count from thread t join thread_tag tt on tt.thread_id = t.id"
        f" join tag g on g.id = tt.tag_id where t.visibility <> 'author' and {visible_to(reader, '$1')}"
        " group by g.id, g.name order by g.name",
        reader.id,
    )


LAST_POST = f"""
select p.created_at from post p join thread t on t.id = p.thread_id
 where p.author_id in (select w.id from person w where $1 in (w.id, w.same_as)) and p.deleted_at is null
   and t.visibility <> 'author' and {visible_thread("t", "$2")} and {visible_post("p", "t", "$2")}
 order by p.id desc limit 1
"""


async def last_posted(reader: Reader, person: int) -> datetime | None:
    """When somebody posted last, as far as the reader may see it."""
    at: datetime | None = await fetch_value(LAST_POST, person, reader.id)
    return at


FOUND_POSTS = f"""
select p.id, p.thread_id, p.number, p.created_at, coalesce((p.reactions ->> 'like')::int, 0) as likes, a.id as person_id
  from post p join thread t on t.id = p.thread_id {PERSON.format(w="w", a="a", author="p.author_id")}
 where (p.thread_id, p.number) in (select * from unnest($2::bigint[], $3::int[]))
   and {visible_thread("t", "$1")} and {visible_post("p", "t", "$1")}
"""


async def found_posts(reader: Reader, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Row]:
    """The posts at these (thread, number), as far as the reader may see them."""
    rows = await fetch(FOUND_POSTS, reader.id, [thread for thread, _number in places], [n for _thread, n in places])
    return {(row["thread_id"], row["number"]): row for row in rows}


async def last_capacity(reader: Reader) -> str:
    """In which capacity a person asked last; "" for who never asked."""
    capacity: Any = await fetch_value(
        "select k.capacity from ticket k join ticket_requester r on r.ticket_id = k.id where r.person_id = $1"
        " and k.capacity is not null order by k.submitted_at desc nulls last, k.id desc limit 1",
        reader.person,
    )
    return capacity or ""


async def state_of(ticket: int) -> str:
    """The state of a ticket."""
    return str(await fetch_value("select state from ticket where id = $1", ticket))
