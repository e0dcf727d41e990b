"""Stores one GitHub issue with its comments: one transaction, so that a process killed at any point leaves no half.

What was last seen of an issue is kept (`import_record`): only what changed there since is changed here, so that an
edit, a tag or a reopening made here outlives the next import, and an older archive never turns a newer state back.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from categories.bugs.queries import thread_of_marker
from forum.database.engine import Row, action, execute, fetch, fetch_one
from forum.events import hint, publish
from forum.origins import Origin, find_all, remember
from forum.threads.events import ThreadChanged, ThreadClosed, ThreadReopened
from forum.threads.starting import store_thread
from importers.changes import change_tags, change_text
from importers.faults import Unreadable, short_hash
from importers.github.changes import close, reopen
from importers.github.comments import Posts, add_comments
from importers.github.following import follow_labels, follow_section
from importers.github.moved import is_moved
from importers.github.people import SOURCE
from importers.github.place import Place, tags_of
from importers.github.records import Issue, LooseComment
from importers.kept import keep as keep_record
from importers.summary import Outcome


@dataclass
class Seen:
    """What was last seen of an issue there; `comments` by post id; `section` of a discussion, "" also where it was not
    kept yet."""

    title: str = ""
    body: str = ""
    closed: bool = False
    tags: list[str] = field(default_factory=list)
    comments: dict[str, str] = field(default_factory=dict)
    section: str = ""

    @classmethod
    def of(cls, issue: Issue) -> "Seen":
        section = issue.section.name if issue.section else ""
        return cls(issue.title, short_hash(issue.body), issue.is_closed, tags_of(issue), section=section)


async def begin(place: Place) -> None:
    """Start afresh (the last attempt may have failed). Two imports of one repository take turns, issue by issue."""
    place.people.forget()
    await execute("select pg_advisory_xact_lock(hashtextextended('import github ' || $1, 0))", place.name)


async def find_thread(place: Place, issue: Issue) -> int | None:
    """The thread of an issue: by its number, else by its other ids, else by what its body says of where it was made.

    A renamed repository keeps both, so a thread found by an id must have this number, and under another name: a
    file in which two issues share an id is not believed.
    """
    wanted = place.thread_ids(issue)
    known = await find_all(SOURCE, "thread", wanted)
    if not known:
        # made here a moment ago: its link may not be written yet, its marker is
        return await thread_of_marker(place.name, issue.body)
    if wanted[0] in known:
        return known[wanted[0]]
    thread = next(iter(known.values()))
    names = await fetch(
        "select foreign_id from origin_alias where kind = 'thread' and row_id = $1 and source = $2", thread, SOURCE
    )
    numbered = [row["foreign_id"].partition("#") for row in names if "#" in row["foreign_id"]]
    same = any(number == str(issue.number) for _name, _mark, number in numbered)
    return thread if same and all(name != place.name for name, _mark, _number in numbered) else None


@action
async def store_issue(place: Place, issue: Issue, now: datetime) -> tuple[Outcome, int]:
    """Bring one issue in, or bring what stands here up to date; says too how many posts of the source stand here.

    Raises Unreadable where it cannot be, and whatever storing a thread raises.
    """
    await begin(place)
    thread = await find_thread(place, issue)
    if thread is None:
        return "created", await create(place, issue, now)
    where = await fetch_one("select * from thread where id = $1 for update", thread)
    assert where is not None
    if where["project_id"] != place.project:
        raise Unreadable("it stands in another project already")
    return await update(place, issue, where, now)


async def create(place: Place, issue: Issue, now: datetime) -> int:
    """A new thread with its comments and, at its time between them, that it was closed; returns the posts."""
    author = await place.people.person(issue.author)
    posted = await store_thread(
        author,
        place.category_of(issue),
        issue.title,
        issue.body,
        tags=tags_of(issue),
        origin=Origin(SOURCE, issue.url, min(issue.created_at, now)),
    )
    await remember(SOURCE, "thread", posted.thread, place.thread_ids(issue), issue.url)
    seen = Seen.of(issue)
    posts = Posts(posted.thread, author, issue.number, seen.comments, is_new=True)
    comments = issue.comments or ()
    before = [c for c in comments if not issue.closed_at or c.created_at <= issue.closed_at]
    await add_comments(place, posts, before, now)
    if issue.is_closed:
        await close(place, posted.thread, issue, now)
        await publish(ThreadChanged(posted.thread))
    await add_comments(place, posts, comments[len(before) :], now)
    await keep(place, issue, seen)
    return 1 + len(posts.taken)


async def update(place: Place, issue: Issue, where: Row, now: datetime) -> tuple[Outcome, int]:
    """Bring a thread up to what its issue says now, as far as that changed there."""
    thread: int = where["id"]
    await remember(SOURCE, "thread", thread, place.thread_ids(issue), issue.url)
    record = await fetch_one(
        "select seen, updated_at from import_record where source = $1 and foreign_id = $2",
        SOURCE,
        place.thread_id(issue.number),
    )
    await place.people.learn(issue.author)
    fresh = Seen.of(issue)
    # what was made an issue here has its own words; of the issue only that it was open is known
    seen = Seen(**record["seen"]) if record else replace(fresh, closed=False)
    is_stale = record is not None and issue.updated_at < record["updated_at"]
    changed = not is_stale and await update_head(place, issue, where, seen, fresh, now)
    posts = Posts(thread, where["author_id"], issue.number, seen.comments)
    await posts.load()
    changed |= await add_comments(place, posts, issue.comments or (), now, is_stale=is_stale)
    if changed:
        await publish(ThreadChanged(thread))
    if not is_stale:
        fresh.comments = seen.comments
        await keep(place, issue, fresh)
    elif changed:
        await keep_comments(place, issue.number, seen)
    return "updated" if changed else "unchanged", 1 + len(posts.taken)


async def update_head(place: Place, issue: Issue, where: Row, seen: Seen, fresh: Seen, now: datetime) -> bool:
    """Title, first post, tags and state, each where it changed there since it was last seen."""
    thread: int = where["id"]
    changed = False
    if (fresh.title, fresh.body) != (seen.title, seen.body):
        first = await fetch_one("select id from post where thread_id = $1 and number = 1", thread)
        assert first is not None
        changed = await change_text(
            place.text,
            thread,
            first["id"],
            issue.body if fresh.body != seen.body else None,
            min(issue.updated_at, now),
            title=issue.title if fresh.title != seen.title else None,
        )
    if fresh.tags != seen.tags:
        gone, come = set(seen.tags) - set(fresh.tags), set(fresh.tags) - set(seen.tags)
        changed |= await change_tags(thread, gone=gone, come=come)
        changed |= await follow_labels(place, issue, thread)
    if fresh.section != seen.section:
        changed |= await follow_section(place, issue, thread)
    is_news = fresh.closed != seen.closed and where["is_closed"] != issue.is_closed
    # a question that was moved here goes on here, whatever becomes of its issue
    if is_news and not await is_moved(thread):
        if issue.is_closed:
            actor = await close(place, thread, issue, now)
            await publish(ThreadClosed(thread, place.project, actor or where["author_id"], by_team=False))
        else:
            await reopen(thread, issue, now)
            await publish(ThreadReopened(thread, place.project, where["author_id"], by_team=False))
        hint("list", place.project)
        changed = True
    return changed


@action
async def store_comment(place: Place, loose: LooseComment, now: datetime) -> Outcome:
    """Bring in a comment that came by itself. Raises Unreadable where its issue is not here."""
    await begin(place)
    known = await find_all(SOURCE, "thread", [place.thread_id(loose.number)])
    where = await fetch_one(
        "select t.id, t.author_id, t.project_id, r.seen from thread t left join import_record r"
        " on r.source = $2 and r.foreign_id = $3 where t.id = $1 for update of t",
        next(iter(known.values()), None),
        SOURCE,
        place.thread_id(loose.number),
    )
    if where is None or where["project_id"] != place.project:
        raise Unreadable(f"issue #{loose.number} is not here")
    seen = Seen(**where["seen"]) if where["seen"] else Seen()
    posts = Posts(where["id"], where["author_id"], loose.number, seen.comments)
    await posts.load()
    changed = await add_comments(place, posts, [loose.comment], now)
    if changed:
        await publish(ThreadChanged(where["id"]))
    await keep_comments(place, loose.number, seen)
    return "updated" if changed else "unchanged"


async def keep(place: Place, issue: Issue, seen: Seen) -> None:
    """Remember what an issue says, so that the next import knows what changed."""
    await keep_record(SOURCE, place.thread_id(issue.number), issue.digest, vars(seen), issue.updated_at)


async def keep_comments(place: Place, number: int, seen: Seen) -> None:
    """Remember what comments say; the issue's digest stays, since it is of the issue's own record."""
    await execute(
        "update import_record set seen = seen || jsonb_build_object('comments', $3::jsonb), at = now()"
        " where source = $1 and foreign_id = $2",
        SOURCE,
        place.thread_id(number),
        seen.comments,
    )
