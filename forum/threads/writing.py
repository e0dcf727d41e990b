"""Replying, and what whoever writes anything goes by: one action, wherever the words came from."""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.events import hint, publish
from forum.markup import COOK_VERSION, Cooked, TooLong, cook, find_mentions
from forum.origins import LOCAL, Origin
from forum.projects.roles import require
from forum.threads.events import PostCreated, ThreadChanged, ThreadReopened
from forum.threads.rules import FACES, PURPOSES
from forum.threads.visibility import is_self, visible_thread
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound, SignInFirst
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.reader import Reader

# Posts a minute and person; more is a program, which has the importers.
POSTS_A_MINUTE = 40
# What is seen of a post without a word in it.
SEEN = re.compile("<(?:img|hr|input)[ />]")
# Who sends a form and who keeps its draft take turns by the form's key, until each is committed; no key waits for none.
TURN = "pg_advisory_xact_lock(uuid_hash_extended({}, 0))"


@dataclass(frozen=True)
class Posted:
    """A post that exists: where it stands, and the thread's version with it. `is_new` False when it was sent before."""

    thread: int
    slug: str
    post: int
    number: int
    version: int
    is_new: bool = True

    @property
    def url(self) -> str:
        return f"/t/{self.slug}/{self.thread}" + (f"/{self.number}" if self.number > 1 else "")


def require_writer(reader: Reader) -> int:
    """The id of a reader who may publish. Raises SignInFirst, or Forbidden before the address is confirmed."""
    if not reader.is_signed_in:
        raise SignInFirst
    if not reader.is_confirmed:
        raise Forbidden(_("Confirm your e-mail address first: we sent you a mail. Your text is kept as a draft."))
    return reader.person


async def cook_for(markdown: str, project_slug: str, has_issues: bool, *, is_local: bool = True) -> Cooked:
    """Cook a text of a project: mentions of people who exist, `#123` of its repository. Raises Invalid.

    In a text from elsewhere `@name` is somebody there, not who has that name here: it stays text.
    """
    people: frozenset[str] = frozenset()
    try:
        if is_local and (names := find_mentions(markdown)):
            known = await fetch("select lower(username) as name from person where lower(username) = any($1)", [*names])
            people = frozenset(row["name"] for row in known)
        return cook(
            markdown,
            people=people,
            issue_url=(lambda n: f"/p/{project_slug}/issues/{n}") if has_issues else None,
        )
    except TooLong:
        raise Invalid({"markdown": _("At most %(n)d characters.") % {"n": 100_000}}) from None


async def preview_of(markdown: str, project_slug: str, *, is_local: bool = True) -> Cooked:
    """A text as it will stand when it is stored in a project; "" for one that is not chosen yet. Raises Invalid."""
    has_issues = await fetch_value("select repository <> '' from project where slug = $1", project_slug)
    return await cook_for(markdown, project_slug, bool(has_issues) or not is_local, is_local=is_local)


def check_markdown(markdown: str) -> None:
    """Raises Invalid for a text with nothing in it."""
    if not markdown.strip():
        raise Invalid({"markdown": _("Write something first.")})


def check_seen(cooked: Cooked) -> None:
    """Raises Invalid for a text of which nothing is left to be seen: tags that are not let through, signs without ink."""
    if any(sign.isprintable() and not sign.isspace() for sign in cooked.excerpt) or SEEN.search(cooked.html):
        return
    raise Invalid({"markdown": _("Nothing of this would be seen. Put code between `backticks`.")})


async def locked_thread(thread: int, reader: Reader, *, author: int | None = None, key: UUID | None = None) -> Row:
    """The thread's row, locked until the transaction ends: changes of one thread happen one after another. Where
    `may_be_sent` is false, the author has not sent a post of this key before.

    Raises NotFound where the reader may not see it.
    """
    row = await fetch_one(
        "select t.*, c.kind as category_kind, c.visibility as category_visibility, p.slug as project_slug,"
        " p.repository <> '' as has_issues, t.author_id = $2 or exists (select 1 from person me"
        " where me.id = t.author_id and me.same_as = $2) or exists (select 1 from thread_participant w"
        f" where w.thread_id = t.id and {is_self('w.person_id', '$2')} and w.kind = 'requester') as is_own,"
        " exists (select 1 from thread_participant w where w.thread_id = t.id and w.person_id = $2"
        " and w.kind = 'assignee') as is_assigned,"
        # behind a lock that was waited for stands the new row, but the posts are those from before the wait
        " exists (select 1 from post s where s.author_id = $3 and s.client_key = $4)"
        " or t.version <> (select o.version from thread o where o.id = t.id) as may_be_sent,"
        f" {TURN.format('$4')} as turn"
        " from thread t join category c on c.id = t.category_id join project p on p.id = t.project_id"
        f" where t.id = $1 and {visible_thread('t', '$2')} for update of t",
        thread,
        reader.id,
        author,
        key,
    )
    if row is None:
        raise NotFound
    return row


async def post_reply(
    reader: Reader,
    thread: int,
    markdown: str,
    *,
    purpose: str = "reply",
    reply_to: int | None = None,
    key: UUID | None = None,
) -> Posted:
    """Reply to a thread. `purpose` as in product.md; all but reply and thanks are the team's.

    Sent twice with one `key`, it is one post. Raises Invalid, NotFound, Forbidden, Conflict (closed), TooMany.
    """
    author = require_writer(reader)
    check_markdown(markdown)
    if purpose not in PURPOSES:
        raise Invalid({"purpose": _("Choose one of these.")})
    await limit(f"post:{author}", most=POSTS_A_MINUTE, seconds=60)
    return await store_reply(reader, thread, markdown, purpose=purpose, reply_to=reply_to, key=key)


