"""What the page of a thread is made of: its head with all that a page asks, for guests with its posts, and their stamp."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from forum.database.engine import Row, json_value
from forum.database.together import Together, asked
from forum.threads.post_queries import POST_COLUMNS, POST_PEOPLE, Post
from forum.threads.queries import HEAD_FRAME
from forum.threads.rules import WHOLE_MOST
from forum.threads.visibility import last_number, visible_act, visible_post, visible_thread
from forum.web.errors import NotFound
from forum.web.reader import Reader

# What was done behind the posts asked for comes along as JSON: a page pays a statement less.
ACTS_THERE = f"""(
           select jsonb_agg(jsonb_build_object('id', e.id, 'kind', e.kind, 'after_number', e.after_number,
                    'version', e.version, 'data', e.data, 'at', e.at, 'team_only', e.team_only,
                    'person_id', ea.id, 'username', ea.username, 'name', ea.name) order by e.id)
             from thread_act e left join person ew on ew.id = e.actor_id
             left join person ea on ea.id = coalesce(ew.same_as, ew.id)
            where e.thread_id = t.id and e.after_number between asked.first and asked.last
              and {visible_act("e", "t", "{reader}")}) as acts"""
# Whether the reader has no part in the thread, and none of its posts is theirs, nor any reaction to them; in a long
# thread, none of the posts asked for.
IS_PLAIN = f"""(
       not exists (select 1 from thread_participant o join person ow on ow.id = o.person_id where o.thread_id = t.id
            and asked.reader in (ow.id, ow.same_as)) and asked.reader <> a.id and
       not exists (select 1 from thread_level l where l.thread_id = t.id and l.person_id = asked.reader) and
       not exists (select 1 from post o join person ow on ow.id = o.author_id where o.thread_id = t.id
            and o.number between case when t.last_number > {WHOLE_MOST} then asked.first else 1 end
                and case when t.last_number > {WHOLE_MOST} then asked.last else {WHOLE_MOST} end
            and (asked.reader in (ow.id, ow.same_as) or exists (select 1 from reaction x
                where x.post_id = o.id and x.person_id = asked.reader)))) as is_plain"""
NOBODY = "null::bigint"
# A guest's page comes in one statement. A row in an array has no names there, and its JSON comes as text.
GUEST_POST = POST_COLUMNS | {
    "reactions": "p.reactions::text",
    "attribution": "p.attribution::text",
    "mine": "null::text[]",
}
REACTIONS, ATTRIBUTION = map(Post._fields.index, ("reactions", "attribution"))
GUEST_POSTS = f"""array(
           select row({", ".join(GUEST_POST.values())})
             from post p {POST_PEOPLE}
            where p.thread_id = t.id and p.number between asked.first and asked.last
              and {visible_post("p", "t", NOBODY)} order by p.number) as posts"""

# What upper rooms want to know of a thread with its head, by the column's name: SQL over its row `t`. `forum/wiring.py`
# fills it in; so nobody asks for what is not there.
ALONG: dict[str, str] = {}


def along() -> str:
    return "".join(f", ({sql}) as {name}" for name, sql in ALONG.items())


def page_head_sql() -> str:
    return HEAD_FRAME.format(
        questions=asked(thread="bigint", reader="bigint", first="integer", last="integer"),
        reader="asked.reader",
        more=f", {IS_PLAIN}, {ACTS_THERE.format(reader='asked.reader')}{along()}",
    )


def guest_page_sql() -> str:
    return HEAD_FRAME.format(
        questions=asked(thread="bigint", first="integer", last="integer"),
        reader=NOBODY,
        more=f", {GUEST_POSTS}, {ACTS_THERE.format(reader=NOBODY)}{along()}",
    )


PAGE_HEAD, GUEST_PAGE = Together(page_head_sql), Together(guest_page_sql)


async def page_head(reader: Reader, thread: int, first: int, last: int) -> tuple[Row, list[Any]]:
    """A thread's head with whether it and its posts `first` to `last` have nothing of the reader's own (`is_plain`), and
    what was done after them as `acts_between` gives it. Raises NotFound."""
    row = await PAGE_HEAD.fetch_one(thread, reader.id, first, last)
    if row is None:
        raise NotFound
    return row, acts_of(row)


async def guest_content(thread: int, first: int, last: int) -> tuple[Row, list[Any], list[Post]]:
    """What `page_head` and `posts_between` give a guest, at the price of one statement. Raises NotFound."""
    row = await GUEST_PAGE.fetch_one(thread, first, last)
    if row is None:
        raise NotFound
    return row, acts_of(row), [post_in(values) for values in row["posts"]]


def post_in(row: Iterable[Any]) -> Post:
    """A post from the values of `GUEST_POST`."""
    values = list(row)
    values[REACTIONS] = json_value(values[REACTIONS])
    if values[ATTRIBUTION]:
        values[ATTRIBUTION] = json_value(values[ATTRIBUTION])
    return Post._make(values)


def acts_of(row: Row) -> list[Any]:
    """The acts that came along with a head."""
    return [act | {"at": datetime.fromisoformat(act["at"])} for act in row["acts"] or ()]


# What a page that guests were given depends on, as far as one cheap row can say it.
GUEST_STAMP = Together(f"""
select asked.n, t.version, p.version as project_version, (select version from site_stamp) as site_version, t.slug,
       {last_number("t", "null")} as last_number
  from {asked(thread="bigint")} join thread t on t.id = asked.thread join project p on p.id = t.project_id
 where {visible_thread("t", "null")}
""")


async def guest_stamp(thread: int) -> Row:
    """(version, project_version, site_version, slug, last_number) of a thread that guests may see. Raises NotFound."""
    row = await GUEST_STAMP.fetch_one(thread)
    if row is None:
        raise NotFound
    return row
