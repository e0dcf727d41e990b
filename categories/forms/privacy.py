"""Private tickets: where a project allows them, and how one is published, never without the consent of who asked."""

from categories.forms.queries import asking_of, publication_of
from forum.database.engine import Row, action, execute, fetch, fetch_value
from forum.events import hint, publish
from forum.mail.words import ALWAYS, Occasion
from forum.notifications.actions import tell
from forum.notifications.kinds import Kind, Said
from forum.projects.roles import require
from forum.threads.events import ThreadChanged
from forum.threads.writing import locked_thread, record_act, require_writer
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader


def asked_sentence(said: Said) -> str:
    return _("The team would like to publish “%(title)s”. Nothing happens unless you agree.") % {
        "title": said.get("title", "")
    }


PUBLICATION_ASKED = Kind("publication_asked", asked_sentence, examples=({},))
OCCASIONS = (
    Occasion(
        PUBLICATION_ASKED.name,
        lambda: _("To the asker: the team would like to publish their private ticket."),
        lambda: _("The team would like to publish “{title}”. Nothing happens unless you agree."),
        takes=ALWAYS,
        is_told=True,
    ),
)


async def decided(project: int, *, wished: bool | None, was: bool = False) -> bool:
    """Whether a ticket that is asked now is private. `wished`: what its author said, None where they were not asked;
    `was`: how its draft stands. Raises Invalid rather than making public what somebody wanted private."""
    policy = (await asking_of(project)).private_tickets
    if policy == "always":
        return True
    wants = was if wished is None else wished
    if wants and policy == "never":
        raise Invalid({"only_team": _("This project takes no private tickets. Untick it, or do not send it here.")})
    return wants


async def set_private(thread: int, is_private: bool) -> None:
    """Write down for a draft, locked by who calls, who will see it once it is submitted."""
    await execute("update thread set is_private = $2 where id = $1 and visibility = 'author'", thread, is_private)


async def private_thread(reader: Reader, thread: int) -> tuple[Row, Row]:
    """A private ticket's thread, locked, and how far its publication is. Raises NotFound where there is none."""
    where = await locked_thread(thread, reader)
    state = await publication_of(thread, reader)
    if state is None:
        raise NotFound
    return where, state


@action
async def ask_to_publish(reader: Reader, thread: int) -> None:
    """The team asks everybody who asked the ticket whether it may be published; asked again it stays one question.

    Raises NotFound, Forbidden, Conflict (its category is private).
    """
    require_writer(reader)
    where, state = await private_thread(reader, thread)
    require(reader, "answer_for_team", where["project_id"])
    check_place(state)
    if state["asked_at"] is not None:
        return
    await execute("insert into publication (thread_id, asked_by) values ($1, $2)", thread, reader.person)
    version = await record_act(thread, "publish_ask", reader.person)
    agreed = await fetch("select person_id from publication_consent where thread_id = $1", thread)
    for person in await requesters_of(thread):
        if person in {row["person_id"] for row in agreed}:
            continue
        key = f"publication:{thread}:{version}"
        await tell(person, PUBLICATION_ASKED.name, key=key, project=where["project_id"], thread=thread)


def check_place(state: Row) -> None:
    if state["category_visibility"] == "private":
        raise Conflict(_("It stands in a private category. Move it into another one first."))


async def requesters_of(thread: int) -> list[int]:
    rows = await fetch(
        "select distinct coalesce(w.same_as, w.id) as person from person w where w.id = (select author_id from thread"
        " where id = $1) or w.id in (select person_id from thread_participant where thread_id = $1 and kind = 'requester')",
        thread,
    )
    return [row["person"] for row in rows]


@action
async def agree(reader: Reader, thread: int) -> bool:
    """A requester agrees that their private ticket is published, asked by the team or of their own accord; with the last
    one's consent it is. Whispers stay the team's. Returns whether it is public now. Raises NotFound, Forbidden, Conflict.
    """
    person = require_writer(reader)
    where, state = await private_thread(reader, thread)
    if not state["is_requester"]:
        raise Forbidden
    check_place(state)
    if state["has_agreed"]:
        return False
    await execute("insert into publication_consent (thread_id, person_id) values ($1, $2)", thread, person)
    if state["agreed"] + 1 < state["requesters"]:
        await record_act(thread, "publish_agree", person)
        return False
    await execute(
        "update thread t set is_private = false, visibility = c.visibility from category c"
        " where t.id = $1 and c.id = t.category_id",
        thread,
    )
    await execute("update category set thread_count = thread_count + 1 where id = $1", where["category_id"])
    await record_act(thread, "publish", person)
    await execute("delete from publication where thread_id = $1", thread)
    await publish(ThreadChanged(thread))
    hint("list", where["project_id"])
    hint("queue", where["project_id"])
    return True


@action
async def take_back(reader: Reader, thread: int) -> None:
    """A requester does not agree (any more), or the team withdraws its question; nothing is published. With a question
    what others agreed to ends: whoever is asked anew was told that nothing happens unless they agree. Raises NotFound,
    Forbidden."""
    person = require_writer(reader)
    where, state = await private_thread(reader, thread)
    if state["is_requester"]:
        await execute("delete from publication_consent where thread_id = $1 and person_id = $2", thread, person)
    else:
        require(reader, "answer_for_team", where["project_id"])
    gone = await fetch_value("delete from publication where thread_id = $1 returning 1", thread)
    if gone:
        await execute("delete from publication_consent where thread_id = $1", thread)
    if gone or state["has_agreed"]:
        await record_act(thread, "publish_decline" if state["is_requester"] else "publish_withdraw", person)
