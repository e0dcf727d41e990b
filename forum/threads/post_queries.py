"""Reading posts, and what was done between them: one function a question, each one statement."""

from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from forum.database.engine import Row, fetch, fetch_one
from forum.database.together import Together, asked
from forum.threads.queries import PERSON
from forum.threads.visibility import visible_act, visible_post, visible_thread
from forum.web.errors import NotFound
from forum.web.reader import Reader


class Post(NamedTuple):
    """A post as pages show it: the values of `POST_COLUMNS`, in this order. A page reads each of them for each post, and by
    its place that costs least."""

    id: int
    number: int
    author_id: int
    purpose: str
    is_whisper: bool
    html: str
    version: int
    revision_count: int
    reactions: dict[str, int]
    reply_to: int | None
    origin: str
    origin_url: str | None
    attribution: dict[str, Any] | None
    by_mail: bool
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    moved_to: int | None
    person_id: int
    username: str
    name: str
    person_kind: str
    role: str | None
    is_accepted: bool | None
    mine: list[str] | None


# Each by its SQL over a post `p`, its thread `t`, its author `a` and their membership `m`.
POST_COLUMNS = {name: f"p.{name}" for name in Post._fields} | {
    "person_id": "a.id",
    "username": "a.username",
    "name": "coalesce(p.attribution ->> 'gone', a.name)",
    "person_kind": "a.kind",
    "role": "m.role",
    "is_accepted": "p.number = t.accepted_number",
    "mine": "(select array_agg(r.kind) from reaction r where r.post_id = p.id and r.person_id = {reader})",
}
_values_of_post = itemgetter(*POST_COLUMNS)


def post_of(row: Row) -> Post:
    """A row of `posts_between`, `posts_since` or `one_post` as pages show it."""
    return Post._make(_values_of_post(row))


POST_PEOPLE = f"""{PERSON.format(w="w", a="a", author="p.author_id")}
  left join project_member m on m.project_id = t.project_id and m.person_id = a.id"""
POSTS = f"""
select {{n}}{", ".join(f"{column} as {name}" for name, column in POST_COLUMNS.items())}
  from {{asked}}post p
  join thread t on t.id = p.thread_id
  {POST_PEOPLE}
 where {{which}} and {visible_thread("t", "{reader}")} and {visible_post("p", "t", "{reader}")}
"""
BY_NUMBER = Together(
    POSTS.format(
        n="asked.n, ",
        asked=asked(thread="bigint", reader="bigint", first="integer", last="integer") + " cross join ",
        which="p.thread_id = asked.thread and p.number between asked.first and asked.last",
        reader="asked.reader",
    )
    + " order by asked.n, p.number"
)
ALONE = {"n": "", "asked": "", "reader": "$2"}
SINCE = POSTS.format(which="p.thread_id = $1 and p.version > $3", **ALONE) + " order by p.version, p.number limit $4"
BY_ID = POSTS.format(which="p.id = $1", **ALONE)


async def posts_between(reader: Reader, thread: int, first: int, last: int) -> list[Row]:
    """The posts of a thread whose numbers lie between two, as far as the reader may see them, with their authors and
    which reactions are the reader's own (`mine`)."""
    return await BY_NUMBER.fetch(thread, reader.id, first, last)


async def posts_since(reader: Reader, thread: int, version: int, most: int) -> list[Row]:
    """The posts that changed after a version of their thread, in the order of their changes, at most `most`."""
    return await fetch(SINCE, thread, reader.id, version, most)


async def one_post(reader: Reader, post: int) -> Row:
    """One post as `posts_between` gives it. Raises NotFound."""
    row = await fetch_one(BY_ID, post, reader.id)
    if row is None:
        raise NotFound
    return row


async def quotable_post(reader: Reader, thread: int, number: int) -> Row | None:
    """What a quote of a post needs, (number, markdown, username); None where the reader may not see it."""
    return await fetch_one(
        "select p.number, p.markdown, a.username from post p join thread t on t.id = p.thread_id"
        f" {PERSON.format(w='w', a='a', author='p.author_id')} where p.thread_id = $1 and p.number = $3"
        f" and p.deleted_at is null and {visible_thread('t', '$2')} and {visible_post('p', 't', '$2')}",
        thread,
        reader.id,
        number,
    )


ACTS = f"""
select e.id, e.kind, e.after_number, e.version, e.data, e.at, e.team_only, a.id as person_id, a.username, a.name
  from thread_act e
  join thread t on t.id = e.thread_id
  left join person w on w.id = e.actor_id
  left join person a on a.id = coalesce(w.same_as, w.id)
 where e.thread_id = $1 and {{which}} and {visible_thread("t", "$2")} and {visible_act("e", "t", "$2")}
 order by e.id
"""
ACTS_BETWEEN = ACTS.format(which="e.after_number between $3 and $4")
ACTS_SINCE = ACTS.format(which="e.version > $3")


async def acts_between(reader: Reader, thread: int, first: int, last: int) -> list[Row]:
    """What was done to a thread after its posts `first` to `last`, oldest first."""
    return await fetch(ACTS_BETWEEN, thread, reader.id, first, last)


async def acts_since(reader: Reader, thread: int, version: int) -> list[Row]:
    """What was done to a thread after one of its versions."""
    return await fetch(ACTS_SINCE, thread, reader.id, version)
