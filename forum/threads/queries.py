"""Reading threads and posts: one function a question, each a fixed number of statements."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from forum.database.engine import Row, fetch, fetch_one
from forum.database.together import Together, asked
from forum.threads.rules import THREADS_A_PAGE
from forum.threads.visibility import is_self, last_number, visible_post, visible_thread
from forum.web.errors import NotFound
from forum.web.reader import Reader

# The person behind a row: a claimed placeholder is whoever claimed it.
PERSON = "join person {w} on {w}.id = {author} join person {a} on {a}.id = coalesce({w}.same_as, {w}.id)"

HEAD_FRAME = f"""
select asked.n, t.id, t.project_id, t.category_id, t.author_id, t.title, t.slug, t.visibility, t.version,
       {last_number("t", "{reader}")} as last_number,
       t.reply_count, t.accepted_number, t.is_closed, t.is_pinned, t.origin, t.origin_url, t.created_at, t.bumped_at,
       t.last_post_at, c.slug as category_slug, c.name as category_name, c.kind as category_kind, p.slug as project_slug,
       p.name as project_name, p.version as project_version,
       (select version from site_stamp) as site_version, a.username, a.name as author_name, a.id as author_person,
       array(select g.name from thread_tag tt join tag g on g.id = tt.tag_id where tt.thread_id = t.id order by 1)
           as tags,
       a.id = {{reader}} or exists (select 1 from thread_participant w where w.thread_id = t.id
                             and {is_self("w.person_id", "{reader}")} and w.kind = 'requester') as is_own,
       exists (select 1 from thread_participant w where w.thread_id = t.id and w.person_id = {{reader}}
                and w.kind = 'assignee') as is_assigned,
       (select r.number from read_position r where r.thread_id = t.id and r.person_id = {{reader}}) as read_number,
       (select l.level from thread_level l where l.thread_id = t.id and l.person_id = {{reader}}) as level,
       d.markdown as draft, d.version as draft_version, d.data ->> 'purpose' as draft_purpose{{more}}
  from {{questions}}
  join thread t on t.id = asked.thread
  join category c on c.id = t.category_id
  join project p on p.id = t.project_id
  {PERSON.format(w="w", a="a", author="t.author_id")}
  left join draft d on d.person_id = {{reader}} and d.key = 'thread:' || t.id
 where {visible_thread("t", "{reader}")}
"""


HEAD = Together(HEAD_FRAME.format(more="", reader="asked.reader", questions=asked(thread="bigint", reader="bigint")))


async def thread_head(reader: Reader, thread: int) -> Row:
    """A thread with its place, author, tags, and what it is to the reader. Raises NotFound."""
    row = await HEAD.fetch_one(thread, reader.id)
    if row is None:
        raise NotFound
    return row


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Cursor:
    """Where a list goes on: below this moment and id."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND}-{self.id}"


ROW_COLUMNS = f"""
       t.id, t.title, t.slug, t.version, t.visibility, t.reply_count, {last_number("t", "$1")} as last_number, t.accepted_number, t.is_closed,
       t.is_pinned, t.bumped_at, t.created_at, t.origin, t.project_id, t.category_id, c.slug as category_slug,
       c.name as category_name, c.kind as category_kind, p.slug as project_slug, p.name as project_name,
       array(select g.name from thread_tag tt join tag g on g.id = tt.tag_id where tt.thread_id = t.id order by 1)
           as tags,
       (select jsonb_agg(jsonb_build_object('id', f.id, 'name', coalesce(nullif(f.name, ''), f.username)))
          from (select distinct coalesce(x.same_as, x.id) as id from person x where x.id = any(t.people)) d
          join person f on f.id = d.id) as people,
       (select r.number from read_position r where r.thread_id = t.id and r.person_id = $1) as read_number
"""
LIST = """
select {columns} from thread t join category c on c.id = t.category_id join project p on p.id = t.project_id
 where {visible} and {which} order by {order} limit {limit}
"""


def list_sql(which: str, *, order: str = "t.bumped_at desc, t.id desc", guest: bool, limit: str = "$2") -> str:
    # a guest's lists walk the index of public threads alone
    visible = "t.visibility = 'public' and $1::bigint is null" if guest else visible_thread("t", "$1")
    return LIST.format(columns=ROW_COLUMNS, visible=visible, which=which, order=order, limit=limit)


BELOW = "($3::timestamptz is null or (t.bumped_at, t.id) < ($3, $4::bigint))"


