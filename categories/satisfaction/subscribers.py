"""When a ticket is over, its requesters are told, and asked how it went."""

from categories.satisfaction.actions import link_for
from categories.satisfaction.rules import FACES, face_name
from categories.support.events import TicketOver
from forum.database.engine import fetch, fetch_value
from forum.notifications.actions import tell
from forum.notifications.kinds import Kind, Links, Said
from forum.web.i18n import _

TOLD = "ticket_over"


def sentence(said: Said) -> str:
    if said["state"] == "resolved":
        return _("Your ticket “%(title)s” is solved. How did it go?") % said
    return _("Your ticket “%(title)s” is closed. How did it go?") % said


def faces(said: Said) -> Links:
    """One link for each answer; following it asks once more, since programs that read mails follow links."""
    return [(face_name(face), f"{said['rate']}?face={face}") for face in FACES]


KIND = Kind(TOLD, sentence, at_once=True, links=faces, example={"state": "resolved", "rate": "/rate/sample"})


async def ticket_over(event: TicketOver) -> None:
    """Once for each time it is over; who is known only from elsewhere cannot be told."""
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
            TOLD,
            key=f"over:{event.ticket}:{turn}",
            project=event.project,
            thread=event.thread,
            state=event.state,
            rate=await link_for(event.ticket, row["id"]),
        )
