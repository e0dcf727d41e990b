"""Acts on threads and posts: react, accept, close, reopen, move, submit a draft, remember what was read."""

from forum.database.engine import Row, action, execute, fetch_one, fetch_value
from forum.events import hint, publish
from forum.projects.roles import may, require
from forum.threads.events import (
    AcceptanceTakenBack,
    AnswerAccepted,
    ReactionChanged,
    ThreadChanged,
    ThreadClosed,
    ThreadMoved,
    ThreadReopened,
)
from forum.threads.rules import REACTIONS
from forum.threads.visibility import last_number, visible_post, visible_thread
from forum.threads.writing import locked_thread, record_act, require_writer
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.reader import Reader


@action
async def react(reader: Reader, post: int, kind: str, *, on: bool) -> int:
    """Add or take back a reaction; doing it twice changes nothing. Returns the thread.

    `same` ("same problem here") is for first posts. Raises NotFound, Forbidden (one's own post), Invalid.
    """
    person = require_writer(reader)
    if kind not in REACTIONS:
        raise Invalid({"kind": _("Choose one of these.")})
    await limit(f"react:{person}", most=60, seconds=60)
    thread = await fetch_value("select thread_id from post where id = $1", post)
    where = await locked_thread(thread or 0, reader)
    row = await fetch_one(
        "select p.number, p.author_id, coalesce(w.same_as, w.id) as person_id from post p"
        " join thread t on t.id = p.thread_id join person w on w.id = p.author_id"
        f" where p.id = $1 and p.deleted_at is null and {visible_post('p', 't', '$2')}",
        post,
        person,
    )
    if row is None:
        raise NotFound
    if row["person_id"] == person:
        raise Forbidden(_("One's own posts are for others to like."))
    if kind == "same" and row["number"] != 1:
        raise Invalid({"kind": _("This belongs to the first post.")})
    if on:
        done = await fetch_value(
            "insert into reaction (post_id, person_id, kind) values ($1, $2, $3) on conflict do nothing returning 1",
            post,
            person,
            kind,
        )
    else:
        done = await fetch_value(
            "delete from reaction where post_id = $1 and person_id = $2 and kind = $3 returning 1", post, person, kind
        )
    if done:
        await execute(
            "with t as (update thread set version = version + 1 where id = $2 returning version)"
            " update post set version = t.version, reactions = reactions || jsonb_build_object($3::text,"
            " greatest(0, coalesce((reactions ->> $3)::int, 0) + $4::int)) from t where post.id = $1",
            post,
            where["id"],
            kind,
            1 if on else -1,
        )
        await publish(ReactionChanged(where["id"], where["project_id"], post, row["author_id"], person, kind, on))
        hint("thread", where["id"])
    return int(where["id"])


def require_on_thread(reader: Reader, deed: str, where: object) -> None:
    """The matrix, for a locked thread's row: own, assigned and public are read off it. Raises Forbidden."""
    row: dict[str, object] = dict(where)  # type: ignore[call-overload]
    require(
        reader,
        deed,
        row["project_id"],  # type: ignore[arg-type]
        own=bool(row["is_own"]),
        assigned=bool(row["is_assigned"]),
        public=row["visibility"] == "public",
    )


@action
async def accept_answer(reader: Reader, thread: int, number: int) -> None:
    """Accept a post as the answer: the asker, or the team by the matrix. Again with another post moves it.

    Raises NotFound, Forbidden, Invalid (the first post, a whisper).
    """
    require_writer(reader)
    where = await locked_thread(thread, reader)
    require_on_thread(reader, "accept", where)
    post = await fetch_one(
        "select id, author_id, is_whisper, deleted_at from post where thread_id = $1 and number = $2", thread, number
    )
    if post is None or post["deleted_at"] or post["is_whisper"]:
        raise NotFound
    if number == 1:
        raise Invalid({"number": _("The question cannot be its own answer.")})
    if where["accepted_number"] == number:
        return
    await execute("update thread set accepted_number = $2 where id = $1", thread, number)
    version = await record_act(thread, "accept", reader.person, number=number)
    await touch_posts(thread, version, [number, where["accepted_number"]])
    await publish(AnswerAccepted(thread, where["project_id"], number, post["author_id"], reader.person))
    await publish(ThreadChanged(thread))
    hint("list", where["project_id"])


@action
async def take_back_acceptance(reader: Reader, thread: int) -> None:
    """Take an acceptance back; nothing happens where there is none. Raises NotFound, Forbidden."""
    require_writer(reader)
    where = await locked_thread(thread, reader)
    require_on_thread(reader, "accept", where)
    number = where["accepted_number"]
    if number is None:
        return
    await execute("update thread set accepted_number = null where id = $1", thread)
    version = await record_act(thread, "take_back", reader.person, number=number)
    await touch_posts(thread, version, [number])
    await publish(AcceptanceTakenBack(thread, where["project_id"], number, reader.person))
    await publish(ThreadChanged(thread))
    hint("list", where["project_id"])


async def touch_posts(thread: int, version: int, numbers: list[int | None]) -> None:
    """Let these posts count as changed by `version`, so that open browsers fetch them anew."""
    await execute(
        "update post set version = $2 where thread_id = $1 and number = any($3)",
        thread,
        version,
        [n for n in numbers if n is not None],
    )


