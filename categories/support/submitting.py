"""Submitting: what makes a draft a ticket that waits, and what one that was taken in is asked for later."""

from collections.abc import Collection, Sequence

from categories.forms.answers import Sent, checked, keep_answers, say_answers
from categories.forms.privacy import decided, set_private
from categories.forms.rules import Answered
from categories.support.actions import E, advance, is_in_support, is_requester, ticket_for
from categories.support.events import TicketSubmitted
from forum.database.engine import Row, action, execute, fetch_one
from forum.events import publish
from forum.jobs import enqueue
from forum.notifications.hearing import hear_first
from forum.projects.actions import accept_terms
from forum.projects.queries import unaccepted_terms
from forum.threads.actions import publish_draft
from forum.threads.writing import record_act, require_writer
from forum.web.errors import Conflict, Forbidden, Invalid
from forum.web.i18n import _
from forum.web.reader import Reader

CAPACITIES = ("professional", "personal", "project")


@action
async def submit(
    reader: Reader,
    ticket: int,
    *,
    capacity: str,
    accepts_terms: bool,
    answers: Sent | None = None,
    is_private: bool | None = None,
    shown: Collection[int] | None = None,
    behalf: int | None = None,
) -> None:
    """Make a draft a waiting ticket: capacity said, the site's and the project's current terms accepted, the form of its
    category filled. To a ticket that was taken in capacity and terms are only added. Sent twice, it is one submission.

    `answers`: what the form was told, by name; None: what its draft was told counts. `is_private`: whether the team alone
    is to read it, None: as its draft says. `shown`: the terms (ids) that were accepted, None: those in force. `behalf`: for which proven project they ask (the proof's id). Raises Invalid by field, NotFound,
    Forbidden, Conflict (its thread is not in support any more).
    """
    require_writer(reader)
    row = await ticket_for(reader, ticket)
    if not await is_requester(reader, ticket):
        raise Forbidden
    if row["state"] != "draft" and row["capacity"] is not None:
        return
    terms = await unaccepted_terms(reader.person, row["project_id"])
    faults = consent_faults(terms, capacity, accepts_terms=accepts_terms, shown=shown)
    is_draft = row["state"] == "draft"
    if is_draft and not await is_in_support(row):
        raise Conflict(_("This thread does not stand in a support category any more."))
    filled = await filled_in(row, answers, is_private, faults) if is_draft else None
    if faults:
        raise Invalid(faults)
    if filled is not None:
        private, told = filled
        await set_private(row["thread_id"], private)
        await keep_answers(row["thread_id"], told)
        await say_answers(reader, row["thread_id"], told)
    await accept_terms(reader.person, [term["id"] for term in terms])
    await execute(
        "update ticket set capacity = $2, submitted_at = coalesce(submitted_at, now()) where id = $1", ticket, capacity
    )
    if is_draft:
        await publish_draft(reader, row["thread_id"])
        await record_act(row["thread_id"], "submit", reader.person)
        await advance(row, E.SUBMITTED)
        await hear_first(row["thread_id"])
        await enqueue("hear_ticket", ticket=ticket)
    await publish(TicketSubmitted(ticket, reader.person, behalf))


def consent_faults(
    terms: Sequence[Row], capacity: str, *, accepts_terms: bool, shown: Collection[int] | None
) -> dict[str, str]:
    """What a submission misses beside the answers to its form, by field. `terms`: of `unaccepted_terms`; the rest as for
    `submit`."""
    faults = {}
    if capacity not in CAPACITIES:
        faults["capacity"] = _("Say in which capacity you ask.")
    if terms and not accepts_terms:
        faults["terms"] = _("The terms need your consent before anybody is asked.")
    elif shown is not None and any(term["id"] not in shown for term in terms):
        faults["terms"] = _("The terms changed while you wrote. Read what is new, and say again that you accept them.")
    return faults


def behalf_in(text: str) -> int | None:
    """The proof's id out of a form's field; None where none was chosen."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


async def filled_in(
    ticket: Row, sent: Sent | None, is_private: bool | None, faults: dict[str, str]
) -> tuple[bool, list[Answered]]:
    """Whether a draft is to be private, and what its form was told; notes in `faults` what is wrong or missing."""
    thread: int = ticket["thread_id"]
    where = await fetch_one("select category_id, visibility, is_private from thread where id = $1", thread)
    assert where is not None
    private, told = False, []
    try:
        if where["visibility"] == "author":
            private = await decided(ticket["project_id"], wished=is_private, was=where["is_private"])
    except Invalid as fault:
        faults |= fault.errors
    try:
        told = await checked(where["category_id"], sent or (lambda _name: ""), thread=None if sent else thread)
    except Invalid as fault:
        faults |= fault.errors
    return private, told
