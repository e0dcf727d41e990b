"""Brings one issue or discussion up to date with all that is told of it: words, state, milestone, lock, answer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from categories.bugs.mirror import CLOSED, OPEN, Told, commented, mirror, promoted
from forum.database.engine import action, execute, fetch_one
from forum.origins import find_all, remember
from forum.threads.writing import record_act
from importers.github.people import SOURCE
from importers.github.place import Place
from importers.github.records import Comment, Issue, LooseComment
from importers.github.said import is_gone, news, note
from importers.github.storing import begin, find_thread, store_comment, store_issue
from importers.summary import Outcome

# Stands in every comment that this program writes there.
MARKER = "<!-- haas:"


def told_of(place: Place, issue: Issue, by: str = "") -> Told:
    """The issue as its thread's panel shows it."""
    return Told(
        place.repository,
        issue.number,
        issue.updated_at,
        state=CLOSED if issue.is_closed else OPEN,
        reason=issue.reason,
        milestone=issue.milestone,
        labels=issue.labels,
        is_locked=issue.is_locked,
        by=by or (issue.closed_by.login if issue.closed_by else ""),
    )


def is_ours(comment: Comment) -> bool:
    """Whether a comment is one that our App wrote; a person who copies its marker wrote it themselves."""
    return MARKER in comment.body and comment.author.login.endswith("[bot]")


@action
async def store_whole(place: Place, issue: Issue, now: datetime, *, by: str = "") -> tuple[Outcome, int | None]:
    """Bring an issue in, or what stands here up to date; returns the thread (None: it was deleted there). `by`: who did
    what is told now. Raises as `store_issue` does."""
    await begin(place)
    if await is_gone(place.thread_id(issue.number)):
        return "unchanged", None
    heard = await news(issue.comments or ())
    issue = replace(issue, comments=tuple(c for c in heard if not is_ours(c)))
    thread = await find_thread(place, issue)
    if thread is not None and await promoted(thread):
        await remember(SOURCE, "thread", thread, place.thread_ids(issue), issue.url)
        changed = await add_events(place, thread, issue.number, issue.comments or (), now)
        changed |= await mirror(thread, told_of(place, issue, by))
        return "updated" if changed else "unchanged", thread
    outcome, _posts = await store_issue(place, issue, now)
    thread = (await find_all(SOURCE, "thread", [place.thread_id(issue.number)]))[place.thread_id(issue.number)]
    changed = await mirror(thread, told_of(place, issue, by))
    await note(place, issue, issue.comments or ())
    if issue.section is not None:
        changed |= await hear_answer(thread, issue, now)
    return ("updated" if changed and outcome == "unchanged" else outcome), thread


async def add_events(place: Place, thread: int, number: int, comments: Sequence[Comment], now: datetime) -> bool:
    """Comments on a promoted issue are small events in its thread, unless they came as posts already."""
    known = await find_all(SOURCE, "post", [comment.key for comment in comments])
    changed = False
    for comment in comments:
        if comment.id is not None and comment.key not in known and not is_ours(comment):
            url = f"{place.web}/{place.repository}/issues/{number}#issuecomment-{comment.id}"
            at = min(comment.created_at, now)
            changed |= await commented(thread, comment.id, url, comment.author.login, at)
    return changed


@action
async def store_said(place: Place, loose: LooseComment, now: datetime) -> Outcome:
    """Bring in a comment whose issue stands here. Raises Unreadable where it does not."""
    await begin(place)
    if is_ours(loose.comment) or not await news([loose.comment]):
        return "unchanged"
    known = await find_all(SOURCE, "thread", [place.thread_id(loose.number)])
    thread = next(iter(known.values()), None)
    if thread is not None and await promoted(thread):
        changed = await add_events(place, thread, loose.number, [loose.comment], now)
        return "updated" if changed else "unchanged"
    outcome = await store_comment(place, loose, now)
    await note(place, None, [loose.comment])
    if thread is not None and loose.comment.in_discussion:
        await settle_answer(thread, now)
    return outcome


async def hear_answer(thread: int, issue: Issue, now: datetime) -> bool:
    """Take over which comment is a discussion's answer, unless that is older than what is known."""
    await execute(
        "update github_issue set answer = $2 where thread_id = $1 and updated_at <= $3",
        thread,
        issue.answer,
        issue.updated_at,
    )
    return await settle_answer(thread, min(issue.answered_at or now, now))


async def settle_answer(thread: int, now: datetime) -> bool:
    """Accept the post that is the answer there, once both have come; what was accepted here meanwhile stays until that
    changes there. No points: nobody here accepted anything."""
    row = await fetch_one(
        "select g.answer, p.id as post, p.number, t.accepted_number from github_issue g join thread t on t.id = g.thread_id"
        " left join origin_alias a on a.source = $2 and a.kind = 'post'"
        " and a.foreign_id = 'discussion-comment:' || g.answer"
        " left join post p on p.id = a.row_id and p.thread_id = t.id and p.deleted_at is null"
        " where g.thread_id = $1 and g.answer is distinct from g.answer_taken for update of g, t",
        thread,
        SOURCE,
    )
    if row is None or (row["answer"] is not None and row["post"] is None):
        return False
    await execute("update github_issue set answer_taken = answer where thread_id = $1", thread)
    number, before = row["number"], row["accepted_number"]
    if number == before:
        return False
    await execute("update thread set accepted_number = $2 where id = $1", thread, number)
    said: dict[str, Any] = {"number": number or before}
    version = await record_act(thread, "accept" if number else "take_back", None, at=now, **said)
    await execute(
        "update post set version = $2 where thread_id = $1 and number = any($3)",
        thread,
        version,
        [n for n in (number, before) if n is not None],
    )
    return True
