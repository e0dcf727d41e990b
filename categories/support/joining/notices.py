"""What people are told of tickets that were merged, resolved together, or snoozed."""

from forum.mail.words import ALWAYS, Occasion
from forum.notifications.kinds import Kind, Said
from forum.web.i18n import _


def merged(said: Said) -> str:
    return _(
        "Your question was merged into “%(title)s”. You are asked there from now on, and hear all that happens."
    ) % {"title": said["title"]}


def merge_undone(said: Said) -> str:
    return _("Your question “%(title)s” stands for itself again; the merge was taken back.") % {"title": said["title"]}


def resolved_with(said: Said) -> str:
    return _("“%(title)s” was resolved, together with a thread that it is linked with.") % {"title": said["title"]}


def snooze_over(said: Said) -> str:
    if said.get("why") == "reply":
        return _("“%(title)s” was snoozed, and woke up: somebody replied.") % {"title": said["title"]}
    return _("“%(title)s” is back: the time you snoozed it to has come.") % {"title": said["title"]}


def snooze_occasion(said: Said) -> str:
    return "snooze_woken" if said.get("why") == "reply" else "snooze_over"


KINDS = (
    Kind("merged", merged, at_once=True, examples=({},)),
    Kind("merge_undone", merge_undone, at_once=True, examples=({},)),
    Kind("resolved_with", resolved_with, examples=({},)),
    Kind(
        "snooze_over", snooze_over, at_once=True, occasion=snooze_occasion, examples=({"why": "time"}, {"why": "reply"})
    ),
)

OCCASIONS = (
    Occasion(
        "merged",
        lambda: _("To the asker: their question was merged into another one."),
        lambda: _(
            "Your question was merged into “{title}”. You are asked there from now on, and hear all that happens."
        ),
        takes=ALWAYS,
        is_told=True,
    ),
    Occasion(
        "merge_undone",
        lambda: _("To the asker: the merge was taken back."),
        lambda: _("Your question “{title}” stands for itself again; the merge was taken back."),
        takes=ALWAYS,
        is_told=True,
    ),
    Occasion(
        "resolved_with",
        lambda: _("To the asker: their ticket was resolved with a thread it is linked with."),
        lambda: _("“{title}” was resolved, together with a thread that it is linked with."),
        takes=ALWAYS,
        is_told=True,
    ),
    Occasion(
        "snooze_over",
        lambda: _("To a member of the team: a ticket is back from its snooze."),
        lambda: _("“{title}” is back: the time you snoozed it to has come."),
        takes=ALWAYS,
        is_told=True,
    ),
    Occasion(
        "snooze_woken",
        lambda: _("To a member of the team: a reply woke a snoozed ticket."),
        lambda: _("“{title}” was snoozed, and woke up: somebody replied."),
        takes=ALWAYS,
        is_told=True,
    ),
)
