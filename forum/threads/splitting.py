"""Splitting posts off into a thread of their own: they keep their ids, reactions and history, and a line stays behind."""

from collections.abc import Sequence
from dataclasses import dataclass

from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.events import hint, publish
from forum.projects.roles import require
from forum.projects.rules import may_see_category
from forum.threads.actions import require_on_thread, touch_posts
from forum.threads.events import AcceptanceTakenBack, ThreadChanged, ThreadSplit
from forum.threads.rules import FACES, TITLE_LEAST, TITLE_MOST, clean_title, slug_of
from forum.threads.visibility import visible_post, visible_thread
from forum.threads.writing import Posted, locked_thread, record_act, require_writer
from forum.web.errors import Conflict, Invalid, NotFound
from forum.web.i18n import _, ngettext
from forum.web.reader import Reader

# More posts at once are an accident.
POSTS_MOST = 500


@dataclass(frozen=True)
class Chosen:
    """A locked thread, the category its posts go to, and the posts, in their order."""

    where: Row
    to: Row
    posts: list[Row]


@action
async def split(reader: Reader, thread: int, numbers: Sequence[int], title: str, category: int) -> Posted:
    """Move these posts of a thread into a new one in a category of the project; its author is the first post's. In the old
    thread a line stays in the place of each, and old addresses lead on. An accepted answer among them is not accepted any
    more. Raises NotFound, Forbidden (the right is needed on both sides), Invalid by field, Conflict (a draft)."""
    require_writer(reader)
    where = await locked_thread(thread, reader)
    require_on_thread(reader, "split", where)
    if where["visibility"] == "author":
        raise Conflict(_("This is a draft still. Submit it first."))
    title = clean_title(title)
    faults = {}
    if not TITLE_LEAST <= len(title) <= TITLE_MOST:
        faults["title"] = _("One line of %(least)d to %(most)d characters.") % {
            "least": TITLE_LEAST,
            "most": TITLE_MOST,
        }
    if fault := fault_of(numbers):
        faults["numbers"] = fault
    if faults:
        raise Invalid(faults)
    chosen = Chosen(where, await place_for(reader, where, category), await posts_of(reader, where, numbers))
    accepted = where["accepted_number"]
    if accepted in {row["number"] for row in chosen.posts}:
        await execute("update thread set accepted_number = null where id = $1", thread)
        version = await record_act(thread, "take_back", reader.person, number=accepted)
        await touch_posts(thread, version, [accepted])
        await publish(AcceptanceTakenBack(thread, where["project_id"], accepted, reader.person))
    made = await make_thread(chosen, title)
    await leave_lines(chosen, made)
    await tell_both(reader, chosen, made)
    return made


def fault_of(numbers: Sequence[int]) -> str:
    """What is wrong with a choice of posts; "" where nothing is."""
    if not numbers:
        return _("Choose at least one post.")
    if 1 in numbers:
        return _("The question stays where it is.")
    return _("At most %(n)d posts.") % {"n": POSTS_MOST} if len(numbers) > POSTS_MOST else ""


async def place_for(reader: Reader, where: Row, category: int) -> Row:
    """The category to split into. What a thread hides it goes on hiding. Raises Invalid, Forbidden."""
    to = await fetch_one(
        "select id, kind, name, slug, visibility, readers, project_id from category where id = $1", category
    )
    if to is None or to["project_id"] != where["project_id"] or not may_see_category(reader, to):
        raise Invalid({"category": _("Choose one of these.")})
    require(
        reader,
        "split",
        where["project_id"],
        assigned=bool(where["is_assigned"]),
        public=where["visibility"] == "public" and to["visibility"] == "public",
    )
    if where["visibility"] != "public" and to["id"] != where["category_id"]:
        raise Invalid({"category": _("What is private stays in its category; move the new thread afterwards.")})
    return to


async def posts_of(reader: Reader, where: Row, numbers: Sequence[int]) -> list[Row]:
    """The chosen posts. Raises Invalid where one is not there (any more), or the first could not begin a thread."""
    rows = await fetch(
        "select p.id, p.number, p.author_id, p.is_whisper, p.reply_to, p.created_at, p.origin, p.origin_url from post p"
        " join thread t on t.id = p.thread_id where p.thread_id = $1 and p.number = any($2) and p.deleted_at is null"
        f" and {visible_post('p', 't', '$3')} order by p.number",
        where["id"],
        sorted(set(numbers)),
        reader.id,
    )
    if len(rows) != len(set(numbers)):
        raise Invalid({"numbers": _("One of these posts is not there any more. Reload the page.")})
    if rows[0]["is_whisper"]:
        raise Invalid({"numbers": _("A whisper cannot begin a thread.")})
    return rows


async def make_thread(chosen: Chosen, title: str) -> Posted:
    """The new thread with the posts in it, numbered anew."""
    where, to, posts = chosen.where, chosen.to, chosen.posts
    public = [row for row in posts if not row["is_whisper"]]
    first, last = posts[0], public[-1]
    slug = slug_of(title)
    # a private thread's new one is as private; the posts of a public one become what their category is
    visibility = where["visibility"] if where["visibility"] != "public" else to["visibility"]
    last_public = posts.index(last) + 1
    row = await fetch_one(
        "insert into thread (project_id, category_id, author_id, title, slug, visibility, last_number, last_public_number,"
        " reply_count, last_post_at, last_poster_id, people, origin, origin_url, created_at, bumped_at, version,"
        " is_private) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, now(), 2, $16)"
        " returning id, version",
        where["project_id"],
        to["id"],
        first["author_id"],
        title,
        slug,
        visibility,
        len(posts),
        last_public if last_public < len(posts) else None,
        len(public) - 1,
        last["created_at"],
        last["author_id"],
        faces(public),
        first["origin"],
        first["origin_url"],
        first["created_at"],
        # by its asker's wish as before, wherever it is moved
        where["is_private"],
    )
    assert row is not None
    # who took part in a public thread is no reader of what is moved out of sight
    if where["visibility"] == "private":
        await bring_readers(where, row["id"])
    if not where["is_private"]:
        await execute("update category set thread_count = thread_count + 1 where id = $1", to["id"])
    return Posted(row["id"], slug, first["id"], 1, row["version"])