async def list_threads(
    reader: Reader,
    *,
    project: int | None = None,
    category: int | None = None,
    tag: str | None = None,
    author: int | None = None,
    solved: bool | None = None,
    unanswered: bool = False,
    below: Cursor | None = None,
    limit: int = THREADS_A_PAGE,
) -> list[Row]:
    """Threads by their last activity, newest first; filters add up. Drafts are on nobody's list but /drafts."""
    which = [BELOW, "t.visibility <> 'author'"]
    values: list[object] = [reader.id, limit, below.at if below else None, below.id if below else None]

    def also(condition: str, value: object) -> None:
        values.append(value)
        which.append(condition.format(f"${len(values)}"))

    if project is not None:
        also("t.project_id = {}", project)
    if category is not None:
        also("t.category_id = {}", category)
    if tag is not None:
        also(
            "t.id in (select tt.thread_id from thread_tag tt join tag g on g.id = tt.tag_id where g.name = {})",
            tag,
        )
    if author is not None:
        also("t.author_id in (select id from person where {0} in (id, same_as))", author)
    if solved is not None:
        which.append(f"t.accepted_number is {'not' if solved else ''} null")
    if unanswered:
        which.append("t.reply_count = 0 and not t.is_closed")
    return await fetch(list_sql(" and ".join(which), guest=not reader.is_signed_in), *values)


async def new_threads(reader: Reader, limit: int = THREADS_A_PAGE) -> list[Row]:
    """Threads of the last two weeks that the reader has not opened, newest first."""
    which = (
        "t.visibility <> 'author' and t.created_at > now() - interval '14 days' and t.author_id <> $1 and not exists"
        " (select 1 from read_position r where r.thread_id = t.id and r.person_id = $1)"
    )
    return await fetch(list_sql(which, order="t.created_at desc, t.id desc", guest=False), reader.id, limit)


async def unread_threads(reader: Reader, limit: int = THREADS_A_PAGE) -> list[Row]:
    """Threads the reader has read to some post, and which have gone on since."""
    which = (
        "t.visibility <> 'author' and exists (select 1 from read_position r where r.thread_id = t.id"
        f" and r.person_id = $1 and r.number < {last_number('t', '$1')})"
    )
    return await fetch(list_sql(which, guest=False), reader.id, limit)


PERIODS = {"day": 1, "week": 7, "month": 30, "year": 365, "all": 36500}


async def top_threads(reader: Reader, period: str, limit: int = THREADS_A_PAGE) -> list[Row]:
    """Threads active within a period (a key of PERIODS) by the replies they drew."""
    which = "t.visibility <> 'author' and t.bumped_at > now() - make_interval(days => $3)"
    sql = list_sql(which, order="t.reply_count desc, t.bumped_at desc, t.id desc", guest=not reader.is_signed_in)
    return await fetch(sql, reader.id, limit, PERIODS[period])


# One cheap row that changes whenever the first page of the guests' latest list would.
LATEST_STAMP = Together(f"""
select asked.n, (select array_agg(x.id || ':' || x.version) from (select id, version from thread where visibility = 'public'
         order by bumped_at desc, id desc limit asked.most) x) as threads,
       (select array_agg(project_id || ':' || version order by project_id) from queue) as queues,
       (select array_agg(id || ':' || version order by id) from project) as projects,
       (select array[version] from site_stamp) as site
  from {asked(most="bigint")}
""")


async def latest_stamp() -> tuple[object, ...]:
    """What the guests' front page depends on."""
    row = await LATEST_STAMP.fetch_one(THREADS_A_PAGE)
    assert row is not None
    return tuple(tuple(row[column] or ()) for column in ("threads", "queues", "projects", "site"))


async def count_new(reader: Reader) -> tuple[int, int]:
    """How many threads are new and how many unread, at most 99 of each."""
    row = await fetch_one(
        "select (select count(*) from (select 1 from thread t where t.created_at > now() - interval '14 days'"
        f" and t.visibility <> 'author' and {visible_thread('t', '$1')} and t.author_id <> $1 and not exists"
        " (select 1 from read_position r where r.thread_id = t.id and r.person_id = $1) limit 99) n) as new,"
        " (select count(*) from (select 1 from read_position r join thread t on t.id = r.thread_id"
        f" where r.person_id = $1 and r.number < {last_number('t', '$1')} and t.visibility <> 'author'"
        f" and {visible_thread('t', '$1')} limit 99) u) as unread",
        reader.person,
    )
    assert row is not None
    return row["new"], row["unread"]


