"""What becomes of an issue on GitHub, shown in its thread: as small events, and told to those who wait for it, once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from categories.bugs.states import State
from forum.database.engine import Row, execute, fetch, fetch_one, fetch_value
from forum.events import hint
from forum.notifications.actions import tell
from forum.notifications.kinds import Kind, Said
from forum.threads.queries import PERSON
from forum.threads.visibility import visible_thread
from forum.threads.writing import record_act
from forum.web.i18n import _

OPEN: Final = "open"
CLOSED: Final = "closed"
DELETED: Final = "deleted"


@dataclass(frozen=True)
class Told:
    """An issue as GitHub tells it. `is_locked` None: it does not say; `by`: the login of who made it so, "" unknown."""

    repository: str
    number: int
    updated_at: datetime
    state: str = OPEN
    reason: str = ""
    milestone: str = ""
    labels: tuple[str, ...] = ()
    is_locked: bool | None = None
    by: str = ""

    @property
    def name(self) -> str:
        return f"{self.repository}#{self.number}"


@dataclass(frozen=True)
class Change:
    """One thing that became otherwise: the kind of the act that tells of it, and what it says."""

    kind: str
    said: dict[str, Any] = field(default_factory=dict)


def changes(was: Told, now: Told) -> Iterator[Change]:
    """What differs, in the order in which it is told (pure)."""
    for label in now.labels:
        if label not in was.labels:
            yield Change("issue_labeled", {"label": label})
    for label in was.labels:
        if label not in now.labels:
            yield Change("issue_unlabeled", {"label": label})
    if now.milestone != was.milestone:
        if now.milestone:
            yield Change("issue_milestoned", {"milestone": now.milestone})
        else:
            yield Change("issue_demilestoned", {"milestone": was.milestone})
    if now.is_locked is not None and now.is_locked != was.is_locked:
        yield Change("issue_locked" if now.is_locked else "issue_unlocked")
    if now.state != was.state:
        reason = {"reason": now.reason} if now.state == CLOSED and now.reason else {}
        yield Change({OPEN: "issue_reopened", CLOSED: "issue_closed", DELETED: "issue_deleted"}[now.state], reason)


def told_of(row: Row) -> Told:
    names = ("repository", "number", "updated_at", "state", "reason", "milestone", "is_locked")
    return Told(**{name: row[name] for name in names}, labels=tuple(row["labels"]))


async def promoted(thread: int) -> Row | None:
    """The promotion by which a thread became an issue, None for one that was imported."""
    return await fetch_one("select * from promotion where thread_id = $1 and state = $2", thread, State.LINKED)


async def mirror(thread: int, told: Told) -> bool:
    """Take over what an issue says now, in the running transaction; whether that was news. An older word than the last
    changes nothing, nor does the same one again.

    Acts tell of it in the thread of a promoted issue; in an imported one, which is its issue, of what has no other way
    to show (milestone and lock).
    """
    # changes of one thread happen one after another
    where = await fetch_one("select id, origin from thread where id = $1 for update", thread)
    if where is None:
        return False
    row = await fetch_one("select * from github_issue where thread_id = $1", thread)
    if row is not None and row["updated_at"] > told.updated_at:
        return False
    made_here = await promoted(thread)
    was = told_of(row) if row else None
    if was is None and made_here is not None:
        was = Told(told.repository, told.number, told.updated_at, labels=tuple(made_here["labels"]), is_locked=False)
    found = list(changes(was, told)) if was is not None else []
    await keep(thread, told)
    if not found:
        return False
    shown = found if made_here is not None else [c for c in found if "milestone" in c.kind or "locked" in c.kind]
    for change in shown:
        said: dict[str, Any] = {"issue": told.name, "by": told.by, **change.said}
        await record_act(thread, change.kind, None, at=told.updated_at, **said)
    if made_here is not None and any(change.kind == "issue_closed" for change in found):
        await tell_closed(thread, told)
    hint("thread", thread)
    return True


async def keep(thread: int, told: Told) -> None:
    await execute(
        "insert into github_issue as g (thread_id, repository, number, state, reason, milestone, labels, is_locked,"
        " updated_at) values ($1, $2, $3, $4, $5, $6, $7, coalesce($8, false), $9) on conflict (thread_id) do update set"
        " repository = $2, number = $3, state = $4, reason = $5, milestone = $6, labels = $7,"
        " is_locked = coalesce($8, g.is_locked), updated_at = $9",
        thread,
        told.repository,
        told.number,
        told.state,
        told.reason if told.state == CLOSED else "",
        told.milestone,
        list(told.labels),
        told.is_locked,
        told.updated_at,
    )


async def commented(thread: int, comment: int, url: str, by: str, at: datetime) -> bool:
    """Tell in a promoted issue's thread that somebody commented on it there, once a comment."""
    await execute("select 1 from thread where id = $1 for update", thread)
    if await fetch_value(
        "select 1 from thread_act where thread_id = $1 and kind = 'issue_commented' and data ->> 'comment' = $2 limit 1",
        thread,
        str(comment),
    ):
        return False
    await record_act(thread, "issue_commented", None, at=at, comment=str(comment), url=url, by=by)
    return True


# Who has an account and said "same problem here", and who asked; as far as they may read the thread today.
WAITING = f"""
select distinct a.id from thread t
  join (select author_id as person_id, id as thread_id from thread where id = $1
        union select r.person_id, p.thread_id from post p join reaction r on r.post_id = p.id and r.kind = 'same'
         where p.thread_id = $1 and p.number = 1) x on x.thread_id = t.id
  {PERSON.format(w="w", a="a", author="x.person_id")}
 where t.id = $1 and a.kind <> 'placeholder' and {visible_thread("t", "a.id")}
"""


async def tell_closed(thread: int, told: Told) -> None:
    """Everybody with the same problem, and the asker, hears that the issue is closed: once, however often it opens."""
    project = await fetch_value("select project_id from thread where id = $1", thread)
    for row in await fetch(WAITING, thread):
        await tell(
            row["id"],
            ISSUE_CLOSED.name,
            key=f"issue_closed:{thread}",
            project=project,
            thread=thread,
            issue=told.name,
            reason=told.reason,
        )


def closed_sentence(said: Said) -> str:
    """The sentence of the notice."""
    told = {"issue": said.get("issue", ""), "title": said.get("title", "")}
    if said.get("reason"):
        told["reason"] = said["reason"]
        return _("The GitHub issue %(issue)s of “%(title)s” was closed: %(reason)s.") % told
    return _("The GitHub issue %(issue)s of “%(title)s” was closed: it is done there.") % told


ISSUE_CLOSED: Final = Kind(
    "issue_closed", closed_sentence, at_once=True, examples=({"issue": "pelican/toolkit#12", "reason": ""},)
)