TEAM_PURPOSES = {"whisper": "whisper", "facts": "ask_for_facts", "resolve": "resolve"}


@action
async def store_reply(
    reader: Reader,
    thread: int,
    markdown: str,
    *,
    purpose: str = "reply",
    reply_to: int | None = None,
    key: UUID | None = None,
    origin: Origin = LOCAL,
    author: int | None = None,
) -> Posted:
    """The row of a reply and what follows from it. Importers name the `author`; else it is the reader."""
    author = author or reader.person
    where = await locked_thread(thread, reader, author=author, key=key)
    project: int = where["project_id"]
    if key is not None and where["may_be_sent"] and (before := await sent_before_reply(author, key)):
        if before.thread != thread:
            raise Conflict(_("This was sent to another thread already. Reload and send it again."))
        return before
    by_team = reader.is_team(project) and origin.is_local
    if origin.is_local:
        if purpose in TEAM_PURPOSES:
            require(reader, TEAM_PURPOSES[purpose], project)
        if where["visibility"] == "author":
            raise Conflict(_("This is a draft still. Submit it first."))
        if where["is_closed"] and not where["is_own"] and not by_team:
            raise Conflict(_("This thread is closed. Start a new one and link here."))
    cooked = await cook_for(
        markdown, where["project_slug"], where["has_issues"] or origin.source == "github", is_local=origin.is_local
    )
    if origin.is_local:
        check_seen(cooked)
    row = await fetch_one(
        "with t as (update thread set version = version + 1, last_number = last_number + 1,"
        " last_public_number = case when $6 then coalesce(last_public_number, last_number) end,"
        " reply_count = reply_count + (case when $6 then 0 else 1 end),"
        " last_post_at = case when $6 then last_post_at else greatest(last_post_at, coalesce($8, now())) end,"
        " bumped_at = case when $6 then bumped_at else greatest(bumped_at, coalesce($8, now())) end,"
        " last_poster_id = case when $6 then last_poster_id else $2 end,"
        " people = case when $6 or $2 = any(people) then people when cardinality(people) < $12 then people || $2"
        " else people[1:$12 - 1] || $2 end where id = $1 returning version, last_number),"
        " p as (insert into post (thread_id, number, author_id, purpose, markdown, html, cook_version, version,"
        " reply_to, origin, origin_url, created_at, client_key) select $1, t.last_number, $2, $3, $4, $5, $7,"
        # what everybody reads does not tell that a whisper is there
        " t.version, case when $6 or not exists (select 1 from post w where w.thread_id = $1 and w.number = $9"
        " and w.is_whisper) then $9 end, $10, $11, coalesce($8, now()), $13 from t returning id, created_at),"
        " d as (delete from draft where person_id = $2 and key = 'thread:' || $1 and $10 = 'local'),"
        " r as (insert into read_position (person_id, thread_id, number) select $2, $1, t.last_number from t"
        " where $10 = 'local' on conflict (person_id, thread_id) do update"
        " set number = greatest(read_position.number, excluded.number), at = now())"
        " select t.version, t.last_number, p.id, p.created_at from t, p",
        thread,
        author,
        purpose,
        markdown,
        cooked.html,
        purpose == "whisper",
        COOK_VERSION,
        origin.at,
        reply_to,
        origin.source,
        origin.url,
        FACES,
        key,
    )
    assert row is not None
    if where["is_closed"] and where["is_own"] and origin.is_local and purpose != "thanks":
        await execute("update thread set is_closed = false where id = $1", thread)
        await record_act(thread, "reopen", author)
        await publish(ThreadReopened(thread, project, author, by_team=False))
    if origin.is_local:
        at: datetime = row["created_at"]
        await publish(PostCreated(thread, project, row["id"], row["last_number"], author, by_team, purpose, at))
    await publish(ThreadChanged(thread))
    hint("thread", thread)
    if purpose != "whisper":
        hint("list", project)
    return Posted(thread, where["slug"], row["id"], row["last_number"], row["version"])


async def was_sent(author: int, key: UUID) -> bool:
    """Whether a form with this key was sent; one that is being stored is waited for. Until the transaction ends, none
    with this key is stored."""
    await execute(f"select {TURN.format('$1')}", key)
    return await sent_before_reply(author, key) is not None


async def sent_before_reply(author: int, key: UUID) -> Posted | None:
    row = await fetch_one(
        "select t.id, t.slug, t.version, p.id as post, p.number from post p join thread t on t.id = p.thread_id"
        " where p.author_id = $1 and p.client_key = $2",
        author,
        key,
    )
    return Posted(row["id"], row["slug"], row["post"], row["number"], row["version"], is_new=False) if row else None


async def record_act(
    thread: int, kind: str, actor: int | None, *, team_only: bool = False, at: datetime | None = None, **data: object
) -> int:
    """Write down an act on a thread, raise its version, tell open browsers; returns the version.

    The thread's row must be locked, or be locked by this.
    """
    version: int = await fetch_value(
        "with t as (update thread set version = version + 1 where id = $1"
        " returning version, case when $4 then last_number else coalesce(last_public_number, last_number) end as number),"
        " a as (insert into thread_act (thread_id, kind, actor_id, after_number, version, team_only, data, at)"
        " select $1, $2, $3, t.number, t.version, $4, $5, coalesce($6, now()) from t)"
        " select version from t",
        thread,
        kind,
        actor,
        team_only,
        data,
        at,
    )
    hint("thread", thread)
    return version
