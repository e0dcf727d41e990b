"""What GitHub's webhooks tell of issues and discussions that stand here: they stay as they are there.

Deliveries come late, twice and in any order. What each tells is a whole picture with its date: an older one changes
nothing, the same one again changes nothing; two of one second that differ, of an issue, a discussion or a
comment, are settled by asking (`refresh_github`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from categories.bugs.mirror import DELETED, Told, mirror, promoted, told_of
from forum.database.engine import execute, fetch_one
from forum.events import hint, publish
from forum.jobs import enqueue
from forum.origins import find, remember
from forum.outside.github import Refused, is_configured, web
from forum.outside.github_reading import Reading as Asking
from forum.settings import settings
from forum.threads.events import ThreadChanged
from forum.threads.writing import record_act
from forum.web.errors import Problem
from importers.faults import Unreadable, short_hash
from importers.github.bot.words import is_command_alone
from importers.github.discussions import read_discussion
from importers.github.moved import is_moved
from importers.github.people import SOURCE
from importers.github.place import Place, find_place
from importers.github.progress import is_whole
from importers.github.records import REPOSITORY, Issue, LooseComment, body_of, person_of, read_time
from importers.github.said import bury, remove_post
from importers.github.storing import Seen
from importers.github.whole import is_ours, store_said, store_whole
from importers.placing import NoPlace

log = structlog.get_logger()
REFRESH = "refresh_github"
Json = dict[str, Any]


@dataclass(frozen=True)
class Home:
    """Where a repository stands here. `is_whole`: all of it, so that what is new there comes too; `follows`: comments on
    closed issues become posts."""

    place: Place
    is_whole: bool
    follows: bool


async def home_of(told: Json) -> Home | None:
    """The place of a delivery's repository; None where it has none, or is not for everybody to read."""
    repository = told.get("repository")
    if not isinstance(repository, dict) or repository.get("private") is not False:
        return None
    name = repository.get("full_name")
    if not isinstance(name, str) or not REPOSITORY.fullmatch(name):
        return None
    row = await fetch_one(
        "select p.slug, coalesce(r.comments_follow, true) as follows from project p left join github_repository r"
        " on r.id = $1 and r.project_id = p.id where p.id = coalesce((select project_id from github_repository where id = $1),"
        " (select project_id from github_import where repository_id = $1 limit 1))",
        repository.get("id") if type(repository.get("id")) is int else 0,
    )
    if row is None:
        return None
    try:
        place = await find_place(name, row["slug"], web())
    except NoPlace as error:
        log.info("webhook without a place", repository=name, why=str(error))
        return None
    return Home(place, await is_whole(place.name), row["follows"])


def sender_of(told: Json) -> str:
    who = person_of(told.get("sender"))
    return who.login if who else ""


def issue_in(home: Home, value: object) -> Issue | None:
    """The issue or discussion of a payload; None for a pull request and for what cannot be read."""
    # what a payload says of comments is their number
    for record in home.place.reading.records(value, "webhook"):
        if isinstance(record, Issue) and not record.is_pull:
            return record
        log.info("webhook not read", what=str(record)[:200])
        return None
    return None


async def thread_of(home: Home, issue: Issue) -> int | None:
    return await find(SOURCE, "thread", home.place.thread_ids(issue))


async def issue_happened(act: str, told: Json) -> None:
    """`issues` and `discussion`: opened, changed, closed, moved on, deleted."""
    home = await home_of(told)
    issue = issue_in(home, told.get("issue") or told.get("discussion")) if home else None
    if home is None or issue is None:
        return
    thread = await thread_of(home, issue)
    if act == "deleted":
        await deleted(home, issue, thread, sender_of(told))
    elif act == "transferred":
        await transferred(home, issue, thread, told)
    elif thread is not None or home.is_whole:
        await take_over(home, issue, sender_of(told))


async def take_over(home: Home, issue: Issue, by: str = "") -> int | None:
    """Bring one issue up to date, or in; the thread, None where that cannot be."""
    unsure = await is_tie(home.place, issue)
    try:
        _outcome, thread = await store_whole(home.place, issue, datetime.now(UTC), by=by)
    except (Unreadable, Problem) as error:
        # it would be refused again, whenever it came
        log.info("webhook not taken over", issue=issue.url, why=str(error)[:200])
        return None
    if unsure:
        await ask_again(home, issue)
    return thread