async def bring_readers(where: Row, made: int) -> None:
    """Whoever read a private thread reads what was split off it; who asked there has a say in whether that is published."""
    await execute(
        "insert into thread_participant (thread_id, person_id, kind)"
        " select $2::bigint, w.person_id, case when $3::boolean and w.kind = 'requester' then 'requester' else 'invited' end"
        " from thread_participant w where w.thread_id = $1 and w.kind <> 'assignee'"
        " union select $2, $4::bigint, case when $3 then 'requester' else 'invited' end on conflict do nothing",
        where["id"],
        made,
        where["is_private"],
        where["author_id"],
    )


def faces(posts: Sequence[Row]) -> list[int]:
    """Whose faces stand in a row of the list: the first people, the newest last."""
    people: list[int] = []
    for post in posts:
        if post["author_id"] not in people:
            people = [*people[: FACES - 1], post["author_id"]]
    return people


async def leave_lines(chosen: Chosen, made: Posted) -> None:
    """Move the rows, and leave one in the place of each that says where it went."""
    where, posts = chosen.where, chosen.posts
    new = {row["number"]: n for n, row in enumerate(posts, start=1)}
    version: int = await fetch_value(
        "update thread set version = version + 1 where id = $1 returning version", where["id"]
    )
    await execute(
        "update post set thread_id = $1, number = x.number, version = 2, reply_to = x.reply_to,"
        " purpose = case when x.number = 1 then 'reply' else purpose end"
        " from unnest($2::bigint[], $3::integer[], $4::integer[]) x(id, number, reply_to) where post.id = x.id",
        made.thread,
        [row["id"] for row in posts],
        list(new.values()),
        [new.get(row["reply_to"]) for row in posts],
    )
    await execute(
        "insert into post (thread_id, number, author_id, purpose, markdown, html, cook_version, version, created_at,"
        " deleted_at, moved_to) select $1, x.number, p.author_id, case when p.is_whisper then 'whisper' else 'reply' end,"
        " '', '', p.cook_version, $2, p.created_at, now(), p.id"
        " from unnest($3::bigint[], $4::integer[]) x(id, number) join post p on p.id = x.id"
        " join thread t on t.id = p.thread_id",
        where["id"],
        version,
        [row["id"] for row in posts],
        [row["number"] for row in posts],
    )
    left = await fetch(
        "select p.author_id, p.created_at from post p where p.thread_id = $1 and p.moved_to is null and not p.is_whisper"
        " order by p.number",
        where["id"],
    )
    await execute(
        "update thread set reply_count = $2, last_post_at = $3, last_poster_id = $4, people = $5 where id = $1",
        where["id"],
        len(left) - 1,
        left[-1]["created_at"],
        left[-1]["author_id"],
        faces(left),
    )


async def tell_both(reader: Reader, chosen: Chosen, made: Posted) -> None:
    """The acts in both threads, and what follows; a public thread does not tell where a private one lies."""
    where, posts = chosen.where, chosen.posts
    is_open = chosen.to["visibility"] == "public" or where["visibility"] != "public"
    words = ngettext("%(num)d post", "%(num)d posts", len(posts)) % {"num": len(posts)}
    said: dict[str, object] = {"posts": words, "there": made.thread if is_open else None}
    # behind the last post that stays before them
    await act_behind(where["id"], posts[0]["number"] - 1, "split", reader.person, said)
    await act_behind(made.thread, 0, "split_from", reader.person, {"there": where["id"], "number": posts[0]["number"]})
    await publish(
        ThreadSplit(
            made.thread,
            where["id"],
            where["project_id"],
            chosen.to["kind"],
            posts[0]["author_id"],
            posts[0]["origin"] == "local",
            reader.person,
        )
    )
    for thread in (where["id"], made.thread):
        await publish(ThreadChanged(thread))
        hint("thread", thread)
    hint("list", where["project_id"])


async def act_behind(thread: int, number: int, kind: str, actor: int, data: dict[str, object]) -> None:
    """An act that stands behind a certain post, in a locked thread."""
    await execute(
        "with t as (update thread set version = version + 1 where id = $1 returning version)"
        " insert into thread_act (thread_id, kind, actor_id, after_number, version, data)"
        " select $1, $2, $3, $4, t.version, $5 from t",
        thread,
        kind,
        actor,
        max(number, 1),
        data,
    )


async def moved_post(reader: Reader, line: int) -> tuple[int, str, int]:
    """Where the post stands for which a line (a post's id) was left: (thread, slug, number). Raises NotFound where the
    reader may not see the one or the other."""
    row = await fetch_one(
        "select n.id, n.slug, p.number from post o join post p on p.id = o.moved_to join thread n on n.id = p.thread_id"
        f" join thread t on t.id = o.thread_id where o.id = $1 and {visible_thread('n', '$2')}"
        f" and {visible_thread('t', '$2')} and {visible_post('p', 'n', '$2')} and {visible_post('o', 't', '$2')}",
        line,
        reader.id,
    )
    if row is None:
        raise NotFound
    return row["id"], row["slug"], row["number"]