def may_close(reader: Reader, where: object) -> bool:
    row: dict[str, object] = dict(where)  # type: ignore[call-overload]
    project: int = row["project_id"]  # type: ignore[assignment]
    is_public = row["visibility"] == "public"
    return (
        may(reader, "close", project)
        or may(reader, "close_own", project, own=bool(row["is_own"]))
        or may(reader, "moderate", project, public=is_public)
    )


@action
async def close_thread(reader: Reader, thread: int, reason: str = "") -> None:
    """Close a thread: its asker, the team, a moderator. Closing it twice changes nothing. Raises NotFound, Forbidden."""
    require_writer(reader)
    where = await locked_thread(thread, reader)
    if not may_close(reader, where):
        raise Forbidden
    if where["is_closed"]:
        return
    if where["visibility"] == "author":
        raise Conflict(_("This is a draft still. Submit it first."))
    await execute("update thread set is_closed = true where id = $1", thread)
    await record_act(thread, "close", reader.person, reason=reason[:300])
    by_team = reader.is_team(where["project_id"])
    await publish(ThreadClosed(thread, where["project_id"], reader.person, by_team))
    await publish(ThreadChanged(thread))
    hint("list", where["project_id"])


@action
async def reopen_thread(reader: Reader, thread: int) -> None:
    """Open a closed thread again, by whoever may close it. Raises NotFound, Forbidden."""
    require_writer(reader)
    where = await locked_thread(thread, reader)
    if not may_close(reader, where):
        raise Forbidden
    if not where["is_closed"]:
        return
    await execute("update thread set is_closed = false where id = $1", thread)
    await record_act(thread, "reopen", reader.person)
    # whoever it is that is not the asker takes a closure back
    await publish(ThreadReopened(thread, where["project_id"], reader.person, by_team=not where["is_own"]))
    await publish(ThreadChanged(thread))
    hint("list", where["project_id"])


@action
async def move_thread(reader: Reader, thread: int, category: int) -> None:
    """Put a thread into another category of its project; its URL stays, its visibility becomes the category's.

    Raises NotFound, Forbidden, Invalid (a category of another project).
    """
    require_writer(reader)
    where = await locked_thread(thread, reader)
    require_on_thread(reader, "move", where)
    to = await fetch_one("select id, kind, slug, name, visibility, project_id from category where id = $1", category)
    if to is None or to["project_id"] != where["project_id"]:
        raise Invalid({"category": _("Choose one of these.")})
    if to["id"] == where["category_id"]:
        return
    if where["visibility"] == "author":
        raise Conflict(_("This is a draft still. Submit it first."))
    await put_into(where, to, reader.person)


async def put_into(where: Row, to: Row, actor: int | None) -> None:
    """Let a locked thread stand in another category (id, kind, name, visibility) of its project; `actor` None: somebody
    who is not known here."""
    thread: int = where["id"]
    await execute(
        "update thread set category_id = $2, visibility = $3 where id = $1",
        thread,
        to["id"],
        # what is private by its asker's wish stays so wherever it goes
        "private" if where["is_private"] else to["visibility"],
    )
    if not where["is_private"]:
        await execute(
            "update category set thread_count = thread_count + (case when id = $1 then -1 else 1 end)"
            " where id in ($1, $2)",
            where["category_id"],
            to["id"],
        )
    # a private category's name is not told to those who stay behind
    shown = {"to": to["name"]} if to["visibility"] == "public" else {}
    await record_act(thread, "move", actor, **shown)
    from_kind, by = where["category_kind"], actor or where["author_id"]
    await publish(ThreadMoved(thread, where["project_id"], from_kind, to["kind"], by))
    await publish(ThreadChanged(thread))
    hint("list", where["project_id"])


@action
async def publish_draft(reader: Reader, thread: int) -> None:
    """Let a draft be seen by those its category is for; its author alone does so. Raises NotFound, Forbidden."""
    require_writer(reader)
    where = await locked_thread(thread, reader)
    if not where["is_own"]:
        raise Forbidden
    if where["visibility"] != "author":
        return
    await execute(
        "update thread set visibility = $2, version = version + 1, created_at = now(), bumped_at = now(),"
        " last_post_at = now() where id = $1",
        thread,
        "private" if where["is_private"] else where["category_visibility"],
    )
    if not where["is_private"]:
        await execute("update category set thread_count = thread_count + 1 where id = $1", where["category_id"])
    await publish(ThreadChanged(thread))
    hint("thread", thread)
    hint("list", where["project_id"])


async def mark_read(reader: Reader, thread: int, number: int) -> None:
    """Remember that a person read up to a post number; never goes back. Nothing happens where it is not visible."""
    await execute(
        "insert into read_position (person_id, thread_id, number)"
        f" select $1, t.id, least($3, {last_number('t', '$1')}) from thread t where t.id = $2 and {visible_thread('t', '$1')}"
        " on conflict (person_id, thread_id) do update"
        " set number = excluded.number, at = now() where read_position.number < excluded.number",
        reader.person,
        thread,
        number,
    )
