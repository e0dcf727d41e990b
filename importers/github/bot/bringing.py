"""An issue that moves becomes a thread here, with a draft ticket of its author where it is a question."""

from datetime import datetime
from typing import Any

from categories.support.actions import E, locked_ticket, open_ticket
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.events import hint, publish
from forum.notifications.actions import tell
from forum.outside.github import Refused, web
from forum.threads.actions import put_into
from forum.threads.events import ThreadChanged
from forum.web.errors import Problem
from importers.faults import Unreadable
from importers.github.bot.moves import Move
from importers.github.place import KINDS, Place, find_place, take_place
from importers.github.records import Issue, Reading
from importers.github.storing import find_thread, store_issue
from importers.placing import NoPlace

HOME = """
select id, kind, slug, name, visibility from category where project_id = $1 and kind = $2
   and (not $4 or visibility in ('team', 'private')) and (id = $3 or visibility <> 'private' or $4)
 order by id = $3 desc nulls last, visibility <> 'public', position, id limit 1
"""

# Who may read, from everybody on.
WIDTH = ("public", "members", "team", "private", "author")


def read_issue(repository: str, row: dict[str, Any], comments: list[dict[str, Any]]) -> Issue:
    """The issue out of its rows of the REST API. Raises Refused where it cannot be read."""
    for record in Reading(repository, web()).records({**row, "comments": comments}, "the issue"):
        if isinstance(record, Issue):
            return record
    raise Refused(0, "the issue cannot be read")


async def bring(one: Move, row: dict[str, Any], comments: list[dict[str, Any]], now: datetime) -> int:
    """Bring an issue in as a thread; its id. Raises Refused with why it cannot be."""
    try:
        return await bring_in(one, read_issue(one.repository, row, comments), now)
    except (NoPlace, Unreadable, Problem) as error:
        raise Refused(0, str(error)) from None


@action
async def bring_in(one: Move, issue: Issue, now: datetime) -> int:
    """The thread of an issue in the category it moves to, new or as it stands here already, with its ticket."""
    before = await fetch_one("select thread_id from github_move where id = $1 for update", one.id)
    if before is not None and before["thread_id"] is not None:
        return int(before["thread_id"])
    home = await fetch_one(HOME, one.project, one.kind, one.category, one.is_private)
    if home is None:
        raise NoPlace("the project has no category for it")
    place = await find_place(one.repository, one.project_slug, web())
    place.categories = dict.fromkeys(KINDS, home["id"])
    await take_place(place, is_private=one.is_private)
    await store_issue(place, issue, now)
    thread = await find_thread(place, issue)
    if thread is None:
        raise NoPlace("it is not here")
    await settle(one, place, thread, home)
    await execute("update github_move set thread_id = $2 where id = $1", one.id, thread)
    return thread


async def settle(one: Move, place: Place, thread: int, home: Row) -> None:
    """Let the thread stand where it was moved to, and be a question that its author can confirm."""
    where = await fetch_one(
        "select t.*, c.kind as category_kind from thread t join category c on c.id = t.category_id"
        " where t.id = $1 for update of t",
        thread,
    )
    assert where is not None
    if where["category_kind"] != home["kind"]:
        if WIDTH.index(where["visibility"]) > WIDTH.index(home["visibility"]):
            # somebody here saw to it that few read it, and may have been answered in confidence
            raise NoPlace("it stands here already, where fewer people read it; move it there")
        await put_into(where, home, None)
    if one.kind == "support":
        if await locked_ticket(thread) is None:
            await open_ticket(thread, one.project, where["author_id"], event=E.ASKED, is_native=False)
            await tell_author(one, thread, where["author_id"])
        # whoever is answered here must be answerable
        await execute("update thread set is_closed = false, version = version + 1 where id = $1", thread)
        await publish(ThreadChanged(thread))
        hint("thread", thread)
        hint("list", one.project)
    place.people.keep()


async def tell_author(one: Move, thread: int, author: int) -> None:
    """Who has claimed what they wrote there is told at once; who has not follows the link in the bot's comment."""
    claimer = await fetch_value("select same_as from person where id = $1", author)
    if claimer is not None:
        key = f"github-draft:{thread}"
        await tell(claimer, "github_draft", key=key, project=one.project, thread=thread, repository=one.repository)


@action
async def tell_team(one: Move, url: str) -> None:
    """Maintainers and owners are told that an issue tells of a weakness in public."""
    rows = await fetch(
        "select person_id from project_member where project_id = $1 and role in ('maintainer', 'owner')", one.project
    )
    for row in rows:
        await tell(
            row["person_id"],
            "github_security",
            key=f"github-security:{one.repository_id}#{one.issue}",
            project=one.project,
            issue=f"{one.repository}#{one.issue}",
            url=url,
        )