async def ask_again(home: Home, issue: Issue, comment: int | None = None) -> None:
    """Have GitHub asked how an issue or a discussion is now, or what one comment of an issue says; where nobody can ask,
    what stands here stays."""
    if not is_configured(settings()):
        return
    more: Json = {"repository": home.place.repository, "number": issue.number}
    key = f"refresh-github:{home.place.thread_id(issue.number)}"
    if issue.section is not None:
        more["is_discussion"] = True
    elif comment is not None:
        more["comment"] = comment
        key += f":{comment}"
    await enqueue(REFRESH, once=key, **more)


async def is_tie(place: Place, issue: Issue) -> bool:
    """Whether another picture of the same second is known: which of the two is the later one, no date tells."""
    thread = await find(SOURCE, "thread", [place.thread_id(issue.number)])
    row = await fetch_one(
        "select * from github_issue where thread_id = $1 and updated_at = $2", thread, issue.updated_at
    )
    if row is None:
        return False
    was, record = (
        told_of(row),
        await fetch_one(
            "select seen from import_record where source = $1 and foreign_id = $2",
            SOURCE,
            place.thread_id(issue.number),
        ),
    )
    seen = record["seen"] if record else {}
    locked = was.is_locked if issue.is_locked is None else issue.is_locked
    answer = row["answer"] if issue.section is not None else issue.answer
    there = (issue.is_closed, issue.milestone, sorted(issue.labels), locked, issue.answer)
    same = (was.state == "closed", was.milestone, sorted(was.labels), was.is_locked, answer) == there
    fresh = vars(Seen.of(issue))
    return not same or any(seen.get(name, fresh[name]) != fresh[name] for name in ("title", "body", "tags", "section"))


async def refresh_github(repository: str, number: int, is_discussion: bool = False, comment: int | None = None) -> None:
    """The job: ask GitHub how an issue, a discussion or a comment is now. Raises Limited and Unsure, to be tried again."""
    now = datetime.now(UTC)
    async with Asking(settings(), repository) as asking:
        try:
            home = await home_of({"repository": await asking.value(f"/repos/{repository}")})
            if home is None:
                return
            if comment is not None:
                await refresh_comment(home, asking, comment)
                return
            if is_discussion:
                issue = await read_discussion(home.place, asking, number, now)
            else:
                issue = issue_in(home, await asking.value(f"/repos/{repository}/issues/{number}"))
        except Refused as refused:
            log.info("github does not show it", issue=f"{repository}#{number}", status=refused.status)
            return
    if issue is not None:
        await store_whole(home.place, issue, now)


async def refresh_comment(home: Home, asking: Asking, comment: int) -> None:
    """Let a comment say what it says there now. Raises Limited, Refused, Unsure."""
    told = await asking.value(f"/repos/{home.place.repository}/issues/comments/{comment}")
    for record in home.place.reading.records(told, "comment"):
        if isinstance(record, LooseComment):
            await keep_said(home, record)


async def deleted(home: Home, issue: Issue, thread: int | None, by: str) -> None:
    """What was deleted there is for the team alone here: who deleted it had a reason, and what was written here since is
    not theirs to delete. It does not come back by a delivery that was late."""
    await bury(home.place, home.place.thread_id(issue.number), issue.updated_at)
    if thread is None:
        return
    row = await fetch_one("select * from github_issue where thread_id = $1", thread)
    if row is not None and row["state"] == DELETED:
        return
    at = max(issue.updated_at, row["updated_at"]) if row else issue.updated_at
    kept = told_of(row) if row else None
    labels, milestone = (kept.labels, kept.milestone) if kept else (issue.labels, issue.milestone)
    gone = Told(home.place.repository, issue.number, at, state=DELETED, milestone=milestone, labels=labels, by=by)
    await mirror(thread, gone)
    # a question that the bot moved here goes on here
    if await promoted(thread) is None and not await is_moved(thread):
        await record_act(thread, "issue_deleted", None, by=by, issue=gone.name)
        await execute(
            "update thread set visibility = 'team' where id = $1 and visibility in ('public', 'members')", thread
        )
        await publish(ThreadChanged(thread))
        hint("list", home.place.project)


