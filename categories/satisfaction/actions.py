"""Saying how it went, and asking for it when a ticket is over."""

import secrets
from datetime import UTC, datetime

from categories.satisfaction.queries import asked_by, own_rating
from categories.satisfaction.rules import COMMENT_MOST, may_rate
from categories.support.actions import is_requester
from forum.database.engine import action, execute, fetch_one, fetch_value
from forum.threads.visibility import visible_thread
from forum.web.errors import Conflict, Forbidden, Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader


@action
async def rate(reader: Reader, ticket: int, face: int, comment: str = "") -> None:
    """A requester's word about their own ticket; said again within 14 days, the last counts. Raises NotFound, Forbidden,
    Invalid, Conflict."""
    row = await fetch_one(
        f"select 1 from ticket k join thread t on t.id = k.thread_id where k.id = $1 and {visible_thread('t', '$2')}",
        ticket,
        reader.id,
    )
    if row is None:
        raise NotFound
    if not await is_requester(reader, ticket):
        raise Forbidden
    await store(ticket, reader.person, face, comment)


@action
async def rate_by_link(token: str, face: int, comment: str = "") -> int:
    """The same by the link of the closing mail, which is its person's. Returns the ticket's thread. Raises NotFound,
    Invalid, Conflict."""
    asked = await asked_by(token)
    if asked is None:
        raise NotFound
    await store(asked["ticket_id"], asked["person_id"], face, comment)
    return int(asked["thread_id"])


async def store(ticket: int, person: int, face: int, comment: str) -> None:
    """Add what was said, unless it was said already."""
    comment = comment.strip()
    faults = {}
    if face not in (1, 2, 3):
        faults["face"] = _("Choose one of the three.")
    if len(comment) > COMMENT_MOST:
        faults["comment"] = _("At most %(most)s characters.") % {"most": COMMENT_MOST}
    if faults:
        raise Invalid(faults)
    state = await fetch_value("select state from ticket where id = $1 for update", ticket)
    before = await own_rating(ticket, person)
    if not may_rate(state, before["first_at"] if before else None, datetime.now(UTC)):
        raise Conflict(
            _("It was said more than 14 days ago and stays as it is.")
            if before and before["first_at"]
            else _("This ticket is not over yet; say it then.")
        )
    if before and (before["face"], before["comment"]) == (face, comment):
        return
    await execute(
        "insert into rating (ticket_id, person_id, face, comment) values ($1, $2, $3, $4)",
        ticket,
        person,
        face,
        comment,
    )


async def link_for(ticket: int, person: int) -> str:
    """The address that asks a person about a ticket, within the site; the same whenever it is asked for."""
    token: str = await fetch_value(
        "insert into rating_link (token, ticket_id, person_id) values ($1, $2, $3)"
        " on conflict (ticket_id, person_id) do update set token = rating_link.token returning token",
        secrets.token_urlsafe(24),
        ticket,
        person,
    )
    return f"/rate/{token}"
