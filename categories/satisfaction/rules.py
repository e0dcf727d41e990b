"""When a ticket may be rated, and what faces there are (pure). Source: product.md, "CSAT"; the roles' deed `rate`."""

from datetime import datetime, timedelta
from typing import Final

from forum.web.i18n import _

# From the first word on, for so long it may be changed; the last counts.
CHANGEABLE: Final = timedelta(days=14)
COMMENT_MOST: Final = 2000
# A ticket can be rated once somebody has answered it or it is over.
RATED_IN: Final = ("answered", "resolved", "closed")
FACES: Final = (3, 2, 1)
ICONS: Final = {3: "happy", 2: "fair", 1: "sad"}


def face_name(face: int) -> str:
    """What a face says, in words."""
    return {3: _("Good"), 2: _("So-so"), 1: _("Bad")}[face]


def faces() -> list[tuple[int, str, str]]:
    """(value, icon, words) of each, the best first."""
    return [(face, ICONS[face], face_name(face)) for face in FACES]


def may_rate(state: str, first_at: datetime | None, now: datetime) -> bool:
    """Whether a requester may say, or change, how it went: the first word (`first_at`: since the ticket was over last) while
    it is answered or over, then for 14 days whatever became of the ticket."""
    if first_at is None:
        return state in RATED_IN
    return now - first_at <= CHANGEABLE