async def revisions_of(post: int, *, below: int, limit: int) -> list[Row]:
    """What stood in a post before its edits, the latest edit first, from below the edit of that number: (number,
    markdown, title, reason, at, attribution; the editor's person_id, username and name)."""
    return await fetch(
        "select r.number, r.markdown, r.title, r.reason, r.at, r.attribution, a.id as person_id, a.username, a.name"
        f" from post_revision r {PERSON.format(w='w', a='a', author='r.editor_id')}"
        " where r.post_id = $1 and r.number < $2 order by r.number desc limit $3",
        post,
        below,
        limit,
    )


async def post_source(reader: Reader, post: int) -> Row:
    """A post's Markdown with its thread: (id, number, markdown, thread_id, title, slug, tags…). Raises NotFound."""
    row = await fetch_one(
        "select p.id, p.number, p.markdown, p.html, p.revision_count, p.author_id, p.created_at, p.edited_at, p.origin,"
        " p.origin_url, p.attribution, t.id as thread_id, t.title, t.slug, t.project_id, t.visibility, a.id as person_id, a.username, coalesce(p.attribution ->> 'gone', a.name) as name,"
        " j.slug as project_slug,"
        " array(select g.name from thread_tag tt join tag g on g.id = tt.tag_id where tt.thread_id = t.id order by 1)"
        " as tags from post p join thread t on t.id = p.thread_id join project j on j.id = t.project_id"
        f" {PERSON.format(w='w', a='a', author='p.author_id')}"
        f" where p.id = $1 and p.deleted_at is null and {visible_thread('t', '$2')}"
        f" and {visible_post('p', 't', '$2')}",
        post,
        reader.id,
    )
    if row is None:
        raise NotFound
    return row


WHOSE = "(select w.id from person w where {0} in (w.id, w.same_as))"

PROFILE = f"""
select a.id, a.username, a.name, a.kind, a.site_role, a.origin, a.origin_url, a.created_at, a.disabled_at,
       (select s.username from person s where s.id = a.same_as) as claimed_by,
       (select jsonb_agg(jsonb_build_object('slug', p.slug, 'name', p.name, 'id', p.id, 'role', m.role) order by p.name)
          from project_member m join project p on p.id = m.project_id where m.person_id = a.id) as roles,
       (select count(*) from (select 1 from thread t where t.author_id in {WHOSE.format("a.id")}
         and t.visibility <> 'author' and {visible_thread("t", "$2")} limit $3) x) as threads,
       (select count(*) from (select 1 from post p join thread t on t.id = p.thread_id
         where p.author_id in {WHOSE.format("a.id")} and p.deleted_at is null and p.number > 1
         and t.visibility <> 'author' and {visible_thread("t", "$2")} and {visible_post("p", "t", "$2")} limit $3) x)
           as posts
  from person a where lower(a.username) = lower($1)
"""
# Counting stops here: nobody tells 10,000 from more, and a profile is not to cost more than any other page.
MOST_COUNTED = 10_000


async def profile_of(reader: Reader, username: str) -> Row:
    """A person with their roles in projects, how many threads and replies of theirs the reader may see, and, where a
    placeholder was claimed, the `claimed_by` username. Raises NotFound."""
    row = await fetch_one(PROFILE, username, reader.id, MOST_COUNTED)
    if row is None:
        raise NotFound
    return row


POSTS_BY = f"""
select p.id, p.number, p.is_whisper, p.created_at, left(p.html, 4000) as html, p.origin_url, p.attribution,
       p.number = t.accepted_number as is_accepted,
       t.id as thread_id, t.slug, t.title, t.visibility, c.slug as category_slug, c.name as category_name,
       j.id as project_id, j.slug as project_slug, j.name as project_name
  from post p
  join thread t on t.id = p.thread_id
  join category c on c.id = t.category_id
  join project j on j.id = t.project_id
 where p.author_id in {WHOSE.format("$1")} and p.deleted_at is null and t.visibility <> 'author'
   and ($3::bigint is null or p.id < $3) and {visible_thread("t", "$2")} and {visible_post("p", "t", "$2")}
 order by p.id desc limit $4
"""


async def posts_by(reader: Reader, person: int, *, below: int | None = None, limit: int) -> list[Row]:
    """A person's posts, first posts among them, latest first and below a post's id, as far as the reader may see."""
    return await fetch(POSTS_BY, person, reader.id, below, limit)
