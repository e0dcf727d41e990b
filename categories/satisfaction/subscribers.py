"""When a ticket is over, its requesters are told, and asked how it went: in the mail of the answer that resolved it, or in
one of its own."""

from typing import Final

from categories.satisfaction.actions import link_for
from categories.satisfaction.rules import FACES, face_name
from categories.support.events import TicketOver
from forum.database.engine import fetch, fetch_value
from forum.mail.words import ALWAYS, BELOW, Occasion
from forum.notifications.actions import tell
from forum.notifications.kinds import Kind, Links, Said
from forum.web.i18n import _

TOLD: Final = "ticket_over"
# the answer that resolved it, told in one with that
SOLVED_BY: Final = "solved_by"


def sentence(said: Said) -> str:
    if said["state"] == "resolved":
        return _("Your ticket “%(title)s” is solved. How did it go?") % said
    return _("Your ticket “%(title)s” is closed. How did it go?") % said


def faces(said: Said) -> Links:
    """One link for each answer; following it asks once more, since programs that read mails follow links."""
    return [(face_name(face), f"{said['rate']}?face={face}") for face in FACES]


def below(_said: Said) -> str:
    return _(
        "With this your ticket is resolved. If something is still missing, just reply, and it is open again."
        " How did it go?"
    )


def occasion(said: Said) -> str:
    return TOLD if said["state"] == "resolved" else "ticket_closed"


KINDS: Final = (
    Kind(
        TOLD,
        sentence,
        at_once=True,
        links=faces,
        occasion=occasion,
        examples=[{"state": state, "rate": "/rate/sample"} for state in ("resolved", "closed")],
    ),
    Kind(
        SOLVED_BY,
        lambda said: _("%(name)s answered your question “%(title)s”, and it is resolved.") % said,
        at_once=True,
        is_answer=True,
        links=faces,
        below=below,
        examples=[{"rate": "/rate/sample"}],
    ),
)
OCCASIONS: Final = (
    Occasion(
        SOLVED_BY,
        lambda: _("To the asker: the team has answered, and that resolves the ticket."),
        lambda: _("{name} answered your question."),
    ),
    Occasion(
        BELOW.format(SOLVED_BY),
        lambda: _("Below such an answer, above the three faces that ask how it went."),
        lambda: below({}),
        is_part=True,
    ),
    Occasion(
        TOLD,
        lambda: _("To the asker: the ticket is resolved without another answer. The three faces stand below."),
        lambda: _("Your ticket “{title}” is solved. How did it go?"),
        takes=ALWAYS,
        is_told=True,
    ),
    Occasion(
        "ticket_closed",
        lambda: _("To the asker: the ticket was closed. The three faces stand below."),
        lambda: _("Your ticket “{title}” is closed. How did it go?"),
        takes=ALWAYS,
        is_told=True,
    ),
)


async def ticket_over(event: TicketOver) -> None:
    """Once for each time it is over; who is known only from elsewhere cannot be told. By the key of the answer that did
    it, which is then not told once more."""
    turn = await fetch_value("select max(id) from ticket_step where ticket_id = $1", event.ticket)
    rows = await fetch(
        "select distinct p.id from ticket_requester r join person w on w.id = r.person_id"
        " join person p on p.id = coalesce(w.same_as, w.id)"
        " where r.ticket_id = $1 and p.disabled_at is null and p.kind = 'local' order by p.id",
        event.ticket,
    )
    for row in rows:
        await tell(
            row["id"],
            SOLVED_BY if event.post else TOLD,
            key=f"post:{event.post}" if event.post else f"over:{event.ticket}:{turn}",
            project=event.project,
            thread=event.thread,
            post=event.number,
            state=event.state,
            rate=await link_for(event.ticket, row["id"]),
        )
