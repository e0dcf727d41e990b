"""Wanting a GitHub issue for a bug's thread, each step of getting it, and the link both ways once it is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from categories.bugs.forms import LABELS_MOST
from categories.bugs.queries import PROMOTED, facts_of, is_overdue, obstacle
from categories.bugs.rules import BODY_MOST, TITLE_MOST
from categories.bugs.states import BETWEEN, Event, State, after, sentence
from categories.bugs.there import repositories_for
from forum import audit
from forum.database.engine import Row, action, execute, fetch_one
from forum.events import hint
from forum.jobs import enqueue
from forum.origins import remember
from forum.outside.github import Issue
from forum.projects.roles import require
from forum.settings import settings
from forum.threads.rules import TITLE_LEAST, clean_title
from forum.threads.visibility import visible_thread
from forum.threads.writing import locked_thread, record_act, require_writer
from forum.web.errors import Conflict, Invalid
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.reader import Reader

# More an hour and person is a program gone wild, on somebody else's site.
PROMOTIONS_AN_HOUR = 30
JOB = "promote_thread"


@action
async def promote(
    reader: Reader, thread: int, title: str, body: str, repository: str = "", labels: Sequence[str] = ()
) -> Row:
    """Have a thread become a GitHub issue with this title and text, in one of the project's repositories (the first where
    none is named), under labels; returns the facts as they are then.

    One that is on its way or there already is answered with as it is; one that failed is wanted again. Raises NotFound,
    SignInFirst, Forbidden, Conflict (what keeps it from being promoted), Invalid, TooMany.
    """
    person = require_writer(reader)
    where = await locked_thread(thread, reader)
    require(reader, "promote", where["project_id"])
    facts = await facts_of(reader, thread)
    if facts["state"] is not None and facts["state"] != State.FAILED:
        if is_overdue(facts, datetime.now(UTC)):
            await enqueue(JOB, thread=thread)
        return facts
    known = await repositories_for(facts)
    if reason := obstacle(facts, settings(), known):
        raise Conflict(sentence(reason, known[0] if known else ""))
    chosen = next((name for name in known if name.casefold() == (repository or known[0]).casefold()), None)
    if chosen is None:
        raise Invalid({"repository": _("Choose one of these.")})
    repository = chosen
    title, body = checked(title, body)
    await limit(f"promote:{person}", most=PROMOTIONS_AN_HOUR, seconds=3600)
    # where one may have come into being unseen it is looked for there first, unless that place has gone itself
    await execute(
        "insert into promotion as m (thread_id, project_id, repository, title, body, wanted_by, labels)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict (thread_id) do update set state = 'wanted', title = $4, body = $5,"
        " wanted_by = $6, labels = $7, wanted_at = now(), tries = 0, problem = '', detail = '', repository = case when m.sent_at is"
        " null or m.problem in ('gone', 'moved', 'not-installed') then $3 else m.repository end",
        thread,
        where["project_id"],
        repository,
        title,
        body,
        person,
        [each[:100] for each in labels][:LABELS_MOST],
    )
    await audit.record("promote", actor=person, subject=("thread", thread), repository=repository)
    await enqueue(JOB, thread=thread)
    await touch(thread)
    return await facts_of(reader, thread)


def checked(title: str, body: str) -> tuple[str, str]:
    """Title and text as they are kept. Raises Invalid."""
    title, body = clean_title(title), body.strip()
    faults = {}
    if not TITLE_LEAST <= len(title) <= TITLE_MOST:
        faults["title"] = _("One line of %(least)d to %(most)d characters.") % {
            "least": TITLE_LEAST,
            "most": TITLE_MOST,
        }
    if not body:
        faults["body"] = _("Fill this in.")
    elif len(body) > BODY_MOST:
        faults["body"] = _("At most %(limit)d characters; these are %(n)d.") % {"limit": BODY_MOST, "n": len(body)}
    if faults:
        raise Invalid(faults)
    return title, body


@action
async def try_again(reader: Reader, thread: int) -> Row:
    """Want it again with the title and text that are kept. Raises as `promote`, and Conflict where there are none."""
    require_writer(reader)
    where = await locked_thread(thread, reader)
    require(reader, "promote", where["project_id"])
    facts = await facts_of(reader, thread)
    if facts["state"] is None:
        raise Conflict(_("Nobody has promoted this thread yet. Open it and press the button there."))
    # where it was to go, as long as that is a place of the project's
    kept = facts["repository"]
    repository = kept if kept in await repositories_for(facts) else ""
    return await promote(reader, thread, facts["title"], facts["body"], repository, facts["promotion_labels"])


async def touch(thread: int) -> None:
    """Let open pages of the thread show the promotion anew."""
    await execute("update thread set version = version + 1 where id = $1", thread)
    hint("thread", thread)


@dataclass(frozen=True)
class Try:
    """A try that has begun. `sent_at`: when an earlier one may first have made the issue, None where none has."""

    thread: int
    number: int
    repository: str
    title: str
    body: str
    key: UUID
    reporter: str
    promoter: str
    wanted_by: int
    started: datetime
    sent_at: datetime | None
    labels: Sequence[str] = ()


# The thread is locked before its promotion, as everywhere.
LOCKED = f"""
select m.*, {visible_thread("t", "null")} as is_public, c.kind, c.visibility as category_visibility,
       a.username as reporter, b.username as promoter
  from thread t join promotion m on m.thread_id = t.id join category c on c.id = t.category_id
  join person w on w.id = t.author_id join person a on a.id = coalesce(w.same_as, w.id)
  join person b on b.id = m.wanted_by
 where t.id = $1 for update of t, m
