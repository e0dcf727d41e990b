"""What tickets tell people by themselves: assigned, claims that end, promises that run out, tickets that fall silent."""

from collections.abc import Callable
from typing import Final

from categories.support.silence import day_of
from forum.mail.words import ALWAYS, Occasion
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


def closing(said: Said) -> dict[str, str]:
    return {"days": str(said["days"]), "day": day_of(str(said["closes"]))}


def due(said: Said) -> dict[str, str]:
    return {"due": str(said["due"])}


def days_of(said: Said) -> dict[str, str]:
    return {"days": str(said["days"])}


def silence_occasion(said: Said) -> str:
    return "going_silent_facts" if said.get("asked_for_facts") else "going_silent"


KINDS: Final = (
    Kind("assigned", assigned, group="assigned"),
    Kind("claim_ending", claim_ending, at_once=True, fills=days_of, examples=({"days": 2},)),
    Kind("claim_ended", claim_ended, fills=days_of, examples=({"days": 2},)),
    Kind("guarantee_half", half, fills=due, examples=(DUE,)),
    Kind("guarantee_last_day", last_day, at_once=True, fills=due, examples=(DUE,)),
    Kind("guarantee_missed", missed, at_once=True, fills=due, examples=(DUE,)),
    Kind(
        "going_silent",
        going_silent,
        at_once=True,
        links=by_click,
        occasion=silence_occasion,
        fills=closing,
        examples=(SILENT, {**SILENT, "asked_for_facts": True}),
    ),
)


def told(name: str, when: Callable[[], str], words: Callable[[], str], *more: str) -> Occasion:
    """What a project may say instead of a kind's sentence."""
    return Occasion(name, when, words, takes=(*ALWAYS, *more), is_told=True)


OCCASIONS: Final = (
    told(
        "going_silent",
        lambda: _("To the asker: nobody has written since the answer; the ticket closes soon. A button keeps it open."),
        lambda: _(
            "Did the answer to “{title}” help? Nobody has written for {days} days. If you still need help, write back or"
            " say so with one click; otherwise it closes on {day}."
        ),
        "days",
        "day",
    ),
    told(
        "going_silent_facts",
        lambda: _(
            "To the asker: the team waits for what it asked for; the ticket closes soon. A button keeps it open."
        ),
        lambda: _(
            "The team asked you something in “{title}” and has not heard from you for {days} days. If you still need"
            " help, write back or say so with one click; otherwise it closes on {day}."
        ),
        "days",
        "day",
    ),
    told(
        "claim_ending",
        lambda: _("To a member of the team: their claim ends soon."),
        lambda: _(
            "Your claim of “{title}” ends in a workday: after {days} workdays without a word it goes back to the queue."
        ),
        "days",
    ),
    told(
        "claim_ended",
        lambda: _("To a member of the team: their claim has ended."),
        lambda: _("“{title}” is back in the queue: {days} workdays went by without a word."),
        "days",
    ),
    told(
        "guarantee_half",
        lambda: _("To the team: half of the time of a promise is over."),
        lambda: _("Half of the time promised for “{title}” is over: an answer is due by {due}."),
        "due",
    ),
    told(
        "guarantee_last_day",
        lambda: _("To the team: the last workday of a promise has begun."),
        lambda: _("The last workday of a promise has begun: “{title}” is to be answered by {due}."),
        "due",
    ),
    told(
        "guarantee_missed",
        lambda: _("To the team: a promise was missed."),
        lambda: _("A promise was missed: “{title}” was to be answered by {due}. It is still waiting."),
        "due",
    ),
)
