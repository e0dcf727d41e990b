"""What the bot is to do, as rows: wanted once an issue and purpose, begun, each step noted, ended or put off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from forum.database.engine import Row, action, execute, fetch_one, fetch_value
from forum.jobs import enqueue

JOB: Final = "github_move"
Purpose = Literal["move", "security", "offer", "pointer"]
# As with promotions (categories/bugs/states.py): no try lives longer than the one, none begins sooner after another.
TRY_FOR: Final = timedelta(seconds=60)
BETWEEN: Final = timedelta(seconds=90)
LONGEST: Final = timedelta(hours=1)
MOST_TRIES: Final = 10
# Their clock may be behind ours.
CLOCKS: Final = timedelta(minutes=5)


def next_try(tries: int, started: datetime) -> datetime | None:
    """When to try again after so many tries, the last of which began at `started`; None: never."""
    return started + min(BETWEEN * 2 ** (tries - 1), LONGEST) if tries < MOST_TRIES else None


@action
async def want(
    repository: int,
    issue: int,
    purpose: Purpose,
    *,
    kind: str | None = None,
    login: str = "",
    comment: int | None = None,
) -> bool:
    """Have the bot do something, once an issue; one that failed is tried again. False: it is done, or on its way."""
    move = await fetch_value(
        "insert into github_move as m (repository_id, issue, purpose, kind, login, comment_id)"
        " values ($1, $2, $3, $4, $5, $6) on conflict (repository_id, issue, purpose) do update set state = 'wanted',"
        " tries = 0, problem = '', login = $5, comment_id = $6 where m.state = 'failed' returning id",
        repository,
        issue,
        purpose,
        kind,
        login,
        comment,
    )
    if move is None:
        return False
    await enqueue(JOB, move=move)
    return True


async def point_if_moved(repository: int, issue: int, comment: int) -> None:
    """Where an issue has moved, and comments on it do not follow (those of a private repository never do), have that said
    once."""
    is_lost = await fetch_value(
        "select 1 from github_move m join github_repository r on r.id = m.repository_id where m.repository_id = $1"
        " and m.issue = $2 and m.purpose = 'move' and m.state = 'done' and (r.is_private or not r.comments_follow)",
        repository,
        issue,
    )
    if is_lost:
        await want(repository, issue, "pointer", comment=comment)


@dataclass(frozen=True)
class Move:
    """A try that has begun. `sent_at`: since when an earlier one's comment may be there."""

    id: int
    number: int
    started: datetime
    repository_id: int
    repository: str
    is_private: bool
    locks: bool
    bot_text: str
    locale: str
    category: int | None
    project: int
    project_slug: str
    project_name: str
    issue: int
    purpose: Purpose
    kind: str | None
    login: str
    thread: int | None
    key: UUID
    sent_at: datetime | None
    is_said: bool
    steps: tuple[str, ...]


LOCKED: Final = """
select m.*, r.name, r.is_private, r.locks_moved, r.bot_text, r.locale, r.category_id, r.project_id, p.slug, p.name as project_name
  from github_move m join github_repository r on r.id = m.repository_id left join project p on p.id = r.project_id
 where m.id = $1 for update of m
"""


@action
async def begin(move: int, now: datetime) -> Move | None:
    """Begin a try; None where there is nothing to do, or not yet."""
    row = await fetch_one(LOCKED, move)
    if row is None or row["state"] in ("done", "failed"):
        return None
    if row["next_at"] and row["next_at"] > now:
        # another try talks still, or did a moment ago and was killed
        await enqueue(JOB, move=move, delay=row["next_at"] - now)
        return None
    if row["project_id"] is None:
        await end(move, "failed", "the repository is in no project any more")
        return None
    await execute(
        "update github_move set state = 'doing', tries = tries + 1, next_at = $2 where id = $1", move, now + BETWEEN
    )
    return move_of(row, now)


def move_of(row: Row, now: datetime) -> Move:
    return Move(
        id=row["id"],
        number=row["tries"] + 1,
        started=now,
        repository_id=row["repository_id"],
        repository=row["name"],
        is_private=row["is_private"],
        locks=row["locks_moved"],
        bot_text=row["bot_text"],
        locale=row["locale"],
        category=row["category_id"],
        project=row["project_id"],
        project_slug=row["slug"],
        project_name=row["project_name"],
        issue=row["issue"],
        purpose=row["purpose"],
        kind=row["kind"],
        login=row["login"],
        thread=row["thread_id"],
        key=row["key"],
        sent_at=row["sent_at"],
        is_said=row["reply_id"] is not None,
        steps=tuple(row["steps"]),
    )


async def end(move: int, state: str, problem: str = "") -> None:
    await execute(
        "update github_move set state = $2, problem = $3, next_at = null, done_at = now() where id = $1",
        move,
        state,
        " ".join(problem.split())[:300],
    )


@action
async def put_off(one: Move, problem: str, again: datetime | None) -> None:
    """A try ended early: `again` says when to go on, None never. One that another has followed has no say any more."""
    row = await fetch_one("select state, tries from github_move where id = $1 for update", one.id)
    if row is None or row["state"] != "doing" or row["tries"] != one.number:
        return
    if again is None:
        await end(one.id, "failed", problem)
        return
    await execute("update github_move set next_at = $2, problem = $3 where id = $1", one.id, again, problem[:300])
    await enqueue(JOB, move=one.id, delay=max(again - datetime.now(UTC), timedelta(0)))


async def note(one: Move, sets: str, *values: Any) -> None:
    """Write down a step, at once: what was done on GitHub is not undone by what fails here."""
    await execute(f"update github_move set {sets} where id = $1", one.id, *values)


@action
async def finish(one: Move, problems: Sequence[str]) -> None:
    """All is done that could be."""
    await end(one.id, "done", "; ".join(problems))