async def transferred(home: Home, issue: Issue, thread: int | None, told: Json) -> None:
    """An issue that was moved to another repository is known by its name there, too."""
    changes = told.get("changes")
    new, repository = (changes.get("new_issue"), changes.get("new_repository")) if isinstance(changes, dict) else (0, 0)
    if thread is None or not isinstance(new, dict) or not isinstance(repository, dict):
        return
    name, number, where = repository.get("full_name"), new.get("number"), repository.get("private")
    if not isinstance(name, str) or not REPOSITORY.fullmatch(name) or type(number) is not int or where is not False:
        return
    url = f"{home.place.web}/{name}/issues/{number}"
    node = [f"node:{new['node_id']}"] if isinstance(new.get("node_id"), str) else []
    if await find(SOURCE, "thread", [f"{name.casefold()}#{number}"]) is None:
        await remember(SOURCE, "thread", thread, [f"{name.casefold()}#{number}", *node], url)
        await record_act(thread, "issue_moved", None, by=sender_of(told), to=f"{name}#{number}", url=url)
    await execute("update github_issue set repository = $2, number = $3 where thread_id = $1", thread, name, number)
    await execute(
        "update promotion set repository = $2, number = $3, url = $4 where thread_id = $1 and state = 'linked'",
        thread,
        name,
        number,
        url,
    )


async def comment_happened(act: str, told: Json) -> None:
    """`issue_comment` and `discussion_comment`: created, edited, deleted."""
    home = await home_of(told)
    issue = issue_in(home, told.get("issue") or told.get("discussion")) if home else None
    if home is None or issue is None:
        return
    loose = loose_in(home, issue, told.get("comment"))
    if loose is None or is_ours(loose.comment):
        return
    thread = await thread_of(home, issue)
    if act == "deleted":
        post = await bury(home.place, loose.comment.key, loose.comment.updated_at or loose.comment.created_at)
        post = post or await find(SOURCE, "post", [loose.comment.key])
        if post is not None:
            await remove_post(post)
        return
    if thread is None and home.is_whole:
        thread = await take_over(home, issue)
    if thread is None:
        return
    stands = await find(SOURCE, "post", [loose.comment.key])
    if stands is None and is_command_alone(loose.comment.body):
        return
    if stands is None and not home.follows and issue.is_closed and await promoted(thread) is None:
        return
    other = await other_of_its_second(home.place, loose)
    # an edit tells what stood there before it: where that stands here it is the later of the two
    if other is None or other == said_before(told):
        await keep_said(home, loose)
    if other is not None:
        await ask_again(home, issue, loose.comment.id)


async def keep_said(home: Home, loose: LooseComment) -> None:
    try:
        await store_said(home.place, loose, datetime.now(UTC))
    except (Unreadable, Problem) as error:
        log.info("webhook not taken over", comment=loose.comment.key, why=str(error)[:200])


async def other_of_its_second(place: Place, loose: LooseComment) -> str | None:
    """What else (as `short_hash`) was heard of a comment for the same second; None where nothing was: which of the two is
    the later one, no date tells."""
    row = await fetch_one(
        "select r.seen -> 'comments' ->> s.post_id::text as said from github_said s join import_record r on r.source = $1"
        " and r.foreign_id = $2 where s.foreign_id = $3 and s.updated_at = $4 and not s.is_gone",
        SOURCE,
        place.thread_id(loose.number),
        loose.comment.key,
        loose.comment.updated_at or loose.comment.created_at,
    )
    said = row["said"] if row else None
    return said if said != short_hash(loose.comment.body) else None


def said_before(told: Json) -> str | None:
    """What a comment said before an edit, as `short_hash`; None where the delivery does not tell."""
    changes = told.get("changes")
    body = changes.get("body") if isinstance(changes, dict) else None
    before = body.get("from") if isinstance(body, dict) else None
    return short_hash(body_of(before, "")) if isinstance(before, str) else None


def loose_in(home: Home, issue: Issue, value: object) -> LooseComment | None:
    """The comment of a payload; None where it cannot be read."""
    if not isinstance(value, dict) or read_time(value, "created_at") is None:
        return None
    try:
        comment = home.place.reading.comment(value, issue.url, None)
    except Unreadable:
        return None
    return LooseComment(issue.number, comment, "webhook") if comment.id is not None else None
