"""What tickets tell people by themselves: assigned, claims that end, promises that run out, tickets that fall silent."""

from typing import Final

from categories.support.silence import day_of
from forum.notifications.kinds import Kind, Links, Said
from forum.web.i18n import _, ngettext


def half(said: Said) -> str:
    return _("Half of the time promised for “%(title)s” is over: an answer is due by %(due)s.") % said


def last_day(said: Said) -> str:
    return _("The last workday of a promise has begun: “%(title)s” is to be answered by %(due)s.") % said


def missed(said: Said) -> str:
    return _("A promise was missed: “%(title)s” was to be answered by %(due)s. It is still waiting.") % said


def going_silent(said: Said) -> str:
    closes = day_of(str(said["closes"]))
    told = {"title": said["title"], "num": said["days"], "day": closes}
    if said.get("asked_for_facts"):
        return (
            ngettext(
                "The team asked you something in “%(title)s” and has not heard from you for %(num)d day."
                " If you still need help, write back or say so with one click; otherwise it closes on %(day)s.",
                "The team asked you something in “%(title)s” and has not heard from you for %(num)d days."
                " If you still need help, write back or say so with one click; otherwise it closes on %(day)s.",
                said["days"],
            )
            % told
        )
    return (
        ngettext(
            "Did the answer to “%(title)s” help? Nobody has written for %(num)d day."
            " If you still need help, write back or say so with one click; otherwise it closes on %(day)s.",
            "Did the answer to “%(title)s” help? Nobody has written for %(num)d days."
            " If you still need help, write back or say so with one click; otherwise it closes on %(day)s.",
            said["days"],
        )
        % told
    )


def by_click(said: Said) -> Links:
    """The page that asks whether it is still needed, and makes it wait again."""
    return [(_("I still need help"), str(said["link"]))]


DUE: Final = {"due": "30 Nov 2026, 17:00 UTC"}
SILENT: Final = {"days": 27, "closes": "2026-11-30", "link": "/tickets/1/still-needed"}


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


KINDS: Final = (
    Kind("assigned", assigned, group="assigned"),
    Kind("claim_ending", claim_ending, at_once=True, example={"days": 2}),
    Kind("claim_ended", claim_ended),
    Kind("guarantee_half", half),
    Kind("guarantee_last_day", last_day, at_once=True, example=DUE),
    Kind("guarantee_missed", missed, at_once=True, example=DUE),
    Kind("going_silent", going_silent, at_once=True, links=by_click, example=SILENT),
)