"""


@action
async def begin(thread: int, now: datetime) -> Try | None:
    """Begin a try, and say so in the database before anything is sent; None where there is nothing to do (now).

    What may have been made is known from then on, whenever this process ends.
    """
    row = await fetch_one(LOCKED, thread)
    if row is None or (state := after(State(row["state"]), Event.STARTED)) is None:
        return None
    if row["next_at"] and row["next_at"] > now:
        # another try talks still, or did a moment ago and was killed
        await enqueue(JOB, thread=thread, delay=row["next_at"] - now)
        return None
    if not row["is_public"] or row["category_visibility"] != "public" or row["kind"] not in PROMOTED:
        await give_up(row, "not-bug" if row["is_public"] else "not-public", "", row["sent_at"])
        return None
    await execute(
        "update promotion set state = $2, tries = tries + 1, sent_at = coalesce(sent_at, $3), next_at = $4, detail = ''"
        " where thread_id = $1",
        thread,
        state,
        now,
        now + BETWEEN,
    )
    told = {
        name: row[name]
        for name in ("repository", "title", "body", "key", "reporter", "promoter", "wanted_by", "labels")
    }
    return Try(thread, row["tries"] + 1, started=now, sent_at=row["sent_at"], **told)


async def give_up(row: Row, problem: str, detail: str, sent_at: datetime | None) -> None:
    """Leave a locked promotion to a maintainer, who is told why."""
    state = after(State(row["state"]), Event.GAVE_UP)
    if state is None:
        return
    await execute(
        "update promotion set state = $2, problem = $3, detail = $4, sent_at = $5, next_at = null where thread_id = $1",
        row["thread_id"],
        state,
        problem,
        detail,
        sent_at,
    )
    await touch(row["thread_id"])


@action
async def not_made(one: Try, sent_at: datetime | None, *, problem: str, detail: str, again: datetime | None) -> None:
    """A try ended without an issue: `again` says when to try next, None never. `sent_at`: since when there may be one
    nevertheless. A try that another one has followed has no say any more."""
    row = await fetch_one(LOCKED, one.thread)
    if row is None or row["state"] != State.CREATING or row["tries"] != one.number:
        return
    if again is None:
        await give_up(row, problem, detail, sent_at)
        return
    state = State.CREATING if sent_at else after(State.CREATING, Event.PUT_OFF)
    await execute(
        "update promotion set state = $2, sent_at = $3, next_at = $4, detail = $5 where thread_id = $1",
        one.thread,
        state,
        sent_at,
        again,
        problem,
    )
    await enqueue(JOB, thread=one.thread, delay=max(again - datetime.now(UTC), timedelta(0)))
    await touch(one.thread)


@action
async def link(one: Try, issue: Issue) -> None:
    """The issue is there: both sides lead to each other from now on, and an import of it finds this thread."""
    row = await fetch_one(LOCKED, one.thread)
    state = row and after(State(row["state"]), Event.SUCCEEDED)
    if row is None or state is None:
        return
    await execute(
        "update promotion set state = $2, number = $3, url = $4, linked_at = now(), sent_at = null, next_at = null,"
        " problem = '', detail = '' where thread_id = $1",
        one.thread,
        state,
        issue.number,
        issue.url,
    )
    name = f"{one.repository.casefold()}#{issue.number}"
    await remember("github", "thread", one.thread, [name, f"node:{issue.node_id}", f"id:{issue.id}"], issue.url)
    await record_act(one.thread, "promote", one.wanted_by, issue=f"{one.repository}#{issue.number}", url=issue.url)
