"""What the team is told about tickets: assigned, a claim about to end, a claim that ended."""

from forum.notifications.kinds import Kind, Said
from forum.web.i18n import _, ngettext


def assigned(said: Said) -> str:
    title = said.get("title", "")
    if said.get("by"):
        return _("%(name)s assigned “%(title)s” to you.") % {"name": said["by"], "title": title}
    return _("It is your turn: “%(title)s” is yours.") % {"title": title}


def claim_ending(said: Said) -> str:
    days = int(said.get("days", 2))
    return ngettext(
        "Your claim of “%(title)s” ends soon: after %(num)d workday without a word it goes back to the queue.",
        "Your claim of “%(title)s” ends in a workday: after %(num)d workdays without a word it goes back to the queue.",
        days,
    ) % {"title": said.get("title", ""), "num": days}


def claim_ended(said: Said) -> str:
    days = int(said.get("days", 2))
    return ngettext(
        "“%(title)s” is back in the queue: %(num)d workday went by without a word.",
        "“%(title)s” is back in the queue: %(num)d workdays went by without a word.",
        days,
    ) % {"title": said.get("title", ""), "num": days}


KINDS = (
    Kind("assigned", assigned, at_once=True),
    Kind("claim_ending", claim_ending, at_once=True),
    Kind("claim_ended", claim_ended),
)
