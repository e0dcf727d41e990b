"""What thanks put on other rooms' pages, each for the person alone whose work it was (and figures for the owner)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from forum.database.engine import Row
from forum.projects.roles import may
from forum.threads.rules import WHOLE_MOST
from forum.web import parts
from forum.web.reader import Reader
from forum.web.requests import Request
from forum.web.templates import fragment
from payouts.thanks.queries import thanks_in, totals_of

# For so long work "just" made something.
JUST = timedelta(days=2)
# Where live news find their place; what is there is told to no one else.
EMPTY = Markup('<section id="thanks" aria-live="polite" hidden></section>')


async def notes_of(reader: Reader, head: Row | Mapping[str, Any]) -> Markup:
    """What the reader's answers in a thread made, a line a bump; empty but there for everybody else."""
    rows = await thanks_in(reader, head["id"])
    if not rows:
        return EMPTY
    now = datetime.now(UTC)
    lines = [dict(row) | {"is_new": now - row["at"] < JUST} for row in rows]
    return fragment("thanks/lines.html", lines=lines, project=head["project_name"], username=reader.username)


async def thread_thanks(request: Request, head: Row, _errors: object = None) -> dict[str, Any] | None:
    """Above the posts. Who has written nothing in a thread, or asked in it, has answered nothing: they cost no statement."""
    reader = request.reader
    if not reader.is_signed_in:
        return None
    wrote_nothing = head["is_plain"] and head["last_number"] <= WHOLE_MOST
    return {"notes": EMPTY if wrote_nothing or head["is_own"] else await notes_of(reader, head)}


async def thanks_news(reader: Reader, head: Row) -> dict[str, Any] | None:
    """Among what changed in the thread: as soon as there are thanks."""
    if not reader.is_signed_in or head["is_own"]:
        return None
    shown = await notes_of(reader, head)
    return None if shown is EMPTY else {"items": [{"id": "thanks", "html": shown}]}


async def profile_panel(request: Request, person: Row) -> dict[str, Any] | None:
    """On one's own page: what one's answers made, project by project."""
    if person["id"] != request.reader.id:
        return None
    return {"totals": await totals_of(person["id"]), "person": person}


async def supporter_facts(request: Request, project: Row, person: Row, _period: object) -> dict[str, Any] | None:
    """Behind somebody's points, to them and to the owner: what their answers made for the project."""
    if person["id"] != request.reader.id and not may(request.reader, "pay_out", project["id"]):
        return None
    totals = await totals_of(person["id"], project["id"])
    return {"totals": totals, "person": person, "is_self": person["id"] == request.reader.id} if totals else None


THREAD = parts.Part(thread_thanks, "", alike=True)
NEWS = parts.Part(thanks_news, "")
PROFILE_PANEL = parts.Part(profile_panel, "thanks/panel.html")
SUPPORTER_FACTS = parts.Part(supporter_facts, "thanks/facts.html")
